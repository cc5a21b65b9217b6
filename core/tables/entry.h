/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry - one thing that the node's nftables do for one attachment */
#ifndef CNIBOX_ENTRY_H
#define CNIBOX_ENTRY_H

#include <net/if.h>

#include "core/data/ip.h"

/* Each kind has a descriptor (kind.h). Rules are made in this order. */
enum entry_kind {
	/* host:host_port leads to pod:pod_port; or only where conditions are
	 * met, if there is an ENTRY_CONDITION as well. */
	ENTRY_PORT,
	ENTRY_CONDITION,
	/* What its own subnet or 127.0.0.0/8 sends to a published port of pod
	 * gets our address, so that answers return. */
	ENTRY_HAIRPIN,
	/* What pod sends outside its subnet gets our address. */
	ENTRY_MASQUERADE,
	/* Frames from the bridge's port bridge_port are dropped, but those with
	 * the MAC address of an ENTRY_MACSPOOFCHK_MAC. */
	ENTRY_MACSPOOFCHK,
	ENTRY_MACSPOOFCHK_MAC,
	ENTRY_NAT_KINDS,

	/* What pod sends, and what answers it, may be forwarded. */
	ENTRY_FORWARD = ENTRY_NAT_KINDS,
	/* So may what was redirected to pod:pod_port. */
	ENTRY_PUBLISHED,
	/* Bridges with such an entry are closed to each other; bridge_port is a
	 * port of bridge. ENTRY_ISOLATED: ports of bridge to each other, too, as
	 * far as a bridge passes its frames to netfilter. */
	ENTRY_CLOSED,
	ENTRY_ISOLATED,
	/* Bridge ports with this are closed to each other. */
	ENTRY_ISOLATED_PORT,
	ENTRY_FORWARD_KINDS,

	/* What comes from bridge_port, a link of the host, or is bridged from it,
	 * is dropped unless there is such an entry with its address. One without
	 * address says that this holds for bridge_port. */
	ENTRY_SENDER = ENTRY_FORWARD_KINDS,
	ENTRY_SENDER_BRIDGED,
	/* What pod sends, or sends to a port of the same bridge, is dropped unless
	 * it answers, or goes where an ENTRY_EGRESS (or _BRIDGED) allows. */
	ENTRY_LIMITED,
	ENTRY_LIMITED_BRIDGED,
	ENTRY_EGRESS,
	ENTRY_EGRESS_BRIDGED,
	ENTRY_ALL_KINDS,
	ENTRY_KINDS = IS_ENABLED(CONFIG_FIREWALL_EGRESS) ? ENTRY_ALL_KINDS
		      : IS_ENABLED(CONFIG_FIREWALL)	 ? ENTRY_FORWARD_KINDS
							 : ENTRY_NAT_KINDS,
};

enum {
	/* The first packet of a connection that we redirect has this mark from
	 * our dnat to postrouting. kube-proxy uses 0xc000, Calico and Tailscale
	 * higher bits, Cilium 0xf00, and what the Go portmap and netavark leave
	 * behind masquerades 0x2000; mwan3's 0x3f00 has it, and Azure's policy. */
	MARK_REDIRECTED = 0x1000,
};

/* Functions take the owner of entries, which record_owner() names, separately. */
struct entry {
	enum entry_kind kind;
	/* Address of the container with the length of its subnet; not of entries
	 * that have a bridge_port, but for ENTRY_SENDER, _BRIDGED. */
	struct prefix pod;
	/* ENTRY_PORT and ENTRY_CONDITION */
	int protocol;	/* IPPROTO_TCP, _UDP, _SCTP */
	struct ip host; /* none, 0.0.0.0 or ::: every address of the host */
	uint16_t host_port, pod_port; /* host byte order */
	/* ENTRY_CONDITION: see condition.h. */
	const char *conditions;
	/* ENTRY_MASQUERADE: subnets that see the pod's own address, and
	 * "realm:N" for those that a route of this realm leads to, with blanks
	 * between; or NULL. */
	const char *exempt;
	/* ENTRY_EGRESS, _BRIDGED: see data/target.h; with blanks between, or
	 * NULL. */
	const char *allowed;
	/* ENTRY_MACSPOOFCHK and ENTRY_MACSPOOFCHK_MAC; ENTRY_CLOSED,
	 * ENTRY_ISOLATED and ENTRY_ISOLATED_PORT; ENTRY_SENDER, _BRIDGED */
	char bridge_port[IFNAMSIZ];
	uint8_t mac[MAC_LEN];  /* ENTRY_MACSPOOFCHK_MAC */
	char bridge[IFNAMSIZ]; /* ENTRY_CLOSED, ENTRY_ISOLATED */
	/* ENTRY_FORWARD, ENTRY_LIMITED, _BRIDGED: the bit of forward.c.
	 * ENTRY_FORWARD: the chain of iptables that comes first, or NULL:
	 * CNI-ADMIN, if there is one. */
	uint8_t mark_bit;
	const char *admin;
};

#endif
