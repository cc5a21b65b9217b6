/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * step - runs a program and makes one of its system calls go wrong
 *
 *	step [-f] -l FILE PROGRAM [ARG...]
 *	step [-f] -o FILE -c NAME -n N -x FAULT PROGRAM [ARG...]
 *
 *	step -r FILE -d FOLDER PROGRAM [ARG...]
 *
 * -l writes a line for each call that counts: "NAME N CHANGED FAULT...": it is
 * the Nth of that name, so that one more of another does not matter.
 * CHANGED is 1 if something that outlives the process may have changed since
 * the call before; where it is 0, to be killed is to be killed one call earlier.
 * FAULT... are those that make sense for this call.
 *
 * -n has FAULT befall the Nth (from 1) call NAME: kill is SIGKILL in place of
 * the call; ENOSPC and so on is that error in its place; short:LEN has it read
 * or write no more than LEN bytes; trunc cuts the kernel's answer into half;
 * intr has it say that the dump was interrupted; refuse:K has the kernel not do
 * the Kth request of what is sent, and say that it lacks memory. FILE gets "hit"
 * if there was such a call.
 *
 * -r adds to FILE what the program does to files in FOLDER, for replay.
 *
 * -f is for the program's children, too. The exit status is the program's, or
 * 128 and the signal that ended it; 124 after 60 seconds, when it is killed;
 * 125 if step itself fails, as when a call is in none of the tables of calls.c.
 */
#define _GNU_SOURCE
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/netlink.h>

enum {
	SECONDS = 60,
	SYSCALL_STOP = SIGTRAP | 0x80,
	PROCESSES_MAX = 64,
	CALLS_MAX = 1024
};

/* A traced process and the call that it is in. */
struct tracee {
	pid_t pid;
	const struct call *call; /* NULL: none that counts */
	__u64 args[6];
	long n; /* the how manieth of its name */
	bool chosen;
};

static struct {
	bool list, follow;
	long n;
	long counts[CALLS_MAX]; /* of each number */
	const char *fault, *name, *folder;
	bool changed;
	bool refuses; /* spoilt, of what the file is sent */
	__u64 refusing;
	struct spoilt spoilt;
	FILE *out;
	pid_t first;
	struct tracee tracees[PROCESSES_MAX];
} step = { .changed = true };

static volatile sig_atomic_t timed_out;

static void die(const char *what)
{
	fprintf(stderr, "step: %s: %s\n", what, strerror(errno));
	exit(125);
}

static struct tracee *tracee_of(pid_t pid)
{
	struct tracee *t = step.tracees;

	for (; t < step.tracees + PROCESSES_MAX; t++) {
		if (t->pid == pid || !t->pid) {
			t->pid = pid;
			return t;
		}
	}
	errno = EAGAIN;
	die("too many processes");
	return NULL;
}

static bool receives(const struct call *call)
{
	return call->kind == CALL_RECV || call->kind == CALL_RECVMSG;
}

/* Where the call has put what it got; 0 if that cannot be found. */
static __u64 got_at(const struct tracee *t)
{
	struct msghdr head;
	struct iovec iov;

	if (t->call->kind == CALL_RECV)
		return t->args[1];
	if (!tracee_read(t->pid, t->args[1], &head, sizeof(head)) ||
	    !tracee_read(t->pid, (__u64)(uintptr_t)head.msg_iov, &iov,
			 sizeof(iov)))
		return 0;
	return (__u64)(uintptr_t)iov.iov_base;
}

/* The first message of what the kernel answered; false if it is none. */
static bool answer_of(const struct tracee *t, long got, __u64 *at,
		      struct nlmsghdr *msg)
{
	*at = got_at(t);
	return *at && got >= (long)sizeof(*msg) &&
	       tracee_read(t->pid, *at, msg, sizeof(*msg));
}

/* The faults that depend on what the call did. */
static void list_more(const struct tracee *t, long result)
{
	struct datagram sent;
	struct nlmsghdr msg;
	__u64 at;

	if (t->call->kind == CALL_TRANSFER && result > 1)
		fprintf(step.out, " short:%ld", result / 2);
	if (t->call->kind == CALL_SEND) {
		sent = datagram_look(t->pid, t->args[1], t->args[2]);
		datagram_list(step.out, t->pid, &sent);
	}
	if (!receives(t->call) || result <= 0)
		return;
	fputs(" trunc", step.out);
	if (answer_of(t, result, &at, &msg) && msg.nlmsg_flags & NLM_F_MULTI)
		fputs(" intr", step.out);
}

static void list_call(const struct tracee *t, long result)
{
	fprintf(step.out, "%s %ld %d kill%s%s", t->call->name, t->n,
		step.changed, *t->call->faults ? " " : "", t->call->faults);
	if (call_creates(t->call, t->args))
		fputs(" ENOSPC", step.out);
	if (call_creates(t->call, t->args) && t->args[2] & O_EXCL)
		fputs(" EEXIST", step.out);
	if (call_writes(t->call, t->args))
		fputs(" EROFS", step.out);
	list_more(t, result);
	fputs("\n", step.out);
	step.changed = call_changes(t->call, t->args);
}

static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} all[] = {
		{ "EINTR", EINTR },   { "ENOMEM", ENOMEM },
		{ "ENOSPC", ENOSPC }, { "EIO", EIO },
		{ "EROFS", EROFS },   { "EBUSY", EBUSY },
		{ "EEXIST", EEXIST }, { "ENOBUFS", ENOBUFS },
		{ "EAGAIN", EAGAIN }, { "ENOLCK", ENOLCK },
		{ "EPERM", EPERM },   { "EMFILE", EMFILE },
		{ "EINVAL", EINVAL },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (strcmp(all[i].name, name) == 0)
			return all[i].number;
	}
	return 0;
}

