/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/veth.h"

#include <string.h>

#include "core/base/str.h"
#include "core/cni/drain.h"
#include "core/cni/mac.h"
#include "core/cni/prev.h"
#include "core/cni/valid.h"
#include "core/kernel/route.h"
#include "core/kernel/sysctl.h"

const char *veth_host_name(struct call *c)
{
	return life_port_name(c->job, attachment_owner(c));
}

int veth_fail_taken(struct call *c)
{
	return fail(
		c->job, CNI_INTERNAL,
		"container veth name (\"%s\") peer provided (\"%s\") already exists",
		c->env.ifname, veth_host_name(c));
}

int veth_begin(struct call *c, struct record *record)
{
	struct link guest;
	bool found;

	if (link_find(&c->guest, c->env.ifname, &guest, &found) < 0)
		return -1;
	if (found)
		return veth_fail_taken(c);
	if (attachment_begin(c, record, c->applet->del) < 0)
		return -1;
	/* Who is there without a record keeps its address, which the IPAM plugin's
	 * DEL would free. */
	return link_exists(&c->host, veth_host_name(c)) ? veth_fail_taken(c)
							: 0;
}

int veth_add(struct call *c, const struct veth_spec *spec, struct veth *out)
{
	uint8_t mac[2][MAC_LEN];
	struct link_spec guest = { .name = c->env.ifname,
				   .mtu = spec->mtu,
				   .queues = 1,
				   .mac = spec->mac ? spec->mac : mac[0],
				   .netns = c->netns.fd };
	struct link_spec host = { .kind = "veth",
				  .name = veth_host_name(c),
				  .alias = attachment_owner(c),
				  .mac = mac[1],
				  .mtu = spec->mtu,
				  .queues = 1,
				  .master = spec->master,
				  .peer = &guest,
				  .now = &out->host,
				  .master_now = spec->master_now };
	bool exists;

	if (link_random_macs(c->job, mac, 2) < 0 ||
	    link_add(&c->host, &host, &exists) < 0)
		return -1;
	if (exists)
		return veth_fail_taken(c);
	/* The other end differs by little. */
	out->guest = out->host;
	out->guest.index = out->host.peer;
	out->guest.peer = out->host.index;
	str_copy(out->guest.name, sizeof(out->guest.name), guest.name);
	memcpy(out->guest.mac, guest.mac, MAC_LEN);
	veth_ignore_ra(c, &out->host);
	return 0;
}

/* Another program that has made the pair, if one is said to have, gave it a MAC address
 * of its choice. */
static int del_guest(struct call *c, bool foreign)
{
	struct link guest;
	bool found = false;
	int ret = 0;

	if (IS_ENABLED(CONFIG_REFERENCE_DEL) && foreign)
		ret = link_find(&c->guest, c->env.ifname, &guest, &found);
	if (found)
		ret |= mac_end_steady_of(c, &guest);
	return ret | link_del(&c->guest, c->env.ifname, NULL);
}

/* The host end takes the container's interface with it. Where another program
 * has made the pair, or renamed the host end, only the interface is found. */
int veth_del(struct call *c)
{
	const char *owner = attachment_owner(c);
	bool existed;
	int ret = drain_del(c, owner, &existed);

	/* An error does not tell whether it is there. */
	if (!existed && life_has_guest(c, owner))
		ret |= del_guest(c, ret == 0);
	return ret;
}

int veth_drop(struct call *c, const char *owner)
{
	return link_del(&c->host, life_port_name(c->job, owner), NULL);
}

int veth_drop_dead(struct call *c, int master)
{
	return valid_drop_links(c, master, "veth");
}

int veth_find_host(struct call *c, const struct link *guest,
		   const struct link *master, struct link *out, bool *found)
{
	const struct result_interface *interface = c->prev.interfaces.items;
	int index = master ? master->index : 0;

	*found = false;
	for (size_t i = 0; i < c->prev.interfaces.count; i++, interface++) {
		if ((interface->sandbox && *interface->sandbox) ||
		    (master && strcmp(interface->name, master->name) == 0))
			continue;
		if (prev_check_link(&c->host, interface, "Host", out) < 0)
			return -1;
		*found = out->peer == guest->index &&
			 guest->peer == out->index && out->master == index;
		if (*found)
			break;
	}
	return 0;
}

void veth_ignore_ra(struct call *c, const struct link *link)
{
	if (!link->deaf_to_ra)
		sysctl_wish(c->job, -1,
			    sysctl_ipv6(c->job, link->name, "accept_ra"), "0");
}

int veth_forward(struct call *c, int family)
{
	bool on;

	nl_hold(&c->host);
	route_forwarding(&c->host, family, &on);
	if (nl_release(&c->host) < 0)
		return -1;
	return on ? 0
		  : sysctl_ensure(c->job, -1, sysctl_forwarding(family), "1");
}

int veth_check_forward(struct call *c, int family)
{
	const char *setting = sysctl_forwarding(family);

	return sysctl_is(c->job, -1, setting, "1")
		       ? 0
		       : fail(c->job, CNI_INTERNAL, "sysctl %s: expected 1",
			      setting);
}
