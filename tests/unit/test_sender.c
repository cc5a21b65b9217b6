/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

#define VETH0 "76657468300000000000000000000000"

static const struct row rows[] = {
	{ { .kind = ENTRY_SENDER, .bridge_port = "veth0" },
	  "sender veth0 *",
	  "interface veth0 is not kept to its addresses",
	  "2='guarded' 3={ 1={ 1={ 1=" VETH0 " }" },
	{ { .kind = ENTRY_SENDER, .bridge_port = "veth0", .pod = POD4 },
	  "sender veth0 10.1.2.3/24",
	  "interface veth0 is not kept to its addresses",
	  "2='senders4' 3={ 1={ 1={ 1=" VETH0 "0a010203 }" },
};

static const struct row bridge_rows[] = {
	{ { .kind = ENTRY_SENDER_BRIDGED, .bridge_port = "veth0", .pod = POD6 },
	  "sender-bridged veth0 fd00::3/64",
	  "interface veth0 is not kept to its addresses",
	  "2='senders6' 3={ 1={ 1={ 1=" VETH0
	  "fd000000000000000000000000000003 }" },
};

static const char *const no_texts[] = {
	"sender",
	"sender veth0",
	"sender veth0 ",
	"sender  *",
	"sender veth0 * x",
	"sender veth0 10.1.2.3",
	"sender sixteen-letters- *",
	"sender-bridged veth0",
};

static void texts_and_words(void **state)
{
	struct kernel *k = *state;

	assert_texts(&k->job, rows, COUNT(rows));
	assert_texts(&k->job, bridge_rows, COUNT(bridge_rows));
	assert_no_texts(&k->job, no_texts, COUNT(no_texts));
}

static void elements_are_encoded(void **state)
{
	assert_elements(state, "01", rows, COUNT(rows));
	assert_elements(state, "07", bridge_rows, COUNT(bridge_rows));
}

static void kernel_takes_the_tables_and_all_elements(void **state)
{
	assert_kernel_takes(state, rows, COUNT(rows));
	assert_kernel_takes(state, bridge_rows, COUNT(bridge_rows));
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(texts_and_words),
		TEST(elements_are_encoded),
		TEST(kernel_takes_the_tables_and_all_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
