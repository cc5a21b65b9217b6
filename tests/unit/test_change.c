/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All with the kernel itself, in a network namespace of its own. */
#include "tests/unit/tables.h"

static void add_makes_the_tables_and_all_entries(void **state)
{
	struct world world = begun(state);
	const struct entry *all = every_kind(&world);

	assert_int_equal(add_some(&world, "a", all, KINDS), 0);
	assert_int_equal(elements(&world), KINDS);
	for (int i = 0; i < KINDS; i++)
		assert_there(&world, "a", &all[i]);
	assert_int_equal(world.looks, 0);
}

static void add_makes_only_the_table_it_needs(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	assert_true(is_missing(&world, ENTRY_MACSPOOFCHK_MAC));
	destroy(&world, ENTRY_PORT, NFT_MSG_DELTABLE, NULL);
	assert_int_equal(add(&world, "a", &macspoofchk_mac), 0);
	assert_true(is_missing(&world, ENTRY_PORT));
	assert_there(&world, "a", &macspoofchk_mac);
}

/* In the same transaction, however many lead to it. */
static void add_makes_each_own_chain_once(void **state)
{
	struct entry all[] = { inner, inner, inner, masq, masq };
	struct world world = begun(state);

	all[1].host_port++;
	all[2].protocol = IPPROTO_UDP;
	all[2].conditions = "iifname != { eth0, eth1 }";
	all[4].pod.ip.bytes[3]++;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(add_some(&world, "a", all, COUNT(all)), 0);
		assert_int_equal(count_chains(&world, ENTRY_PORT),
				 BASE_CHAINS + 3);
	}
	for (size_t i = 0; i < COUNT(all); i++)
		assert_there(&world, "a", &all[i]);
}

static void add_of_nothing_makes_nothing(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add_some(&world, "a", NULL, 0), 0);
	assert_true(is_missing(&world, ENTRY_PORT));
	assert_true(is_missing(&world, ENTRY_MACSPOOFCHK));
}

static void add_may_be_repeated(void **state)
{
	struct world world = begun(state);
	const struct entry *all = every_kind(&world);
	struct entry moved[] = { web, inner };

	for (int i = 0; i < 3; i++)
		assert_int_equal(add_some(&world, "a", all, KINDS), 0);
	assert_int_equal(elements(&world), KINDS);
	moved[0].pod_port = 81;
	moved[1].conditions = "iifname eth1";
	assert_int_equal(add_some(&world, "a", moved, COUNT(moved)), 0);
	assert_int_equal(elements(&world), KINDS);
	for (size_t i = 0; i < COUNT(moved); i++)
		assert_there(&world, "a", &moved[i]);
	assert_there(&world, "a", &macspoofchk);
	assert_int_equal(world.looks, 0);
}

static void add_refuses_one_key_with_two_data(void **state)
{
	struct entry twice[] = { web, web };
	struct world world = begun(state);

	assert_int_equal(add_some(&world, "a", twice, 2), 0);
	assert_int_equal(elements(&world), 1);
	twice[1].pod_port = 81;
	assert_refused(&world, add_some(&world, "a", twice, 2), CNI_BAD_CONFIG,
		       "host port 8080/tcp is published twice");
	assert_there(&world, "a", &web);
	twice[0] = twice[1] = inner;
	twice[1].conditions = "iifname eth1";
	assert_refused(&world, add_some(&world, "a", twice, 2), CNI_BAD_CONFIG,
		       "host port 8080/tcp is published twice");
}

static void delete_the_table(struct world *world)
{
	world->meanwhile = NULL;
	destroy(world, ENTRY_PORT, NFT_MSG_DELTABLE, NULL);
}

static void add_survives_the_loss_of_the_table(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	world.meanwhile = delete_the_table;
	assert_int_equal(add(&world, "b", &web), 0);
	assert_null(world.meanwhile);
	assert_int_equal(elements(&world), 1);
	assert_there(&world, "b", &web);
	delete_the_table(&world);
	assert_int_equal(add(&world, "b", &masq), 0);
	assert_there(&world, "b", &masq);
}

/* ---- removing ---- */

static void del_removes_what_the_owner_has(void **state)
{
	struct world world = begun(state);
	const struct entry *all = every_kind(&world);
	struct entry others[] = { web, macspoofchk_mac };
	struct list list = list_of(all, KINDS);

	others[0].host_port++;
	others[1].mac[5]++;
	assert_int_equal(
		tables_del(&world.k->nl, "a", &list, &(bool) { false }), 0);
	assert_int_equal(add_some(&world, "a", all, KINDS), 0);
	assert_int_equal(add_some(&world, "b", others, 2), 0);
	assert_int_equal(
		tables_del(&world.k->nl, "b", &list, &(bool) { false }), 0);
	assert_int_equal(elements(&world), KINDS + 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			tables_del(&world.k->nl, "a", &list, &(bool) { false }),
			0);
		assert_int_equal(elements(&world), 2);
	}
	assert_there(&world, "b", &others[0]);
	assert_there(&world, "b", &others[1]);
}

/* ---- looking ---- */

