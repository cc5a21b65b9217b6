/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check - what ADD made is still there; what others added is no fault */
#include "bridge.h"

#include <string.h>
#include <sys/socket.h>

#include "core/kernel/addr.h"
#include "core/kernel/sysctl.h"

static const struct result_interface *find_interface(const struct call *c,
						     const char *name,
						     const char *sandbox)
{
	const struct result_interface *interfaces = c->prev.interfaces.items;

	for (size_t i = 0; i < c->prev.interfaces.count; i++) {
		const char *in = interfaces[i].sandbox;

		if (strcmp(interfaces[i].name, name) == 0 &&
		    strcmp(in ? in : "", sandbox) == 0)
			return &interfaces[i];
	}
	return NULL;
}

static bool has_mac(const struct link *link, const char *text)
{
	uint8_t mac[MAC_LEN];

	return !text || !*text ||
	       (mac_parse(text, mac) && memcmp(mac, link->mac, MAC_LEN) == 0);
}

static int check_link(struct nl *nl, const struct result_interface *interface,
		      const char *what, struct link *link)
{
	char text[MAC_TEXT];
	bool found;

	if (link_find(nl, interface->name, link, &found) < 0)
		return -1;
	if (!found)
		return fail(nl->job, CNI_INTERNAL,
			    "Interface name %s not found", interface->name);
	if (!has_mac(link, interface->mac))
		return fail(
			nl->job, CNI_INTERNAL,
			"%s interface %s Mac doesn't match: expected %s, got %s",
			what, interface->name, interface->mac,
			mac_print(link->mac, text));
	return 0;
}

static int check_bridge(struct call *c, struct link *bridge)
{
	const struct bridge_conf *conf = c->conf;
	const struct result_interface *interface =
		find_interface(c, conf->bridge, "");
	bool promisc;

	if (!interface)
		return fail(c->job, CNI_INTERNAL,
			    "Interface name missing in prevResult: %s",
			    conf->bridge);
	if (check_link(&c->host, interface, "Bridge", bridge) < 0)
		return -1;
	if (strcmp(bridge->kind, "bridge") != 0)
		return fail(c->job, CNI_INTERNAL,
			    "Interface %s does not have link type of bridge",
			    conf->bridge);
	if (conf->mac_spoof_check && bridge->ll_learning &&
	    attachment_is_noted(c))
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

/* The host's end is the one interface of the result that is a port of the
 * bridge and whose other end is the container's. */
static int check_port(struct call *c, const struct link *bridge,
		      const struct link *guest, struct link *port)
{
	const struct result_interface *interfaces = c->prev.interfaces.items;
	const struct bridge_conf *conf = c->conf;

	for (size_t i = 0; i < c->prev.interfaces.count; i++) {
		const struct result_interface *interface = &interfaces[i];

		if ((interface->sandbox && *interface->sandbox) ||
		    strcmp(interface->name, conf->bridge) == 0)
			continue;
		if (check_link(&c->host, interface, "Host", port) < 0)
			return -1;
		if (port->peer != guest->index || guest->peer != port->index ||
		    port->master != bridge->index)
			continue;
		if (port->hairpin != conf->hairpin ||
		    port->isolated != conf->isolated)
			return fail(
				c->job, CNI_INTERNAL,
				"Interface %s: hairpin or isolation is not as configured",
				port->name);
		return bridge_has_vlans(conf) ? bridge_check_vlans(c, port) : 0;
	}
	return fail(c->job, CNI_INTERNAL,
		    "CNI veth created for bridge %s was not found",
		    conf->bridge);
}

static int check_guest(struct call *c, struct link *guest)
{
	const struct bridge_conf *conf = c->conf;
	const struct result_interface *interface =
		find_interface(c, c->env.ifname, c->env.netns);

	if (!interface)
		return fail(
			c->job, CNI_INTERNAL,
			"Sandbox in prevResult doesn't match configured netns: no interface %s in %s",
			c->env.ifname, c->env.netns);
	if (check_link(&c->guest, interface, "Container", guest) < 0)
		return -1;
	if (!(guest->flags & IFF_UP) && !conf->no_container_interface)
		return fail(c->job, CNI_INTERNAL, "Interface %s is down",
			    c->env.ifname);
	if (strcmp(guest->kind, "veth") != 0)
		return fail(c->job, CNI_INTERNAL,
			    "Error: Container interface %s not of type veth",
			    c->env.ifname);
	return 0;
}

/* The link that has the gateway's addresses. */
static int find_gateway(struct call *c, const struct link *bridge,
			struct link *out)
{
	const struct bridge_conf *conf = c->conf;

	*out = *bridge;
	return bridge_vlan(conf) ? link_get(&c->host, bridge_vlan_name(c), out)
				 : 0;
}

static int check_gateway(struct call *c, const struct link *bridge)
{
	const struct result_ip *ips = c->prev.ips.items;
	char text[PREFIX_TEXT];
	struct link link;
	struct list addrs;

	if (find_gateway(c, bridge, &link) < 0 ||
	    addr_list(&c->host, &link, 0, &addrs) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		struct prefix gateway = bridge_gateway(&ips[i]);
		const char *forwarding =
			gateway.ip.family == AF_INET
				? "net/ipv4/ip_forward"
				: "net/ipv6/conf/all/forwarding";

		if (!gateway.ip.family)
			continue;
		if (!addr_among(&addrs, &gateway))
			return fail(c->job, CNI_INTERNAL,
				    "Failed to find Gateway %s on bridge %s",
				    prefix_print(&gateway, text), link.name);
		if (!sysctl_is(c->job, -1, forwarding, "1"))
			return fail(c->job, CNI_INTERNAL,
				    "sysctl %s: expected 1", forwarding);
	}
	return 0;
}

/* The addresses of the result that are the container interface's. */
static struct list own_ips(struct call *c)
{
	const struct result_interface *interfaces = c->prev.interfaces.items;
	const struct result_ip *ips = c->prev.ips.items;
	struct list own = { 0 };

	for (size_t i = 0; i < c->prev.ips.count; i++) {
		size_t of = (size_t)ips[i].interface;

		if (!ips[i].has_interface ||
		    (of < c->prev.interfaces.count &&
		     strcmp(interfaces[of].name, c->env.ifname) == 0))
			*(struct result_ip *)list_add(c->job, &own,
						      sizeof(*ips)) = ips[i];
	}
	return own;
}

int bridge_check(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct link bridge, port, guest;
	struct list entries = { 0 };

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "Required prevResult missing");
	if (ipam_check(c) < 0)
		return -1;
	/* What a plugin before made is its own to check. */
	c->prev.ips = own_ips(c);
	if (check_bridge(c, &bridge) < 0 || check_guest(c, &guest) < 0 ||
	    check_port(c, &bridge, &guest, &port) < 0 ||
	    guest_verify(c, &guest) < 0)
		return -1;
	if (bridge_is_gateway(conf) && check_gateway(c, &bridge) < 0)
		return -1;
	if (c->net.ipam)
		bridge_masq_entries(c, &c->prev, &entries);
	bridge_guard_entries(c, &port, &guest, &entries);
	return attachment_check_nat(c, &entries);
}
