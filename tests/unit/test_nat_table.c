/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>

#include "core/nat_table.h"
#include "tests/unit/nfnetlink.h"

#define POD4                                                                   \
	{                                                                      \
		{ AF_INET, { 10, 1, 2, 3 } }, 24                               \
	}
#define POD6                                                                   \
	{                                                                      \
		{ AF_INET6, { 0xfd, [15] = 3 } }, 64                           \
	}
#define HOST4                                                                  \
	{                                                                      \
		AF_INET,                                                       \
		{                                                              \
			192, 0, 2, 1                                           \
		}                                                              \
	}
#define HOST6                                                                  \
	{                                                                      \
		AF_INET6,                                                      \
		{                                                              \
			0xfd, 1                                                \
		}                                                              \
	}

#define MAP(id, name, key, key_len, data)                                      \
	REQUEST("2569", "401",                                                 \
		" 2='" name "' 3=00000008 4=" key " 5=000000" key_len          \
		" 6=" data " 10=000000" id)
#define VERDICT	    "ffffff00"
#define CHAIN(name) REQUEST("2563", "601", " 3='" name "'")
#define BASE_CHAIN(name, hook, priority)                                       \
	REQUEST("2563", "401",                                                 \
		" 3='" name "' 7='nat' 4={ 1=000000" hook " 2=" priority " }")
#define JUMP(chain)                                                            \
	EXPR("immediate", " 1=00000000 2={ 2={ 1=fffffffd 2='" chain "' } }")
#define RETURN EXPR("immediate", " 1=00000000 2={ 2={ 1=fffffffb } }")
#define LOCAL  EXPR("fib", " 3=00000002 2=00000003 1=00000008") EQUAL(HOST("02"))
#define REDIRECTED                                                             \
	EXPR("ct", " 2=00000002 1=00000008")                                   \
	MASK("04", HOST("20"), "00000000") UNEQUAL("00000000")
#define LOOKUP(map, to) EXPR("lookup", " 2=00000008 3=000000" to " 1='" map "'")
#define DNAT(family, port)                                                     \
	EXPR("nat", " 1=00000001 2=000000" family " 3=00000008 5=000000" port)
#define FROM4(reg) PAYLOAD(reg, NETWORK, "0c", "04")
#define TO4(reg)   PAYLOAD(reg, NETWORK, "10", "04")
#define FROM6(reg) PAYLOAD(reg, NETWORK, "08", "10")
#define TO6(reg)   PAYLOAD(reg, NETWORK, "18", "10")
#define PROTOCOL   META("10", "08")
#define PORT(reg)  PAYLOAD(reg, TRANSPORT, "02", "02")

static const char whole_table[] = REQUEST("2560", "601", "") MAP(
	"03", "masq4", "00000007", "04",
	VERDICT) MAP("04", "masq6", "00000008", "10",
		     VERDICT) MAP("05", "hairpin4", "00000007", "04",
				  VERDICT) MAP("06", "hairpin6", "00000008",
					       "10",
					       VERDICT) MAP("07", "hostip4",
							    "0000c1cd", "0c",
							    "000001cd 7=00000008")
	MAP("08", "hostip6", "0000c20d", "18", "0000020d 7=00000014") MAP(
		"09", "hostport4", "0000030d", "08",
		"000001cd 7=00000008") MAP("0a", "hostport6", "0000030d", "08",
					   "0000020d 7=00000014") CHAIN("ports")
		BASE_CHAIN("prerouting", "00", "ffffff9c") BASE_CHAIN(
			"output", "03",
			"ffffff9c") BASE_CHAIN("postrouting", "04",
					       "00000064") RULE("prerouting", LOCAL JUMP("ports"))
			RULE("output", LOCAL JUMP("ports")) RULE(
				"ports",
				FAMILY(
					"02") PROTOCOL TO4("09") PORT("0a")
					LOOKUP("hostip4", "08")
						DNAT("02", "09"))
				RULE(
					"ports",
					PROTOCOL PORT("09") LOOKUP("hostport4", "08") DNAT(
						"02",
						"09")) RULE("ports",
							    FAMILY(
								    "0a") PROTOCOL TO6("09")
								    PORT("0d") LOOKUP("hostip6", "08")
									    DNAT("0a", "0c"))
					RULE("ports",
					     PROTOCOL PORT("09") LOOKUP(
						     "hostport6", "08")
						     DNAT("0a", "0c"))
						RULE("postrouting",
						     REDIRECTED FAMILY("02")
							     TO4("08") LOOKUP(
								     "hairpin4",
								     "00"))
							RULE("postrouting",
							     REDIRECTED FAMILY(
								     "0a") TO6("08")
								     LOOKUP("hairpin6",
									    "00"))
								RULE("postrouting",
								     FAMILY("02") FROM4(
									     "08")
									     LOOKUP("masq4",
										    "00"))
									RULE("postrouting",
									     FAMILY("0a") FROM6(
										     "08")
										     LOOKUP("masq6",
											    "00"));

