/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

static const struct row rows[] = {
	{ { ENTRY_HAIRPIN, POD4 },
	  "hairpin 10.1.2.3/24",
	  "address 10.1.2.3 is not masqueraded",
	  "2='hairpin4-24' 3={ 1={ 1={ 1=0a0102030a010200 }",
	  "hairpin4-24" },
	{ { ENTRY_HAIRPIN, POD6 },
	  "hairpin fd00::3/64",
	  "address fd00::3 is not masqueraded",
	  "2='hairpin6-64' 3={ 1={ 1={ 1=fd000000000000000000000000000003"
	  "fd000000000000000000000000000000 }",
	  "hairpin6-64" },
};

static const char *const no_texts[] = {
	"hairpin",
	"hairpin *",
	"hairpin 10.1.2.3/24 ",
	"hairpin 10.1.2.3/24 10.9.0.0/16",
};

/* clang-format off */
static const struct chain_row chains[] = {
	{ { ENTRY_HAIRPIN, POD4 }, {
		CHAIN("c"),
		PAIRS4("03"),
		RULE("c", V4 TO4("08") FROM4("09") NETWORK4 IN("c") MASQUERADE),
		RULE("c", V4 FROM4("08") LOOPBACK4 MASQUERADE),
		RULE("hairpin", V4 TO4("08") TO4("09") NETWORK4 IN("c") JUMP("c")),
	}, 2 },
	{ { ENTRY_HAIRPIN, POD6 }, {
		CHAIN("c"),
		PAIRS6("03"),
		RULE("c", V6 TO6("08") FROM6("0c") NETWORK6 IN("c") MASQUERADE),
		RULE("hairpin", V6 TO6("08") TO6("0c") NETWORK6 IN("c") JUMP("c")),
	}, 1 },
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
		TEST(chains_are_encoded),
		TEST(kernel_takes_the_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
