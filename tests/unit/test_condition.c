/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/condition.h"
#include "tests/unit/tables.h"

static struct entry on(const char *conditions, int family)
{
	static const struct entry v4 = { ENTRY_CONDITION, POD4 },
				  v6 = { ENTRY_CONDITION, POD6 };
	struct entry entry = family == AF_INET ? v4 : v6;

	entry.conditions = conditions;
	return entry;
}

/* The content of the rules that are made of conditions. */
static const char *rules_of(struct kernel *k, const char *conditions,
			    int family)
{
	struct entry entry = on(conditions, family);
	struct nft nft = table_of(&k->nl, ENTRY_CONDITION);

	nl_hold(&k->nl);
	condition_rules_add(&nft, "c", &entry, "to");
	return held_lines(k, 0);
}

/* ---- good ones ---- */

/* clang-format off */
#define V4	  FAMILY("02")
#define V6	  FAMILY("0a")
#define NET4	  MASK("04", "ff000000", "00000000")
#define NET6	  MASK("10", "ffff0000000000000000000000000000", "00" ZEROS)
#define NAME(hex) hex "0000000000000000000000"
#define ETH0	  EQUAL(NAME("6574683000"))
#define NOT_ETH0  UNEQUAL(NAME("6574683000"))
#define ETH1	  EQUAL(NAME("6574683100"))
#define NOT_ETH1  UNEQUAL(NAME("6574683100"))
#define FROM(op)  V4 FROM4("08") op("0a010203")
#define TO(op)	  V4 TO4("08") op("0a010203")
#define TO_HOST(last) V4 TO4("08") EQUAL("c00002" last)
#define IF(parts) RULE("c", parts GOTO("to"))

