/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <stdio.h>

#include "core/kernel/route.h"

#include "tests/unit/netlink.h"

#include <linux/netconf.h>
#include <linux/rtnetlink.h>

static const struct link eth0 = { .index = 5, .name = "eth0" };

/* Types: 24 RTM_NEWROUTE, 26 RTM_GETROUTE. */
static const struct layout layout = { "111111114", " 4 6 15 8.2 8.8 ", NULL };

static struct route route(const char *dst, const char *gw)
{
	struct route out = { 0 };

	assert_true(prefix_parse(dst, &out.dst));
	if (gw)
		assert_true(ip_parse(gw, &out.gw));
	return out;
}

static void add_asks_for_the_route(void **state)
{
	static const struct {
		const char *dst, *gw;
		struct route more;
		const char *text, *asked;
	} table[] = {
		{ "0.0.0.0/0",
		  "10.1.0.1",
		  { .mtu = 0 },
		  "0.0.0.0/0 via 10.1.0.1",
		  " 02 00 00 00 fe 03 00 01 00000000\n"
		  "attr 1: 00000000\n"
		  "attr 5: 0a010001\n"
		  "attr 4: 00000005\n"
		  "attr 15: 000000fe\n" },
		{ "10.2.3.4/16",
		  NULL,
		  { .has_scope = true, .scope = RT_SCOPE_LINK },
		  "10.2.3.4/16",
		  " 02 10 00 00 fe 03 fd 01 00000000\n"
		  "attr 1: 0a020000\n"
		  "attr 4: 00000005\n"
		  "attr 15: 000000fe\n" },
		{ "fd00:1::7/64",
		  "fd00::1",
		  { .mtu = 1400, .advmss = 1360, .priority = 9 },
		  "fd00:1::7/64 via fd00::1 metric 9",
		  " 0a 40 00 00 fe 03 00 01 00000000\n"
		  "attr 1: fd000001000000000000000000000000\n"
		  "attr 5: fd000000000000000000000000000001\n"
		  "attr 4: 00000005\n"
		  "attr 6: 00000009\n"
		  "attr 15: 000000fe\n"
		  "attr 8:\n"
		  "  attr 2: 00000578\n"
		  "  attr 8: 00000550\n" },
		{ "10.2.0.0/16",
		  NULL,
		  { .has_table = true, .table = 255, .advmss = 1360 },
		  "10.2.0.0/16 table 255",
		  " 02 10 00 00 ff 03 00 01 00000000\n"
		  "attr 1: 0a020000\n"
		  "attr 4: 00000005\n"
		  "attr 15: 000000ff\n"
		  "attr 8:\n"
		  "  attr 8: 00000550\n" },
		{ "10.2.0.0/16",
		  NULL,
		  { .has_table = true, .table = 256, .mtu = 1400 },
		  "10.2.0.0/16 table 256",
		  " 02 10 00 00 00 03 00 01 00000000\n"
		  "attr 1: 0a020000\n"
		  "attr 4: 00000005\n"
		  "attr 15: 00000100\n"
		  "attr 8:\n"
		  "  attr 2: 00000578\n" },
		{ "10.2.0.1/32",
		  NULL,
		  { .has_scope = true,
		    .scope = RT_SCOPE_LINK,
		    .src = { AF_INET, { 10, 2, 0, 5 } } },
		  "10.2.0.1/32",
		  " 02 20 00 00 fe 03 fd 01 00000000\n"
		  "attr 1: 0a020001\n"
		  "attr 7: 0a020005\n"
		  "attr 4: 00000005\n"
		  "attr 15: 000000fe\n" },
		{ "10.3.0.0/16",
		  "10.2.0.9",
		  { .flags = ROUTE_ONLINK },
		  "10.3.0.0/16 via 10.2.0.9",
		  " 02 10 00 00 fe 03 00 01 00000004\n"
		  "attr 1: 0a030000\n"
		  "attr 5: 0a020009\n"
		  "attr 4: 00000005\n"
		  "attr 15: 000000fe\n" },
		{ "fd00:1::/64",
		  "fd00::1",
		  { .src = { AF_INET6, { 0xfd, [15] = 5 } } },
		  "fd00:1::/64 via fd00::1",
		  " 0a 40 00 00 fe 03 00 01 00000000\n"
		  "attr 1: fd000001000000000000000000000000\n"
		  "attr 5: fd000000000000000000000000000001\n"
		  "attr 7: fd000000000000000000000000000005\n"
		  "attr 4: 00000005\n"
		  "attr 15: 000000fe\n" },
		{ "10.2.0.0/16",
		  NULL,
		  { .has_table = true },
		  "10.2.0.0/16 table 0",
		  " 02 10 00 00 fe 03 00 01 00000000\n"
		  "attr 1: 0a020000\n"
		  "attr 4: 00000005\n"
		  "attr 15: 000000fe\n" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct route ends = route(table[i].dst, table[i].gw);
		struct route all = table[i].more;

		all.dst = ends.dst;
		all.gw = ends.gw;
		assert_string_equal(route_text(&k->job, &all), table[i].text);
		kernel_answers(k, k->nl.seq + 1, 0);
		assert_int_equal(route_add(&k->nl, &eth0, &all), 0);
		assert_asked(k, &layout,
			     job_printf(&k->job, "type 24 flags 405:%s",
					table[i].asked));
		kernel_answers(k, k->nl.seq + 1, EEXIST);
		assert_int_equal(route_add(&k->nl, &eth0, &all), -1);
		asked(k, &layout);
		assert_string_equal(k->job.msg,
				    job_printf(&k->job,
					       "add route %s to eth0: "
					       "File exists",
					       table[i].text));
		k->job.msg = NULL;
	}
}

static void add_refuses_a_gateway_of_another_family(void **state)
{
	struct route r = route("10.2.0.0/16", "fd00::1");
	struct kernel *k = *state;

	assert_int_equal(route_add(&k->nl, &eth0, &r), -1);
	assert_string_equal(k->job.msg, "add route 10.2.0.0/16 via fd00::1 to "
					"eth0: gateway of another family");
}

static void add_tells_that_there_is_no_ipv6(void **state)
{
	struct route r = route("fd00::/64", "fd01::1");
	struct kernel *k = *state;

	kernel_answers(k, 1, EOPNOTSUPP);
	assert_int_equal(route_add(&k->nl, &eth0, &r), -1);
	assert_string_equal(k->job.msg, "add route fd00::/64 via fd01::1 to "
					"eth0: the kernel has no IPv6");
}

/* What the kernel has. */
struct have {
	const char *dst, *gw; /* NULL: no such attribute */
	uint32_t table;
	int oif;
	unsigned flags;
};

static void says_route(struct kernel *k, const struct have *have)
{
	struct route r = route(have->dst, have->gw);
	struct rtmsg head = {
		.rtm_family = (uint8_t)r.dst.ip.family,
		.rtm_dst_len = (uint8_t)r.dst.len,
		.rtm_flags = have->flags,
	};
	size_t size = ip_size(r.dst.ip.family);
	struct nlmsghdr *msg = kernel_says(k, k->nl.seq + 1, RTM_NEWROUTE,
					   NLM_F_MULTI, &head, sizeof(head));

	if (r.dst.len)
		mnl_attr_put(msg, RTA_DST, size, r.dst.ip.bytes);
	if (have->gw)
		mnl_attr_put(msg, RTA_GATEWAY, size, r.gw.bytes);
	if (have->oif)
		mnl_attr_put_u32(msg, RTA_OIF, (uint32_t)have->oif);
	mnl_attr_put_u32(msg, RTA_TABLE, have->table);
}

static void exists_compares_what_the_route_says(void **state)
{
	static const struct {
		const char *dst, *gw;
		int table;
		struct have have;
		bool exists;
	} table[] = {
		{ "0.0.0.0/0", NULL, 0, { "0.0.0.0/0", NULL, 254, 5 }, true },
		{ "0.0.0.0/0",
		  NULL,
		  0,
		  { "0.0.0.0/0", "9.9.9.9", 254, 5 },
		  true },
		{ "0.0.0.0/0",
		  "9.9.9.9",
		  0,
		  { "0.0.0.0/0", "9.9.9.9", 254, 5 },
		  true },
		{ "0.0.0.0/0",
		  "9.9.9.9",
		  0,
		  { "0.0.0.0/0", "9.9.9.8", 254, 5 },
		  false },
		{ "0.0.0.0/0",
		  "9.9.9.9",
		  0,
		  { "0.0.0.0/0", NULL, 254, 5 },
		  false },
		{ "0.0.0.0/0", NULL, 0, { "0.0.0.0/0", NULL, 254, 6 }, false },
		{ "0.0.0.0/0", NULL, 0, { "0.0.0.0/0", NULL, 254, 0 }, false },
		{ "0.0.0.0/0", NULL, 0, { "::/0", NULL, 254, 5 }, false },
		{ "0.0.0.0/0", NULL, 0, { "0.0.0.0/1", NULL, 254, 5 }, false },
		{ "0.0.0.0/0", NULL, 0, { "0.0.0.0/0", NULL, 255, 5 }, false },
		{ "0.0.0.0/0", NULL, 300, { "0.0.0.0/0", NULL, 300, 5 }, true },
		{ "0.0.0.0/0",
		  NULL,
		  300,
		  { "0.0.0.0/0", NULL, 254, 5 },
		  false },
		{ "0.0.0.0/0", NULL, 300, { "0.0.0.0/0", NULL, 44, 5 }, false },
		{ "10.2.3.4/16",
		  NULL,
		  0,
		  { "10.2.0.0/16", NULL, 254, 5 },
		  true },
		{ "10.2.3.4/16",
		  NULL,
		  0,
		  { "10.3.0.0/16", NULL, 254, 5 },
		  false },
		{ "fd00::7/64",
		  "fd00::1",
		  0,
		  { "fd00::/64", "fd00::1", 254, 5 },
		  true },
		{ "fd00::7/64",
		  "fd00::1",
		  0,
		  { "fd00::/64", "fd00::2", 254, 5 },
		  false },
		{ "fd00::7/64",
		  NULL,
		  0,
		  { "fd00::/64", NULL, 254, 5, RTM_F_CLONED },
		  false },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		static const struct have other = { "1.2.3.0/24", NULL, 254, 5 };
		struct route r = route(table[i].dst, table[i].gw);
		bool exists = !table[i].exists;

		r.table = table[i].table;
		r.has_table = r.table;
		says_route(k, &other);
		says_route(k, &table[i].have);
		says_route(k, &other);
		kernel_ends(k, k->nl.seq + 1, 0, 0);
		kernel_sends(k);
		assert_int_equal(route_exists(&k->nl, &eth0, &r, &exists), 0);
		if (exists != table[i].exists)
			fail_msg("row %zu", i);
		assert_asked(k, &layout,
			     job_printf(&k->job,
					"type 26 flags 301: %02x 00 00 00 00"
					" 00 00 00 00000000\n"
					"attr 4: 00000005\n"
					"attr 15: %08x\n",
					r.dst.ip.family,
					r.table ? (unsigned)r.table : 254));
	}
}

/* Of ways at the end of the message, with what ends it. */
static bool exists_among_ways(struct kernel *k, const void *ways, size_t len)
{
	const struct have have = { "10.2.0.0/16", NULL, 254, 0 };
	struct route r = route(have.dst, NULL);
	bool exists = false;

	says_route(k, &have);
	mnl_attr_put(k->last, RTA_MULTIPATH, len, ways);
	kernel_ends(k, k->nl.seq + 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(route_exists(&k->nl, &eth0, &r, &exists), 0);
	return exists;
}

static void exists_looks_at_every_way(void **state)
{
	const struct rtnexthop ways[] = {
		{ .rtnh_len = sizeof(*ways), .rtnh_ifindex = 6 },
		{ .rtnh_len = sizeof(*ways), .rtnh_ifindex = 5 },
	};
	struct kernel *k = *state;

	assert_true(exists_among_ways(k, ways, sizeof(ways)));
	assert_false(exists_among_ways(k, ways, sizeof(*ways)));
	assert_false(exists_among_ways(k, ways, 0));
}

static void exists_not_in_a_table_that_is_not_there(void **state)
{
	struct kernel *k = *state;
	struct route r = route("0.0.0.0/0", NULL);
	bool exists = true;

	kernel_ends(k, 1, 0, ENOENT);
	kernel_sends(k);
	assert_int_equal(route_exists(&k->nl, &eth0, &r, &exists), 0);
	assert_false(exists);
	kernel_answers(k, 2, EPERM);
	assert_int_equal(route_exists(&k->nl, &eth0, &r, &exists), -1);
	assert_string_equal(k->job.msg,
			    "list routes of eth0: Operation not permitted");
}

/* An answer to "which way": of a type, over index, or over many. */
static void says_way(struct kernel *k, int type, int index,
		     const struct rtnexthop *ways, size_t len)
{
	struct rtmsg head = { .rtm_family = AF_INET,
			      .rtm_type = (uint8_t)type };

	kernel_says(k, k->nl.seq + 1, RTM_NEWROUTE, 0, &head, sizeof(head));
	if (index)
		mnl_attr_put_u32(k->last, RTA_OIF, (uint32_t)index);
	if (len)
		mnl_attr_put(k->last, RTA_MULTIPATH, len, ways);
	kernel_sends(k);
}

static void links_are_all_that_a_route_may_take(void **state)
{
	const struct rtnexthop ways[] = {
		{ .rtnh_len = sizeof(*ways), .rtnh_ifindex = 6 },
		{ .rtnh_len = sizeof(*ways), .rtnh_ifindex = 5 },
	};
	struct kernel *k = *state;
	struct route r = route("10.1.2.3/32", NULL);
	struct list indexes = { .count = 7 };

	says_way(k, RTN_UNICAST, 0, ways, sizeof(ways));
	assert_int_equal(route_out_links(&k->nl, &r.dst.ip, &indexes), 0);
	assert_int_equal(indexes.count, 2);
	assert_int_equal(((int *)indexes.items)[0], 6);
	assert_int_equal(((int *)indexes.items)[1], 5);
	assert_asked(k, &layout,
		     "type 26 flags 001: 02 20 00 00 00 00 00 00 00002000\n"
		     "attr 1: 0a010203\n");
	says_way(k, RTN_UNICAST, 5, NULL, 0);
	assert_int_equal(route_out_links(&k->nl, &r.dst.ip, &indexes), 0);
	assert_int_equal(indexes.count, 1);
	assert_int_equal(*(int *)indexes.items, 5);
}

/* Nexthops of their own are told by number; which is chosen says another. */
static void links_are_asked_for_again_if_none_is_told(void **state)
{
	struct kernel *k = *state;
	struct route r = route("10.1.2.3/32", NULL);
	struct list indexes;

	for (int local = 0; local < 2; local++) {
		struct rtmsg head = { .rtm_family = AF_INET,
				      .rtm_type =
					      local ? RTN_LOCAL : RTN_UNICAST };

		says_way(k, local ? RTN_LOCAL : RTN_UNICAST, 0, NULL, 0);
		kernel_says(k, k->nl.seq + 2, RTM_NEWROUTE, 0, &head,
			    sizeof(head));
		mnl_attr_put_u32(k->last, RTA_OIF, 5);
		kernel_sends(k);
		assert_int_equal(route_out_links(&k->nl, &r.dst.ip, &indexes),
				 0);
		assert_int_equal(indexes.count, local ? 0 : 1);
		asked(k, &layout);
		assert_asked(
			k, &layout,
			"type 26 flags 001: 02 20 00 00 00 00 00 00 00000000\n"
			"attr 1: 0a010203\n");
	}
	kernel_answers(k, k->nl.seq + 1, EPERM);
	assert_int_equal(route_out_links(&k->nl, &r.dst.ip, &indexes), -1);
	assert_string_equal(k->job.msg, "look up the route to 10.1.2.3: "
					"Operation not permitted");
}

static void add_refuses_ipv4_in_the_form_of_ipv6(void **state)
{
	struct kernel *k = *state;
	struct route r = route("::ffff:10.1.0.0/112", NULL);

	/* Without IPv6 no such address gets as far as here. */
	if (!IS_ENABLED(CONFIG_IPV6))
		skip();
	assert_int_equal(route_add(&k->nl, &eth0, &r), -1);
	assert_string_equal(
		k->job.msg,
		"add 10.1.0.0/16 to eth0: IPv4 in the form of IPv6");
}

/* What the kernel answers is the route, whatever was asked for. */
static void subnet_link_is_that_of_a_route_of_its_own(void **state)
{
	static const struct {
		uint8_t type, len;
		int gateway; /* attribute, or 0 */
		int index;
	} table[] = {
		{ RTN_UNICAST, 24, 0, 5 },
		{ RTN_UNICAST, 32, 0, 5 },
		{ RTN_UNICAST, 0, 0, 0 },
		{ RTN_UNICAST, 24, RTA_GATEWAY, 0 },
		{ RTN_UNICAST, 24, RTA_VIA, 0 },
		{ RTN_LOCAL, 32, 0, 0 },
	};
	static const int none[] = { ENETUNREACH, EHOSTUNREACH, EINVAL, EACCES };
	struct kernel *k = *state;
	struct route r = route("10.1.2.3/32", NULL);
	int index;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct rtmsg head = { .rtm_family = AF_INET,
					    .rtm_dst_len = table[i].len,
					    .rtm_type = table[i].type };
		struct nlmsghdr *msg = kernel_says(
			k, k->nl.seq + 1, RTM_NEWROUTE, 0, &head, sizeof(head));

		mnl_attr_put_u32(msg, RTA_OIF, 5);
		if (table[i].gateway)
			mnl_attr_put_u32(msg, (uint16_t)table[i].gateway, 1);
		kernel_sends(k);
		assert_int_equal(route_subnet_link(&k->nl, &r.dst.ip, &index),
				 0);
		assert_int_equal(index, table[i].index);
		assert_asked(k, &layout,
			     "type 26 flags 001: 02 20 00 00 00 00 00 00 "
			     "00002000\n"
			     "attr 1: 0a010203\n");
	}
	for (size_t i = 0; i < COUNT(none); i++) {
		index = 7;
		kernel_answers(k, k->nl.seq + 1, none[i]);
		assert_int_equal(route_subnet_link(&k->nl, &r.dst.ip, &index),
				 0);
		assert_int_equal(index, 0);
		asked(k, &layout);
	}
	r = route("fd00::3/128", NULL);
	kernel_answers(k, k->nl.seq + 1, EPERM);
	assert_int_equal(route_subnet_link(&k->nl, &r.dst.ip, &index), -1);
	assert_string_equal(k->job.msg, "look up the route to fd00::3: "
					"Operation not permitted");
	assert_asked(k, &layout,
		     "type 26 flags 001: 0a 80 00 00 00 00 00 00 00002000\n"
		     "attr 1: fd000000000000000000000000000003\n");
}

static void forwarding_is_that_of_all_interfaces(void **state)
{
	const struct netconfmsg head = { .ncm_family = AF_INET6 };
	struct kernel *k = *state;
	bool on;

	for (int i = 0; i < 2; i++) {
		struct nlmsghdr *msg =
			kernel_says(k, k->nl.seq + 1, RTM_NEWNETCONF, 0, &head,
				    sizeof(head));

		mnl_attr_put_u32(msg, NETCONFA_FORWARDING, (uint32_t)i);
		kernel_sends(k);
		assert_int_equal(route_forwarding(&k->nl, AF_INET6, &on), 0);
		assert_int_equal(on, i);
	}
	/* A kernel that cannot say it. */
	kernel_answers(k, k->nl.seq + 1, EOPNOTSUPP);
	assert_int_equal(route_forwarding(&k->nl, AF_INET6, &on), 0);
	assert_false(on);
	kernel_answers(k, k->nl.seq + 1, EPERM);
	assert_int_equal(route_forwarding(&k->nl, AF_INET, &on), -1);
	assert_string_equal(k->job.msg, "ask whether packets are forwarded: "
					"Operation not permitted");
}

static void set_forwarding(const char *value)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_forward", "w");

	assert_non_null(file);
	assert_true(fputs(value, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void forwarding_is_what_the_sysctl_says(void **state)
{
	struct kernel *k = *state;
	struct nl nl;
	bool on;

	leave_network();
	nl_init(&nl, &k->job, -1, NETLINK_ROUTE);
	for (int i = 0; i < 2; i++) {
		set_forwarding(i ? "1" : "0");
		assert_int_equal(route_forwarding(&nl, AF_INET, &on), 0);
		assert_int_equal(on, i);
	}
	nl_close(&nl);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(add_asks_for_the_route),
		TEST(add_refuses_a_gateway_of_another_family),
		TEST(add_tells_that_there_is_no_ipv6),
		TEST(exists_compares_what_the_route_says),
		TEST(exists_looks_at_every_way),
		TEST(exists_not_in_a_table_that_is_not_there),
		TEST(links_are_all_that_a_route_may_take),
		TEST(links_are_asked_for_again_if_none_is_told),
		TEST(add_refuses_ipv4_in_the_form_of_ipv6),
		TEST(subnet_link_is_that_of_a_route_of_its_own),
		TEST(forwarding_is_that_of_all_interfaces),
		TEST(forwarding_is_what_the_sysctl_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
