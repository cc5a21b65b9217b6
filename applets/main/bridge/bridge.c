/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge - a veth pair between the container and a bridge of the host
 *
 * https://www.cni.dev/plugins/current/main/bridge/

config BRIDGE
	bool "bridge"
	default y
	help
	  Connects the container to a bridge of the host, which is made if it
	  is missing. The bridge can be the gateway of its containers, and
	  what they send elsewhere can get the host's address. Addresses come
	  from the IPAM plugin; without one the network is layer 2 only.
	  Costs 10 KB, and 13.5 with BRIDGE_VLAN.
*/
#include "bridge.h"

#include <string.h>
#include <sys/socket.h>

/* The bridge, the port and the container's interface are the first three of the
 * result. */
enum { PORT_UP_MS = 5000, CONTAINER_INTERFACE = 2 };

struct bridge_links {
	struct link bridge;
	struct veth veth;    /* the host end is a port of the bridge */
	struct link gateway; /* index 0: none */
	int mtu;	     /* 0: the kernel's choice */
	bool made;	     /* this ADD has made the bridge */
	bool steady; /* see mac.h; looked at when the pod has its address */
	bool known;  /* and the pod's MAC address follows */
	bool open;   /* macspoofchk is set for the port, and it is up */
	/* The IPAM plugin, if it is an applet, which is asked before there is a
	 * link; any other, such as dhcp, may need the link. */
	const struct applet *ipam;
};

bool bridge_is_gateway(const struct bridge_conf *conf)
{
	return conf->is_gateway || conf->is_default_gateway;
}

/* With a MAC address: the one that the kernel chooses for a bridge would change
 * as ports come and go. */
static int bridge_create(struct call *c, struct record *record,
			 struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;
	struct link *bridge = &links->bridge;
	struct link_spec spec = { .kind = "bridge",
				  .name = conf->bridge,
				  .mtu = links->mtu,
				  .vlan_filtering = bridge_has_vlans(conf),
				  .no_ll_learn = conf->macspoofchk,
				  .shared = true };
	uint8_t mac[MAC_LEN];
	bool exists;

	if (mac_of_bridge(c->job, mac) < 0)
		return -1;
	spec.mac = mac;
	bridge_undo_made(c, record, bridge, &spec);
	if (link_add(&c->host, &spec, &exists) < 0 ||
	    link_get(&c->host, conf->bridge, bridge) < 0)
		return -1;
	links->made = !exists;
	return 0;
}

static int bridge_ensure(struct call *c, struct record *record,
			 struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;
	struct link *bridge = &links->bridge;
	bool found;

	if (link_find(&c->host, conf->bridge, bridge, &found) < 0)
		return -1;
	if (!found && bridge_create(c, record, links) < 0)
		return -1;
	if (strcmp(bridge->kind, "bridge") != 0)
		return fail(c->job, CNI_INTERNAL,
			    "\"%s\" already exists but is not a bridge",
			    conf->bridge);
	links->steady = mac_is_steady(bridge);
	bridge_quiet_ipv6(c, bridge, links->made);
	if (IS_ENABLED(CONFIG_NAT) && conf->macspoofchk &&
	    bridge->ll_learning && link_set_no_ll_learn(&c->host, bridge) < 0)
		return -1;
	if (bridge_set_up(c, bridge) < 0)
		return -1;
	if (conf->promisc && !(bridge->flags & IFF_PROMISC))
		return link_set_flags(&c->host, bridge, IFF_PROMISC,
				      IFF_PROMISC);
	return 0;
}

/* A bridge that others made may have no MAC address of its own, and take the
 * lowest of its ports'. Then it is given the one that it had before. */
static int bridge_keep_mac(struct call *c, struct link *bridge,
			   const struct link *now)
{
	static const uint8_t none[MAC_LEN];
	uint8_t mac[MAC_LEN];

	if (memcmp(now->mac, bridge->mac, MAC_LEN) == 0)
		return 0;
	memcpy(mac, memcmp(bridge->mac, none, MAC_LEN) ? bridge->mac : now->mac,
	       MAC_LEN);
	memcpy(bridge->mac, mac, MAC_LEN);
	return link_set_mac(&c->host, bridge, mac);
}

/* The MAC address that is asked for, or that follows from the address that the pod
 * has already, or NULL; buf has room for one. A VLAN is a wire of its own, where such
 * an address may be another's. */
