/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat_table - the layout of the node's tables, for nat.c
 *
 *	table inet cnibox
 *	map masq4	pod address -> goto masq-SUBNET
 *	map hairpin4	pod address -> jump hairpin-SUBNET
 *	map hostip4	protocol . host address . port -> pod address . port
 *	map hostport4	protocol . port -> pod address . port
 *	map condip4	protocol . host address . port -> goto cond-CONDITIONS
 *	map condport4	protocol . port -> goto cond-CONDITIONS
 *	... and each of them for IPv6
 *
 *	prerouting, output	to an address of this host: jump local
 *	local			by condip, else dnat by hostip, else by condport;
 *				else goto ports
 *	ports			dnat by hostip, else by hostport
 *	postrouting		redirected, and first sent to a port in hostip or
 *				hostport: by destination in hairpin;
 *				then by source in masq
 *	masq-SUBNET		masquerade, but not to SUBNET and multicast
 *	hairpin-SUBNET		masquerade from SUBNET and 127.0.0.0/8
 *	cond-CONDITIONS		if they are met: goto ports
 *
 *	table bridge cnibox
 *	set guarded	interface
 *	set sources	interface . MAC
 *
 *	prerouting		from a guarded one, not by sources: drop
 */
#ifndef CNIBOX_NAT_TABLE_H
#define CNIBOX_NAT_TABLE_H

#include "core/nat.h"
#include "core/nft.h"

/* The table that this kind of entry is in; costs nothing until it is used. */
struct nft nat_table(struct nl *nl, enum nat_kind kind);

/* The maps from number 0 on, with the kind of entry they hold; NULL behind the
 * last. */
const char *nat_map(int number, enum nat_kind *kind);

/* "host port 8080/tcp is published", for messages; the adverb goes behind is. */
const char *nat_entry_describe(struct job *job, const struct nat_entry *entry,
			       const char *adverb);

/* What entry is in the table. Chain names begin with their kind and a dash. */
void nat_element(struct job *job, const struct nat_entry *entry,
		 const char *owner, struct nft_element *out);
bool nat_is_own_chain(const char *chain);

/* Within a transaction: the table with all but the chains that elements lead
 * to; the chain that entry's element leads to. */
void nat_table_add(struct nft *nft);
void nat_own_chain_add(struct nft *nft, const char *chain,
		       const struct nat_entry *entry);

/* The rules of a chain that goes to another one if entry's conditions are met,
 * and how many they are. */
void nat_condition_rules_add(struct nft *nft, const char *chain,
			     const struct nat_entry *entry, const char *to);
size_t nat_condition_rules(struct job *job, const struct nat_entry *entry);

/* Whether they have all of their rules; it is an error if not. */
int nat_table_check(struct nft *nft);
int nat_own_chain_check(struct nft *nft, const char *chain,
			const struct nat_entry *entry);

#endif
