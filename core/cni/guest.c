/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/guest.h"

#include <string.h>
#include <sys/socket.h>

#include "core/kernel/addr.h"
#include "core/kernel/route.h"
#include "core/kernel/sysctl.h"

enum { DAD_MS = 10000 };

/* Whether this address of a result is the link's. */
static bool is_of(const struct result_ip *ip, int index)
{
	return ip->has_interface && ip->interface == index;
}

/* A container may have IPv6 switched off; an IPv6 address is a wish for it. */
static int enable_ipv6(struct call *c, const struct link *link)
{
	const char *name =
		job_printf(c->job, "net/ipv6/conf/%s/disable_ipv6", link->name);
	const char *keep = job_printf(
		c->job, "net/ipv6/conf/%s/keep_addr_on_down", link->name);
	bool found;

	if (sysctl_ensure_if_any(c->job, c->netns.fd,
				 "net/ipv6/conf/lo/disable_ipv6", "0",
				 &found) < 0 ||
	    sysctl_ensure_if_any(c->job, c->netns.fd, name, "0", &found) < 0)
		return -1;
	return sysctl_ensure(c->job, c->netns.fd, keep, "1");
}

static int enable_dad(struct call *c, const struct link *link)
{
	return sysctl_ensure(
		c->job, c->netns.fd,
		job_printf(c->job, "net/ipv6/conf/%s/accept_dad", link->name),
		"1");
}

/* The gateway a route without one gets: the first of its family. */
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

/* Everything goes out in one message, unless duplicate address detection has
 * to end before there can be routes. */
int guest_apply(struct call *c, const struct link *link, int index, bool dad)
{
	const struct result_ip *ips = c->result.ips.items;
	bool v6 = false;

	for (size_t i = 0; i < c->result.ips.count; i++)
		v6 |= IS_ENABLED(CONFIG_IPV6) && is_of(&ips[i], index) &&
		      ips[i].address.ip.family == AF_INET6;
	if (v6 &&
	    (enable_ipv6(c, link) < 0 || (dad && enable_dad(c, link) < 0)))
		return -1;
	nl_hold(&c->guest);
	link_set_ipv4(&c->guest, link->index, LINK_ARP_NOTIFY);
	for (size_t i = 0; i < c->result.ips.count; i++) {
		if (is_of(&ips[i], index))
			addr_add(&c->guest, link, &ips[i].address, dad, NULL);
	}
	link_set_flags(&c->guest, link, IFF_UP, IFF_UP);
	if (v6 && dad) {
		if (nl_release(&c->guest) < 0 ||
		    addr_wait_dad(&c->guest, link, DAD_MS) < 0)
			return -1;
		nl_hold(&c->guest);
	}
	add_routes(c, link);
	return nl_release(&c->guest);
}

static int verify_addresses(struct call *c, const struct link *link)
{
	const struct result_interface *interfaces = c->prev.interfaces.items;
	const struct result_ip *ips = c->prev.ips.items;
	char text[PREFIX_TEXT];
	struct list addrs;

	if (addr_list(&c->guest, link, 0, &addrs) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		size_t of = (size_t)ips[i].interface;

		if (ips[i].has_interface &&
		    (of >= c->prev.interfaces.count ||
		     strcmp(interfaces[of].name, link->name) != 0))
			continue;
		if (!addr_among(&addrs, &ips[i].address))
			return fail(c->job, CNI_INTERNAL,
				    "Failed to match addr %s on interface %s",
				    prefix_print(&ips[i].address, text),
				    link->name);
	}
	return 0;
}

int guest_verify(struct call *c, const struct link *link)
{
	const struct route *routes = c->prev.routes.items;

	if (verify_addresses(c, link) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.routes.count; i++) {
		bool exists;

		if (route_exists(&c->guest, link, &routes[i], &exists) < 0)
			return -1;
		if (!exists)
			return fail(
				c->job, CNI_INTERNAL,
				"Expected Route %s not found in routing table of interface %s",
				route_text(c->job, &routes[i]), link->name);
	}
	return 0;
}
