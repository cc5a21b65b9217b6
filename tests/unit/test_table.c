/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

/* clang-format off */
#define MAP(id, name, key, key_len, data) \
	REQUEST("2569", "401", " 2='" name "' 3=00000018 4=" key \
		" 5=000000" key_len " 6=" data " 10=000000" id)
#define SET(id, name, key, key_len) \
	REQUEST_OF("07", "2569", "401", " 2='" name "' 3=00000010 4=" key \
		" 5=000000" key_len " 10=000000" id)
#define NAMES(id, name, key, key_len) \
	REQUEST_OF("07", "2569", "401", " 2='" name "' 3=00000010 4=" key \
		" 5=000000" key_len " 13=0004" HOST("01") " 10=000000" id)
#define TO_VERDICT "ffffff00"
#define EXPIRES	   " 6=0014656c656d656e74732063616e2065787069726500"
#define TO_POD4	   "000001cd 7=00000008"
#define TO_POD6	   "0000020d 7=00000014"
#define BASE_CHAIN(family, name, type, hook, priority) \
	REQUEST_OF(family, "2563", "401", " 3='" name "' 7='" type \
		"' 4={ 1=000000" hook " 2=" priority " }")
#define INTERVALS(id, name, key, key_len) \
	REQUEST("2569", "401", " 2='" name "' 3=00000004 4=" key \
		" 5=000000" key_len " 10=000000" id)
static const char *const inet_requests[] = {
	REQUEST("2560", "601", EXPIRES),
	MAP("03", "hostip4", "0000c1cd", "0c", TO_POD4),
	MAP("04", "hostip6", "0000c20d", "18", TO_POD6),
	MAP("05", "hostport4", "0000030d", "08", TO_POD4),
	MAP("06", "hostport6", "0000030d", "08", TO_POD6),
	NAT_SET("07", "services4", "00000007", "04"),
	NAT_SET("08", "services6", "00000008", "10"),
	CHAIN("ports"),
	CHAIN("local"),
	BASE_CHAIN("01", "guard", "filter", "00", "fffffed4"),
	BASE_CHAIN("01", "prerouting", "nat", "00", "ffffff9d"),
	BASE_CHAIN("01", "output", "nat", "03", "ffffff9d"),
	MAP("0e", "condip4", "0000c1cd", "0c", TO_VERDICT),
	MAP("0f", "condip6", "0000c20d", "18", TO_VERDICT),
	MAP("10", "condport4", "0000030d", "08", TO_VERDICT),
	MAP("11", "condport6", "0000030d", "08", TO_VERDICT),
	CHAIN("hairpin"),
#if IS_ENABLED(CONFIG_NODES)
	INTERVALS("13", "nodes4", "00000007", "04"),
	INTERVALS("14", "nodes6", "00000008", "10"),
#endif
	CHAIN("masq"),
	BASE_CHAIN("01", "postrouting", "nat", "04", "00000065"),
	RULE("prerouting", LOCAL JUMP("local")),
	RULE("output", LOCAL JUMP("local")),
	RULE("guard", V4 FROM4("08") LOOPBACK4 FROM_ELSEWHERE DROP),
	RULE("guard", V4 TO4("08") LOOPBACK4 FROM_ELSEWHERE DROP),
	RULE("local", V4 TO4("08") IN("services4") RETURN),
	RULE("guard", V6 FROM6("08") LOOPBACK6 FROM_ELSEWHERE DROP),
	RULE("guard", V6 TO6("08") LOOPBACK6 FROM_ELSEWHERE DROP),
	RULE("local", V6 TO6("08") IN("services6") RETURN),
	RULE("local", V4 PROTOCOL("08") TO4("09") PORT("0a") LOOKUP("condip4", "00")),
	RULE("local", V4 PROTOCOL("08") TO4("09") PORT("0a")
		LOOKUP("hostip4", "08") SET_MARK(MARK) DNAT("02", "09")),
	RULE("local", V4 PROTOCOL("08") PORT("09") LOOKUP("condport4", "00")),
	RULE("local", V6 PROTOCOL("08") TO6("09") PORT("0d") LOOKUP("condip6", "00")),
	RULE("local", V6 PROTOCOL("08") TO6("09") PORT("0d")
		LOOKUP("hostip6", "08") SET_MARK(MARK) DNAT("0a", "0c")),
	RULE("local", V6 PROTOCOL("08") PORT("09") LOOKUP("condport6", "00")),
	RULE("local", GOTO("ports")),
	RULE("ports", V4 PROTOCOL("08") TO4("09") PORT("0a")
		LOOKUP("hostip4", "08") SET_MARK(MARK) DNAT("02", "09")),
	RULE("ports", PROTOCOL("08") PORT("09")
		LOOKUP("hostport4", "08") SET_MARK(MARK) DNAT("02", "09")),
	RULE("ports", V6 PROTOCOL("08") TO6("09") PORT("0d")
		LOOKUP("hostip6", "08") SET_MARK(MARK) DNAT("0a", "0c")),
	RULE("ports", PROTOCOL("08") PORT("09")
		LOOKUP("hostport6", "08") SET_MARK(MARK) DNAT("0a", "0c")),
	RULE("postrouting", MARKED REDIRECTED SET_MARK("00000000")
		JUMP("hairpin")),
	RULE("postrouting", GOTO("masq")),
#if IS_ENABLED(CONFIG_NODES)
	REQUEST("2566", "c01", " 2='masq' 4={" V4 TO4("08") IN("nodes4")
		FROM4("08") IN("nodes4") RETURN " } 7=00076e6f6465733400"),
	REQUEST("2566", "c01", " 2='masq' 4={" V6 TO6("08") IN("nodes6")
		FROM6("08") IN("nodes6") RETURN " } 7=00076e6f6465733600"),
#endif
	RULE("masq", IPSEC RETURN),
};

