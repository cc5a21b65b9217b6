/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fib - routes and rules of a program that routes, known by its protocol number
 * (rtnetlink(7), linux/fib_rules.h)
 *
 * While requests are held (nl_hold()), only functions that say so may be called. */
#ifndef CNIBOX_FIB_H
#define CNIBOX_FIB_H

#include "core/kernel/link.h"

struct fib_route {
	struct prefix dst;
	struct ip gw;  /* family 0: none; it need not be dst's */
	struct ip src; /* of what this host sends; family 0: chosen */
	int link;      /* index; 0: none, or several */
	uint32_t table, priority; /* IPv6 has priority 1024 in place of 0 */
	uint8_t tos;		  /* of the packets it is for; 0: any */
	uint8_t protocol;
	bool onlink; /* gw is on the link, whatever other routes say */
	bool odd;    /* it was read, and is more than this struct can say */
};

/* Packets from src look at table before they look at main. */
struct fib_rule {
	struct prefix src;
	uint32_t table, priority;
	uint8_t protocol;
};

enum { FIB_MAIN = 254, FIB_PRIORITY_V6 = 1024 };

/* Adds the routes of a family, in all tables and of all protocols, to a list of
 * struct fib_route. A kernel without the family has none. */
int fib_route_list(struct nl *nl, int family, struct list *out);

/* Adds or replaces a route over link, in place of route->link, which is known by dst,
 * table, priority and tos; or deletes that of this gw and protocol, too: absent is
 * success. link is NULL of one that has none, or several. Can be held. */
int fib_route_set(struct nl *nl, enum nl_verb verb,
		  const struct fib_route *route, const struct link *link);

/* The route over link, or NULL, in the words of ip(8), for messages; in the job's
 * memory. */
const char *fib_route_text(struct job *job, const struct fib_route *route,
			   const struct link *link);

/* Adds the rules of a family and a protocol that have a src to a list of struct
 * fib_rule. */
int fib_rule_list(struct nl *nl, int family, uint8_t protocol,
		  struct list *out);

/* Adds or deletes a rule; present, or absent, is success. Can be held. */
int fib_rule_set(struct nl *nl, enum nl_verb verb, const struct fib_rule *rule);
const char *fib_rule_text(struct job *job, const struct fib_rule *rule);

#endif
