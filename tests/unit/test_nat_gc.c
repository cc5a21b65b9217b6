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
	assert_int_equal(asked_for, 4);
	assert_int_equal(elements(&world), 1);
	assert_int_equal(count_chains(&world, ENTRY_PORT), BASE_CHAINS + 1);
	assert_there(&world, "a", &masq);
}

/* What somebody else does between our look at the tables and our change. */
static void (*meanwhile)(struct world *other);

/* In place of the libc's: all that goes to the kernel comes through here. */
ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const struct nlmsghdr *msg = buf;
	void (*happens)(struct world * other) = meanwhile;
	struct kernel k = { .fd = -1 };
	struct world other = { .k = &k };

	if (happens && msg->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
		meanwhile = NULL;
		nl_init(&k.nl, &k.job, -1, NETLINK_NETFILTER);
		happens(&other);
		nl_close(&k.nl);
		job_free(&k.job);
	}
	return sendto(fd, buf, len, flags, NULL, 0);
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

static void another_comes(struct world *other)
{
	assert_int_equal(add(other, "c", &web), 0);
}

static void rebuild_keeps_what_comes_meanwhile(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &masq), 0);
	meanwhile = another_comes;
	assert_int_equal(tables_rebuild(&world.k->nl), 0);
	assert_null(meanwhile);
	assert_there(&world, "a", &masq);
	assert_there(&world, "c", &web);
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
		TEST(gc_leaves_what_comes_into_use_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