static void check_says_what_is_missing(void **state)
{
	const struct entry all[] = { masq, web };
	struct world world = begun(state);
	struct entry moved = web;

	moved.pod_port = 81;
	assert_string_equal(wrong(&world, "a", &web),
			    "host port 8080/tcp is not published");
	assert_int_equal(add_some(&world, "a", all, 2), 0);
	assert_string_equal(wrong(&world, "a", &hairpin),
			    "address 10.1.2.3 is not masqueraded");
	assert_string_equal(wrong(&world, "b", &web),
			    "host port 8080/tcp is published for a");
	assert_string_equal(wrong(&world, "a", &moved),
			    "host port 8080/tcp is published differently");
	destroy(&world, ENTRY_PORT, NFT_MSG_DELRULE, "masq4-24");
	assert_there(&world, "a", &web);
	assert_string_equal(wrong(&world, "a", &masq),
			    "chain masq4-24 of table cnibox has 0 rules "
			    "instead of 3");
	assert_int_equal(add(&world, "a", &hairpin), 0);
	destroy(&world, ENTRY_PORT, NFT_MSG_DELRULE, "hairpin");
	assert_string_equal(wrong(&world, "a", &hairpin),
			    "chain hairpin of table cnibox does not lead to "
			    "hairpin4-24");
	destroy(&world, ENTRY_PORT, NFT_MSG_DELRULE, "output");
	assert_string_equal(
		wrong(&world, "a", &web),
		"chain output of table cnibox has 0 rules instead of 1");
}

static void check_looks_at_conditions_and_macspoofchk(void **state)
{
	struct world world = begun(state);
	const struct entry *all = every_kind(&world);
	struct entry other = inner;

	assert_string_equal(wrong(&world, "a", &inner),
			    "host port 8080/tcp is not published");
	assert_string_equal(wrong(&world, "a", &macspoofchk),
			    "macspoofchk of interface veth0 is not set");
	assert_string_equal(wrong(&world, "a", &macspoofchk_mac),
			    "macspoofchk of interface veth0 is not set");
	assert_int_equal(add_some(&world, "a", all, KINDS), 0);
	other.conditions = "iifname eth1";
	assert_string_equal(wrong(&world, "a", &other),
			    "host port 8080/tcp is published differently");
	assert_string_equal(wrong(&world, "b", &macspoofchk_mac),
			    "macspoofchk of interface veth0 is set for a");
	destroy(&world, ENTRY_PORT, NFT_MSG_DELRULE, "cond-823e4970abd968cc");
	assert_string_equal(wrong(&world, "a", &inner),
			    "chain cond-823e4970abd968cc of table cnibox has "
			    "0 rules instead of 1");
	destroy(&world, ENTRY_MACSPOOFCHK_MAC, NFT_MSG_DELRULE, "prerouting");
	assert_there(&world, "a", &web);
	assert_string_equal(wrong(&world, "a", &macspoofchk),
			    "chain prerouting of table cnibox has 0 rules "
			    "instead of 1");
}

/* ---- many ---- */

static void thousands_come_and_go(void **state)
{
	enum { MANY = 3000 };
	struct world world = begun(state);
	struct entry *many = job_alloc(&world.k->job, MANY * sizeof(*many));
	const struct holders holders = { tell, &world };
	struct list list = list_of(many, MANY);

	for (int i = 0; i < MANY; i++) {
		many[i] = web;
		many[i].host_port = (uint16_t)(1 + i);
	}
	assert_int_equal(add_some(&world, "a", many, MANY), 0);
	assert_int_equal(elements(&world), MANY);
	assert_int_equal(tables_check(&world.k->nl, "a", &list, &holders), 0);
	assert_int_equal(
		tables_del(&world.k->nl, "a", &list, &(bool) { false }), 0);
	assert_int_equal(elements(&world), 0);
	assert_int_equal(add_some(&world, "a", many, MANY), 0);
	assert_int_equal(tables_del_owner(&world.k->nl, "a", ~0U), 0);
	assert_int_equal(elements(&world), 0);
}

enum { ROUNDS = 50 };

static struct entry nth(int process, int round)
{
	struct entry entry = web;

	entry.host_port = (uint16_t)(1000 * (process + 1) + round);
	return entry;
}

/* Adds one in each round, and deletes every second again; its status. */
static int come_and_go(int process)
{
	struct kernel k = { .fd = -1 };
	struct world world = { .k = &k };
	struct entry entry;
	int failed = 0;

	nl_init(&k.nl, &k.job, -1, NETLINK_NETFILTER);
	for (int i = 0; i < ROUNDS; i++) {
		entry = nth(process, i);
		failed |= add(&world, process ? "b" : "a", &entry);
		if (i % 2)
			failed |= del(&world, process ? "b" : "a", &entry);
	}
	return failed || k.job.msg;
}

static void processes_do_not_lose_each_others_entries(void **state)
{
	struct world world = begun(state);
	struct entry entry;

	run_processes(come_and_go);
	assert_int_equal(elements(&world), PROCESSES * ROUNDS / 2);
	for (int i = 0; i < PROCESSES; i++) {
		for (int j = 0; j < ROUNDS; j += 2) {
			entry = nth(i, j);
			assert_there(&world, i ? "b" : "a", &entry);
		}
	}
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(add_makes_the_tables_and_all_entries),
		TEST(add_makes_only_the_table_it_needs),
		TEST(add_makes_each_own_chain_once),
		TEST(add_of_nothing_makes_nothing),
		TEST(add_may_be_repeated),
		TEST(add_refuses_one_key_with_two_data),
		TEST(add_survives_the_loss_of_the_table),
		TEST(del_removes_what_the_owner_has),
		TEST(check_says_what_is_missing),
		TEST(check_looks_at_conditions_and_macspoofchk),
		TEST(thousands_come_and_go),
		TEST(processes_do_not_lose_each_others_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
