/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>

#include "tests/unit/netlink.h"

#include <linux/rtnetlink.h>

static int set_up(void **state)
{
	struct job *job = calloc(1, sizeof(*job));

	*state = job;
	return job ? 0 : -1;
}

static int tear_down(void **state)
{
	job_free(*state);
	free(*state);
	return 0;
}

static void begin(struct nl *nl)
{
	struct ifinfomsg lo = { .ifi_index = 1 };

	nl_begin(nl, RTM_GETLINK, NLM_F_ACK, &lo, sizeof(lo));
}

static void socket_is_opened_at_the_first_request(void **state)
{
	struct nl nl;

	nl_init(&nl, *state, -1, NETLINK_ROUTE);
	assert_int_equal(nl.fd, -1);
	begin(&nl);
	assert_int_equal(nl_talk(&nl, "look up lo"), 0);
	assert_true(nl.fd >= 0);
	nl_close(&nl);
	assert_int_equal(nl.fd, -1);
	nl_close(&nl);
}

static void socket_without_a_namespace_is_an_error(void **state)
{
	struct job *job = *state;
	int file = open("/dev/null", O_RDONLY);
	struct nl nl;

	nl_init(&nl, job, file, NETLINK_ROUTE);
	begin(&nl);
	assert_int_equal(nl_talk(&nl, "look up lo"), -1);
	assert_string_equal(job->msg, "open netlink socket: Invalid argument");
	close(file);
}

static void requests_that_cannot_be_sent_are_an_error(void **state)
{
	struct job *job = *state;
	struct nl nl;

	nl_init(&nl, job, -1, NETLINK_ROUTE);
	nl.fd = open("/dev/null", O_RDWR);
	begin(&nl);
	assert_int_equal(nl_talk(&nl, "look up lo"), -1);
	assert_string_equal(job->msg,
			    "send to netlink: Socket operation on non-socket");
	nl_close(&nl);
}

static void count(const struct nlmsghdr *msg, void *arg)
{
	(void)msg;
	++*(int *)arg;
}

/* The answers to so many fit only if the socket's buffers are made larger. */
static void many_requests_are_all_answered(void **state)
{
	enum { MANY = 1000 };
	int replies = 0;
	struct nl nl;

	leave_network();
	nl_init(&nl, *state, -1, NETLINK_ROUTE);
	nl_hold(&nl);
	for (int i = 0; i < MANY; i++) {
		begin(&nl);
		nl_on_reply(&nl, count, &replies);
		nl_talk(&nl, "look up lo");
	}
	assert_int_equal(nl_release(&nl), 0);
	assert_int_equal(replies, MANY);
	nl_close(&nl);
}

static void kernel_tells_why_it_refuses(void **state)
{
	struct job *job = *state;
	struct nl nl;

	nl_init(&nl, job, -1, NETLINK_ROUTE);
	begin(&nl);
	/* Strict checking, which the socket asks for, knows no such thing. */
	nl_put_u32(&nl, IFLA_MTU, 1500);
	assert_int_equal(nl_talk(&nl, "look up lo"), -1);
	assert_string_equal(job->msg, "look up lo: Invalid argument");
	if (!job->details) {
		print_message("an old kernel without words\n");
		skip();
	}
	assert_string_equal(job->details,
			    "kernel: Unsupported attribute in get link "
			    "request (errno 22)");
	nl_close(&nl);
}

static void wait_ends_at_the_deadline(void **state)
{
	long begun = nl_deadline(0);
	struct nl events;

	leave_network();
	nl_init(&events, *state, -1, NETLINK_ROUTE);
	assert_int_equal(nl_subscribe(&events, RTNLGRP_LINK), 0);
	assert_false(nl_wait(&events, begun - 1));
	while (nl_wait(&events, begun + 20))
		continue;
	assert_in_range(nl_deadline(0), begun + 20, begun + 10000);
	nl_close(&events);
}

static void wait_ends_with_a_change(void **state)
{
	long begun = nl_deadline(0);
	struct nl events;
	pid_t child;

	leave_network();
	nl_init(&events, *state, -1, NETLINK_ROUTE);
	assert_int_equal(nl_subscribe(&events, RTNLGRP_LINK), 0);
	child = disturb_network();
	assert_true(nl_wait(&events, begun + 10000));
	stop_disturbing(child);
	assert_true(nl_deadline(0) < begun + 10000);
	/* What has been heard of is not told again. */
	nl_wait(&events, nl_deadline(1));
	begun = nl_deadline(0);
	nl_wait(&events, begun + 20);
	assert_true(nl_deadline(0) >= begun + 20);
	nl_close(&events);
}

static void group_that_does_not_exist_is_an_error(void **state)
{
	struct job *job = *state;
	struct nl events;

	nl_init(&events, job, -1, NETLINK_ROUTE);
	assert_int_equal(nl_subscribe(&events, 12345), -1);
	assert_string_equal(job->msg,
			    "listen to netlink group 12345: Invalid argument");
	nl_close(&events);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(socket_is_opened_at_the_first_request),
		TEST(socket_without_a_namespace_is_an_error),
		TEST(requests_that_cannot_be_sent_are_an_error),
		TEST(kernel_tells_why_it_refuses),
		TEST(group_that_does_not_exist_is_an_error),
		TEST(many_requests_are_all_answered),
		TEST(wait_ends_at_the_deadline),
		TEST(wait_ends_with_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
