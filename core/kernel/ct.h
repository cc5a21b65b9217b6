/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ct - connections that the kernel remembers
 * (linux/netfilter/nfnetlink_conntrack.h) */
#ifndef CNIBOX_CT_H
#define CNIBOX_CT_H

#include "core/data/ip.h"
#include "core/kernel/nl.h"

enum ct_kind {
	CT_NONE,
	CT_PORT,       /* host:host_port is redirected to pod:pod_port */
	CT_MASQUERADE, /* what pod sends gets an address of this host */
};

/* A translation of addresses that has come or gone. */
struct ct_nat {
	enum ct_kind kind;
	const struct ip *pod;
	/* CT_PORT */
	const struct ip *host; /* unspecified: every address of this host */
	int protocol;
	uint16_t host_port, pod_port; /* host byte order */
	struct ct_nat *next;	      /* ct.c's own */
};

/* What has become of the translations. */
enum ct_change {
	CT_ADDED,    /* ports are published from now on */
	CT_RESTORED, /* all of them had been missing for a while */
	CT_GONE,     /* they are removed, and so are their pods */
};

/* Forgets the connections that nats (a list of struct ct_nat) should have caught
 * and have not: of UDP and, when restored, others that nobody has answered yet.
 * When gone, those that their pods have served or begun; of IPv6 only UDP. Many
 * cost a look at all connections of a family, as one does; where the host has none
 * at all, there is no look. A kernel that cannot tell is only logged. nl is a
 * NETLINK_NETFILTER socket of the host. */
int ct_flush(struct nl *nl, const struct list *nats, enum ct_change change);

#endif
