/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference - what the Go plugins make in nftables, itself or by iptables-nft,
 * so that DEL can remove it (containernetworking/plugins v1.1 to v1.9) */
#ifndef CNIBOX_REFERENCE_H
#define CNIBOX_REFERENCE_H

#include "core/kernel/nl.h"

/* The attachment that a Go plugin made. */
struct reference {
	const char *network, *ifname, *container;
};

/* Removes its rules and chains; nothing there is success. nl is a
 * NETLINK_NETFILTER socket of the host. */
int reference_del_masquerade(struct nl *nl, const struct reference *of);
int reference_del_ports(struct nl *nl, const struct reference *of);
int reference_del_macspoofchk(struct nl *nl, const struct reference *of);

/* Removes what lets these addresses pass (struct ip). */
int reference_del_forward(struct nl *nl, const struct list *addresses);

#endif
