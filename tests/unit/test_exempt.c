/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/meanwhile.h"

#include "core/kernel/nft_message.h"
#include "core/tables/exempt.h"

static struct list prefixes(struct job *job, const char *const *texts)
{
	struct list out = { 0 };

	for (; *texts; texts++)
		assert_true(prefix_parse(
			*texts, list_add(job, &out, sizeof(struct prefix))));
	return out;
}

static int exempt(struct world *world, const char *const *texts)
{
	struct list list = prefixes(&world->k->job, texts);

	return tables_exempt_nodes(&world->k->nl, &list);
}

/* What is exempt, with blanks between. */
static const char *exempted(struct world *world)
{
	struct str out = { .job = &world->k->job };
	struct list list = { 0 };
	const struct prefix *prefix;
	char text[PREFIX_TEXT];

	assert_int_equal(tables_list_exempt(&world->k->nl, &list), 0);
	prefix = list.items;
	for (size_t i = 0; i < list.count; i++)
		str_printf(&out, "%s%s", i ? " " : "",
			   prefix_print(&prefix[i], text));
	return out.text ? out.text : "";
}

#define EXEMPT(world, ...)                                                     \
	assert_int_equal(                                                      \
		exempt(world, (const char *const[]) { __VA_ARGS__ NULL }), 0)

static uint32_t generation(struct world *world)
{
	struct nft nft = table_of(&world->k->nl, ENTRY_MASQUERADE);
	uint32_t out = 0;

	assert_int_equal(nft_get_generation(&nft, &out), 0);
	return out;
}

static void table_is_made_if_anything_is_exempt(void **state)
{
	struct world world = begun(state);

	EXEMPT(&world, );
	assert_true(is_missing(&world, ENTRY_MASQUERADE));
	assert_string_equal(exempted(&world), "");
	EXEMPT(&world, "10.1.2.0/24", );
	assert_string_equal(exempted(&world), "10.1.2.0/24");
	assert_int_equal(add(&world, "a", &masq), 0);
	assert_there(&world, "a", &masq);
}

/* Next to each other, the first and the last addresses of all. */
static void sets_have_exactly_what_is_asked_for(void **state)
{
	struct world world = begun(state);

	EXEMPT(&world, "0.0.0.0/8", "10.1.1.0/24", "10.1.2.0/24", "10.1.3.0/24",
	       "192.0.2.1/32", "192.0.2.2/32", "255.255.255.255/32", );
	assert_string_equal(exempted(&world),
			    "0.0.0.0/8 10.1.1.0/24 10.1.2.0/24 10.1.3.0/24 "
			    "192.0.2.1/32 192.0.2.2/32 255.255.255.255/32");
	EXEMPT(&world, "10.1.0.0/23", "10.1.3.0/25", "192.0.2.2/31", );
	assert_string_equal(exempted(&world),
			    "10.1.0.0/23 10.1.3.0/25 192.0.2.2/31");
	EXEMPT(&world, "0.0.0.0/0", );
	assert_string_equal(exempted(&world), "0.0.0.0/0");
	EXEMPT(&world, );
	assert_string_equal(exempted(&world), "");
}

static void families_have_a_set_each(void **state)
{
	struct world world = begun(state);
	struct list v6 = { 0 };

	if (!IS_ENABLED(CONFIG_IPV6))
		skip();
	EXEMPT(&world, "10.1.2.0/24", "2001:db8::1/128", "fd01:0:0:1::/64",
	       "fd01:0:0:2::/64", );
	assert_string_equal(exempted(&world),
			    "10.1.2.0/24 2001:db8::1/128 fd01:0:0:1::/64 "
			    "fd01:0:0:2::/64");
	list_set(&world, ENTRY_MASQUERADE, "nodes6", &v6);
	assert_int_equal(v6.count, 6);
	EXEMPT(&world, "::/0", );
	assert_string_equal(exempted(&world), "::/0");
}

static void what_is_so_already_is_no_change(void **state)
{
	struct world world = begun(state);
	uint32_t before;

	EXEMPT(&world, "10.1.2.0/24", "10.1.3.0/24", );
	before = generation(&world);
	EXEMPT(&world, "10.1.2.0/24", "10.1.3.0/24", );
	assert_int_equal(generation(&world), before);
	EXEMPT(&world, "10.1.3.0/24", );
	assert_int_equal(generation(&world), before + 1);
}

/* Nobody owns it: it stays, whoever is dead. */
static bool all(void *arg, const char *owner)
{
	(void)arg, (void)owner;
	return true;
}

static void what_owners_leave_behind_is_removed_without_it(void **state)
{
	struct world world = begun(state);

	EXEMPT(&world, "10.1.2.0/24", );
	assert_int_equal(add(&world, "a", &masq), 0);
	assert_int_equal(add(&world, "", &web), 0);
	assert_int_equal(tables_del_owner(&world.k->nl, "", ~0U), 0);
	assert_int_equal(tables_gc(&world.k->nl, all, NULL), 0);
	assert_int_equal(elements(&world), 0);
	assert_string_equal(exempted(&world), "10.1.2.0/24");
}

