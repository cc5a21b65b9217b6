/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All with the kernel itself, in a network namespace of its own. */
#include <netinet/in.h>

#include "core/nat_table.h"
#include "tests/unit/nfnetlink.h"

#define POD(last)                                                              \
	{                                                                      \
		{ AF_INET, { 10, 1, 2, last } }, 24                            \
	}

static const struct nat_entry masq = { NAT_MASQUERADE, POD(3) };
static const struct nat_entry hairpin = { NAT_HAIRPIN, POD(3) };
static const struct nat_entry web = { NAT_PORT, POD(3), IPPROTO_TCP,
				      { 0 },	8080,	80 };

/* The owner that is alive; and what happens while we look at that. */
struct world {
	struct kernel *k;
	const char *alive;
	void (*meanwhile)(struct world *world);
	int looks;
};

static bool is_alive(void *arg, const char *owner)
{
	struct world *world = arg;

	world->looks++;
	if (world->meanwhile)
		world->meanwhile(world);
	return world->alive && !strcmp(owner, world->alive);
}

static struct list list_of(const struct nat_entry *entries, size_t count)
{
	return (struct list) { (void *)entries, count, true };
}

static int add_some(struct world *world, const char *owner,
		    const struct nat_entry *entries, size_t count)
{
	struct nat_liveness liveness = { is_alive, world };
	struct list list = list_of(entries, count);

	return nat_add(&world->k->nl, owner, &list, &liveness);
}

static int add(struct world *world, const char *owner,
	       const struct nat_entry *entry)
{
	return add_some(world, owner, entry, 1);
}

static int del(struct kernel *k, const char *owner,
	       const struct nat_entry *entry)
{
	struct list list = list_of(entry, 1);

	return nat_del(&k->nl, owner, &list);
}

/* What nat_check() says, NULL if all is well. */
static const char *wrong(struct kernel *k, const char *owner,
			 const struct nat_entry *entry)
{
	struct list list = list_of(entry, 1);
	int status = nat_check(&k->nl, owner, &list);
	const char *msg = k->job.msg;

	assert_int_equal(status, msg ? -1 : 0);
	k->job.msg = NULL;
	return msg;
}

static void assert_there(struct kernel *k, const char *owner,
			 const struct nat_entry *entry)
{
	const char *msg = wrong(k, owner, entry);

	assert_string_equal(msg ? msg : "", "");
}

static void assert_wrong(struct kernel *k, const char *owner,
			 const struct nat_entry *entry, const char *expected)
{
	const char *msg = wrong(k, owner, entry);

	assert_non_null(msg);
	assert_string_equal(msg, expected);
}

static void assert_refused(struct kernel *k, int status, int code,
			   const char *msg)
{
	assert_int_equal(status, -1);
	assert_string_equal(k->job.msg, msg);
	assert_int_equal(k->job.code, code);
	k->job.msg = NULL;
}

/* How many elements all maps have. */
static size_t elements(struct kernel *k)
{
	struct nft nft = nat_table(&k->nl);
	struct list all = { 0 };
	enum nat_kind kind;
	const char *map;

	for (int i = 0; (map = nat_map(i, &kind)); i++)
		assert_int_equal(nft_list_elements(&nft, map, &all), 0);
	return all.count;
}

/* What the nft tool would do: delete the table, or a chain's rules. */
static void destroy(struct nl *nl, int type, const char *chain)
{
	struct nft nft = nat_table(nl);
	struct nfgenmsg head = { .nfgen_family = (uint8_t)nft.family };

	nft_begin(&nft, 0);
	nft.last = nl_begin(nl, NFT | type, 0, &head, sizeof(head));
	nl_put_text(nl, NFTA_TABLE_NAME, nft.table);
	if (chain)
		nl_put_text(nl, NFTA_RULE_CHAIN, chain);
	nl_talk(nl, "destroy");
	assert_int_equal(nft_commit(&nft), 0);
}

static struct world begun(void **state)
{
	real_kernel(state);
	return (struct world) { .k = *state };
}

