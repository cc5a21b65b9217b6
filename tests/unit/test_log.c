/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/job.h"
#include "core/base/log.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

static void warn_writes_one_line_at_once(void **state)
{
	static char long_text[5000];
	struct job job = { .name = "bridge" }, nameless = { 0 };
	int fds[2], saved = dup(STDERR_FILENO);
	char buf[6000];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	/* Each write is a datagram. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	dup2(fds[0], STDERR_FILENO);
	job_warn(&job, "set %s of %s to %d", "mtu", "eth0", 9000);
	job_warn(&nameless, "%s", "100%s");
	job_warn(&job, "%s", long_text);
	dup2(saved, STDERR_FILENO);
	memset(buf, 0, sizeof(buf));
	recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT);
	assert_string_equal(buf, "bridge: set mtu of eth0 to 9000\n");
	memset(buf, 0, sizeof(buf));
	recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT);
	assert_string_equal(buf, "cnibox: 100%s\n");
	memset(buf, 0, sizeof(buf));
	recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT);
	assert_string_equal(buf, job_printf(&job, "bridge: %s\n", long_text));
	assert_int_equal(recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT), -1);
	close(fds[0]);
	close(fds[1]);
	close(saved);
	job_free(&job);
	job_free(&nameless);
}

static void warn_is_no_error_of_the_job(void **state)
{
	struct job job = { .name = "bridge" };
	int saved = dup(STDERR_FILENO);

	(void)state;
	close(STDERR_FILENO);
	job_warn(&job, "nobody listens");
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_null(job.msg);
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(warn_writes_one_line_at_once),
		cmocka_unit_test(warn_is_no_error_of_the_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