static void rebuilt_table_has_it(void **state)
{
	struct world world = begun(state);
	uint32_t before;

	EXEMPT(&world, "10.1.2.0/24", "10.1.3.0/24", "192.0.2.1/32", );
	assert_int_equal(add(&world, "a", &masq), 0);
	before = generation(&world);
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	/* There is no moment without it. */
	assert_int_equal(generation(&world), before + 1);
	assert_string_equal(exempted(&world),
			    "10.1.2.0/24 10.1.3.0/24 192.0.2.1/32");
	assert_there(&world, "a", &masq);
}

static size_t count_rules(struct world *world)
{
	struct nft nft = table_of(&world->k->nl, ENTRY_MASQUERADE);
	struct list rules;

	assert_int_equal(nft_list_rules(&nft, "masq", &rules), 0);
	return rules.count;
}

/* Of a version without the sets. */
static void make_older(struct world *world)
{
	struct nft nft = table_of(&world->k->nl, ENTRY_MASQUERADE);
	uint64_t handle;

	for (int i = 0; i < FAMILIES; i++) {
		const char *set = exempt_sets[i].name;

		assert_int_equal(table_find_rule(&nft, "masq", set, &handle),
				 0);
		assert_true(handle);
		nft_begin(&nft, 0);
		nft_rule_del(&nft, "masq", handle);
		nft_set_del(&nft, set);
		assert_int_equal(nft_commit(&nft), 0);
		assert_false(nft.stale);
	}
}

static void table_of_an_older_version_gets_what_it_lacks(void **state)
{
	struct world world = begun(state);
	size_t rules;

	assert_int_equal(add(&world, "a", &masq), 0);
	rules = count_rules(&world);
	make_older(&world);
	assert_there(&world, "a", &masq);
	assert_string_equal(exempted(&world), "");
	EXEMPT(&world, );
	assert_int_equal(count_rules(&world), rules - FAMILIES);
	EXEMPT(&world, "10.1.2.0/24", );
	assert_int_equal(count_rules(&world), rules - FAMILIES + 1);
	assert_string_equal(exempted(&world), "10.1.2.0/24");
	assert_there(&world, "a", &masq);
}

/* What no rule looks up is not exempt, and comes to be so. */
static void rules_that_are_gone_are_made_again(void **state)
{
	struct world world = begun(state);
	struct nft nft;

	EXEMPT(&world, "10.1.2.0/24", );
	nft = table_of(&world.k->nl, ENTRY_MASQUERADE);
	nft_begin(&nft, 0);
	nft_rule_del(&nft, "masq", 0);
	assert_int_equal(nft_commit(&nft), 0);
	assert_string_equal(exempted(&world), "");
	EXEMPT(&world, "10.1.2.0/24", );
	assert_string_equal(exempted(&world), "10.1.2.0/24");
	assert_int_equal(count_rules(&world), 1);
}

static void table_without_its_chains_is_left_to_sync(void **state)
{
	struct world world = begun(state);
	struct nft nft = table_of(&world.k->nl, ENTRY_MASQUERADE);
	struct list list;

	nft_begin(&nft, 0);
	nft_table_add(&nft);
	assert_int_equal(nft_commit(&nft), 0);
	list = prefixes(&world.k->job,
			(const char *const[]) { "10.1.2.0/24", NULL });
	assert_refused(&world, tables_exempt_nodes(&world.k->nl, &list),
		       CNI_TRY_AGAIN,
		       "change table cnibox: others keep changing it, or it "
		       "needs cnibox sync");
}

static void another_comes(struct world *other)
{
	EXEMPT(other, "10.1.2.0/24", "10.1.9.0/25", );
}

static void table_goes(struct world *other)
{
	destroy(other, ENTRY_MASQUERADE, NFT_MSG_DELTABLE, NULL);
}

static void table_comes(struct world *other)
{
	assert_int_equal(add(other, "a", &masq), 0);
}

static void changes_of_others_are_looked_at_again(void **state)
{
	void (*const events[])(struct world *) = { table_comes, another_comes,
						   table_goes };
	struct world world = begun(state);

	for (size_t i = 0; i < COUNT(events); i++) {
		meanwhile = events[i];
		EXEMPT(&world, "10.1.3.0/24", "10.1.9.0/24", );
		assert_null(meanwhile);
		assert_string_equal(exempted(&world),
				    "10.1.3.0/24 10.1.9.0/24");
		EXEMPT(&world, "10.1.4.0/24", );
	}
}

