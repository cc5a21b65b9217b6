/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>

#include "core/kernel/tc.h"

#include "tests/unit/netlink.h"

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

static const struct link veth = { .index = 5, .name = "veth5" };
static const struct link ifb = { .index = 9, .name = "bwp9" };

/* Types: 36 RTM_NEWQDISC, 37 RTM_DELQDISC, 38 RTM_GETQDISC, 44 RTM_NEWTFILTER,
 * 46 RTM_GETTFILTER, 48 RTM_NEWACTION. */
static const struct layout layout = { .head = "1124444", .numbers = " 13 " };

/* ---- numbers ---- */

static void numbers_are_those_of_the_go_plugin(void **state)
{
	/* As Debian's plugin makes them. */
	static const struct {
		uint64_t rate, burst;
		int latency;
		struct tc_tbf tbf;
	} table[] = {
		{ 8, 8, 25, { 1, 1, 15625000 } },
		{ 16, 8, 25, { 2, 1, 7812500 } },
		{ 8000, 80, 25, { 1000, 35, 156250 } },
		{ 15, 15, 25, { 1, 1, 15625000 } },
		{ 1000003, 77777, 25, { 125000, 12847, 1215250 } },
		{ 10000000,
		  2147483647,
		  25,
		  { 1250000, 268466705, 3355443187 } },
		{ 80000000000, 80000, 25, { 10000000000, 250010000, 15 } },
		/* What does not fit. */
		{ 1000000, 2147483647, 25, { 125000, 268438580, UINT32_MAX } },
		{ 8, 34359738359, 25, { 1, 4294967294, UINT32_MAX } },
		{ 8000, 34359738359, 25, { 1000, UINT32_MAX, UINT32_MAX } },
		{ UINT64_MAX, 8000, 60000, { UINT64_MAX / 8, UINT32_MAX, 0 } },
		/* Another latency. */
		{ 8000000, 80000, 1, { 1000000, 11000, 156250 } },
		{ 8000000, 80000, 60000, { 1000000, 60010000, 156250 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct tc_tbf tbf = tc_tbf_of(table[i].rate, table[i].burst,
					      table[i].latency);

		assert_true(tbf.rate == table[i].tbf.rate);
		assert_int_equal(tbf.limit, table[i].tbf.limit);
		assert_int_equal(tbf.buffer, table[i].tbf.buffer);
	}
}

/* ---- what is asked ---- */

/* A structure as an attribute's value. */
static const char *hex(struct job *job, const void *data, size_t len)
{
	struct str out = { .job = job };

	for (size_t i = 0; i < len; i++)
		str_printf(&out, "%02x", ((const uint8_t *)data)[i]);
	return out.text;
}

/* The answer to the last request has just been read; none is left. */
static void assert_undone(struct kernel *k, const char *expected)
{
	kernel_answers(k, k->nl.seq + 1, 0);
	undo_run(&k->job);
	assert_asked(k, &layout, expected);
}

#define DEL_ROOT                                                               \
	"type 37 flags 005: 00 00 0000 00000005 00010000 ffffffff 00000000\n"
#define DEL_INGRESS                                                            \
	"type 37 flags 005: 00 00 0000 00000005 ffff0000 fffffff1 00000000\n"

static void tbf_is_asked_for(void **state)
{
	struct tc_tbf tbf = { .rate = 1000, .limit = 35, .buffer = 156250 };
	struct tc_tbf_qopt parms = { .rate.rate = 1000,
				     .limit = 35,
				     .buffer = 156250 };
	static const char text[] =
		"type 36 flags 605: 00 00 0000 00000005 00010000 ffffffff 00000000\n"
		"attr 1: \"tbf\"\n"
		"attr 2:\n"
		"  attr 1: %s\n%s";
	struct kernel *k = *state;

	kernel_answers(k, 1, 0);
	assert_int_equal(tc_add_tbf(&k->nl, &veth, &tbf), 0);
	assert_asked(k, &layout,
		     job_printf(&k->job, text,
				hex(&k->job, &parms, sizeof(parms)), ""));
	assert_undone(k, DEL_ROOT);
	tbf.rate = 1ULL << 32;
	parms.rate.rate = UINT32_MAX;
	kernel_answers(k, k->nl.seq + 1, 0);
	assert_int_equal(tc_add_tbf(&k->nl, &veth, &tbf), 0);
	assert_asked(
		k, &layout,
		job_printf(
			&k->job, text, hex(&k->job, &parms, sizeof(parms)),
			job_printf(&k->job, "  attr 4: %s\n",
				   hex(&k->job, &tbf.rate, sizeof(tbf.rate)))));
}

static void refused_tbf_is_left_to_whom_it_belongs(void **state)
{
	struct tc_tbf tbf = { .rate = 1000, .limit = 35, .buffer = 156250 };
	struct kernel *k = *state;

	kernel_answers(k, 1, EEXIST);
	assert_int_equal(tc_add_tbf(&k->nl, &veth, &tbf), -1);
	assert_string_equal(k->job.msg, "limit the rate of veth5: File exists");
	asked(k, &layout);
	undo_run(&k->job);
	assert_asked(k, &layout, "nothing");
	k->job.msg = NULL;
	kernel_answers(k, 2, ENOENT);
	assert_int_equal(tc_add_tbf(&k->nl, &veth, &tbf), -1);
	assert_string_equal(
		k->job.msg,
		"limit the rate of veth5: the kernel has no CONFIG_NET_SCH_TBF");
}

/* It may have been made. */
static void tbf_without_an_answer_is_removed(void **state)
{
	struct tc_tbf tbf = { .rate = 1000, .limit = 35, .buffer = 156250 };
	struct kernel *k = *state;

	assert_int_equal(tc_add_tbf(&k->nl, &veth, &tbf), -1);
	assert_string_equal(k->job.msg, "limit the rate of veth5: no answer");
	asked(k, &layout);
	assert_undone(k, DEL_ROOT);
}

static void redirection_is_asked_for(void **state)
{
	struct {
		struct tc_u32_key key;
	} all = { 0 };
	const struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 };
	const struct tc_mirred mirred = { .action = TC_ACT_STOLEN,
					  .eaction = TCA_EGRESS_REDIR,
					  .ifindex = 9 };
	const uint32_t class = 0x10001;
	struct kernel *k = *state;
	struct job *job = &k->job;

	kernel_answers(k, 1, 0);
	kernel_answers(k, 2, 0);
	assert_int_equal(tc_redirect(&k->nl, &veth, &ifb), 0);
	assert_asked(
		k, &layout,
		"type 36 flags 605: 00 00 0000 00000005 ffff0000 fffffff1 00000000\n"
		"attr 1: \"ingress\"\n");
	/* Protocol 0003, every one, in the order of the network. */
	assert_asked(
		k, &layout,
		job_printf(
			job,
			"type 44 flags 605: 00 00 0000 00000005 00000000 ffff0000 0001%04x\n"
			"attr 1: \"u32\"\n"
			"attr 2:\n"
			"  attr 5: %s%s\n"
			"  attr 1: %s\n"
			"  attr 7:\n"
			"    attr 1:\n"
			"      attr 1: \"mirred\"\n"
			"      attr 2:\n"
			"        attr 2: %s\n",
			htons(3), hex(job, &sel, sizeof(sel)),
			hex(job, &all, sizeof(all)),
			hex(job, &class, sizeof(class)),
			hex(job, &mirred, sizeof(mirred))));
	assert_undone(k, DEL_INGRESS);
}

static void redirection_names_what_the_kernel_lacks(void **state)
{
	struct kernel *k = *state;

	kernel_answers(k, 1, ENOENT);
	assert_int_equal(tc_redirect(&k->nl, &veth, &ifb), -1);
	assert_string_equal(
		k->job.msg,
		"redirect the packets of veth5: the kernel has no CONFIG_NET_SCH_INGRESS");
	asked(k, &layout);
	undo_run(&k->job);
	assert_asked(k, &layout, "nothing");
	k->job.msg = NULL;
	kernel_answers(k, 2, 0);
	kernel_answers(k, 3, ENOENT);
	assert_int_equal(tc_redirect(&k->nl, &veth, &ifb), -1);
	assert_string_equal(
		k->job.msg,
		"redirect the packets of veth5 to bwp9: the kernel has no CONFIG_NET_CLS_U32 or CONFIG_NET_ACT_MIRRED");
	asked(k, &layout);
	asked(k, &layout);
	assert_undone(k, DEL_INGRESS);
}

static void what_is_absent_is_removed_already(void **state)
{
	static const int errors[] = { 0, ENOENT, EINVAL, ENODEV };
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(errors); i++) {
		kernel_answers(k, k->nl.seq + 1, errors[i]);
		assert_int_equal(tc_del_tbf(&k->nl, &veth), 0);
		assert_asked(k, &layout, DEL_ROOT);
		kernel_answers(k, k->nl.seq + 1, errors[i]);
		assert_int_equal(tc_del_redirect(&k->nl, &veth), 0);
		assert_asked(k, &layout, DEL_INGRESS);
	}
	kernel_answers(k, k->nl.seq + 1, EPERM);
	assert_int_equal(tc_del_tbf(&k->nl, &veth), -1);
	assert_string_equal(k->job.msg, "remove the limit of veth5: "
					"Operation not permitted");
}

