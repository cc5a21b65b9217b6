/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Works on whole tables: removes what an owner, or each dead one, has, makes a
 * table anew, tries whether the kernel can make it. */
#include <string.h>
#include <sys/socket.h>

#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "core/tables/want.h"

enum { REBUILD_TRIES = 16 };

/* Adds to out the elements of a kind's maps. */
static int list_maps(struct nft *nft, const struct kind *kind, struct list *out)
{
	for (int i = 0; i < kind->owned_maps; i += MAP_STEP) {
		if (nft_list_elements(nft, kind->maps[i].name, out) < 0)
			return -1;
	}
	return 0;
}

/* Reads the elements of entries of these kinds, and the names of all chains. */
static int list_all(struct nft *nft, unsigned mask, struct list *out,
		    struct list *chains)
{
	const char **chain;

	*out = *chains = (struct list) { 0 };
	for (int i = 0; i < ENTRY_KINDS; i++) {
		if (mask & 1U << i && table_has(nft, i) &&
		    list_maps(nft, kinds[i], out) < 0)
			return -1;
	}
	if (nft_list_chains(nft, chains) < 0)
		return -1;
	chain = chains->items;
	for (size_t i = 0; i < chains->count; i++) {
		enum entry_kind kind = kind_of_chain(chain[i]);

		/* These have a set of the chain's name. */
		if (kind < ENTRY_KINDS && mask & 1U << kind &&
		    kinds[kind]->chain->from &&
		    nft_list_elements(nft, chain[i], out) < 0)
			return -1;
	}
	return 0;
}

/* Removes the elements of these kinds whose owners are to_go(arg, owner). */
static int remove_owners(struct nft *nft, unsigned mask,
			 bool (*to_go)(void *arg, const char *owner), void *arg)
{
	struct list all, chains, gone = { 0 };
	const struct nft_element *element;

	if (list_all(nft, mask, &all, &chains) < 0)
		return -1;
	element = all.items;
	for (size_t i = 0; i < all.count; i++, element++) {
		if (to_go(arg, element->comment))
			*(struct nft_element *)list_add(nft->nl->job, &gone,
							sizeof(*element)) =
				*element;
	}
	return want_remove_elements(nft, &gone);
}

static bool is_owner(void *arg, const char *owner)
{
	return strcmp(arg, owner) == 0;
}

int tables_del_owner(struct nl *nl, const char *owner, unsigned mask)
{
	struct nft nft;
	int ret = 0;

	for (int i = 0; i < TABLES; i++) {
		table_init(&nft, nl, i);
		ret |= remove_owners(&nft, mask, is_owner, (void *)owner);
	}
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

/* A chain that no element uses. */
struct unused {
	const char *chain;
	const char *from; /* the chain that has a rule for it, or NULL */
	uint64_t handle;  /* of that rule; 0: there is none */
};

static int find_unused(struct nft *nft, struct list *out)
{
	struct list elements, chains;
	const char **chain;

	if (list_all(nft, ~0U, &elements, &chains) < 0)
		return -1;
	chain = chains.items;
	for (size_t i = 0; i < chains.count; i++) {
		enum entry_kind kind = kind_of_chain(chain[i]);
		struct unused *unused;

		if (kind == ENTRY_KINDS || is_used(&elements, chain[i]))
			continue;
		unused = list_add(nft->nl->job, out, sizeof(*unused));
		unused->chain = chain[i];
		unused->from = kinds[kind]->chain->from;
		if (unused->from && table_find_rule(nft, unused->from, chain[i],
						    &unused->handle) < 0)
			return -1;
	}
	return 0;
}

/* If the tables change meanwhile, unused chains stay until the next GC. */
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

int tables_gc(struct nl *nl, bool (*dead)(void *arg, const char *owner),
	      void *arg)
{
	struct nft nft;
	bool none;
	int ret = 0;

	if (nft_is_missing(nl, &none) < 0)
		return -1;
	for (int i = 0; !none && i < TABLES; i++) {
		table_init(&nft, nl, i);
		if (remove_owners(&nft, ~0U, dead, arg) < 0 ||
		    remove_unused(&nft) < 0)
			ret = -1;
	}
	return ret;
}

/* Makes out an entry whose chain this is; false if the name does not tell. */
static bool entry_of_chain(const char *chain, struct entry *out)
{
	enum entry_kind kind = kind_of_chain(chain);

	return kind < ENTRY_KINDS && kinds[kind]->chain->parse &&
	       kinds[kind]->chain->parse(chain, out);
}

/* Adds what can be made again of a table that was read. */
static void carry_over(struct nft *nft, const struct list *elements,
		       const struct list *chains)
{
	const struct nft_element *element = elements->items;
	const char *const *chain = chains->items;
	struct entry entry;

	for (size_t i = 0; i < chains->count; i++) {
		if (entry_of_chain(chain[i], &entry))
			kinds[entry.kind]->chain->add(nft, chain[i], &entry);
	}
	for (size_t i = 0; i < elements->count; i++, element++) {
		if (kind_of_chain(element->map) < ENTRY_KINDS
			    ? entry_of_chain(element->map, &entry)
			    : !element->chain)
			nft_element_add(nft, element);
	}
}

static int rebuild(struct nl *nl, int table)
{
	struct list elements, chains;
	uint32_t generation = 0;
	struct nft nft;
	bool missing;

	table_init(&nft, nl, table);
	/* If others keep changing the table, it stays: the caller checks it. */
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
		table_add(&nft);
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

	for (int i = 0; i < TABLES; i++)
		ret |= rebuild(nl, i);
	return ret;
}

static int probe(struct nl *nl, enum entry_kind kind)
{
	const struct entry entry = { .kind = kind, .pod = { { AF_INET }, 32 } };
	const struct kind_chain *own = kinds[kind]->chain;
	struct nft nft;
	bool missing;

	table_init(&nft, nl, kinds[kind]->table);
	if (nft_find_table(&nft, &missing) < 0)
		return -1;
	if (!missing)
		return 0;
	do {
		nft_begin(&nft, 0);
		table_add(&nft);
		/* Only these chains can be made from an entry like this. */
		if (own && own->parse)
			own->add(&nft, "probe", &entry);
		if (nft_try(&nft) < 0)
			return -1;
	} while (nft.stale);
	return 0;
}

int tables_probe(struct nl *nl, enum entry_kind kind)
{
	if (probe(nl, kind) == 0)
		return 0;
	/* Whatever the reason is, this node cannot serve an ADD. */
	nl->job->code = CNI_NOT_AVAILABLE;
	return -1;
}