/* What somebody else has put there. */
static void nft(struct world *world, int type, const char *first,
		const char *behind)
{
	const char *const texts[] = { first, behind };
	struct nft table = table_of(&world->k->nl, ENTRY_MASQUERADE);
	struct nl *nl = table.nl;
	struct nlattr *list, *item, *key;
	struct nfgenmsg head = { .nfgen_family = 1 };
	struct ip ip;

	nft_begin(&table, 0);
	table.last =
		nl_begin(nl, NFT | type, NLM_F_CREATE, &head, sizeof(head));
	nl_put_text(nl, NFTA_SET_ELEM_LIST_TABLE, "cnibox");
	nl_put_text(nl, NFTA_SET_ELEM_LIST_SET, "nodes4");
	list = nl_nest(nl, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (int i = 0; i < 2 && texts[i]; i++) {
		assert_true(ip_parse(texts[i], &ip));
		item = nl_nest(nl, NFTA_LIST_ELEM);
		nl_put_u32(nl, NFTA_SET_ELEM_FLAGS, htonl((uint32_t)i));
		key = nl_nest(nl, NFTA_SET_ELEM_KEY);
		nl_put(nl, NFTA_DATA_VALUE, ip.bytes, ip_size(ip.family));
		nl_nest_end(nl, key);
		nl_nest_end(nl, item);
	}
	nl_nest_end(nl, list);
	nl_talk(nl, "change set nodes4");
	assert_int_equal(nft_commit(&table), 0);
}

/* It is told as prefixes; sync makes these of it. */
static void ranges_of_others_are_left_to_sync(void **state)
{
	struct world world = begun(state);
	struct list list;

	EXEMPT(&world, "10.1.9.0/24", );
	nft(&world, NFT_MSG_NEWSETELEM, "10.1.1.255", "10.1.4.0");
	assert_string_equal(exempted(&world),
			    "10.1.1.255/32 10.1.2.0/23 10.1.9.0/24");
	list = prefixes(&world.k->job,
			(const char *const[]) { "10.1.9.0/24", NULL });
	assert_refused(&world, tables_exempt_nodes(&world.k->nl, &list),
		       CNI_TRY_AGAIN,
		       "change table cnibox: others keep changing it, or it "
		       "needs cnibox sync");
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	assert_int_equal(tables_exempt_nodes(&world.k->nl, &list), 0);
	assert_string_equal(exempted(&world), "10.1.9.0/24");
	nft(&world, NFT_MSG_NEWSETELEM, "255.255.255.0", NULL);
	assert_string_equal(exempted(&world), "10.1.9.0/24 255.255.255.0/24");
}

/* Its rules have no effect; and have, as soon as something is to be exempt. */
static void dormant_table_is_woken(void **state)
{
	struct world world = begun(state);
	struct nft nft = table_of(&world.k->nl, ENTRY_MASQUERADE);
	bool missing;

	EXEMPT(&world, "10.1.2.0/24", );
	nft_begin(&nft, 0);
	nft_begin_message(&nft, NFT_MSG_NEWTABLE, 0);
	nl_put_u32(nft.nl, NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_DORMANT));
	nl_talk(nft.nl, "put the table to sleep");
	assert_int_equal(nft_commit(&nft), 0);
	assert_string_equal(exempted(&world), "");
	EXEMPT(&world, "10.1.2.0/24", );
	assert_string_equal(exempted(&world), "10.1.2.0/24");
	assert_int_equal(nft_find_table(&nft, &missing), 0);
	assert_false(nft.dormant);
}

enum { MANY = 10000 };

/* In one transaction: each is a generation. */
static void ten_thousand_are_one_transaction(void **state)
{
	struct world world = begun(state);
	struct list list = { 0 }, there = { 0 };
	struct prefix *prefix;
	uint32_t before;

	for (int i = 0; i < MANY; i++) {
		bool v6 = IS_ENABLED(CONFIG_IPV6) && i >= MANY / 2;

		prefix = list_add(&world.k->job, &list, sizeof(*prefix));
		*prefix = (struct prefix) { { v6 ? AF_INET6 : AF_INET },
					    v6 ? 64 : 24 };
		prefix->ip.bytes[0] = v6 ? 0xfd : 10;
		prefix->ip.bytes[v6 ? 6 : 1] = (uint8_t)(i >> 8);
		prefix->ip.bytes[v6 ? 7 : 2] = (uint8_t)i;
	}
	EXEMPT(&world, "10.0.0.0/24", );
	before = generation(&world);
	assert_int_equal(tables_exempt_nodes(&world.k->nl, &list), 0);
	assert_int_equal(generation(&world), before + 1);
	assert_int_equal(tables_list_exempt(&world.k->nl, &there), 0);
	assert_int_equal(there.count, MANY);
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	list.count--;
	assert_int_equal(tables_exempt_nodes(&world.k->nl, &list), 0);
	there.count = 0;
	assert_int_equal(tables_list_exempt(&world.k->nl, &there), 0);
	assert_int_equal(there.count, MANY - 1);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(table_is_made_if_anything_is_exempt),
		TEST(sets_have_exactly_what_is_asked_for),
		TEST(families_have_a_set_each),
		TEST(dormant_table_is_woken),
		TEST(what_is_so_already_is_no_change),
		TEST(what_owners_leave_behind_is_removed_without_it),
		TEST(rebuilt_table_has_it),
		TEST(table_of_an_older_version_gets_what_it_lacks),
		TEST(rules_that_are_gone_are_made_again),
		TEST(table_without_its_chains_is_left_to_sync),
		TEST(changes_of_others_are_looked_at_again),
		TEST(ranges_of_others_are_left_to_sync),
		TEST(ten_thousand_are_one_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
