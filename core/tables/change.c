/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include "core/tables/table.h"
#include "core/tables/tables.h"

enum {
	/* How often others may be quicker than us. */
	TRIES_MAX = 64,
	/* How much one transaction removes, or adds in the hope that nothing
	 * is in its way, so that the answers fit. */
	SLICE = 1000,
};

/* An element of ours: what it should be, and what has its key now. */
struct want {
	const struct entry *entry; /* NULL if it only is to go */
	struct nft_element element;
	struct list found; /* of struct nft_element, one or none */
	const char
		*shared; /* with this holder, which was told of it; or NULL */
	int chain;	 /* that it leads to, an index; -1: none */
};

/* A chain that elements of ours lead to. */
struct want_chain {
	const char *name;
	const struct entry *entry; /* one of those that do */
	bool missing, needed;
};

/* What is to be done, and what it is to be done to. */
struct nat {
	struct nft nft;
	struct list wants;  /* of struct want */
	struct list chains; /* of struct want_chain; there are few */
	uint32_t *slots;    /* of a hash: an index into wants and 1, or 0 */
	size_t slots_mask;
	bool table_missing;
	uint32_t generation;
};

/* ---- elements ---- */

static bool same_key(const struct nft_element *a, const struct nft_element *b)
{
	return a->key_len == b->key_len &&
	       memcmp(a->key, b->key, a->key_len) == 0 &&
	       strcmp(a->map, b->map) == 0;
}

static bool same_data(const struct nft_element *a, const struct nft_element *b)
{
	if (a->chain || b->chain)
		return a->chain && b->chain && a->verdict == b->verdict &&
		       strcmp(a->chain, b->chain) == 0;
	return a->data_len == b->data_len &&
	       memcmp(a->data, b->data, a->data_len) == 0;
}

/* Makes room for so many keys. */
static void expect_wants(struct nat *nat, size_t count)
{
	size_t slots = 8;

	while (slots < 2 * count)
		slots *= 2;
	nat->slots = job_alloc(nat->nft.nl->job, slots * sizeof(*nat->slots));
	nat->slots_mask = slots - 1;
}

static size_t hash_key(const struct nft_element *element)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < element->key_len; i++)
		hash = (hash ^ element->key[i]) * 0x9e3779b1U;
	return hash ^ hash >> 15;
}

/* Where the one with this key is in the hash, or would be. */
static uint32_t *find_slot(const struct nat *nat,
			   const struct nft_element *element)
{
	const struct want *wants = nat->wants.items;

	for (size_t i = hash_key(element);; i++) {
		uint32_t *slot = &nat->slots[i & nat->slots_mask];

		if (!*slot || same_key(&wants[*slot - 1].element, element))
			return slot;
	}
}

/* The one with this key, which may be new. */
static struct want *want(struct nat *nat, const struct nft_element *element)
{
	uint32_t *slot = find_slot(nat, element);
	struct want *wants;

	if (!*slot) {
		wants = list_add(nat->nft.nl->job, &nat->wants, sizeof(*wants));
		*wants = (struct want) { .element = *element, .chain = -1 };
		*slot = (uint32_t)nat->wants.count;
	}
	wants = nat->wants.items;
	return &wants[*slot - 1];
}

/* Its number among those that are wanted, which it becomes one of. */
static int want_chain(struct nat *nat, const struct entry *entry)
{
	const char *name = nat_chain_name(nat->nft.nl->job, entry);
	const struct want_chain *chains = nat->chains.items;
	struct want_chain *added;

	if (!name)
		return -1;
	for (size_t i = 0; i < nat->chains.count; i++) {
		if (strcmp(chains[i].name, name) == 0)
			return (int)i;
	}
	added = list_add(nat->nft.nl->job, &nat->chains, sizeof(*added));
	*added = (struct want_chain) { .name = name, .entry = entry };
	return (int)nat->chains.count - 1;
}

