/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan - what the entries want of routes and rules, against what the kernel has */
#include "nodes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/sort.h"

void nodes_add_step(struct nodes *nodes, enum nodes_phase phase,
		    const struct nodes_step *step, const char *text)
{
	struct nodes_step *added =
		list_add(nodes->c->job, &nodes->steps[phase], sizeof(*added));

	*added = *step;
	added->nodes = nodes;
	added->text = text;
}

/* A route that a step makes or deletes. */
struct change {
	struct fib_route route;
	const struct link *link;
	const struct change *before; /* what it replaces, or NULL */
};

static int make_route(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	return fib_route_add(&nodes->c->host, &change->route, change->link,
			     change->before);
}

static int unmake_route(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	return fib_route_del(&nodes->c->host, &change->route, change->link);
}

static void restore_route(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	fib_route_add(&nodes->c->host, &change->route, change->link, true);
}

static void undo_route(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	if (change->before)
		restore_route(nodes, (void *)change->before);
	else
		unmake_route(nodes, arg);
}

static struct change *new_change(struct nodes *nodes,
				 const struct fib_route *route,
				 const struct link *link)
{
	struct change *change = job_alloc(nodes->c->job, sizeof(*change));

	*change = (struct change) { .route = *route, .link = link };
	return change;
}

static const char *route_words(struct nodes *nodes, const char *verb,
			       const struct change *change)
{
	struct job *job = nodes->c->job;

	return job_printf(
		job, "%s route %s", verb,
		fib_route_text(job, &change->route, change->link->name));
}

/* Plans a route that is wanted; before is what there is in its place, or NULL. */
static void plan_route(struct nodes *nodes, const struct nodes_route *want,
		       const struct change *before)
{
	struct change *change = new_change(nodes, &want->route, want->link);

	change->before = before;
	nodes_add_step(nodes, NODES_ROUTES,
		       &(struct nodes_step) { .make = make_route,
					      .undo = undo_route,
					      .arg = change },
		       route_words(nodes, before ? "replace" : "add", change));
}

static void plan_no_route(struct nodes *nodes, const struct change *change)
{
	nodes_add_step(nodes,
		       change->link == nodes->cleared ? NODES_CLEAR_ROUTES
						      : NODES_DROP_ROUTES,
		       &(struct nodes_step) { .make = unmake_route,
					      .undo = restore_route,
					      .arg = (void *)change },
		       route_words(nodes, "delete", change));
}

static int compare(const void *a, const void *b)
{
	const struct fib_route *one = &((const struct nodes_route *)a)->route;
	const struct fib_route *two = &((const struct nodes_route *)b)->route;

	if (one->table != two->table)
		return one->table < two->table ? -1 : 1;
	return prefix_compare(&one->dst, &two->dst);
}

