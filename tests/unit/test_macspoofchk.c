/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

static const struct row rows[] = {
	{ { .kind = ENTRY_MACSPOOFCHK, .bridge_port = "veth0" },
	  "guarded veth0",
	  "macspoofchk of interface veth0 is not set",
	  "2='guarded' 3={ 1={ 1={ 1=76657468300000000000000000000000 }" },
	{ { .kind = ENTRY_MACSPOOFCHK_MAC,
	    .bridge_port = "veth0",
	    .mac = { 2, 3, 4, 5, 6, 7 } },
	  "source veth0 02:03:04:05:06:07",
	  "macspoofchk of interface veth0 is not set",
	  "2='sources' 3={ 1={ 1={ 1=76657468300000000000000000000000"
	  "0203040506070000 }" },
	{ { .kind = ENTRY_MACSPOOFCHK_MAC,
	    .bridge_port = "fifteen-letters",
	    .mac = { 2, 0, 0x5e, 0x10, 0, 0xff } },
	  "source fifteen-letters 02:00:5e:10:00:ff",
	  "macspoofchk of interface fifteen-letters is not set" },
};

static const char *const no_texts[] = {
	"guarded",
	"guarded ",
	"guarded  veth0",
	"guarded veth0 ",
	"guarded veth0 02:00:5e:10:00:ff",
	"guarded sixteen-letters-",
	"source veth0",
	"source veth0 ",
	"source  02:00:5e:10:00:ff",
	"source veth0 02:00:5e:10:00",
	"source veth0 02:00:5e:10:00:ff x",
	"source sixteen-letters- 02:00:5e:10:00:ff",
};

static void texts_and_words(void **state)
{
	struct kernel *k = *state;

	assert_texts(&k->job, rows, COUNT(rows));
	assert_no_texts(&k->job, no_texts, COUNT(no_texts));
}

static void elements_are_encoded(void **state)
{
	assert_elements(state, "07", rows, COUNT(rows));
}

static void kernel_takes_the_table_and_all_elements(void **state)
{
	assert_kernel_takes(state, rows, COUNT(rows));
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(texts_and_words),
		TEST(elements_are_encoded),
		TEST(kernel_takes_the_table_and_all_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