static int want_entries(struct nat *nat, const char *owner,
			const struct list *entries)
{
	const struct entry *entry = entries->items;
	struct job *job = nat->nft.nl->job;

	expect_wants(nat, entries->count);
	for (size_t i = 0; i < entries->count; i++) {
		struct nft_element element;
		struct want *w;

		if (!nat_is_in(&nat->nft, entry[i].kind))
			continue;
		entry_to_element(job, &entry[i], owner, &element);
		w = want(nat, &element);
		if (!same_data(&w->element, &element))
			return fail(job, CNI_BAD_CONFIG, "%s twice",
				    entry_describe(job, &entry[i], ""));
		w->entry = &entry[i];
		w->chain = want_chain(nat, w->entry);
	}
	return 0;
}

/* Finds out what there is. */
static int look_up(struct nat *nat)
{
	struct want_chain *chain = nat->chains.items;
	struct want *w = nat->wants.items;
	struct nft *nft = &nat->nft;

	nl_hold(nft->nl);
	nft_get_generation(nft, &nat->generation);
	nft_find_table(nft, &nat->table_missing);
	for (size_t i = 0; i < nat->chains.count; i++, chain++)
		nft_find_chain(nft, chain->name, &chain->missing);
	for (size_t i = 0; i < nat->wants.count; i++, w++) {
		w->found = (struct list) { 0 };
		nft_find_element(nft, &w->element, &w->found);
		if (nl_flush_if_many(nft->nl) < 0)
			return -1;
	}
	return nl_release(nft->nl);
}

static bool is_owned(const struct want *w)
{
	const struct nft_element *found = w->found.items;

	return found && strcmp(found->comment, w->element.comment) == 0;
}

/* Whether it is the holder's to keep. */
static bool is_left(const struct want *w)
{
	const struct nft_element *found = w->found.items;

	return found && w->shared && strcmp(found->comment, w->shared) == 0;
}

/* Those of a dead holder would be those of the port's new one. */
static int drop_conditions(struct nat *nat, const struct want *w)
{
	const struct nft_element *found = w->found.items;

	return w->entry->kind == ENTRY_PORT
		       ? tables_del_owner(nat->nft.nl, found->comment,
					  1 << ENTRY_CONDITION)
		       : 0;
}

/* No key is another's who lives. *again: a holder shares, and has to be looked
 * at again, as it may be gone before it heard of it. */
static int check_holders(struct nat *nat, const struct holders *holders,
			 bool *again)
{
	struct want *w = nat->wants.items;
	struct job *job = nat->nft.nl->job;

	*again = false;
	for (size_t i = 0; i < nat->wants.count; i++, w++) {
		const struct nft_element *found = w->found.items;
		enum holder holder;

		if (!found || is_owned(w) || is_left(w))
			continue;
		holder = holders->tell(holders->arg, found->comment);
		if (holder == HOLDER_ALIVE || holder == HOLDER_UNKNOWN)
			return entry_refuse(job, w->entry, found->comment,
					    holder);
		/* What it is could not be found out. */
		if (job->msg)
			return -1;
		if (holder == HOLDER_DEAD && drop_conditions(nat, w) < 0)
			return -1;
		w->shared = holder == HOLDER_SHARES ? found->comment : NULL;
		*again |= holder == HOLDER_SHARES;
	}
	return 0;
}

/* One transaction, with no more in it than is missing. What is replaced has to
 * be what was looked at. */
