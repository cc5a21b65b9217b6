/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge - what the files of the applet share */
#ifndef CNIBOX_BRIDGE_H
#define CNIBOX_BRIDGE_H

#include "core/cni/attachment.h"
#include "core/cni/delegate.h"
#include "core/cni/guest.h"
#include "core/cni/mac.h"
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
	char bridge[IFNAMSIZ]; /* first, as it alone has a default */
	bool is_gateway, is_default_gateway, force_address;
	bool hairpin, promisc, isolated, dad, no_container_interface;
	bool keep_vlan, macspoofchk;
	struct masq masq;
	const char *mtu_auto;
	int mtu, vlan;
	struct list trunk;
	struct dns dns;
	uint8_t args_mac[MAC_LEN], runtime_mac[MAC_LEN];
	bool has_args_mac, has_runtime_mac;
};

extern const struct conf_key bridge_keys[];

/* Functions of the descriptor, in other files than it. */
int bridge_validate(struct call *c);
int bridge_check(struct call *c);
int bridge_status(struct call *c);

/* The MTU that the configuration asks for; 0: none. */
int bridge_mtu(struct call *c, int *mtu);

/* Whether the bridge is to have the gateway's addresses. */
bool bridge_is_gateway(const struct bridge_conf *conf);

/* The gateway of an address of the result, with the length of its subnet. */
struct prefix bridge_gateway(const struct result_ip *ip);

/* With macspoofchk, adds the entries that keep the container to its MAC address to
 * a list of struct entry. */
void bridge_macspoofchk_entries(struct call *c, const struct veth *veth,
				struct list *entries);

/* Registers the removal of the link that spec describes, before it is made: of the
 * bridge, whose index is still 0, or of its gateway in a VLAN. It is removed only
 * if nobody else can be using it. */
void bridge_undo_made(struct call *c, struct record *record,
		      const struct link *bridge, const struct link_spec *spec);

/* Gives link the gateways' addresses of the result, and has the host forward
 * packets. */
int bridge_be_gateway(struct call *c, struct record *record,
		      const struct link *bridge, const struct link *link);

/* Has the bridge, or its gateway in a VLAN, ignore router advertisements. If made, a
 * link that this ADD has made and that is still down, there is no duplicate address
 * detection either: its link-local address follows from its random MAC address. */
void bridge_quiet_ipv6(struct call *c, const struct link *link, bool made);

/* Sets a link of the host up, unless it is. */
int bridge_set_up(struct call *c, const struct link *link);

/* Whether there is a vlan or vlanTrunk; the vlan, or 0. Without BRIDGE_VLAN,
 * bridge_validate() has refused both. */
static inline bool bridge_has_vlans(const struct bridge_conf *conf)
{
	return IS_ENABLED(CONFIG_BRIDGE_VLAN) &&
	       (conf->vlan || conf->trunk.present);
}

static inline int bridge_vlan(const struct bridge_conf *conf)
{
	return IS_ENABLED(CONFIG_BRIDGE_VLAN) ? conf->vlan : 0;
}

extern const struct conf_key bridge_trunk_item;

/* bridge_vlans(): the VLANs that the container's port is to be in; *any is false if
 * there are none. The others set them, or fail if the port lacks one of them. */
int bridge_vlans(struct call *c, struct brvlan *out, bool *any);
int bridge_set_vlans(struct call *c, const struct link *port);
int bridge_check_vlans(struct call *c, const struct link *port);

/* The name of the link that is the gateway of the VLAN's containers. */
const char *bridge_vlan_name(struct call *c);

/* Finds that link, or makes it. */
int bridge_vlan_gateway(struct call *c, struct record *record,
			const struct link *bridge, struct link *out);

#endif
