/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan - what the entries want of routes and rules, against what the kernel has */
#include "nodes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/sort.h"

static int put_route(struct nodes *nodes, const void *thing, bool replace)
{
	const struct nodes_route *route = thing;

	return fib_route_add(&nodes->c->host, &route->route, route->link,
			     replace);
}

static int del_route(struct nodes *nodes, const void *thing)
{
	const struct nodes_route *route = thing;

	return fib_route_del(&nodes->c->host, &route->route, route->link);
}

static const char *text_route(struct nodes *nodes, const void *thing)
{
	const struct nodes_route *route = thing;

	return job_printf(nodes->c->job, "route %s",
			  fib_route_text(nodes->c->job, &route->route,
					 route->link->name));
}

static int compare(const void *a, const void *b)
{
	const struct fib_route *one = &((const struct nodes_route *)a)->route;
	const struct fib_route *two = &((const struct nodes_route *)b)->route;

	if (one->table != two->table)
		return one->table < two->table ? -1 : 1;
	if (one->priority != two->priority)
		return one->priority < two->priority ? -1 : 1;
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
	.put = put_route,
	.del = del_route,
	.text = text_route,
	.compare = compare,
	.same = is_same,
	.size = sizeof(struct nodes_route),
	.put_phase = NODES_ROUTES,
	.del_phase = NODES_DROP_ROUTES,
};

static void sort(struct list *routes)
{
	sort_items(routes->items, routes->count, sizeof(struct nodes_route),
		   compare);
}

static uint32_t priority_of(int family)
{
	return family == AF_INET6 ? FIB_PRIORITY_V6 : 0;
}

static void want_route(struct nodes *nodes, struct list *routes,
		       const struct nodes_entry *entry, int place,
		       const struct prefix *dst, uint32_t table)
{
	struct nodes_route *want =
		list_add(nodes->c->job, routes, sizeof(*want));
	bool overlay = table != FIB_MAIN || entry->overlay[place];

	*want = (struct nodes_route) {
		.route = { .dst = *dst,
			   .gw = overlay ? entry->gateway[place]
					 : entry->node.ip[place],
			   .src = nodes->self->node.ip[place],
			   .table = table,
			   .priority = priority_of(dst->ip.family),
			   .protocol = NODES_PROTOCOL },
		.link = overlay ? &nodes->device
				: nodes_direct_link(nodes, entry, place),
		.entry = entry,
	};
	want->route.onlink = overlay && want->route.gw.family;
}

/* The routes of all entries, sorted. */
static void want_routes(struct nodes *nodes, struct list *routes)
{
	const struct nodes_entry *entry = nodes->entries.items;

	for (size_t i = 0; i < nodes->entries.count; i++, entry++) {
		for (int f = 0; f < NODE_FAMILIES && entry != nodes->self;
		     f++) {
			const struct node *node = &entry->node;
			struct prefix ip = { node->ip[f],
					     ip_bits(node->ip[f].family) };

			if (node->cidr[f].ip.family)
				want_route(nodes, routes, entry, f,
					   &node->cidr[f], FIB_MAIN);
			if (entry->far[f])
				want_route(nodes, routes, entry, f, &ip,
					   NODES_TABLE);
		}
	}
	sort(routes);
}

/* Nobody's route is replaced or shadowed but ours. */
static int refuse_conflict(struct nodes *nodes, const struct fib_route *route,
			   const struct list *wanted)
{
	struct nodes_route key = { .route = *route }, *want = NULL;
	const struct link *link = nodes_link(nodes, route->link);
	struct job *job = nodes->c->job;

	key.route.priority = priority_of(route->dst.ip.family);
	if (wanted->count && route->table == FIB_MAIN)
		want = bsearch(&key, wanted->items, wanted->count, sizeof(key),
			       compare);
	return want ? fail(job, CNI_INTERNAL,
			   "%s: there is another's route %s, of protocol %d",
			   nodes_where(nodes, want->entry),
			   fib_route_text(job, route,
					  link ? link->name : "several"),
			   route->protocol)
		    : 0;
}

