/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes - what the files of "cnibox nodes" share, beside backend.h */
#ifndef CNIBOX_NODES_APPLET_H
#define CNIBOX_NODES_APPLET_H

#include "backend.h"

#include "core/kernel/fib.h"

/* list.c: reads the list at nodes->path, "-" is standard input: entries; or, of
 * flannel's file, new. */
int nodes_read_list(struct nodes *nodes);

/* The same of its text, which is cut into pieces. */
int nodes_read_text(struct nodes *nodes, char *text, size_t len);

/* kube.c: reads what "kubectl get nodes -o json" prints. */
int nodes_read_kube(struct nodes *nodes, const char *text, size_t len);

/* self.c: refuses entries that overlap, finds this node's, and says of each other one
 * whether a direct route leads to it: sets self, uplink, subnets and overlay. */
int nodes_find_self(struct nodes *nodes);

/* A route that is wanted. */
struct nodes_route {
	struct fib_route route;
	const struct link *link; /* NULL: none, or several */
	const struct nodes_entry *entry;
	bool there; /* as it should be */
};

/* plan.c: adds the steps that make routes and rules as the entries want them; routes is
 * a list of struct nodes_route. */
int nodes_plan(struct nodes *nodes, struct list *routes);

/* settle.c: the same of settings, tables, and the file of the last apply. */
int nodes_settle(struct nodes *nodes);

/* warn.c: says on stderr what may keep packets from their way: settings of the links
 * that the routes lead over; and that forwarding of IPv6, which is about to be turned on,
 * ends router advertisements. */
void nodes_warn_of_links(struct nodes *nodes, const struct list *routes);
void nodes_warn_of_ra(struct nodes *nodes);

/* show.c: adds a line for each entry to out: how it is reached. */
void nodes_show(const struct nodes *nodes, const struct list *routes,
		struct str *out);

/* watch.c: has the command in argv run with "apply" in place of "watch", now and
 * whenever the list at path or the network has changed; until SIGTERM. */
int nodes_watch(struct call *c, const char *path, char **argv);

#endif
