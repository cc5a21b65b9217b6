/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum {
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
		  PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		  PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL,
	SYSCALL_STOP = SIGTRAP | 0x80,
	PROCESSES_MAX = 4096,
};

/* The processes of the tree so far; 0 where one has gone. */
struct tree {
	pid_t pids[PROCESSES_MAX];
	struct traced *out;
};

static pid_t start_traced(const struct start *start)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	dup2(start->in, STDIN_FILENO);
	dup2(start->out, STDOUT_FILENO);
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	kill(getpid(), SIGSTOP);
	execve(start->program, (char *[]) { (char *)start->program, NULL },
	       start->env);
	_exit(127);
}

/* Counters of pages may lag behind on kernels before 6.17, walking does not;
 * but only the counter knows what was given back. */
static long peak_of(pid_t pid)
{
	long peak = proc_number(pid, "status", "VmHWM:");
	long now = proc_number(pid, "smaps_rollup", "Rss:");

	return peak > now ? peak : now;
}

static void on_new(struct tree *tree, pid_t pid)
{
	if (proc_number(pid, "status", "Tgid:") != pid)
		return;
	if (tree->out->processes == PROCESSES_MAX)
		die("too many processes");
	tree->pids[tree->out->processes++] = pid;
}

/* A thread is about to go. What its process and its parents had at most, they
 * may have had at once. */
static void on_exit_of(struct tree *tree, pid_t pid)
{
	long sum = 0;

	for (long i = 0; i < tree->out->processes; i++) {
		if (tree->pids[i])
			sum += peak_of(tree->pids[i]);
	}
	if (sum > tree->out->peak_kb)
		tree->out->peak_kb = sum;
	for (long i = 0; i < tree->out->processes; i++) {
		if (tree->pids[i] == pid)
			tree->pids[i] = 0;
	}
}

/* The signal to go on with. */
static int on_stop(struct tree *tree, pid_t pid, int status)
{
	struct ptrace_syscall_info info;
	int sig = WSTOPSIG(status), event = status >> 16;
	unsigned long child;

	if (sig == SYSCALL_STOP) {
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
		tree->out->syscalls += info.op == PTRACE_SYSCALL_INFO_ENTRY;
		return 0;
	}
	if (event == PTRACE_EVENT_EXIT) {
		on_exit_of(tree, pid);
	} else if (event) {
		if (ptrace(PTRACE_GETEVENTMSG, pid, 0, &child) == 0)
			on_new(tree, (pid_t)child);
	} else if (sig != SIGTRAP && sig != SIGSTOP) {
		return sig;
	}
	return 0;
}

struct traced trace(const struct start *start)
{
	static struct tree tree;
	struct traced out = { 0 };
	pid_t first = start_traced(start), pid;
	int status;

	memset(&tree, 0, sizeof(tree));
	tree.out = &out;
	if (waitpid(first, &status, 0) < 0 ||
	    ptrace(PTRACE_SETOPTIONS, first, 0, OPTIONS) < 0)
		die("ptrace");
	on_new(&tree, first);
	ptrace(PTRACE_SYSCALL, first, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			ptrace(PTRACE_SYSCALL, pid, 0,
			       on_stop(&tree, pid, status));
		else if (pid == first)
			out.status = status;
	}
	return out;
}