/* ---- what is read ---- */

static const struct tcmsg of_veth = { .tcm_ifindex = 5 };

/* Says that veth has a tbf of another kind, of less than a whole structure, or
 * with a rate of 64 bits. */
static void says_tbf(struct kernel *k, const char *kind, size_t len,
		     uint64_t rate64)
{
	struct tc_tbf_qopt parms = { .rate.rate = 1000,
				     .limit = 35,
				     .buffer = 156250 };
	struct nlmsghdr *msg = kernel_says(k, k->nl.seq + 1, RTM_NEWQDISC, 0,
					   &of_veth, sizeof(of_veth));
	struct nlattr *options;

	mnl_attr_put_strz(msg, TCA_KIND, kind);
	options = mnl_attr_nest_start(msg, TCA_OPTIONS);
	mnl_attr_put(msg, TCA_TBF_PARMS, len ? len : sizeof(parms), &parms);
	if (rate64)
		mnl_attr_put_u64(msg, TCA_TBF_RATE64, rate64);
	mnl_attr_nest_end(msg, options);
	kernel_sends(k);
}

static void tbf_is_found(void **state)
{
	static const struct {
		const char *kind;
		size_t len;
		uint64_t rate64, rate; /* rate 0: none is found */
	} table[] = {
		{ "tbf", 0, 0, 1000 },
		{ "tbf", 0, 1ULL << 33, 1ULL << 33 },
		{ "fq", 0, 0, 0 },
		{ "tbf", sizeof(struct tc_tbf_qopt) - 4, 0, 0 },
	};
	struct kernel *k = *state;
	struct tc_tbf tbf;
	bool found;

	for (size_t i = 0; i < COUNT(table); i++) {
		says_tbf(k, table[i].kind, table[i].len, table[i].rate64);
		assert_int_equal(tc_find_tbf(&k->nl, &veth, &tbf, &found), 0);
		assert_asked(
			k, &layout,
			"type 38 flags 00d: 00 00 0000 00000005 00000000 ffffffff 00000000\n");
		assert_int_equal(found, table[i].rate != 0);
		if (!found)
			continue;
		assert_true(tbf.rate == table[i].rate);
		assert_int_equal(tbf.limit, 35);
		assert_int_equal(tbf.buffer, 156250);
	}
}

