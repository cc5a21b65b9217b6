/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "state.h"

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

/* May the file be changed, and made if flags say so? */
static bool writes(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);

	close(fd);
	return fd >= 0;
}

static int is_denied(long status)
{
	return status == -1 && errno == EACCES;
}

/* The number of the first that is not as it should be, or 0. */
static int keep_to_own_files(void)
{
	struct job job = { .name = "test" };
	int store = open("store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (sandbox_files(&job, store) < 0)
		return 98;
	if (!writes("store/own", 0) || !writes("store/new", O_CREAT) ||
	    rename("store/new", "store/newer") < 0 ||
	    link("store/newer", "store/newest") < 0 ||
	    unlink("store/newer") < 0)
		return 1;
	if (!writes(CONFIG_STATE_DIR "/record", O_CREAT))
		return 2;
	if (!writes("/proc/sys/net/ipv4/ip_forward", 0))
		return 3;
	if (!is_denied(unlink("other/own")))
		return 4;
	if (writes("other/own", 0) || writes("other/new", O_CREAT))
		return 5;
	if (!is_denied(mkdir("store/folder", 0700)))
		return 6;
	if (open("other/own", O_RDONLY | O_CLOEXEC) < 0)
		return 7;
	return 0;
}

/* With Landlock, of whose rules there can be some. */
static void files_of_others_stay_as_they_are(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		    LANDLOCK_CREATE_RULESET_VERSION) < 1)
		skip();
	mkdir("store", 0700);
	mkdir("other", 0700);
	put_file("store/own", "", 0600);
	put_file("other/own", "", 0600);
	assert_int_equal(within(keep_to_own_files), 0);
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
		STATE_TEST(files_of_others_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
