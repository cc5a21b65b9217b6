/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports for all addresses and for one, with the kernel itself. */
#include "tests/unit/tables.h"

static const struct entry bound = { ENTRY_PORT, POD(4), IPPROTO_TCP,
				    HOST4,	8080,	80 };
static const struct entry bound6 = { ENTRY_PORT, POD6, IPPROTO_TCP,
				     HOST6,	 8080, 80 };
static const char refusal[] = "host port 8080/tcp is already published for a";
static const char bound_refusal[] =
	"host port 192.0.2.1:8080/tcp is already published for a";

static void living_ones_are_refused_both_ways(void **state)
{
	const struct entry all[] = { web, inner };
	struct world world = begun(state);

	world.alive = "a";
	assert_int_equal(add(&world, "a", &bound), 0);
	assert_refused(&world, add(&world, "b", &web), CNI_INTERNAL, refusal);
	assert_refused(&world, add_some(&world, "b", all, 2), CNI_INTERNAL,
		       refusal);
	assert_int_equal(elements(&world), 1);
	assert_int_equal(del(&world, "a", &bound), 0);
	assert_int_equal(add(&world, "a", &web), 0);
	assert_refused(&world, add(&world, "b", &bound), CNI_INTERNAL,
		       bound_refusal);
	assert_int_equal(elements(&world), 1);
}

static void ipv6_has_ports_of_its_own(void **state)
{
	struct world world = begun(state);
	struct entry unbound6 = bound6;

	if (!IS_ENABLED(CONFIG_IPV6))
		skip();
	unbound6.host.family = 0;
	world.alive = "a";
	assert_int_equal(add(&world, "a", &bound6), 0);
	assert_int_equal(add(&world, "b", &web), 0);
	assert_refused(&world, add(&world, "b", &unbound6), CNI_INTERNAL,
		       refusal);
	assert_int_equal(elements(&world), 2);
}

static void other_ports_and_addresses_are_no_rivals(void **state)
{
	struct world world = begun(state);
	struct entry other[] = { bound, web, web, bound };

	other[0].host.bytes[3]++;
	other[1].protocol = IPPROTO_UDP;
	other[2].host_port = 8081;
	other[3].host_port = 8081;
	world.alive = "a";
	assert_int_equal(add(&world, "a", &bound), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(add(&world, "b", &other[i]), 0);
	/* Of the same owner. */
	assert_int_equal(add(&world, "b", &other[3]), 0);
	assert_int_equal(elements(&world), 5);
}

static void those_that_share_are_no_rivals(void **state)
{
	struct world world = begun(state);

	world.shares = "a";
	assert_int_equal(add(&world, "a", &bound), 0);
	assert_int_equal(add(&world, "b", &web), 0);
	assert_int_equal(elements(&world), 2);
}

/* With the conditions, which would be asked first. */
static void ports_of_the_dead_go(void **state)
{
	struct world world = begun(state);
	struct entry condition = inner;
	struct entry all[2] = { bound, condition };

	all[1].host = bound.host;
	assert_int_equal(add_some(&world, "a", all, 2), 0);
	assert_int_equal(add(&world, "b", &web), 0);
	assert_int_equal(elements(&world), 1);
	assert_there(&world, "b", &web);
	assert_int_equal(add(&world, "c", &bound), 0);
	assert_int_equal(elements(&world), 1);
	assert_there(&world, "c", &bound);
}

/* Of the key itself, too. */
static void conditions_of_the_dead_go_with_the_port(void **state)
{
	struct world world = begun(state);
	const struct entry all[] = { web, inner };

	assert_int_equal(add_some(&world, "a", all, 2), 0);
	assert_int_equal(add(&world, "b", &web), 0);
	assert_int_equal(elements(&world), 1);
	assert_there(&world, "b", &web);
}

static void rival_comes(struct world *world)
{
	world->meanwhile = NULL;
	world->alive = "a";
	assert_int_equal(add(world, "a", &bound), 0);
}

/* It could not be seen before. */
static void one_that_comes_meanwhile_is_seen_afterwards(void **state)
{
	struct entry dead = web, all[2] = { web, web };
	struct world world = begun(state);

	dead.host_port = all[1].host_port = 9090;
	assert_int_equal(add(&world, "dead", &dead), 0);
	world.meanwhile = rival_comes;
	assert_refused(&world, add_some(&world, "b", all, 2), CNI_INTERNAL,
		       refusal);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(living_ones_are_refused_both_ways),
		TEST(ipv6_has_ports_of_its_own),
		TEST(other_ports_and_addresses_are_no_rivals),
		TEST(those_that_share_are_no_rivals),
		TEST(ports_of_the_dead_go),
		TEST(conditions_of_the_dead_go_with_the_port),
		TEST(one_that_comes_meanwhile_is_seen_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
