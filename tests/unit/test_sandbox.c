/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/job.h"
#include "core/sandbox.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#include <linux/netlink.h>

/* Runs test in a child in the sandbox; what it returns. */
static int within(int (*test)(void))
{
	struct job job = { .name = "test" };
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	/* Without what the sanitizers would do then, which is refused. */
	if (!pid)
		syscall(SYS_exit_group, sandbox_enter(&job) < 0 ? 99 : test());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int is_refused(long status)
{
	return status == -1 && errno == EPERM;
}

/* The number of the first that is allowed, or 0. */
static int start_programs_and_more(void)
{
	char *const argv[] = { (char *)"/bin/true", NULL };

	if (!is_refused(execve(*argv, argv, NULL)))
		return 1;
	if (!is_refused(fork()))
		return 2;
	if (!is_refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)))
		return 3;
	if (!is_refused(mount("none", "/nowhere", "tmpfs", 0, NULL)))
		return 4;
	if (!is_refused(unshare(CLONE_NEWNS)))
		return 5;
	return 0;
}

/* The number of the first that is refused, or 0. */
static int use_files_and_sockets(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 1;
	if (geteuid() == 0 && setns(fd, CLONE_NEWNET) < 0)
		return 2;
	if (socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) < 0)
		return 3;
	return 0;
}

/* The line of /proc/self/status that begins with name; a test's own. */
static unsigned long long own_status(const char *name)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	const char *at = len > 0 ? strstr(text, name) : NULL;

	close(fd);
	return at ? strtoull(at + strlen(name), NULL, 16) : ~0ULL;
}

static int look_at_oneself(void)
{
	unsigned long long left = own_status("\nCapEff:\t");

	/* NET_ADMIN, SYS_ADMIN, SYS_PTRACE, DAC_OVERRIDE, FOWNER */
	if (left & ~(1ULL << 12 | 1ULL << 21 | 1ULL << 19 | 1ULL << 1 |
		     1ULL << 3) ||
	    left != own_status("\nCapPrm:\t"))
		return 1;
	if (own_status("\nCapInh:\t") != 0)
		return 2;
	if (own_status("\nNoNewPrivs:\t") != 1)
		return 3;
	return own_status("\nSeccomp:\t") == 2 ? 0 : 4;
}

static void starts_nothing_and_looks_at_nobody(void **state)
{
	(void)state;
	assert_int_equal(within(start_programs_and_more), 0);
}

static void what_is_needed_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(within(use_files_and_sockets), 0);
}

static void few_capabilities_are_left(void **state)
{
	(void)state;
	assert_int_equal(within(look_at_oneself), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_nothing_and_looks_at_nobody),
		cmocka_unit_test(what_is_needed_is_allowed),
		cmocka_unit_test(few_capabilities_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
