/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireguard.h"

#include "core/base/str.h"

enum {
	/* What each packet has more: headers of IP and UDP, and 32 bytes. */
	MORE_V4 = 60,
	MORE_V6 = 80,
};

static void step(struct nodes *nodes, enum nodes_phase phase, void *arg,
		 int (*make)(struct nodes *nodes, void *arg),
		 void (*undo)(struct nodes *nodes, void *arg), const char *text)
{
	const struct nodes_step new = { .make = make,
					.undo = undo,
					.arg = arg };

	nodes_add_step(nodes, phase, &new, text);
}

/* ---- the interface ---- */

/* Makes our own interface with this key; its index is in *out. */
static int make(const struct wireguard *w, int mtu, const uint8_t *key,
		uint16_t port, struct link *out)
{
	const struct link_spec spec = {
		.kind = "wireguard",
		.name = w->name,
		.alias = wireguard_alias,
		.mtu = mtu,
		.shared = true, /* the step has its own inverse */
	};
	struct nl *host = &w->nodes->c->host;
	struct link link;

	if (link_add(host, &spec, NULL) < 0 ||
	    link_get(host, w->name, &link) < 0 || wg_set(&w->wg, key, port) < 0)
		return -1;
	out->index = link.index;
	return link_set_flags(host, &link, IFF_UP, IFF_UP);
}

static int del(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	return link_del(&nodes->c->host, w->name, NULL);
}

static void undo_add(struct nodes *nodes, void *arg)
{
	del(nodes, arg);
}

static int add(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	return make(w, nodes->device.mtu, w->key, w->port, &nodes->device);
}

static void restore_peers(const struct wireguard *w)
{
	const struct wg_peer *have = w->have.peers.items;

	for (size_t i = 0; i < w->count; i++) {
		if (!w->peers[i].have)
			wg_del_peer(&w->wg, w->peers[i].want.key);
	}
	for (size_t i = 0; i < w->have.peers.count; i++) {
		if (w->fates[i] != KEPT)
			wg_set_peer(&w->wg, &have[i]);
	}
}

/* When the interface got its key, the peer that has the same one was removed. */
static void undo_key(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	(void)nodes;
	wg_set(&w->wg, w->have.private_key, w->have.port);
	restore_peers(w);
}

static int set_key(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	(void)nodes;
	return wg_set(&w->wg, w->new_key ? w->key : NULL, w->port);
}

static void undo_mtu(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	link_set_mtu(&nodes->c->host, &w->link, w->link.mtu);
}

static int set_mtu(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	return link_set_mtu(&nodes->c->host, &w->link, nodes->device.mtu);
}

static void undo_up(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	link_set_flags(&nodes->c->host, &w->link, 0, IFF_UP);
}

static int set_up(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	return link_set_flags(&nodes->c->host, &w->link, IFF_UP, IFF_UP);
}

/* The MTU with which packets to all peers fit the uplink. */
static int mtu_of(const struct wireguard *w)
{
	int more = MORE_V4;

	for (size_t i = 0; i < w->count; i++) {
		if (w->peers[i].want.endpoint.family == AF_INET6)
			more = MORE_V6;
	}
	return w->nodes->uplink.mtu - more;
}

static void change_link(struct wireguard *w)
{
	struct job *job = w->nodes->c->job;
	int mtu = w->nodes->device.mtu;

	if (w->new_key)
		step(w->nodes, NODES_DEVICE, w, set_key, undo_key,
		     job_printf(job, "change %s private-key listen-port %d",
				w->name, w->port));
	else if (w->port != w->have.port)
		step(w->nodes, NODES_DEVICE, w, set_key, undo_key,
		     job_printf(job, "change %s listen-port %d", w->name,
				w->port));
	if (mtu != w->link.mtu)
		step(w->nodes, NODES_DEVICE, w, set_mtu, undo_mtu,
		     job_printf(job, "change link %s mtu %d", w->name, mtu));
	if (!(w->link.flags & IFF_UP))
		step(w->nodes, NODES_DEVICE, w, set_up, undo_up,
		     job_printf(job, "change link %s up", w->name));
}

/* Another's interface keeps its MTU and, if it has one, its port. */
int wireguard_plan_link(struct wireguard *w)
{
	struct nodes *nodes = w->nodes;
	struct link *device = &nodes->device;

	if (!w->own && w->have.port && w->have.port != w->port)
		return fail(
			nodes->c->job, CNI_BAD_CONFIG,
			"%s listens to port %d, the other nodes to %d: --port?",
			w->name, w->have.port, w->port);
	*device = w->link;
	device->alias = NULL;
	str_copy(device->name, sizeof(device->name), w->name);
	if (w->own)
		device->mtu = mtu_of(w);
	if (w->found)
		change_link(w);
	else
		step(nodes, NODES_DEVICE, w, add, undo_add,
		     job_printf(
			     nodes->c->job,
			     "add link %s type wireguard mtu %d listen-port %d",
			     w->name, device->mtu, w->port));
	return 0;
}

