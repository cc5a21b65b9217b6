/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard - an overlay of encrypted packets: the nodes are peers of an interface, of
 * our own or another's */
#include "backend.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/sort.h"
#include "core/kernel/genl.h"
#include "core/kernel/wg.h"
#include "keyfile.h"

enum {
	PORT = 51820, /* as in all examples of wg(8) */
	/* What each packet has more: headers of IP and UDP, and 32 bytes. */
	OVERHEAD_V4 = 60,
	OVERHEAD_V6 = 80,
};

static const char own_name[] = "cnibox-wg", kind[] = "wireguard";

struct device {
	struct nodes_device common;
	const struct wg *wg;
	uint8_t key[KEY_LEN];
	uint16_t port;
	struct list peers; /* of struct wg_peer, sorted; none of another's */
	const struct device *other; /* what is there before, or behind; zeroed:
				     * nothing */
};

/* Also of a peer, whose key comes first. */
static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KEY_LEN);
}

/* ---- changes ---- */

static bool is_same_peer(const void *now, void *wanted)
{
	const struct wg_peer *one = now, *two = wanted;
	const struct prefix *a = one->allowed.items, *b = two->allowed.items;
	size_t same = 0;

	if (one->port != two->port ||
	    ip_compare(&one->endpoint, &two->endpoint) != 0 ||
	    one->allowed.count != two->allowed.count)
		return false;
	for (size_t i = 0; i < one->allowed.count; i++) {
		for (size_t j = 0; j < two->allowed.count; j++)
			same += prefix_equal(&a[i], &b[j]);
	}
	return same == one->allowed.count;
}

static const char *text_peer(struct nodes *nodes, const void *thing)
{
	const struct wg_peer *peer = thing;
	char key[KEY_TEXT], ip[IP_TEXT];

	return job_printf(nodes->job, "peer %s endpoint %s",
			  key_print(peer->key, key),
			  ip_print(&peer->endpoint, ip));
}

/* Only tells; set_device() makes them. */
static const struct nodes_kind peer_kind = {
	.text = text_peer,
	.compare = compare_keys,
	.same = is_same_peer,
	.size = sizeof(struct wg_peer),
	.put_phase = NODES_PEERS,
	.del_phase = NODES_PEERS,
};

static struct wg_peer *find_peer(const struct list *peers,
				 const uint8_t key[KEY_LEN])
{
	return sort_find(peers->items, peers->count, sizeof(struct wg_peer),
			 compare_keys, key);
}

static void put_peer(const struct device *device, struct wg_peer *peer)
{
	const struct wg_peer *now = find_peer(&device->other->peers, peer->key);

	if (!now || !is_same_peer(now, peer))
		wg_set_peer(device->wg, peer);
}

/* Makes device's peers out of the other one's. */
static int put_peers(const struct device *device)
{
	const struct list *before = &device->other->peers;
	const struct list *after = &device->peers;
	struct wg_peer *peer = before->items;
	struct nl *nl = device->wg->nl;

	nl_hold(nl);
	for (size_t i = 0; i < before->count + after->count; i++, peer++) {
		if (i == before->count)
			peer = after->items;
		if (i >= before->count)
			put_peer(device, peer);
		else if (!find_peer(after, peer->key))
			wg_del_peer(device->wg, peer->key);
		if (nl_flush_if_many(nl) < 0)
			return -1;
	}
	return nl_release(nl);
}

static int set_device(struct nodes *nodes, enum nl_verb verb, const void *thing)
{
	const struct device *device = thing;

	if (nodes_set_device(nodes, verb, &device->common) < 0)
		return -1;
	if (verb == NL_DELETE)
		return 0;
	return wg_set(device->wg, device->key, device->port) < 0
		       ? -1
		       : put_peers(device);
}

static const char *text_device(struct nodes *nodes, const void *thing)
{
	const struct device *device = thing;
	bool same = compare_keys(device->key, device->other->key) == 0;

	return job_printf(nodes->job,
			  "link %s up mtu %d type wireguard port %d%s",
			  device->common.name, device->common.mtu, device->port,
			  same ? "" : " private-key");
}

static const struct nodes_kind device_kind = { .set = set_device,
					       .text = text_device };

/* What its peers tell already. */
static const struct nodes_kind peers_kind = { .set = set_device };

/* ---- what there is ---- */

static void sort(struct list *peers)
{
	sort_items(peers->items, peers->count, sizeof(struct wg_peer),
		   compare_keys);
}

/* The peers that the last apply has put on another's interface, by their keys. */
static void list_noted(struct nodes *nodes, const char *name, struct list *out)
{
	const struct nodes_peer *noted = nodes->old.peers.items;
	uint8_t key[KEY_LEN];
	struct wg_peer *peer;

	*out = (struct list) { 0 };
	for (size_t i = 0; i < nodes->old.peers.count; i++) {
		if (strcmp(noted[i].link, name) != 0 ||
		    !key_parse(noted[i].key, key))
			continue;
		peer = list_add(nodes->job, out, sizeof(*peer));
		memcpy(peer->key, key, KEY_LEN);
	}
	sort(out);
}

