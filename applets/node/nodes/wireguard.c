/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard: an interface, our own or another's, whose peers are the nodes. */
#include "wireguard.h"

#include "keyfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sort.h"
#include "core/kernel/genl.h"
#include "core/kernel/wg.h"

enum { PORT = 51820 }; /* as wg-quick(8) has it in its examples */

static int compare_keys(const void *a, const void *b)
{
	const struct wg_peer *left = a, *right = b;

	return memcmp(left->key, right->key, KEY_LEN);
}

static int compare_peers(const void *a, const void *b)
{
	const struct peer *const *left = a, *const *right = b;

	return compare_keys(&(*left)->want, &(*right)->want);
}

/* The peer of this key that the interface has, or NULL. */
static struct wg_peer *find_peer(const struct wireguard *w,
				 const uint8_t key[KEY_LEN])
{
	struct wg_peer wanted;

	memcpy(wanted.key, key, KEY_LEN);
	return w->have.peers.count ? bsearch(&wanted, w->have.peers.items,
					     w->have.peers.count,
					     sizeof(wanted), compare_keys)
				   : NULL;
}

static enum fate *fate_of(const struct wireguard *w, const struct wg_peer *have)
{
	const struct wg_peer *first = w->have.peers.items;

	return &w->fates[have - first];
}

/* ---- the interface as it is ---- */