static const struct {
	int family;
	const char *conditions, *rules[5];
} good[] = {
	/* sides, addresses and subnets */
	{ AF_INET, "ip saddr 10.1.2.3", { IF(FROM(EQUAL)) } },
	{ AF_INET, "ip daddr 10.1.2.3", { IF(TO(EQUAL)) } },
	{ AF_INET, "ip saddr 10.1.2.3/32", { IF(FROM(EQUAL)) } },
	{ AF_INET, "ip saddr 10.1.2.3/8", { IF(V4 FROM4("08") NET4 EQUAL("0a000000")) } },
	{ AF_INET, "ip daddr 0.0.0.0/0", { IF(V4 TO4("08")
		MASK("04", "00000000", "00000000") EQUAL("00000000")) } },
	{ AF_INET6, "ip6 saddr fd00::3", { IF(V6 FROM6("08")
		EQUAL("fd000000000000000000000000000003")) } },
	{ AF_INET6, "ip6 daddr fd01::3/16", { IF(V6 TO6("08")
		NET6 EQUAL("fd010000000000000000000000000000")) } },
	/* operators */
	{ AF_INET, "ip saddr == 10.0.0.0/8", { IF(V4 FROM4("08") NET4 EQUAL("0a000000")) } },
	{ AF_INET, "ip saddr != 10.0.0.0/8", { IF(V4 FROM4("08") NET4 UNEQUAL("0a000000")) } },
	{ AF_INET6, "ip6 daddr != fd00::3", { IF(V6 TO6("08")
		UNEQUAL("fd000000000000000000000000000003")) } },
	/* interfaces */
	{ AF_INET, "iifname eth0", { IF(INPUT("08") ETH0) } },
	{ AF_INET6, "iifname eth0", { IF(INPUT("08") ETH0) } },
	{ AF_INET, "meta iifname eth0", { IF(INPUT("08") ETH0) } },
	{ AF_INET, "iifname == eth0", { IF(INPUT("08") ETH0) } },
	{ AF_INET, "meta iifname != eth0", { IF(INPUT("08") NOT_ETH0) } },
	{ AF_INET, "iifname fifteen-letters", { IF(INPUT("08") EQUAL("'fifteen-letters'")) } },
	{ AF_INET, "iifname eth*", { IF(INPUT("08") EQUAL("657468")) } },
	{ AF_INET, "iifname eth+", { IF(INPUT("08") EQUAL(NAME("6574682b00"))) } },
	/* quotes */
	{ AF_INET, "iifname \"eth0\"", { IF(INPUT("08") ETH0) } },
	{ AF_INET, "iifname != { \"eth0\",\"eth1\" }", {
		IF(INPUT("08") NOT_ETH0 INPUT("08") NOT_ETH1) } },
	{ AF_INET, "ip saddr \"10.1.2.3\"", { IF(FROM(EQUAL)) } },
	/* lists: one rule for each value, or one for none of them */
	{ AF_INET, "iifname {eth0}", { IF(INPUT("08") ETH0) } },
	{ AF_INET, "iifname == { eth0, eth1 }", {
		IF(INPUT("08") ETH0),
		IF(INPUT("08") ETH1) } },
	{ AF_INET, "ip saddr{10.1.2.3,10.0.0.0/8}", {
		IF(FROM(EQUAL)),
		IF(V4 FROM4("08") NET4 EQUAL("0a000000")) } },
	{ AF_INET, "ip daddr != { 10.1.2.3 , 10.0.0.0/8 }", {
		IF(TO(UNEQUAL) V4 TO4("08") NET4 UNEQUAL("0a000000")) } },
	/* all of them together */
	{ AF_INET, "ip saddr 10.1.2.3 iifname eth0", {
		IF(FROM(EQUAL) INPUT("08") ETH0) } },
	{ AF_INET, "iifname != eth1 ip daddr 10.1.2.3 meta iifname eth0", {
		IF(INPUT("08") NOT_ETH1 TO(EQUAL) INPUT("08") ETH0) } },
	{ AF_INET, "iifname { eth0, eth1 } ip saddr != 10.1.2.3 "
		"ip daddr { 192.0.2.1, 192.0.2.2 }", {
		IF(INPUT("08") ETH0 FROM(UNEQUAL) TO_HOST("01")),
		IF(INPUT("08") ETH1 FROM(UNEQUAL) TO_HOST("01")),
		IF(INPUT("08") ETH0 FROM(UNEQUAL) TO_HOST("02")),
		IF(INPUT("08") ETH1 FROM(UNEQUAL) TO_HOST("02")) } },
	/* blanks */
	{ AF_INET, " \t iifname\t \teth0 ", { IF(INPUT("08") ETH0) } },
	/* iptables' words */
	{ AF_INET, "-s 10.1.2.3", { IF(FROM(EQUAL)) } },
	{ AF_INET, "--source 10.1.2.3/32", { IF(FROM(EQUAL)) } },
	{ AF_INET, "! --destination 10.1.2.3", { IF(TO(UNEQUAL)) } },
	{ AF_INET6, "-d fd01::3/16", { IF(V6 TO6("08")
		NET6 EQUAL("fd010000000000000000000000000000")) } },
	{ AF_INET, "! -i eth0", { IF(INPUT("08") NOT_ETH0) } },
	{ AF_INET, "-i eth+", { IF(INPUT("08") EQUAL("657468")) } },
	{ AF_INET6, "! --in-interface eth+", { IF(INPUT("08") UNEQUAL("657468")) } },
	{ AF_INET, "-d 192.0.2.1/32,192.0.2.2/32", {
		IF(TO_HOST("01")), IF(TO_HOST("02")) } },
	{ AF_INET, "-i eth0 ! -s 10.1.2.3 -d 192.0.2.1,192.0.2.2", {
		IF(INPUT("08") ETH0 FROM(UNEQUAL) TO_HOST("01")),
		IF(INPUT("08") ETH0 FROM(UNEQUAL) TO_HOST("02")) } },
	/* no conditions are met */
	{ AF_INET, "", { IF("") } },
};
/* clang-format on */

static size_t count_of(const char *const *texts, size_t max)
{
	size_t count = 0;

	while (count < max && texts[count])
		count++;
	return count;
}

static void good_conditions_become_rules(void **state)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		const char *conditions = good[i].conditions;
		struct entry entry = on(conditions, good[i].family);
		size_t rules = count_of(good[i].rules, COUNT(good[i].rules));
		struct kernel *k = *state;
		const char *why = tables_check_conditions(&k->job, conditions,
							  good[i].family);

		if (why)
			fail_msg("%s: %s", conditions, why);
		assert_int_equal(condition_rules(&k->job, &entry), rules);
		assert_string_equal(rules_of(k, conditions, good[i].family),
				    joined(&k->job, good[i].rules, rules));
		assert_null(k->job.msg);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void kernel_takes_good_conditions(void **state)
{
	struct world world = begun(state);
	struct entry entry;

	for (size_t i = 0; i < COUNT(good); i++) {
		entry = on(good[i].conditions, good[i].family);
		entry.protocol = IPPROTO_TCP;
		entry.protocol = IPPROTO_TCP;
		entry.host_port = (uint16_t)(i + 1);
		if (entry.pod.ip.family == AF_INET6 && !IS_ENABLED(CONFIG_IPV6))
			continue;
		assert_int_equal(add(&world, "a", &entry), 0);
		assert_there(&world, "a", &entry);
	}
}

