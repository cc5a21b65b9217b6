/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptp - a veth pair between the container and the host, which routes between them
 *
 * https://www.cni.dev/plugins/current/main/ptp/

config PTP
	bool "ptp"
	default y
	help
	  Connects the container to the host by a veth pair of its own,
	  without a bridge: the host is its gateway and routes its packets to
	  other containers, too. Addresses come from the IPAM plugin. Costs
	  3 KB.
*/
#include <sys/socket.h>

#include "core/cni/attachment.h"
#include "core/cni/delegate.h"
#include "core/cni/guest.h"
#include "core/cni/masq.h"
#include "core/cni/status.h"
#include "core/cni/veth.h"
#include "core/kernel/route.h"

enum {
	GUEST = 1, /* its index among the interfaces of the result */
	UP_MS = 5000,
	SCOPE_LINK = 253,
	SCOPE_HOST = 254,
};

struct ptp_conf {
	int mtu;
	struct masq masq;
	struct dns dns;
};

static const struct conf_key masq_family = { .type = CONF_STRING,
					     AT(ptp_conf, masq.family),
					     .choices = masq_families };
static const struct conf_key subnet = { .type = CONF_PREFIX };

static const struct conf_key ptp_keys[] = {
	{ "mtu", CONF_INT, AT(ptp_conf, mtu),
	  HELP("of both ends; 0: the kernel's choice") },
	{ "ipMasq", CONF_BOOL, AT(ptp_conf, masq.on), .other = &masq_family,
	  HELP("masquerade what leaves the subnet, of one family or both") },
	{ "nonMasqueradeCIDRs", CONF_ARRAY, AT(ptp_conf, masq.exempt),
	  .item = &subnet, .item_size = sizeof(struct prefix),
	  HELP("subnets to which nothing is masqueraded") },
	{ "nonMasqueradeRealm", CONF_INT, AT(ptp_conf, masq.realm), .min = 1,
	  .max = REALM_MAX,
	  HELP("realm of routes by which no IPv4 is masqueraded") },
	{ "ipMasqBackend", CONF_STRING, AT(ptp_conf, masq.backend),
	  .choices = masq_backends,
	  HELP("accepted; nftables does the work either way") },
	{ "dns", CONF_OBJECT, AT(ptp_conf, dns), .keys = dns_keys },
	CONF_END
};

static int validate(struct call *c)
{
	const struct ptp_conf *conf = c->conf;

	if (!c->net.ipam)
		return fail(c->job, CNI_BAD_CONFIG,
			    "ipam.type: no plugin name provided");
	return masq_validate(c, &conf->masq);
}

static struct prefix alone(const struct ip *ip)
{
	return (struct prefix) { *ip, ip_bits(ip->family) };
}

static void put_route(struct call *c, struct list *routes, struct route route)
{
	list_copy(c->job, routes, &route, sizeof(route));
}

/* The container's routes: to the gateway over the link, and by the gateway to
 * the rest of the subnet, where the container would ask for neighbours in vain. */
static void guest_routes(struct call *c, const struct result_ip *ip,
			 struct list *routes)
{
	const struct ip *own = &ip->address.ip;

	put_route(c, routes,
		  (struct route) { .dst = alone(&ip->gateway),
				   .scope = SCOPE_LINK,
				   .has_scope = true,
				   .src = *own });
	put_route(c, routes,
		  (struct route) { .dst = prefix_network(&ip->address),
				   .gw = ip->gateway,
				   .src = *own });
}

static struct route host_route(const struct result_ip *ip)
{
	return (struct route) { .dst = alone(&ip->address.ip),
				.scope = SCOPE_HOST,
				.has_scope = true };
}

/* A router in a subnet is on the link, although it has no route of its own. */
static void find_routers(struct call *c, const struct result_ip *ip)
{
	struct route *routes = c->result.routes.items;

	for (size_t i = 0; i < c->result.routes.count; i++) {
		if (prefix_contains(&ip->address, &routes[i].gw) &&
		    ip_compare(&routes[i].gw, &ip->gateway) != 0)
			routes[i].flags = ROUTE_ONLINK;
	}
}

/* Reads to routes those that the container gets: its own, then the result's, which
 * lead through them. */
static int addresses(struct call *c, struct list *routes)
{
	const struct route *more;
	const struct result_ip *ips;
	char text[PREFIX_TEXT];

	if (ipam_add(c, GUEST) < 0)
		return -1;
	ips = c->result.ips.items;
	for (size_t i = 0; i < c->result.ips.count; i++) {
		if (!ips[i].gateway.family)
			return fail(c->job, CNI_BAD_CONFIG,
				    "ipam: %s has no gateway",
				    prefix_print(&ips[i].address, text));
		guest_routes(c, &ips[i], routes);
		find_routers(c, &ips[i]);
	}
	more = c->result.routes.items;
	for (size_t i = 0; i < c->result.routes.count; i++)
		put_route(c, routes, more[i]);
	return 0;
}

/* The result tells the IPAM plugin's routes alone. */
static int set_up_guest(struct call *c, const struct link *guest,
			const struct list *routes)
{
	struct list told = c->result.routes;
	int ret;

	c->result.routes = *routes;
	ret = guest_apply(c, guest, GUEST, ADDR_NO_ROUTE);
	c->result.routes = told;
	return ret;
}