/* ---- adding ---- */

static void add_makes_the_table_and_all_entries(void **state)
{
	const struct nat_entry all[] = { masq, hairpin, web };
	struct world world = begun(state);

	assert_int_equal(add_some(&world, "a", all, 3), 0);
	assert_int_equal(elements(world.k), 3);
	for (size_t i = 0; i < 3; i++)
		assert_there(world.k, "a", &all[i]);
	assert_int_equal(world.looks, 0);
}

static void add_of_nothing_makes_nothing(void **state)
{
	struct world world = begun(state);
	struct nft nft = nat_table(&world.k->nl);
	bool missing;

	assert_int_equal(add_some(&world, "a", NULL, 0), 0);
	assert_int_equal(nft_find_table(&nft, &missing), 0);
	assert_true(missing);
}

static void add_may_be_repeated(void **state)
{
	struct world world = begun(state);
	struct nat_entry moved = web;

	moved.pod_port = 81;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(add(&world, "a", &web), 0);
		assert_int_equal(add(&world, "a", &masq), 0);
	}
	assert_int_equal(add(&world, "a", &moved), 0);
	assert_int_equal(elements(world.k), 2);
	assert_there(world.k, "a", &moved);
	assert_int_equal(world.looks, 0);
}

static void add_refuses_what_another_living_owner_has(void **state)
{
	struct nat_entry all[] = { masq, web };
	struct world world = begun(state);

	all[0].pod.ip.bytes[3] = all[1].pod.ip.bytes[3] = 4;
	assert_int_equal(add(&world, "net/eth0/a", &web), 0);
	world.alive = "net/eth0/a";
	assert_refused(world.k, add_some(&world, "b", all, 2), CNI_INTERNAL,
		       "host port 8080/tcp is already published for "
		       "net/eth0/a");
	assert_int_equal(elements(world.k), 1);
	assert_there(world.k, "net/eth0/a", &web);
}

static void add_takes_over_from_the_dead(void **state)
{
	struct nat_entry all[] = { masq, web };
	struct world world = begun(state);

	all[1].pod_port = 443;
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(add_some(&world, "b", all, 2), 0);
	assert_int_equal(elements(world.k), 2);
	assert_there(world.k, "b", &all[0]);
	assert_there(world.k, "b", &all[1]);
	assert_true(world.looks > 0);
}

static void add_refuses_one_key_with_two_data(void **state)
{
	struct nat_entry twice[] = { web, web };
	struct world world = begun(state);

	assert_int_equal(add_some(&world, "a", twice, 2), 0);
	assert_int_equal(elements(world.k), 1);
	twice[1].pod_port = 81;
	assert_refused(world.k, add_some(&world, "a", twice, 2), CNI_BAD_CONFIG,
		       "host port 8080/tcp is twice to be published");
	assert_there(world.k, "a", &web);
}

static void delete_the_table(struct world *world)
{
	world->meanwhile = NULL;
	destroy(&world->k->nl, NFT_MSG_DELTABLE, NULL);
}

static void add_survives_the_loss_of_the_table(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	world.meanwhile = delete_the_table;
	assert_int_equal(add(&world, "b", &web), 0);
	assert_null(world.meanwhile);
	assert_int_equal(elements(world.k), 1);
	assert_there(world.k, "b", &web);
	delete_the_table(&world);
	assert_int_equal(add(&world, "b", &masq), 0);
	assert_there(world.k, "b", &masq);
}

static void another_takes_the_key(struct world *world)
{
	world->meanwhile = NULL;
	world->alive = "c";
	assert_int_equal(del(world->k, "a", &web), 0);
	assert_int_equal(add(world, "c", &web), 0);
}

static void add_never_replaces_what_it_did_not_look_at(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &web), 0);
	world.meanwhile = another_takes_the_key;
	assert_refused(world.k, add(&world, "b", &web), CNI_INTERNAL,
		       "host port 8080/tcp is already published for c");
	assert_there(world.k, "c", &web);
}

