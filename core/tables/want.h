/* SPDX-License-Identifier: GPL-2.0-or-later */
/* want - elements of one owner that are to be in a table, or to go, and what is
 * there in their place */
#ifndef CNIBOX_WANT_H
#define CNIBOX_WANT_H

#include "core/tables/kind.h"

enum {
	/* How often others may be quicker than us. */
	TRIES_MAX = 64,
	/* How much one transaction removes, or adds in the hope that nothing
	 * is in its way, so that the answers fit. */
	SLICE = 1000,
};

struct want {
	const struct entry *entry; /* NULL if it only is to go */
	struct nft_element element;
	struct list
		found; /* of struct nft_element: with its key, one or none */
	const char
		*shared; /* the holder that knows that we share it; or NULL */
	int chain;	 /* that it leads to, an index; -1: none */
};

/* A chain that elements lead to. */
struct want_chain {
	const char *name;
	const struct entry *entry; /* one of those that do */
	bool missing, needed;
};

struct wants {
	struct nft nft;
	struct list list;   /* of struct want, no two with the same key */
	struct list chains; /* of struct want_chain; there are few */
	uint32_t *slots;    /* of a hash: an index into list and 1, or 0 */
	size_t slots_mask;
	bool table_missing;
	uint32_t generation;
};

/* Makes list those of entries that are in this table. With chains, for what is
 * to be made or checked, two that contradict each other are an error. */
int want_entries(struct wants *wants, const char *owner,
		 const struct list *entries, bool chains);

/* The one with this element's key, which may be new. */
struct want *want_element(struct wants *wants,
			  const struct nft_element *element);

/* Asks the kernel what there is of the table, the chains and the elements. */
int want_look_up(struct wants *wants);

/* Whether what is there is the owner's. */
bool want_is_owned(const struct want *want);

/* Whether both have the same value behind the key. */
bool want_same_data(const struct nft_element *a, const struct nft_element *b);

/* Removes those that are the owner's; sets *missing if nobody has one of them. */
int want_remove(struct wants *wants, bool *missing);

/* Removes those elements (of struct nft_element) that still have the owner in
 * their comment. */
int want_remove_elements(struct nft *nft, const struct list *elements);

/* The error that others keep changing the table. */
int want_give_up(struct wants *wants);

#endif