static void undo_del(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	make(w, w->link.mtu, w->have.private_key, w->have.port,
	     nodes_link_named(nodes, w->name));
	restore_peers(w);
}

void wireguard_plan_removal(struct wireguard *w)
{
	step(w->nodes, NODES_DROP_DEVICE, w, del, undo_del,
	     job_printf(w->nodes->c->job, "delete link %s", w->name));
}

/* ---- the peers ---- */

/* Sends what is held when it is much, or all there is. */
static int send_held(const struct peer *peer)
{
	struct nl *genl = peer->wireguard->wg.nl;

	return peer->last ? nl_release(genl) : nl_flush_if_many(genl);
}

/* The inverse of the first step is that of all of them: a prefix that one peer got,
 * another one lost. */
static void undo_peers(struct nodes *nodes, void *arg)
{
	const struct peer *peer = arg;

	(void)nodes;
	restore_peers(peer->wireguard);
}

static int set_peer(struct nodes *nodes, void *arg)
{
	const struct peer *peer = arg;

	(void)nodes;
	nl_hold(peer->wireguard->wg.nl);
	if (wg_set_peer(&peer->wireguard->wg, &peer->want) < 0)
		return -1;
	return send_held(peer);
}

static void undo_del_peer(struct nodes *nodes, void *arg)
{
	const struct peer *peer = arg;

	(void)nodes;
	wg_set_peer(&peer->wireguard->wg, peer->have);
}

static int del_peer(struct nodes *nodes, void *arg)
{
	const struct peer *peer = arg;

	(void)nodes;
	nl_hold(peer->wireguard->wg.nl);
	if (wg_del_peer(&peer->wireguard->wg, peer->have->key) < 0)
		return -1;
	return send_held(peer);
}

static bool is_as_wanted(const struct wg_peer *have, const struct wg_peer *want)
{
	const struct prefix *a = have->allowed.items, *b = want->allowed.items;
	size_t same = 0;

	if (have->port != want->port ||
	    ip_compare(&have->endpoint, &want->endpoint) != 0 ||
	    have->allowed.count != want->allowed.count)
		return false;
	for (size_t i = 0; i < want->allowed.count; i++) {
		for (size_t j = 0; j < have->allowed.count; j++)
			same += prefix_equal(&a[j], &b[i]);
	}
	return same == want->allowed.count;
}

static const char *peer_text(const struct peer *peer)
{
	const struct wg_peer *want = &peer->want;
	const struct prefix *allowed = want->allowed.items;
	bool v6 = want->endpoint.family == AF_INET6;
	struct str text = { .job = peer->wireguard->nodes->c->job };
	char buf[PREFIX_TEXT];

	str_printf(&text, "%s peer %s endpoint %s%s%s:%d allowed-ips",
		   peer->have ? "change" : "add", peer->entry->node.key,
		   v6 ? "[" : "", ip_print(&want->endpoint, buf), v6 ? "]" : "",
		   want->port);
	for (size_t i = 0; i < want->allowed.count; i++)
		str_printf(&text, "%s%s", i ? "," : " ",
			   prefix_print(&allowed[i], buf));
	str_printf(&text, " dev %s", peer->wireguard->name);
	return text.text;
}

void wireguard_plan_peers(struct wireguard *w)
{
	struct peer *peer = w->peers, *last = NULL;

	for (size_t i = 0; i < w->count; i++, peer++) {
		if (peer->have && is_as_wanted(peer->have, &peer->want))
			continue;
		step(w->nodes, NODES_PEERS, peer, set_peer,
		     last ? NULL : undo_peers, peer_text(peer));
		last = peer;
	}
	if (last)
		last->last = true;
}

void wireguard_plan_drops(struct wireguard *w)
{
	struct wg_peer *have = w->have.peers.items;
	struct job *job = w->nodes->c->job;
	struct peer *peer = NULL;
	char key[KEY_TEXT];

	for (size_t i = 0; i < w->have.peers.count; i++) {
		if (w->fates[i] != DROPPED)
			continue;
		peer = job_alloc(job, sizeof(*peer));
		*peer = (struct peer) { .wireguard = w, .have = &have[i] };
		step(w->nodes, NODES_DROP_PEERS, peer, del_peer, undo_del_peer,
		     job_printf(job, "delete peer %s dev %s",
				key_print(have[i].key, key), w->name));
	}
	if (peer)
		peer->last = true;
}
