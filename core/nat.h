/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat - the node's NAT: one table, found by lookup, every element owned */
#ifndef CNIBOX_NAT_H
#define CNIBOX_NAT_H

#include "core/ip.h"
#include "core/nl.h"

struct str;

enum nat_kind {
	NAT_MASQUERADE, /* what pod sends outside its subnet gets our address */
	NAT_HAIRPIN, /* what its own subnet or 127.0.0.0/8 sends to a published
			 * port of pod gets our address, so that answers return */
	NAT_PORT,    /* host:host_port goes to pod:pod_port */
};

/* One thing the table does for one attachment. Pod is the container's address
 * with the length of its subnet. Whose it is, the text that record_owner()
 * makes says. */
struct nat_entry {
	enum nat_kind kind;
	struct prefix pod;
	/* the rest is NAT_PORT's */
	int protocol;	/* IPPROTO_TCP, _UDP, _SCTP */
	struct ip host; /* none, 0.0.0.0 or ::: every address of the host */
	uint16_t host_port, pod_port; /* host byte order */
};

/* Says whether the attachment that owns an element still lives. */
struct nat_liveness {
	bool (*alive)(void *arg, const char *owner);
	void *arg;
};

/* Makes all entries, or none, in one transaction; the table and the chains are
 * made if they are missing. A key that another owner holds is taken over when
 * that owner is dead, in the same transaction, and otherwise an error that
 * names the holder. The same owner may repeat itself. nl is a
 * NETLINK_NETFILTER socket of the host. */
int nat_add(struct nl *nl, const char *owner, const struct list *entries,
	    const struct nat_liveness *liveness);

/* Removes those of entries that owner has; what is missing or another's is
 * left alone. */
int nat_del(struct nl *nl, const char *owner, const struct list *entries);

/* Removes everything of these kinds (a mask of 1 << NAT_*) that owner has, by
 * reading the maps. */
int nat_del_owner(struct nl *nl, const char *owner, unsigned kinds);

/* Removes what belongs to owners that are dead(arg, owner), and chains that
 * nothing refers to any more. */
int nat_gc(struct nl *nl, bool (*dead)(void *arg, const char *owner),
	   void *arg);

/* Each entry is there, is owner's, and the rules that look it up are there;
 * otherwise an error that says what is missing. */
int nat_check(struct nl *nl, const char *owner, const struct list *entries);

/* Whether the kernel can do this at all (STATUS): CNI_NOT_AVAILABLE if not. */
int nat_probe(struct nl *nl);

/* One line of text without newline, for the attachment's record, and back.
 * false if the text is none of ours. */
void nat_entry_print(const struct nat_entry *entry, struct str *out);
bool nat_entry_parse(struct job *job, const char *text, struct nat_entry *out);

#endif
