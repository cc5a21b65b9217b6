/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gateway - the addresses of the bridge, and taking back what others may use */
#include "bridge.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/kernel/addr.h"
#include "core/kernel/sysctl.h"

/* What a failed ADD takes back unless others have begun to use it. */
struct bridge_undo {
	struct call *c;
	struct record *record;
	struct link bridge, link;
	struct prefix gateway;
};

/* Whether the bridge has another port than the container's and the other end of
 * the link that is to go. */
static bool bridge_is_in_use(const struct bridge_undo *undo)
{
	struct call *c = undo->c;
	const char *own = veth_host_name(c);
	const struct link *port;
	struct list ports;

	if (link_list(&c->host, undo->bridge.index, &ports) < 0)
		return true;
	port = ports.items;
	for (size_t i = 0; i < ports.count; i++) {
		if (strcmp(port[i].name, own) != 0 &&
		    port[i].index != undo->link.peer)
			return true;
	}
	return false;
}

/* Finds the link that ADD has made. Another ADD may have made it at the same
 * moment: ours has the MAC address that we chose. */
static bool bridge_find_made(struct bridge_undo *undo)
{
	struct nl *nl = &undo->c->host;
	struct link now;
	bool found;

	if (link_find(nl, undo->link.name, &now, &found) < 0 || !found ||
	    memcmp(now.mac, undo->link.mac, MAC_LEN) != 0)
		return false;
	undo->link = now;
	if (!undo->bridge.index)
		undo->bridge = now;
	return true;
}

static void bridge_take_back_link(void *arg)
{
	struct bridge_undo *undo = arg;

	if (bridge_find_made(undo) && record_is_alone(undo->record) &&
	    !bridge_is_in_use(undo))
		link_del(&undo->c->host, undo->link.name, NULL);
}

static void bridge_take_back_gateway(void *arg)
{
	struct bridge_undo *undo = arg;

	if (record_is_alone(undo->record) && !bridge_is_in_use(undo))
		addr_del(&undo->c->host, &undo->link, &undo->gateway);
}

static struct bridge_undo *bridge_new_undo(struct call *c,
					   struct record *record,
					   const struct link *bridge)
{
	struct bridge_undo *undo = job_alloc(c->job, sizeof(*undo));

	undo->c = c;
	undo->record = record;
	undo->bridge = *bridge;
	return undo;
}

void bridge_undo_made(struct call *c, struct record *record,
		      const struct link *bridge, const struct link_spec *spec)
{
	struct bridge_undo *undo = bridge_new_undo(c, record, bridge);

	str_copy(undo->link.name, sizeof(undo->link.name), spec->name);
	memcpy(undo->link.mac, spec->mac, MAC_LEN);
	undo_push(c->job, bridge_take_back_link, undo);
}

static void bridge_undo_gateway(struct call *c, struct record *record,
				const struct link *bridge,
				const struct link *link,
				const struct prefix *gateway)
{
	struct bridge_undo *undo = bridge_new_undo(c, record, bridge);

	undo->link = *link;
	undo->gateway = *gateway;
	undo_push(c->job, bridge_take_back_gateway, undo);
}

void bridge_quiet_ipv6(struct call *c, const struct link *link, bool made)
{
	veth_ignore_ra(c, link);
	if (made)
		sysctl_wish(c->job, -1,
			    sysctl_ipv6(c->job, link->name, "accept_dad"), "0");
}

int bridge_set_up(struct call *c, const struct link *link)
{
	return link->flags & IFF_UP
		       ? 0
		       : link_set_flags(&c->host, link, IFF_UP, IFF_UP);
}

struct prefix bridge_gateway(const struct result_ip *ip)
{
	return (struct prefix) { ip->gateway, ip->address.len };
}

static bool bridge_wants(const struct result *result, const struct prefix *addr)
{
	const struct result_ip *ips = result->ips.items;

	for (size_t i = 0; i < result->ips.count; i++) {
		struct prefix gateway = bridge_gateway(&ips[i]);

		if (prefix_equal(&gateway, addr))
			return true;
	}
	return false;
}

/* Removes from the link the addresses that are no gateways of the result, if
 * forceAddress allows that, to make room for gateway, which the link lacks. */
static int bridge_make_room(struct call *c, const struct link *link,
			    const struct prefix *gateway,
			    const struct list *addrs)
{
	const struct bridge_conf *conf = c->conf;
	char text[PREFIX_TEXT];
	const struct addr *addr = addrs->items;

	for (size_t i = 0; i < addrs->count; i++) {
		if (bridge_wants(&c->result, &addr[i].prefix) ||
		    (gateway->ip.family == AF_INET6 &&
		     !prefix_overlaps(&addr[i].prefix, gateway)))
			continue;
		if (!conf->force_address)
			return fail(
				c->job, CNI_INTERNAL,
				"failed to set bridge addr: \"%s\" already has an IP address different from %s",
				link->name, prefix_print(gateway, text));
		if (addr_del(&c->host, link, &addr[i].prefix) < 0)
			return -1;
	}
	return 0;
}

int bridge_be_gateway(struct call *c, struct record *record,
		      const struct link *bridge, const struct link *link)
{
	const struct result_ip *ips = c->result.ips.items;

	for (size_t i = 0; i < c->result.ips.count; i++) {
		struct prefix gateway = bridge_gateway(&ips[i]);
		struct list addrs;
		bool present;
		int ret;

		nl_hold(&c->host);
		addr_list(&c->host, link, gateway.ip.family, &addrs);
		if (veth_forward(c, gateway.ip.family) < 0)
			return -1;
		if (addr_among(&addrs, &gateway))
			continue;
		if (bridge_make_room(c, link, &gateway, &addrs) < 0)
			return -1;
		ret = addr_add(&c->host, link, &gateway, 0, &present);
		/* Also if addr_add() failed: the kernel's answer may be lost. */
		if (!present)
			bridge_undo_gateway(c, record, bridge, link, &gateway);
		if (ret < 0)
			return -1;
	}
	return 0;
}
