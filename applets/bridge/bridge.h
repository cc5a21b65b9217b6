/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge - what the files of the applet share */
#ifndef CNIBOX_BRIDGE_H
#define CNIBOX_BRIDGE_H

#include "core/attachment.h"
#include "core/ipam.h"
#include "core/link.h"

struct bridge_conf {
	char bridge[IFNAMSIZ];
	bool is_gateway, is_default_gateway, force_address;
	bool ip_masq, hairpin, promisc, isolated, dad, no_container_interface;
	bool preserve_vlan, mac_spoof_check;
	const char *masq_backend;
	int mtu, vlan;
	struct list trunk;
	struct dns dns;
	uint8_t args_mac[MAC_LEN], runtime_mac[MAC_LEN];
	bool has_args_mac, has_runtime_mac;
};

/* Whether the bridge has the gateway's addresses. */
bool bridge_is_gateway(const struct bridge_conf *conf);

/* The gateway of one address of the result, as the bridge has it. */
struct prefix bridge_gateway(const struct result_ip *ip);

/* What masquerading a result takes, as a list of struct nat_entry. */
void bridge_nat_entries(struct call *c, const struct result *result,
			struct list *entries);

/* Registers that ADD made the bridge, or, if gateway is not all zeroes, gave it
 * this address: both are taken back only if nobody else can be using them. */
void bridge_undo_push(struct call *c, struct record *record,
		      const struct link *bridge, const struct prefix *gateway);

/* Gives the bridge the gateway addresses of the result, and lets the host
 * forward packets. */
int bridge_be_gateway(struct call *c, struct record *record,
		      const struct link *bridge);

int bridge_check(struct call *c);

#endif
