/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check - whether all that ADD made is still there */
#include "bridge.h"

#include <string.h>
#include <sys/socket.h>

#include "core/cni/prev.h"
#include "core/kernel/addr.h"
#include "core/kernel/sysctl.h"

static int bridge_check_bridge(struct call *c, struct link *bridge)
{
	const struct bridge_conf *conf = c->conf;
	const struct result_interface *interface =
		prev_interface(c, conf->bridge, "");
	bool promisc;

	if (!interface)
		return fail(c->job, CNI_INTERNAL,
			    "Interface name missing in prevResult: %s",
			    conf->bridge);
	if (prev_check_link(&c->host, interface, "Bridge", bridge) < 0)
		return -1;
	if (strcmp(bridge->kind, "bridge") != 0)
		return fail(c->job, CNI_INTERNAL,
			    "Interface %s does not have link type of bridge",
			    conf->bridge);
	if (conf->macspoofchk && bridge->ll_learning && attachment_is_noted(c))
		return fail(c->job, CNI_INTERNAL,
			    "Bridge %s: no_linklocal_learn is off",
			    conf->bridge);
	promisc = bridge->flags & IFF_PROMISC;
	if (promisc != conf->promisc)
		return fail(
			c->job, CNI_INTERNAL,
			"Bridge interface %s configured Promisc Mode %s doesn't match current state: %s",
			conf->bridge, conf->promisc ? "true" : "false",
			promisc ? "true" : "false");
	return 0;
}

static int bridge_check_port(struct call *c, const struct link *bridge,
			     const struct link *guest, struct link *port)
{
	const struct bridge_conf *conf = c->conf;
	bool found;

	if (veth_find_host(c, guest, bridge, port, &found) < 0)
		return -1;
	if (!found)
		return fail(c->job, CNI_INTERNAL,
			    "CNI veth created for bridge %s was not found",
			    conf->bridge);
	if (port->hairpin != conf->hairpin || port->isolated != conf->isolated)
		return fail(
			c->job, CNI_INTERNAL,
			"Interface %s: hairpin or isolation is not as configured",
			port->name);
	return bridge_has_vlans(conf) ? bridge_check_vlans(c, port) : 0;
}

/* Finds the link that has the gateways' addresses. */
static int bridge_find_gateway(struct call *c, const struct link *bridge,
			       struct link *out)
{
	const struct bridge_conf *conf = c->conf;

	*out = *bridge;
	return bridge_vlan(conf) ? link_get(&c->host, bridge_vlan_name(c), out)
				 : 0;
}

static int bridge_check_gateway(struct call *c, const struct link *bridge)
{
	const struct result_ip *ips = c->prev.ips.items;
	char text[PREFIX_TEXT];
	struct link link;
	struct list addrs;

	if (bridge_find_gateway(c, bridge, &link) < 0 ||
	    addr_list(&c->host, &link, 0, &addrs) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		struct prefix gateway = bridge_gateway(&ips[i]);

		if (!gateway.ip.family)
			continue;
		if (!addr_among(&addrs, &gateway))
			return fail(c->job, CNI_INTERNAL,
				    "Failed to find Gateway %s on bridge %s",
				    prefix_print(&gateway, text), link.name);
		if (veth_check_forward(c, gateway.ip.family) < 0)
			return -1;
	}
	return 0;
}

int bridge_check(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct list entries = { 0 };
	struct link bridge;
	struct veth veth;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "Required prevResult missing");
	if (ipam_check(c) < 0 || bridge_check_bridge(c, &bridge) < 0 ||
	    guest_check_link(c, "veth", !conf->no_container_interface,
			     &veth.guest) < 0 ||
	    bridge_check_port(c, &bridge, &veth.guest, &veth.host) < 0 ||
	    guest_verify(c, &veth.guest) < 0)
		return -1;
	if (bridge_is_gateway(conf) && bridge_check_gateway(c, &bridge) < 0)
		return -1;
	if (c->net.ipam)
		masq_entries(c, &conf->masq, &c->prev, &entries);
	bridge_macspoofchk_entries(c, &veth, &entries);
	return attachment_check_entries(c, &entries);
}