/* Adds those of existing that are ours to now; to cleared, if their link is about to
 * go. */
static int sort_out(struct nodes *nodes, const struct list *existing,
		    const struct list *wanted, struct list *now,
		    struct list *cleared)
{
	const struct fib_route *route = existing->items;

	for (size_t i = 0; i < existing->count; i++, route++) {
		const struct link *link = nodes_link(nodes, route->link);
		struct nodes_route *item;

		if (route->protocol != NODES_PROTOCOL) {
			if (refuse_conflict(nodes, route, wanted) < 0)
				return -1;
			continue;
		}
		if (!link)
			continue; /* it has gone since, and so has the route */
		item = list_add(nodes->c->job,
				link == nodes->cleared ? cleared : now,
				sizeof(*item));
		item->route = *route;
		item->link = link;
	}
	return 0;
}

static int plan_routes(struct nodes *nodes, struct list *wanted)
{
	struct list existing = { 0 }, now = { 0 }, cleared = { 0 };
	const struct nodes_route *route;

	want_routes(nodes, wanted);
	if (fib_route_list(&nodes->c->host, AF_INET, &existing) < 0 ||
	    fib_route_list(&nodes->c->host, AF_INET6, &existing) < 0 ||
	    sort_out(nodes, &existing, wanted, &now, &cleared) < 0)
		return -1;
	sort(&now);
	nodes_add_changes(nodes, &route_kind, &now, wanted);
	route = cleared.items;
	for (size_t i = 0; i < cleared.count; i++)
		nodes_add_change(nodes, NODES_CLEAR_ROUTES, &route_kind,
				 &route[i], NULL);
	return 0;
}

static int put_rule(struct nodes *nodes, const void *rule, bool replace)
{
	(void)replace;
	return fib_rule_add(&nodes->c->host, rule);
}

static int del_rule(struct nodes *nodes, const void *rule)
{
	return fib_rule_del(&nodes->c->host, rule);
}

static const char *text_rule(struct nodes *nodes, const void *rule)
{
	return job_printf(nodes->c->job, "rule %s",
			  fib_rule_text(nodes->c->job, rule));
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
	.put = put_rule,
	.del = del_rule,
	.text = text_rule,
	.compare = compare_rules,
	.size = sizeof(struct fib_rule),
	.put_phase = NODES_ROUTES,
	.del_phase = NODES_DROP_ROUTES,
};

/* Pods reach addresses of nodes by the overlay as well if any are far. */
static bool needs_rule(const struct nodes *nodes, int place)
{
	const struct nodes_entry *entry = nodes->entries.items;

	for (size_t i = 0; i < nodes->entries.count; i++) {
		if (entry[i].far[place])
			return true;
	}
	return false;
}

static int plan_rule(struct nodes *nodes, int place)
{
	struct list now = { 0 }, wanted = { 0 };
	struct fib_rule *rule;

	if (needs_rule(nodes, place)) {
		rule = list_add(nodes->c->job, &wanted, sizeof(*rule));
		*rule = (struct fib_rule) { nodes->self->node.cidr[place],
					    NODES_TABLE, NODES_RULE_PRIORITY,
					    NODES_PROTOCOL };
	}
	if (fib_rule_list(&nodes->c->host, node_family(place), NODES_PROTOCOL,
			  &now) < 0)
		return -1;
	sort_items(now.items, now.count, sizeof(*rule), compare_rules);
	nodes_add_changes(nodes, &rule_kind, &now, &wanted);
	return 0;
}

int nodes_plan(struct nodes *nodes, struct list *routes)
{
	return plan_routes(nodes, routes) < 0 ||
			       plan_rule(nodes, NODE_V4) < 0 ||
			       plan_rule(nodes, NODE_V6) < 0
		       ? -1
		       : 0;
}
