/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/netfilter.h>

#include "core/kernel/nft.h"
#include "tests/unit/nfnetlink.h"

/* ---- parts of rules ---- */

static void match_v4(struct nft *nft)
{
	nft_match_family(nft, AF_INET);
}

static void match_v6(struct nft *nft)
{
	nft_match_family(nft, AF_INET6);
}

static void match_from_v4(struct nft *nft)
{
	nft_match_address(
		nft, NFT_SOURCE,
		&(struct prefix) { { AF_INET, { 10, 1, 0xff, 7 } }, 20 });
}

static void match_to_v6(struct nft *nft)
{
	nft_match_address(nft, NFT_DESTINATION,
			  &(struct prefix) { { AF_INET6, { 0xff, 1 } }, 8 });
}

static void match_from_host(struct nft *nft)
{
	nft_match_address(
		nft, NFT_SOURCE,
		&(struct prefix) { { AF_INET, { 10, 1, 2, 3 } }, 32 });
}

static void load_from_v4(struct nft *nft)
{
	nft_load_address(nft, NFT_SOURCE, AF_INET, 0);
}

static void load_to_v4(struct nft *nft)
{
	nft_load_address(nft, NFT_DESTINATION, AF_INET, 1);
}

static void load_from_v6(struct nft *nft)
{
	nft_load_address(nft, NFT_SOURCE, AF_INET6, 0);
}

static void load_to_v6(struct nft *nft)
{
	nft_load_address(nft, NFT_DESTINATION, AF_INET6, 11);
}

static void load_protocol(struct nft *nft)
{
	nft_load_protocol(nft, 2);
}

static void load_port(struct nft *nft)
{
	nft_load_port(nft, 15);
}

static void load_network_v4(struct nft *nft)
{
	nft_load_network(nft, NFT_SOURCE, AF_INET, 24, 1);
}

static void load_network_v6(struct nft *nft)
{
	nft_load_network(nft, NFT_DESTINATION, AF_INET6, 128, 4);
}

static void match_icmpv6(struct nft *nft)
{
	nft_match_icmpv6(nft, 135, 254);
}

static void match_mark(struct nft *nft)
{
	nft_match_mark(nft, 0x1000);
}

static void set_mark(struct nft *nft)
{
	nft_set_mark(nft, 0x1000, true);
}

static void clear_mark(struct nft *nft)
{
	nft_set_mark(nft, 0x1000, false);
}

static void load_input(struct nft *nft)
{
	nft_load_input(nft, 3);
}

static void load_source_mac(struct nft *nft)
{
	nft_load_source_mac(nft, 4);
}

static void match_not_from_v4(struct nft *nft)
{
	nft_match_no_address(
		nft, NFT_SOURCE,
		&(struct prefix) { { AF_INET, { 10, 1, 0xff, 7 } }, 20 });
}

static void match_not_to_v6_host(struct nft *nft)
{
	nft_match_no_address(
		nft, NFT_DESTINATION,
		&(struct prefix) { { AF_INET6, { 0xfd, [15] = 1 } }, 128 });
}

static void match_to_any(struct nft *nft)
{
	nft_match_address(nft, NFT_DESTINATION,
			  &(struct prefix) { { AF_INET, { 10 } }, 0 });
}

static void match_input(struct nft *nft)
{
	nft_match_input(nft, "eth0", true);
}

static void match_other_input(struct nft *nft)
{
	nft_match_input(nft, "fifteen-letters", false);
}

static void match_inputs(struct nft *nft)
{
	nft_match_input(nft, "eth*", true);
}

static void match_in_set(struct nft *nft)
{
	nft_match_set(nft, "s", true);
}

static void match_not_in_set(struct nft *nft)
{
	nft_match_set(nft, "s", false);
}

static void drop(struct nft *nft)
{
	nft_verdict(nft, NF_DROP, NULL);
}

static void go_to(struct nft *nft)
{
	nft_verdict(nft, NFT_GOTO, "sub");
}

static void lookup(struct nft *nft)
{
	nft_lookup(nft, "m");
}

static void lookup_verdict(struct nft *nft)
{
	nft_lookup_verdict(nft, "v");
}

static void dnat_v4(struct nft *nft)
{
	nft_dnat(nft, AF_INET, 0, 1);
}

static void dnat_v6(struct nft *nft)
{
	nft_dnat(nft, AF_INET6, 0, 4);
}

static void jump(struct nft *nft)
{
	nft_verdict(nft, NFT_JUMP, "sub");
}

static void give_back(struct nft *nft)
{
	nft_verdict(nft, NFT_RETURN, NULL);
}

