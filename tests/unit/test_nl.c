/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>

#include "tests/unit/netlink.h"

enum { TYPE = NLMSG_MIN_TYPE, ACK = NLM_F_ACK, WORDS = NLM_F_ACK_TLVS };

/* Requests here have a fixed header of four bytes, and so have answers. */
static const uint32_t head = 7;
static const struct layout plain = { "4", " ", NULL };

/* The values of the answers that came, in order. */
static char replies[64];

static void on_reply(const struct nlmsghdr *msg, void *arg)
{
	const uint32_t *value = nl_payload(msg);
	size_t len = strlen(replies);

	assert_ptr_equal(arg, replies);
	snprintf(replies + len, sizeof(replies) - len, "%u ", *value);
}

static void begin(struct kernel *k, int flags)
{
	nl_begin(&k->nl, TYPE, flags, &head, sizeof(head));
	if (flags)
		nl_on_reply(&k->nl, on_reply, replies);
	*replies = '\0';
}

static void kernel_replies(struct kernel *k, uint32_t seq, int flags,
			   uint32_t value)
{
	kernel_says(k, seq, TYPE, flags, &value, sizeof(value));
}

/* Forgets the error, as if the job had only begun. */
static void assert_error(struct kernel *k, const char *msg, const char *details)
{
	assert_non_null(k->job.msg);
	assert_string_equal(k->job.msg, msg);
	if (details)
		assert_string_equal(k->job.details, details);
	else
		assert_null(k->job.details);
	assert_int_equal(k->job.code, CNI_INTERNAL);
	k->job.msg = k->job.details = NULL;
}

static void kernel_refuses(struct kernel *k, int flags, int attr)
{
	struct nlmsghdr *msg = kernel_acks(k, k->nl.seq, EINVAL);
	struct nlmsgerr *ack = mnl_nlmsg_get_payload(msg);

	msg->nlmsg_flags = (uint16_t)flags;
	if (!(flags & NLM_F_CAPPED)) {
		/* All of the request follows. Its own attribute would be taken
		 * for the kernel's words. */
		ack->msg.nlmsg_len = sizeof(ack->msg) + 16;
		mnl_nlmsg_put_extra_header(msg, 4);
		mnl_attr_put_strz(msg, NLMSGERR_ATTR_MSG, "mine");
	}
	if (!attr)
		return;
	mnl_attr_put_u32(msg, NLMSGERR_ATTR_OFFS, 20);
	mnl_attr_put_strz(msg, (uint16_t)attr, "too long");
}

static void refusal_tells_what_was_tried_and_why(void **state)
{
	static const char words[] = "kernel: too long (errno 22)";
	static const struct {
		int flags, attr;
		const char *details;
	} table[] = {
		{ NLM_F_CAPPED | WORDS, NLMSGERR_ATTR_MSG, words },
		{ WORDS, NLMSGERR_ATTR_MSG, words },
		{ NLM_F_CAPPED | WORDS, NLMSGERR_ATTR_COOKIE, NULL },
		{ NLM_F_CAPPED | WORDS, 0, NULL },
		{ WORDS, 0, NULL },
		{ NLM_F_CAPPED, NLMSGERR_ATTR_MSG, NULL },
		{ 0, 0, NULL },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		begin(k, ACK);
		kernel_refuses(k, table[i].flags, table[i].attr);
		kernel_sends(k);
		assert_int_equal(nl_talk(&k->nl, "set mtu %d on %s", 9, "a"),
				 -1);
		assert_error(k, "set mtu 9 on a: Invalid argument",
			     table[i].details);
		/* What was refused is not sent again. */
		assert_asked(k, &plain, "type 16 flags 005: 00000007\n");
	}
}

static void allowed_error_is_success(void **state)
{
	struct kernel *k = *state;
	bool first = true, second = true;

	for (int err = 1; err <= 4; err++) {
		begin(k, ACK);
		nl_allow(&k->nl, 1, &first);
		nl_allow(&k->nl, 2, err == 2 ? NULL : &second);
		kernel_answers(k, k->nl.seq, err == 3 ? 0 : err);
		assert_int_equal(nl_talk(&k->nl, "ask"), err == 4 ? -1 : 0);
		assert_int_equal(first, err == 1);
		assert_false(err != 2 && second);
	}
	assert_error(k, "ask: Interrupted system call", NULL);
	begin(k, ACK);
	nl_allow(&k->nl, 1, &first);
	nl_allow(&k->nl, 2, &second);
	kernel_answers(k, k->nl.seq, 2);
	assert_int_equal(nl_talk(&k->nl, "ask"), 0);
	assert_true(second);
	assert_false(first);
}