/* The host's end has the gateways' addresses, which are the same on the ends of all
 * containers of a network. */
static int set_up_host(struct call *c, const struct link *host)
{
	const struct result_ip *ips = c->result.ips.items;
	int ret = 0;

	nl_hold(&c->host);
	link_set_flags(&c->host, host, IFF_UP, IFF_UP);
	for (size_t i = 0; i < c->result.ips.count; i++) {
		struct prefix gateway = alone(&ips[i].gateway);
		struct route route = host_route(&ips[i]);
		bool exists;

		addr_add(&c->host, host, &gateway, 0, &exists);
		route_add(&c->host, host, &route);
	}
	for (size_t i = 0; i < c->result.ips.count; i++)
		ret |= veth_forward(c, ips[i].address.ip.family);
	return ret;
}

static int add(struct call *c)
{
	const struct ptp_conf *conf = c->conf;
	struct veth_spec spec = { .mtu = conf->mtu };
	struct record *record = job_alloc(c->job, sizeof(*record));
	struct list routes = { 0 }, entries = { 0 };
	struct veth pair;

	if (veth_begin(c, record) < 0 || addresses(c, &routes) < 0 ||
	    veth_add(c, &spec, &pair) < 0)
		return -1;
	/* Before it is up: what has begun without masquerading goes on so. */
	masq_entries(c, &conf->masq, &c->result, &entries);
	if (attachment_add_entries(c, record, &entries) < 0 ||
	    set_up_host(c, &pair.host) < 0 ||
	    set_up_guest(c, &pair.guest, &routes) < 0 ||
	    link_wait_up(&c->host, &pair.host, UP_MS) < 0 ||
	    link_wait_up(&c->guest, &pair.guest, UP_MS) < 0)
		return -1;
	call_tell_link(c, &pair.host, NULL);
	call_tell_link(c, &pair.guest, c->env.netns);
	if (dns_is_given(&conf->dns))
		c->result.dns = conf->dns;
	if (IS_ENABLED(CONFIG_CHAIN))
		result_append(c->job, &c->result, &c->prev);
	return 0;
}

static int del(struct call *c)
{
	int ret = attachment_release(c, 1 << ENTRY_MASQUERADE, veth_del);

	return ipam_del(c) | ret;
}

/* What the addresses of prevResult take on both sides. */
static int check_ways(struct call *c, const struct veth *pair)
{
	const struct result_ip *ips = c->prev.ips.items;
	struct list in_guest = { 0 }, on_host = { 0 }, addrs;
	char text[PREFIX_TEXT];

	if (addr_list(&c->host, &pair->host, 0, &addrs) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		struct prefix gateway = alone(&ips[i].gateway);

		if (!gateway.ip.family)
			continue;
		if (!addr_among(&addrs, &gateway))
			return fail(c->job, CNI_INTERNAL,
				    "Failed to find Gateway %s on interface %s",
				    prefix_print(&gateway, text),
				    pair->host.name);
		if (veth_check_forward(c, gateway.ip.family) < 0)
			return -1;
		guest_routes(c, &ips[i], &in_guest);
		put_route(c, &on_host, host_route(&ips[i]));
	}
	return route_check(&c->guest, &pair->guest, &in_guest) |
	       route_check(&c->host, &pair->host, &on_host);
}

static int check(struct call *c)
{
	const struct ptp_conf *conf = c->conf;
	struct list entries = { 0 };
	struct veth pair;
	bool found;

	if (ipam_check(c) < 0)
		return -1;
	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "ptp: Required prevResult missing");
	if (guest_check_link(c, "veth", true, &pair.guest) < 0 ||
	    veth_find_host(c, &pair.guest, NULL, &pair.host, &found) < 0)
		return -1;
	if (!found)
		return fail(c->job, CNI_INTERNAL,
			    "the host's end of %s was not found",
			    c->env.ifname);
	if (guest_verify(c, &pair.guest) < 0 || check_ways(c, &pair) < 0)
		return -1;
	masq_entries(c, &conf->masq, &c->prev, &entries);
	return attachment_check_entries(c, &entries);
}

static int status(struct call *c)
{
	const struct ptp_conf *conf = c->conf;

	if (link_probe(&c->host, "veth") < 0 ||
	    status_addresses(c, "default", true) < 0 ||
	    masq_probe(c, &conf->masq) < 0) {
		c->job->code = CNI_NOT_AVAILABLE;
		return -1;
	}
	record_status(c->job);
	return ipam_status(c);
}

static int gc(struct call *c)
{
	int ret = veth_drop_dead(c, 0);

	ret |= attachment_gc(c, veth_drop);
	return ipam_gc(c) | ret;
}

const struct applet ptp_applet = {
	.name = "ptp",
	.keys = ptp_keys,
	.conf_size = sizeof(struct ptp_conf),
	.needs_netns = true,
	.validate = validate,
	.add = add,
	.del = del,
	.check = IF_CHECK(check),
	.status = status,
	.gc = IF_GC(gc),
};
