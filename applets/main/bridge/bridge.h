/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge - what the files of the applet share */
#ifndef CNIBOX_BRIDGE_H
#define CNIBOX_BRIDGE_H

#include "core/cni/attachment.h"
#include "core/cni/delegate.h"
#include "core/cni/guest.h"
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
	bool ip_masq, hairpin, promisc, isolated, dad, no_container_interface;
	bool keep_vlan, mac_spoof_check;
	const char *masq_backend, *masq_family, *mtu_auto;
	struct list no_masq; /* of struct prefix */
	int mtu, vlan;
	struct list trunk;
	struct dns dns;
	uint8_t args_mac[MAC_LEN], runtime_mac[MAC_LEN];
	bool has_args_mac, has_runtime_mac;
};

extern const struct conf_key bridge_keys[];
extern const struct bridge_conf bridge_defaults;
extern const char *const bridge_families[]; /* ipMasq: "ipv4", "ipv6" */
int bridge_validate(struct call *c);

/* The MTU that is asked for; 0: none. */
int bridge_mtu(struct call *c, int *mtu);

/* Whether the bridge has the gateway's addresses. */
bool bridge_is_gateway(const struct bridge_conf *conf);

/* The gateway of one address of the result, as the bridge has it. */
struct prefix bridge_gateway(const struct result_ip *ip);

/* Adds what masquerading a result takes, and what keeping the container to its
 * MAC address takes, to a list of struct entry. */
void bridge_masq_entries(struct call *c, const struct result *result,
			 struct list *entries);
void bridge_guard_entries(struct call *c, const struct link *port,
			  const struct link *guest, struct list *entries);

/* The name of the container's port, the same for one owner each time, so that
 * DEL needs nothing else. */
const char *bridge_port_name(struct call *c, const char *owner);

/* Registers that ADD is about to make what spec says, which is the bridge (of
 * index 0 as yet) or its gateway in a VLAN: taken back only if nobody else can be
 * using it. */
void bridge_undo_made(struct call *c, struct record *record,
		      const struct link *bridge, const struct link_spec *spec);

/* Gives link the gateway addresses of the result, and lets the host forward
 * packets. */
int bridge_be_gateway(struct call *c, struct record *record,
		      const struct link *bridge, const struct link *link);

/* Containers are not to hand link routes: neither a bridge nor its ports, which
 * get frames to 01:80:c2:00:00:0X themselves. If it was just made and is not up,
 * no other host can have the address that follows from its MAC. */
void bridge_quiet_ipv6(struct call *c, const struct link *link, bool made);

/* Brings a link of the node up, unless it is. */
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
