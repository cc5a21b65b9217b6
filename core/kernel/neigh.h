/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neigh - permanent neighbours of an interface, and where a VXLAN sends frames
 * (rtnetlink(7), linux/neighbour.h)
 *
 * While requests are held (nl_hold()), only functions that say so may be called. */
#ifndef CNIBOX_NEIGH_H
#define CNIBOX_NEIGH_H

#include "core/kernel/link.h"

/* A table: the neighbours of IPv4 or IPv6, or the forwarding database. */
enum { NEIGH_V4 = 2, NEIGH_FDB = 7, NEIGH_V6 = 10 };

/* The neighbour ip has this MAC address; in the FDB, frames to mac go to host ip. */
struct neigh {
	int table;
	struct ip ip;
	uint8_t mac[MAC_LEN];
};

/* Adds the permanent entries of one table of link to a list of struct neigh. */
int neigh_list(struct nl *nl, const struct link *link, int table,
	       struct list *out);

/* Makes the entry; to replace is to take what ip, or in the FDB mac, had. Or deletes it;
 * an absent one, or an absent link, is success. Can be held. */
int neigh_set(struct nl *nl, enum nl_verb verb, const struct link *link,
	      const struct neigh *neigh);

/* In the words of ip(8) and bridge(8), for messages; in the job's memory. */
const char *neigh_text(struct job *job, const struct link *link,
		       const struct neigh *neigh);

#endif
