/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exempt - the sets of what masquerading leaves alone: see tables_exempt_nodes() */
#ifndef CNIBOX_EXEMPT_H
#define CNIBOX_EXEMPT_H

#include "core/kernel/nft.h"

enum { EXEMPT_SETS = IS_ENABLED(CONFIG_NODES) ? 2 : 0 };

/* For IPv4 and IPv6. Their elements have no owner. */
extern const struct nft_map exempt_sets[];

/* Adds the rules that look the sets up, within a transaction that makes the table. */
void exempt_rules_add(struct nft *nft);

/* Adds to out what is in the sets (struct prefix), in order. Cannot be held. */
int exempt_list(struct nft *nft, struct list *out);

#endif
