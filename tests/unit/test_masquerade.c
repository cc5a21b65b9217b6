/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

static const struct row rows[] = {
	{ { ENTRY_MASQUERADE, POD4 },
	  "masquerade 10.1.2.3/24",
	  "address 10.1.2.3 is not masqueraded",
	  "2='masq4-24' 3={ 1={ 1={ 1=0a0102030a010200 }",
	  "masq4-24" },
	{ { ENTRY_MASQUERADE, POD6 },
	  "masquerade fd00::3/64",
	  "address fd00::3 is not masqueraded",
	  "2='masq6-64' 3={ 1={ 1={ 1=fd000000000000000000000000000003"
	  "fd000000000000000000000000000000 }",
	  "masq6-64" },
	{ { ENTRY_MASQUERADE, POD(4), .exempt = "10.9.0.0/16 10.8.0.0/16" },
	  "masquerade 10.1.2.4/24 10.9.0.0/16 10.8.0.0/16",
	  "address 10.1.2.4 is not masqueraded",
	  "2='masq4-24-e88c386926619d12' 3={ 1={ 1={ 1=0a0102040a010200 }",
	  "masq4-24-e88c386926619d12" },
	{ { ENTRY_MASQUERADE, POD(5), .exempt = "10.9.0.0/16 realm:7" },
	  "masquerade 10.1.2.5/24 10.9.0.0/16 realm:7",
	  "address 10.1.2.5 is not masqueraded",
	  "2='masq4-24-b4b2250d51edf44a' 3={ 1={ 1={ 1=0a0102050a010200 }",
	  "masq4-24-b4b2250d51edf44a" },
};

static const char *const no_texts[] = {
	"masquerade",
	"masquerade ",
	"masquerade 10.1.2.3",
	"masquerade 10.1.2.3/33",
	"masquerade 10.1.2.3/-1",
	"masquerade 10.1.2/24",
	"masquerade  10.1.2.3/24",
	"masquerade 10.1.2.3/24 ",
	"masquerade 10.1.2.3 10.9.0.0/16",
	"masquerade 10.1.2.3/24\n",
	" masquerade 10.1.2.3/24",
	"Masquerade 10.1.2.3/24",
	"masq 10.1.2.3/24",
};

/* clang-format off */
#define MULTICAST4 MASK("04", "f0000000", "00000000") EQUAL("e0000000")
#define REALM(realm) \
	EXPR("rt", " 2=00000000 1=00000008") \
	MASK("04", HOST2("ff", "ff"), "00000000") EQUAL(HOST(realm))
#define MULTICAST6 MASK("10", "ff" ZEROS, "00" ZEROS) EQUAL("ff" ZEROS)

static const struct chain_row chains[] = {
	{ { ENTRY_MASQUERADE, POD4 }, {
		CHAIN("c"),
		PAIRS4("03"),
		RULE("c", V4 FROM4("08") TO4("09") NETWORK4 IN("c") RETURN),
		RULE("c", V4 TO4("08") MULTICAST4 RETURN),
		RULE("c", MASQUERADE),
		RULE("masq", V4 FROM4("08") FROM4("09") NETWORK4 IN("c") GOTO("c")),
	}, 3 },
	{ { ENTRY_MASQUERADE, { { AF_INET, { 10, 1, 2, 3 } }, 32 } }, {
		CHAIN("c"),
		PAIRS4("03"),
		RULE("c", V4 FROM4("08") TO4("09") IN("c") RETURN),
		RULE("c", V4 TO4("08") MULTICAST4 RETURN),
		RULE("c", MASQUERADE),
		RULE("masq", V4 FROM4("08") FROM4("09") IN("c") GOTO("c")),
	}, 3 },
	{ { ENTRY_MASQUERADE, POD4, .exempt = "10.9.0.0/24  192.0.2.1/32 " }, {
		CHAIN("c"),
		PAIRS4("03"),
		RULE("c", V4 FROM4("08") TO4("09") NETWORK4 IN("c") RETURN),
		RULE("c", V4 TO4("08") MULTICAST4 RETURN),
		RULE("c", V4 TO4("08") SUBNET4("0a090000") RETURN),
		RULE("c", V4 TO4("08") EQUAL("c0000201") RETURN),
		RULE("c", MASQUERADE),
		RULE("masq", V4 FROM4("08") FROM4("09") NETWORK4 IN("c") GOTO("c")),
	}, 5 },
	{ { ENTRY_MASQUERADE, POD6, .exempt = "fd09::/64" }, {
		CHAIN("c"),
		PAIRS6("03"),
		RULE("c", V6 FROM6("08") TO6("0c") NETWORK6 IN("c") RETURN),
		RULE("c", V6 TO6("08") MULTICAST6 RETURN),
		RULE("c", V6 TO6("08") SUBNET6("fd090000000000000000000000000000") RETURN),
		RULE("c", MASQUERADE),
		RULE("masq", V6 FROM6("08") FROM6("0c") NETWORK6 IN("c") GOTO("c")),
	}, 4 },
	{ { ENTRY_MASQUERADE, POD4, .exempt = "realm:255 10.9.0.0/24 realm:0" }, {
		CHAIN("c"),
		PAIRS4("03"),
		RULE("c", V4 FROM4("08") TO4("09") NETWORK4 IN("c") RETURN),
		RULE("c", V4 TO4("08") MULTICAST4 RETURN),
		RULE("c", V4 TO4("08") SUBNET4("0a090000") RETURN),
		RULE("c", REALM("ff") RETURN),
		RULE("c", MASQUERADE),
		RULE("masq", V4 FROM4("08") FROM4("09") NETWORK4 IN("c") GOTO("c")),
	}, 5 },
};
/* clang-format on */

static const struct rows tested[] = {
	{ rows, COUNT(rows) },
};

#include "tests/unit/kind_tests.h"

static void chains_are_encoded(void **state)
{
	assert_chains(state, chains, COUNT(chains));
}

static void kernel_takes_the_chains(void **state)
{
	assert_kernel_takes_chains(state, chains, COUNT(chains));
}

/* What differs in its rules differs in its name. */
static void chains_are_shared_by_what_has_the_same_rules(void **state)
{
	struct entry a = masq, b = masq;
	struct kernel *k = *state;

	b.pod.ip.bytes[3] = 9;
	assert_same_chain(&k->job, &a, &b, true);
	a.exempt = "10.9.0.0/16";
	assert_same_chain(&k->job, &a, &b, false);
	b.exempt = "10.8.0.0/16";
	assert_same_chain(&k->job, &a, &b, false);
	b.exempt = "10.9.0.0/16";
	assert_same_chain(&k->job, &a, &b, true);
	b.pod.len = 25;
	assert_same_chain(&k->job, &a, &b, false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
		TEST(chains_are_encoded),
		TEST(kernel_takes_the_chains),
		TEST(chains_are_shared_by_what_has_the_same_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
