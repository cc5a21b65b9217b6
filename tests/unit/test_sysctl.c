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
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/job.h"
#include "core/kernel/sysctl.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

static const char forward[] = "net/ipv4/ip_forward";
static struct job job;

/* Each test has network and mount namespaces of its own. */
static int set_up(void **state)
{
	(void)state;
	job = (struct job) { 0 };
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		return 0;
	*state = &job;
	return mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	job_free(&job);
	return 0;
}

static void need_namespaces(void **state)
{
	if (!*state) {
		print_message("needs namespaces, so root\n");
		skip();
	}
}

static void ensure_writes_what_differs(void **state)
{
	need_namespaces(state);
	assert_true(sysctl_is(&job, -1, forward, "0"));
	assert_false(sysctl_is(&job, -1, forward, "1"));
	assert_int_equal(sysctl_ensure(&job, -1, forward, "1"), 0);
	assert_true(sysctl_is(&job, -1, forward, "1"));
	assert_false(sysctl_is(&job, -1, forward, ""));
	assert_int_equal(sysctl_ensure(&job, -1, forward, "0"), 0);
	assert_true(sysctl_is(&job, -1, forward, "0"));
}

static void ensure_is_for_the_namespace(void **state)
{
	int other;

	need_namespaces(state);
	other = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(sysctl_ensure(&job, other, forward, "1"), 0);
	assert_true(sysctl_is(&job, other, forward, "1"));
	assert_true(sysctl_is(&job, -1, forward, "0"));
	close(other);
}

static void ensure_does_not_write_what_is_right(void **state)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	static const struct timespec old[2] = { { .tv_sec = 1 },
						{ .tv_sec = 1 } };
	char file[] = "/tmp/test_sysctl.XXXXXX";
	struct stat st;
	int fd;

	need_namespaces(state);
	fd = mkstemp(file);
	assert_int_equal(write(fd, "1\n", 2), 2);
	assert_int_equal(futimens(fd, old), 0);
	assert_int_equal(mount(file, path, NULL, MS_BIND, NULL), 0);
	unlink(file);
	assert_int_equal(sysctl_ensure(&job, -1, forward, "1"), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1);
	assert_int_equal(sysctl_ensure(&job, -1, forward, "2"), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_not_equal(st.st_mtim.tv_sec, 1);
	assert_true(sysctl_is(&job, -1, forward, "2"));
	assert_int_equal(umount(path), 0);
	close(fd);
}

