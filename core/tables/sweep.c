/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Works on whole tables: removes what an owner, or each dead one, has, makes a
 * table anew, tries whether the kernel can make it. */
#include <string.h>
#include <sys/socket.h>

#include "core/tables/exempt.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "core/tables/want.h"

/* Who gives up then leaves things as they are, to be found by the next one. */
enum { SWEEP_TRIES = 16 };

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
		    kind_has_sets(kinds[kind]->chain) &&
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
			list_copy(nft->nl->job, &gone, element,
				  sizeof(*element));
	}
	return want_remove_elements(nft, &gone, to_go, arg);
}

static bool has_any(const struct nft *nft, unsigned mask)
{
	for (int i = 0; i < ENTRY_KINDS; i++) {
		if (mask & 1U << i && table_has(nft, i))
			return true;
	}
	return false;
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
		if (!IS_ENABLED(CONFIG_FIREWALL) || has_any(&nft, mask))
			ret |= remove_owners(&nft, mask, is_owner,
					     (void *)owner);
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
	const struct kind_chain *own;
	uint64_t handle;  /* of the rule that leads to it; 0: there is none */
	struct list more; /* of struct rule_place: rules that go with it */
};

static int find_more(struct nft *nft, const struct kind_beside *beside,
		     struct unused *unused)
{
	struct rule_place *place;

	if (beside->until) {
		place = list_add(nft->nl->job, &unused->more, sizeof(*place));
		*place = (struct rule_place) { nft->family, nft->table,
					       beside->until };
		if (table_find_rule(nft, beside->until, unused->chain,
				    &place->handle) < 0)
			return -1;
	}
	return beside->find
		       ? beside->find(nft->nl, unused->chain, &unused->more)
		       : 0;
}

static int add_unused(struct nft *nft, const char *chain,
		      const struct kind_chain *own, struct list *out)
{
	struct unused *unused = list_add(nft->nl->job, out, sizeof(*unused));

	*unused = (struct unused) { chain, own };
	if (own->from &&
	    table_find_rule(nft, own->from, chain, &unused->handle) < 0)
		return -1;
	return kind_beside(own) ? find_more(nft, own->beside, unused) : 0;
}

static int find_unused(struct nft *nft, struct list *out)
{
	struct list elements, chains;
	const char **chain;

	if (list_all(nft, ~0U, &elements, &chains) < 0)
		return -1;
	chain = chains.items;
	for (size_t i = 0; i < chains.count; i++) {
		enum entry_kind kind = kind_of_chain(chain[i]);

		if (kind == ENTRY_KINDS || is_used(&elements, chain[i]))
			continue;
		if (add_unused(nft, chain[i], kinds[kind]->chain, out) < 0)
			return -1;
	}
	return 0;
}

static void delete_more(struct nft *nft, const struct unused *unused)
{
	const struct rule_place *rule = unused->more.items;
	struct nft_element element;

	for (size_t i = 0; i < unused->more.count; i++, rule++) {
		struct nft *in = job_alloc(nft->nl->job, sizeof(*in));

		*in = (struct nft) { .nl = nft->nl,
				     .family = rule->family,
				     .table = rule->table };
		if (rule->handle)
			nft_rule_del(in, rule->chain, rule->handle);
	}
	if (unused->own->beside->element) {
		unused->own->beside->element(unused->chain, &element);
		nft_element_del(nft, &element);
	}
}

static int delete_all(struct nft *nft, const struct list *all,
		      uint32_t generation)
{
	const struct unused *unused = all->items;

	nft->stale = false;
	if (!all->count)
		return 0;
	nft_begin(nft, generation);
	for (size_t i = 0; i < all->count; i++, unused++) {
		if (unused->handle)
			nft_rule_del(nft, unused->own->from, unused->handle);
		if (kind_beside(unused->own))
			delete_more(nft, unused);
		nft_chain_del(nft, unused->chain);
		if (kind_has_sets(unused->own))
			nft_set_del(nft, unused->chain);
		if (IS_ENABLED(CONFIG_FIREWALL_EGRESS) && unused->own->more)
			nft_set_del(nft, job_printf(nft->nl->job, "%s%s",
						    unused->chain,
						    unused->own->more));
	}
	return nft_commit(nft);
}

/* If the tables change meanwhile, unused chains stay until the next GC. */
static int remove_unused(struct nft *nft)
{
	struct list all = { 0 };
	uint32_t generation = 0;

	if (nft_get_generation(nft, &generation) < 0 ||
	    find_unused(nft, &all) < 0)
		return -1;
	return delete_all(nft, &all, generation);
}

static int find_emptied(struct wants *wants, struct list *out)
{
	const struct want_chain *chain = wants->chains.items;
	struct nft *nft = &wants->nft;
	bool empty;

	*out = (struct list) { 0 };
	for (size_t i = 0; i < wants->chains.count; i++, chain++) {
		const struct kind_chain *own = kinds[chain->entry->kind]->chain;

		if (chain->missing)
			continue;
		if (nft_is_empty(nft, chain->name, &empty) < 0 ||
		    (empty && add_unused(nft, chain->name, own, out) < 0))
			return -1;
	}
	return 0;
}

static int trim(struct nl *nl, int table, const struct list *entries)
{
	struct wants wants = { 0 };
	struct list emptied;

	table_init(&wants.nft, nl, table);
	want_entries(&wants, "", entries, true);
	for (int i = 0; wants.chains.count && i < SWEEP_TRIES; i++) {
		if (want_look_up(&wants) < 0 ||
		    find_emptied(&wants, &emptied) < 0 ||
		    delete_all(&wants.nft, &emptied, wants.generation) < 0)
			return -1;
		if (!wants.nft.stale)
			break;
	}
	return 0;
}

