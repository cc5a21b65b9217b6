/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table - the layout of the node's tables
 *
 *	table inet cnibox
 *	set masq4-LENGTH, set hairpin4-LENGTH	pod address . its network
 *	map hostip4	protocol . host address . port -> pod address . port
 *	map hostport4	protocol . port -> pod address . port
 *	map condip4	protocol . host address . port -> goto cond-CONDITIONS
 *	map condport4	protocol . port -> goto cond-CONDITIONS
 *	set services4	address of a service of kube-proxy's, on kube-ipvs0
 *	... and each of them for IPv6
 *
 *	guard			from or to 127.0.0.0/8 or ::1, but not by lo: drop
 *	prerouting, output	to an address of this host: jump local
 *	local			to one of services: return; by condip, else dnat by
 *				hostip, else by condport; else goto ports
 *	ports			dnat by hostip, else by hostport
 *	postrouting		marked by our dnat: jump hairpin; then goto masq
 *	hairpin			to one of set hairpin4-LENGTH: jump hairpin4-LENGTH
 *	masq			to be encrypted: return; from one of set
 *				masq4-LENGTH: goto masq4-LENGTH
 *	masq4-LENGTH		masquerade, but not to the pod's network, multicast
 *	masq4-LENGTH-SUBNETS	... nor to SUBNETS
 *	hairpin4-LENGTH		masquerade from the pod's network and 127.0.0.0/8
 *	cond-CONDITIONS		if they are met: goto ports
 *
 *	table bridge cnibox
 *	set guarded	interface
 *	set sources	interface . MAC
 *
 *	prerouting		from a guarded one, not by sources: drop
 *
 * Whether an address is a pod's, and whether another one is in that pod's
 * network, are lookups in the same set: pod . network-of-the-pod, and pod .
 * network-of-the-other, both masked to LENGTH. So there is nothing for each
 * subnet, and what there is for a length costs no more with many pods.
 *
 * Others that change the node's addresses come first: they register one step
 * before us, whenever that was, and the first one that translates a connection
 * decides. A mark on the first packet of a connection, from our dnat to
 * postrouting, tells what we redirected from what they did.
 *
 * When the verdicts of a map change, the kernel walks through all of them. What
 * grows with the pods therefore has none, but for conditions.
 */
#ifndef CNIBOX_TABLE_H
#define CNIBOX_TABLE_H

#include "core/kernel/nft.h"
#include "core/tables/entry.h"

/* The table that this kind of entry is in; costs nothing until it is used. */
struct nft nat_table(struct nl *nl, enum entry_kind kind);

/* A kind of entry of each table, and whether a table has this kind. */
enum { NAT_TABLES = 2 };
extern const enum entry_kind nat_table_kinds[NAT_TABLES];
bool nat_is_in(const struct nft *nft, enum entry_kind kind);

/* Removes those elements (of struct nft_element) that still have the owner in
 * their comment. */
int nat_remove(struct nft *nft, const struct list *elements);

/* The maps and sets, two of each but the last two, for IPv4 and IPv6. */
enum nat_map {
	NAT_MAP_BOUND,
	NAT_MAP_UNBOUND,
	NAT_MAP_BOUND_CONDITION,
	NAT_MAP_UNBOUND_CONDITION,
	NAT_MAP_GUARDED,
	NAT_MAP_SOURCE,
	NAT_MAPS,
	NAT_MAP_SERVICE = NAT_MAPS, /* has no entries */
	NAT_MAPS_ALL,
};

/* A map; NULL where there is none of this family. */
const struct nft_map *nat_map(enum nat_map map, int family);

/* The kind of entry that a map holds. */
enum entry_kind nat_map_kind(enum nat_map map);

/* A mapping of a port for all addresses stands against one for a single address
 * of the same port, and is found under another key: an error if one of entries
 * has such a rival of an owner that lives and does not share; the ports of a dead
 * one are removed. To be asked before and after entries are written, so that of
 * two that come at once at least one sees the other. */
int nat_check_rivals(struct nft *nft, const char *owner,
		     const struct list *entries, const struct holders *holders);

/* "host port 8080/tcp is published", for messages; the adverb goes behind is. */
const char *entry_describe(struct job *job, const struct entry *entry,
			   const char *adverb);

/* The error that owner, who is or may be alive, has what entry needs. */
int entry_refuse(struct job *job, const struct entry *entry, const char *owner,
		 enum holder holder);

/* What entry is in the table. */
void entry_to_element(struct job *job, const struct entry *entry,
		      const char *owner, struct nft_element *out);

/* The chain that entry's packets go to, and the set of the same name if they are
 * masqueraded there; NULL if it needs none. The name says all of the content, so
 * that that never has to change. */
const char *nat_chain_name(struct job *job, const struct entry *entry);

/* Whether it is such a name, and for which kind of entry. */
bool nat_chain_kind(const char *chain, enum entry_kind *kind);

/* The chain that packets come from to those of a kind; NULL if they come by a
 * map. */
const char *nat_chain_from(enum entry_kind kind);

/* Within a transaction: the table with all but nat_chain_name()s; such a chain with
 * its set. */
void nat_table_add(struct nft *nft);
void nat_chain_add(struct nft *nft, const char *chain,
		   const struct entry *entry);

/* The rules of a chain that goes to another one if entry's conditions are met,
 * and how many they are. */
void nat_condition_rules_add(struct nft *nft, const char *chain,
			     const struct entry *entry, const char *to);
size_t nat_condition_rules(struct job *job, const struct entry *entry);

/* Whether they have all of their rules, and the table, which nft_find_table() has
 * found, is awake; it is an error if not. */
int nat_table_check(struct nft *nft);
int nat_chain_check(struct nft *nft, const char *chain,
		    const struct entry *entry);

#endif
