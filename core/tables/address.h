/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address - what forward.c and egress.c have in common: a set of pods' addresses,
 * and a chain of the same name */
#ifndef CNIBOX_ADDRESS_H
#define CNIBOX_ADDRESS_H

#include "core/tables/kind.h"

/* Functions for the descriptors of kinds whose entries have a pod and a mark_bit:
 * see struct kind, struct kind_chain. The chain is PREFIX4-BIT or PREFIX6-BIT. */
bool address_parse(char *const *words, const char *rest, struct entry *out);
void address_print(const struct entry *entry, struct str *out);
const char *address_chain_name(struct job *job, const struct entry *entry);
bool address_chain_parse(const char *chain, struct entry *out);

/* This one: for any kind of entry that has a pod and such a chain. */
void address_fill(struct job *job, const struct entry *entry,
		  struct nft_element *out);

/* Adds the chain and its set, within a transaction. */
void address_chain_add(struct nft *nft, const char *chain,
		       const struct entry *entry);

/* Begins a rule of chain for packets of entry's family whose address on this side is
 * in set. */
void address_rule(struct nft *nft, const char *chain, const char *set,
		  const struct entry *entry, enum nft_side side);

#endif
