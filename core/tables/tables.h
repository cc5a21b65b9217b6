/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables - what the node's nftables do for pods: found by lookup, every element
 * owned */
#ifndef CNIBOX_TABLES_H
#define CNIBOX_TABLES_H

#include "core/kernel/nl.h"
#include "core/tables/entry.h"

struct str;

/* What is wrong with conditions, in the words of the nft tool or of iptables, on
 * packets of a family; NULL if nothing. */
const char *tables_check_conditions(struct job *job, const char *text,
				    int family);

/* Makes all entries, or none, in one transaction for each table; the table and the chains are
 * made if they are missing. A key that another owner holds is taken over when
 * that owner is dead, in the same transaction, left alone when it shares, and
 * otherwise an error that names the holder. The same owner may repeat itself. nl is a
 * NETLINK_NETFILTER socket of the host. */
int tables_add(struct nl *nl, const char *owner, const struct list *entries,
	       const struct holders *holders);

/* Removes those of entries that owner has; what is missing or another's is
 * left alone. *missing is set if nobody has one of them. */
int tables_del(struct nl *nl, const char *owner, const struct list *entries,
	       bool *missing);

/* Removes everything of these kinds (a mask of 1 << NAT_*) that owner has, by
 * reading the maps. */
int tables_del_owner(struct nl *nl, const char *owner, unsigned kinds);

/* Removes what belongs to owners that are dead(arg, owner), and chains that
 * nothing refers to any more. */
int tables_gc(struct nl *nl, bool (*dead)(void *arg, const char *owner),
	      void *arg);

/* kube-proxy in IPVS mode gives the node the addresses of all services, on
 * kube-ipvs0: which they are is noted in the tables, so that published ports are
 * not taken for ports of these. Without such a link nothing is done, unless
 * gone: then it may have been there. host is a NETLINK_ROUTE socket. */
int tables_note_services(struct nl *nl, struct nl *host, bool gone);

/* Makes the tables that are there anew, each in one transaction, with the
 * elements that they have; but those whose chains only a record can tell, of
 * exemptions and conditions, are left out. */
int tables_rebuild(struct nl *nl);

/* Those of entries of whose key there is no element, whoever might have one, are
 * added to out. */
int tables_list_free(struct nl *nl, const struct list *entries,
		     struct list *out);

/* Each entry is there, is owner's or shared, and the rules that look it up are
 * there; otherwise an error that says what is missing. */
int tables_check(struct nl *nl, const char *owner, const struct list *entries,
		 const struct holders *holders);

/* Whether the kernel can do what this kind takes (STATUS): CNI_NOT_AVAILABLE if
 * not. */
int tables_probe(struct nl *nl, enum entry_kind kind);

/* One line of text without newline, for the attachment's record, and back.
 * false if the text is none of ours. */
void entry_print(const struct entry *entry, struct str *out);
bool entry_parse(struct job *job, const char *text, struct entry *out);

#endif
