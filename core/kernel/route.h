/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route - routes, and whether the host forwards
 *
 * While requests are held (nl_hold()), only functions that say so may be called;
 * what they read is there after nl_release(). */
#ifndef CNIBOX_ROUTE_H
#define CNIBOX_ROUTE_H

#include "core/data/result.h"
#include "core/kernel/link.h"

/* Adds a route over link, with its metrics. If there is an equal one, that is an
 * error. Can be held. */
int route_add(struct nl *nl, const struct link *link,
	      const struct route *route);

/* Whether link has a route to the same destination in the same table, and, if
 * route names a gateway, by the same gateway. */
int route_exists(struct nl *nl, const struct link *link,
		 const struct route *route, bool *exists);

/* CHECK: each of routes (a list of struct route) exists. */
int route_check(struct nl *nl, const struct link *link,
		const struct list *routes);

/* Reads the indexes of the links that packets to ip may take, more than one of a
 * multipath route, to a list of int; none if there is no route. */
int route_out_links(struct nl *nl, const struct ip *ip, struct list *indexes);

/* The index of the link on which ip is reached without a gateway, other than by
 * the default route; 0: there is none. Can be held. */
int route_subnet_link(struct nl *nl, const struct ip *ip, int *index);

/* That there is no route is no error of the RTM_GETROUTE being built. */
void route_allow_none(struct nl *nl);

/* Whether this host forwards packets of a family. Can be held. */
int route_forwarding(struct nl *nl, int family, bool *on);

/* The route as one line, for messages; in the job's memory. */
const char *route_text(struct job *job, const struct route *route);

#endif
