/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireguard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/sort.h"
#include "core/kernel/genl.h"
#include "keyfile.h"

enum {
	PORT = 51820, /* as in all examples of wg(8) */
	/* What each packet has more: headers of IP and UDP, and 32 bytes. */
	MORE_V4 = 60,
	MORE_V6 = 80,
};

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KEY_LEN);
}

/* ---- the interface as it is ---- */

static void find_link(struct wireguard *w, struct nodes *nodes,
		      const char *name)
{
	const struct link *link = nodes_link_named(nodes, name);

	w->nodes = nodes;
	w->name = name;
	w->own = strcmp(name, wireguard_own) == 0;
	w->found = link;
	if (link)
		w->link = *link;
}

/* Whether the link is of WireGuard, and if it has our name, ours. */
static bool is_usable(const struct wireguard *w)
{
	return w->found && strcmp(w->link.kind, "wireguard") == 0 &&
	       (!w->own || strcmp(w->link.alias, wireguard_alias) == 0);
}

static int read_peers(struct wireguard *w)
{
	struct job *job = w->nodes->c->job;
	struct list *peers = &w->have.peers;

	genl_init(&w->genl, job, -1);
	if (wg_init(&w->wg, &w->genl, w->name) < 0 ||
	    (w->found && wg_get(&w->wg, &w->have) < 0))
		return -1;
	w->fates = job_alloc(job, (peers->count + 1) * sizeof(*w->fates));
	sort_items(peers->items, peers->count, sizeof(struct wg_peer),
		   compare_keys);
	return 0;
}

/* What becomes of the peer of this key that the interface has; NULL: it has none. */
static enum fate *find_fate(const struct wireguard *w,
			    const uint8_t key[KEY_LEN], struct wg_peer **have)
{
	struct wg_peer *peers = w->have.peers.items;

	*have = peers ? bsearch(key, peers, w->have.peers.count, sizeof(*peers),
				compare_keys)
		      : NULL;
	return *have ? &w->fates[*have - peers] : NULL;
}

/* Those that an apply has put there and that are not listed any more are dropped; on
 * our own interface, all that are not listed. */
static void decide_fates(struct wireguard *w)
{
	const struct nodes_peer *noted = w->nodes->old.peers.items;
	struct wg_peer *have;
	uint8_t key[KEY_LEN];
	enum fate *fate;

	for (size_t i = 0; w->own && i < w->have.peers.count; i++)
		w->fates[i] = DROPPED;
	for (size_t i = 0; i < w->nodes->old.peers.count; i++) {
		fate = strcmp(noted[i].link, w->name) == 0 &&
				       key_parse(noted[i].key, key)
			       ? find_fate(w, key, &have)
			       : NULL;
		if (fate)
			*fate = DROPPED;
	}
	for (size_t i = 0; i < w->count; i++) {
		fate = find_fate(w, w->peers[i].want.key, &w->peers[i].have);
		if (fate)
			*fate = LISTED;
	}
}

/* ---- the interface as it is to be ---- */

static int find_usable(struct wireguard *w, struct nodes *nodes)
{
	const char *name = nodes->options.interface;

	find_link(w, nodes, name ? name : wireguard_own);
	w->port = (uint16_t)(nodes->options.port ? nodes->options.port : PORT);
	if (w->found || !w->own) {
		if (!is_usable(w))
			return fail(nodes->c->job, CNI_BAD_CONFIG,
				    "%s is no link of WireGuard%s", w->name,
				    w->own ? " that cnibox made" : "");
	}
	return read_peers(w);
}

/* Another's interface keeps the port that it has. */
static int check_port(const struct wireguard *w)
{
	if (w->own || !w->have.port || w->have.port == w->port)
		return 0;
	return fail(w->nodes->c->job, CNI_BAD_CONFIG,
		    "%s listens to port %d, and the nodes to %d: see --port",
		    w->name, w->have.port, w->port);
}

