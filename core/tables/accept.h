/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accept - the rule in FORWARD of iptables-nft that lets pass what we have marked
 *
 * A drop there cannot be undone elsewhere. The rule is a plain one, which iptables
 * shows and saves as what it is:
 *
 *	-m mark --mark BIT/BIT -j ACCEPT
 *
 * It is known by that, whatever its comment, which changes when iptables or nft load
 * it again. Before it may be a jump to a chain of the administrator's. */
#ifndef CNIBOX_ACCEPT_H
#define CNIBOX_ACCEPT_H

#include "core/tables/kind.h"

/* Functions of struct kind_beside for ENTRY_FORWARD, whose family, mark_bit and admin
 * count. */
int accept_ensure(struct nl *nl, const struct entry *entry);
int accept_check(struct nl *nl, const struct entry *entry);
int accept_find(struct nl *nl, const char *chain, struct list *rules);

#endif
