/* SPDX-License-Identifier: GPL-2.0-or-later */
/* warn - what this node's settings do to packets, and an apply does not change */
#include "nodes.h"

#include "core/cni/node.h"
#include "core/kernel/sysctl.h"

/* The larger one of both settings counts; 1 is strict. */
static bool is_strict(struct job *job, const char *link)
{
	const char *own = job_printf(job, "net/ipv4/conf/%s/rp_filter", link);
	static const char all[] = "net/ipv4/conf/all/rp_filter";

	return (sysctl_is(job, -1, own, "1") || sysctl_is(job, -1, all, "1")) &&
	       !sysctl_is(job, -1, own, "2") && !sysctl_is(job, -1, all, "2");
}

/* Nodes are reached by another link than the one with the address that they know:
 * what they send comes by that one. */
static void warn_of_link(struct nodes *nodes, const struct link *link)
{
	const char *uplink = nodes->uplink.name;
	struct job *job = nodes->job;

	if (is_strict(job, uplink))
		job_warn(
			job,
			"rp_filter of %s is 1: it drops what comes from nodes that %s leads to",
			uplink, link->name);
	if (link->mtu != nodes->uplink.mtu)
		job_warn(job, "the MTU of %s is %d, that of %s %d", link->name,
			 link->mtu, uplink, nodes->uplink.mtu);
}

void nodes_warn_of_links(struct nodes *nodes, const struct list *routes)
{
	const struct nodes_route *route = routes->items;
	struct list links = { 0 };
	const char *const *name;

	for (size_t i = 0; i < routes->count; i++) {
		const struct link *link = route[i].link;

		if (link != &nodes->device &&
		    link->index != nodes->uplink.index)
			node_add_once(nodes->job, &links, link->name);
	}
	name = links.items;
	for (size_t i = 0; i < links.count; i++)
		warn_of_link(nodes, nodes_link_named(nodes, name[i]));
}

void nodes_warn_of_ra(struct nodes *nodes)
{
	struct job *job = nodes->job;
	const char *setting = sysctl_ipv6(job, nodes->uplink.name, "accept_ra");

	if (nodes->uplink.index && sysctl_is(job, -1, setting, "1"))
		job_warn(
			job,
			"%s is 1: with forwarding on, only 2 takes router advertisements",
			setting);
}
