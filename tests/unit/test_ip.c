/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/data/ip.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ip ip(const char *text)
{
	struct ip out;

	if (!ip_parse(text, &out))
		fail_msg("%s is an address", text);
	return out;
}

static struct prefix prefix(const char *text)
{
	struct prefix out;

	if (!prefix_parse(text, &out))
		fail_msg("%s is a prefix", text);
	return out;
}

static void assert_ip(struct ip got, const char *expected)
{
	char buf[IP_TEXT];

	assert_string_equal(ip_print(&got, buf), expected);
}

static void parse_accepts_what_go_accepts(void **state)
{
	/* what is read, and what is printed */
	static const char *const table[][2] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "10.0.20.3", "10.0.20.3" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "FE80::ABCD", "fe80::abcd" },
		{ "0001:0:0:0:0:0:0:00ff", "1::ff" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
		{ "1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "1:0:0:4:0:0:7:8", "1::4:0:0:7:8" },
		{ "1:0:0:4:0:0:0:8", "1:0:0:4::8" },
		{ "0:0:3:4:5:6:0:0", "::3:4:5:6:0:0" },
		{ "0:2:3:4:5:6:0:0", "0:2:3:4:5:6::" },
		{ "2001:db8::10.1.2.3", "2001:db8::a01:203" },
		{ "1:2:3:4:5:6:10.1.2.3", "1:2:3:4:5:6:a01:203" },
		{ "::10.1.2.3", "::a01:203" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
		{ "0:0:0:0:0:ffff:a01:203", "10.1.2.3" },
		{ "0000:0000:0000:0000:0000:ffff:255.255.255.255",
		  "255.255.255.255" },
		{ "::fffe:10.1.2.3", "::fffe:a01:203" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_ip(ip(table[i][0]), table[i][1]);
	assert_int_equal(ip("::ffff:10.1.2.3").family, AF_INET);
}

static void parse_refuses_what_go_refuses(void **state)
{
	static const char *const table[] = {
		"",
		"x",
		"10",
		"10.1.2",
		"10.1.2.3.4",
		"10.1.2.",
		"10..1.2",
		".10.1.2",
		"10.1.2.256",
		"10.1.2.03",
		"10.1.2.00",
		"010.1.2.3",
		"0x10.1.2.3",
		"10.1.2.3 ",
		" 10.1.2.3",
		"10.1.2.-3",
		"+10.1.2.3",
		"10.1.2.3/24",
		"99999999999999999999.1.2.3",
		":",
		":::",
		"1",
		"1:",
		":1",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:",
		"1:2:3:4:5:6:7:8:",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4::5:6:7:8",
		"::1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7:8::",
		"1:::2",
		"12345::",
		"00001::",
		"g::",
		"fe80::1%eth0",
		"fe80::1%",
		"::10.1.2",
		"::10.1.2.03",
		"::10.1.2.3:1",
		"1:2:3:4:5:10.1.2.3",
		"1:2:3:4:5:6:7:10.1.2.3",
		"1:2:3:4:5:6::10.1.2.3",
		"::fffff:10.1.2.3",
		"10.1.2.3::",
		"::.1.2.3",
	};
	struct ip out = { .family = 77 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (ip_parse(table[i], &out))
			fail_msg("\"%s\" is no address", table[i]);
	assert_int_equal(out.family, 77);
}

static void print_of_random_groups_reads_back(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		struct ip addr = { .family = AF_INET6 }, again;
		char buf[IP_TEXT];

		/* mostly zeros, and never v4-mapped */
		addr.bytes[0] = (uint8_t)rand();
		addr.bytes[1] = 1;
		for (int j = 1; j < 8; j++)
			if (rand() % 3 == 0)
				addr.bytes[2 * j + rand() % 2] =
					(uint8_t)rand();
		assert_true(ip_parse(ip_print(&addr, buf), &again));
		assert_memory_equal(&again, &addr, sizeof(addr));
	}
}

static void print_of_no_address_is_empty(void **state)
{
	struct ip none = { 0 };

	(void)state;
	assert_ip(none, "");
}

static void prefix_parse_keeps_host_bits(void **state)
{
	static const char *const table[][2] = {
		{ "10.1.2.3/24", "10.1.2.3/24" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "10.1.2.3/32", "10.1.2.3/32" },
		{ "10.1.2.3/024", "10.1.2.3/24" },
		{ "2001:DB8::1/64", "2001:db8::1/64" },
		{ "::/0", "::/0" },
		{ "::1/128", "::1/128" },
		{ "::ffff:10.1.2.3/120", "10.1.2.3/24" },
		{ "::ffff:10.1.2.3/64", "10.1.2.3/0" },
	};
	char buf[PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct prefix got = prefix(table[i][0]);

		assert_string_equal(prefix_print(&got, buf), table[i][1]);
	}
	assert_int_equal(prefix("::ffff:10.1.2.3/120").ip.family, AF_INET6);
	assert_int_equal(prefix("::ffff:10.1.2.3/120").len, 120);
}

static void prefix_parse_refuses(void **state)
{
	static const char *const table[] = {
		"",
		"/",
		"/24",
		"10.1.2.3",
		"10.1.2.3/",
		"10.1.2.3/33",
		"10.1.2.3/-1",
		"10.1.2.3/-0",
		"10.1.2.3/+8",
		"10.1.2.3/8x",
		"10.1.2.3/ 8",
		"10.1.2.3/8/8",
		"10.1.2.3/255.255.255.0",
		"10.1.2.03/24",
		"10.1.2/24",
		"::1/129",
		"fe80::1%eth0/64",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64",
	};
	struct prefix out = { .len = 77 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (prefix_parse(table[i], &out))
			fail_msg("\"%s\" is no prefix", table[i]);
	assert_int_equal(out.len, 77);
}

static void compare_orders_by_family_then_value(void **state)
{
	static const char *const sorted[] = {
		"0.0.0.0",  "9.255.255.255", "10.0.0.0",
		"10.0.0.1", "200.0.0.0",     "::",
		"::1",	    "2001:db8::",    "2001:db8::ff",
		"fe80::",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t j = 0; j < COUNT(sorted); j++) {
			struct ip a = ip(sorted[i]), b = ip(sorted[j]);
			int order = ip_compare(&a, &b);

			assert_int_equal((order > 0) - (order < 0),
					 (i > j) - (i < j));
		}
	}
}

static void prefix_equal_looks_at_every_part(void **state)
{
	struct prefix a = prefix("10.1.2.3/24"), same = prefix("10.1.2.3/24"),
		      len = prefix("10.1.2.3/25"), host = prefix("10.1.2.4/24"),
		      v6 = prefix("a01:203::/24");

	(void)state;
	assert_true(prefix_equal(&a, &same));
	assert_false(prefix_equal(&a, &len));
	assert_false(prefix_equal(&a, &host));
	assert_false(prefix_equal(&a, &v6));
}

static void step_carries_and_wraps(void **state)
{
	static const struct {
		const char *from;
		int step;
		const char *to;
	} table[] = {
		{ "10.0.0.1", 1, "10.0.0.2" },
		{ "10.0.0.1", 0, "10.0.0.1" },
		{ "10.0.0.255", 1, "10.0.1.0" },
		{ "10.255.255.255", 1, "11.0.0.0" },
		{ "10.0.0.0", -1, "9.255.255.255" },
		{ "10.0.0.0", 65536, "10.1.0.0" },
		{ "10.1.0.0", -65537, "9.255.255.255" },
		{ "255.255.255.255", 1, "0.0.0.0" },
		{ "0.0.0.0", -1, "255.255.255.255" },
		{ "128.0.0.0", INT32_MAX, "255.255.255.255" },
		{ "127.255.255.255", INT32_MIN, "255.255.255.255" },
		{ "::", -1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, "::" },
		{ "2001:db8::ffff:ffff", 1, "2001:db8::1:0:0" },
		{ "2001:db8::1:0:0", -1, "2001:db8::ffff:ffff" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct ip from = ip(table[i].from);

		assert_ip(ip_step(&from, table[i].step), table[i].to);
	}
}

static void prefix_contains_its_addresses_only(void **state)
{
	static const struct {
		const char *prefix, *ip;
		bool inside;
	} table[] = {
		{ "10.1.2.3/24", "10.1.2.0", true },
		{ "10.1.2.3/24", "10.1.2.255", true },
		{ "10.1.2.3/24", "10.1.3.0", false },
		{ "10.1.2.3/24", "10.1.1.255", false },
		{ "10.1.2.128/25", "10.1.2.127", false },
		{ "10.1.2.128/25", "10.1.2.128", true },
		{ "10.1.2.3/32", "10.1.2.3", true },
		{ "10.1.2.3/32", "10.1.2.2", false },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::", false },
		{ "::/0", "0.0.0.0", false },
		{ "fe80::/10", "febf::1", true },
		{ "fe80::/10", "fec0::", false },
		{ "2001:db8::/127", "2001:db8::1", true },
		{ "2001:db8::/127", "2001:db8::2", false },
	};
	struct prefix none = { 0 };
	struct ip nowhere = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct prefix p = prefix(table[i].prefix);
		struct ip a = ip(table[i].ip);

		if (prefix_contains(&p, &a) != table[i].inside)
			fail_msg("%s in %s", table[i].ip, table[i].prefix);
	}
	assert_false(prefix_contains(&none, &nowhere));
}

static void prefix_overlaps_both_ways(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} table[] = {
		{ "10.1.0.0/16", "10.1.2.0/24", true },
		{ "10.1.2.0/24", "10.1.2.77/24", true },
		{ "10.1.2.0/25", "10.1.2.128/25", false },
		{ "10.1.2.0/24", "10.1.3.0/24", false },
		{ "0.0.0.0/0", "10.1.3.0/24", true },
		{ "0.0.0.0/0", "::/0", false },
		{ "fd00::/8", "fd12::/16", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct prefix a = prefix(table[i].a), b = prefix(table[i].b);

		assert_int_equal(prefix_overlaps(&a, &b), table[i].overlap);
		assert_int_equal(prefix_overlaps(&b, &a), table[i].overlap);
	}
}

static void prefix_ends_and_network(void **state)
{
	static const char *const table[][3] = {
		{ "10.1.2.3/24", "10.1.2.0", "10.1.2.255" },
		{ "10.1.2.3/20", "10.1.0.0", "10.1.15.255" },
		{ "10.1.2.3/31", "10.1.2.2", "10.1.2.3" },
		{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3" },
		{ "10.1.2.3/0", "0.0.0.0", "255.255.255.255" },
		{ "2001:db8::77/64",
		  "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff" },
		{ "2001:db8::77/127", "2001:db8::76", "2001:db8::77" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct prefix p = prefix(table[i][0]);
		struct prefix network = prefix_network(&p);

		assert_ip(prefix_first(&p), table[i][1]);
		assert_ip(prefix_last(&p), table[i][2]);
		assert_ip(network.ip, table[i][1]);
		assert_int_equal(network.len, p.len);
	}
}

static void special_addresses(void **state)
{
	static const struct {
		const char *ip;
		bool unspecified, loopback, link_local;
	} table[] = {
		{ "0.0.0.0", true, false, false },
		{ "::", true, false, false },
		{ "0.0.0.1", false, false, false },
		{ "127.0.0.0", false, true, false },
		{ "127.255.255.255", false, true, false },
		{ "128.0.0.1", false, false, false },
		{ "::1", false, true, false },
		{ "::2", false, false, false },
		{ "169.254.0.1", false, false, true },
		{ "169.253.0.1", false, false, false },
		{ "fe80::1", false, false, true },
		{ "febf::1", false, false, true },
		{ "fec0::1", false, false, false },
		{ "7f00::1", false, false, false },
		{ "a9fe::1", false, false, false },
	};
	struct ip none = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct ip a = ip(table[i].ip);

		assert_int_equal(ip_is_unspecified(&a), table[i].unspecified);
		assert_int_equal(ip_is_loopback(&a), table[i].loopback);
		assert_int_equal(ip_is_link_local(&a), table[i].link_local);
	}
	assert_true(ip_is_unspecified(&none));
	assert_false(ip_is_loopback(&none));
	assert_false(ip_is_link_local(&none));
}

static void mac_has_three_spellings(void **state)
{
	static const char *const good[] = {
		"0a:1b:2c:3d:4e:5f",
		"0A-1B-2C-3D-4E-5F",
		"0a1b.2C3d.4e5f",
	};
	static const char *const bad[] = {
		"",
		"0a:1b:2c:3d:4e",
		"0a:1b:2c:3d:4e:5f:60",
		"0a:1b:2c:3d:4e:5g",
		"0a:1b:2c:3d:4e-5f",
		"0a.1b.2c.3d.4e.5f",
		"0a1b:2c3d:4e5f",
		"0a1b2c3d4e5f",
		"0a1b.2c3d.4e5f.60",
		"0a:1b:2c:3d:4e:5:f",
		"a:1b:2c:3d:4e:5f:f",
		"0a:1b:2c:3d:4e:5f:60:71",
	};
	uint8_t mac[MAC_LEN];
	char buf[MAC_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(mac_parse(good[i], mac));
		assert_string_equal(mac_print(mac, buf), "0a:1b:2c:3d:4e:5f");
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (mac_parse(bad[i], mac))
			fail_msg("\"%s\" is no MAC address", bad[i]);
	assert_string_equal(mac_print(mac, buf), "0a:1b:2c:3d:4e:5f");
}

static void size_and_bits_of_families(void **state)
{
	(void)state;
	assert_int_equal(ip_size(AF_INET), 4);
	assert_int_equal(ip_size(AF_INET6), 16);
	assert_int_equal(ip_size(0), 0);
	assert_int_equal(ip_bits(AF_INET), 32);
	assert_int_equal(ip_bits(AF_INET6), 128);
}

static void protocols_have_names_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(protocol_number("tcp"), 6);
	assert_int_equal(protocol_number("UDP"), 17);
	assert_int_equal(protocol_number("Sctp"), 132);
	assert_int_equal(protocol_number("icmp"), -1);
	assert_int_equal(protocol_number("6"), -1);
	assert_int_equal(protocol_number(""), -1);
	assert_string_equal(protocol_name(6), "tcp");
	assert_string_equal(protocol_name(17), "udp");
	assert_string_equal(protocol_name(132), "sctp");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_accepts_what_go_accepts),
		cmocka_unit_test(parse_refuses_what_go_refuses),
		cmocka_unit_test(print_of_random_groups_reads_back),
		cmocka_unit_test(print_of_no_address_is_empty),
		cmocka_unit_test(prefix_parse_keeps_host_bits),
		cmocka_unit_test(prefix_parse_refuses),
		cmocka_unit_test(compare_orders_by_family_then_value),
		cmocka_unit_test(prefix_equal_looks_at_every_part),
		cmocka_unit_test(step_carries_and_wraps),
		cmocka_unit_test(prefix_contains_its_addresses_only),
		cmocka_unit_test(prefix_overlaps_both_ways),
		cmocka_unit_test(prefix_ends_and_network),
		cmocka_unit_test(special_addresses),
		cmocka_unit_test(mac_has_three_spellings),
		cmocka_unit_test(size_and_bits_of_families),
		cmocka_unit_test(protocols_have_names_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
