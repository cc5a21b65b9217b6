/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mtu - how large packets may be (mtu, mtu auto) */
#include "bridge.h"

#include <sys/socket.h>

#include "core/kernel/route.h"
#include "core/state/nodes_file.h"

/* The smallest MTU of the links by which packets to far leave; 0 if there are
 * none. */
static int bridge_route_mtu(struct call *c, const struct ip *far, int *mtu)
{
	struct list indexes;
	const int *index;
	struct link link;

	if (route_out_links(&c->host, far, &indexes) < 0)
		return -1;
	index = indexes.items;
	for (size_t i = 0; i < indexes.count; i++) {
		if (link_get_index(&c->host, index[i], &link) < 0)
			return -1;
		if (!(link.flags & IFF_LOOPBACK) && (!*mtu || link.mtu < *mtu))
			*mtu = link.mtu;
	}
	return 0;
}

/* Packets to other nodes may have less room than those to the world. */
static int bridge_nodes_mtu(struct call *c, int *mtu)
{
	struct nodes_file file;
	bool found;

	if (nodes_file_read_self(c->job, &file, &found) < 0)
		return -1;
	if (file.mtu && (!*mtu || file.mtu < *mtu))
		*mtu = file.mtu;
	return 0;
}

/* With "auto", the MTU of the default route: the IPv4 one, or else the IPv6 one,
 * found by an address of a network for documentation; or that of the way to the farthest
 * node, if that is smaller. */
int bridge_mtu(struct call *c, int *mtu)
{
	static const struct ip far[] = {
		{ AF_INET, { 198, 51, 100, 1 } },
		{ AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
	};
	const struct bridge_conf *conf = c->conf;

	*mtu = conf->mtu;
	if (!conf->mtu_auto)
		return 0;
	for (int i = 0; i < 2 && !*mtu; i++) {
		if (bridge_route_mtu(c, &far[i], mtu) < 0)
			return -1;
	}
	if (IS_ENABLED(CONFIG_NODES) && bridge_nodes_mtu(c, mtu) < 0)
		return -1;
	if (!*mtu)
		job_warn(c->job, "mtu auto: there is no default route");
	return 0;
}
