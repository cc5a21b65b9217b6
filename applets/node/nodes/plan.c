/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan - what the entries want of routes and rules, against what the kernel has */
#include "nodes.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/sort.h"

static int set_route(struct nodes *nodes, enum nl_verb verb, const void *thing)
{
	const struct nodes_route *route = thing;

	return fib_route_set(nodes->nl, verb, &route->route, route->link);
}

static const char *text_route(struct nodes *nodes, const void *thing)
{
	const struct nodes_route *route = thing;

	return fib_route_text(nodes->job, &route->route, route->link);
}

static int compare(const void *a, const void *b)
{
	const struct fib_route *one = &((const struct nodes_route *)a)->route;
	const struct fib_route *two = &((const struct nodes_route *)b)->route;

	if (one->table != two->table)
		return one->table < two->table ? -1 : 1;
	if (one->priority != two->priority)
		return one->priority < two->priority ? -1 : 1;
	if (one->tos != two->tos)
		return one->tos - two->tos;
	return prefix_compare(&one->dst, &two->dst);
}

static bool is_same(const void *now, void *wanted)
{
	const struct nodes_route *a = now;
	struct nodes_route *b = wanted;

	b->there = !a->route.odd && a->link->index == b->link->index &&
		   ip_compare(&a->route.gw, &b->route.gw) == 0 &&
		   ip_compare(&a->route.src, &b->route.src) == 0 &&
		   a->route.onlink == b->route.onlink;
	return b->there;
}

static const struct nodes_kind route_kind = {
	.set = set_route,
	.text = text_route,
	.compare = compare,
	.same = is_same,
	.size = sizeof(struct nodes_route),
	.put_phase = NODES_ROUTES,
	.del_phase = NODES_DROP_ROUTES,
};

static uint32_t priority_of(int family)
{
	return family == AF_INET6 ? FIB_PRIORITY_V6 : 0;
}

static void want_route(struct nodes *nodes, struct list *routes,
		       const struct nodes_entry *entry, int place)
{
	const struct prefix *dst = &entry->node.at[place];
	int f = place % NODE_FAMILIES;
	bool overlay = entry->overlay[place];
	struct nodes_route *want = list_add(nodes->job, routes, sizeof(*want));

	*want = (struct nodes_route) {
		.route = { .dst = *dst,
			   .gw = overlay ? entry->gateway[f]
					 : *node_ip(&entry->node, f),
			   .src = *node_ip(&nodes->self->node, f),
			   .table = place < NODE_IP ? FIB_MAIN : NODES_TABLE,
			   .priority = priority_of(dst->ip.family),
			   .protocol = NODES_PROTOCOL },
		.link = overlay ? &nodes->device : entry->direct[f],
		.entry = entry,
	};
	want->route.onlink = overlay && want->route.gw.family;
}

/* The routes of all entries, sorted: to their pods, and to addresses that pods reach
 * by the overlay. */
static void want_routes(struct nodes *nodes, struct list *routes)
{
	const struct nodes_entry *entry = nodes->entries.items;

	for (size_t i = 0; i < nodes->entries.count; i++, entry++) {
		for (int p = 0; p < NODE_PLACES && entry != nodes->self; p++) {
			if (p < NODE_IP ? entry->node.at[p].ip.family
					: entry->overlay[p])
				want_route(nodes, routes, entry, p);
		}
	}
	sort_items(routes->items, routes->count, sizeof(struct nodes_route),
		   compare);
}

/* Nobody's route is replaced or shadowed but ours. */
static int refuse_conflict(struct nodes *nodes, const struct fib_route *route,
			   const struct link *link, const struct list *wanted)
{
	struct nodes_route key = { .route = *route }, *want = NULL;

	key.route.priority = priority_of(route->dst.ip.family);
	key.route.tos = 0;
	if (route->table == FIB_MAIN)
		want = sort_find(wanted->items, wanted->count, sizeof(key),
				 compare, &key);
	return want ? nodes_refuse(nodes, want->entry,
				   "there is another's %s, of protocol %d",
				   fib_route_text(nodes->job, route, link),
				   route->protocol)
		    : 0;
}

