/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxlan - an overlay of UDP packets. Each node's MAC address follows from its own
 * address, so that from the list alone every node knows those of all others. */
#include "backend.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/base/sort.h"
#include "core/kernel/neigh.h"
#include "core/kernel/vxlan.h"

enum { VNI = 67, PORT = 4789, OVERHEAD_V4 = 50, OVERHEAD_V6 = 70 };

static const char name[] = "cnibox-vxlan";

static void mac_of(const struct node *node, uint8_t mac[MAC_LEN])
{
	uint8_t digest[SHA512_LEN];

	if (node_ip(node, NODE_V4)->family) {
		mac[0] = 0x02;
		mac[1] = 0x43;
		memcpy(mac + 2, node_ip(node, NODE_V4)->bytes, 4);
		return;
	}
	sha512(node_ip(node, NODE_V6)->bytes, 16, digest);
	memcpy(mac, digest, MAC_LEN);
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02); /* local, of one host */
}

/* fe80:: and the MAC address as EUI-64. */
static struct ip link_local(const uint8_t mac[MAC_LEN])
{
	return (struct ip) {
		.family = AF_INET6,
		.bytes = { 0xfe, 0x80, [8] = mac[0] ^ 0x02, mac[1], mac[2],
			   0xff, 0xfe, mac[3], mac[4], mac[5] },
	};
}

struct device {
	struct nodes_device common;
	struct vxlan vxlan; /* this and mac, common refers to */
	uint8_t mac[MAC_LEN];
	struct list peers; /* of struct neigh, sorted */
};

static int set_peer(struct nodes *nodes, enum nl_verb verb, const void *peer)
{
	return neigh_set(nodes->nl, verb == NL_DELETE ? verb : NL_REPLACE,
			 &nodes->device, peer);
}

static const char *text_peer(struct nodes *nodes, const void *peer)
{
	return neigh_text(nodes->job, &nodes->device, peer);
}

/* What a table has one entry for. */
static int compare(const void *a, const void *b)
{
	const struct neigh *one = a, *two = b;

	if (one->table != two->table)
		return one->table - two->table;
	return one->table == NEIGH_FDB ? memcmp(one->mac, two->mac, MAC_LEN)
				       : ip_compare(&one->ip, &two->ip);
}

static bool is_same_peer(const void *now, void *wanted)
{
	const struct neigh *a = now, *b = wanted;

	return ip_compare(&a->ip, &b->ip) == 0 &&
	       memcmp(a->mac, b->mac, MAC_LEN) == 0;
}

static const struct nodes_kind peer_kind = {
	.set = set_peer,
	.text = text_peer,
	.compare = compare,
	.same = is_same_peer,
	.size = sizeof(struct neigh),
	.put_phase = NODES_PEERS,
	.del_phase = NODES_DROP_PEERS,
};

static int put_peers(struct nl *nl, const struct device *device)
{
	const struct neigh *peer = device->peers.items;

	nl_hold(nl);
	for (size_t i = 0; i < device->peers.count; i++) {
		neigh_set(nl, NL_REPLACE, device->common.link, &peer[i]);
		if (nl_flush_if_many(nl) < 0)
			return -1;
	}
	return nl_release(nl);
}

/* Makes a device with all of its peers. */
static int set_device(struct nodes *nodes, enum nl_verb verb, const void *thing)
{
	const struct device *device = thing;

	if (nodes_set_device(nodes, verb, &device->common) < 0)
		return -1;
	return verb == NL_DELETE ? 0 : put_peers(nodes->nl, device);
}

static const char *text_device(struct nodes *nodes, const void *thing)
{
	const struct device *device = thing;
	const struct vxlan *vxlan = &device->vxlan;
	char local[IP_TEXT];

	return job_printf(
		nodes->job,
		"link %s up mtu %d type vxlan id %d local %s dstport %d", name,
		device->common.mtu, vxlan->vni, ip_print(&vxlan->local, local),
		vxlan->port);
}

static const struct nodes_kind device_kind = { .set = set_device,
					       .text = text_device };

static struct device *make_device(struct nodes *nodes)
{
	struct device *device = job_alloc(nodes->job, sizeof(*device));

	device->common.kind = "vxlan";
	device->common.name = name;
	device->common.mac = device->mac;
	device->common.vxlan = &device->vxlan;
	return device;
}

/* Reads a device that was found. */
static int read_device(struct nodes *nodes, struct device *device)
{
	static const int tables[] = { NEIGH_FDB, NEIGH_V4, NEIGH_V6 };
	const struct link *link = device->common.link;
	struct nl *nl = nodes->nl;

	memcpy(device->mac, link->mac, MAC_LEN);
	if (vxlan_get(nl, name, &device->vxlan) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (neigh_list(nl, link, tables[i], &device->peers) < 0)
			return -1;
	}
	return 0;
}

