/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table - a table cnibox, as the kinds of entries in it want it
 *
 * Others that change the node's addresses come first: they register one step
 * before us, whenever that was, and the first one that translates a connection
 * decides. A mark on the first packet of a connection, from our dnat to
 * postrouting, tells what we redirected from what they did.
 */
#ifndef CNIBOX_TABLE_H
#define CNIBOX_TABLE_H

#include "core/tables/kind.h"

/* Makes nft the handle of one of TABLES. Asks the kernel for nothing. */
void table_init(struct nft *nft, struct nl *nl, int table);

/* Whether entries of this kind belong in nft's table. */
bool table_has(const struct nft *nft, enum entry_kind kind);

/* Within a transaction: the table with all that is there before any entry. */
void table_add(struct nft *nft);

/* Within a transaction: the chain of an entry, and what is there as long as that. */
static inline void table_chain_add(struct nft *nft, const char *chain,
				   const struct entry *entry)
{
	const struct kind_chain *own = kinds[entry->kind]->chain;
	struct nft_element element;

	own->add(nft, chain, entry);
	if (kind_beside(own) && own->beside->element) {
		own->beside->element(chain, &element);
		nft_element_ensure(nft, &element);
	}
}

/* Finds the rule of chain from that leads to chain, or has its name as comment;
 * *handle is 0 if there is none. Cannot be held. */
int table_find_rule(struct nft *nft, const char *from, const char *chain,
		    uint64_t *handle);

/* table_check() fails unless the table is awake, as nft_find_table() has found it,
 * and its chains have all of their rules. table_chain_check() fails unless chain,
 * which is entry's, has all of its rules, and the rule that leads to it. */
int table_check(struct nft *nft);
int table_chain_check(struct nft *nft, const char *chain,
		      const struct entry *entry);

#endif
