/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "step.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define CALL(name, ...)                                                        \
	{                                                                      \
		SYS_##name, #name, __VA_ARGS__                                 \
	}

/* What is not here does not count: it has no effect on anything but the process
 * and its copy of the kernel's answers, or cannot fail (brk, munmap, signals,
 * clocks, lseek, uname, umask, exit). */
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
	CALL(fsetxattr, CALL_OTHER, true, "ENOSPC EIO EROFS"),
	CALL(fgetxattr, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(fstat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(newfstatat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(statx, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(flock, CALL_OTHER, true, "EINTR ENOMEM ENOLCK"),
	CALL(fcntl, CALL_OTHER, false, "ENOMEM"),
	/* Only for what kind a namespace is of, which does not fail. */
	CALL(ioctl, CALL_OTHER, false, ""),
	CALL(mmap, CALL_MMAP, false, "ENOMEM"),
	CALL(memfd_create, CALL_OTHER, false, "ENOMEM EMFILE"),
	CALL(getrandom, CALL_OTHER, false, "EINTR EAGAIN"),
	CALL(setns, CALL_OTHER, false, "ENOMEM EPERM"),
	CALL(socket, CALL_OTHER, false, "ENOMEM ENOBUFS EMFILE"),
	CALL(setsockopt, CALL_OTHER, false, "ENOMEM ENOBUFS"),
	CALL(bind, CALL_OTHER, false, "ENOMEM ENOBUFS"),
	CALL(sendto, CALL_OTHER, true, "EINTR ENOMEM ENOBUFS"),
	CALL(sendmsg, CALL_OTHER, true, "EINTR ENOMEM ENOBUFS"),
	CALL(recvfrom, CALL_RECV, false, "EINTR ENOMEM ENOBUFS"),
	CALL(recvmsg, CALL_RECVMSG, false, "EINTR ENOMEM ENOBUFS"),
	CALL(ppoll, CALL_OTHER, false, "EINTR ENOMEM"),
	CALL(clone, CALL_OTHER, true, "ENOMEM EAGAIN"),
	CALL(execve, CALL_OTHER, true, "ENOMEM EIO"),
	CALL(wait4, CALL_OTHER, false, "EINTR"),
	CALL(dup3, CALL_OTHER, false, "EBUSY EINTR"),
	CALL(pipe2, CALL_OTHER, false, "EMFILE"),
/* Older ways to say the same, which newer architectures lack. */
#ifdef SYS_open
	CALL(open, CALL_OTHER, true, "EINTR ENOMEM EIO EMFILE"),
	CALL(link, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EEXIST"),
	CALL(rename, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EBUSY"),
	CALL(unlink, CALL_OTHER, true, "ENOMEM EIO EROFS EBUSY"),
	CALL(mkdir, CALL_OTHER, true, "ENOMEM ENOSPC EIO EROFS EEXIST"),
	CALL(stat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(lstat, CALL_OTHER, false, "ENOMEM EIO"),
	CALL(poll, CALL_OTHER, false, "EINTR ENOMEM"),
	CALL(dup2, CALL_OTHER, false, "EBUSY EINTR"),
	CALL(pipe, CALL_OTHER, false, "EMFILE"),
	CALL(fork, CALL_OTHER, true, "ENOMEM EAGAIN"),
	CALL(vfork, CALL_OTHER, true, "ENOMEM EAGAIN"),
#endif
};

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
