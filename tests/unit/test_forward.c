/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

static const struct row rows[] = {
	{ { .kind = ENTRY_FORWARD, .pod = POD4, .mark_bit = 4 },
	  "forward 10.1.2.3/24 4",
	  "address 10.1.2.3 is not forwarded",
	  "2='pods4-4' 3={ 1={ 1={ 1=0a010203 }",
	  "pods4-4" },
	{ { .kind = ENTRY_FORWARD,
	    .pod = POD6,
	    .mark_bit = 31,
	    .admin = "NOMAD-ADMIN" },
	  "forward fd00::3/64 31 NOMAD-ADMIN",
	  "address fd00::3 is not forwarded",
	  "2='pods6-31' 3={ 1={ 1={ 1=fd000000000000000000000000000003 }",
	  "pods6-31" },
	{ { .kind = ENTRY_PUBLISHED,
	    .pod = POD4,
	    .protocol = IPPROTO_TCP,
	    .pod_port = 80 },
	  "published tcp 10.1.2.3/24 80",
	  "published port 80/tcp of address 10.1.2.3 is not forwarded",
	  "2='published4' 3={ 1={ 1={ 1=060000000a01020300500000 }" },
	{ { .kind = ENTRY_PUBLISHED,
	    .pod = POD6,
	    .protocol = IPPROTO_UDP,
	    .pod_port = 65535 },
	  "published udp fd00::3/64 65535",
	  "published port 65535/udp of address fd00::3 is not forwarded",
	  "2='published6' 3={ 1={ 1={ 1=11000000"
	  "fd000000000000000000000000000003ffff0000 }" },
};

static const char *const no_texts[] = {
	"forward",
	"forward 10.1.2.3 4",
	"forward 10.1.2.3/24",
	"forward 10.1.2.3/24 32",
	"forward 10.1.2.3/24 -1",
	"forward 10.1.2.3/24 4 ",
	"published tcp 10.1.2.3/24",
	"published tcp 10.1.2.3/24 0",
	"published tcp 10.1.2.3/24 65536",
	"published tcp 10.1.2.3/24 80 x",
	"published tcp 10.1.2.3 80",
	"published icmp 10.1.2.3/24 80",
};

static const struct rows tested[] = {
	{ rows, COUNT(rows) },
};

#include "tests/unit/kind_tests.h"

static void chains_tell_their_entries(void **state)
{
	struct entry entry;

	(void)state;
	assert_true(forward_kind.chain->parse("pods6-20", &entry));
	assert_int_equal(entry.pod.ip.family, AF_INET6);
	assert_int_equal(entry.mark_bit, 20);
	assert_false(forward_kind.chain->parse("pods4-32", &entry));
	assert_false(forward_kind.chain->parse("pods4", &entry));
}

/* The entry of the last pod takes its chain along, and the rules that lead there. */
static void trim_removes_what_the_last_one_had(void **state)
{
	const struct entry other = { .kind = ENTRY_FORWARD,
				     .pod = POD(4),
				     .mark_bit = 4 };
	struct world world = begun(state);
	struct list list = list_of(&forward, 1);
	struct nl *nl = &world.k->nl;
	size_t before;

	assert_int_equal(add(&world, "a", &published), 0);
	before = count_chains(&world, ENTRY_FORWARD);
	assert_int_equal(add(&world, "a", &forward), 0);
	assert_int_equal(add(&world, "b", &other), 0);
	assert_int_equal(count_chains(&world, ENTRY_FORWARD), before + 1);
	assert_int_equal(del(&world, "a", &forward), 0);
	assert_int_equal(tables_trim(nl, &list), 0);
	assert_there(&world, "b", &other);
	assert_int_equal(del(&world, "b", &other), 0);
	assert_int_equal(tables_trim(nl, &list), 0);
	assert_int_equal(count_chains(&world, ENTRY_FORWARD), before);
	/* Nothing that was in the way of a new one is left. */
	assert_int_equal(add(&world, "a", &forward), 0);
	assert_there(&world, "a", &forward);
	assert_int_equal(del(&world, "a", &forward), 0);
	assert_int_equal(tables_trim(nl, NULL), 0);
	assert_int_equal(count_chains(&world, ENTRY_FORWARD), before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
		TEST(chains_tell_their_entries),
		TEST(trim_removes_what_the_last_one_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