static void want_route(struct nodes *nodes, struct list *routes,
		       const struct nodes_entry *entry, int place,
		       const struct prefix *dst, uint32_t table)
{
	int family = dst->ip.family;
	struct nodes_route *want =
		list_add(nodes->c->job, routes, sizeof(*want));
	bool overlay = table != FIB_MAIN || entry->overlay[place];

	*want = (struct nodes_route) {
		.route = { .dst = *dst,
			   .gw = overlay ? entry->gateway[place]
					 : entry->node.ip[place],
			   .src = nodes->self->node.ip[place],
			   .table = table,
			   .priority = family == AF_INET6 ? FIB_PRIORITY_V6 : 0,
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
	sort_items(routes->items, routes->count, sizeof(struct nodes_route),
		   compare);
}

static struct nodes_route *find_want(const struct list *routes,
				     const struct fib_route *route)
{
	struct nodes_route key = { .route = *route };

	return routes->count ? bsearch(&key, routes->items, routes->count,
				       sizeof(key), compare)
			     : NULL;
}

static bool is_as_wanted(const struct fib_route *route,
			 const struct nodes_route *want)
{
	const struct fib_route *wanted = &want->route;

	return !route->odd && route->link == want->link->index &&
	       ip_compare(&route->gw, &wanted->gw) == 0 &&
	       ip_compare(&route->src, &wanted->src) == 0 &&
	       route->onlink == wanted->onlink;
}

/* Nobody's route is replaced or shadowed but ours. */
static int refuse_conflict(struct nodes *nodes, const struct fib_route *route,
			   const struct nodes_route *want)
{
	const struct link *link = nodes_link(nodes, route->link);
	struct job *job = nodes->c->job;

	return fail(job, CNI_INTERNAL,
		    "%s: there is another's route %s, of protocol %d",
		    nodes_where(nodes, want->entry),
		    fib_route_text(job, route, link ? link->name : "several"),
		    route->protocol);
}

/* Compares a route that is there with what is wanted. */
static int plan_existing(struct nodes *nodes, const struct fib_route *route,
			 const struct list *routes)
{
	struct nodes_route *want = find_want(routes, route);
	bool ours = route->protocol == NODES_PROTOCOL;
	const struct link *link;
	struct change *change;

	if (!ours)
		return want && route->table == FIB_MAIN
			       ? refuse_conflict(nodes, route, want)
			       : 0;
	link = nodes_link(nodes, route->link);
	if (!link)
		return 0; /* its link has gone since, and so has the route */
	change = new_change(nodes, route, link);
	if (!want || want->there || route->priority != want->route.priority ||
	    link == nodes->cleared) {
		plan_no_route(nodes, change);
		return 0;
	}
	want->there = is_as_wanted(route, want);
	if (!want->there)
		plan_route(nodes, want, change);
	want->planned = true;
	return 0;
}

static int plan_routes(struct nodes *nodes, struct list *routes)
{
	const struct fib_route *route;
	struct nodes_route *want;
	struct list existing = { 0 };
	struct nl *nl = &nodes->c->host;

	want_routes(nodes, routes);
	if (fib_route_list(nl, AF_INET, &existing) < 0 ||
	    fib_route_list(nl, AF_INET6, &existing) < 0)
		return -1;
	route = existing.items;
	for (size_t i = 0; i < existing.count; i++) {
		if (plan_existing(nodes, &route[i], routes) < 0)
			return -1;
	}
	want = routes->items;
	for (size_t i = 0; i < routes->count; i++) {
		if (!want[i].planned)
			plan_route(nodes, &want[i], NULL);
	}
	return 0;
}

static int make_rule(struct nodes *nodes, void *rule)
{
	return fib_rule_add(&nodes->c->host, rule);
}

static int unmake_rule(struct nodes *nodes, void *rule)
{
	return fib_rule_del(&nodes->c->host, rule);
}

static void undo_rule(struct nodes *nodes, void *rule)
{
	unmake_rule(nodes, rule);
}

static void restore_rule(struct nodes *nodes, void *rule)
{
	make_rule(nodes, rule);
}

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
	struct fib_rule wanted = { .table = NODES_TABLE,
				   .priority = NODES_RULE_PRIORITY,
				   .protocol = NODES_PROTOCOL };
	bool missing = needs_rule(nodes, place);
	struct nodes_step step = { .make = unmake_rule, .undo = restore_rule };
	struct job *job = nodes->c->job;
	struct list rules = { 0 };
	struct fib_rule *rule;

	if (missing)
		wanted.src = nodes->self->node.cidr[place];
	if (fib_rule_list(&nodes->c->host, node_family(place), NODES_PROTOCOL,
			  &rules) < 0)
		return -1;
	rule = rules.items;
	for (size_t i = 0; i < rules.count; i++) {
		if (missing && prefix_equal(&rule[i].src, &wanted.src) &&
		    rule[i].table == wanted.table &&
		    rule[i].priority == wanted.priority) {
			missing = false;
			continue;
		}
		step.arg = &rule[i];
		nodes_add_step(nodes, NODES_DROP_ROUTES, &step,
			       job_printf(job, "delete rule %s",
					  fib_rule_text(job, &rule[i])));
	}
	if (!missing)
		return 0;
	rule = job_alloc(job, sizeof(*rule));
	*rule = wanted;
	step = (struct nodes_step) { .make = make_rule,
				     .undo = undo_rule,
				     .arg = rule };
	nodes_add_step(
		nodes, NODES_ROUTES, &step,
		job_printf(job, "add rule %s", fib_rule_text(job, rule)));
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