static bool fault_is_known(const char *fault)
{
	return strcmp(fault, "kill") == 0 || strncmp(fault, "short:", 6) == 0 ||
	       strcmp(fault, "trunc") == 0 || strcmp(fault, "intr") == 0 ||
	       strncmp(fault, "refuse:", 7) == 0 || errno_of(fault);
}

static void refuse(const struct tracee *t, int n)
{
	struct datagram sent = datagram_look(t->pid, t->args[1], t->args[2]);

	step.refuses = t->call->kind == CALL_SEND && sent.messages &&
		       request_spoil(t->pid, &sent, n, &step.spoilt);
	step.refusing = t->args[0];
}

/* The request is the program's own again; and the answer is as it has to be. */
static void go_on_refusing(const struct tracee *t, long result)
{
	if (t->chosen)
		request_mend(t->pid, &step.spoilt);
	else if (receives(t->call) && result > 0 && step.refusing == t->args[0])
		answer_refuse(t->pid, got_at(t), (__u64)result, &step.spoilt);
}

static void on_entry(struct tracee *t, const struct ptrace_syscall_info *info)
{
	t->call = call_find(info->entry.nr, info->entry.args);
	if (!t->call && !call_is_harmless(info->entry.nr)) {
		fprintf(stderr, "step: system call %llu is not in calls.c\n",
			(unsigned long long)info->entry.nr);
		exit(125);
	}
	if (!t->call)
		return;
	memcpy(t->args, info->entry.args, sizeof(t->args));
	t->n = ++step.counts[t->call->nr];
	t->chosen = !step.list && t->n == step.n &&
		    strcmp(t->call->name, step.name) == 0;
	if (!t->chosen)
		return;
	fputs("hit\n", step.out);
	if (strcmp(step.fault, "kill") == 0) {
		tracee_skip(t->pid);
		kill(t->pid, SIGKILL);
	} else if (errno_of(step.fault) && t->call->kind != CALL_CLOSE) {
		tracee_skip(t->pid);
	} else if (strncmp(step.fault, "short:", 6) == 0) {
		tracee_limit(t->pid, strtoul(step.fault + 6, NULL, 10));
	} else if (strncmp(step.fault, "refuse:", 7) == 0) {
		refuse(t, atoi(step.fault + 7));
	}
}

static void on_exit_of(struct tracee *t, long result)
{
	struct nlmsghdr msg;
	__u64 at;

	if (!t->call)
		return;
	if (step.list)
		list_call(t, result);
	if (step.folder)
		record_call(step.out, step.folder, t->pid, t->call, t->args,
			    result);
	if (step.refuses)
		go_on_refusing(t, result);
	if (t->chosen && errno_of(step.fault))
		tracee_return(t->pid, -errno_of(step.fault));
	else if (t->chosen && strcmp(step.fault, "trunc") == 0)
		tracee_return(t->pid, result / 2);
	else if (t->chosen && strcmp(step.fault, "intr") == 0 &&
		 answer_of(t, result, &at, &msg))
		tracee_write(t->pid,
			     at + offsetof(struct nlmsghdr, nlmsg_flags),
			     &(__u16) { msg.nlmsg_flags | NLM_F_DUMP_INTR },
			     sizeof(__u16));
	t->call = NULL;
	t->chosen = false;
}

/* The signal to go on with. */
static int on_stop(pid_t pid, int status)
{
	struct ptrace_syscall_info info;
	int sig = WSTOPSIG(status);

	if (sig == SYSCALL_STOP) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <
		    0)
			return 0; /* it is gone */
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			on_entry(tracee_of(pid), &info);
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			on_exit_of(tracee_of(pid), (long)info.exit.rval);
		return 0;
	}
	return sig == SIGTRAP || sig == SIGSTOP ? 0 : sig;
}

static void on_alarm(int sig)
{
	(void)sig;
	timed_out = 1;
	kill(step.first, SIGKILL);
}

static void start(char **argv)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int status;

	if (step.follow)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			   PTRACE_O_TRACECLONE;
	step.first = fork();
	if (step.first < 0)
		die("fork");
	if (!step.first) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execv(argv[0], argv);
		die(argv[0]);
	}
	/* It stops once it is the program. */
	if (waitpid(step.first, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, step.first, 0, options) < 0)
		die("trace");
	signal(SIGALRM, on_alarm);
	alarm(SECONDS);
	ptrace(PTRACE_SYSCALL, step.first, 0, 0);
}

/* Its status, when it and all that is traced of its children have ended. */
static int follow(void)
{
	int status, first = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status))
			ptrace(PTRACE_SYSCALL, pid, 0, on_stop(pid, status));
		else if (pid == step.first)
			first = status;
	}
	return first;
}

int main(int argc, char **argv)
{
	const char *file = "/dev/null";
	int opt, status;

	while ((opt = getopt(argc, argv, "+fl:o:r:d:n:c:x:")) != -1) {
		step.follow |= opt == 'f';
		step.list |= opt == 'l';
		if (opt == 'l' || opt == 'o' || opt == 'r')
			file = optarg;
		else if (opt == 'd')
			step.folder = optarg;
		else if (opt == 'n')
			step.n = strtol(optarg, NULL, 10);
		else if (opt == 'c')
			step.name = optarg;
		else if (opt == 'x')
			step.fault = optarg;
		else if (opt == '?')
			return 125;
	}
	step.out = fopen(file, step.folder ? "ae" : "we");
	if (!step.out)
		die(file);
	if (!argv[optind] || (step.n && (!step.fault || !step.name ||
					 !fault_is_known(step.fault)))) {
		errno = EINVAL;
		die("usage");
	}
	start(argv + optind);
	status = follow();
	fclose(step.out);
	if (timed_out)
		return 124;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
