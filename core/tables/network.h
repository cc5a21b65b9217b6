/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network - what hairpin.c and masquerade.c have in common: a set of the pods
 * whose subnets have the same length, and a chain of the same name.
 *
 * Whether an address is a pod's, and whether another one is in that pod's
 * network, are lookups in the same set: pod . network-of-the-pod, and pod .
 * network-of-the-other, both masked to the length. So there is nothing for each
 * subnet, and what there is for a length costs no more with many pods. */
#ifndef CNIBOX_NETWORK_H
#define CNIBOX_NETWORK_H

#include "core/tables/kind.h"

/* Functions for the descriptors of both kinds: see struct kind, struct kind_chain. */
bool network_parse(char *const *words, const char *rest, struct entry *out);
void network_print(const struct entry *entry, struct str *out);
const char *network_describe(struct job *job, const struct entry *entry,
			     const char *adverb);
void network_fill(struct job *job, const struct entry *entry,
		  struct nft_element *out);
const char *network_chain_name(struct job *job, const struct entry *entry);
bool network_chain_parse(const char *chain, struct entry *out);

/* Adds the chain and its set, within a transaction. */
void network_chain_add(struct nft *nft, const char *chain,
		       const struct entry *entry);

/* A part of a rule: matches if the address on side pod is a pod's of the set, and the
 * one on side other is in that pod's network. */
void network_match(struct nft *nft, const char *set, const struct entry *entry,
		   enum nft_side pod, enum nft_side other);

/* Adds a rule to the chain that leads to the chains of entry's kind: packets whose
 * address on this side is in the set called chain go to the chain of that name. */
void network_rule_to_chain(struct nft *nft, const char *chain,
			   const struct entry *entry, enum nft_side side,
			   int verdict);

/* Adds a rule for packets with an address in prefix on this side: masquerade what
 * comes from there (NFT_SOURCE), return for what goes there. */
void network_rule_for(struct nft *nft, const char *chain, enum nft_side side,
		      const struct prefix *prefix);

#endif
