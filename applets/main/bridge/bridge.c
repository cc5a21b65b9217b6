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
*/
#include "bridge.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/kernel/addr.h"
#include "core/kernel/sysctl.h"

enum { PORT_UP_MS = 5000, CONTAINER_INTERFACE = 2 };

struct bridge_links {
	struct link bridge, port, guest;
	struct link gateway; /* index 0: none */
	int mtu;	     /* 0: the kernel's choice */
	bool made;	     /* the bridge was, just now */
	bool open;	     /* the port is guarded, and up */
};

bool bridge_is_gateway(const struct bridge_conf *conf)
{
	return conf->is_gateway || conf->is_default_gateway;
}

const char *bridge_port_name(struct call *c, const char *owner)
{
	return life_port_name(c->job, owner);
}

/* Its MAC is set from the start: one that the kernel chose would change as
 * ports come and go. */
static int bridge_create(struct call *c, struct record *record,
			 struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;
	struct link *bridge = &links->bridge;
	struct link_spec spec = { .kind = "bridge",
				  .name = conf->bridge,
				  .mtu = links->mtu,
				  .vlan_filtering = bridge_has_vlans(conf),
				  .no_ll_learn = conf->mac_spoof_check,
				  .shared = true };
	uint8_t mac[MAC_LEN];
	bool exists;

	if (link_random_macs(c->job, &mac, 1) < 0)
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
	bridge_quiet_ipv6(c, bridge, links->made);
	if (IS_ENABLED(CONFIG_NAT) && conf->mac_spoof_check &&
	    bridge->ll_learning && link_set_no_ll_learn(&c->host, bridge) < 0)
		return -1;
	if (bridge_set_up(c, bridge) < 0)
		return -1;
	if (conf->promisc && !(bridge->flags & IFF_PROMISC))
		return link_set_flags(&c->host, bridge, IFF_PROMISC,
				      IFF_PROMISC);
	return 0;
}

/* A bridge that others made without a MAC address of its own takes the lowest
 * of its ports'. It keeps the one that it had. */
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

/* The one that is asked for, if any. */
static int bridge_guest_mac(struct call *c, uint8_t mac[MAC_LEN])
{
	const struct bridge_conf *conf = c->conf;
	const char *arg = env_arg(c->job, &c->env, "MAC");

	if (conf->has_runtime_mac) {
		memcpy(mac, conf->runtime_mac, MAC_LEN);
	} else if (conf->has_args_mac) {
		memcpy(mac, conf->args_mac, MAC_LEN);
	} else if (arg && *arg) {
		if (!mac_parse(arg, mac))
			return fail(
				c->job, CNI_BAD_ENVIRONMENT,
				"CNI_ARGS: MAC: expected a MAC address, got \"%s\"",
				arg);
	}
	return 0;
}

static int bridge_refuse(struct call *c)
{
	return fail(
		c->job, CNI_INTERNAL,
		"container veth name (\"%s\") peer provided (\"%s\") already exists",
		c->env.ifname, bridge_port_name(c, attachment_owner(c)));
}

/* The pair is born in its places and connected; nothing gets through it before
 * all is ready for that. */
static int bridge_connect(struct call *c, struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;
	uint8_t mac[2][MAC_LEN];
	struct link_spec peer = { .name = c->env.ifname,
				  .mtu = links->mtu,
				  .queues = 1,
				  .mac = mac[0],
				  .netns = c->netns.fd };
	const char *owner = attachment_owner(c);
	struct link *port = &links->port, bridge;
	struct link_spec spec = { .kind = "veth",
				  .name = bridge_port_name(c, owner),
				  .alias = owner,
				  .mac = mac[1],
				  .mtu = links->mtu,
				  .queues = 1,
				  .master = links->bridge.index,
				  .peer = &peer,
				  .master_now = &bridge };
	bool exists;

	if (link_random_macs(c->job, mac, 2) < 0 ||
	    bridge_guest_mac(c, mac[0]) < 0 ||
	    link_add(&c->host, &spec, &exists) < 0)
		return -1;
	if (exists)
		return bridge_refuse(c);
	str_copy(port->name, sizeof(port->name), spec.name);
	bridge_quiet_ipv6(c, port, false);
	if (link_get(&c->guest, c->env.ifname, &links->guest) < 0 ||
	    (!links->made && bridge_keep_mac(c, &links->bridge, &bridge) < 0))
		return -1;
	if (!conf->hairpin && !conf->isolated && !bridge_has_vlans(conf))
		return 0;
	if (link_get(&c->host, spec.name, port) < 0 ||
	    link_set_port(&c->host, port, conf->hairpin, conf->isolated) < 0)
		return -1;
	return bridge_has_vlans(conf) ? bridge_set_vlans(c, port) : 0;
}

