/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition - what packets to a published port have to meet, in the nft tool's
 * words (nft(8), "Payload expressions", "Meta expressions"), as far as they are
 * common: each is
 *
 *	ip|ip6 saddr|daddr [==|!=] ADDRESS[/LENGTH]
 *	[meta] iifname [==|!=] NAME[*]
 *
 * or has a list in braces in place of one value; all have to be met. Or in those
 * of iptables(8), "PARAMETERS":
 *
 *	[!] -s|-d ADDRESS[/LENGTH][,...]
 *	[!] -i NAME[+]
 */
#ifndef CNIBOX_CONDITION_H
#define CNIBOX_CONDITION_H

#include "core/kernel/nft.h"
#include "core/tables/entry.h"

/* Within a transaction: the rules of a chain that goes to another one where the
 * conditions of an ENTRY_CONDITION are met; how many they are. */
void condition_rules_add(struct nft *nft, const char *chain,
			 const struct entry *entry, const char *to);
size_t condition_rules(struct job *job, const struct entry *entry);

#endif
