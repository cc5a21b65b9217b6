/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found by reading the maps, and goes. */
#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"

enum { REBUILD_TRIES = 16 };

static void keep(struct job *job, const struct nft_element *element,
		 struct list *out)
{
	*(struct nft_element *)list_add(job, out, sizeof(*element)) = *element;
}

/* Adds the elements of a map of both families to out. */
static int list_map(struct nft *nft, enum nat_map map, struct list *out)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		const struct nft_map *found = nat_map(map, families[i]);

		if (found && nft_list_elements(nft, found->name, out) < 0)
			return -1;
	}
	return 0;
}

/* The elements of entries of these kinds, and all chains. */
static int list_all(struct nft *nft, unsigned kinds, struct list *out,
		    struct list *chains)
{
	const char **chain;
	enum entry_kind kind;

	*out = *chains = (struct list) { 0 };
	for (enum nat_map map = 0; map < NAT_MAPS; map++) {
		kind = nat_map_kind(map);
		if (kinds & 1U << kind && nat_is_in(nft, kind) &&
		    list_map(nft, map, out) < 0)
			return -1;
	}
	if (nft_list_chains(nft, chains) < 0)
		return -1;
	chain = chains->items;
	for (size_t i = 0; i < chains->count; i++) {
		if (nat_chain_kind(chain[i], &kind) && nat_chain_from(kind) &&
		    kinds & 1U << kind &&
		    nft_list_elements(nft, chain[i], out) < 0)
			return -1;
	}
	return 0;
}

static int del_owner_from(struct nft nft, const char *owner, unsigned kinds)
{
	struct list all, chains, owned = { 0 };
	const struct nft_element *element;

	if (list_all(&nft, kinds, &all, &chains) < 0)
		return -1;
	element = all.items;
	for (size_t i = 0; i < all.count; i++, element++) {
		if (strcmp(element->comment, owner) == 0)
			keep(nft.nl->job, element, &owned);
	}
	return nat_remove(&nft, &owned);
}

int tables_del_owner(struct nl *nl, const char *owner, unsigned kinds)
{
	int ret = 0;

	for (int i = 0; i < NAT_TABLES; i++)
		ret |= del_owner_from(nat_table(nl, nat_table_kinds[i]), owner,
				      kinds);
	return ret;
}

static bool is_used(const struct list *elements, const char *chain)
{
	const struct nft_element *element = elements->items;

	for (size_t i = 0; i < elements->count; i++) {
		if (strcmp(element[i].map, chain) == 0 ||
		    (element[i].chain && strcmp(element[i].chain, chain) == 0))
			return true;
	}
	return false;
}

/* A chain that nothing uses, and the rule that leads to it. */
struct unused {
	const char *chain;
	const char *from; /* NULL: a map did */
	uint64_t handle;  /* 0: none */
};

static int find_rule(struct nft *nft, struct unused *unused)
{
	const struct nft_rule_info *rule;
	struct list rules;

	if (nft_list_rules(nft, unused->from, &rules) < 0)
		return -1;
	rule = rules.items;
	for (size_t i = 0; i < rules.count; i++) {
		if (strcmp(rule[i].jump, unused->chain) == 0)
			unused->handle = rule[i].handle;
	}
	return 0;
}

static int find_unused(struct nft *nft, struct list *out)
{
	struct list elements, chains;
	const char **chain;
	enum entry_kind kind;

	if (list_all(nft, ~0U, &elements, &chains) < 0)
		return -1;
	chain = chains.items;
	for (size_t i = 0; i < chains.count; i++) {
		struct unused *unused;

		if (!nat_chain_kind(chain[i], &kind) ||
		    is_used(&elements, chain[i]))
			continue;
		unused = list_add(nft->nl->job, out, sizeof(*unused));
		unused->chain = chain[i];
		unused->from = nat_chain_from(kind);
		if (unused->from && find_rule(nft, unused) < 0)
			return -1;
	}
	return 0;
}

/* If others are at work, what is unused stays until the next time. */
static int remove_unused(struct nft *nft)
{
	struct list all = { 0 };
	uint32_t generation = 0;
	const struct unused *unused;

	if (nft_get_generation(nft, &generation) < 0 ||
	    find_unused(nft, &all) < 0)
		return -1;
	if (!all.count)
		return 0;
	nft_begin(nft, generation);
	unused = all.items;
	for (size_t i = 0; i < all.count; i++) {
		if (unused[i].handle)
			nft_rule_del(nft, unused[i].from, unused[i].handle);
		nft_chain_del(nft, unused[i].chain);
		if (unused[i].from)
			nft_set_del(nft, unused[i].chain);
	}
	return nft_commit(nft);
}