/* ---- bad ones ---- */

#define WANTS(what, got) "expected " what ", got \"" got "\""
#define NAMES		 "the name of an interface"
#define OPTIONS		 "-s, -d or -i, each once"
#define V4_VALUE	 "an IPv4 address or subnet"
#define V6_VALUE	 "an IPv6 address or subnet"

static void bad_conditions_are_told(void **state)
{
	static const struct {
		int family;
		const char *conditions, *why;
	} bad[] = {
		{ AF_INET, "tcp dport 80", WANTS("ip or iifname", "tcp") },
		{ AF_INET6, "tcp dport 80", WANTS("ip6 or iifname", "tcp") },
		{ AF_INET, "ip6 saddr fd00::3", WANTS("ip or iifname", "ip6") },
		{ AF_INET6, "ip saddr 10.1.2.3",
		  WANTS("ip6 or iifname", "ip") },
		{ AF_INET, "IP saddr 10.1.2.3", WANTS("ip or iifname", "IP") },
		{ AF_INET, "meta", WANTS("ip or iifname", "") },
		{ AF_INET, "meta oifname eth0",
		  WANTS("ip or iifname", "oifname") },
		{ AF_INET, "meta ip saddr 10.1.2.3",
		  WANTS("ip or iifname", "ip") },
		{ AF_INET, "ip saddr 10.1.2.3 -s 10.1.2.3",
		  WANTS("ip or iifname", "-s") },
		{ AF_INET, ",", WANTS("ip or iifname", ",") },
		{ AF_INET, "\"\"", WANTS("ip or iifname", "") },
		{ AF_INET, "ip", WANTS("saddr or daddr", "") },
		{ AF_INET, "ip protocol tcp",
		  WANTS("saddr or daddr", "protocol") },
		{ AF_INET, "ip { saddr", WANTS("saddr or daddr", "{") },
		{ AF_INET, "ip saddr", WANTS(V4_VALUE, "") },
		{ AF_INET, "ip saddr !=", WANTS(V4_VALUE, "") },
		{ AF_INET, "ip saddr = 10.1.2.3", WANTS(V4_VALUE, "=") },
		{ AF_INET, "ip saddr ! 10.1.2.3", WANTS(V4_VALUE, "!") },
		{ AF_INET, "ip saddr < 10.1.2.3", WANTS(V4_VALUE, "<") },
		{ AF_INET, "ip saddr == != 10.1.2.3", WANTS(V4_VALUE, "!=") },
		{ AF_INET, "ip saddr 10.1.2", WANTS(V4_VALUE, "10.1.2") },
		{ AF_INET, "ip saddr 10.1.2.3/33",
		  WANTS(V4_VALUE, "10.1.2.3/33") },
		{ AF_INET, "ip saddr 10.1.2.3/-1",
		  WANTS(V4_VALUE, "10.1.2.3/-1") },
		{ AF_INET, "ip saddr 10.1.2.3/", WANTS(V4_VALUE, "10.1.2.3/") },
		{ AF_INET, "ip saddr 10.1.2.3-10.1.2.9",
		  WANTS(V4_VALUE, "10.1.2.3-10.1.2.9") },
		{ AF_INET, "ip saddr fd00::3", WANTS(V4_VALUE, "fd00::3") },
		{ AF_INET6, "ip6 saddr 10.1.2.3", WANTS(V6_VALUE, "10.1.2.3") },
		{ AF_INET6, "ip6 saddr ::ffff:10.1.2.3",
		  WANTS(V6_VALUE, "::ffff:10.1.2.3") },
		{ AF_INET6, "ip6 daddr fd00::/129",
		  WANTS(V6_VALUE, "fd00::/129") },
		{ AF_INET, "ip saddr localhost", WANTS(V4_VALUE, "localhost") },
		{ AF_INET, "ip saddr @set", WANTS(V4_VALUE, "@set") },
		{ AF_INET, "ip saddr { 10.1.2.3, }", WANTS(V4_VALUE, "}") },
		{ AF_INET, "ip saddr { }", WANTS(V4_VALUE, "}") },
		{ AF_INET, "ip saddr { 10.1.2.3", WANTS("\"}\"", "") },
		{ AF_INET, "ip saddr { 10.1.2.3 10.1.2.4 }",
		  WANTS("\"}\"", "10.1.2.4") },
		{ AF_INET, "ip saddr { 10.1.2.3, x }", WANTS(V4_VALUE, "x") },
		{ AF_INET, "ip saddr { { 10.1.2.3 } }", WANTS(V4_VALUE, "{") },
		{ AF_INET, "ip saddr 10.1.2.3 }", WANTS("ip or iifname", "}") },
		{ AF_INET, "ip saddr 10.1.2.3, 10.1.2.4",
		  WANTS("ip or iifname", ",") },
		{ AF_INET, "iifname", WANTS(NAMES, "") },
		{ AF_INET, "iifname \"\"", WANTS(NAMES, "") },
		{ AF_INET, "iifname sixteen-letters-",
		  WANTS(NAMES, "sixteen-letters-") },
		{ AF_INET, "iifname *", WANTS(NAMES, "*") },
		{ AF_INET, "iifname e*h*", WANTS(NAMES, "e*h*") },
		{ AF_INET, "iifname { }", WANTS(NAMES, "}") },
		{ AF_INET, "iifname { eth0, }", WANTS(NAMES, "}") },
		{ AF_INET, "iifname { , eth0 }", WANTS(NAMES, ",") },
		{ AF_INET, "iifname { eth0", WANTS("\"}\"", "") },
		{ AF_INET, "iifname eth0 drop",
		  WANTS("ip or iifname", "drop") },
		{ AF_INET, "iifname eth0 accept comment",
		  WANTS("ip or iifname", "accept") },
		{ AF_INET, "-p tcp", WANTS(OPTIONS, "-p") },
		{ AF_INET, "--src 10.1.2.3", WANTS(OPTIONS, "--src") },
		{ AF_INET, "-s10.1.2.3", WANTS(OPTIONS, "-s10.1.2.3") },
		{ AF_INET, "!", WANTS(OPTIONS, "") },
		{ AF_INET, "! ! -i eth0", WANTS(OPTIONS, "!") },
		{ AF_INET, "-s 10.1.2.3 -s 10.1.2.3", WANTS(OPTIONS, "-s") },
		{ AF_INET, "-i eth0 --in-interface eth1",
		  WANTS(OPTIONS, "--in-interface") },
		{ AF_INET, "-s 10.1.2.3 ip daddr 10.1.2.3",
		  WANTS(OPTIONS, "ip") },
		{ AF_INET, "-i eth0,eth1", WANTS(OPTIONS, ",") },
		{ AF_INET, "-s", WANTS(V4_VALUE, "") },
		{ AF_INET, "-s ! 10.1.2.3", WANTS(V4_VALUE, "!") },
		{ AF_INET, "-s 10.1.2.3,", WANTS(V4_VALUE, "") },
		{ AF_INET, "-s fd00::3", WANTS(V4_VALUE, "fd00::3") },
		{ AF_INET6, "-s 10.1.2.3", WANTS(V6_VALUE, "10.1.2.3") },
		{ AF_INET, "-s 10.1.2.3/255.0.0.0",
		  WANTS(V4_VALUE, "10.1.2.3/255.0.0.0") },
		{ AF_INET, "! -d 10.1.2.3,10.1.2.4",
		  WANTS("one address behind !", ",") },
		{ AF_INET, "-i +", WANTS(NAMES, "+") },
		{ AF_INET, "-i eth*", WANTS(NAMES, "eth*") },
		{ AF_INET, "-i", WANTS(NAMES, "") },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *why = tables_check_conditions(
			&k->job, bad[i].conditions, bad[i].family);

		if (!why)
			fail_msg("accepted: %s", bad[i].conditions);
		assert_string_equal(why, bad[i].why);
	}
	assert_null(k->job.msg);
}

