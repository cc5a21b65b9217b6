/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireguard.h"

#include <string.h>

static void step(struct wireguard *w, enum nodes_phase phase, void *arg,
		 int (*make)(struct nodes *nodes, void *arg),
		 void (*undo)(struct nodes *nodes, void *arg), const char *text)
{
	const struct nodes_step new = { .make = make,
					.undo = undo,
					.arg = arg };

	nodes_add_step(w->nodes, phase, &new, text);
}

/* ---- the interface ---- */

/* Makes the interface if it is missing, and sets what may differ. */
static int make(struct wireguard *w)
{
	const struct link_spec spec = {
		.kind = "wireguard",
		.name = w->name,
		.alias = wireguard_alias,
		.shared = true, /* the step has its own inverse */
	};
	struct nl *host = &w->nodes->c->host;

	if (!w->found && (link_add(host, &spec, NULL) < 0 ||
			  link_get(host, w->name, &w->link) < 0))
		return -1;
	if (wg_set(&w->wg, w->new_key ? w->key : NULL, w->port) < 0 ||
	    link_set_mtu(host, &w->link, w->mtu) < 0)
		return -1;
	return link_set_flags(host, &w->link, IFF_UP, IFF_UP);
}

static int make_link(struct nodes *nodes, void *arg)
{
	struct wireguard *w = arg;

	if (make(w) < 0)
		return -1;
	nodes->device.index = w->link.index;
	return 0;
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

static int del_link(struct nodes *nodes, void *arg)
{
	const struct wireguard *w = arg;

	return link_del(&nodes->c->host, w->name, NULL);
}

/* When the interface got its key, the peer that has the same one was removed. */
static void undo_link(struct nodes *nodes, void *arg)
{
	struct wireguard *w = arg;
	struct nl *host = &nodes->c->host;

	if (!w->found) {
		del_link(nodes, w);
		return;
	}
	wg_set(&w->wg, w->have.private_key, w->have.port);
	link_set_mtu(host, &w->link, w->link.mtu);
	link_set_flags(host, &w->link, w->link.flags, IFF_UP);
	restore_peers(w);
}

void wireguard_plan_link(struct wireguard *w)
{
	struct job *job = w->nodes->c->job;

	if (!w->found || w->new_key || w->port != w->have.port ||
	    w->mtu != w->link.mtu || !(w->link.flags & IFF_UP))
		step(w, NODES_DEVICE, w, make_link, undo_link,
		     job_printf(job,
				"%s link %s type wireguard mtu %d port %d%s",
				w->found ? "change" : "add", w->name, w->mtu,
				w->port, w->new_key ? " private-key" : ""));
}

/* Makes it again, as it was. */
static void undo_del(struct nodes *nodes, void *arg)
{
	struct wireguard *w = arg;

	w->found = false;
	w->new_key = true;
	memcpy(w->key, w->have.private_key, KEY_LEN);
	w->port = w->have.port;
	w->mtu = w->link.mtu;
	make(w);
	nodes_link_named(nodes, w->name)->index = w->link.index;
	restore_peers(w);
}

void wireguard_plan_removal(struct wireguard *w, enum nodes_phase phase)
{
	step(w, phase, w, del_link, undo_del,
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
	wg_set_peer(&peer->wireguard->wg, &peer->want);
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
	wg_del_peer(&peer->wireguard->wg, peer->have->key);
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

void wireguard_plan_peers(struct wireguard *w)
{
	struct peer *peer = w->peers, *last = NULL;
	struct job *job = w->nodes->c->job;
	char ip[IP_TEXT];

	for (size_t i = 0; i < w->count; i++, peer++) {
		if (peer->have && is_as_wanted(peer->have, &peer->want))
			continue;
		step(w, NODES_PEERS, peer, set_peer, last ? NULL : undo_peers,
		     job_printf(job, "%s peer %s endpoint %s dev %s",
				peer->have ? "change" : "add",
				peer->entry->node.key,
				ip_print(&peer->want.endpoint, ip), w->name));
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
		step(w, NODES_DROP_PEERS, peer, del_peer, undo_del_peer,
		     job_printf(job, "delete peer %s dev %s",
				key_print(have[i].key, key), w->name));
	}
	if (peer)
		peer->last = true;
}