static int gc_in(struct nft nft, bool (*dead)(void *arg, const char *owner),
		 void *arg)
{
	const struct nft_element *element;
	struct list all, chains, gone = { 0 };

	if (list_all(&nft, ~0U, &all, &chains) < 0)
		return -1;
	element = all.items;
	for (size_t i = 0; i < all.count; i++, element++) {
		if (dead(arg, element->comment))
			keep(nft.nl->job, element, &gone);
	}
	if (nat_remove(&nft, &gone) < 0)
		return -1;
	return remove_unused(&nft);
}

int tables_gc(struct nl *nl, bool (*dead)(void *arg, const char *owner),
	      void *arg)
{
	bool none;
	int ret = 0;

	if (nft_is_missing(nl, &none) < 0)
		return -1;
	for (int i = 0; !none && i < NAT_TABLES; i++)
		ret |= gc_in(nat_table(nl, nat_table_kinds[i]), dead, arg);
	return ret;
}

/* An entry that has this chain, as far as the name tells it: not what is exempt
 * or what the conditions are. */
static bool entry_of(const char *chain, struct entry *out)
{
	const char *dash = strchr(chain, '-');
	long len;

	*out = (struct entry) { 0 };
	if (!nat_chain_kind(chain, &out->kind) || !dash ||
	    !str_to_long(dash + 1, 0, 128, &len))
		return false;
	out->pod.ip.family = dash[-1] == '4' ? AF_INET : AF_INET6;
	out->pod.len = (int)len;
	return true;
}

static void carry_over(struct nft *nft, const struct list *elements,
		       const struct list *chains)
{
	const struct nft_element *element = elements->items;
	const char *const *chain = chains->items;
	struct entry entry;
	enum entry_kind kind;

	for (size_t i = 0; i < chains->count; i++) {
		if (entry_of(chain[i], &entry))
			nat_chain_add(nft, chain[i], &entry);
	}
	for (size_t i = 0; i < elements->count; i++, element++) {
		if (nat_chain_kind(element->map, &kind)
			    ? entry_of(element->map, &entry)
			    : !element->chain)
			nft_element_add(nft, element);
	}
}

static int rebuild(struct nft nft)
{
	struct list elements, chains;
	uint32_t generation = 0;
	bool missing;

	/* If others keep changing it, whoever asked for this finds it as it is. */
	for (int i = 0; i < REBUILD_TRIES; i++) {
		if (nft_find_table(&nft, &missing) < 0)
			return -1;
		if (missing)
			return 0;
		if (nft_get_generation(&nft, &generation) < 0 ||
		    list_all(&nft, ~0U, &elements, &chains) < 0)
			return -1;
		nft_begin(&nft, generation);
		nft_table_del(&nft);
		nat_table_add(&nft);
		carry_over(&nft, &elements, &chains);
		if (nft_commit(&nft) < 0)
			return -1;
		if (!nft.stale)
			return 0;
	}
	return 0;
}

int tables_rebuild(struct nl *nl)
{
	int ret = 0;

	for (int i = 0; i < NAT_TABLES; i++)
		ret |= rebuild(nat_table(nl, nat_table_kinds[i]));
	return ret;
}

static int probe(struct nl *nl, enum entry_kind kind)
{
	static const struct entry entry = { .kind = ENTRY_MASQUERADE,
					    .pod = { { AF_INET }, 32 } };
	struct nft nft = nat_table(nl, kind);
	bool missing;

	if (nft_find_table(&nft, &missing) < 0)
		return -1;
	if (!missing)
		return 0;
	do {
		nft_begin(&nft, 0);
		nat_table_add(&nft);
		if (nat_is_in(&nft, ENTRY_MASQUERADE))
			nat_chain_add(&nft, "probe", &entry);
		if (nft_try(&nft) < 0)
			return -1;
	} while (nft.stale);
	return 0;
}

int tables_probe(struct nl *nl, enum entry_kind kind)
{
	if (probe(nl, kind) == 0)
		return 0;
	/* Whatever the kernel said, it cannot do it. */
	nl->job->code = CNI_NOT_AVAILABLE;
	return -1;
}