static void no_tbf_is_an_answer(void **state)
{
	struct kernel *k = *state;
	struct tc_tbf tbf;
	bool found;

	kernel_answers(k, 1, ENOENT);
	assert_int_equal(tc_find_tbf(&k->nl, &veth, &tbf, &found), 0);
	assert_false(found);
	/* There is one, of which the kernel does not tell. */
	kernel_answers(k, 2, 0);
	assert_int_equal(tc_find_tbf(&k->nl, &veth, &tbf, &found), 0);
	assert_false(found);
}

/* Says that veth has a filter; len 0 is the whole structure. */
static void says_filter(struct kernel *k, const char *kind, const char *action,
			int eaction, uint32_t index, size_t len)
{
	struct tc_mirred mirred = { .eaction = eaction, .ifindex = index };
	struct nlmsghdr *msg =
		kernel_says(k, k->nl.seq + 1, RTM_NEWTFILTER, NLM_F_MULTI,
			    &of_veth, sizeof(of_veth));
	struct nlattr *options, *actions, *first, *data;

	mnl_attr_put_strz(msg, TCA_KIND, kind);
	options = mnl_attr_nest_start(msg, TCA_OPTIONS);
	actions = mnl_attr_nest_start(msg, TCA_U32_ACT);
	first = mnl_attr_nest_start(msg, 1);
	mnl_attr_put_strz(msg, TCA_ACT_KIND, action);
	data = mnl_attr_nest_start(msg, TCA_ACT_OPTIONS);
	mnl_attr_put(msg, TCA_MIRRED_PARMS, len ? len : sizeof(mirred),
		     &mirred);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, first);
	mnl_attr_nest_end(msg, actions);
	mnl_attr_nest_end(msg, options);
}

