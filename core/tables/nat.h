/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat - what the node's nftables do for pods: found by lookup, every element
 * owned */
#ifndef CNIBOX_NAT_H
#define CNIBOX_NAT_H

#include <net/if.h>

#include "core/data/ip.h"
#include "core/kernel/nl.h"

struct str;

enum nat_kind {
	NAT_MASQUERADE, /* what pod sends outside its subnet gets our address */
	NAT_HAIRPIN, /* what its own subnet or 127.0.0.0/8 sends to a published
			 * port of pod gets our address, so that answers return */
	NAT_PORT,    /* host:host_port goes to pod:pod_port */
	NAT_CONDITION, /* but only on conditions */
	NAT_GUARDED, /* frames from the bridge's port bridge_port are dropped */
	NAT_SOURCE,  /* but those with this mac */
};

/* One thing the tables do for one attachment. Pod is the container's address
 * with the length of its subnet. Whose it is, the text that record_owner()
 * makes says. */
struct nat_entry {
	enum nat_kind kind;
	struct prefix pod;
	/* NAT_PORT and NAT_CONDITION */
	int protocol;	/* IPPROTO_TCP, _UDP, _SCTP */
	struct ip host; /* none, 0.0.0.0 or ::: every address of the host */
	uint16_t host_port, pod_port; /* host byte order */
	const char *terms; /* or NULL. NAT_MASQUERADE: subnets to leave alone,
			    * with blanks between; NAT_CONDITION: conditions */
	/* NAT_GUARDED and NAT_SOURCE */
	char bridge_port[IFNAMSIZ];
	uint8_t mac[MAC_LEN];
};

/* What is wrong with conditions, in the words of the nft tool or of iptables, on
 * packets of a family; NULL if nothing. */
const char *nat_condition_check(struct job *job, const char *text, int family);

/* What another owner of an element's key is. */
enum nat_holder {
	NAT_DEAD,
	NAT_ALIVE,
	NAT_UNKNOWN, /* which counts as alive */
	NAT_SHARES, /* of the same container, so that what it has serves both */
};

struct nat_holders {
	enum nat_holder (*tell)(void *arg, const char *owner);
	void *arg;
	bool lenient; /* nat_check(): what is not there at all is no error */
};

/* Makes all entries, or none, in one transaction for each table; the table and the chains are
 * made if they are missing. A key that another owner holds is taken over when
 * that owner is dead, in the same transaction, left alone when it shares, and
 * otherwise an error that names the holder. The same owner may repeat itself. nl is a
 * NETLINK_NETFILTER socket of the host. */
int nat_add(struct nl *nl, const char *owner, const struct list *entries,
	    const struct nat_holders *holders);

/* Removes those of entries that owner has; what is missing or another's is
 * left alone. *missing is set if nobody has one of them. */
int nat_del(struct nl *nl, const char *owner, const struct list *entries,
	    bool *missing);

/* Removes everything of these kinds (a mask of 1 << NAT_*) that owner has, by
 * reading the maps. */
int nat_del_owner(struct nl *nl, const char *owner, unsigned kinds);

/* Removes what belongs to owners that are dead(arg, owner), and chains that
 * nothing refers to any more. */
int nat_gc(struct nl *nl, bool (*dead)(void *arg, const char *owner),
	   void *arg);

/* kube-proxy in IPVS mode gives the node the addresses of all services, on
 * kube-ipvs0: which they are is noted in the tables, so that published ports are
 * not taken for ports of these. Without such a link nothing is done, unless
 * gone: then it may have been there. host is a NETLINK_ROUTE socket. */
int nat_note_services(struct nl *nl, struct nl *host, bool gone);

/* Makes the tables that are there anew, each in one transaction, with the
 * elements that they have; but those whose chains only a record can tell, of
 * exemptions and conditions, are left out. */
int nat_rebuild(struct nl *nl);

/* Those of entries of whose key there is no element, whoever might have one, are
 * added to out. */
int nat_list_free(struct nl *nl, const struct list *entries, struct list *out);

/* Each entry is there, is owner's or shared, and the rules that look it up are
 * there; otherwise an error that says what is missing. */
int nat_check(struct nl *nl, const char *owner, const struct list *entries,
	      const struct nat_holders *holders);

/* Whether the kernel can do what this kind takes (STATUS): CNI_NOT_AVAILABLE if
 * not. */
int nat_probe(struct nl *nl, enum nat_kind kind);

/* One line of text without newline, for the attachment's record, and back.
 * false if the text is none of ours. */
void nat_entry_print(const struct nat_entry *entry, struct str *out);
bool nat_entry_parse(struct job *job, const char *text, struct nat_entry *out);

#endif
