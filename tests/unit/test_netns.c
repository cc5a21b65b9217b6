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
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/job.h"
#include "core/kernel/netns.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#include <linux/netlink.h>
#include <linux/sockios.h>

static const char own[] = "/proc/self/ns/net";

/* The tests are in one namespace, other is held open by a descriptor. */
static int other = -1;

static int set_up(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	other = open(own, O_RDONLY | O_CLOEXEC);
	return other < 0 ? -1 : unshare(CLONE_NEWNET);
}

static void need_other(void)
{
	if (other < 0) {
		print_message("needs a network namespace, so root\n");
		skip();
	}
}

static ino_t ino_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static ino_t own_ino(void)
{
	struct stat st;

	assert_int_equal(stat(own, &st), 0);
	return st.st_ino;
}

static void find_opens_a_namespace(void **state)
{
	struct job job = { 0 };
	struct netns ns;
	bool found, is_own;

	(void)state;
	assert_int_equal(netns_find(&job, own, &ns, &found), 0);
	assert_true(found);
	assert_int_equal(ns.ino, own_ino());
	assert_int_equal(ino_of(ns.fd), own_ino());
	assert_int_equal(fcntl(ns.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(netns_is_own(&job, &ns, &is_own), 0);
	assert_true(is_own);
	close(ns.fd);
	need_other();
	assert_int_equal(netns_find(&job,
				    job_printf(&job, "/proc/self/fd/%d", other),
				    &ns, &found),
			 0);
	assert_true(found);
	assert_int_equal(ns.ino, ino_of(other));
	assert_int_equal(netns_is_own(&job, &ns, &is_own), 0);
	assert_false(is_own);
	close(ns.fd);
	job_free(&job);
}

static void find_knows_what_is_no_namespace(void **state)
{
	static const char *const table[] = {
		"",	   "absent", "absent/ns", "file",
		"file/ns", "fifo",   "dir",	  "link",
		"loop",	   "socket", "/dev/null", "/proc/self/ns/uts",
	};
	char dir[] = "/tmp/test_netns.XXXXXX";
	struct job job = { 0 };
	int files = open(".", O_RDONLY), unix_fd;
	struct {
		sa_family_t family;
		char path[8];
	} name = { AF_UNIX, "socket" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	close(open("file", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	unix_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(unix_fd, (void *)&name, sizeof(name)), 0);
	/* Where it blocks the alarm ends the test. */
	alarm(60);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct netns ns = { .fd = 7 };
		bool found = true;

		assert_int_equal(netns_find(&job, table[i], &ns, &found), 0);
		if (found || ns.fd != -1 || job.msg)
			fail_msg("%s is not a namespace", table[i]);
	}
	alarm(0);
	close(unix_fd);
	assert_int_equal(system("rm file fifo link loop socket; rmdir dir"), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(fchdir(files), 0);
	close(files);
	job_free(&job);
}

static void find_fails_where_it_cannot_look(void **state)
{
	struct job job = { 0 };
	struct netns ns;
	char name[300] = "";
	bool found = true;

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = 'x';
	assert_int_equal(netns_find(&job, name, &ns, &found), -1);
	assert_false(found);
	assert_string_equal(
		job.msg,
		job_printf(&job, "open netns %s: File name too long", name));
	job_free(&job);
}

static void socket_is_of_the_namespace(void **state)
{
	ino_t home = own_ino();
	int table[] = { -1, other };

	(void)state;
	need_other();
	for (size_t i = 0; i < 2; i++) {
		int fd = netns_socket(table[i], NETLINK_ROUTE), ns;

		assert_true(fd >= 0);
		assert_int_equal(own_ino(), home);
		assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		ns = ioctl(fd, SIOCGSKNS);
		assert_true(ns >= 0);
		assert_int_equal(ino_of(ns), i ? ino_of(other) : home);
		close(ns);
		close(fd);
	}
}

static void file_is_of_the_namespace(void **state)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	ino_t home = own_ino();
	char value;
	int fd;

	(void)state;
	need_other();
	fd = netns_open(other, path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(own_ino(), home);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(write(fd, "1", 1), 1);
	close(fd);
	fd = netns_open(-1, path, O_RDONLY);
	assert_int_equal(read(fd, &value, 1), 1);
	assert_int_equal(value, '0');
	close(fd);
	fd = netns_open(other, path, O_RDONLY);
	assert_int_equal(read(fd, &value, 1), 1);
	assert_int_equal(value, '1');
	close(fd);
}

static void fresh_namespace_is_another(void **state)
{
	ino_t home = own_ino();
	int fd, inside;

	(void)state;
	need_other();
	fd = netns_make();
	assert_true(fd >= 0);
	assert_int_equal(own_ino(), home);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_not_equal(ino_of(fd), home);
	assert_int_not_equal(ino_of(fd), ino_of(other));
	inside = netns_socket(fd, NETLINK_ROUTE);
	assert_true(inside >= 0);
	close(inside);
	close(fd);
}

static void failure_comes_back_with_its_reason(void **state)
{
	ino_t home = own_ino();
	int null = open("/dev/null", O_RDONLY), next = dup(null);

	(void)state;
	need_other();
	close(next);
	assert_int_equal(netns_open(other, "/absent", O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(own_ino(), home);
	assert_int_equal(netns_socket(other, 12345), -1);
	assert_int_equal(errno, EPROTONOSUPPORT);
	assert_int_equal(own_ino(), home);
	/* No namespace, and no descriptor. */
	assert_int_equal(netns_socket(null, NETLINK_ROUTE), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(netns_open(12345, own, O_RDONLY), -1);
	assert_int_equal(errno, EBADF);
	/* None of them has left a descriptor open. */
	assert_int_equal(dup(null), next);
	close(next);
	close(null);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_opens_a_namespace),
		cmocka_unit_test(find_knows_what_is_no_namespace),
		cmocka_unit_test(find_fails_where_it_cannot_look),
		cmocka_unit_test(socket_is_of_the_namespace),
		cmocka_unit_test(file_is_of_the_namespace),
		cmocka_unit_test(fresh_namespace_is_another),
		cmocka_unit_test(failure_comes_back_with_its_reason),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