/* ---- how many ---- */

/* "iifname { i1, i2, ... }" with count values. */
static const char *names(struct job *job, const char *operator, size_t count)
{
	struct str out = { .job = job };

	str_printf(&out, "iifname %s", operator);
	for (size_t i = 1; i <= count; i++)
		str_printf(&out, "%si%zu", i == 1 ? " { " : ", ", i);
	str_add(&out, " } ");
	return out.text;
}

static const char many_rules[] = "more than 256 combinations";
static const char many_matches[] = "more than 20 that all have to be met";

static void combinations_have_a_limit(void **state)
{
	static const struct {
		const char *operator;
		size_t a, b, c, rules;
		const char *why;
	} table[] = {
		{ "==", 16, 16, 1, 256, "" },
		{ "==", 256, 1, 1, 256, "" },
		{ "==", 2, 2, 64, 256, "" },
		{ "!=", 9, 10, 256, 256, "" },
		{ "==", 257, 1, 1, 0, many_rules },
		{ "==", 16, 17, 1, 0, many_rules },
		{ "==", 2, 2, 65, 0, many_rules },
		{ "==", 2000, 2000, 2000, 0, many_rules },
		{ "!=", 2, 2, 257, 0, many_rules },
		{ "!=", 10, 10, 1, 0, many_matches },
		{ "!=", 1000, 1000, 256, 0, many_matches },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct kernel *k = *state;
		const char *conditions = job_printf(
			&k->job, "%s%s%s",
			names(&k->job, table[i].operator, table[i].a),
			names(&k->job, table[i].operator, table[i].b),
			names(&k->job, "==", table[i].c));
		const char *why =
			tables_check_conditions(&k->job, conditions, AF_INET);
		struct entry entry = on(conditions, AF_INET);

		assert_string_equal(why ? why : "", table[i].why);
		if (table[i].rules)
			assert_int_equal(condition_rules(&k->job, &entry),
					 table[i].rules);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

/* Two to the power of 64 is none. */
static void combinations_do_not_wrap_around(void **state)
{
	struct kernel *k = *state;
	struct str conditions = { .job = &k->job };

	for (int i = 0; i < 64; i++)
		str_add(&conditions, names(&k->job, "", 2));
	assert_string_equal(
		tables_check_conditions(&k->job, conditions.text, AF_INET),
		many_rules);
}

/* "ip6 saddr != { fd00:1::/48, ... } " with count values. */
static const char *no_subnets(struct job *job, size_t count)
{
	struct str out = { .job = job };

	str_add(&out, "ip6 saddr != {");
	for (size_t i = 1; i <= count; i++)
		str_printf(&out, "%s fd00:%zx::/48", i == 1 ? "" : ",", i);
	str_add(&out, " } ");
	return out.text;
}

static void kernel_takes_as_many_as_there_may_be(void **state)
{
	struct world world = begun(state);
	struct job *job = &world.k->job;
	const struct {
		const char *conditions;
		size_t rules;
	} table[] = {
		{ job_printf(job, "%s%s%s", names(job, "", 16),
			     names(job, "", 16), no_subnets(job, 18)),
		  256 },
		{ job_printf(job, "%s%s", names(job, "", 60),
			     no_subnets(job, 19)),
		  60 },
		{ no_subnets(job, 20), 1 },
	};

	if (!IS_ENABLED(CONFIG_IPV6))
		skip();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct nft nft = table_of(&world.k->nl, ENTRY_CONDITION);
		struct entry entry = on(table[i].conditions, AF_INET6);
		struct nft_element element;
		struct list rules;

		entry.protocol = IPPROTO_TCP;
		entry.host_port = (uint16_t)(i + 1);
		assert_null(tables_check_conditions(job, entry.conditions,
						    AF_INET6));
		add(&world, "a", &entry);
		assert_string_equal(job->msg ? job->msg : "", "");
		assert_there(&world, "a", &entry);
		entry_to_element(job, &entry, "a", &element);
		assert_int_equal(nft_list_rules(&nft, element.chain, &rules),
				 0);
		assert_int_equal(rules.count, table[i].rules);
	}
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(good_conditions_become_rules),
		TEST(kernel_takes_good_conditions),
		TEST(bad_conditions_are_told),
		TEST(combinations_have_a_limit),
		TEST(combinations_do_not_wrap_around),
		TEST(kernel_takes_as_many_as_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
