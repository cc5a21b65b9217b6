/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/guest.h"

#include <string.h>
#include <sys/socket.h>

#include "core/cni/prev.h"
#include "core/kernel/route.h"
#include "core/kernel/sysctl.h"

/* Usually it takes two seconds; a node that is very busy was seen to take ten. */
enum { DAD_MS = 30000 };

/* Whether an address belongs to the interface of the result with this index. */
static bool is_of(const struct result_ip *ip, int index)
{
	return ip->has_interface && ip->interface == index;
}

/* IPv6 may be switched off in the container; whoever gives it an IPv6 address
 * wants it on. */
static int enable_ipv6(struct call *c, const struct link *link)
{
	static const char setting[] = "disable_ipv6";
	struct job *job = c->job;
	int netns = c->netns.fd;
	bool found;

	if (sysctl_ensure_if_any(job, netns, sysctl_ipv6(job, "lo", setting),
				 "0", &found) < 0 ||
	    sysctl_ensure_if_any(job, netns,
				 sysctl_ipv6(job, link->name, setting), "0",
				 &found) < 0)
		return -1;
	return sysctl_ensure(job, netns,
			     sysctl_ipv6(job, link->name, "keep_addr_on_down"),
			     "1");
}

static int enable_dad(struct call *c, const struct link *link)
{
	return sysctl_ensure(c->job, c->netns.fd,
			     sysctl_ipv6(c->job, link->name, "accept_dad"),
			     "1");
}

/* The gateway for a route that names none: the first one of its family, but none
 * if the route's scope is the link. */
static struct ip default_gateway(const struct result *result,
				 const struct route *route)
{
	const struct result_ip *ips = result->ips.items;

	enum { SCOPE_LINK = 253 };

	for (size_t i = 0; i < result->ips.count; i++) {
		if (route->has_scope && route->scope >= SCOPE_LINK)
			break;
		if (ips[i].gateway.family == route->dst.ip.family)
			return ips[i].gateway;
	}
	return (struct ip) { 0 };
}

static int add_routes(struct call *c, const struct link *link)
{
	const struct route *routes = c->result.routes.items;

	for (size_t i = 0; i < c->result.routes.count; i++) {
		struct route route = routes[i];

		if (!route.gw.family)
			route.gw = default_gateway(&c->result, &route);
		if (route_add(&c->guest, link, &route) < 0)
			return -1;
	}
	return 0;
}

/* All requests go out together, unless duplicate address detection has to end
 * before routes can be added. */
int guest_apply(struct call *c, const struct link *link, int index,
		unsigned flags)
{
	const struct result_ip *ips = c->result.ips.items;
	bool v6 = false;

	for (size_t i = 0; i < c->result.ips.count; i++)
		v6 |= IS_ENABLED(CONFIG_IPV6) && is_of(&ips[i], index) &&
		      ips[i].address.ip.family == AF_INET6;
	if (v6 && (enable_ipv6(c, link) < 0 ||
		   (flags & ADDR_DAD && enable_dad(c, link) < 0)))
		return -1;
	nl_hold(&c->guest);
	for (size_t i = 0; i < c->result.ips.count; i++) {
		if (is_of(&ips[i], index))
			addr_add(&c->guest, link, &ips[i].address, flags, NULL);
	}
	link_set_flags(&c->guest, link, IFF_UP, IFF_UP);
	if (!(flags & ADDR_NO_ROUTE))
		link_set_conf(&c->guest, link->index, LINK_ARP_NOTIFY);
	if (v6 && flags & ADDR_DAD) {
		if (nl_release(&c->guest) < 0 ||
		    addr_wait_dad(&c->guest, link, DAD_MS) < 0)
			return -1;
		nl_hold(&c->guest);
	}
	add_routes(c, link);
	if (nl_release(&c->guest) < 0)
		return -1;
	if (v6 && !(flags & ADDR_NO_ROUTE))
		sysctl_wish(c->job, c->netns.fd,
			    sysctl_ipv6(c->job, link->name, "ndisc_notify"),
			    "1");
	return 0;
}

int guest_check_link(struct call *c, const char *kind, bool up,
		     struct link *out)
{
	const struct result_interface *interface =
		prev_interface(c, c->env.ifname, c->env.netns);

	if (!interface)
		return fail(
			c->job, CNI_INTERNAL,
			"Sandbox in prevResult doesn't match configured netns: no interface %s in %s",
			c->env.ifname, c->env.netns);
	if (prev_check_link(&c->guest, interface, "Container", out) < 0)
		return -1;
	if (up && !(out->flags & IFF_UP))
		return fail(c->job, CNI_INTERNAL, "Interface %s is down",
			    c->env.ifname);
	if (strcmp(out->kind, kind) != 0)
		return fail(c->job, CNI_INTERNAL,
			    "Error: Container interface %s not of type %s",
			    c->env.ifname, kind);
	return 0;
}

static int verify_addresses(struct call *c, const struct link *link)
{
	struct result_ip *ips = c->prev.ips.items;
	char text[PREFIX_TEXT];
	size_t own = 0;
	struct list addrs;

	if (addr_list(&c->guest, link, 0, &addrs) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		if (!result_ip_is_of(&c->prev, &ips[i], c->env.ifname))
			continue;
		if (!addr_among(&addrs, &ips[i].address))
			return fail(c->job, CNI_INTERNAL,
				    "Failed to match addr %s on interface %s",
				    prefix_print(&ips[i].address, text),
				    link->name);
		ips[own++] = ips[i];
	}
	c->prev.ips.count = own;
	return 0;
}

int guest_verify(struct call *c, const struct link *link)
{
	if (verify_addresses(c, link) < 0)
		return -1;
	return route_check(&c->guest, link, &c->prev.routes);
}