static void read_only_will_do_if_the_value_is_right(void **state)
{
	static const char sys[] = "/proc/sys";

	need_namespaces(state);
	assert_int_equal(mount(sys, sys, NULL, MS_BIND, NULL), 0);
	assert_int_equal(
		mount("", sys, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
		0);
	assert_int_equal(sysctl_ensure(&job, -1, forward, "0"), 0);
	assert_int_equal(sysctl_ensure(&job, -1, forward, "1"), -1);
	assert_string_equal(job.msg, "set sysctl net/ipv4/ip_forward from 0 "
				     "to 1: Read-only file system");
	assert_true(sysctl_is(&job, -1, forward, "0"));
	assert_int_equal(umount(sys), 0);
}

static void can_is_what_ensure_would_do(void **state)
{
	static const char sys[] = "/proc/sys";

	need_namespaces(state);
	assert_true(sysctl_can(&job, -1, forward, "1"));
	assert_true(sysctl_is(&job, -1, forward, "0"));
	assert_false(sysctl_can(&job, -1, "net/none", "1"));
	assert_int_equal(mount(sys, sys, NULL, MS_BIND, NULL), 0);
	assert_int_equal(
		mount("", sys, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
		0);
	assert_true(sysctl_can(&job, -1, forward, "0"));
	assert_false(sysctl_can(&job, -1, forward, "1"));
	assert_int_equal(umount(sys), 0);
}

static void get_reads_all_of_a_setting(void **state)
{
	static const char ports[] = "net/ipv4/ip_local_reserved_ports";
	char many[400] = "";

	need_namespaces(state);
	assert_string_equal(sysctl_get(&job, -1, forward), "0");
	assert_string_equal(sysctl_get(&job, -1, ports), "");
	for (int i = 1; i < 40; i++)
		snprintf(many + strlen(many), 8, "%s%d", i > 1 ? "," : "",
			 7001 + 2 * i);
	assert_int_equal(sysctl_put(&job, -1, ports, many), 0);
	assert_string_equal(sysctl_get(&job, -1, ports), many);
	errno = 0;
	assert_null(sysctl_get(&job, -1, "net/none"));
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_null(sysctl_get(&job, -1, "net"));
	assert_int_equal(errno, EISDIR);
}

static void put_writes_in_any_case(void **state)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	static const struct timespec old[2] = { { .tv_sec = 1 },
						{ .tv_sec = 1 } };
	char file[] = "/tmp/test_sysctl.XXXXXX";
	struct stat st;
	int fd, other;

	need_namespaces(state);
	other = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(sysctl_put(&job, other, forward, "1"), 0);
	assert_string_equal(sysctl_get(&job, other, forward), "1");
	assert_string_equal(sysctl_get(&job, -1, forward), "0");
	close(other);
	errno = 0;
	assert_int_equal(sysctl_put(&job, -1, forward, "x"), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sysctl_put(&job, -1, "net/none", "1"), -1);
	assert_int_equal(errno, ENOENT);
	fd = mkstemp(file);
	assert_int_equal(write(fd, "1", 1), 1);
	assert_int_equal(futimens(fd, old), 0);
	assert_int_equal(mount(file, path, NULL, MS_BIND, NULL), 0);
	unlink(file);
	assert_int_equal(sysctl_put(&job, -1, forward, "1"), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_not_equal(st.st_mtim.tv_sec, 1);
	assert_string_equal(sysctl_get(&job, -1, forward), "1");
	assert_int_equal(umount(path), 0);
	close(fd);
}

/* What is known to differ need not be read: a file says who did. */
static void wish_is_written_without_a_look(void **state)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	static const struct timespec old[2] = { { .tv_sec = 1 },
						{ .tv_sec = 1 } };
	char file[] = "/tmp/test_sysctl.XXXXXX";
	struct stat st;
	int fd;

	need_namespaces(state);
	fd = mkstemp(file);
	assert_int_equal(write(fd, "1\n", 2), 2);
	assert_int_equal(futimens(fd, old), 0);
	assert_int_equal(mount(file, path, NULL, MS_BIND, NULL), 0);
	unlink(file);
	sysctl_wish(&job, -1, forward, "0");
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_atim.tv_sec, 1);
	assert_int_not_equal(st.st_mtim.tv_sec, 1);
	assert_true(sysctl_is(&job, -1, forward, "0"));
	assert_int_equal(umount(path), 0);
	close(fd);
}

/* What is said on stderr of a wish, on one line; "" if nothing. */
static const char *said_of_wish(const char *name, const char *value)
{
	static char said[256];
	int pipe_fds[2], err = dup(2);
	ssize_t len;

	assert_int_equal(pipe(pipe_fds), 0);
	dup2(pipe_fds[1], 2);
	close(pipe_fds[1]);
	sysctl_wish(&job, -1, name, value);
	dup2(err, 2);
	close(err);
	len = read(pipe_fds[0], said, sizeof(said) - 1);
	close(pipe_fds[0]);
	said[len > 0 ? len : 0] = '\0';
	return said;
}