/* ---- removing ---- */

static void del_removes_what_the_owner_has(void **state)
{
	const struct nat_entry all[] = { masq, hairpin, web };
	struct list list = list_of(all, 3);
	struct world world = begun(state);

	assert_int_equal(nat_del(&world.k->nl, "a", &list), 0);
	assert_int_equal(add_some(&world, "a", all, 2), 0);
	assert_int_equal(add(&world, "b", &web), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(nat_del(&world.k->nl, "a", &list), 0);
		assert_int_equal(elements(world.k), 1);
	}
	assert_there(world.k, "b", &web);
}

static void del_owner_removes_some_kinds(void **state)
{
	const struct nat_entry all[] = { masq, hairpin, web };
	struct world world = begun(state);
	struct nat_entry other = web;

	assert_int_equal(nat_del_owner(&world.k->nl, "a", ~0U), 0);
	other.protocol = IPPROTO_UDP;
	assert_int_equal(add_some(&world, "a", all, 3), 0);
	assert_int_equal(add(&world, "aa", &other), 0);
	assert_int_equal(nat_del_owner(&world.k->nl, "a", 1 << NAT_PORT), 0);
	assert_int_equal(elements(world.k), 3);
	assert_there(world.k, "a", &masq);
	assert_there(world.k, "a", &hairpin);
	assert_there(world.k, "aa", &other);
	assert_int_equal(nat_del_owner(&world.k->nl, "a", ~0U), 0);
	assert_int_equal(elements(world.k), 1);
}

static size_t count_chains(struct kernel *k)
{
	struct nft nft = nat_table(&k->nl);
	struct list chains = { 0 };

	assert_int_equal(nft_list_chains(&nft, &chains), 0);
	return chains.count;
}

static bool is_b(void *arg, const char *owner)
{
	++*(int *)arg;
	return strcmp(owner, "b") == 0;
}