/* The routes of an IPAM plugin are kept; a default route without gateway is
 * the one that is asked for. */
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

/* Completes what the IPAM plugin said. */
static int bridge_addresses(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct result_ip *ips;
	struct result ipam;

	if (ipam_add(c, &ipam) < 0)
		return -1;
	c->result.ips = ipam.ips;
	c->result.routes = ipam.routes;
	c->result.dns = ipam.dns;
	ips = c->result.ips.items;
	for (size_t i = 0; i < c->result.ips.count; i++) {
		struct ip first = prefix_first(&ips[i].address);

		ips[i].interface = CONTAINER_INTERFACE;
		ips[i].has_interface = true;
		if (bridge_is_gateway(conf) && !ips[i].gateway.family)
			ips[i].gateway = ip_step(&first, 1);
		if (conf->is_default_gateway)
			bridge_default_route(c, &ips[i]);
	}
	return 0;
}

/* The guard of the MAC address once, and the masquerading of what there is. */
static int bridge_nat(struct call *c, struct record *record,
		      const struct bridge_links *links)
{
	struct list entries = { 0 };

	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	if (!links->open)
		bridge_guard_entries(c, &links->port, &links->guest, &entries);
	if (c->net.ipam)
		bridge_masq_entries(c, &c->result, &entries);
	return attachment_nat(c, record, &entries);
}

/* The port goes up once its guard is there, with the next request of the host
 * if more is to follow. */
static int bridge_open(struct call *c, struct bridge_links *links, bool more)
{
	if (links->open)
		return 0;
	links->open = true;
	nl_hold(&c->host);
	link_set_flags(&c->host, &links->port, IFF_UP, IFF_UP);
	return more ? 0 : nl_release(&c->host);
}

static const char *bridge_mac_text(struct call *c, const struct link *link)
{
	char text[MAC_TEXT];

	return job_printf(c->job, "%s", mac_print(link->mac, text));
}

static void bridge_tell(struct call *c, const struct link *link,
			const char *sandbox)
{
	struct result_interface *interface =
		list_add(c->job, &c->result.interfaces, sizeof(*interface));

	interface->name = job_printf(c->job, "%s", link->name);
	interface->mac = bridge_mac_text(c, link);
	interface->sandbox = sandbox;
}

static void bridge_result(struct call *c, const struct bridge_links *links)
{
	const struct bridge_conf *conf = c->conf;

	bridge_tell(c, &links->bridge, NULL);
	bridge_tell(c, &links->port, NULL);
	bridge_tell(c, &links->guest, c->env.netns);
	if (links->gateway.index && bridge_vlan(conf))
		bridge_tell(c, &links->gateway, NULL);
	if (dns_is_given(&conf->dns))
		c->result.dns = conf->dns;
	/* A plugin behind may take the first interface for the bridge. */
	if (IS_ENABLED(CONFIG_CHAIN))
		result_append(c->job, &c->result, &c->prev);
}

/* The port has a name of its own, and takes the container's interface with it.
 * Another program may have made both, or given the port another name: then the
 * interface is what there is. */
static int bridge_disconnect(struct call *c)
{
	const char *owner = attachment_owner(c);
	bool existed;
	int ret = link_del(&c->host, bridge_port_name(c, owner), &existed);

	if (!existed && life_has_guest(c, owner))
		ret |= link_del(&c->guest, c->env.ifname, NULL);
	return ret;
}

/* What DEL does on the host; addresses are the IPAM plugin's. The links come
 * last: while the kernel takes its time for them, it does what it has put off
 * of the elements, which we would wait for at our end otherwise. */
static int bridge_release(struct call *c)
{
	const unsigned kinds =
		1 << ENTRY_MASQUERADE | 1 << ENTRY_GUARDED | 1 << ENTRY_SOURCE;
	struct list entries;

	return attachment_release(c, kinds, &entries, bridge_disconnect);
}

