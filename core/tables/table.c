/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/table.h"

#include <linux/netfilter.h>
#include <string.h>

static const uint8_t families[TABLES] = {
	[TABLE_INET] = NFPROTO_INET,
	[TABLE_BRIDGE] = NFPROTO_BRIDGE,
#if IS_ENABLED(CONFIG_FIREWALL)
	[TABLE_FILTER] = NFPROTO_INET,
	[TABLE_FILTER_BRIDGE] = NFPROTO_BRIDGE,
#endif
};

static const char name_filter[] = "cnibox-filter";

void table_init(struct nft *nft, struct nl *nl, int table)
{
	*nft = (struct nft) { .nl = nl,
			      .family = families[table],
			      .table = IS_ENABLED(CONFIG_FIREWALL) &&
						       table >= TABLE_FILTER
					       ? name_filter
					       : "cnibox" };
}

bool table_has(const struct nft *nft, enum entry_kind kind)
{
	int table = kinds[kind]->table;

	return nft->family == families[table] &&
	       (!IS_ENABLED(CONFIG_FIREWALL) ||
		(table < TABLE_FILTER) == (nft->table != name_filter));
}

/* Maps and chains of a kind. */
static void add_places(struct nft *nft, const struct kind *kind)
{
	const struct table_chain *chain = kind->chains;

	for (int i = 0; i < kind->maps_count; i += MAP_STEP)
		nft_map_add(nft, &kind->maps[i]);
	for (int i = 0; i < kind->chains_count; i++, chain++) {
		const struct nft_hook hook = { chain->type, chain->hook,
					       chain->priority };

		nft_chain_add(nft, chain->name, hook.type ? &hook : NULL);
	}
}

void table_add(struct nft *nft)
{
	nft_table_add(nft);
	for (int i = 0; i < ENTRY_KINDS; i++) {
		if (table_has(nft, i))
			add_places(nft, kinds[i]);
	}
	for (int i = 0; i < ENTRY_KINDS; i++) {
		if (table_has(nft, i) && kinds[i]->rules_add)
			kinds[i]->rules_add(nft);
	}
}

static int check_chain(struct nft *nft, const char *chain, int rules)
{
	struct list there;

	if (nft_list_rules(nft, chain, &there) < 0)
		return -1;
	if (rules == RULES_VARY || there.count == (size_t)rules)
		return 0;
	return fail(nft->nl->job, CNI_INTERNAL,
		    "chain %s of table %s has %zu rules instead of %d", chain,
		    nft->table, there.count, rules);
}

static int check_chains(struct nft *nft, const struct kind *kind)
{
	for (int i = 0; i < kind->chains_count; i++) {
		if (check_chain(nft, kind->chains[i].name,
				kind->chains[i].rules) < 0)
			return -1;
	}
	return 0;
}

int table_check(struct nft *nft)
{
	if (nft->dormant)
		return fail(nft->nl->job, CNI_INTERNAL, "table %s is dormant",
			    nft->table);
	for (int i = 0; i < ENTRY_KINDS; i++) {
		if (table_has(nft, i) && check_chains(nft, kinds[i]) < 0)
			return -1;
	}
	return 0;
}

int table_find_rule(struct nft *nft, const char *from, const char *chain,
		    uint64_t *handle)
{
	const struct nft_rule_info *rule;
	struct list there;

	*handle = 0;
	if (nft_list_rules(nft, from, &there) < 0)
		return -1;
	rule = there.items;
	for (size_t i = 0; i < there.count; i++) {
		if (strcmp(rule[i].jump, chain) == 0 ||
		    ((IS_ENABLED(CONFIG_FIREWALL) ||
		      IS_ENABLED(CONFIG_NODES)) &&
		     strcmp(rule[i].comment, chain) == 0))
			*handle = rule[i].handle;
	}
	return 0;
}

/* A rule of chain from leads to chain, or has its name. */
static int check_rule(struct nft *nft, const char *from, const char *chain)
{
	uint64_t handle;

	if (table_find_rule(nft, from, chain, &handle) < 0)
		return -1;
	return handle ? 0
		      : fail(nft->nl->job, CNI_INTERNAL,
			     "chain %s of table %s does not lead to %s", from,
			     nft->table, chain);
}

static int check_beside(struct nft *nft, const struct kind_beside *beside,
			const char *chain, const struct entry *entry)
{
	struct nft_element element;
	struct list found = { 0 };

	if (beside->until && check_rule(nft, beside->until, chain) < 0)
		return -1;
	if (beside->element) {
		beside->element(chain, &element);
		if (nft_find_element(nft, &element, &found) < 0)
			return -1;
		if (!found.count)
			return fail(
				nft->nl->job, CNI_INTERNAL,
				"map %s of table %s lacks the element of %s",
				element.map, nft->table, chain);
	}
	return beside->check ? beside->check(nft->nl, entry) : 0;
}

int table_chain_check(struct nft *nft, const char *chain,
		      const struct entry *entry)
{
	const struct kind_chain *own = kinds[entry->kind]->chain;

	if (check_chain(nft, chain, (int)own->rules(nft->nl->job, entry)) < 0 ||
	    (own->from && check_rule(nft, own->from, chain) < 0))
		return -1;
	return kind_beside(own) ? check_beside(nft, own->beside, chain, entry)
				: 0;
}
