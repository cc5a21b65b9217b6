/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loopback - brings lo up
 *
 * https://github.com/containernetworking/plugins/tree/main/plugins/main/loopback

config LOOPBACK
	bool "loopback"
	default y
	help
	  Brings the container's loopback interface up on ADD, and down on
	  DEL. CNI_IFNAME is not looked at; the interface is lo. Costs
	  1 KB.
*/
#include <sys/socket.h>

#include "core/cni/call.h"
#include "core/cni/life.h"
#include "core/kernel/addr.h"
#include "core/kernel/link.h"

static const char loopback_name[] = "lo";

/* Puts the first address of each family, which the kernel gave, into the
 * result. */
static int loopback_addresses(struct call *c, const struct link *lo)
{
	bool v4 = false, v6 = false;
	const struct addr *addr;
	struct list addrs;

	if (addr_list(&c->guest, lo, 0, &addrs) < 0)
		return -1;
	addr = addrs.items;
	for (size_t i = 0; i < addrs.count; i++) {
		const struct ip *ip = &addr[i].prefix.ip;
		bool *seen = ip->family == AF_INET ? &v4 : &v6;
		struct result_ip *out;
		char text[IP_TEXT];

		if (!ip_is_loopback(ip))
			return fail(
				c->job, CNI_INTERNAL,
				"loopback interface found with non-loopback address \"%s\"",
				ip_print(ip, text));
		if (*seen)
			continue;
		*seen = true;
		out = list_add(c->job, &c->result.ips, sizeof(*out));
		out->address = addr[i].prefix;
		out->has_interface = true;
	}
	return 0;
}

static void loopback_undo(void *arg)
{
	struct call *c = arg;
	struct link lo;

	if (link_get(&c->guest, loopback_name, &lo) == 0)
		link_set_flags(&c->guest, &lo, 0, IFF_UP);
}

static int loopback_add(struct call *c)
{
	struct result_interface *interface;
	struct link lo;

	if (link_get(&c->guest, loopback_name, &lo) < 0)
		return -1;
	if (!(lo.flags & IFF_UP))
		undo_push(c->job, loopback_undo, c);
	if (link_set_flags(&c->guest, &lo, IFF_UP, IFF_UP) < 0 ||
	    loopback_addresses(c, &lo) < 0)
		return -1;
	if (c->has_prev) {
		c->result = c->prev;
		return 0;
	}
	interface = list_add(c->job, &c->result.interfaces, sizeof(*interface));
	interface->name = loopback_name;
	interface->mac = "00:00:00:00:00:00";
	interface->sandbox = c->env.netns;
	return 0;
}

static int loopback_del(struct call *c)
{
	struct link lo;

	/* The namespace may be another container's by now. */
	if (c->netns.fd < 0 || life_is_of_another(c))
		return 0;
	if (link_get(&c->guest, loopback_name, &lo) < 0)
		return -1;
	return link_set_flags(&c->guest, &lo, 0, IFF_UP);
}

static int loopback_check(struct call *c)
{
	struct link lo;

	if (link_get(&c->guest, loopback_name, &lo) < 0)
		return -1;
	if (!(lo.flags & IFF_UP))
		return fail(c->job, CNI_INTERNAL, "loopback interface is down");
	return 0;
}

const struct applet loopback_applet = {
	.name = "loopback",
	.needs_netns = true,
	.add = loopback_add,
	.del = loopback_del,
	.check = IF_CHECK(loopback_check),
};
