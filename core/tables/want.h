/* SPDX-License-Identifier: GPL-2.0-or-later */
/* want - elements that an owner wants to have in a table, or removed, beside what
 * the table has under their keys */
#ifndef CNIBOX_WANT_H
#define CNIBOX_WANT_H

#include "core/tables/kind.h"

enum {
	/* How often a transaction may be stale before we give up. */
	TRIES_MAX = 64,
	/* How many elements one transaction removes, or adds without having looked:
	 * each may be refused, and the answers have to fit. */
	SLICE = 1000,
};

struct want {
	const struct entry *entry; /* one that has this element, or NULL */
	struct nft_element element;
	/* The element that has its key now: one struct nft_element or none. */
	struct list found;
	/* The holder that has noted us as its heir, or NULL. */
	const char *shared;
	int chain; /* the index of its chain; -1: none */
};

/* A chain that wanted elements need. */
struct want_chain {
	const char *name;
	const struct entry *entry; /* of one of these elements */
	bool missing, needed;
};

struct wants {
	struct nft nft;
	struct list list;   /* of struct want, no two with the same key */
	struct list chains; /* of struct want_chain; there are few */
	uint32_t *slots;    /* a hash of keys: 1 + an index into list, or 0 */
	size_t slots_mask;
	bool table_missing;
	uint32_t generation;
	/* What is removed has to be to_go(arg, owner), unless that is NULL; then it
	 * expires, if it can. */
	bool (*to_go)(void *arg, const char *owner);
	void *arg;
};

/* Adds the elements of those entries that this table has. With chains, for elements
 * that are to be made or checked, also their chains; then it is an error if two
 * entries have the same key and different data. */
int want_entries(struct wants *wants, const char *owner,
		 const struct list *entries, bool chains);

/* Asks the kernel for the generation, the table, the chains, and the elements. */
int want_look_up(struct wants *wants);

/* Whether the element that is there is the owner's. */
bool want_is_owned(const struct want *want);

/* Whether both have the same data or verdict. */
bool want_same_data(const struct nft_element *a, const struct nft_element *b);

/* Removes the elements that are the owner's. Sets *missing if a key has no element
 * at all. */
int want_remove(struct wants *wants, bool *missing);

/* Removes these elements (struct nft_element), unless one has another owner than its
 * comment says by now, or that one is not to_go(arg, owner) any more: it may have
 * come again since they were read. */
int want_remove_elements(struct nft *nft, const struct list *elements,
			 bool (*to_go)(void *arg, const char *owner),
			 void *arg);

/* Fails because others keep changing the table. */
int want_give_up(const struct nft *nft);

#endif