static void find_link(struct wireguard *w, struct nodes *nodes,
		      const char *name)
{
	const struct link *link = nodes_link_named(nodes, name);

	*w = (struct wireguard) { .nodes = nodes, .name = name };
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

static int find_usable(struct wireguard *w, struct nodes *nodes,
		       const char *name)
{
	find_link(w, nodes, name);
	if (!w->found && !w->own)
		return fail_errno(nodes->c->job, ENODEV, "--interface %s",
				  name);
	if (w->found && !is_usable(w))
		return fail(nodes->c->job, CNI_BAD_CONFIG,
			    "%s is there, and is not %s", name,
			    w->own ? "ours" : "of WireGuard");
	return 0;
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

/* ---- keys ---- */

/* Reads the private key, unless the interface has one and nobody gave a file, and
 * finds the public one. */
static int choose_key(struct wireguard *w, uint8_t public_key[KEY_LEN])
{
	const char *given = w->nodes->options.private_key;
	const char *path = given ? given : keyfile_path;
	struct job *job = w->nodes->c->job;
	bool found = given || !w->have.has_key; /* or it is an error */

	if ((found || w->own) &&
	    keyfile_read(job, path, w->key, found ? NULL : &found) < 0)
		return -1;
	w->new_key =
		found && (!w->have.has_key ||
			  memcmp(w->key, w->have.private_key, KEY_LEN) != 0);
	if (w->new_key)
		return wg_public_key(job, w->key, public_key);
	memcpy(public_key, w->have.public_key, KEY_LEN);
	return 0;
}

/* The list has to have the key by which the others will know this node. */
static int check_key(struct wireguard *w, const uint8_t public_key[KEY_LEN])
{
	const struct nodes_entry *self = w->nodes->self;
	char text[KEY_TEXT];

	key_print(public_key, text);
	if (!self->node.key || strcmp(self->node.key, text) != 0)
		return fail(w->nodes->c->job, CNI_BAD_CONFIG,
			    "%s: wg=%s, but this node's public key is %s",
			    nodes_where(w->nodes, self),
			    self->node.key ? self->node.key : "", text);
	return 0;
}

/* ---- peers as they are to be ---- */

static void allow(struct wireguard *w, struct wg_peer *peer,
		  const struct prefix *prefix)
{
	if (prefix->ip.family)
		*(struct prefix *)list_add(w->nodes->c->job, &peer->allowed,
					   sizeof(*prefix)) = *prefix;
}

/* Fills in the peer that an entry wants; by IPv4 if both nodes have that. */
static int want_peer(struct wireguard *w, const struct nodes_entry *entry,
		     struct peer *out)
{
	const struct node *node = &entry->node;
	struct prefix alone;
	struct job *job = w->nodes->c->job;

	*out = (struct peer) { .wireguard = w, .entry = entry };
	if (!node->key || !key_parse(node->key, out->want.key))
		return fail(job, CNI_BAD_CONFIG,
			    "%s: wg=%s is no public key of WireGuard",
			    nodes_where(w->nodes, entry),
			    node->key ? node->key : "");
	for (int i = 0; i < NODE_FAMILIES; i++) {
		alone = (struct prefix) { node->ip[i],
					  ip_bits(node->ip[i].family) };
		allow(w, &out->want, &node->cidr[i]);
		allow(w, &out->want, &alone);
		if (!out->want.endpoint.family &&
		    w->nodes->self->node.ip[i].family)
			out->want.endpoint = node->ip[i];
	}
	out->want.port = w->port;
	if (!out->want.endpoint.family)
		return fail(job, CNI_BAD_CONFIG,
			    "%s: no address of a family that this node has",
			    nodes_where(w->nodes, entry));
	return 0;
}

static int want_peers(struct wireguard *w, const uint8_t public_key[KEY_LEN])
{
	struct nodes *nodes = w->nodes;
	struct nodes_entry *entry = nodes->entries.items;
	struct peer *peer;

	w->peers = job_alloc(nodes->c->job,
			     nodes->entries.count * sizeof(*w->peers));
	w->by_key = job_alloc(nodes->c->job,
			      nodes->entries.count * sizeof(*w->by_key));
	for (size_t i = 0; i < nodes->entries.count; i++) {
		if (&entry[i] == nodes->self)
			continue;
		peer = &w->peers[w->count];
		if (want_peer(w, &entry[i], peer) < 0)
			return -1;
		if (memcmp(peer->want.key, public_key, KEY_LEN) == 0)
			return fail(nodes->c->job, CNI_BAD_CONFIG,
				    "%s: the public key is this node's",
				    nodes_where(nodes, &entry[i]));
		w->by_key[w->count++] = peer;
	}
	sort_items(w->by_key, w->count, sizeof(*w->by_key), compare_peers);
	for (size_t i = 1; i < w->count; i++) {
		if (compare_peers(&w->by_key[i - 1], &w->by_key[i]) == 0)
			return fail(nodes->c->job, CNI_BAD_CONFIG,
				    "%s and %s: the same public key",
				    nodes_where(nodes, w->by_key[i - 1]->entry),
				    nodes_where(nodes, w->by_key[i]->entry));
	}
	return 0;
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* Marks the peers that the interface has. Those that an apply has put there and that
 * are not listed any more are dropped; on our own interface, all others. */
static void decide_fates(struct wireguard *w)
{
	const struct nodes_file *old = &w->nodes->old;
	const struct nodes_peer *noted = old->peers.items;
	uint8_t key[KEY_LEN];
	struct wg_peer *have;

	for (size_t i = 0; w->own && i < w->have.peers.count; i++)
		w->fates[i] = DROPPED;
	for (size_t i = 0; i < old->peers.count; i++) {
		if (strcmp(noted[i].link, w->name) != 0 ||
		    !key_parse(noted[i].key, key))
			continue;
		have = find_peer(w, key);
		if (have)
			*fate_of(w, have) = DROPPED;
	}
	for (size_t i = 0; i < w->count; i++) {
		have = find_peer(w, w->peers[i].want.key);
		w->peers[i].have = have;
		if (have)
			*fate_of(w, have) = LISTED;
	}
}

/* The prefixes of all peers that are wanted, in order. */
static void list_wanted(const struct wireguard *w, struct list *out)
{
	const struct prefix *allowed;

	*out = (struct list) { 0 };
	for (size_t i = 0; i < w->count; i++) {
		const struct list *list = &w->peers[i].want.allowed;

		allowed = list->items;
		for (size_t j = 0; j < list->count; j++)
			*(struct prefix *)list_add(w->nodes->c->job, out,
						   sizeof(*allowed)) =
				allowed[j];
	}
	sort_items(out->items, out->count, sizeof(*allowed), compare_prefixes);
}

/* The kernel would take a prefix away from a peer that is not ours. */
static int check_kept(const struct wireguard *w)
{
	const struct wg_peer *have = w->have.peers.items;
	char prefix[PREFIX_TEXT], key[KEY_TEXT];
	const struct prefix *allowed;
	struct list wanted;

	list_wanted(w, &wanted);
	for (size_t i = 0; wanted.count && i < w->have.peers.count; i++) {
		allowed = have[i].allowed.items;
		for (size_t j = 0;
		     w->fates[i] == KEPT && j < have[i].allowed.count; j++) {
			if (!bsearch(&allowed[j], wanted.items, wanted.count,
				     sizeof(*allowed), compare_prefixes))
				continue;
			return fail(
				w->nodes->c->job, CNI_BAD_CONFIG,
				"%s: its peer %s, which is not listed, has %s already",
				w->name, key_print(have[i].key, key),
				prefix_print(&allowed[j], prefix));
		}
	}
	return 0;
}

/* ---- the plan ---- */

static void note_peers(const struct wireguard *w)
{
	struct list *noted = &w->nodes->new.peers;

	for (size_t i = 0; i < w->count; i++)
		*(struct nodes_peer *)list_add(w->nodes->c->job, noted,
					       sizeof(struct nodes_peer)) =
			(struct nodes_peer) { w->name,
					      w->peers[i].entry->node.key };
}

/* Plans the removal of what an apply has put on this interface, or of our own. */
static int plan_removal(struct nodes *nodes, const char *name)
{
	struct wireguard *w = job_alloc(nodes->c->job, sizeof(*w));

	find_link(w, nodes, name);
	if (!is_usable(w))
		return 0;
	if (read_peers(w) < 0)
		return -1;
	decide_fates(w);
	if (w->own)
		wireguard_plan_removal(w);
	else
		wireguard_plan_drops(w);
	return 0;
}

/* The same of all interfaces but the one of this name. */
static int plan_others(struct nodes *nodes, const char *name)
{
	const struct nodes_peer *noted = nodes->old.peers.items;
	const char *last = name;

	for (size_t i = 0; i < nodes->old.peers.count; i++) {
		if (strcmp(noted[i].link, last) == 0)
			continue;
		last = noted[i].link;
		if (strcmp(last, name) != 0 && plan_removal(nodes, last) < 0)
			return -1;
	}
	return strcmp(name, wireguard_own) == 0
		       ? 0
		       : plan_removal(nodes, wireguard_own);
}

static int plan(struct nodes *nodes)
{
	const struct nodes_options *options = &nodes->options;
	struct wireguard *w = job_alloc(nodes->c->job, sizeof(*w));
	uint8_t public_key[KEY_LEN];

	if (find_usable(
		    w, nodes,
		    options->interface ? options->interface : wireguard_own) <
	    0)
		return -1;
	w->port = (uint16_t)(options->port ? options->port : PORT);
	if (read_peers(w) < 0 || choose_key(w, public_key) < 0 ||
	    check_key(w, public_key) < 0 || want_peers(w, public_key) < 0)
		return -1;
	decide_fates(w);
	if (check_kept(w) < 0 || wireguard_plan_link(w) < 0)
		return -1;
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