static struct nft begun(struct kernel *k)
{
	struct nft nft = nat_table(&k->nl);

	nft_begin(&nft, 0);
	return nft;
}

static void table_is_encoded(void **state)
{
	struct kernel *k = *state;
	struct nft nft = begun(k);
	size_t at = k->nl.len;

	if (!IS_ENABLED(CONFIG_IPV6))
		skip();
	nat_table_add(&nft);
	assert_string_equal(held_lines(k, at), whole_table);
}

static void subnet_chains_are_encoded(void **state)
{
	static const struct {
		struct nat_entry entry;
		const char *bytes;
	} table[] = {
		{ { NAT_MASQUERADE, POD4 },
		  CHAIN("c") RULE("c", FAMILY("02") TO4("08") MASK(
					       "04", "ffffff00", "00000000")
					       EQUAL("0a010200") RETURN)
			  RULE("c", FAMILY("02") TO4("08")
					    MASK("04", "f0000000", "00000000")
						    EQUAL("e0000000") RETURN)
				  RULE("c", EXPR("masq", "")) },
		{ { NAT_MASQUERADE, POD6 },
		  CHAIN("c") RULE(
			  "c", FAMILY("0a") TO6("08") MASK(
				       "10", "ffffffffffffffff0000000000000000",
				       "00" ZEROS) EQUAL("fd" ZEROS) RETURN)
			  RULE("c", FAMILY("0a") TO6("08")
					    MASK("10", "ff" ZEROS, "00" ZEROS)
						    EQUAL("ff" ZEROS) RETURN)
				  RULE("c", EXPR("masq", "")) },
		{ { NAT_HAIRPIN, POD4 },
		  CHAIN("c") RULE("c",
				  FAMILY("02") FROM4("08") MASK(
					  "04", "ffffff00", "00000000")
					  EQUAL("0a010200") EXPR("masq", ""))
			  RULE("c", FAMILY("02") FROM4("08")
					    MASK("04", "ff000000", "00000000")
						    EQUAL("7f000000")
							    EXPR("masq", "")) },
		{ { NAT_HAIRPIN, POD6 },
		  CHAIN("c") RULE(
			  "c", FAMILY("0a") FROM6("08") MASK(
				       "10", "ffffffffffffffff0000000000000000",
				       "00" ZEROS) EQUAL("fd" ZEROS)
				       EXPR("masq", "")) },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct kernel *k = *state;
		struct nft nft = begun(k);
		size_t at = k->nl.len;

		nat_subnet_chain_add(&nft, "c", &table[i].entry);
		assert_string_equal(held_lines(k, at), table[i].bytes);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

/* ---- elements ---- */

static const struct nat_entry entries[] = {
	{ NAT_MASQUERADE, POD4 },
	{ NAT_HAIRPIN, POD4 },
	{ NAT_PORT, POD4, IPPROTO_TCP, { 0 }, 8080, 80 },
	{ NAT_PORT, POD4, IPPROTO_UDP, { AF_INET, { 0 } }, 8080, 80 },
	{ NAT_PORT, POD4, IPPROTO_SCTP, HOST4, 8080, 80 },
	{ NAT_MASQUERADE, POD6 },
	{ NAT_HAIRPIN, POD6 },
	{ NAT_PORT, POD6, IPPROTO_TCP, { AF_INET6, { 0 } }, 8080, 80 },
	{ NAT_PORT, POD6, IPPROTO_UDP, HOST6, 8080, 80 },
};

enum { ENTRIES = IS_ENABLED(CONFIG_IPV6) ? COUNT(entries) : 5 };

static void entries_become_elements(void **state)
{
	static const char *const lines[] = {
		"2='masq4' 3={ 1={ 1={ 1=0a010203 }"
		" 2={ 2={ 1=fffffffc 2='masq-10.1.2.0/24' } }",
		"2='hairpin4' 3={ 1={ 1={ 1=0a010203 }"
		" 2={ 2={ 1=fffffffd 2='hairpin-10.1.2.0/24' } }",
		"2='hostport4' 3={ 1={ 1={ 1=060000001f900000 }"
		" 2={ 1=0a01020300500000 }",
		"2='hostport4' 3={ 1={ 1={ 1=110000001f900000 }"
		" 2={ 1=0a01020300500000 }",
		"2='hostip4' 3={ 1={ 1={ 1=84000000c00002011f900000 }"
		" 2={ 1=0a01020300500000 }",
		"2='masq6' 3={ 1={ 1={ 1=fd000000000000000000000000000003 }"
		" 2={ 2={ 1=fffffffc 2='masq-fd00__/64' } }",
		"2='hairpin6' 3={ 1={ 1={ 1=fd000000000000000000000000000003 }"
		" 2={ 2={ 1=fffffffd 2='hairpin-fd00__/64' } }",
		"2='hostport6' 3={ 1={ 1={ 1=060000001f900000 }"
		" 2={ 1=fd00000000000000000000000000000300500000 }",
		"2='hostip6' 3={ 1={ 1={ 1=11000000fd010000000000000000000000000000"
		"1f900000 } 2={ 1=fd00000000000000000000000000000300500000 }",
	};

	for (size_t i = 0; i < COUNT(entries); i++) {
		struct kernel *k = *state;
		struct nft nft = begun(k);
		size_t at = k->nl.len;
		struct nft_element element;

		nat_element(&k->job, &entries[i], "o", &element);
		nft_element_add(&nft, &element);
		assert_string_equal(
			held_lines(k, at),
			job_printf(&k->job,
				   REQUEST("2572", "601", " %s 6=00026f00 } }"),
				   lines[i]));
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void maps_are_numbered_with_their_kind(void **state)
{
	static const struct {
		const char *name;
		enum nat_kind kind;
	} maps[] = {
		{ "masq", NAT_MASQUERADE },
		{ "hairpin", NAT_HAIRPIN },
		{ "hostip", NAT_PORT },
		{ "hostport", NAT_PORT },
	};
	const int families = 1 + IS_ENABLED(CONFIG_IPV6);
	struct kernel *k = *state;
	enum nat_kind kind;
	int i;

	for (i = 0; i < (int)COUNT(maps) * families; i++) {
		assert_string_equal(nat_map(i, &kind),
				    job_printf(&k->job, "%s%d",
					       maps[i / families].name,
					       i % families ? 6 : 4));
		assert_int_equal(kind, maps[i / families].kind);
	}
	assert_null(nat_map(i, &kind));
}

static void subnet_chains_are_told_by_their_name(void **state)
{
	(void)state;
	assert_true(nat_is_subnet_chain("masq-10.1.2.0/24"));
	assert_true(nat_is_subnet_chain("hairpin-fd00__/64"));
	assert_false(nat_is_subnet_chain("masq"));
	assert_false(nat_is_subnet_chain("ports"));
	assert_false(nat_is_subnet_chain("postrouting"));
	assert_false(nat_is_subnet_chain(""));
}

/* ---- with the kernel itself ---- */

static void kernel_takes_the_whole_table(void **state)
{
	struct kernel *k = *state;
	struct nft nft = nat_table(real_kernel(state));
	struct nft_element element;

	nft_begin(&nft, 0);
	nat_table_add(&nft);
	for (int i = 0; i < ENTRIES; i++) {
		nat_element(&k->job, &entries[i], "o", &element);
		if (element.chain)
			nat_subnet_chain_add(&nft, element.chain, &entries[i]);
		nft_element_add(&nft, &element);
	}
	assert_int_equal(nft_commit(&nft), 0);
	assert_false(nft.stale);
	assert_int_equal(nat_table_check(&nft), 0);
	for (int i = 0; i < ENTRIES; i++) {
		nat_element(&k->job, &entries[i], "o", &element);
		if (element.chain)
			assert_int_equal(nat_subnet_chain_check(&nft,
								element.chain,
								&entries[i]),
					 0);
	}
	/* It is there: a second one is not made. */
	nft_begin(&nft, 0);
	nat_table_add(&nft);
	assert_int_equal(nft_commit(&nft), 0);
	assert_true(nft.stale);
}

static void check_counts_the_rules(void **state)
{
	struct kernel *k = *state;
	struct nft nft = nat_table(real_kernel(state));

	nft_begin(&nft, 0);
	nat_table_add(&nft);
	nft_chain_add(&nft, "masq-10.1.2.0/24", NULL);
	nft_rule(&nft, "output");
	nft_verdict(&nft, NFT_RETURN, NULL);
	nft_rule_end(&nft);
	assert_int_equal(nft_commit(&nft), 0);
	assert_int_equal(nat_table_check(&nft), -1);
	assert_string_equal(k->job.msg, "chain output of table cnibox has 2 "
					"rules instead of 1");
	k->job.msg = NULL;
	assert_int_equal(
		nat_subnet_chain_check(&nft, "masq-10.1.2.0/24", &entries[0]),
		-1);
	assert_string_equal(k->job.msg, "chain masq-10.1.2.0/24 of table "
					"cnibox has 0 rules instead of 3");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(table_is_encoded),
		TEST(subnet_chains_are_encoded),
		TEST(entries_become_elements),
		TEST(maps_are_numbered_with_their_kind),
		TEST(subnet_chains_are_told_by_their_name),
		TEST(kernel_takes_the_whole_table),
		TEST(check_counts_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
