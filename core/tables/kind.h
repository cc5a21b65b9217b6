/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind - what a kind of entry is: a descriptor in a file of its own, which says
 * how it is written in a record, which element it is, and which maps, chains and
 * rules look that up. change.c, sweep.c, want.c and table.c work for any kind.
 *
 * To add one: a value of enum entry_kind, a file, a line in kind.c. */
#ifndef CNIBOX_KIND_H
#define CNIBOX_KIND_H

#include "core/kernel/nft.h"
#include "core/tables/entry.h"

struct str;

/* inet cnibox, bridge cnibox, and of both families cnibox-filter: so a binary with
 * other chains for policy leaves the tables for NAT as they are. */
enum {
	TABLE_INET,
	TABLE_BRIDGE,
	TABLE_FILTER,
	TABLE_FILTER_BRIDGE,
	TABLES = IS_ENABLED(CONFIG_FIREWALL) ? TABLE_FILTER_BRIDGE + 1
					     : TABLE_FILTER,
};

enum {
	FAMILIES = 1 + IS_ENABLED(CONFIG_IPV6),
	/* A kind's maps are listed in pairs, for IPv4 and IPv6; without IPv6
	 * every second one is left out. */
	MAP_STEP = 3 - FAMILIES,
	RULES_VARY = -1,
	/* How many words an entry's text has at most behind the first one. */
	WORDS_MAX = 5,
	/* One step behind the usual -100 and 100: see table.h. */
	PRIORITY_DSTNAT = -99,
	PRIORITY_SRCNAT = 101,
	PRIORITY_RAW = -300,
	/* Behind every usual DNAT: what is sent to has its real address. */
	PRIORITY_BEHIND_DSTNAT = -90,
	/* One step before the usual -200 of family bridge. */
	PRIORITY_BEFORE_BRIDGE_FILTER = -201,
	/* One step before and behind the usual 0. */
	PRIORITY_BEFORE_FILTER = -1,
	PRIORITY_AFTER_FILTER = 1,
};

/* masquerade.c has them. */
extern const char chain_postrouting[], chain_masquerade[];
extern const char chain_nd[]; /* sender.c has it */

/* A chain that a table has whether it has entries or not. */
struct table_chain {
	const char *name;
	const char *type; /* of a base chain: "nat", "filter"; or NULL */
	int16_t priority;
	uint8_t hook;
	int8_t rules; /* how many it has to have; RULES_VARY: not checked */
};

/* A rule, of whatever table. */
struct rule_place {
	int family;
	const char *table, *chain;
	uint64_t handle;
};

/* What has to be elsewhere as long as a chain is there. Any of it may be NULL. */
struct kind_beside {
	/* Another chain that has a rule with its name as comment. */
	const char *until;
	/* Makes out an element without owner. */
	void (*element)(const char *chain, struct nft_element *out);
	/* Rules in tables of others: makes them, if there is a table for them;
	 * checks them; adds them to a list of struct rule_place. */
	int (*ensure)(struct nl *nl, const struct entry *entry);
	int (*check)(struct nl *nl, const struct entry *entry);
	int (*find)(struct nl *nl, const char *chain, struct list *rules);
};

/* Chains of a kind's entries. Entries for which the name is the same share a chain;
 * equal names have equal rules, so that a chain never has to change. */
struct kind_chain {
	const char *prefix; /* of all names, which have more behind it */
	const char *(*name)(struct job *job, const struct entry *entry);

	/* Adds the chain, its rules and its set, if it has one, within a
	 * transaction; how many rules it has. */
	void (*add)(struct nft *nft, const char *chain,
		    const struct entry *entry);
	size_t (*rules)(struct job *job, const struct entry *entry);

	/* Makes out an entry whose chain has this name and these rules; false if
	 * the name does not tell enough. NULL: no name does, and tables_probe()
	 * does without such a chain. */
	bool (*parse)(const char *chain, struct entry *out);

	/* The chain that has a rule for each of these chains, which leads to it
	 * what matches the set of its name. NULL: verdicts of elements lead to
	 * them, and there are no such sets, unless there is beside. */
	const char *from;
	const struct kind_beside *beside; /* or NULL; only of policy */
	/* What the name of one more set has behind the chain's, which is there as
	 * long as the chain; or NULL. Only of policy. */
	const char *more;
};

/* An element of another owner that an entry cannot be beside, though their keys
 * differ. */
struct rival {
	const struct entry *entry;
	const char *owner;
};

struct kind {
	/* Its text in a record: the first word; parse() fills in out, which has
	 * its kind already, from the words that follow (as many as words says) and
	 * the rest of the line, or NULL; print() adds both to out. */
	const char *word;
	bool (*parse)(char *const *words, const char *rest, struct entry *out);
	void (*print)(const struct entry *entry, struct str *out);

	/* See entry_describe(). */
	const char *(*describe)(struct job *job, const struct entry *entry,
				const char *adverb);

	/* Fills in map, key and data (or chain) of its element. */
	void (*fill)(struct job *job, const struct entry *entry,
		     struct nft_element *out);

	const struct kind_chain *chain; /* or NULL */

	/* What a table has for this kind whether there are entries or not. Only
	 * the first owned_maps maps have entries as elements. */
	const struct nft_map *maps;
	const struct table_chain *chains;
	void (*rules_add)(struct nft *nft);

	/* Adds to out (a list of struct rival) what entries of this kind cannot be
	 * beside. NULL: nothing. */
	int (*list_rivals)(struct nft *nft, const struct list *entries,
			   struct list *out);

	uint8_t table, words, maps_count, owned_maps, chains_count;
	uint8_t connections; /* enum ct_kind: what an entry does to connections */
	/* A mask: when an entry of this kind is taken over from a dead owner, all
	 * entries of these kinds that the dead one has are removed. */
	uint8_t depend;
};

extern const struct kind port_kind, condition_kind, hairpin_kind,
	masquerade_kind, macspoofchk_kind, macspoofchk_mac_kind, forward_kind,
	published_kind, closed_kind, isolated_kind, isolated_port_kind,
	sender_kind, sender_bridged_kind, limited_kind, limited_bridged_kind,
	egress_kind, egress_bridged_kind;

/* Indexed by enum entry_kind. */
extern const struct kind *const kinds[ENTRY_KINDS];

static inline const struct kind_beside *kind_beside(
	const struct kind_chain *own)
{
	return IS_ENABLED(CONFIG_FIREWALL) ? own->beside : NULL;
}

/* Whether there is a set of the name of each chain. */
static inline bool kind_has_sets(const struct kind_chain *own)
{
	return own->from || kind_beside(own);
}

/* The kind of the entries that share a chain of this name; ENTRY_KINDS if it is no
 * such chain. */
enum entry_kind kind_of_chain(const char *chain);

/* "host port 8080/tcp is published", for messages, with an adverb ("not ") in front
 * of the last word. */
const char *entry_describe(struct job *job, const struct entry *entry,
			   const char *adverb);

/* Makes out the element of its table that entry is, with owner as comment. */
void entry_to_element(struct job *job, const struct entry *entry,
		      const char *owner, struct nft_element *out);

#endif