static void any_number_of_errors_can_be_allowed(void **state)
{
	enum { MANY = 9 };
	struct kernel *k = *state;

	for (int err = 1; err <= MANY; err++) {
		bool seen[MANY + 1];

		begin(k, ACK);
		for (int i = 1; i <= MANY; i++)
			nl_allow(&k->nl, i, &seen[i]);
		kernel_answers(k, k->nl.seq, err);
		assert_int_equal(nl_talk(&k->nl, "ask"), 0);
		for (int i = 1; i <= MANY; i++)
			assert_int_equal(seen[i], i == err);
	}
}

static void held_requests_are_all_sent_and_the_first_refusal_stays(void **state)
{
	struct kernel *k = *state;
	bool seen = false;

	nl_hold(&k->nl);
	for (int i = 1; i <= 4; i++) {
		begin(k, ACK);
		if (i == 4)
			nl_allow(&k->nl, EEXIST, &seen);
		assert_int_equal(nl_talk(&k->nl, "ask %d", i), 0);
	}
	assert_asked(k, &plain, "nothing");
	kernel_acks(k, 1, 0);
	kernel_acks(k, 2, EPERM);
	kernel_sends(k);
	kernel_answers(k, 3, EINVAL);
	kernel_answers(k, 4, EEXIST);
	assert_int_equal(nl_release(&k->nl), -1);
	assert_error(k, "ask 2: Operation not permitted", NULL);
	assert_true(seen);
	assert_asked(k, &plain,
		     "type 16 flags 001: 00000007\n"
		     "type 16 flags 001: 00000007\n"
		     "type 16 flags 001: 00000007\n"
		     "type 16 flags 005: 00000007\n");
	assert_asked(k, &plain, "nothing");
	assert_int_equal(nl_release(&k->nl), 0);
	/* No longer held. */
	begin(k, ACK);
	kernel_answers(k, 5, 0);
	assert_int_equal(nl_talk(&k->nl, "ask"), 0);
	assert_asked(k, &plain, "type 16 flags 005: 00000007\n");
}

static void refusal_after_another_error_is_one_too(void **state)
{
	struct kernel *k = *state;

	(fail)(&k->job, CNI_BAD_CONFIG, "the cause");
	begin(k, ACK);
	kernel_answers(k, 1, EPERM);
	assert_int_equal(nl_talk(&k->nl, "ask"), -1);
	assert_string_equal(k->job.msg, "the cause");
	begin(k, ACK);
	kernel_answers(k, 2, 0);
	assert_int_equal(nl_talk(&k->nl, "ask"), 0);
}

static void request_without_ack_is_answered_only_when_refused(void **state)
{
	struct kernel *k = *state;

	begin(k, 0);
	assert_int_equal(nl_talk(&k->nl, "ask"), 0);
	nl_hold(&k->nl);
	begin(k, 0);
	nl_talk(&k->nl, "ask");
	begin(k, ACK);
	nl_talk(&k->nl, "ask with ack");
	kernel_acks(k, 2, EBUSY);
	kernel_acks(k, 3, 0);
	kernel_sends(k);
	assert_int_equal(nl_release(&k->nl), -1);
	assert_error(k, "ask: Device or resource busy", NULL);
}

static void request_for_a_reply_needs_no_ack(void **state)
{
	struct kernel *k = *state;
	bool seen;

	for (int i = 0; i < 2; i++) {
		nl_begin(&k->nl, TYPE, 0, &head, sizeof(head));
		nl_on_reply(&k->nl, on_reply, replies);
		nl_allow(&k->nl, ENOENT, &seen);
		*replies = '\0';
		if (i)
			kernel_acks(k, 2, ENOENT);
		else
			kernel_replies(k, 1, 0, 7);
		kernel_sends(k);
		assert_int_equal(nl_talk(&k->nl, "ask"), 0);
		assert_string_equal(replies, i ? "" : "7 ");
		assert_int_equal(seen, i);
	}
	nl_begin(&k->nl, TYPE, 0, &head, sizeof(head));
	nl_on_reply(&k->nl, on_reply, replies);
	assert_int_equal(nl_talk(&k->nl, "ask"), -1);
	assert_error(k, "ask: no answer", NULL);
}