static int bridge_del(struct call *c)
{
	int ret = bridge_release(c);

	return ipam_del(c) | ret;
}

/* A record of an attachment that is there is no left-over. */
static int bridge_release_stale(struct call *c)
{
	struct link guest;
	bool found;

	if (link_find(&c->guest, c->env.ifname, &guest, &found) < 0)
		return -1;
	if (found)
		return bridge_refuse(c);
	return bridge_del(c);
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

/* What the container sends from its first moment on is to be masqueraded: what
 * conntrack has seen before stays as it is. */
static int bridge_add_layer3(struct call *c, struct bridge_links *links,
			     struct record *record)
{
	const struct bridge_conf *conf = c->conf;
	bool gateway = bridge_is_gateway(conf);

	/* A plugin of others may ask through the link, as dhcp does. */
	if (!applet_find(c->applets, c->net.ipam) &&
	    (bridge_nat(c, record, links) < 0 ||
	     bridge_open(c, links, false) < 0))
		return -1;
	if (bridge_addresses(c) < 0 || bridge_nat(c, record, links) < 0 ||
	    bridge_open(c, links, gateway && !bridge_vlan(conf)) < 0)
		return -1;
	if (gateway && bridge_gateways(c, links, record) < 0)
		return -1;
	return guest_apply(c, &links->guest, CONTAINER_INTERFACE, conf->dad);
}

/* A network without IPAM carries frames and nothing else. */
static int bridge_add_layer2(struct call *c, struct bridge_links *links,
			     struct record *record)
{
	const struct bridge_conf *conf = c->conf;

	if (bridge_nat(c, record, links) < 0 ||
	    bridge_open(c, links, false) < 0)
		return -1;
	return conf->no_container_interface
		       ? 0
		       : link_set_flags(&c->guest, &links->guest, IFF_UP,
					IFF_UP);
}

static int bridge_add(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct bridge_links links = { 0 };
	struct record *record = job_alloc(c->job, sizeof(*record));

	if (attachment_begin(c, record, bridge_release_stale) < 0 ||
	    bridge_mtu(c, &links.mtu) < 0 ||
	    bridge_ensure(c, record, &links) < 0 ||
	    bridge_connect(c, &links) < 0)
		return -1;
	if ((c->net.ipam ? bridge_add_layer3(c, &links, record)
			 : bridge_add_layer2(c, &links, record)) < 0)
		return -1;
	/* Both ends, as each hears of it at a time of its own. */
	if (conf->no_container_interface) {
		if (link_get(&c->host, bridge_port_name(c, attachment_owner(c)),
			     &links.port) < 0)
			return -1;
	} else if (link_wait_up(&c->host, &links.port, PORT_UP_MS) < 0 ||
		   link_wait_up(&c->guest, &links.guest, PORT_UP_MS) < 0) {
		return -1;
	}
	bridge_result(c, &links);
	return 0;
}

static int bridge_drop(struct call *c, const char *owner,
		       const struct list *entries)
{
	(void)entries;
	return link_del(&c->host, bridge_port_name(c, owner), NULL);
}

/* All at once, also those whose record was lost. */
static int bridge_drop_ports(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct list ports, dead = { 0 };
	const struct link *port;
	struct link bridge;
	bool found;

	if (link_find(&c->host, conf->bridge, &bridge, &found) < 0)
		return -1;
	if (!found)
		return 0;
	if (link_ports(&c->host, bridge.index, &ports) < 0)
		return -1;
	port = ports.items;
	for (size_t i = 0; i < ports.count; i++) {
		if (attachment_is_dead(c, port[i].alias))
			*(struct link *)list_add(c->job, &dead, sizeof(*port)) =
				port[i];
	}
	return link_del_all(&c->host, &dead);
}

static int bridge_gc(struct call *c)
{
	int ret = bridge_drop_ports(c);

	ret |= attachment_gc(c, bridge_drop);
	return ipam_gc(c) | ret;
}

const struct applet bridge_applet = {
	.name = "bridge",
	.keys = bridge_keys,
	.conf_size = sizeof(struct bridge_conf),
	.defaults = &bridge_defaults,
	.needs_netns = true,
	.takes_args = true,
	.validate = bridge_validate,
	.add = bridge_add,
	.del = bridge_del,
	.check = IF_CHECK(bridge_check),
	.status = bridge_status,
	.gc = IF_GC(bridge_gc),
};
