/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/job.h"
#include "core/state/record.h"

/* The filter compares numbers of system calls, which mean other calls on
 * another architecture. */
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#else
#error "SANDBOX does not know this architecture"
#endif

/* The system calls that musl and glibc make for what we ask of them. */
static const uint16_t calls[] = {
	__NR_read,
	__NR_write,
	__NR_writev,
	__NR_pread64,
	__NR_pwrite64,
	__NR_lseek,
	__NR_close,
	__NR_openat,
	__NR_fstat,
	__NR_statx,
	__NR_getdents64,
	__NR_readlinkat,
	__NR_mkdirat,
	__NR_fchmodat,
	__NR_unlinkat,
	__NR_renameat2,
	__NR_linkat,
	__NR_utimensat,
	__NR_fgetxattr,
	__NR_fsetxattr,
	__NR_fallocate,
	__NR_flock,
	__NR_fcntl,
	__NR_ioctl,
	__NR_munmap,
	/* sockets, and the namespaces that they are opened in */
	__NR_setns,
	__NR_socket,
	__NR_bind,
	__NR_setsockopt,
	__NR_sendto,
	__NR_sendmsg,
	__NR_recvfrom,
	__NR_recvmsg,
	__NR_ppoll,
	__NR_setitimer,
	__NR_rt_sigaction,
	__NR_rt_sigprocmask,
	__NR_rt_sigreturn,
	__NR_restart_syscall,
	__NR_landlock_create_ruleset,
	__NR_landlock_add_rule,
	__NR_landlock_restrict_self,
	__NR_getpid,
	__NR_getrandom,
	__NR_uname,
	__NR_exit_group,
#ifdef __NR_renameat
	__NR_renameat,
#endif
#ifdef __NR_open /* architectures that are older than the calls with "at" */
	__NR_open,
	__NR_stat,
	__NR_lstat,
	__NR_readlink,
	__NR_mkdir,
	__NR_chmod,
	__NR_unlink,
	__NR_rename,
	__NR_link,
	__NR_poll,
#endif
#ifdef __NR_mmap2 /* 32 bits */
	__NR_mmap2,
	__NR__llseek,
	__NR_fstat64,
	__NR_stat64,
	__NR_lstat64,
	__NR_fstatat64,
	__NR_fcntl64,
	__NR_sigreturn,
	__NR_clock_gettime64,
	__NR_ppoll_time64,
	__NR_utimensat_time64,
#else
	__NR_mmap,
	__NR_clock_gettime,
	__NR_newfstatat,
#endif
#ifdef __NR_socketcall
	__NR_socketcall,
#endif
};

enum { CALLS = sizeof(calls) / sizeof(*calls) };

/* NET_ADMIN and SYS_ADMIN for netlink and setns(), the others for files and
 * namespaces that belong to other users. */
static const uint32_t capabilities = 1U << CAP_NET_ADMIN | 1U << CAP_SYS_ADMIN |
				     1U << CAP_SYS_PTRACE |
				     1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER;

static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data) < 0)
		return -1;
	data[0].permitted &= capabilities;
	data[0].effective &= capabilities;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct) { 0 };
	return (int)syscall(SYS_capset, &head, data);
}

/* Another call is refused, and does not kill us: if we have forgotten one,
 * that is an error with its reason, and ADD can undo what it did. */
static int filter_calls(void)
{
	struct sock_filter filter[CALLS + 5], *f = filter;
	struct sock_fprog program = { CALLS + 5, filter };

	*f++ = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0,
					    CALLS + 1);
	*f++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, nr));
	for (int i = 0; i < CALLS; i++)
		*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						    calls[i], CALLS - i, 0);
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					    SECCOMP_RET_ERRNO | EPERM);
	*f = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int sandbox_enter(struct job *job)
{
	if (drop_capabilities() < 0)
		return fail_errno(job, errno, "drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_errno(job, errno, "set no_new_privs");
	if (filter_calls() < 0)
		return fail_errno(job, errno, "filter system calls");
	return 0;
}

/* What Landlock is to forbid: all changes of files that its first version
 * knows, and starting programs. Reading stays free. */
enum {
	ENTRIES = LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		  LANDLOCK_ACCESS_FS_WRITE_FILE,
	GOVERNED = ENTRIES | LANDLOCK_ACCESS_FS_EXECUTE |
		   LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR |
		   LANDLOCK_ACCESS_FS_MAKE_CHAR |
		   LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		   LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
		   LANDLOCK_ACCESS_FS_MAKE_SYM,
};

/* Allows what in the folder dir; nothing if there is no such folder (-1). */
static int allow(int rules, int dir, uint64_t what)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = what,
						   .parent_fd = dir };

	return dir < 0 ? 0
		       : (int)syscall(SYS_landlock_add_rule, rules,
				      LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int sandbox_files(struct job *job, int store)
{
	struct landlock_ruleset_attr governed = { .handled_access_fs =
							  GOVERNED };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &governed,
				 sizeof(governed), 0);
	int state, settings, err;
	bool kept;

	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP
			       ? 0
			       : fail_errno(job, errno,
					    "make a Landlock ruleset");
	state = record_dir(job);
	settings = openat(AT_FDCWD, "/proc/sys", O_PATH | O_CLOEXEC);
	kept = allow(rules, store, ENTRIES) == 0 &&
	       allow(rules, state, ENTRIES) == 0 &&
	       allow(rules, settings, LANDLOCK_ACCESS_FS_WRITE_FILE) == 0 &&
	       syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	err = errno;
	close(rules);
	close(state);
	close(settings);
	return kept ? 0 : fail_errno(job, err, "restrict changes of files");
}
