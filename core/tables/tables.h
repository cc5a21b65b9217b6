/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables - what the node's nftables do for pods, in tables named cnibox (NAT) and
 * cnibox-filter (policy) of maps and sets; what is one pod's there has its owner as
 * comment
 *
 * The way down: tables.h, change.c and sweep.c (what to do with entries); want.c
 * (what is there of them); table.c (a table as a whole); kind.c and a file for
 * each kind of entry. nl is a NETLINK_NETFILTER socket of the host throughout. */
#ifndef CNIBOX_TABLES_H
#define CNIBOX_TABLES_H

#include "core/kernel/ct.h"
#include "core/kernel/nl.h"
#include "core/tables/entry.h"

struct str;

/* What another owner of an element's key is. */
enum holder {
	HOLDER_DEAD,
	HOLDER_ALIVE,
	HOLDER_UNKNOWN, /* which counts as alive */
	HOLDER_SHARES, /* of the same container, so that what it has serves both */
};

struct holders {
	enum holder (*tell)(void *arg, const char *owner);
	void *arg;
	bool lenient; /* tables_check(): what is not there at all is no error */
};

/* Makes all entries, or none, in one transaction for each table; the table and
 * the chains are made if they are missing. A key that another owner holds is taken
 * over when that owner is dead, in the same transaction, left alone when it shares,
 * and otherwise an error that names the holder. The same owner may repeat itself. */
int tables_add(struct nl *nl, const char *owner, const struct list *entries,
	       const struct holders *holders);

/* Removes those of entries that owner has; what is missing or another's is left
 * alone. *missing is set if nobody has one of them. */
int tables_del(struct nl *nl, const char *owner, const struct list *entries,
	       bool *missing);

/* Each entry is there, is owner's or shared, and the rules that look it up are
 * there; otherwise an error that says what is missing. */
int tables_check(struct nl *nl, const char *owner, const struct list *entries,
		 const struct holders *holders);

/* Removes everything of these kinds (a mask of 1 << ENTRY_*) that owner has, by
 * reading the maps. */
int tables_del_owner(struct nl *nl, const char *owner, unsigned kinds);

/* Removes the chains that entries for policy had, which are gone, if no other entry
 * has them, with all that is there as long as these; with NULL all such chains. */
int tables_trim(struct nl *nl, const struct list *entries);

/* Removes what belongs to owners that are dead(arg, owner), and chains that
 * nothing refers to any more. */
int tables_gc(struct nl *nl, bool (*dead)(void *arg, const char *owner),
	      void *arg);

/* Makes the tables that are there anew, each in one transaction, with the elements
 * that they have. list_entries(arg, out) adds the entries of all records, behind the
 * look at the table: some chains can be told only by these, and elements of a chain
 * that cannot be told are left out. */
int tables_rebuild(struct nl *nl,
		   int (*list_entries)(void *arg, struct list *out), void *arg);

/* Sets *old if a table is of an older version, whose elements cannot expire, where this
 * kernel can have it otherwise. */
int tables_find_old(struct nl *nl, bool *old);

/* Has the kernel forget the connections that entries should have caught and have
 * not, or that were theirs: see ct_flush(). */
int tables_flush_connections(struct nl *nl, const struct list *entries,
			     enum ct_change change);

/* Has the kernel forget the connections of entries whose pods are gone, except where
 * another owner has the address or port by now: they may be of that one's pod. */
int tables_flush_gone(struct nl *nl, const struct list *entries);

/* STATUS: whether the kernel can do what this kind takes; CNI_NOT_AVAILABLE if
 * not. */
int tables_probe(struct nl *nl, enum entry_kind kind);

/* Sets *none if firewalld has no table here. */
int tables_find_firewalld(struct nl *nl, bool *none);

/* Notes in the table the addresses of kube-proxy's services, so that packets to
 * these do not go to published ports: in IPVS mode the node has all of them, on
 * kube-ipvs0. Without such a link nothing is done; with gone, the addresses that
 * were noted are removed then. host is a NETLINK_ROUTE socket. */
int tables_note_services(struct nl *nl, struct nl *host, bool gone);

/* Makes prefixes those that masquerading leaves alone: what goes from one of these
 * addresses to another. They are a list of struct prefix, in order, none within another,
 * as nodes_file_exempt() gives them. It makes what differs, in one transaction for all;
 * the table, if it is missing, unless there are none; and what the table of an older
 * version lacks. */
int tables_exempt_nodes(struct nl *nl, const struct list *prefixes);

/* Sets prefixes to those that masquerading leaves alone, in order. */
int tables_list_exempt(struct nl *nl, struct list *prefixes);

/* What is wrong with conditions of a published port on packets of this family;
 * NULL if nothing. Their words are in condition.h. */
const char *tables_check_conditions(struct job *job, const char *text,
				    int family);

/* An entry as one line of text without newline, for the attachment's record, and
 * back; false if it is not such a text. */
void entry_print(const struct entry *entry, struct str *out);
bool entry_parse(struct job *job, const char *text, struct entry *out);

#endif