/* Adds those of existing that are ours to now; to cleared, if their link is about to
 * go, or what is wanted could not replace them. */
static int sort_out(struct nodes *nodes, const struct list *existing,
		    const struct list *wanted, struct list *now,
		    struct list *cleared)
{
	const struct fib_route *route = existing->items;

	for (size_t i = 0; i < existing->count; i++, route++) {
		const struct link *link = nodes_link(nodes, route->link);
		struct nodes_route *item;

		if (route->protocol != NODES_PROTOCOL) {
			if (refuse_conflict(nodes, route, link, wanted) < 0)
				return -1;
			continue;
		}
		if (!link && !route->odd)
			continue; /* it has gone since, and so has the route */
		item = list_add(nodes->job,
				!link || link == nodes->cleared ? cleared : now,
				sizeof(*item));
		item->route = *route;
		item->link = link;
	}
	return 0;
}

/* Of two that differ in their ways only, the kernel replaces the one it likes. */
static void clear_doubles(struct nodes *nodes, struct list *now,
			  struct list *cleared)
{
	struct nodes_route *route = now->items;
	size_t count = 0;

	sort_items(route, now->count, sizeof(*route), compare);
	for (size_t i = 0; i < now->count; i++) {
		if (count && compare(&route[count - 1], &route[i]) == 0)
			list_copy(nodes->job, cleared, &route[i],
				  sizeof(*route));
		else
			route[count++] = route[i];
	}
	now->count = count;
}

static int plan_routes(struct nodes *nodes, struct list *wanted)
{
	struct list existing = { 0 }, now = { 0 }, cleared = { 0 };
	const struct nodes_route *route;

	want_routes(nodes, wanted);
	if (fib_route_list(nodes->nl, AF_INET, &existing) < 0 ||
	    fib_route_list(nodes->nl, AF_INET6, &existing) < 0 ||
	    sort_out(nodes, &existing, wanted, &now, &cleared) < 0)
		return -1;
	clear_doubles(nodes, &now, &cleared);
	nodes_add_changes(nodes, &route_kind, &now, wanted);
	route = cleared.items;
	for (size_t i = 0; i < cleared.count; i++)
		nodes_add_change(nodes, NODES_CLEAR_ROUTES, &route_kind,
				 &route[i], NULL);
	return 0;
}

static int set_rule(struct nodes *nodes, enum nl_verb verb, const void *rule)
{
	return fib_rule_set(nodes->nl, verb, rule);
}

static const char *text_rule(struct nodes *nodes, const void *rule)
{
	return fib_rule_text(nodes->job, rule);
}

static int compare_rules(const void *a, const void *b)
{
	const struct fib_rule *one = a, *two = b;
	int order = prefix_compare(&one->src, &two->src);

	if (order)
		return order;
	return one->table != two->table ? (int)(one->table - two->table)
					: (int)(one->priority - two->priority);
}

static const struct nodes_kind rule_kind = {
	.set = set_rule,
	.text = text_rule,
	.compare = compare_rules,
	.size = sizeof(struct fib_rule),
	.put_phase = NODES_ROUTES,
	.del_phase = NODES_DROP_ROUTES,
};

/* Pods reach addresses of nodes by the overlay as well if any are far. */
static int plan_rules(struct nodes *nodes)
{
	struct list now = { 0 }, wanted = { 0 };
	struct fib_rule *rule;

	for (int f = 0; f < NODE_FAMILIES; f++) {
		if (fib_rule_list(nodes->nl, node_family(f), NODES_PROTOCOL,
				  &now) < 0)
			return -1;
		if (!nodes->overlay[NODE_IP + f])
			continue;
		rule = list_add(nodes->job, &wanted, sizeof(*rule));
		*rule = (struct fib_rule) { nodes->self->node.at[f],
					    NODES_TABLE, NODES_RULE_PRIORITY,
					    NODES_PROTOCOL };
	}
	nodes_add_changes(nodes, &rule_kind, &now, &wanted);
	return 0;
}

int nodes_plan(struct nodes *nodes, struct list *routes)
{
	return plan_routes(nodes, routes) < 0 ? -1 : plan_rules(nodes);
}
