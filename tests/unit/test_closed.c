/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

#define VETH0 "76657468300000000000000000000000"

static const struct row rows[] = {
	{ { .kind = ENTRY_CLOSED, .bridge_port = "veth0", .bridge = "br0" },
	  "closed veth0 br0",
	  "bridge br0 of interface veth0 is not closed",
	  "2='closed-br0' 3={ 1={ 1={ 1=" VETH0 " }",
	  "closed-br0" },
	{ { .kind = ENTRY_ISOLATED, .bridge_port = "veth0", .bridge = "br0" },
	  "isolated veth0 br0",
	  "bridge br0 of interface veth0 is not isolated",
	  "2='isolated-br0' 3={ 1={ 1={ 1=" VETH0 " }",
	  "isolated-br0" },
};

static const struct row bridge_rows[] = {
	{ { .kind = ENTRY_ISOLATED_PORT, .bridge_port = "veth0" },
	  "alone veth0",
	  "interface veth0 is not isolated",
	  "2='ports' 3={ 1={ 1={ 1=" VETH0 " }" },
};

static const char *const no_texts[] = {
	"closed",
	"closed veth0",
	"closed veth0 ",
	"closed  br0",
	"closed veth0 br0 x",
	"isolated veth0",
	"isolated veth0 sixteen-letters-",
	"alone",
	"alone ",
	"alone veth0 br0",
};

static const struct rows tested[] = {
	{ rows, COUNT(rows) },
	{ bridge_rows, COUNT(bridge_rows) },
};

#include "tests/unit/kind_tests.h"

static size_t count_closed(struct world *world)
{
	struct list all = { 0 };

	list_set(world, ENTRY_CLOSED, "closed", &all);
	return all.count;
}

/* A bridge is closed as long as it has a port because of which it is. */
static void bridges_are_closed_until_the_last_one_goes(void **state)
{
	const struct entry other = { .kind = ENTRY_CLOSED,
				     .bridge_port = "veth1",
				     .bridge = "br0" };
	struct world world = begun(state);
	struct list list = list_of(&closed, 1);

	assert_int_equal(add(&world, "a", &closed), 0);
	assert_int_equal(add(&world, "b", &other), 0);
	assert_int_equal(count_closed(&world), 1);
	assert_int_equal(del(&world, "a", &closed), 0);
	assert_int_equal(tables_trim(&world.k->nl, &list), 0);
	assert_int_equal(count_closed(&world), 1);
	assert_there(&world, "b", &other);
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	assert_there(&world, "b", &other);
	assert_int_equal(del(&world, "b", &other), 0);
	assert_int_equal(tables_trim(&world.k->nl, &list), 0);
	assert_int_equal(count_closed(&world), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
		TEST(bridges_are_closed_until_the_last_one_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
