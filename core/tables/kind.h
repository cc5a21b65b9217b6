/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind - what a kind of entry is: a descriptor in a file of its own, which says
 * how it is written in a record, which element it is, and which maps, chains and
 * rules look that up. All other files of this folder work for any kind.
 *
 * To add one: a value of enum entry_kind, a file, a line in kind.c. */
#ifndef CNIBOX_KIND_H
#define CNIBOX_KIND_H

#include "core/kernel/nft.h"
#include "core/tables/entry.h"

struct str;

/* Two tables, both of the name cnibox: inet and bridge. */
enum { TABLE_INET, TABLE_BRIDGE, TABLES };

enum {
	FAMILIES = 1 + IS_ENABLED(CONFIG_IPV6),
	/* From a map for IPv4 to the next one. */
	MAP_STEP = 3 - FAMILIES,
	RULES_VARY = -1,
	/* How many words follow the first one of an entry's text, at most. */
	WORDS_MAX = 5,
	/* The first packet of a connection that we redirect carries this bit
	 * from there to postrouting. Nobody else's: kube-proxy has 0xc000,
	 * Calico and Tailscale what is above, Cilium 0xf00, and 0x2000 is
	 * masqueraded by what the Go portmap and netavark leave behind. */
	MARK_REDIRECTED = 0x1000,
	/* Behind all who have the usual ones, -100 and 100. */
	PRIORITY_DSTNAT = -99,
	PRIORITY_SRCNAT = 101,
	PRIORITY_RAW = -300,
};

extern const char chain_postrouting[]; /* masquerade.c has it */

/* A chain that is there before any entry is. */
struct table_chain {
	const char *name;
	const char *type; /* of a base chain: "nat", "filter"; or NULL */
	int16_t priority;
	uint8_t hook;
	int8_t rules; /* how many there have to be; RULES_VARY: not checked */
};

/* Chains that entries of a kind take, each for all of which the name is the same;
 * the name says all of its content, so that it never has to change. */
struct kind_chain {
	const char *prefix; /* of all names */
	const char *(*name)(struct job *job, const struct entry *entry);

	/* Within a transaction: the chain, its set, its rules; how many rules
	 * they are. */
	void (*add)(struct nft *nft, const char *chain,
		    const struct entry *entry);
	size_t (*rules)(struct job *job, const struct entry *entry);

	/* An entry that has the chain of this name; false, or NULL, if a name
	 * does not tell all of it. */
	bool (*parse)(const char *chain, struct entry *out);

	/* The chain of which a rule leads to each of these chains, from the
	 * elements of the set of the same name. NULL: elements of maps do. */
	const char *from;
};

/* An entry that another owner's stands against, though their keys differ. */
struct rival {
	const struct entry *entry;
	const char *owner;
};

struct kind {
	/* Text: the first word, how many follow, and these words and the rest of
	 * the line (NULL if there is none) as an entry, of which kind is set. */
	const char *word;
	bool (*parse)(char *const *words, const char *rest, struct entry *out);
	void (*print)(const struct entry *entry, struct str *out);

	/* See entry_describe(). */
	const char *(*describe)(struct job *job, const struct entry *entry,
				const char *adverb);

	/* Map, key and data of its element, which is empty. */
	void (*fill)(struct job *job, const struct entry *entry,
		     struct nft_element *out);

	const struct kind_chain *chain; /* or NULL */

	/* What the table has for this kind before there is any entry. Maps are
	 * listed in pairs, for IPv4 and IPv6, where tables are of both. Those
	 * behind the first owned_maps hold no entries. */
	const struct nft_map *maps;
	const struct table_chain *chains;
	void (*rules_add)(struct nft *nft);

	/* Adds to out, a list of struct rival, what stands against entries; or
	 * NULL. */
	int (*list_rivals)(struct nft *nft, const struct list *entries,
			   struct list *out);

	uint8_t table, words, maps_count, owned_maps, chains_count;
	/* Kinds (a mask) of which a dead owner's entries go when another one
	 * takes over an entry of this kind. */
	uint8_t depend;
};

extern const struct kind port_kind, condition_kind, hairpin_kind,
	masquerade_kind, macspoofchk_kind, macspoofchk_mac_kind;

/* By enum entry_kind. */
extern const struct kind *const kinds[ENTRY_KINDS];

/* The kind whose chain has this name; ENTRY_KINDS if it is none of them. */
enum entry_kind kind_of_chain(const char *chain);

/* "host port 8080/tcp is published" for messages; the adverb goes behind is. */
const char *entry_describe(struct job *job, const struct entry *entry,
			   const char *adverb);

/* The element that entry is in its table. */
void entry_to_element(struct job *job, const struct entry *entry,
		      const char *owner, struct nft_element *out);

#endif
