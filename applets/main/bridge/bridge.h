/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge - what the files of the applet share */
#ifndef CNIBOX_BRIDGE_H
#define CNIBOX_BRIDGE_H

#include "core/cni/attachment.h"
#include "core/cni/delegate.h"
#include "core/cni/guest.h"
#include "core/cni/masq.h"
#include "core/cni/veth.h"
#include "core/kernel/brvlan.h"
#include "core/kernel/link.h"

/* An item of vlanTrunk. */
struct bridge_trunk {
	int min, max, id;
	bool has_min, has_max, has_id;
};

struct bridge_conf {
	char bridge[IFNAMSIZ];
	bool is_gateway, is_default_gateway, force_address;
	bool hairpin, promisc, isolated, dad, no_container_interface;
	bool keep_vlan, mac_spoof_check;
	struct masq masq;
	const char *mtu_auto;
	int mtu, vlan;
	struct list trunk;
	struct dns dns;
	uint8_t args_mac[MAC_LEN], runtime_mac[MAC_LEN];
	bool has_args_mac, has_runtime_mac;
};

extern const struct conf_key bridge_keys[];
extern const struct bridge_conf bridge_defaults;
int bridge_validate(struct call *c);

/* The MTU that is asked for; 0: none. */
int bridge_mtu(struct call *c, int *mtu);

/* Whether the bridge has the gateway's addresses. */
bool bridge_is_gateway(const struct bridge_conf *conf);

/* The gateway of one address of the result, as the bridge has it. */
struct prefix bridge_gateway(const struct result_ip *ip);

/* Adds what keeping the container to its MAC address takes to a list of struct
 * entry, if macspoofchk is on. */
void bridge_macspoofchk_entries(struct call *c, const struct veth *veth,
				struct list *entries);

/* Registers that ADD is about to make what spec says, which is the bridge (of
 * index 0 as yet) or its gateway in a VLAN: taken back only if nobody else can be
 * using it. */
void bridge_undo_made(struct call *c, struct record *record,
		      const struct link *bridge, const struct link_spec *spec);

/* Gives link the gateway addresses of the result, and lets the host forward
 * packets. */
int bridge_be_gateway(struct call *c, struct record *record,
		      const struct link *bridge, const struct link *link);

/* Has a link of the host, the bridge or a VLAN's gateway, take neither routes
 * from containers nor, if it was just made and is down, time to find out whether
 * another host has its link-local address, which follows from its MAC. */
void bridge_quiet_ipv6(struct call *c, const struct link *link, bool made);

/* Brings a link of the host up, unless it is. */
int bridge_set_up(struct call *c, const struct link *link);

/* Whether the configuration speaks of VLANs; the container's own, or 0. Without
 * BRIDGE_VLAN it has been refused by then. */
static inline bool bridge_has_vlans(const struct bridge_conf *conf)
{
	return IS_ENABLED(CONFIG_BRIDGE_VLAN) &&
	       (conf->vlan || conf->trunk.present);
}

static inline int bridge_vlan(const struct bridge_conf *conf)
{
	return IS_ENABLED(CONFIG_BRIDGE_VLAN) ? conf->vlan : 0;
}

/* The VLANs of the container's port; *any is false if there are none. */
extern const struct conf_key bridge_trunk_item;
int bridge_vlans(struct call *c, struct brvlan *out, bool *any);
int bridge_set_vlans(struct call *c, const struct link *port);
int bridge_check_vlans(struct call *c, const struct link *port);

/* The link that is the gateway of the VLAN's containers, made if missing, and
 * its name. */
const char *bridge_vlan_name(struct call *c);
int bridge_vlan_gateway(struct call *c, struct record *record,
			const struct link *bridge, struct link *out);

int bridge_check(struct call *c);
int bridge_status(struct call *c);

#endif
