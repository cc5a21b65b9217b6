/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/want.h"

#include <string.h>

#include "core/tables/table.h"

static bool same_key(const struct nft_element *a, const struct nft_element *b)
{
	return a->key_len == b->key_len &&
	       memcmp(a->key, b->key, a->key_len) == 0 &&
	       strcmp(a->map, b->map) == 0;
}

bool want_same_data(const struct nft_element *a, const struct nft_element *b)
{
	if (a->chain || b->chain)
		return a->chain && b->chain && a->verdict == b->verdict &&
		       strcmp(a->chain, b->chain) == 0;
	return a->data_len == b->data_len &&
	       memcmp(a->data, b->data, a->data_len) == 0;
}

/* Makes an empty hash with room for count keys. */
static void make_slots(struct wants *wants, size_t count)
{
	size_t slots = 8;

	while (slots < 2 * count)
		slots *= 2;
	wants->slots =
		job_alloc(wants->nft.nl->job, slots * sizeof(*wants->slots));
	wants->slots_mask = slots - 1;
}

static size_t hash_key(const struct nft_element *element)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < element->key_len; i++)
		hash = (hash ^ element->key[i]) * 0x9e3779b1U;
	return hash ^ hash >> 15;
}

/* The slot of the want with this key; an empty one if there is none. */
static uint32_t *find_slot(const struct wants *wants,
			   const struct nft_element *element)
{
	const struct want *list = wants->list.items;

	for (size_t i = hash_key(element);; i++) {
		uint32_t *slot = &wants->slots[i & wants->slots_mask];

		if (!*slot || same_key(&list[*slot - 1].element, element))
			return slot;
	}
}

/* The want with this element's key, which is added if there is none. */
static struct want *add_want(struct wants *wants,
			     const struct nft_element *element)
{
	uint32_t *slot = find_slot(wants, element);
	struct want *list;

	if (!*slot) {
		list = list_add(wants->nft.nl->job, &wants->list,
				sizeof(*list));
		*list = (struct want) { .element = *element, .chain = -1 };
		*slot = (uint32_t)wants->list.count;
	}
	list = wants->list.items;
	return &list[*slot - 1];
}

/* The index of entry's chain, which is added if it is new; -1: it has none. */
static int want_chain(struct wants *wants, const struct entry *entry)
{
	const struct want_chain *chains = wants->chains.items;
	const struct kind_chain *own = kinds[entry->kind]->chain;
	struct job *job = wants->nft.nl->job;
	struct want_chain *added;
	const char *name;

	if (!own)
		return -1;
	name = own->name(job, entry);
	for (size_t i = 0; i < wants->chains.count; i++) {
		if (strcmp(chains[i].name, name) == 0)
			return (int)i;
	}
	added = list_add(job, &wants->chains, sizeof(*added));
	*added = (struct want_chain) { .name = name, .entry = entry };
	return (int)wants->chains.count - 1;
}

int want_entries(struct wants *wants, const char *owner,
		 const struct list *entries, bool chains)
{
	const struct entry *entry = entries->items;
	struct job *job = wants->nft.nl->job;

	make_slots(wants, entries->count);
	for (size_t i = 0; i < entries->count; i++, entry++) {
		struct nft_element element;
		struct want *want;

		if (!table_has(&wants->nft, entry->kind))
			continue;
		entry_to_element(job, entry, owner, &element);
		want = add_want(wants, &element);
		want->entry = entry;
		if (!chains)
			continue;
		if (!want_same_data(&want->element, &element))
			return fail(job, CNI_BAD_CONFIG, "%s twice",
				    entry_describe(job, entry, ""));
		want->chain = want_chain(wants, entry);
	}
	return 0;
}

int want_look_up(struct wants *wants)
{
	struct want_chain *chain = wants->chains.items;
	struct want *want = wants->list.items;
	struct nft *nft = &wants->nft;

	nft->leaving = false;
	nl_hold(nft->nl);
	nft_get_generation(nft, &wants->generation);
	nft_find_table(nft, &wants->table_missing);
	for (size_t i = 0; i < wants->chains.count; i++, chain++)
		nft_find_chain(nft, chain->name, &chain->missing);
	for (size_t i = 0; i < wants->list.count; i++, want++) {
		want->found = (struct list) { 0 };
		nft_find_element(nft, &want->element, &want->found);
		if (nl_flush_if_many(nft->nl) < 0)
			return -1;
	}
	return nl_release(nft->nl);
}

bool want_is_owned(const struct want *want)
{
	const struct nft_element *found = want->found.items;

	return found && strcmp(found->comment, want->element.comment) == 0;
}

int want_give_up(const struct nft *nft)
{
	return fail(
		nft->nl->job, CNI_TRY_AGAIN,
		"change table %s: others keep changing it, or it needs cnibox sync",
		nft->table);
}

/* Begins a transaction that removes them, if there are any; whether there are. to_go()
 * is asked behind the look at the tables: an owner that comes again later makes their
 * generation another one. */
static bool begin_to_remove(struct wants *wants, bool *missing)
{
	const struct want *want = wants->list.items;
	struct nft *nft = &wants->nft;
	bool expires = !wants->to_go && nft_can_expire(nft), any = false;

	for (size_t i = 0; i < wants->list.count; i++, want++) {
		const struct nft_element *found = want->found.items;

		*missing |= !found;
		if (!want_is_owned(want) ||
		    (wants->to_go && !wants->to_go(wants->arg, found->comment)))
			continue;
		if (!any)
			nft_begin(nft, wants->generation);
		any = true;
		/* The kernel frees one that expires later, and until then the
		 * chain that its verdict leads to is in use. */
		if (expires && !found->chain)
			nft_element_expire(nft, found);
		else
			nft_element_del(nft, found);
	}
	return any;
}

int want_remove(struct wants *wants, bool *missing)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		if (want_look_up(wants) < 0)
			return -1;
		if (!begin_to_remove(wants, missing))
			return 0;
		if (nft_commit(&wants->nft) < 0)
			return -1;
		if (!wants->nft.stale)
			return 0;
	}
	return want_give_up(&wants->nft);
}

int want_remove_elements(struct nft *nft, const struct list *elements,
			 bool (*to_go)(void *arg, const char *owner), void *arg)
{
	const struct nft_element *element = elements->items;
	size_t left = elements->count;
	struct want *added;
	bool missing = false;

	while (left) {
		struct wants wants = { .nft = *nft,
				       .to_go = to_go,
				       .arg = arg };

		for (; left && wants.list.count < SLICE; left--) {
			added = list_add(nft->nl->job, &wants.list,
					 sizeof(*added));
			added->element = *element++;
		}
		if (want_remove(&wants, &missing) < 0)
			return -1;
	}
	return 0;
}