int tables_trim(struct nl *nl, const struct list *entries)
{
	int ret = 0;

	for (int i = TABLE_FILTER; IS_ENABLED(CONFIG_FIREWALL) && i < TABLES;
	     i++) {
		struct nft nft;

		table_init(&nft, nl, i);
		ret |= entries ? trim(nl, i, entries) : remove_unused(&nft);
	}
	return ret;
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

/* A chain of a table that was read, with an entry that has it, if one is known. */
struct known {
	const char *chain;
	struct entry entry;
	bool is;
};

/* By its name. */
static void know_by_name(struct known *known)
{
	enum entry_kind kind = kind_of_chain(known->chain);

	known->is = kind < ENTRY_KINDS && kinds[kind]->chain->parse &&
		    kinds[kind]->chain->parse(known->chain, &known->entry);
}

/* Because this entry has one of them. */
static void know_by_entry(struct nft *nft, const struct entry *entry,
			  struct known *known, size_t count)
{
	const struct kind_chain *own = kinds[entry->kind]->chain;
	const char *chain;

	if (!own || !table_has(nft, entry->kind))
		return;
	chain = own->name(nft->nl->job, entry);
	for (size_t i = 0; i < count; i++, known++) {
		if (known->is || strcmp(known->chain, chain) != 0)
			continue;
		known->entry = *entry;
		known->is = true;
	}
}

static struct known *know_chains(struct nft *nft, const struct list *chains,
				 const struct list *entries)
{
	struct known *all =
		job_alloc(nft->nl->job, (chains->count + 1) * sizeof(*all));
	const char *const *chain = chains->items;
	const struct entry *entry = entries->items;

	for (size_t i = 0; i < chains->count; i++) {
		all[i].chain = chain[i];
		know_by_name(&all[i]);
	}
	for (size_t i = 0; i < entries->count; i++)
		know_by_entry(nft, &entry[i], all, chains->count);
	return all;
}

/* Whether what the element needs is made again: the chain that it leads to, or whose
 * set it is in. */
static bool can_keep(const struct nft_element *element,
		     const struct known *known, size_t count)
{
	const char *chain = element->chain ? element->chain : element->map;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(known[i].chain, chain) == 0)
			return known[i].is;
	}
	return !element->chain;
}

/* Adds what can be made again of a table that was read. */
static void carry_over(struct nft *nft, const struct list *elements,
		       const struct list *chains, const struct list *entries)
{
	const struct known *known = know_chains(nft, chains, entries);
	const struct nft_element *element = elements->items;

	for (size_t i = 0; i < chains->count; i++) {
		if (known[i].is)
			table_chain_add(nft, known[i].chain, &known[i].entry);
	}
	for (size_t i = 0; i < elements->count; i++, element++) {
		if (can_keep(element, known, chains->count))
			nft_element_add(nft, element);
	}
}

static bool has_exempt(int table)
{
	return IS_ENABLED(CONFIG_NODES) && table == TABLE_INET;
}

static int rebuild(struct nl *nl, int table,
		   int (*list_entries)(void *arg, struct list *out), void *arg)
{
	struct list elements, chains, exempt, entries;
	uint32_t generation = 0;
	struct nft nft;
	bool missing;

	table_init(&nft, nl, table);
	/* If others keep changing the table, it stays: the caller checks it. */
	for (int i = 0; i < SWEEP_TRIES; i++) {
		if (nft_find_table(&nft, &missing) < 0)
			return -1;
		if (missing)
			return 0;
		exempt = (struct list) { 0 };
		if (nft_get_generation(&nft, &generation) < 0 ||
		    list_all(&nft, ~0U, &elements, &chains) < 0 ||
		    (has_exempt(table) && exempt_list(&nft, &exempt) < 0))
			return -1;
		entries = (struct list) { 0 };
		if (list_entries(arg, &entries) < 0)
			return -1;
		nft_begin(&nft, generation);
		nft_table_del(&nft);
		table_add(&nft);
		carry_over(&nft, &elements, &chains, &entries);
		if (has_exempt(table))
			nft_prefixes_add(&nft, exempt_sets, &exempt);
		if (nft_commit(&nft) < 0)
			return -1;
		if (!nft.stale)
			return 0;
	}
	return 0;
}

int tables_rebuild(struct nl *nl,
		   int (*list_entries)(void *arg, struct list *out), void *arg)
{
	int ret = 0;

	for (int i = 0; i < TABLES; i++)
		ret |= rebuild(nl, i, list_entries, arg);
	return ret;
}

int tables_find_old(struct nl *nl, bool *old)
{
	struct nft nft;
	bool missing;

	for (int i = 0; i < TABLES; i++) {
		table_init(&nft, nl, i);
		if (nft_find_table(&nft, &missing) < 0)
			return -1;
		if (missing || !nft.no_expiry)
			continue;
		nft.no_expiry = false;
		*old |= nft_can_expire(&nft);
	}
	return 0;
}

static int probe(struct nl *nl, enum entry_kind kind)
{
	const struct entry entry = { .kind = kind, .pod = { { AF_INET }, 32 } };
	const struct kind_chain *own = kinds[kind]->chain;
	struct nft nft;
	bool missing;

	table_init(&nft, nl, kinds[kind]->table);
	do {
		/* Somebody may have made it meanwhile. */
		if (nft_find_table(&nft, &missing) < 0)
			return -1;
		if (!missing)
			return 0;
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