/* The kernel would take a prefix away from a peer that is not ours. */
static int check_another(struct nodes *nodes, const char *name,
			 const struct wg_peer *peer, const struct list *exempt)
{
	const struct prefix *allowed = peer->allowed.items;
	char text[PREFIX_TEXT], key[KEY_TEXT];

	for (size_t i = 0; i < peer->allowed.count; i++) {
		if (sort_find(exempt->items, exempt->count, sizeof(*allowed),
			      prefix_compare, &allowed[i]))
			return fail(nodes->job, CNI_BAD_CONFIG,
				    "%s: peer %s, which is not listed, has %s",
				    name, key_print(peer->key, key),
				    prefix_print(&allowed[i], text));
	}
	return 0;
}

/* All but the one of our name are another's. */
static bool find_device(struct nodes *nodes, const char *name,
			struct device *out)
{
	out->common.kind = kind;
	out->common.name = name;
	out->common.another = strcmp(name, own_name) != 0;
	return nodes_find_device(nodes, &out->common);
}

static int open_wg(struct nodes *nodes, struct device *device)
{
	struct nl *genl = job_alloc(nodes->job, sizeof(*genl));
	struct wg *wg = job_alloc(nodes->job, sizeof(*wg));

	genl_init(genl, nodes->job, -1);
	device->wg = wg;
	return wg_init(wg, genl, device->common.name);
}

/* Reads a device that was found, and of its peers those that are ours: all of our own
 * interface, and of another's those that are noted, or among wanted. */
static int read_device(struct nodes *nodes, struct device *device,
		       const struct list *wanted, struct wg_device *have)
{
	const struct wg_peer *peer;
	struct list noted, exempt = { 0 };

	if (open_wg(nodes, device) < 0 || wg_get(device->wg, have) < 0)
		return -1;
	memcpy(device->key, have->private_key, KEY_LEN);
	device->port = have->port;
	list_noted(nodes, device->common.name, &noted);
	if (device->common.another)
		nodes_file_exempt(nodes->job, &nodes->new, &exempt);
	peer = have->peers.items;
	for (size_t i = 0; i < have->peers.count; i++, peer++) {
		if (!device->common.another || find_peer(wanted, peer->key) ||
		    find_peer(&noted, peer->key))
			list_copy(nodes->job, &device->peers, peer,
				  sizeof(*peer));
		else if (wanted->count &&
			 check_another(nodes, device->common.name, peer,
				       &exempt) < 0)
			return -1;
	}
	sort(&device->peers);
	return 0;
}

/* ---- what is wanted ---- */

/* Adds the peer that a node is; it is reached by IPv4 if both have that. NULL, or what
 * is wrong with it. */
static const char *want_peer(struct nodes *nodes, const struct node *node,
			     struct device *device)
{
	struct wg_peer *peer =
		list_add(nodes->job, &device->peers, sizeof(*peer));

	peer->port = device->port;
	if (!node->key || !key_parse(node->key, peer->key))
		return "wg= and its public key is expected";
	for (int p = NODE_PLACES - 1; p >= 0; p--) {
		const struct prefix *prefix = &node->at[p];

		if (!prefix->ip.family)
			continue;
		list_copy(nodes->job, &peer->allowed, prefix, sizeof(*prefix));
		if (p >= NODE_IP && nodes->self->node.at[p].ip.family)
			peer->endpoint = prefix->ip;
	}
	if (peer->endpoint.family == AF_INET6)
		device->common.mtu = nodes->uplink.mtu - OVERHEAD_V6;
	return peer->endpoint.family ? NULL
				     : "no address of a family of this node's";
}

static int want_peers(struct nodes *nodes, struct device *out)
{
	const struct nodes_entry *entry = nodes->entries.items;
	const struct wg_peer *peer;
	const char *wrong;
	char key[KEY_TEXT];

	for (size_t i = 0; i < nodes->entries.count; i++, entry++) {
		wrong = entry == nodes->self
				? NULL
				: want_peer(nodes, &entry->node, out);
		if (wrong)
			return nodes_refuse(nodes, entry, "%s", wrong);
	}
	sort(&out->peers);
	peer = out->peers.items;
	for (size_t i = 1; i < out->peers.count; i++, peer++) {
		if (compare_keys(&peer[0], &peer[1]) == 0)
			return fail(nodes->job, CNI_BAD_CONFIG,
				    "%s: two nodes have wg=%s", nodes->path,
				    key_print(peer->key, key));
	}
	return 0;
}

/* Reads the private key, unless the interface has one and nobody gave a file. The list
 * has to have the public one, and for this node alone. */
static int choose_key(struct nodes *nodes, const struct wg_device *have,
		      struct device *out)
{
	const char *given = nodes->options.private_key;
	const char *listed = nodes->self->node.key;
	bool found = given || !have->has_key; /* or it is an error */
	uint8_t public_key[KEY_LEN];
	struct job *job = nodes->job;
	char text[KEY_TEXT];