static const char *const bridge_requests[] = {
	REQUEST_OF("07", "2560", "601", EXPIRES),
	NAMES("03", "guarded", "00000029", "10"),
	BASE_CHAIN("07", "prerouting", "filter", "00", "fffffed4"),
	SET("05", "sources", "00000a49", "18"),
	RULE_OF("07", "prerouting", INPUT("08") IN("guarded")
		FROM_MAC("0c") NOT_IN("sources") DROP),
};
/* clang-format on */

static const char *made(struct kernel *k, enum entry_kind kind)
{
	struct nft nft = table_of(&k->nl, kind);
	size_t at;

	nft_begin(&nft, 0);
	at = k->nl.len;
	table_add(&nft);
	return held_lines(k, at);
}

static void inet_table_is_encoded(void **state)
{
	struct kernel *k = *state;

	if (!IS_ENABLED(CONFIG_IPV6))
		skip();
	assert_string_equal(made(k, ENTRY_PORT), joined(&k->job, inet_requests,
							COUNT(inet_requests)));
}

static void bridge_table_is_encoded(void **state)
{
	struct kernel *k = *state;

	assert_string_equal(
		made(k, ENTRY_MACSPOOFCHK_MAC),
		joined(&k->job, bridge_requests, COUNT(bridge_requests)));
}

/* ---- with the kernel itself ---- */

static void kernel_takes_the_whole_bridge_table(void **state)
{
	struct kernel *k = *state;
	struct nft nft = table_of(real_kernel(state), ENTRY_MACSPOOFCHK);
	struct nft_element element;

	nft_begin(&nft, 0);
	table_add(&nft);
	entry_to_element(&k->job, &macspoofchk, "o", &element);
	nft_element_add(&nft, &element);
	entry_to_element(&k->job, &macspoofchk_mac, "o", &element);
	nft_element_add(&nft, &element);
	assert_int_equal(nft_commit(&nft), 0);
	assert_false(nft.stale);
	assert_int_equal(table_check(&nft), 0);
	nft_begin(&nft, 0);
	nft_rule_del(&nft, "prerouting", 0);
	assert_int_equal(nft_commit(&nft), 0);
	assert_int_equal(table_check(&nft), -1);
	assert_string_equal(k->job.msg,
			    "chain prerouting of table cnibox has 0 rules "
			    "instead of 1");
}

static void check_counts_the_rules(void **state)
{
	struct kernel *k = *state;
	struct nft nft = table_of(real_kernel(state), ENTRY_PORT);

	nft_begin(&nft, 0);
	table_add(&nft);
	nft_rule(&nft, "output");
	nft_verdict(&nft, NFT_RETURN, NULL);
	nft_rule_end(&nft);
	assert_int_equal(nft_commit(&nft), 0);
	assert_int_equal(table_check(&nft), -1);
	assert_string_equal(k->job.msg, "chain output of table cnibox has 2 "
					"rules instead of 1");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(inet_table_is_encoded),
		TEST(bridge_table_is_encoded),
		TEST(kernel_takes_the_whole_bridge_table),
		TEST(check_counts_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