static void wish_that_fails_is_told_unless_it_is_so(void **state)
{
	static const char sys[] = "/proc/sys";

	need_namespaces(state);
	job.name = "test";
	assert_string_equal(said_of_wish("net/none/accept_ra", "0"), "");
	assert_string_equal(said_of_wish(forward, "1"), "");
	assert_int_equal(mount(sys, sys, NULL, MS_BIND, NULL), 0);
	assert_int_equal(
		mount("", sys, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
		0);
	assert_string_equal(said_of_wish(forward, "1"), "");
	assert_non_null(
		strstr(said_of_wish(forward, "0"),
		       "set sysctl net/ipv4/ip_forward from 1 to 0: Read-only "
		       "file system"));
	assert_null(job.msg);
	assert_int_equal(umount(sys), 0);
}

/* This one nobody may write, wherever it is mounted. */
static void setting_without_write_permission_is_read_too(void **state)
{
	static const char type[] = "kernel/ostype";

	(void)state;
	assert_int_equal(sysctl_ensure(&job, -1, type, "Linux"), 0);
	assert_int_equal(sysctl_ensure(&job, -1, type, "Plan9"), -1);
	assert_string_equal(job.msg, "set sysctl kernel/ostype from Linux to "
				     "Plan9: Permission denied");
}

static void value_that_is_refused_is_an_error(void **state)
{
	need_namespaces(state);
	assert_int_equal(sysctl_ensure(&job, -1, forward, "x"), -1);
	assert_string_equal(job.msg, "set sysctl net/ipv4/ip_forward from 0 "
				     "to x: Invalid argument");
}

static void missing_setting_is_told(void **state)
{
	static const char missing[] = "net/ipv4/conf/none/forwarding";
	bool found = true;

	(void)state;
	assert_int_equal(sysctl_ensure_if_any(&job, -1, missing, "1", &found),
			 0);
	assert_false(found);
	assert_null(job.msg);
	assert_false(sysctl_is(&job, -1, missing, "1"));
	assert_int_equal(sysctl_ensure(&job, -1, missing, "1"), -1);
	assert_string_equal(job.msg,
			    "set sysctl net/ipv4/conf/none/forwarding to 1: "
			    "No such file or directory");
	found = false;
	assert_int_equal(sysctl_ensure_if_any(&job, -1, "kernel/ostype",
					      "Linux", &found),
			 0);
	assert_true(found);
}

static void missing_ipv6_is_told(void **state)
{
	static const char setting[] = "net/ipv6/conf/none/keep_addr_on_down";

	need_namespaces(state);
	if (access("/proc/sys/net/ipv6", F_OK) == 0) {
		assert_int_equal(sysctl_ensure(&job, -1, setting, "1"), -1);
		assert_string_equal(
			job.msg,
			job_printf(&job,
				   "set sysctl %s to 1: No such file or "
				   "directory",
				   setting));
		job.msg = NULL;
	}
	assert_int_equal(mount("none", "/proc/sys/net", "tmpfs", 0, NULL), 0);
	assert_int_equal(sysctl_ensure(&job, -1, setting, "1"), -1);
	assert_int_equal(umount("/proc/sys/net"), 0);
	assert_string_equal(job.msg,
			    job_printf(&job,
				       "set sysctl %s to 1: the kernel has no "
				       "IPv6",
				       setting));
}

static void what_cannot_be_read_is_an_error(void **state)
{
	bool found = true;

	(void)state;
	assert_int_equal(sysctl_ensure_if_any(&job, -1, "net", "1", &found),
			 -1);
	assert_false(found);
	assert_string_equal(job.msg, "read sysctl net: Is a directory");
	assert_false(sysctl_is(&job, -1, "net", "1"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(ensure_writes_what_differs),
		TEST(ensure_is_for_the_namespace),
		TEST(ensure_does_not_write_what_is_right),
		TEST(read_only_will_do_if_the_value_is_right),
		TEST(setting_without_write_permission_is_read_too),
		TEST(can_is_what_ensure_would_do),
		TEST(get_reads_all_of_a_setting),
		TEST(put_writes_in_any_case),
		TEST(wish_is_written_without_a_look),
		TEST(wish_that_fails_is_told_unless_it_is_so),
		TEST(value_that_is_refused_is_an_error),
		TEST(missing_setting_is_told),
		TEST(missing_ipv6_is_told),
		TEST(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