static int write_wants(struct nat *nat)
{
	struct want *wants = nat->wants.items, *end = wants + nat->wants.count;
	struct want_chain *chains = nat->chains.items;
	struct nft *nft = &nat->nft;
	bool replaces = false, any = false;

	for (size_t i = 0; i < nat->chains.count; i++)
		chains[i].needed = false;
	for (struct want *w = wants; w < end; w++) {
		if (is_left(w))
			continue;
		any = true;
		replaces |= w->found.count > 0;
		if (w->chain >= 0)
			chains[w->chain].needed = true;
	}
	nft->stale = false;
	if (!any)
		return 0;
	nft_begin(nft, replaces ? nat->generation : 0);
	if (nat->table_missing)
		nat_table_add(nft);
	else if (nft->dormant)
		nft_table_wake(nft);
	for (size_t i = 0; i < nat->chains.count; i++) {
		if (chains[i].missing && chains[i].needed)
			nat_chain_add(nft, chains[i].name, chains[i].entry);
	}
	for (struct want *w = wants; w < end; w++) {
		if (is_left(w))
			continue;
		if (w->found.count)
			nft_element_del(nft, &w->element);
		nft_element_add(nft, &w->element);
	}
	return nft_commit(nft);
}

static int give_up(struct nat *nat)
{
	return fail(
		nat->nft.nl->job, CNI_TRY_AGAIN,
		"change table %s: others keep changing it, or cnibox sync has to",
		nat->nft.table);
}

static int add_to(struct nft nft, const char *owner, const struct list *entries,
		  const struct holders *holders)
{
	struct nat nat = { .nft = nft };

	if (want_entries(&nat, owner, entries) < 0)
		return -1;
	if (!nat.wants.count)
		return 0;
	if (nat_check_rivals(&nat.nft, owner, entries, holders) < 0)
		return -1;
	/* At first all is taken to be there but the elements. */
	for (int i = 0; i < TRIES_MAX; i++) {
		bool looks = i || nat.wants.count > SLICE, again = false;

		if (looks && (look_up(&nat) < 0 ||
			      check_holders(&nat, holders, &again) < 0))
			return -1;
		if (again)
			continue;
		if (write_wants(&nat) < 0)
			return -1;
		if (!nat.nft.stale)
			return nat_check_rivals(&nat.nft, owner, entries,
						holders);
	}
	return give_up(&nat);
}

int tables_add(struct nl *nl, const char *owner, const struct list *entries,
	       const struct holders *holders)
{
	for (int i = 0; i < NAT_TABLES; i++) {
		if (add_to(nat_table(nl, nat_table_kinds[i]), owner, entries,
			   holders) < 0)
			return -1;
	}
	return 0;
}

/* ---- removing ---- */

/* Removes those that still have the owner they are wanted to have; sets
 * *missing if one has none. */
static int remove_owned(struct nat *nat, bool *missing)
{
	struct want *wants = nat->wants.items, *end = wants + nat->wants.count;
	struct nft *nft = &nat->nft;

	for (int i = 0; i < TRIES_MAX; i++) {
		struct want *first = wants;

		if (look_up(nat) < 0)
			return -1;
		for (const struct want *w = wants; w < end; w++)
			*missing |= !w->found.count;
		while (first < end && !is_owned(first))
			first++;
		if (first == end)
			return 0;
		nft_begin(nft, nat->generation);
		for (; first < end; first++) {
			if (is_owned(first))
				nft_element_del(nft, &first->element);
		}
		if (nft_commit(nft) < 0)
			return -1;
		if (!nft->stale)
			return 0;
	}
	return give_up(nat);
}

int nat_remove(struct nft *nft, const struct list *elements)
{
	const struct nft_element *element = elements->items;
	size_t left = elements->count;
	struct want *added;
	bool missing = false;

	while (left) {
		struct nat nat = { .nft = *nft };

		for (; left && nat.wants.count < SLICE; left--) {
			added = list_add(nft->nl->job, &nat.wants,
					 sizeof(*added));
			added->element = *element++;
		}
		if (remove_owned(&nat, &missing) < 0)
			return -1;
	}
	return 0;
}