/* clang-format off */
static const struct {
	void (*make)(struct nft *);
	const char *bytes;
} parts[] = {
	{ match_v4, FAMILY("02") },
	{ match_v6, FAMILY("0a") },
	{ nft_match_local, LOCAL },
	{ nft_match_redirected, REDIRECTED },
	{ nft_match_from_elsewhere, FROM_ELSEWHERE },
	{ nft_match_ipsec, IPSEC },
	{ nft_match_no_arp, META("01", "08") UNEQUAL("0806") },
	{ match_icmpv6, FAMILY("0a")
		PAYLOAD("08", NETWORK, "07", "01") EQUAL("fe")
		PROTOCOL("08") EQUAL("3a")
		PAYLOAD("08", TRANSPORT, "00", "01") EQUAL("87") },
	{ match_mark, MARKED },
	{ set_mark, SET_MARK(MARK) },
	{ clear_mark, SET_MARK("00000000") },
	{ match_from_v4, FAMILY("02") FROM4("08")
		MASK("04", "fffff000", "00000000") EQUAL("0a01f000") },
	{ match_to_v6, FAMILY("0a") TO6("08")
		MASK("10", "ff" ZEROS, "00" ZEROS) EQUAL("ff" ZEROS) },
	{ match_from_host, FAMILY("02") FROM4("08") EQUAL("0a010203") },
	{ match_to_any, FAMILY("02") TO4("08")
		MASK("04", "00000000", "00000000") EQUAL("00000000") },
	{ match_not_from_v4, FAMILY("02") FROM4("08")
		MASK("04", "fffff000", "00000000") UNEQUAL("0a01f000") },
	{ match_not_to_v6_host, FAMILY("0a") TO6("08")
		UNEQUAL("fd0000000000000000000000000000" "01") },
	{ match_input, INPUT("08") EQUAL("65746830" "000000000000000000000000") },
	{ match_inputs, INPUT("08") EQUAL("657468") },
	{ match_other_input, INPUT("08") UNEQUAL("'fifteen-letters'") },
	{ load_from_v4, FROM4("08") },
	{ load_to_v4, TO4("09") },
	{ load_from_v6, FROM6("08") },
	{ load_to_v6, TO6("13") },
	{ load_protocol, PROTOCOL("0a") },
	{ load_port, PORT("17") },
	{ load_network_v4,
		FROM4("09") MASK_AT("09", "04", "ffffff00", "00000000") },
	{ load_network_v6, TO6("0c") },
	{ load_input, INPUT("0b") },
	{ load_source_mac, FROM_MAC("0c") },
	{ lookup, LOOKUP("m", "08") },
	{ lookup_verdict, LOOKUP("v", "00") },
	{ match_in_set, IN("s") },
	{ match_not_in_set, NOT_IN("s") },
	{ dnat_v4, DNAT("02", "09") },
	{ dnat_v6, DNAT("0a", "0c") },
	{ nft_masquerade, MASQUERADE },
	{ jump, JUMP("sub") },
	{ go_to, GOTO("sub") },
	{ give_back, RETURN },
	{ drop, DROP },
};
/* clang-format on */

static void parts_are_encoded(void **state)
{
	for (size_t i = 0; i < COUNT(parts); i++) {
		struct kernel *k = *state;
		struct nft nft = { .nl = &k->nl, .table = "tab" };

		nl_hold(&k->nl);
		nft_rule(&nft, "sub");
		parts[i].make(&nft);
		nft_rule_end(&nft);
		assert_string_equal(
			held_lines(k, 0),
			job_printf(&k->job,
				   "type 2566 flags c01: 00 00 00 00"
				   " 1='tab' 2='sub' 4={%s }\n",
				   parts[i].bytes));
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

/* All of its parts stand in one rule, in order. */
static void rule_holds_its_parts_in_order(void **state)
{
	struct kernel *k = *state;
	struct nft nft = { .nl = &k->nl, .table = "tab" };

	nl_hold(&k->nl);
	nft_rule(&nft, "sub");
	load_protocol(&nft);
	load_port(&nft);
	lookup(&nft);
	nft_rule_end(&nft);
	assert_string_equal(held_lines(k, 0),
			    job_printf(&k->job,
				       "type 2566 flags c01: 00 00 00 00"
				       " 1='tab' 2='sub' 4={%s%s%s }\n",
				       PROTOCOL("0a"), PORT("17"),
				       LOOKUP("m", "08")));
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(parts_are_encoded),
		TEST(rule_holds_its_parts_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