	memcpy(out->key, have->private_key, KEY_LEN);
	memcpy(public_key, have->public_key, KEY_LEN);
	if ((found || !out->common.another) &&
	    keyfile_read(job, given ? given : keyfile_path, out->key,
			 found ? NULL : &found) < 0)
		return -1;
	if (compare_keys(out->key, have->private_key) != 0 &&
	    wg_public_key(job, out->key, public_key) < 0)
		return -1;
	key_print(public_key, text);
	if (!listed || strcmp(listed, text) != 0)
		return nodes_refuse(nodes, nodes->self,
				    "wg=%s, but this node's public key is %s",
				    listed ? listed : "", text);
	if (find_peer(&out->peers, public_key))
		return fail(job, CNI_BAD_CONFIG, "%s: two nodes have wg=%s",
			    nodes->path, text);
	return 0;
}

/* ---- the plan ---- */

/* What is on another's interface is found by the notes of the last apply. */
static void note_peers(struct nodes *nodes, const struct device *device)
{
	const struct wg_peer *peer = device->peers.items;
	struct nodes_peer *noted;
	char key[KEY_TEXT];

	for (size_t i = 0; i < device->peers.count; i++, peer++) {
		noted = list_add(nodes->job, &nodes->new.peers, sizeof(*noted));
		noted->link = device->common.name;
		noted->key =
			job_printf(nodes->job, "%s", key_print(peer->key, key));
	}
}

/* Plans the removal of the peers that are noted on this interface, or of our own; that
 * at once if another one may need its port. */
static int plan_removal(struct nodes *nodes, const char *name, bool at_once)
{
	struct device *now = job_alloc(nodes->job, sizeof(*now));
	struct device *wanted = job_alloc(nodes->job, sizeof(*wanted));
	struct wg_device have;

	if (!find_device(nodes, name, now))
		return 0;
	if (read_device(nodes, now, &wanted->peers, &have) < 0)
		return -1;
	now->other = wanted;
	if (!now->common.another) {
		if (at_once)
			nodes->cleared = now->common.link;
		nodes_add_change(
			nodes, at_once ? NODES_CLEAR_DEVICE : NODES_DROP_DEVICE,
			&device_kind, now, NULL);
		return 0;
	}
	*wanted = *now;
	wanted->peers = (struct list) { 0 };
	wanted->other = now;
	nodes_add_changes(nodes, &peer_kind, &now->peers, &wanted->peers);
	nodes_add_change(nodes, NODES_DROP_DEVICE, &peers_kind, now, wanted);
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
	return strcmp(name, own_name) == 0
		       ? 0
		       : plan_removal(nodes, own_name, *name);
}

static bool is_same(const struct device *now, const struct device *wanted)
{
	return now->common.up && now->port == wanted->port &&
	       now->common.mtu == wanted->common.mtu &&
	       compare_keys(now->key, wanted->key) == 0;
}

static void plan_changes(struct nodes *nodes, struct device *now,
			 struct device *wanted)
{
	const struct link *link = now->common.link;

	nodes_use_device(nodes, &wanted->common, link);
	nodes_add_changes(nodes, &peer_kind, &now->peers, &wanted->peers);
	if (!link || !is_same(now, wanted))
		nodes_add_change(nodes, NODES_DEVICE, &device_kind,
				 link ? now : NULL, wanted);
	else if (nodes->steps[NODES_PEERS].count)
		nodes_add_change(nodes, NODES_DEVICE, &peers_kind, now, wanted);
}

/* Another's interface keeps its MTU and, if it has one, its port. */
static int plan(struct nodes *nodes)
{
	const struct nodes_options *options = &nodes->options;
	const char *name = options->interface ? options->interface : own_name;
	struct device *now = job_alloc(nodes->job, sizeof(*now));
	struct device *wanted = job_alloc(nodes->job, sizeof(*wanted));
	struct wg_device have = { 0 };
	bool found = find_device(nodes, name, now);

	if (!found && (now->common.link || now->common.another))
		return fail(nodes->job, CNI_BAD_CONFIG,
			    "%s is no interface of WireGuard%s", name,
			    now->common.another ? "" : " that cnibox made");
	*wanted = *now;
	wanted->common.link = &nodes->device;
	wanted->common.mtu = nodes->uplink.mtu - OVERHEAD_V4;
	wanted->common.up = true;
	wanted->port = (uint16_t)(options->port ? options->port : PORT);
	wanted->other = now;
	if (want_peers(nodes, wanted) < 0 ||
	    (found ? read_device(nodes, now, &wanted->peers, &have)
		   : open_wg(nodes, now)) < 0 ||
	    choose_key(nodes, &have, wanted) < 0)
		return -1;
	if (now->common.another) {
		if (now->port && now->port != wanted->port)
			return fail(
				nodes->job, CNI_BAD_CONFIG,
				"%s has port %d, and not the nodes' %d: see --port",
				name, now->port, wanted->port);
		wanted->common.mtu = now->common.mtu;
		note_peers(nodes, wanted);
	}
	now->other = wanted;
	wanted->wg = now->wg;
	plan_changes(nodes, now, wanted);
	return plan_others(nodes, name);
}

static int plan_none(struct nodes *nodes)
{
	return plan_others(nodes, "");
}

const struct nodes_backend nodes_wireguard = { .plan = plan,
					       .plan_none = plan_none };