/* Reads the private key, unless the interface has one and nobody gave a file. The list
 * has to have the public one, by which the others will know this node. */
static int choose_key(struct wireguard *w, uint8_t public_key[KEY_LEN])
{
	const char *given = w->nodes->options.private_key;
	const struct nodes_entry *self = w->nodes->self;
	const char *listed = self->node.key ? self->node.key : "";
	struct job *job = w->nodes->c->job;
	bool found = given || !w->have.has_key; /* or it is an error */
	char text[KEY_TEXT];

	if ((found || w->own) &&
	    keyfile_read(job, given ? given : keyfile_path, w->key,
			 found ? NULL : &found) < 0)
		return -1;
	w->new_key = found && memcmp(w->key, w->have.private_key, KEY_LEN) != 0;
	memcpy(public_key, w->have.public_key, KEY_LEN);
	if (w->new_key && wg_public_key(job, w->key, public_key) < 0)
		return -1;
	if (strcmp(listed, key_print(public_key, text)) != 0)
		return fail(job, CNI_BAD_CONFIG,
			    "%s: wg=%s, but this node's public key is %s",
			    nodes_where(w->nodes, self), listed, text);
	return 0;
}

static void allow(struct wireguard *w, struct wg_peer *peer, struct ip ip,
		  int len)
{
	if (ip.family)
		*(struct prefix *)list_add(w->nodes->c->job, &peer->allowed,
					   sizeof(struct prefix)) =
			(struct prefix) { ip, len };
}

/* Adds the peer that an entry wants; it is reached by IPv4 if both nodes have that.
 * NULL, or what is wrong with the entry. */
static const char *want_peer(struct wireguard *w,
			     const struct nodes_entry *entry,
			     const uint8_t public_key[KEY_LEN])
{
	struct peer *peer = &w->peers[w->count++];
	struct wg_peer *want = &peer->want;
	const struct node *node = &entry->node;

	*peer = (struct peer) { .wireguard = w, .entry = entry };
	want->port = w->port;
	if (!node->key || !key_parse(node->key, want->key))
		return "wg= and a public key is expected";
	if (memcmp(want->key, public_key, KEY_LEN) == 0)
		return "the public key is this node's";
	for (int i = NODE_FAMILIES - 1; i >= 0; i--) {
		struct ip ip = node->ip[i];

		allow(w, want, node->cidr[i].ip, node->cidr[i].len);
		allow(w, want, ip, ip_bits(ip.family));
		if (ip.family && w->nodes->self->node.ip[i].family)
			want->endpoint = ip;
	}
	if (want->endpoint.family == AF_INET6)
		w->mtu = w->nodes->uplink.mtu - MORE_V6;
	return want->endpoint.family ? NULL : "no address of our families";
}

