/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/meanwhile.h"

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
	struct entry living[] = { inner, macspoofchk_mac, macspoofchk };
	int asked_for = 0;

	living[0].host_port++;
	living[1].mac[0]++;
	living[2].bridge_port[4]++;
	assert_int_equal(add_some(&world, "b", all, KINDS), 0);
	assert_int_equal(add_some(&world, "a", living, 3), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 3);
	assert_int_equal(tables_gc(&world.k->nl, is_b, &asked_for), 0);
	/* Of whom it says so it asks again, behind its look at the tables. */
	assert_int_equal(asked_for, KINDS + 3 + KINDS);
	assert_int_equal(elements(&world), 3);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 1);
	assert_int_equal(count_chains(&world, ENTRY_MACSPOOFCHK), 1);
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
	assert_int_equal(asked_for, 4 + 3);
	assert_int_equal(elements(&world), 1);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 1);
	assert_there(&world, "a", &masq);
}

static void key_gets_another_owner(struct world *other)
{
	assert_int_equal(del(other, "a", &web), 0);
	assert_int_equal(add(other, "c", &web), 0);
}

static void del_removes_nothing_that_it_did_not_look_at(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	meanwhile = key_gets_another_owner;
	assert_int_equal(del(&world, "a", &web), 0);
	assert_null(meanwhile);
	assert_there(&world, "c", &web);
}

static void chain_comes_into_use(struct world *other)
{
	assert_int_equal(add(other, "c", &masq), 0);
}

static void gc_leaves_what_comes_into_use_meanwhile(void **state)
{
	struct world world = begun(state);
	int asked_for = 0;

	assert_int_equal(add(&world, "a", &masq), 0);
	assert_int_equal(del(&world, "a", &masq), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 1);
	meanwhile = chain_comes_into_use;
	assert_int_equal(tables_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_null(meanwhile);
	assert_there(&world, "c", &masq);
	assert_int_equal(del(&world, "c", &masq), 0);
	assert_int_equal(tables_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS);
}

static bool is_b_and_dead(void *arg, const char *owner)
{
	return !*(bool *)arg && strcmp(owner, "b") == 0;
}

static bool b_lives;

static void the_same_comes_again(struct world *other)
{
	assert_int_equal(del(other, "b", &web), 0);
	assert_int_equal(add(other, "b", &web), 0);
	b_lives = true;
}

static void gc_leaves_who_comes_again_meanwhile(void **state)
{
	struct world world = begun(state);

	b_lives = false;
	assert_int_equal(add(&world, "b", &web), 0);
	meanwhile = the_same_comes_again;
	assert_int_equal(tables_gc(&world.k->nl, is_b_and_dead, &b_lives), 0);
	assert_null(meanwhile);
	assert_there(&world, "b", &web);
	b_lives = false;
	assert_int_equal(tables_gc(&world.k->nl, is_b_and_dead, &b_lives), 0);
	assert_int_equal(elements(&world), 0);
}

static void another_comes(struct world *other)
{
	assert_int_equal(add(other, "c", &web), 0);
}

static void rebuild_keeps_what_comes_meanwhile(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &masq), 0);
	meanwhile = another_comes;
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	assert_null(meanwhile);
	assert_there(&world, "a", &masq);
	assert_there(&world, "c", &web);
}

/* In one transaction: there is no moment without them. */
static void rebuild_keeps_what_only_records_can_tell(void **state)
{
	struct world world = begun(state);
	struct entry all[] = { masq, inner };
	struct nft nft = table_of(&world.k->nl, ENTRY_MASQUERADE);
	uint32_t before, after;

	all[0].exempt = "198.51.100.0/24";
	assert_int_equal(add_some(&world, "a", all, COUNT(all)), 0);
	assert_int_equal(nft_get_generation(&nft, &before), 0);
	assert_int_equal(rebuild(&world, all, COUNT(all)), 0);
	assert_int_equal(nft_get_generation(&nft, &after), 0);
	assert_int_equal(after, before + 1);
	for (size_t i = 0; i < COUNT(all); i++)
		assert_there(&world, "a", &all[i]);
	/* Without them, it is left out. */
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	assert_int_equal(elements(&world), 0);
}

/* ---- by owner ---- */

static void del_owner_removes_some_kinds(void **state)
{
	static const unsigned masks[] = { 1 << ENTRY_PORT,
					  1 << ENTRY_MACSPOOFCHK |
						  1 << ENTRY_MASQUERADE,
					  1 << ENTRY_CONDITION, ~0U };
	static const size_t left[] = { KINDS - 1, KINDS - 3, KINDS - 4, 0 };
	struct world world = begun(state);
	const struct entry *all = every_kind(&world);
	struct entry others[] = { web, macspoofchk_mac };

	assert_int_equal(tables_del_owner(&world.k->nl, "a", ~0U), 0);
	others[0].protocol = IPPROTO_UDP;
	others[1].mac[0]++;
	assert_int_equal(add_some(&world, "a", all, KINDS), 0);
	assert_int_equal(add_some(&world, "aa", others, 2), 0);
	for (size_t i = 0; i < COUNT(masks); i++) {
		assert_int_equal(tables_del_owner(&world.k->nl, "a", masks[i]),
				 0);
		assert_int_equal(elements(&world), left[i] + 2);
		for (int j = 0; j < KINDS; j++) {
			if (masks[i] & 1U << all[j].kind)
				assert_string_not_equal(
					wrong(&world, "a", &all[j]), "");
		}
		if (i == 1)
			assert_there(&world, "a", &macspoofchk_mac);
	}
	assert_there(&world, "aa", &others[0]);
	assert_there(&world, "aa", &others[1]);
}

