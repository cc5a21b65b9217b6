/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show - says how each node is reached */
#include "nodes.h"

#include <string.h>

/* The way to an entry: its link, or those of both families; NULL if it has no route. To
 * its pods, if it has any. */
struct way {
	const char *link;
	bool to_pods, missing;
};

/* In order, the routes to pods are the last. */
static struct way *find_ways(const struct nodes *nodes,
			     const struct list *routes)
{
	const struct nodes_entry *first = nodes->entries.items;
	const struct nodes_route *route = routes->items;
	struct way *ways =
		job_alloc(nodes->job, nodes->entries.count * sizeof(*ways));

	for (size_t i = 0; i < routes->count; i++) {
		struct way *way = &ways[route[i].entry - first];
		bool to_pods = route[i].route.table == FIB_MAIN;
		const char *link = route[i].link->name;

		if (way->to_pods && strcmp(way->link, link) != 0)
			way->link = job_printf(nodes->job, "%s,%s", way->link,
					       link);
		else if (!way->link || to_pods)
			way->link = link;
		way->to_pods = to_pods;
		way->missing |= !route[i].there;
	}
	return ways;
}

void nodes_show(const struct nodes *nodes, const struct list *routes,
		struct str *out)
{
	const struct nodes_entry *entry = nodes->entries.items;
	const struct way *ways = find_ways(nodes, routes);

	for (size_t i = 0; i < nodes->entries.count; i++) {
		const char *link = ways[i].link ? ways[i].link : "-";

		node_print(out, &entry[i].node);
		str_printf(out, " %s\n",
			   &entry[i] == nodes->self ? "self"
			   : ways[i].missing	    ? "MISSING"
						    : link);
	}
}
