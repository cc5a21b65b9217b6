/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self - which entry is this node, which overlap, and which a link leads to */
#include "nodes.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/sort.h"
#include "core/kernel/addr.h"

/* A pod CIDR, or an address as a prefix. All of them are sorted, so that what lies
 * within another comes after it. */
struct place {
	const struct prefix *prefix;
	struct nodes_entry *entry;
};

static int compare_prefixes(const void *a, const void *b)
{
	const struct place *one = a, *two = b;

	return prefix_compare(one->prefix, two->prefix);
}

static int compare(const void *a, const void *b)
{
	const struct place *one = a, *two = b;
	int order = compare_prefixes(a, b);

	return order ? order : one->entry < two->entry ? -1 : 1;
}

static bool is_address(const struct place *place)
{
	return place->prefix - place->entry->node.at >= NODE_IP;
}

/* *places are those of all entries, of struct place, sorted. */
static int read_places(struct nodes *nodes, struct list *places)
{
	struct nodes_entry *entry = nodes->entries.items;

	for (size_t i = 0; i < nodes->entries.count; i++, entry++) {
		const struct node *node = &entry->node;

		if (!node_ip(node, NODE_V4)->family &&
		    !node_ip(node, NODE_V6)->family)
			return nodes_refuse(
				nodes, entry,
				"an address of the node is expected");
		for (int p = 0; p < NODE_PLACES; p++) {
			struct place place = { &node->at[p], entry };

			if (node->at[p].ip.family)
				list_copy(nodes->job, places, &place,
					  sizeof(place));
		}
	}
	sort_items(places->items, places->count, sizeof(struct place), compare);
	return 0;
}

static const char *place_text(struct job *job, const struct place *place)
{
	char text[PREFIX_TEXT];

	return is_address(place)
		       ? job_printf(job, "address %s",
				    ip_print(&place->prefix->ip, text))
		       : job_printf(job, "pod CIDR %s",
				    prefix_print(place->prefix, text));
}

/* Any two that overlap have two neighbours between them that do. */
static int refuse_overlaps(struct nodes *nodes, const struct list *places)
{
	const struct place *place = places->items;
	struct job *job = nodes->job;

	for (size_t i = 1; i < places->count; i++) {
		const struct place *a = &place[i - 1], *b = &place[i];

		if (!prefix_overlaps(a->prefix, b->prefix))
			continue;
		return nodes_refuse(nodes, b->entry, "%s is %s the %s of %s",
				    place_text(job, b),
				    compare_prefixes(a, b) ? "within" : "also",
				    place_text(job, a),
				    nodes_where(nodes, a->entry));
	}
	return 0;
}

/* The entry that has this address, or NULL. */
static struct nodes_entry *find_entry(const struct list *places,
				      const struct ip *ip)
{
	struct prefix wanted = { *ip, ip_bits(ip->family) };
	struct place key = { &wanted };
	struct place *found = sort_find(places->items, places->count,
					sizeof(key), compare_prefixes, &key);

	return found && is_address(found) ? found->entry : NULL;
}

static bool is_general(const struct ip *ip)
{
	return !ip_is_loopback(ip) && !ip_is_link_local(ip);
}

static int fail_alone(struct nodes *nodes, const struct list *addrs)
{
	struct str text = { .job = nodes->job };
	const struct addr *addr = addrs->items;
	char ip[IP_TEXT];

	for (size_t i = 0; i < addrs->count; i++) {
		if (is_general(&addr[i].prefix.ip))
			str_printf(&text, "%s%s", text.len ? ", " : "",
				   ip_print(&addr[i].prefix.ip, ip));
	}
	return fail(nodes->job, CNI_INTERNAL,
		    "%s: no entry is this node, whose addresses are: %s",
		    nodes->path, text.len ? text.text : "none");
}

static int find_own_entry(struct nodes *nodes, const struct list *places,
			  const struct list *addrs)
{
	const struct addr *addr = addrs->items;
	char text[IP_TEXT];

	for (size_t i = 0; i < addrs->count; i++) {
		const struct ip *ip = &addr[i].prefix.ip;
		struct nodes_entry *entry = find_entry(places, ip);

		if (entry && nodes->self && nodes->self != entry)
			return fail(
				nodes->job, CNI_INTERNAL,
				"%s and %s are both this node, which has %s",
				nodes_where(nodes, nodes->self),
				nodes_where(nodes, entry), ip_print(ip, text));
		if (entry)
			nodes->self = entry;
	}
	return nodes->self ? 0 : fail_alone(nodes, addrs);
}

