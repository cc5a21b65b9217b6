/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/nat.h"

static bool is_b(void *arg, const char *owner)
{
	++*(int *)arg;
	return strcmp(owner, "b") == 0;
}

/* A chain stays as long as anything leads to it. */
static void gc_clears_both_tables(void **state)
{
	struct world world = begun(state);
	const struct entry *all = every_kind(&world);
	struct entry living[] = { inner, source, guarded };
	int asked_for = 0;

	living[0].host_port++;
	living[1].mac[0]++;
	living[2].bridge_port[4]++;
	assert_int_equal(add_some(&world, "b", all, KINDS), 0);
	assert_int_equal(add_some(&world, "a", living, 3), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 3);
	assert_int_equal(tables_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_int_equal(asked_for, KINDS + 3);
	assert_int_equal(elements(&world), 3);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 1);
	assert_int_equal(count_chains(&world, ENTRY_GUARDED), 1);
	for (int i = 0; i < 3; i++)
		assert_there(&world, "a", &living[i]);
	assert_int_equal(del(&world, "a", &living[0]), 0);
	assert_int_equal(tables_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS);
}

static void gc_removes_the_dead_and_their_chains(void **state)
{
	struct world world = begun(state);
	struct entry dead = masq, other = masq;
	int asked_for = 0;

	dead.pod.len = 25;
	dead.pod.ip.bytes[3] = 4;
	other.pod.ip.bytes[3] = 5;
	assert_int_equal(tables_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_int_equal(asked_for, 0);
	assert_int_equal(add(&world, "a", &masq), 0);
	assert_int_equal(add(&world, "b", &other), 0);
	assert_int_equal(add(&world, "b", &dead), 0);
	assert_int_equal(add(&world, "b", &web), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 2);
	assert_int_equal(tables_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_int_equal(asked_for, 4);
	assert_int_equal(elements(&world), 1);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 1);
	assert_there(&world, "a", &masq);
}

enum { ROUNDS = 1000 };

static bool is_nobody(void *arg, const char *owner)
{
	(void)arg;
	return strcmp(owner, "nobody") == 0;
}

/* What the one takes for unused may be what the other begins to use. */
static int use_or_collect(int process)
{
	struct kernel k = { .fd = -1 };
	struct world world = { .k = &k };
	int failed = 0;

	nl_init(&k.nl, &k.job, -1, NETLINK_NETFILTER);
	for (int i = 0; i < ROUNDS && !failed; i++) {
		if (process) {
			failed = tables_gc(&k.nl, is_nobody, NULL);
			continue;
		}
		failed |= add(&world, "a", &masq);
		failed |= *wrong(&world, "a", &masq);
		failed |= del(&world, "a", &masq);
	}
	return failed || k.job.msg;
}

static void gc_leaves_what_is_used_meanwhile(void **state)
{
	struct world world = begun(state);

	run_processes(use_or_collect);
	assert_int_equal(elements(&world), 0);
	assert_int_equal(tables_gc(&world.k->nl, is_nobody, NULL), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(gc_removes_the_dead_and_their_chains),
		TEST(gc_clears_both_tables),
		TEST(gc_leaves_what_is_used_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