static int want_peers(struct wireguard *w, const uint8_t public_key[KEY_LEN])
{
	struct nodes *nodes = w->nodes;
	const struct nodes_entry *entry = nodes->entries.items;
	const struct peer *peer;
	const char *wrong;

	w->peers = job_alloc(nodes->c->job,
			     nodes->entries.count * sizeof(*w->peers));
	w->mtu = nodes->uplink.mtu - MORE_V4;
	for (size_t i = 0; i < nodes->entries.count; i++) {
		wrong = &entry[i] == nodes->self
				? NULL
				: want_peer(w, &entry[i], public_key);
		if (wrong)
			return fail(nodes->c->job, CNI_BAD_CONFIG, "%s: %s",
				    nodes_where(nodes, &entry[i]), wrong);
	}
	if (!w->own)
		w->mtu = w->link.mtu;
	sort_items(w->peers, w->count, sizeof(*w->peers), compare_keys);
	for (size_t i = 1; i < w->count; i++) {
		peer = &w->peers[i];
		if (compare_keys(peer - 1, peer) == 0)
			return fail(nodes->c->job, CNI_BAD_CONFIG,
				    "%s: the public key is also that of %s",
				    nodes_where(nodes, peer->entry),
				    nodes_where(nodes, peer[-1].entry));
	}
	return 0;
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* The kernel would take a prefix away from a peer that is not ours. */
static int check_kept(const struct wireguard *w)
{
	const struct wg_peer *have = w->have.peers.items;
	struct job *job = w->nodes->c->job;
	char text[PREFIX_TEXT], key[KEY_TEXT];
	const struct prefix *allowed;
	struct list listed;

	nodes_file_exempt(job, &w->nodes->new, &listed);
	for (size_t i = 0; i < w->have.peers.count; i++) {
		allowed = have[i].allowed.items;
		for (size_t left = have[i].allowed.count;
		     left && w->fates[i] == KEPT; left--, allowed++) {
			if (!bsearch(allowed, listed.items, listed.count,
				     sizeof(*allowed), compare_prefixes))
				continue;
			return fail(job, CNI_BAD_CONFIG,
				    "%s: peer %s, which is not listed, has %s",
				    w->name, key_print(have[i].key, key),
				    prefix_print(allowed, text));
		}
	}
	return 0;
}

/* ---- the plan ---- */

/* What is on another's interface is found by the notes of the last apply. */
static void note_peers(const struct wireguard *w)
{
	for (size_t i = 0; i < w->count; i++)
		*(struct nodes_peer *)list_add(w->nodes->c->job,
					       &w->nodes->new.peers,
					       sizeof(struct nodes_peer)) =
			(struct nodes_peer) { w->name,
					      w->peers[i].entry->node.key };
}

/* Plans the removal of what applies have put on this interface, or of our own; that
 * at once if another one will need its port. */
static int plan_removal(struct nodes *nodes, const char *name, bool at_once)
{
	struct wireguard *w = job_alloc(nodes->c->job, sizeof(*w));

	find_link(w, nodes, name);
	if (!is_usable(w))
		return 0;
	if (read_peers(w) < 0)
		return -1;
	decide_fates(w);
	if (!w->own) {
		wireguard_plan_drops(w);
		return 0;
	}
	if (at_once)
		nodes->cleared = nodes_link_named(nodes, name);
	wireguard_plan_removal(w, at_once ? NODES_CLEAR_DEVICE
					  : NODES_DROP_DEVICE);
	return 0;
}

/* The same of all interfaces but the one of this name; "": of all. */
static int plan_others(struct nodes *nodes, const char *name)
{
	const struct nodes_peer *noted = nodes->old.peers.items;
	const char *last = name;

	for (size_t i = 0; i < nodes->old.peers.count; i++) {
		if (strcmp(noted[i].link, last) == 0)
			continue;
		last = noted[i].link;
		if (strcmp(last, name) != 0 &&
		    plan_removal(nodes, last, false) < 0)
			return -1;
	}
	return strcmp(name, wireguard_own) == 0
		       ? 0
		       : plan_removal(nodes, wireguard_own, *name);
}

static int plan(struct nodes *nodes)
{
	struct wireguard *w = job_alloc(nodes->c->job, sizeof(*w));
	uint8_t public_key[KEY_LEN];

	if (find_usable(w, nodes) < 0 || check_port(w) < 0 ||
	    choose_key(w, public_key) < 0 || want_peers(w, public_key) < 0)
		return -1;
	decide_fates(w);
	if (check_kept(w) < 0)
		return -1;
	nodes->device = w->link;
	nodes->device.mtu = w->mtu;
	str_copy(nodes->device.name, sizeof(nodes->device.name), w->name);
	wireguard_plan_link(w);
	wireguard_plan_peers(w);
	wireguard_plan_drops(w);
	if (!w->own)
		note_peers(w);
	return plan_others(nodes, w->name);
}

static int plan_none(struct nodes *nodes)
{
	return plan_others(nodes, "");
}

const struct nodes_backend nodes_wireguard = { plan, plan_none };
