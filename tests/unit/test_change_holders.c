/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that others hold, with the kernel itself. */
#include "tests/unit/tables.h"

static const struct entry masq_of_b = { ENTRY_MASQUERADE, POD(4) };

static void add_refuses_what_another_living_owner_has(void **state)
{
	struct entry all[] = { masq, web };
	struct world world = begun(state);

	all[0].pod.ip.bytes[3] = all[1].pod.ip.bytes[3] = 4;
	assert_int_equal(add(&world, "net/eth0/a", &web), 0);
	world.alive = "net/eth0/a";
	assert_refused(&world, add_some(&world, "b", all, 2), CNI_INTERNAL,
		       "host port 8080/tcp is already published for "
		       "net/eth0/a");
	assert_int_equal(elements(&world), 1);
	assert_there(&world, "net/eth0/a", &web);
}

static void add_takes_over_from_the_dead(void **state)
{
	struct entry all[] = { masq, web };
	struct world world = begun(state);

	all[1].pod_port = 443;
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(add_some(&world, "b", all, 2), 0);
	assert_int_equal(elements(&world), 2);
	assert_there(&world, "b", &all[0]);
	assert_there(&world, "b", &all[1]);
	assert_true(world.looks > 0);
}

static void another_takes_the_key(struct world *world)
{
	world->meanwhile = NULL;
	world->alive = "c";
	assert_int_equal(del(world, "a", &web), 0);
	assert_int_equal(add(world, "c", &web), 0);
}

static void add_never_replaces_what_it_did_not_look_at(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	world.meanwhile = another_takes_the_key;
	assert_refused(&world, add(&world, "b", &web), CNI_INTERNAL,
		       "host port 8080/tcp is already published for c");
	assert_there(&world, "c", &web);
}

/* ---- what is shared ---- */

static void add_leaves_to_a_holder_what_it_shares(void **state)
{
	struct entry all[] = { masq_of_b, web, macspoofchk, macspoofchk_mac };
	struct world world = begun(state);

	all[1].pod = masq_of_b.pod;
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(add(&world, "a", &macspoofchk_mac), 0);
	world.shares = "a";
	for (int i = 0; i < 2; i++)
		assert_int_equal(add_some(&world, "b", all, COUNT(all)), 0);
	assert_int_equal(elements(&world), 4);
	world.shares = NULL;
	world.looks = 0;
	assert_there(&world, "a", &web);
	assert_there(&world, "a", &macspoofchk_mac);
	assert_there(&world, "b", &masq_of_b);
	assert_there(&world, "b", &macspoofchk);
	assert_int_equal(world.looks, 0);
}

/* Nor is there a chain for it. */
static void add_makes_no_chain_for_what_is_shared(void **state)
{
	struct entry all[] = { inner, masq_of_b };
	struct world world = begun(state);

	all[0].conditions = "iifname eth1";
	assert_int_equal(add(&world, "a", &inner), 0);
	world.shares = "a";
	assert_int_equal(add_some(&world, "b", all, 2), 0);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 2);
	assert_there(&world, "a", &inner);
	assert_there(&world, "b", &masq_of_b);
}

/* What is told once is not told again. */
static void add_refuses_beside_what_is_shared(void **state)
{
	struct entry all[] = { web, web, masq_of_b };
	struct world world = begun(state);

	all[1].host_port = 8081;
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(add(&world, "c", &all[1]), 0);
	world.shares = "a";
	world.alive = "c";
	assert_refused(&world, add_some(&world, "b", all, 3), CNI_INTERNAL,
		       "host port 8081/tcp is already published for c");
	assert_int_equal(elements(&world), 2);
	world.alive = NULL;
	world.looks = 0;
	assert_int_equal(add_some(&world, "b", all, 3), 0);
	assert_int_equal(world.looks, 2 + 1);
	assert_there(&world, "b", &all[1]);
	assert_there(&world, "b", &masq_of_b);
	assert_there(&world, "a", &web);
}

static void holder_goes(struct world *world)
{
	world->meanwhile = NULL;
	assert_int_equal(del(world, "a", &web), 0);
}