static int bridge_guest_mac(struct call *c, struct bridge_links *links,
			    uint8_t buf[MAC_LEN], const uint8_t **mac)
{
	const struct bridge_conf *conf = c->conf;
	const char *arg = env_arg(c->job, &c->env, "MAC");

	*mac = NULL;
	if (conf->has_runtime_mac) {
		*mac = conf->runtime_mac;
	} else if (conf->has_args_mac) {
		*mac = conf->args_mac;
	} else if (arg && *arg) {
		if (!mac_parse(arg, buf))
			return fail(
				c->job, CNI_BAD_ENVIRONMENT,
				"CNI_ARGS: MAC: expected a MAC address, got \"%s\"",
				arg);
		*mac = buf;
	} else if (links->ipam && links->ipam->lends &&
		   !bridge_has_vlans(conf)) {
		mac_of_ips(&c->result.ips, buf);
		*mac = buf;
		links->known = links->steady && c->result.ips.count == 1;
		if (links->known)
			return 0;
	}
	return links->steady ? mac_end_steady(c, &links->bridge) : 0;
}

static int bridge_set_port(struct call *c, const struct link *port)
{
	const struct bridge_conf *conf = c->conf;

	if (!conf->hairpin && !conf->isolated && !bridge_has_vlans(conf))
		return 0;
	if (link_set_port(&c->host, port, conf->hairpin, conf->isolated) < 0)
		return -1;
	return bridge_has_vlans(conf) ? bridge_set_vlans(c, port) : 0;
}

/* Makes the pair, with the host's end as a port of the bridge. The port stays down
 * until everything is ready for packets. */
static int bridge_connect(struct call *c, struct bridge_links *links)
{
	struct link *bridge = &links->bridge;
	struct link now = { 0 };
	struct veth_spec spec = { .mtu = links->mtu,
				  .master = bridge->index,
				  .master_now = links->steady ? NULL : &now };
	uint8_t mac[MAC_LEN];

	if (bridge_guest_mac(c, links, mac, &spec.mac) < 0 ||
	    veth_add(c, &spec, &links->veth) < 0 ||
	    (!links->steady && bridge_keep_mac(c, bridge, &now) < 0))
		return -1;
	return bridge_set_port(c, &links->veth.host);
}

/* Adds the default route, unless the IPAM plugin has given one: if that has no
 * gateway, it gets one. */
static void bridge_default_route(struct call *c, const struct result_ip *ip)
{
	struct route *routes = c->result.routes.items, *route;
	int family = ip->address.ip.family;

	for (size_t i = 0; i < c->result.routes.count; i++) {
		if (routes[i].dst.len || routes[i].dst.ip.family != family)
			continue;
		if (!routes[i].gw.family)
			routes[i].gw = ip->gateway;
		return;
	}
	route = list_add(c->job, &c->result.routes, sizeof(*route));
	route->dst = (struct prefix) { .ip.family = family };
	route->gw = ip->gateway;
}

/* Asks for addresses, and completes the answer with gateways and default routes. */
static int bridge_addresses(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct result_ip *ips;

	if (ipam_add(c, CONTAINER_INTERFACE) < 0)
		return -1;
	ips = c->result.ips.items;
	for (size_t i = 0; i < c->result.ips.count; i++) {
		struct ip first = prefix_first(&ips[i].address);

		if (bridge_is_gateway(conf) && !ips[i].gateway.family)
			ips[i].gateway = ip_step(&first, 1);
		if (conf->is_default_gateway)
			bridge_default_route(c, &ips[i]);
	}
	return 0;
}

/* Adds macspoofchk, in the first call only, and masquerading for the addresses that
 * the result has by now. */
static int bridge_add_entries(struct call *c, struct record *record,
			      const struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;
	struct list entries = { 0 };

	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	if (!links->open)
		bridge_macspoofchk_entries(c, &links->veth, &entries);
	if (c->net.ipam)
		masq_entries(c, &conf->masq, &c->result, &entries);
	return attachment_add_entries(c, record, &entries);
}

/* Sets the port up, for which macspoofchk is set by now: with the next request of
 * the host, if more is to follow. */
static int bridge_open(struct call *c, struct bridge_links *links, bool more)
{
	if (links->open)
		return 0;
	links->open = true;
	nl_hold(&c->host);
	link_set_conf(&c->host, links->veth.host.index, LINK_ADDR_GEN_NONE);
	link_set_flags(&c->host, &links->veth.host, IFF_UP, IFF_UP);
	return more ? 0 : nl_release(&c->host);
}

static void bridge_result(struct call *c, const struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;

	call_tell_link(c, &links->bridge, NULL);
	call_tell_link(c, &links->veth.host, NULL);
	call_tell_link(c, &links->veth.guest, c->env.netns);
	if (links->gateway.index && bridge_vlan(conf))
		call_tell_link(c, &links->gateway, NULL);
	if (dns_is_given(&conf->dns))
		c->result.dns = conf->dns;
	/* The interfaces of plugins before this one go behind ours: the Go
	 * firewall takes the first one for the bridge. */
	if (IS_ENABLED(CONFIG_CHAIN))
		result_append(c->job, &c->result, &c->prev);
}

