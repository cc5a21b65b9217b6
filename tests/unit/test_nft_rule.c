/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/netfilter.h>

#include "core/nft.h"
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

static void parts_are_encoded(void **state)
{
	static const struct {
		void (*make)(struct nft *);
		const char *bytes;
	} table[] = {
		{ match_v4, FAMILY("02") },
		{ match_v6, FAMILY("0a") },
		{ nft_match_local,
		  EXPR("fib", " 3=00000002 2=00000003 1=00000008")
			  EQUAL(HOST("02")) },
		{ nft_match_redirected,
		  EXPR("ct", " 2=00000002 1=00000008") MASK(
			  "04", HOST("20"), "00000000") UNEQUAL("00000000") },
		{ match_from_v4, FAMILY("02") PAYLOAD("08", NETWORK, "0c", "04")
					 MASK("04", "fffff000", "00000000")
						 EQUAL("0a01f000") },
		{ match_to_v6, FAMILY("0a") PAYLOAD("08", NETWORK, "18", "10")
				       MASK("10", "ff" ZEROS, "00" ZEROS)
					       EQUAL("ff" ZEROS) },
		{ match_from_host,
		  FAMILY("02") PAYLOAD("08", NETWORK, "0c", "04")
			  EQUAL("0a010203") },
		{ load_from_v4, PAYLOAD("08", NETWORK, "0c", "04") },
		{ load_to_v4, PAYLOAD("09", NETWORK, "10", "04") },
		{ load_from_v6, PAYLOAD("08", NETWORK, "08", "10") },
		{ load_to_v6, PAYLOAD("13", NETWORK, "18", "10") },
		{ load_protocol, META("10", "0a") },
		{ load_port, PAYLOAD("17", TRANSPORT, "02", "02") },
		{ lookup, EXPR("lookup", " 2=00000008 3=00000008 1='m'") },
		{ lookup_verdict,
		  EXPR("lookup", " 2=00000008 3=00000000 1='v'") },
		{ dnat_v4, EXPR("nat", " 1=00000001 2=00000002 3=00000008"
				       " 5=00000009") },
		{ dnat_v6, EXPR("nat", " 1=00000001 2=0000000a 3=00000008"
				       " 5=0000000c") },
		{ nft_masquerade, EXPR("masq", "") },
		{ jump, EXPR("immediate", " 1=00000000 2={ 2={ 1=fffffffd"
					  " 2='sub' } }") },
		{ give_back, EXPR("immediate", " 1=00000000 2={ 2={"
					       " 1=fffffffb } }") },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct kernel *k = *state;
		struct nft nft = { .nl = &k->nl, .table = "tab" };

		nl_hold(&k->nl);
		nft_rule(&nft, "sub");
		table[i].make(&nft);
		nft_rule_end(&nft);
		assert_string_equal(
			held_lines(k, 0),
			job_printf(&k->job,
				   "type 2566 flags c01: 00 00 00 00"
				   " 1='tab' 2='sub' 4={%s }\n",
				   table[i].bytes));
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
	assert_string_equal(
		held_lines(k, 0),
		"type 2566 flags c01: 00 00 00 00 1='tab' 2='sub' 4={" META(
			"10", "0a") PAYLOAD("17", TRANSPORT, "02", "02")
			EXPR("lookup", " 2=00000008 3=00000008 1='m'") " }\n");
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