struct link *nodes_link(const struct nodes *nodes, int index)
{
	struct link *link = nodes->links.items;

	for (size_t i = 0; i < nodes->links.count; i++) {
		if (link[i].index == index)
			return &link[i];
	}
	return NULL;
}

struct link *nodes_link_named(const struct nodes *nodes, const char *name)
{
	struct link *link = nodes->links.items;

	for (size_t i = 0; i < nodes->links.count; i++) {
		if (strcmp(link[i].name, name) == 0)
			return &link[i];
	}
	return NULL;
}

/* Notes the subnet of an address, unless nobody else is in it, or it is an
 * overlay's. */
static void note_subnet(struct nodes *nodes, const struct addr *addr)
{
	const struct ip *ip = &addr->prefix.ip;
	const struct link *link = nodes_link(nodes, addr->index);
	struct nodes_subnet *subnet;
	bool own = !ip_compare(
		ip, node_ip(&nodes->self->node, node_place(ip->family)));

	if (!link)
		return;
	if (own && (!nodes->uplink.index || ip->family == AF_INET))
		nodes->uplink = *link;
	if (!is_general(ip) || addr->prefix.len == ip_bits(ip->family) ||
	    strcmp(link->kind, "vxlan") == 0 ||
	    strcmp(link->kind, "wireguard") == 0)
		return;
	subnet = list_add(nodes->job, &nodes->subnets, sizeof(*subnet));
	*subnet = (struct nodes_subnet) { addr->prefix, link, own };
}

/* The link on which ip is reached without a gateway, or NULL: that with the smallest
 * subnet, and of equal ones that with our own address. */
static const struct link *direct_link(const struct nodes *nodes,
				      const struct ip *ip)
{
	const struct nodes_subnet *subnet = nodes->subnets.items, *best = NULL;

	for (size_t i = 0; i < nodes->subnets.count; i++, subnet++) {
		if (!prefix_contains(&subnet->prefix, ip))
			continue;
		if (!best || subnet->prefix.len > best->prefix.len ||
		    (subnet->own && subnet->prefix.len == best->prefix.len))
			best = subnet;
	}
	return best ? best->link : NULL;
}

/* Says how entry is reached: directly where a link leads to it, unless an overlay is
 * for all nodes. */
static int choose_way(struct nodes *nodes, struct nodes_entry *entry)
{
	enum nodes_choice choice = nodes->options.backend;
	const struct node *node = &entry->node;

	for (int p = NODE_PLACES - 1; p >= 0; p--) {
		int f = p % NODE_FAMILIES;

		if (p >= NODE_IP && choice <= NODES_ROUTE)
			entry->direct[f] = direct_link(nodes, &node->at[p].ip);
		entry->overlay[p] = node->at[p].ip.family && !entry->direct[f];
		if (p >= NODE_IP)
			entry->overlay[p] &= choice != NODES_ROUTE &&
					     nodes->self->node.at[f].ip.family;
		else if (entry->overlay[p] && choice == NODES_ROUTE)
			return nodes_refuse(nodes, entry,
					    "no link leads to this node");
		nodes->overlay[p] |= entry->overlay[p];
		nodes->needs_overlay |= entry->overlay[p];
	}
	return 0;
}

int nodes_find_self(struct nodes *nodes)
{
	struct nodes_entry *entry = nodes->entries.items;
	struct list places = { 0 }, addrs;
	const struct nodes_subnet *subnet;
	const struct addr *addr;

	if (read_places(nodes, &places) < 0 ||
	    refuse_overlaps(nodes, &places) < 0 ||
	    addr_list(nodes->nl, NULL, 0, &addrs) < 0 ||
	    find_own_entry(nodes, &places, &addrs) < 0)
		return -1;
	addr = addrs.items;
	for (size_t i = 0; i < addrs.count; i++)
		note_subnet(nodes, &addr[i]);
	/* With its address on lo, a node is reached by its other links. */
	subnet = nodes->subnets.items;
	if (subnet && nodes->uplink.flags & IFF_LOOPBACK)
		nodes->uplink = *subnet->link;
	for (size_t i = 0; i < nodes->entries.count; i++, entry++) {
		if (entry != nodes->self && choose_way(nodes, entry) < 0)
			return -1;
	}
	return 0;
}
