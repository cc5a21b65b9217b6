/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ct - connections that the kernel remembers
 * (linux/netfilter/nfnetlink_conntrack.h) */
#ifndef CNIBOX_CT_H
#define CNIBOX_CT_H

#include "core/kernel/nl.h"
#include "core/tables/entry.h"

/* What has become of the entries whose connections are looked at. */
enum ct_change {
	CT_ADDED,    /* ports are published from now on */
	CT_RESTORED, /* all of them had been missing for a while */
	CT_GONE,     /* they are removed, and so are their pods */
};

/* Forgets the connections that entries of kind ENTRY_PORT or ENTRY_MASQUERADE
 * should have caught and have not: of UDP and, when restored, others that nobody
 * has answered yet. When gone, those that their pods have served or begun; of
 * IPv6 only UDP. Many entries cost a look at all connections of a family, as one
 * does; where the host has none at all, there is no look. A kernel that cannot
 * tell is only logged. nl is a NETLINK_NETFILTER socket of the host. */
int ct_flush(struct nl *nl, const struct list *entries, enum ct_change change);

#endif
