/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr - addresses of interfaces, duplicate address detection
 *
 * While requests are held (nl_hold()), only functions that say so may be called;
 * what they read is there after nl_release(). */
#ifndef CNIBOX_ADDR_H
#define CNIBOX_ADDR_H

#include "core/kernel/link.h"

struct addr {
	struct prefix prefix;
	int index;	 /* of its link */
	bool link_local; /* of scope link */
};

enum {
	ADDR_DAD = 1, /* IPv6: with duplicate address detection */
	/* The kernel makes no route to the subnet. (IFA_F_NOPREFIXROUTE) */
	ADDR_NO_ROUTE = 0x200,
};

/* Adds an address; flags are of ADDR_*. If it is there already, that is an error, or
 * sets *exists if that is not NULL. An IPv4-mapped IPv6 address is refused: nobody
 * would reach it. Can be held. */
int addr_add(struct nl *nl, const struct link *link,
	     const struct prefix *prefix, unsigned flags, bool *exists);

/* Deletes an address; an absent one, or an absent link, is success. Can be held. */
int addr_del(struct nl *nl, const struct link *link,
	     const struct prefix *prefix);

/* Reads the addresses of link (NULL: of all links) of a family (0: of both) to a
 * list of struct addr. Can be held. */
int addr_list(struct nl *nl, const struct link *link, int family,
	      struct list *out);

/* Whether prefix is in a list of struct addr. */
bool addr_among(const struct list *addrs, const struct prefix *prefix);

/* Waits until no address of link is tentative, for at most ms milliseconds. An
 * address that another host has is an error. */
int addr_wait_dad(struct nl *nl, const struct link *link, int ms);

#endif