static void batch_refused_as_a_whole_has_one_answer(void **state)
{
	struct kernel *k = *state;
	bool seen;

	for (int allow = 0; allow < 2; allow++) {
		nl_hold(&k->nl);
		begin(k, ACK);
		nl_talk(&k->nl, "ask first");
		begin(k, ACK);
		if (allow)
			nl_allow(&k->nl, ENOENT, &seen);
		nl_talk(&k->nl, "ask second");
		kernel_answers(k, k->nl.seq, ENOENT);
		assert_int_equal(nl_release(&k->nl), allow ? 0 : -1);
		if (!allow)
			assert_error(k, "ask second: No such file or directory",
				     NULL);
	}
	assert_true(seen);
}

static void reply_comes_before_its_ack(void **state)
{
	struct kernel *k = *state;

	begin(k, ACK);
	kernel_says(k, 1, NLMSG_NOOP, 0, &head, sizeof(head));
	kernel_replies(k, 1, 0, 42);
	kernel_acks(k, 1, 0);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "ask"), 0);
	assert_string_equal(replies, "42 ");
}

static void dump_is_read_to_its_end(void **state)
{
	struct kernel *k = *state;

	begin(k, NLM_F_DUMP);
	for (uint32_t i = 1; i <= 5; i++) {
		kernel_replies(k, 1, NLM_F_MULTI, i);
		if (i % 2)
			kernel_sends(k);
	}
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "list"), 0);
	assert_string_equal(replies, "1 2 3 4 5 ");
	assert_asked(k, &plain, "type 16 flags 301: 00000007\n");
	/* The end of kernels that give no error in it. */
	begin(k, NLM_F_DUMP);
	kernel_says(k, 2, NLMSG_DONE, NLM_F_MULTI, "", 0);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "list"), 0);
	assert_string_equal(replies, "");
}

static void dump_without_its_end_is_an_error(void **state)
{
	struct kernel *k = *state;

	begin(k, NLM_F_DUMP);
	kernel_replies(k, 1, NLM_F_MULTI, 1);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "list"), -1);
	assert_error(k, "list: no answer", NULL);
	assert_string_equal(replies, "");
}

static void interrupted_dump_is_asked_for_again(void **state)
{
	static const int flags[][2] = { { NLM_F_DUMP_INTR, 0 },
					{ 0, NLM_F_DUMP_INTR } };
	struct kernel *k = *state;

	for (uint32_t i = 0; i < COUNT(flags); i++) {
		begin(k, NLM_F_DUMP);
		kernel_replies(k, i + 1, NLM_F_MULTI | flags[i][0], 1);
		kernel_replies(k, i + 1, NLM_F_MULTI, 2);
		kernel_ends(k, i + 1, flags[i][1], 0);
		kernel_sends(k);
		kernel_replies(k, i + 1, NLM_F_MULTI, 3);
		kernel_ends(k, i + 1, 0, 0);
		kernel_sends(k);
		assert_int_equal(nl_talk(&k->nl, "list"), 0);
		assert_string_equal(replies, "3 ");
		for (int asks = 0; asks < 2; asks++)
			assert_asked(k, &plain,
				     "type 16 flags 301: 00000007\n");
		assert_asked(k, &plain, "nothing");
	}
}

static void dump_that_is_always_interrupted_is_given_up(void **state)
{
	enum { ASKS_MAX = 21 };
	struct kernel *k = *state;
	pid_t child;
	int status;

	for (int i = 0; i < 2 * ASKS_MAX; i++)
		kernel_ends(k, 1, NLM_F_DUMP_INTR, 0);
	kernel_sends(k);
	/* So many requests do not fit the socket: this one counts them. */
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		char buf[64];
		int count = 0;

		close(k->nl.fd);
		while (recv(k->fd, buf, sizeof(buf), 0) > 0)
			count++;
		_exit(count);
	}
	begin(k, NLM_F_DUMP);
	assert_int_equal(nl_talk(&k->nl, "list"), -1);
	assert_error(k, "list: Interrupted system call", NULL);
	nl_close(&k->nl);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), ASKS_MAX);
}

static void dump_may_be_refused(void **state)
{
	struct kernel *k = *state;
	bool seen = false;

	begin(k, NLM_F_DUMP);
	kernel_replies(k, 1, NLM_F_MULTI, 1);
	kernel_ends(k, 1, 0, EINVAL);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "list"), -1);
	assert_error(k, "list: Invalid argument", NULL);
	assert_string_equal(replies, "");
	begin(k, NLM_F_DUMP);
	nl_allow(&k->nl, ENOENT, &seen);
	kernel_ends(k, 2, 0, ENOENT);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "list"), 0);
	assert_true(seen);
	/* Before it began. */
	begin(k, NLM_F_DUMP);
	kernel_answers(k, 3, EOPNOTSUPP);
	assert_int_equal(nl_talk(&k->nl, "list"), -1);
	assert_error(k, "list: Operation not supported", NULL);
}