/* Their elements, to be looked up, and not to be made. */
static void want_elements(struct nat *nat, const char *owner,
			  const struct list *entries)
{
	const struct entry *entry = entries->items;
	struct nft_element element;

	expect_wants(nat, entries->count);
	for (size_t i = 0; i < entries->count; i++) {
		if (!nat_is_in(&nat->nft, entry[i].kind))
			continue;
		entry_to_element(nat->nft.nl->job, &entry[i], owner, &element);
		want(nat, &element);
	}
}

static int del_from(struct nft nft, const char *owner,
		    const struct list *entries, bool *missing)
{
	struct nat nat = { .nft = nft };

	want_elements(&nat, owner, entries);
	return nat.wants.count ? remove_owned(&nat, missing) : 0;
}

int tables_del(struct nl *nl, const char *owner, const struct list *entries,
	       bool *missing)
{
	int ret = 0;

	*missing = false;
	for (int i = 0; i < NAT_TABLES; i++)
		ret |= del_from(nat_table(nl, nat_table_kinds[i]), owner,
				entries, missing);
	return ret;
}

/* ---- looking ---- */

static int check_want(struct nat *nat, const struct want *w,
		      const struct holders *holders)
{
	struct want_chain *chains = nat->chains.items;
	const struct nft_element *found = w->found.items;
	struct job *job = nat->nft.nl->job;

	if (!found)
		return fail(job, CNI_INTERNAL, "%s",
			    entry_describe(job, w->entry, "not "));
	if (!is_owned(w) &&
	    holders->tell(holders->arg, found->comment) == HOLDER_SHARES)
		return 0;
	if (!is_owned(w))
		return fail(job, CNI_INTERNAL, "%s for %s",
			    entry_describe(job, w->entry, ""), found->comment);
	if (!same_data(found, &w->element))
		return fail(job, CNI_INTERNAL, "%s differently",
			    entry_describe(job, w->entry, ""));
	if (w->chain >= 0)
		chains[w->chain].needed = true;
	return 0;
}

int tables_list_free(struct nl *nl, const struct list *entries,
		     struct list *out)
{
	struct nat nat = { .nft = nat_table(nl, ENTRY_MASQUERADE) };
	const struct entry *entry = entries->items;

	want_elements(&nat, "", entries);
	if (nat.wants.count && look_up(&nat) < 0)
		return -1;
	for (size_t i = 0; i < entries->count; i++) {
		struct nft_element element;

		if (!nat_is_in(&nat.nft, entry[i].kind))
			continue;
		entry_to_element(nl->job, &entry[i], "", &element);
		if (!want(&nat, &element)->found.count)
			*(struct entry *)list_add(nl->job, out,
						  sizeof(*entry)) = entry[i];
	}
	return 0;
}

static int check_in(struct nft nft, const char *owner,
		    const struct list *entries, const struct holders *holders)
{
	struct nat nat = { .nft = nft };
	const struct want_chain *chain;
	const struct want *w;
	bool any = false;

	if (want_entries(&nat, owner, entries) < 0)
		return -1;
	if (!nat.wants.count)
		return 0;
	if (look_up(&nat) < 0)
		return -1;
	w = nat.wants.items;
	for (size_t i = 0; i < nat.wants.count; i++) {
		if (holders->lenient && !w[i].found.count)
			continue;
		any = true;
		if (check_want(&nat, &w[i], holders) < 0)
			return -1;
	}
	chain = nat.chains.items;
	for (size_t i = 0; i < nat.chains.count; i++) {
		if (chain[i].needed && nat_chain_check(&nat.nft, chain[i].name,
						       chain[i].entry) < 0)
			return -1;
	}
	return any ? nat_table_check(&nat.nft) : 0;
}

int tables_check(struct nl *nl, const char *owner, const struct list *entries,
		 const struct holders *holders)
{
	for (int i = 0; i < NAT_TABLES; i++) {
		if (check_in(nat_table(nl, nat_table_kinds[i]), owner, entries,
			     holders) < 0)
			return -1;
	}
	return 0;
}
