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

static void texts_and_words(void **state)
{
	struct kernel *k = *state;

	assert_texts(&k->job, rows, COUNT(rows));
	assert_no_texts(&k->job, no_texts, COUNT(no_texts));
}

static void elements_are_encoded(void **state)
{
	assert_elements(state, "01", rows, COUNT(rows));
}

static void kernel_takes_the_table_and_all_elements(void **state)
{
	assert_kernel_takes(state, rows, COUNT(rows));
}

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
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(texts_and_words),
		TEST(elements_are_encoded),
		TEST(kernel_takes_the_table_and_all_elements),
		TEST(chains_are_encoded),
		TEST(kernel_takes_the_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
