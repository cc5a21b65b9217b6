/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route - routes */
#ifndef CNIBOX_ROUTE_H
#define CNIBOX_ROUTE_H

#include "core/data/result.h"
#include "core/kernel/link.h"

/* Adds a route over link, with its metrics; an equal one is an error. */
int route_add(struct nl *nl, const struct link *link,
	      const struct route *route);

/* Whether link has a route to this destination in this route's table, by this
 * gateway if the route names one. */
int route_exists(struct nl *nl, const struct link *link,
		 const struct route *route, bool *exists);

/* The indexes (a list of int) of all the links that a route to ip may choose
 * from; none too if that ends here. */
int route_out_links(struct nl *nl, const struct ip *ip, struct list *indexes);

/* The index of the link whose subnet, or whose neighbour, ip is: over which it is
 * reached without a gateway, and not by the default route; 0: none. */
int route_subnet_link(struct nl *nl, const struct ip *ip, int *index);

/* The RTM_GETROUTE being built may be answered so that there is no such link. */
void route_allow_none(struct nl *nl);

/* Whether this host forwards packets of a family. */
int route_forwarding(struct nl *nl, int family, bool *on);

/* One line that tells the route in messages; in the job's memory. */
const char *route_text(struct job *job, const struct route *route);

#endif