static void holder_that_goes_when_it_is_asked_is_replaced(void **state)
{
	const struct entry all[] = { masq_of_b, web };
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	world.shares = "a";
	world.meanwhile = holder_goes;
	assert_int_equal(add_some(&world, "b", all, 2), 0);
	assert_null(world.meanwhile);
	assert_int_equal(elements(&world), 2);
	world.shares = NULL;
	assert_there(&world, "b", &all[0]);
	assert_there(&world, "b", &all[1]);
}

static void table_goes(struct world *world)
{
	world->meanwhile = NULL;
	destroy(world, ENTRY_PORT, NFT_MSG_DELTABLE, NULL);
}

static void table_that_goes_with_the_holder_is_made_again(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &inner), 0);
	world.shares = "a";
	world.meanwhile = table_goes;
	assert_int_equal(add(&world, "b", &inner), 0);
	world.shares = NULL;
	assert_there(&world, "b", &inner);
}

static void del_knows_no_sharing(void **state)
{
	const struct entry both[] = { web, masq_of_b };
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	world.shares = "a";
	assert_int_equal(add_some(&world, "b", both, 2), 0);
	assert_int_equal(del(&world, "b", &web), 0);
	assert_int_equal(tables_del_owner(&world.k->nl, "b", ~0U), 0);
	assert_there(&world, "a", &web);
	assert_int_equal(del(&world, "a", &web), 0);
	assert_int_equal(elements(&world), 0);
}

static void check_accepts_what_is_shared(void **state)
{
	static const struct entry *const all[] = { &web, &inner,
						   &macspoofchk_mac };
	struct world world = begun(state);
	struct entry moved = web;

	moved.pod.ip.bytes[3] = 4;
	for (size_t i = 0; i < COUNT(all); i++) {
		world.shares = NULL;
		assert_int_equal(add(&world, "a", all[i]), 0);
		assert_string_not_equal(wrong(&world, "b", all[i]), "");
		world.alive = "a";
		assert_string_not_equal(wrong(&world, "b", all[i]), "");
		world.alive = NULL;
		world.shares = "a";
		assert_there(&world, "b", all[i]);
	}
	assert_there(&world, "b", &moved);
	/* Its own has to be as it was made. */
	world.looks = 0;
	assert_string_equal(wrong(&world, "a", &moved),
			    "host port 8080/tcp is published differently");
	assert_int_equal(world.looks, 0);
	destroy(&world, ENTRY_PORT, NFT_MSG_DELRULE, "ports");
	assert_string_not_equal(wrong(&world, "b", &web), "");
}

static void add_of_nothing_but_what_is_shared_changes_nothing(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &inner), 0);
	world.shares = "a";
	assert_int_equal(add(&world, "b", &inner), 0);
	assert_int_equal(world.looks, 1);
	assert_int_equal(del(&world, "b", &inner), 0);
	assert_there(&world, "a", &inner);
	assert_int_equal(elements(&world), 1);
}

static void another_succeeds_the_holder(struct world *world)
{
	world->meanwhile = NULL;
	world->alive = "c";
	assert_int_equal(del(world, "a", &web), 0);
	assert_int_equal(add(world, "c", &web), 0);
}

/* That one holder shares says nothing of the next. */
static void add_refuses_what_succeeds_a_holder_that_shares(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	world.shares = "a";
	world.meanwhile = another_succeeds_the_holder;
	assert_refused(&world, add(&world, "b", &web), CNI_INTERNAL,
		       "host port 8080/tcp is already published for c");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(add_refuses_what_another_living_owner_has),
		TEST(add_takes_over_from_the_dead),
		TEST(add_never_replaces_what_it_did_not_look_at),
		TEST(add_leaves_to_a_holder_what_it_shares),
		TEST(add_makes_no_chain_for_what_is_shared),
		TEST(add_refuses_beside_what_is_shared),
		TEST(holder_that_goes_when_it_is_asked_is_replaced),
		TEST(table_that_goes_with_the_holder_is_made_again),
		TEST(del_knows_no_sharing),
		TEST(add_refuses_what_succeeds_a_holder_that_shares),
		TEST(add_of_nothing_but_what_is_shared_changes_nothing),
		TEST(check_accepts_what_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