/* The links go after the entries. Where these do not expire but are deleted, the
 * kernel frees them while it waits for the links; the end of this process would have
 * to wait for that otherwise. The addresses go last, when nothing uses them any more. */
static int bridge_del(struct call *c)
{
	const unsigned kinds = 1 << ENTRY_MASQUERADE | 1 << ENTRY_MACSPOOFCHK |
			       1 << ENTRY_MACSPOOFCHK_MAC;
	int ret = attachment_release(c, kinds, veth_del);

	return ipam_del(c) | ret;
}

static int bridge_gateways(struct call *c, struct bridge_links *links,
			   struct record *record)
{
	const struct bridge_conf *conf = c->conf;

	links->gateway = links->bridge;
	if (bridge_vlan(conf) &&
	    bridge_vlan_gateway(c, record, &links->bridge, &links->gateway) < 0)
		return -1;
	return bridge_be_gateway(c, record, &links->bridge, &links->gateway);
}

/* Masquerading is there before the port is up: conntrack would go on without it for
 * connections that have begun before. */
static int bridge_open_host(struct call *c, struct bridge_links *links,
			    struct record *record)
{
	const struct bridge_conf *conf = c->conf;
	bool gateway = c->net.ipam && bridge_is_gateway(conf);

	if (c->net.ipam && !links->ipam &&
	    (bridge_add_entries(c, record, links) < 0 ||
	     bridge_open(c, links, false) < 0 || bridge_addresses(c) < 0))
		return -1;
	if (bridge_add_entries(c, record, links) < 0 ||
	    bridge_open(c, links, gateway && !bridge_vlan(conf)) < 0)
		return -1;
	return gateway ? bridge_gateways(c, links, record) : 0;
}

/* Without an IPAM plugin there are neither addresses nor routes. */
static int bridge_open_guest(struct call *c, struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;
	struct link *host = &links->veth.host, *guest = &links->veth.guest;
	unsigned flags = conf->dad ? ADDR_DAD : 0;

	/* Each end: the kernel announces them at different times. */
	if (guest_apply(c, guest, CONTAINER_INTERFACE,
			c->net.ipam ? flags : ADDR_NO_ROUTE) < 0 ||
	    link_wait_up(&c->host, host, PORT_UP_MS) < 0 ||
	    link_wait_up(&c->guest, guest, PORT_UP_MS) < 0)
		return -1;
	/* Now that the bridge lets frames in. (arp_notify, ndisc_notify) */
	return c->net.ipam && !links->known
		       ? link_set_mac(&c->guest, guest, guest->mac)
		       : 0;
}

static int bridge_add(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct bridge_links links = { 0 };
	struct record *record = job_alloc(c->job, sizeof(*record));

	if (c->net.ipam)
		links.ipam = applet_find(c->applets, c->net.ipam);
	if (veth_begin(c, record) < 0 || bridge_mtu(c, &links.mtu) < 0 ||
	    (links.ipam && bridge_addresses(c) < 0) ||
	    bridge_ensure(c, record, &links) < 0 ||
	    bridge_connect(c, &links) < 0 ||
	    bridge_open_host(c, &links, record) < 0 ||
	    (!conf->no_container_interface && bridge_open_guest(c, &links) < 0))
		return -1;
	bridge_result(c, &links);
	return 0;
}

/* Removes the ports of all attachments that are not valid, also of those whose
 * record was lost. */
static int bridge_drop_ports(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct link bridge;
	bool found;

	if (link_find(&c->host, conf->bridge, &bridge, &found) < 0)
		return -1;
	return found ? veth_drop_dead(c, bridge.index) : 0;
}

static int bridge_gc(struct call *c)
{
	int ret = bridge_drop_ports(c);

	ret |= attachment_gc(c, veth_drop);
	return ipam_gc(c) | ret;
}

static const char bridge_defaults[IFNAMSIZ] = "cni0";

const struct applet bridge_applet = {
	.name = "bridge",
	.keys = bridge_keys,
	.conf_size = sizeof(struct bridge_conf),
	.defaults = &bridge_defaults,
	.defaults_size = sizeof(bridge_defaults),
	.needs_netns = true,
	.takes_args = true,
	.validate = bridge_validate,
	.add = bridge_add,
	.del = bridge_del,
	.check = IF_CHECK(bridge_check),
	.status = bridge_status,
	.gc = IF_GC(bridge_gc),
};
