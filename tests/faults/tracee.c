/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "step.h"

#include <elf.h>
#include <stdio.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

static void get(pid_t pid, struct user_regs_struct *regs)
{
	ptrace(PTRACE_GETREGS, pid, 0, regs);
}

static void set(pid_t pid, struct user_regs_struct *regs)
{
	ptrace(PTRACE_SETREGS, pid, 0, regs);
}

void tracee_skip(pid_t pid)
{
	struct user_regs_struct regs;

	get(pid, &regs);
	regs.orig_rax = (unsigned long)-1;
	set(pid, &regs);
}

void tracee_limit(pid_t pid, unsigned long len)
{
	struct user_regs_struct regs;

	get(pid, &regs);
	regs.rdx = len;
	set(pid, &regs);
}

void tracee_return(pid_t pid, long result)
{
	struct user_regs_struct regs;

	get(pid, &regs);
	regs.rax = (unsigned long)result;
	set(pid, &regs);
}

#elif defined(__aarch64__)

static void set(pid_t pid, int reg, unsigned long value)
{
	struct user_pt_regs regs;
	struct iovec iov = { &regs, sizeof(regs) };

	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov);
	regs.regs[reg] = value;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

void tracee_skip(pid_t pid)
{
	int nr = -1;
	struct iovec iov = { &nr, sizeof(nr) };

	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov);
}

void tracee_limit(pid_t pid, unsigned long len)
{
	set(pid, 2, len);
}

void tracee_return(pid_t pid, long result)
{
	set(pid, 0, (unsigned long)result);
}

#else
#error "not for this architecture"
#endif

bool tracee_read(pid_t pid, __u64 at, void *out, size_t len)
{
	struct iovec here = { out, len }, there = { (void *)at, len };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

void tracee_write(pid_t pid, __u64 at, const void *data, size_t len)
{
	struct iovec here = { (void *)data, len };
	struct iovec there = { (void *)at, len };

	if (process_vm_writev(pid, &here, 1, &there, 1, 0) != (ssize_t)len)
		perror("step: write to the process");
}
