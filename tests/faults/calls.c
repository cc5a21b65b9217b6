/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "step.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define CALL(name, ...)                                                        \
	{                                                                      \
		SYS_##name, #name, __VA_ARGS__                                 \
	}

/* Each call is here, or among those that do not count. */
static const struct call calls[] = {
	CALL(openat, CALL_OPEN, false, "EINTR ENOMEM EIO EMFILE"),
	CALL(close, CALL_CLOSE, false, "EIO"),
	CALL(read, CALL_TRANSFER, false, "EINTR EIO"),
	CALL(pread64, CALL_TRANSFER, false, "EINTR EIO"),
	CALL(write, CALL_TRANSFER, true, "EINTR ENOSPC EIO"),
	CALL(pwrite64, CALL_TRANSFER, true, "EINTR ENOSPC EIO"),
	CALL(writev, CALL_OTHER, true, "EINTR ENOSPC EIO"),
	CALL(getdents64, CALL_OTHER, false, "EIO"),
	CALL(fallocate, CALL_OTHER, true, "EINTR ENOSPC"),
	CALL(ftruncate, CALL_OTHER, true, "EINTR EIO EROFS"),
	CALL(fsync, CALL_OTHER, true, "EIO"),
	CALL(fdatasync, CALL_OTHER, true, "EIO"),
	CALL(linkat, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EEXIST"),
	CALL(renameat2, CALL_OTHER, true,
	     "ENOMEM ENOSPC EIO EROFS EBUSY EEXIST EINVAL"),
	CALL(unlinkat, CALL_OTHER, true, "ENOMEM EIO EROFS EBUSY"),
	CALL(mkdirat, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EEXIST"),
	CALL(utimensat, CALL_OTHER, true, "EIO EROFS"),
	CALL(fchmodat, CALL_OTHER, true, "ENOMEM EIO EROFS EPERM"),
	CALL(faccessat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(readlinkat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(fsetxattr, CALL_OTHER, true, "ENOSPC EIO EROFS"),
	CALL(fgetxattr, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(fstat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(newfstatat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(statx, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(flock, CALL_OTHER, true, "EINTR ENOMEM ENOLCK"),
	CALL(fcntl, CALL_OTHER, false, "ENOMEM"),
	/* Only what kind a namespace is of, whether a link has a name, and that
	 * a file stays open for a child, which does not fail. */
	CALL(ioctl, CALL_OTHER, false, ""),
	CALL(mmap, CALL_MMAP, false, "ENOMEM"),
	CALL(memfd_create, CALL_OTHER, false, "ENOMEM EMFILE"),
	CALL(getrandom, CALL_OTHER, false, "EINTR EAGAIN"),
	CALL(setns, CALL_OTHER, false, "ENOMEM EPERM"),
	CALL(socket, CALL_OTHER, false, "ENOMEM ENOBUFS EMFILE"),
	CALL(setsockopt, CALL_OTHER, false, "ENOMEM ENOBUFS"),
	CALL(bind, CALL_OTHER, false, "ENOMEM ENOBUFS"),
	CALL(sendto, CALL_SEND, true, "EINTR ENOMEM ENOBUFS"),
	CALL(sendmsg, CALL_OTHER, true, "EINTR ENOMEM ENOBUFS"),
	CALL(recvfrom, CALL_RECV, false, "EINTR ENOMEM ENOBUFS"),
	CALL(recvmsg, CALL_RECVMSG, false, "EINTR ENOMEM ENOBUFS"),
	CALL(ppoll, CALL_OTHER, false, "EINTR ENOMEM"),
	CALL(clone, CALL_OTHER, true, "ENOMEM EAGAIN"),
	CALL(execve, CALL_OTHER, true, "ENOMEM EIO"),
	CALL(wait4, CALL_OTHER, false, "EINTR"),
	CALL(dup3, CALL_OTHER, false, "EBUSY EINTR"),
	CALL(pipe2, CALL_OTHER, false, "EMFILE"),
	/* SANDBOX */
	CALL(capset, CALL_OTHER, false, "EPERM"),
	CALL(prctl, CALL_OTHER, false, "ENOMEM EPERM"),
#ifdef SYS_landlock_create_ruleset
	CALL(landlock_create_ruleset, CALL_OTHER, false, "ENOMEM EMFILE"),
	CALL(landlock_add_rule, CALL_OTHER, false, "ENOMEM"),
	CALL(landlock_restrict_self, CALL_OTHER, false, "ENOMEM EPERM"),
#endif
/* Older ways to say the same, which newer architectures lack. */
#ifdef SYS_open
	CALL(open, CALL_OTHER, true, "EINTR ENOMEM EIO EMFILE"),
	CALL(link, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EEXIST"),
	CALL(rename, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EBUSY"),
	CALL(unlink, CALL_OTHER, true, "ENOMEM EIO EROFS EBUSY"),
	CALL(mkdir, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EEXIST"),
	CALL(chmod, CALL_OTHER, true, "ENOMEM EIO EROFS EPERM"),
	CALL(access, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(readlink, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(stat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(lstat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(poll, CALL_OTHER, false, "EINTR ENOMEM"),
	CALL(dup2, CALL_OTHER, false, "EBUSY EINTR"),
	CALL(pipe, CALL_OTHER, false, "EMFILE"),
	CALL(fork, CALL_OTHER, true, "ENOMEM EAGAIN"),
	CALL(vfork, CALL_OTHER, true, "ENOMEM EAGAIN"),
#endif
};

/* These have no effect on anything but the process and its copy of the kernel's
 * answers, and cannot fail. */
static const long harmless[] = {
	SYS_brk,
	SYS_munmap,
	SYS_mmap, /* MAP_FIXED: of what is mapped already */
	SYS_mremap,
	SYS_mprotect,
	SYS_madvise,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_restart_syscall,
	SYS_setitimer,
	SYS_clock_gettime,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_lseek,
	SYS_uname,
	SYS_umask,
	SYS_getpid,
	SYS_gettid,
	SYS_capget,
	SYS_kill,
	SYS_set_tid_address,
	SYS_set_robust_list,
	SYS_prlimit64,
	SYS_exit,
	SYS_exit_group,
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_arch_prctl
	SYS_arch_prctl,
#endif
};

bool call_is_harmless(__u64 nr)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		if ((__u64)harmless[i] == nr)
			return true;
	}
	return false;
}

const struct call *call_find(__u64 nr, const __u64 args[6])
{
	const struct call *call = calls;

	for (; call < calls + sizeof(calls) / sizeof(*calls); call++) {
		if ((__u64)call->nr == nr)
			return call->kind == CALL_MMAP && args[3] & MAP_FIXED
				       ? NULL
				       : call;
	}
	return NULL;
}

bool call_creates(const struct call *call, const __u64 args[6])
{
	return call->kind == CALL_OPEN && args[2] & O_CREAT;
}

bool call_writes(const struct call *call, const __u64 args[6])
{
	return call->kind == CALL_OPEN && (args[2] & O_ACCMODE) != O_RDONLY;
}

bool call_changes(const struct call *call, const __u64 args[6])
{
	/* A shared mapping is written to without a call. */
	if (call->kind == CALL_MMAP)
		return args[3] & MAP_SHARED;
	return call->changes || call_creates(call, args) ||
	       (call_writes(call, args) && args[2] & O_TRUNC);
}
