/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route - routes */
#ifndef CNIBOX_ROUTE_H
#define CNIBOX_ROUTE_H

#include "core/link.h"
#include "core/result.h"

/* Adds a route over link, with its metrics; an equal one is an error. */
int route_add(struct nl *nl, const struct link *link,
	      const struct route *route);

/* Whether link has a route to this destination in this route's table, by this
 * gateway if the route names one. */
int route_exists(struct nl *nl, const struct link *link,
		 const struct route *route, bool *exists);

/* The index of the link over which packets to ip leave; 0: no route. */
int route_link(struct nl *nl, const struct ip *ip, int *index);

/* Whether this host forwards packets of a family. */
int route_forwarding(struct nl *nl, int family, bool *on);

/* One line that tells the route in messages; in the job's memory. */
const char *route_text(struct job *job, const struct route *route);

#endif
