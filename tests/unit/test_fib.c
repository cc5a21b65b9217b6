/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel/fib.h"

#include "tests/unit/netlink.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static const struct link eth0 = { .index = 5, .name = "eth0" };

/* Types: 24 RTM_NEWROUTE, 25 RTM_DELROUTE, 26 RTM_GETROUTE. */
static const struct layout routes = { "111111114", " 4 6 15 ", NULL };
/* Types: 32 RTM_NEWRULE, 33 RTM_DELRULE, 34 RTM_GETRULE. */
static const struct layout rules = { "111111114", " 6 15 21 ", NULL };

static struct prefix prefix(const char *text)
{
	struct prefix out;

	assert_true(prefix_parse(text, &out));
	return out;
}

static struct ip ip(const char *text)
{
	struct ip out = { 0 };

	assert_true(!text || ip_parse(text, &out));
	return out;
}

static struct fib_route route(const char *dst, const char *gw, const char *src)
{
	return (struct fib_route) { .dst = prefix(dst),
				    .gw = ip(gw),
				    .src = ip(src),
				    .table = FIB_MAIN,
				    .protocol = 67 };
}

static void a_route_is_added_and_replaced(void **state)
{
	static const struct {
		const char *dst, *gw, *src;
		uint32_t table, priority;
		bool onlink;
		const char *text, *asked;
	} table[] = {
		{ "10.1.2.0/24", "192.0.2.2", "192.0.2.1", FIB_MAIN, 0, false,
		  "route 10.1.2.0/24 via 192.0.2.2 dev eth0",
		  " 02 18 00 00 fe 43 00 01 00000000\n"
		  "attr 1: 0a010200\n"
		  "attr 15: 000000fe\n"
		  "attr 5: c0000202\n"
		  "attr 4: 00000005\n"
		  "attr 7: c0000201\n" },
		{ "10.1.2.0/24", NULL, NULL, 67, 0, false,
		  "route 10.1.2.0/24 dev eth0 table 67",
		  " 02 18 00 00 43 43 fd 01 00000000\n"
		  "attr 1: 0a010200\n"
		  "attr 15: 00000043\n"
		  "attr 4: 00000005\n" },
		{ "fd01::/64", "fe80::1", "fd00::1", FIB_MAIN, 1024, true,
		  "route fd01::/64 via fe80::1 dev eth0",
		  " 0a 40 00 00 fe 43 00 01 00000004\n"
		  "attr 1: fd010000000000000000000000000000\n"
		  "attr 15: 000000fe\n"
		  "attr 6: 00000400\n"
		  "attr 5: fe800000000000000000000000000001\n"
		  "attr 4: 00000005\n"
		  "attr 7: fd000000000000000000000000000001\n" },
		{ "10.1.2.0/24", "fe80::1", NULL, FIB_MAIN, 0, true,
		  "route 10.1.2.0/24 via inet6 fe80::1 dev eth0",
		  " 02 18 00 00 fe 43 00 01 00000004\n"
		  "attr 1: 0a010200\n"
		  "attr 15: 000000fe\n"
		  "attr 18: 0a00fe800000000000000000000000000001\n"
		  "attr 4: 00000005\n" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct fib_route r =
			route(table[i].dst, table[i].gw, table[i].src);
		const char *asked = table[i].asked;

		r.table = table[i].table;
		r.priority = table[i].priority;
		r.onlink = table[i].onlink;
		assert_string_equal(fib_route_text(&k->job, &r, &eth0),
				    table[i].text);
		kernel_answers(k, k->nl.seq + 1, 0);
		assert_int_equal(fib_route_set(&k->nl, NL_ADD, &r, &eth0), 0);
		assert_asked(
			k, &routes,
			job_printf(&k->job, "type 24 flags 605:%s", asked));
		kernel_answers(k, k->nl.seq + 1, 0);
		assert_int_equal(fib_route_set(&k->nl, NL_REPLACE, &r, &eth0),
				 0);
		assert_asked(
			k, &routes,
			job_printf(&k->job, "type 24 flags 505:%s", asked));
	}
}

static void a_route_that_another_has_is_an_error(void **state)
{
	struct fib_route r = route("10.1.2.0/24", "192.0.2.2", NULL);
	struct kernel *k = *state;

	kernel_answers(k, 1, EEXIST);
	assert_int_equal(fib_route_set(&k->nl, NL_ADD, &r, &eth0), -1);
	assert_string_equal(k->job.msg, "add route 10.1.2.0/24 via 192.0.2.2 "
					"dev eth0: File exists");
}

static void a_route_is_deleted_of_its_protocol_only(void **state)
{
	struct fib_route r = route("10.1.2.0/24", "192.0.2.2", "192.0.2.1");
	struct kernel *k = *state;

	kernel_answers(k, 1, ESRCH);
	r.tos = 0x10;
	assert_int_equal(fib_route_set(&k->nl, NL_DELETE, &r, &eth0), 0);
	assert_asked(k, &routes,
		     "type 25 flags 005: 02 18 00 10 fe 43 ff 00 00000000\n"
		     "attr 1: 0a010200\n"
		     "attr 15: 000000fe\n"
		     "attr 5: c0000202\n"
		     "attr 4: 00000005\n");
}

static struct nlmsghdr *says_route(struct kernel *k,
				   const struct fib_route *have, int type,
				   unsigned flags)
{
	size_t size = ip_size(have->dst.ip.family);
	struct rtmsg head = {
		.rtm_family = (uint8_t)have->dst.ip.family,
		.rtm_dst_len = (uint8_t)have->dst.len,
		.rtm_tos = have->tos,
		.rtm_protocol = have->protocol,
		.rtm_type = (uint8_t)type,
		.rtm_flags = flags,
	};
	struct nlmsghdr *msg = kernel_says(k, 1, RTM_NEWROUTE, NLM_F_MULTI,
					   &head, sizeof(head));

	mnl_attr_put(msg, RTA_DST, size, have->dst.ip.bytes);
	mnl_attr_put_u32(msg, RTA_TABLE, have->table);
	if (have->gw.family == have->dst.ip.family)
		mnl_attr_put(msg, RTA_GATEWAY, size, have->gw.bytes);
	if (have->src.family)
		mnl_attr_put(msg, RTA_PREFSRC, size, have->src.bytes);
	return msg;
}

/* A route with a gateway of the other family, one that is no unicast route, one of
 * another family, and one that is cut short. */
static void routes_are_read_as_they_are(void **state)
{
	static const uint8_t via[] = { 10, 0, 0xfe, 0x80, 0, 0, 0, 0, 0,
				       0,  0, 0,    0,	  0, 0, 0, 0, 1 };
	struct fib_route have = route("10.1.2.0/24", "192.0.2.2", "192.0.2.1");
	struct fib_route v6 = route("fd01::/64", "fe80::1", NULL);
	struct kernel *k = *state;
	struct list list = { 0 };
	const struct fib_route *got;
	struct nlmsghdr *msg;

	have.tos = 8;
	msg = says_route(k, &have, RTN_UNICAST, RTNH_F_ONLINK);
	mnl_attr_put_u32(msg, RTA_OIF, 5);
	mnl_attr_put_u32(msg, RTA_PRIORITY, 7);
	have.gw.family = 0;
	msg = says_route(k, &have, RTN_UNICAST, 0);
	mnl_attr_put(msg, RTA_VIA, sizeof(via), via);
	msg = says_route(k, &have, RTN_BLACKHOLE, 0);
	mnl_attr_put(msg, RTA_VIA, 7, via);
	says_route(k, &v6, RTN_UNICAST, 0);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(fib_route_list(&k->nl, AF_INET, &list), 0);
	assert_asked(k, &routes,
		     "type 26 flags 301: 02 00 00 00 00 00 00 00 00000000\n");
	got = list.items;
	assert_int_equal(list.count, 3);
	assert_string_equal(fib_route_text(&k->job, &got[0], &eth0),
			    "route 10.1.2.0/24 via 192.0.2.2 dev eth0");
	assert_int_equal(got[0].link, 5);
	assert_int_equal(got[0].priority, 7);
	assert_int_equal(got[0].tos, 8);
	assert_int_equal(got[0].protocol, 67);
	assert_int_equal(got[0].src.bytes[3], 1);
	assert_true(got[0].onlink);
	assert_false(got[0].odd);
	assert_string_equal(fib_route_text(&k->job, &got[1], NULL),
			    "route 10.1.2.0/24 via inet6 fe80::1 dev several");
	assert_false(got[1].onlink);
	assert_false(got[1].odd);
	assert_true(got[2].odd);
	assert_int_equal(got[2].gw.family, 0);
}

static void a_kernel_without_the_family_has_no_routes(void **state)
{
	struct kernel *k = *state;
	struct list list = { 0 };

	kernel_answers(k, 1, EOPNOTSUPP);
	assert_int_equal(fib_route_list(&k->nl, AF_INET6, &list), 0);
	assert_int_equal(list.count, 0);
	kernel_answers(k, 2, EAFNOSUPPORT);
	assert_int_equal(fib_rule_list(&k->nl, AF_INET6, 67, &list), 0);
	assert_int_equal(list.count, 0);
}

static void rules_are_added_and_deleted(void **state)
{
	static const char asked[] = " 02 00 18 00 43 00 00 01 00000000\n"
				    "attr 2: 0a010100\n"
				    "attr 15: 00000043\n"
				    "attr 6: 00001a2c\n"
				    "attr 21: 43\n";
	struct fib_rule rule = { prefix("10.1.1.0/24"), 67, 6700, 67 };
	struct kernel *k = *state;

	kernel_answers(k, 1, EEXIST);
	assert_int_equal(fib_rule_set(&k->nl, NL_REPLACE, &rule), 0);
	assert_asked(k, &rules,
		     job_printf(&k->job, "type 32 flags 605:%s", asked));
	kernel_answers(k, 2, ENOENT);
	assert_int_equal(fib_rule_set(&k->nl, NL_DELETE, &rule), 0);
	assert_asked(k, &rules,
		     job_printf(&k->job, "type 33 flags 005:%s", asked));
	kernel_answers(k, 3, EAFNOSUPPORT);
	assert_int_equal(fib_rule_set(&k->nl, NL_ADD, &rule), -1);
	assert_string_equal(k->job.msg,
			    "add rule from 10.1.1.0/24 lookup 67: the kernel "
			    "has no IP_MULTIPLE_TABLES");
}

static void says_rule(struct kernel *k, const char *src, uint8_t protocol)
{
	struct prefix from = prefix(src);
	struct fib_rule_hdr head = { .family = (uint8_t)from.ip.family,
				     .src_len = (uint8_t)from.len };
	struct nlmsghdr *msg = kernel_says(k, 1, RTM_NEWRULE, NLM_F_MULTI,
					   &head, sizeof(head));

	if (from.len)
		mnl_attr_put(msg, FRA_SRC, ip_size(from.ip.family),
			     from.ip.bytes);
	mnl_attr_put_u32(msg, FRA_TABLE, 300);
	mnl_attr_put_u32(msg, FRA_PRIORITY, 9);
	mnl_attr_put_u8(msg, FRA_PROTOCOL, protocol);
}

static void rules_of_others_are_passed_over(void **state)
{
	struct kernel *k = *state;
	const struct fib_rule *got;
	struct list list = { 0 };

	says_rule(k, "10.1.1.0/24", 67);
	says_rule(k, "10.1.3.0/24", 2);
	says_rule(k, "0.0.0.0/0", 67);
	says_rule(k, "fd01::/64", 67);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(fib_rule_list(&k->nl, AF_INET, 67, &list), 0);
	assert_asked(k, &rules,
		     "type 34 flags 301: 02 00 00 00 00 00 00 00 00000000\n");
	got = list.items;
	assert_int_equal(list.count, 1);
	assert_string_equal(fib_rule_text(&k->job, got),
			    "rule from 10.1.1.0/24 lookup 300");
	assert_int_equal(got->priority, 9);
	assert_int_equal(got->protocol, 67);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_route_is_added_and_replaced),
		TEST(a_route_that_another_has_is_an_error),
		TEST(a_route_is_deleted_of_its_protocol_only),
		TEST(routes_are_read_as_they_are),
		TEST(a_kernel_without_the_family_has_no_routes),
		TEST(rules_are_added_and_deleted),
		TEST(rules_of_others_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