static void add_peer(struct nodes *nodes, struct device *device, int table,
		     const struct ip *ip, const uint8_t mac[MAC_LEN])
{
	struct neigh *peer =
		list_add(nodes->job, &device->peers, sizeof(*peer));

	peer->table = table;
	peer->ip = *ip;
	memcpy(peer->mac, mac, MAC_LEN);
}

/* Has device send to an entry what goes by the overlay. */
static int want_entry(struct nodes *nodes, struct device *device,
		      struct nodes_entry *entry)
{
	int outer = node_place(device->vxlan.local.family);
	const struct node *node = &entry->node;
	const struct ip *ip = node_ip(node, NODE_V4);
	const bool *overlay = entry->overlay;
	bool v4 = overlay[NODE_V4] || overlay[NODE_IP + NODE_V4];
	bool v6 = overlay[NODE_V6] || overlay[NODE_IP + NODE_V6];
	uint8_t mac[MAC_LEN];

	if (!v4 && !v6)
		return 0;
	if (!node_ip(node, outer)->family)
		return nodes_refuse(
			nodes, entry,
			"no address of IPv%d, by which this node sends",
			outer == NODE_V4 ? 4 : 6);
	mac_of(node, mac);
	add_peer(nodes, device, NEIGH_FDB, node_ip(node, outer), mac);
	entry->gateway[NODE_V6] = link_local(mac);
	entry->gateway[NODE_V4] = entry->gateway[NODE_V6];
	if (!ip->family)
		v6 = true; /* which IPv4 takes, too */
	else
		entry->gateway[NODE_V4] = *ip;
	if (v4 && ip->family)
		add_peer(nodes, device, NEIGH_V4, ip, mac);
	if (v6)
		add_peer(nodes, device, NEIGH_V6, &entry->gateway[NODE_V6],
			 mac);
	return 0;
}

static int want_device(struct nodes *nodes, struct device *out)
{
	const struct node *self = &nodes->self->node;
	const struct nodes_options *options = &nodes->options;
	struct nodes_entry *entry = nodes->entries.items;
	bool v4 = node_ip(self, NODE_V4)->family;

	out->vxlan.vni = options->vni ? options->vni : VNI;
	out->vxlan.port = options->port ? options->port : PORT;
	out->vxlan.local = *node_ip(self, v4 ? NODE_V4 : NODE_V6);
	out->common.mtu = nodes->uplink.mtu - (v4 ? OVERHEAD_V4 : OVERHEAD_V6);
	out->common.up = true;
	out->common.link = &nodes->device;
	mac_of(self, out->mac);
	for (size_t i = 0; i < nodes->entries.count; i++) {
		if (want_entry(nodes, out, &entry[i]) < 0)
			return -1;
	}
	return 0;
}

static bool is_same(const struct device *a, const struct device *b)
{
	return a->vxlan.vni == b->vxlan.vni && a->vxlan.port == b->vxlan.port &&
	       a->vxlan.learning == b->vxlan.learning &&
	       ip_compare(&a->vxlan.local, &b->vxlan.local) == 0 &&
	       memcmp(a->mac, b->mac, MAC_LEN) == 0;
}

static int plan(struct nodes *nodes)
{
	struct device *now = make_device(nodes), *wanted = make_device(nodes);
	bool ours = nodes_find_device(nodes, &now->common);
	struct link *link = now->common.link;

	if (want_device(nodes, wanted) < 0)
		return -1;
	if (link && !ours)
		return fail(nodes->job, CNI_INTERNAL,
			    "%s is there, but not made by cnibox", name);
	if (link && read_device(nodes, now) < 0)
		return -1;
	if (link && !is_same(now, wanted)) {
		nodes->cleared = link;
		nodes_add_change(nodes, NODES_CLEAR_DEVICE, &device_kind, now,
				 NULL);
		link = NULL;
	}
	nodes_use_device(nodes, &wanted->common, link);
	if (!link || now->common.mtu != wanted->common.mtu || !now->common.up)
		nodes_add_change(nodes, NODES_DEVICE, &device_kind,
				 link ? now : NULL, wanted);
	if (link)
		nodes_add_changes(nodes, &peer_kind, &now->peers,
				  &wanted->peers);
	return 0;
}

static int plan_none(struct nodes *nodes)
{
	struct device *now = make_device(nodes);

	/* One that is another's does no harm. */
	if (!nodes_find_device(nodes, &now->common))
		return 0;
	if (read_device(nodes, now) < 0)
		return -1;
	nodes_add_change(nodes, NODES_DROP_DEVICE, &device_kind, now, NULL);
	return 0;
}

const struct nodes_backend nodes_vxlan = { .plan = plan,
					   .plan_none = plan_none };