static void answers_to_others_are_dropped(void **state)
{
	static const uint32_t others[] = { 0, 9, 11, UINT32_MAX };
	struct kernel *k = *state;

	k->nl.seq = 9;
	begin(k, ACK);
	for (size_t i = 0; i < COUNT(others); i++) {
		kernel_acks(k, others[i], EPERM);
		kernel_replies(k, others[i], 0, others[i]);
	}
	kernel_replies(k, 10, 0, 1);
	kernel_acks(k, 10, 0);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "ask"), 0);
	assert_string_equal(replies, "1 ");
}

static void answers_of_other_processes_are_dropped(void **state)
{
	static const sa_family_t named = AF_UNIX;
	struct kernel *k = *state;

	/* The name it gets lies where a netlink address has its port. */
	assert_int_equal(bind(k->fd, (const void *)&named, sizeof(named)), 0);
	begin(k, ACK);
	kernel_replies(k, 1, 0, 1);
	kernel_acks(k, 1, 0);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "ask"), -1);
	assert_error(k, "ask: no answer", NULL);
	assert_string_equal(replies, "");
}

static void no_answer_is_an_error(void **state)
{
	struct kernel *k = *state;

	nl_hold(&k->nl);
	begin(k, ACK);
	nl_talk(&k->nl, "ask first");
	begin(k, ACK);
	nl_talk(&k->nl, "ask second");
	kernel_answers(k, 1, 0);
	assert_int_equal(nl_release(&k->nl), -1);
	assert_error(k, "ask second: no answer", NULL);
}

static void short_answers_are_errors(void **state)
{
	static char much[(32 << 10) + 8];
	struct kernel *k = *state;
	struct nlmsghdr *msg;

	begin(k, ACK);
	kernel_says(k, 1, NLMSG_ERROR, 0, "\0\0\0", 4);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "ask"), -1);
	assert_error(k, "ask: short answer", NULL);
	/* An ack that ends before its length does. */
	begin(k, ACK);
	msg = kernel_acks(k, 2, 0);
	msg->nlmsg_len += 4;
	assert_int_equal(send(k->fd, k->says, msg->nlmsg_len - 4, 0), 36);
	k->last = NULL;
	assert_int_equal(nl_talk(&k->nl, "ask"), -1);
	assert_error(k, "read from netlink: Bad message", NULL);
	begin(k, ACK);
	kernel_says(k, 3, TYPE, 0, much, sizeof(much));
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "ask"), -1);
	assert_error(k, "read from netlink: answer of 32792 bytes", NULL);
}

/* Of the fixed header that all answers have, like the request. */
static void answers_without_their_header_are_errors(void **state)
{
	static const int flags[] = { ACK, NLM_F_DUMP };
	struct kernel *k = *state;

	for (uint32_t i = 0; i < COUNT(flags); i++) {
		begin(k, flags[i]);
		kernel_says(k, i + 1, TYPE, NLM_F_MULTI, "", 0);
		kernel_sends(k);
		assert_int_equal(nl_talk(&k->nl, "ask"), -1);
		assert_error(k, "ask: short answer", NULL);
	}
}

/* A message whose length, as a signed number, is less than what there is. */
static void lengths_beyond_the_answer_are_not_believed(void **state)
{
	static const uint32_t lengths[] = { 0x80000010, 0xfffffffc };
	struct kernel *k = *state;

	for (uint32_t i = 0; i < COUNT(lengths); i++) {
		struct nlmsghdr *msg;

		begin(k, ACK);
		msg = kernel_says(k, i + 1, NLMSG_NOOP, 0, "", 0);
		msg->nlmsg_len = lengths[i];
		assert_int_equal(send(k->fd, k->says, 16, 0), 16);
		k->last = NULL;
		assert_int_equal(nl_talk(&k->nl, "ask"), -1);
		assert_error(k, "read from netlink: Bad message", NULL);
	}
	/* Of the request that an ack repeats, before the kernel's words. */
	begin(k, ACK);
	kernel_refuses(k, WORDS, NLMSGERR_ATTR_MSG);
	((struct nlmsgerr *)mnl_nlmsg_get_payload((void *)k->says))
		->msg.nlmsg_len = 0xfffffffc;
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "ask"), -1);
	assert_error(k, "ask: Invalid argument", NULL);
}

static void control_messages_are_no_part_of_a_dump(void **state)
{
	struct kernel *k = *state;

	begin(k, NLM_F_DUMP);
	kernel_says(k, 1, NLMSG_NOOP, NLM_F_MULTI, "", 0);
	kernel_replies(k, 1, NLM_F_MULTI, 5);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(nl_talk(&k->nl, "list"), 0);
	assert_string_equal(replies, "5 ");
}

