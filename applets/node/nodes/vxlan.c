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
static const char alias[] = "cnibox";

static void mac_of(const struct node *node, uint8_t mac[MAC_LEN])
{
	uint8_t digest[SHA512_LEN];

	if (node->ip[NODE_V4].family) {
		mac[0] = 0x02;
		mac[1] = 0x43;
		memcpy(mac + 2, node->ip[NODE_V4].bytes, 4);
		return;
	}
	sha512(node->ip[NODE_V6].bytes, 16, digest);
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

/* A device as it is, or should be. */
struct device {
	struct vxlan vxlan;
	uint8_t mac[MAC_LEN];
	int mtu;
	struct list peers; /* of struct neigh, sorted */
	struct link *link; /* where its index is kept */
};

/* restored: its removal is not to be registered. */
static int create(struct nodes *nodes, const struct device *device,
		  bool restored)
{
	struct link_spec spec = {
		.kind = "vxlan",
		.name = name,
		.mac = device->mac,
		.alias = alias,
		.mtu = device->mtu,
		.shared = restored,
		.vxlan = &device->vxlan,
	};
	struct nl *nl = &nodes->c->host;

	if (link_add(nl, &spec, NULL) < 0 ||
	    link_get(nl, name, device->link) < 0)
		return -1;
	return link_set_flags(nl, device->link, IFF_UP, IFF_UP);
}

/* link_add() registers the removal. */
static int make_device(struct nodes *nodes, void *device)
{
	return create(nodes, device, false);
}

static int unmake_device(struct nodes *nodes, void *arg)
{
	(void)arg;
	return link_del(&nodes->c->host, name, NULL);
}

static void restore_device(struct nodes *nodes, void *arg)
{
	struct device *device = arg;
	const struct neigh *peer = device->peers.items;
	struct nl *nl = &nodes->c->host;
	struct link link;
	bool found;

	/* Its deletion may be what failed. */
	if (link_find(nl, name, &link, &found) < 0 || found ||
	    create(nodes, device, true) < 0)
		return;
	nl_hold(nl);
	for (size_t i = 0; i < device->peers.count; i++) {
		neigh_set(nl, device->link, &peer[i]);
		nl_flush_if_many(nl);
	}
	nl_release(nl);
}

static int set_mtu(struct nodes *nodes, void *arg)
{
	const struct device *wanted = arg;

	return link_set_mtu(&nodes->c->host, &nodes->device, wanted->mtu);
}

static void restore_mtu(struct nodes *nodes, void *arg)
{
	const struct link *link = nodes_link_named(nodes, name);

	(void)arg;
	link_set_mtu(&nodes->c->host, link, link->mtu);
}

static int set_up(struct nodes *nodes, void *arg)
{
	(void)arg;
	return link_set_flags(&nodes->c->host, &nodes->device, IFF_UP, IFF_UP);
}

/* A peer that a step makes or deletes. */
struct change {
	const struct neigh *peer;
	const struct neigh *before; /* what it replaces, or NULL */
};

static int make_peer(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	return neigh_set(&nodes->c->host, &nodes->device, change->peer);
}

static int unmake_peer(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	return neigh_del(&nodes->c->host, &nodes->device, change->peer);
}

static void undo_peer(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	if (change->before)
		neigh_set(&nodes->c->host, &nodes->device, change->before);
	else
		unmake_peer(nodes, arg);
}

static void restore_peer(struct nodes *nodes, void *arg)
{
	make_peer(nodes, arg);
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

static void add_change(struct nodes *nodes, enum nodes_phase phase,
		       const struct neigh *peer, const struct neigh *before)
{
	bool drop = phase == NODES_DROP_PEERS;
	struct change *change = job_alloc(nodes->c->job, sizeof(*change));

	*change = (struct change) { peer, before };
	nodes_add_step(
		nodes, phase,
		&(struct nodes_step) { .make = drop ? unmake_peer : make_peer,
				       .undo = drop ? restore_peer : undo_peer,
				       .arg = change },
		job_printf(nodes->c->job, "%s %s",
			   drop	    ? "delete"
			   : before ? "replace"
				    : "add",
			   neigh_text(nodes->c->job, &nodes->device, peer)));
}

/* Both lists are sorted. */
static void plan_peers(struct nodes *nodes, const struct list *now,
		       const struct list *wanted)
{
	const struct neigh *a = now->items, *b = wanted->items;
	size_t i = 0, j = 0;

	while (i < now->count || j < wanted->count) {
		int order = i == now->count	 ? 1
			    : j == wanted->count ? -1
						 : compare(&a[i], &b[j]);

		if (order < 0)
			add_change(nodes, NODES_DROP_PEERS, &a[i], NULL);
		else if (order > 0)
			add_change(nodes, NODES_PEERS, &b[j], NULL);
		else if (ip_compare(&a[i].ip, &b[j].ip) != 0 ||
			 memcmp(a[i].mac, b[j].mac, MAC_LEN) != 0)
			add_change(nodes, NODES_PEERS, &b[j], &a[i]);
		i += order <= 0;
		j += order >= 0;
	}
}

static void sort(struct list *peers)
{
	sort_items(peers->items, peers->count, sizeof(struct neigh), compare);
}

/* Reads the device of our name; *found is false if there is none. */
static int read_device(struct nodes *nodes, struct device *out, bool *found)
{
	static const int tables[] = { NEIGH_FDB, NEIGH_V4, NEIGH_V6 };
	struct nl *nl = &nodes->c->host;

	*out = (struct device) { .link = nodes_link_named(nodes, name) };
	*found = out->link;
	if (!out->link)
		return 0;
	if (strcmp(out->link->kind, "vxlan") != 0 ||
	    strcmp(out->link->alias, alias) != 0)
		return fail(nodes->c->job, CNI_INTERNAL,
			    "%s is there, but not made by cnibox", name);
	out->mtu = out->link->mtu;
	memcpy(out->mac, out->link->mac, MAC_LEN);
	if (vxlan_get(nl, name, &out->vxlan) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (neigh_list(nl, out->link, tables[i], &out->peers) < 0)
			return -1;
	}
	sort(&out->peers);
	return 0;
}

static void add_peer(struct nodes *nodes, struct device *device, int table,
		     const struct ip *ip, const uint8_t mac[MAC_LEN])
{
	struct neigh *peer =
		list_add(nodes->c->job, &device->peers, sizeof(*peer));

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
	bool v4 = entry->overlay[NODE_V4] || entry->far[NODE_V4];
	bool v6 = entry->overlay[NODE_V6] || entry->far[NODE_V6];
	uint8_t mac[MAC_LEN];

	if (!v4 && !v6)
		return 0;
	if (!node->ip[outer].family)
		return fail(nodes->c->job, CNI_INTERNAL,
			    "%s: no address of IPv%d, by which this node sends",
			    nodes_where(nodes, entry),
			    outer == NODE_V4 ? 4 : 6);
	mac_of(node, mac);
	add_peer(nodes, device, NEIGH_FDB, &node->ip[outer], mac);
	entry->gateway[NODE_V6] = link_local(mac);
	entry->gateway[NODE_V4] = entry->gateway[NODE_V6];
	if (!node->ip[NODE_V4].family)
		v6 = true; /* which IPv4 takes, too */
	else
		entry->gateway[NODE_V4] = node->ip[NODE_V4];
	if (v4 && node->ip[NODE_V4].family)
		add_peer(nodes, device, NEIGH_V4, &node->ip[NODE_V4], mac);
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
	bool v4 = self->ip[NODE_V4].family;

	*out = (struct device) {
		.vxlan = { .vni = options->vni ? options->vni : VNI,
			   .port = options->port ? options->port : PORT,
			   .local = self->ip[v4 ? NODE_V4 : NODE_V6] },
		.mtu = nodes->uplink.mtu - (v4 ? OVERHEAD_V4 : OVERHEAD_V6),
		.link = &nodes->device,
	};
	mac_of(self, out->mac);
	for (size_t i = 0; i < nodes->entries.count; i++) {
		if (want_entry(nodes, out, &entry[i]) < 0)
			return -1;
	}
	sort(&out->peers);
	return 0;
}

static bool is_same(const struct device *a, const struct device *b)
{
	return a->vxlan.vni == b->vxlan.vni && a->vxlan.port == b->vxlan.port &&
	       a->vxlan.learning == b->vxlan.learning &&
	       ip_compare(&a->vxlan.local, &b->vxlan.local) == 0 &&
	       memcmp(a->mac, b->mac, MAC_LEN) == 0;
}

static void plan_deletion(struct nodes *nodes, enum nodes_phase phase,
			  struct device *device)
{
	nodes_add_step(nodes, phase,
		       &(struct nodes_step) { .make = unmake_device,
					      .undo = restore_device,
					      .arg = device },
		       job_printf(nodes->c->job, "delete link %s", name));
}

static void plan_creation(struct nodes *nodes, struct device *device)
{
	const struct vxlan *vxlan = &device->vxlan;
	char local[IP_TEXT];

	nodes->device = (struct link) { .mtu = device->mtu };
	str_copy(nodes->device.name, IFNAMSIZ, name);
	nodes_add_step(
		nodes, NODES_DEVICE,
		&(struct nodes_step) { .make = make_device, .arg = device },
		job_printf(
			nodes->c->job,
			"add link %s mtu %d type vxlan id %d local %s dstport %d",
			name, device->mtu, vxlan->vni,
			ip_print(&vxlan->local, local), vxlan->port));
}

/* What differs in a device that may stay. */
static void plan_changes(struct nodes *nodes, struct device *now,
			 struct device *wanted)
{
	struct job *job = nodes->c->job;

	nodes->device = *now->link;
	nodes->device.mtu = wanted->mtu;
	if (now->mtu != wanted->mtu)
		nodes_add_step(nodes, NODES_DEVICE,
			       &(struct nodes_step) { .make = set_mtu,
						      .undo = restore_mtu,
						      .arg = wanted },
			       job_printf(job, "set link %s mtu %d", name,
					  wanted->mtu));
	if (!(now->link->flags & IFF_UP))
		nodes_add_step(nodes, NODES_DEVICE,
			       &(struct nodes_step) { .make = set_up },
			       job_printf(job, "set link %s up", name));
}

static int plan(struct nodes *nodes)
{
	struct device *now = job_alloc(nodes->c->job, sizeof(*now));
	struct device *wanted = job_alloc(nodes->c->job, sizeof(*wanted));
	struct list none = { 0 };
	bool found;

	if (want_device(nodes, wanted) < 0 ||
	    read_device(nodes, now, &found) < 0)
		return -1;
	if (found && is_same(now, wanted)) {
		plan_changes(nodes, now, wanted);
		plan_peers(nodes, &now->peers, &wanted->peers);
		return 0;
	}
	if (found) {
		nodes->cleared = now->link;
		plan_deletion(nodes, NODES_CLEAR_DEVICE, now);
	}
	plan_creation(nodes, wanted);
	plan_peers(nodes, &none, &wanted->peers);
	return 0;
}

static int plan_none(struct nodes *nodes)
{
	struct device *now = job_alloc(nodes->c->job, sizeof(*now));
	struct link *link = nodes_link_named(nodes, name);
	bool found;

	/* One that is another's does no harm. */
	if (!link || strcmp(link->alias, alias) != 0)
		return 0;
	if (read_device(nodes, now, &found) < 0)
		return -1;
	plan_deletion(nodes, NODES_DROP_DEVICE, now);
	return 0;
}

const struct nodes_backend nodes_vxlan = { .plan = plan,
					   .plan_none = plan_none };