/* ---- trying ---- */

static void probe_changes_nothing(void **state)
{
	struct world world = begun(state);

	for (enum entry_kind kind = 0; kind < ENTRY_KINDS; kind++) {
		assert_int_equal(tables_probe(&world.k->nl, kind), 0);
		assert_true(is_missing(&world, kind));
	}
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(tables_probe(&world.k->nl, ENTRY_PORT), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS);
}

static void probe_says_what_the_kernel_lacks(void **state)
{
	struct kernel *k = *state;
	struct world world = { .k = k };

	kernel_answers(k, 1, EOPNOTSUPP);
	assert_refused(&world, tables_probe(&k->nl, ENTRY_PORT),
		       CNI_NOT_AVAILABLE,
		       "find table cnibox: Operation not supported");
}

/* How many requests the first try of a probe takes, up to the rule that asks for
 * IPsec and in all. */
static void count_requests(struct kernel *k, uint32_t *ipsec, uint32_t *all)
{
	struct nft nft = table_of(&k->nl, ENTRY_PORT);

	nft_begin(&nft, 0);
	table_add(&nft);
	*ipsec = k->nl.seq;
	chain_add(&nft, "probe", &masq);
	*all = k->nl.seq;
}

static void kernel_without_ipsec_gets_no_rule_for_it(void **state)
{
	static const int refusals[] = { EOPNOTSUPP, ENOENT };
	uint32_t ipsec, all;

	count_requests(*state, &ipsec, &all);
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct kernel *k;

		kernel_tear_down(state);
		kernel_set_up(state);
		k = *state;
		kernel_answers(k, 1, ENOENT);
		kernel_answers(k, 1 + ipsec, refusals[i]);
		kernel_answers(k, 1 + all, 0);
		kernel_answers(k, 1 + all + 1, ENOENT);
		/* There is no answer to the second try. */
		assert_int_equal(tables_probe(&k->nl, ENTRY_MASQUERADE), -1);
		assert_non_null(strstr(k->job.msg, ": no answer"));
		assert_int_equal(k->nl.seq, 1 + all + 1 + all - 1);
	}
}

/* It looks again, where it would be refused for ever. */
static void probe_ends_if_somebody_makes_the_table_meanwhile(void **state)
{
	enum { LOOK = 1, TABLE = 3 };
	struct kernel *k = *state;
	uint32_t ipsec, all;

	count_requests(k, &ipsec, &all);
	kernel_tear_down(state);
	kernel_set_up(state);
	k = *state;
	kernel_answers(k, LOOK, ENOENT);
	kernel_answers(k, TABLE, EEXIST);
	kernel_answers(k, LOOK + all, 0);
	kernel_answers(k, LOOK + all + 1, 0);
	assert_int_equal(tables_probe(&k->nl, ENTRY_MASQUERADE), 0);
	assert_int_equal(k->nl.seq, LOOK + all + 1);
}

/* macspoofchk works with a kernel without NAT. */
static void probe_asks_for_no_more_than_the_kind_takes(void **state)
{
	struct kernel *k = *state;
	const char *tried;

	kernel_answers(k, 1, ENOENT);
	kernel_answers(k, k->nl.seq + 2, ENOENT);
	tables_probe(&k->nl, ENTRY_MACSPOOFCHK);
	asked_lines(k);
	tried = asked_lines(k);
	assert_non_null(strstr(tried, ": 07 00 00 00 1='cnibox'"));
	assert_null(strstr(tried, ": 01 00 00 00 1='cnibox'"));
	assert_null(strstr(tried, "'nat'"));
	assert_null(strstr(tried, "'masq'"));
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(gc_removes_the_dead_and_their_chains),
		TEST(gc_clears_both_tables),
		TEST(del_removes_nothing_that_it_did_not_look_at),
		TEST(rebuild_keeps_what_comes_meanwhile),
		TEST(rebuild_keeps_what_only_records_can_tell),
		TEST(gc_leaves_what_comes_into_use_meanwhile),
		TEST(gc_leaves_who_comes_again_meanwhile),
		TEST(del_owner_removes_some_kinds),
		TEST(probe_changes_nothing),
		TEST(probe_says_what_the_kernel_lacks),
		TEST(kernel_without_ipsec_gets_no_rule_for_it),
		TEST(probe_ends_if_somebody_makes_the_table_meanwhile),
		TEST(probe_asks_for_no_more_than_the_kind_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