static void on_attr(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[2];

	nl_attrs(msg, sizeof(head), attrs, 1);
	*(uint32_t *)arg = nl_attr_u32(attrs[1]);
}

/* An attribute reaches up to the next multiple of four: there is nothing. */
static void odd_lengths_are_filled_up(void **state)
{
	static const int flags[] = { ACK, NLM_F_DUMP };
	struct kernel *k = *state;

	for (uint32_t i = 0; i < COUNT(flags); i++) {
		uint32_t value = 0;
		struct nlmsghdr *msg;

		begin(k, flags[i]);
		nl_on_reply(&k->nl, on_attr, &value);
		/* The end of a longer answer before it. */
		kernel_says(k, 0, TYPE, 0, "........................", 24);
		kernel_sends(k);
		msg = kernel_says(k, i + 1, TYPE, NLM_F_MULTI, &head,
				  sizeof(head));
		mnl_attr_put_u32(msg, 1, htonl(0x01020304));
		msg->nlmsg_len--;
		assert_int_equal(send(k->fd, k->says, msg->nlmsg_len, 0), 27);
		k->last = NULL;
		if (i)
			kernel_ends(k, i + 1, 0, 0);
		else
			kernel_acks(k, i + 1, 0);
		kernel_sends(k);
		assert_int_equal(nl_talk(&k->nl, "ask"), 0);
		assert_int_equal(ntohl(value), 0x01020300);
	}
}

static void any_number_is_an_error(void **state)
{
	static const int flags[] = { ACK, NLM_F_DUMP };
	struct kernel *k = *state;

	for (uint32_t i = 0; i < COUNT(flags); i++) {
		begin(k, flags[i]);
		if (i)
			kernel_ends(k, i + 1, 0, INT_MIN);
		else
			kernel_acks(k, i + 1, INT_MIN);
		kernel_sends(k);
		assert_int_equal(nl_talk(&k->nl, "ask"), -1);
		assert_error(k, "ask: Unknown error -2147483648", NULL);
	}
}

static void many_requests_go_out_at_once(void **state)
{
	enum { MANY = 150 };
	static char text[1000];
	struct kernel *k = *state;
	const char *asks, *each = job_printf(&k->job, "attr 1: \"%s\"\n",
					     (char *)memset(text, 'x', 999));

	nl_hold(&k->nl);
	for (uint32_t i = 1; i <= MANY; i++) {
		begin(k, ACK);
		nl_put_text(&k->nl, 1, text);
		nl_talk(&k->nl, "ask %u", i);
		kernel_acks(k, i, i == MANY ? EPERM : 0);
	}
	kernel_sends(k);
	assert_int_equal(nl_release(&k->nl), -1);
	assert_error(k, "ask 150: Operation not permitted", NULL);
	asks = asked(k, &plain);
	for (int i = 0; i < MANY; i++) {
		assert_true(str_starts(
			asks, i + 1 < MANY ? "type 16 flags 001: 00000007\n"
					   : "type 16 flags 005: 00000007\n"));
		asks = strchr(asks, '\n') + 1;
		assert_true(str_starts(asks, each));
		asks += strlen(each);
	}
	assert_string_equal(asks, "");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(refusal_tells_what_was_tried_and_why),
		TEST(allowed_error_is_success),
		TEST(any_number_of_errors_can_be_allowed),
		TEST(held_requests_are_all_sent_and_the_first_refusal_stays),
		TEST(refusal_after_another_error_is_one_too),
		TEST(request_without_ack_is_answered_only_when_refused),
		TEST(request_for_a_reply_needs_no_ack),
		TEST(batch_refused_as_a_whole_has_one_answer),
		TEST(reply_comes_before_its_ack),
		TEST(dump_is_read_to_its_end),
		TEST(dump_without_its_end_is_an_error),
		TEST(interrupted_dump_is_asked_for_again),
		TEST(dump_that_is_always_interrupted_is_given_up),
		TEST(dump_may_be_refused),
		TEST(answers_to_others_are_dropped),
		TEST(answers_of_other_processes_are_dropped),
		TEST(no_answer_is_an_error),
		TEST(short_answers_are_errors),
		TEST(answers_without_their_header_are_errors),
		TEST(lengths_beyond_the_answer_are_not_believed),
		TEST(control_messages_are_no_part_of_a_dump),
		TEST(odd_lengths_are_filled_up),
		TEST(any_number_is_an_error),
		TEST(many_requests_go_out_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