static void redirection_is_found(void **state)
{
	static const struct {
		const char *kind, *action;
		int eaction;
		uint32_t index;
		size_t len;
		bool found;
	} table[] = {
		{ "u32", "mirred", TCA_EGRESS_REDIR, 9, 0, true },
		{ "u32", "mirred", TCA_EGRESS_REDIR, 8, 0, false },
		{ "u32", "mirred", TCA_EGRESS_MIRROR, 9, 0, false },
		{ "u32", "gact", TCA_EGRESS_REDIR, 9, 0, false },
		{ "flower", "mirred", TCA_EGRESS_REDIR, 9, 0, false },
		{ "u32", "mirred", TCA_EGRESS_REDIR, 9, 4, false },
	};
	struct kernel *k = *state;
	bool found;

	for (size_t i = 0; i < COUNT(table); i++) {
		says_filter(k, table[i].kind, table[i].action, table[i].eaction,
			    table[i].index, table[i].len);
		/* Another one, behind it. */
		says_filter(k, "u32", "mirred", TCA_EGRESS_REDIR, 7, 0);
		kernel_ends(k, k->nl.seq + 1, 0, 0);
		kernel_sends(k);
		assert_int_equal(tc_is_redirected(&k->nl, &veth, &ifb, &found),
				 0);
		assert_asked(
			k, &layout,
			"type 46 flags 301: 00 00 0000 00000005 00000000 ffff0000 00000000\n");
		assert_int_equal(found, table[i].found);
	}
}

/* ---- what the kernel has ---- */

static void probe_asks_for_what_is_always_refused(void **state)
{
	static const struct layout action = { .head = "112", .numbers = " " };
	struct kernel *k = *state;

	kernel_answers(k, 1, EINVAL);
	kernel_answers(k, 2, EEXIST);
	kernel_answers(k, 3, EINVAL);
	assert_int_equal(tc_probe(&k->nl), 0);
	assert_asked(
		k, &layout,
		"type 36 flags 605: 00 00 0000 00000001 00000000 ffffffff 00000000\n"
		"attr 1: \"tbf\"\n"
		"attr 13: 00000000\n");
	assert_asked(
		k, &layout,
		"type 36 flags 605: 00 00 0000 00000001 00000000 fffffff1 00000000\n"
		"attr 1: \"ingress\"\n"
		"attr 13: 00000000\n");
	assert_asked(k, &action,
		     "type 48 flags 605: 00 00 0000\n"
		     "attr 1:\n"
		     "  attr 1:\n"
		     "    attr 1: \"mirred\"\n");
}

static void probe_names_what_is_missing(void **state)
{
	static const char *const parts[] = {
		"tbf: the kernel has no CONFIG_NET_SCH_TBF",
		"ingress: the kernel has no CONFIG_NET_SCH_INGRESS",
		"mirred: the kernel has no CONFIG_NET_ACT_MIRRED"
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(parts); i++) {
		for (size_t j = 0; j <= i; j++)
			kernel_answers(k, k->nl.seq + 1 + (uint32_t)j,
				       j == i ? ENOENT : EINVAL);
		assert_int_equal(tc_probe(&k->nl), -1);
		assert_string_equal(k->job.msg,
				    job_printf(&k->job, "try %s", parts[i]));
		k->job.msg = NULL;
	}
}

static void probe_changes_nothing_in_a_real_kernel(void **state)
{
	struct kernel *k = *state;
	struct tc_tbf tbf;
	struct link lo;
	struct nl nl;
	bool found;

	leave_network();
	nl_init(&nl, &k->job, -1, NETLINK_ROUTE);
	if (tc_probe(&nl) < 0)
		print_message("%s\n", k->job.msg);
	k->job.msg = NULL;
	assert_int_equal(link_get(&nl, "lo", &lo), 0);
	assert_int_equal(tc_find_tbf(&nl, &lo, &tbf, &found), 0);
	assert_false(found);
	assert_null(k->job.msg);
	nl_close(&nl);
}

#define KERNEL_TEST(f)                                                         \
	cmocka_unit_test_setup_teardown(f, kernel_set_up, kernel_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_the_go_plugin),
		KERNEL_TEST(tbf_is_asked_for),
		KERNEL_TEST(refused_tbf_is_left_to_whom_it_belongs),
		KERNEL_TEST(tbf_without_an_answer_is_removed),
		KERNEL_TEST(redirection_is_asked_for),
		KERNEL_TEST(redirection_names_what_the_kernel_lacks),
		KERNEL_TEST(what_is_absent_is_removed_already),
		KERNEL_TEST(tbf_is_found),
		KERNEL_TEST(no_tbf_is_an_answer),
		KERNEL_TEST(redirection_is_found),
		KERNEL_TEST(probe_asks_for_what_is_always_refused),
		KERNEL_TEST(probe_names_what_is_missing),
		KERNEL_TEST(probe_changes_nothing_in_a_real_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