static void gc_removes_the_dead_and_their_chains(void **state)
{
	struct world world = begun(state);
	struct nat_entry dead = masq, other = masq;
	int asked_for = 0;

	dead.pod.len = 25;
	dead.pod.ip.bytes[3] = 4;
	other.pod.ip.bytes[3] = 5;
	assert_int_equal(nat_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_int_equal(asked_for, 0);
	assert_int_equal(add(&world, "a", &masq), 0);
	assert_int_equal(add(&world, "b", &other), 0);
	assert_int_equal(add(&world, "b", &dead), 0);
	assert_int_equal(add(&world, "b", &web), 0);
	assert_int_equal(count_chains(world.k), 4 + 2);
	assert_int_equal(nat_gc(&world.k->nl, is_b, &asked_for), 0);
	assert_int_equal(asked_for, 4);
	assert_int_equal(elements(world.k), 1);
	assert_int_equal(count_chains(world.k), 4 + 1);
	assert_there(world.k, "a", &masq);
}

/* ---- looking ---- */

static void check_says_what_is_missing(void **state)
{
	const struct nat_entry all[] = { masq, web };
	struct world world = begun(state);
	struct nat_entry moved = web;

	moved.pod_port = 81;
	assert_wrong(world.k, "a", &web, "host port 8080/tcp is not published");
	assert_int_equal(add_some(&world, "a", all, 2), 0);
	assert_wrong(world.k, "a", &hairpin,
		     "address 10.1.2.3 is not masqueraded");
	assert_wrong(world.k, "b", &web,
		     "host port 8080/tcp is published for a");
	assert_wrong(world.k, "a", &moved,
		     "host port 8080/tcp is published differently");
	destroy(&world.k->nl, NFT_MSG_DELRULE, "masq-10.1.2.0/24");
	assert_there(world.k, "a", &web);
	assert_wrong(world.k, "a", &masq,
		     "chain masq-10.1.2.0/24 of table cnibox has 0 rules "
		     "instead of 3");
	destroy(&world.k->nl, NFT_MSG_DELRULE, "output");
	assert_wrong(world.k, "a", &web,
		     "chain output of table cnibox has 0 rules instead of 1");
}

static void probe_changes_nothing(void **state)
{
	struct world world = begun(state);
	struct nft nft = nat_table(&world.k->nl);
	bool missing;

	assert_int_equal(nat_probe(&world.k->nl), 0);
	assert_int_equal(nft_find_table(&nft, &missing), 0);
	assert_true(missing);
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(nat_probe(&world.k->nl), 0);
	assert_int_equal(count_chains(world.k), 4);
}

static void probe_says_what_the_kernel_lacks(void **state)
{
	struct kernel *k = *state;

	kernel_answers(k, 1, EOPNOTSUPP);
	assert_refused(k, nat_probe(&k->nl), CNI_NOT_AVAILABLE,
		       "find table cnibox: Operation not supported");
}

/* ---- many ---- */

static void thousands_come_and_go(void **state)
{
	enum { MANY = 3000 };
	struct world world = begun(state);
	struct nat_entry *many = job_alloc(&world.k->job, MANY * sizeof(*many));
	struct list list = list_of(many, MANY);

	for (int i = 0; i < MANY; i++) {
		many[i] = web;
		many[i].host_port = (uint16_t)(1 + i);
	}
	assert_int_equal(add_some(&world, "a", many, MANY), 0);
	assert_int_equal(elements(world.k), MANY);
	assert_int_equal(nat_check(&world.k->nl, "a", &list), 0);
	assert_int_equal(nat_del(&world.k->nl, "a", &list), 0);
	assert_int_equal(elements(world.k), 0);
	assert_int_equal(add_some(&world, "a", many, MANY), 0);
	assert_int_equal(nat_del_owner(&world.k->nl, "a", ~0U), 0);
	assert_int_equal(elements(world.k), 0);
}

enum { PROCESSES = 2, ROUNDS = 50 };

static struct nat_entry nth(int process, int round)
{
	struct nat_entry entry = web;

	entry.host_port = (uint16_t)(1000 * (process + 1) + round);
	return entry;
}

/* Adds one in each round, and deletes every second again; its status. */
static int come_and_go(int process)
{
	struct kernel k = { .fd = -1 };
	struct world world = { .k = &k };
	struct nat_entry entry;
	int failed = 0;

	nl_init(&k.nl, &k.job, -1, NETLINK_NETFILTER);
	for (int i = 0; i < ROUNDS; i++) {
		entry = nth(process, i);
		failed |= add(&world, process ? "b" : "a", &entry);
		if (i % 2)
			failed |= del(&k, process ? "b" : "a", &entry);
	}
	return failed || k.job.msg;
}

static void processes_do_not_lose_each_others_entries(void **state)
{
	struct world world = begun(state);
	pid_t child[PROCESSES];
	struct nat_entry entry;
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (!child[i])
			_exit(come_and_go(i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(elements(world.k), PROCESSES * ROUNDS / 2);
	for (int i = 0; i < PROCESSES; i++) {
		for (int j = 0; j < ROUNDS; j += 2) {
			entry = nth(i, j);
			assert_there(world.k, i ? "b" : "a", &entry);
		}
	}
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(add_makes_the_table_and_all_entries),
		TEST(add_of_nothing_makes_nothing),
		TEST(add_may_be_repeated),
		TEST(add_refuses_what_another_living_owner_has),
		TEST(add_takes_over_from_the_dead),
		TEST(add_refuses_one_key_with_two_data),
		TEST(add_survives_the_loss_of_the_table),
		TEST(add_never_replaces_what_it_did_not_look_at),
		TEST(del_removes_what_the_owner_has),
		TEST(del_owner_removes_some_kinds),
		TEST(gc_removes_the_dead_and_their_chains),
		TEST(check_says_what_is_missing),
		TEST(probe_changes_nothing),
		TEST(probe_says_what_the_kernel_lacks),
		TEST(thousands_come_and_go),
		TEST(processes_do_not_lose_each_others_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
