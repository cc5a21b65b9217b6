/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr - addresses of interfaces, duplicate address detection */
#ifndef CNIBOX_ADDR_H
#define CNIBOX_ADDR_H

#include "core/kernel/link.h"

struct addr {
	struct prefix prefix;
	int index;	 /* of its link */
	bool link_local; /* of scope link */
};

/* Adds an address; for IPv6 without duplicate address detection unless dad.
 * EEXIST is an error, or sets *exists where that is not NULL. IPv4 in the form
 * of IPv6 is refused: nobody would reach it. */
int addr_add(struct nl *nl, const struct link *link,
	     const struct prefix *prefix, bool dad, bool *exists);

/* Deletes; absent is success. */
int addr_del(struct nl *nl, const struct link *link,
	     const struct prefix *prefix);

/* The addresses of link (NULL: of all), as a list of struct addr. family 0:
 * both. Can be held. */
int addr_list(struct nl *nl, const struct link *link, int family,
	      struct list *out);

/* Whether prefix is in a list of struct addr. */
bool addr_among(const struct list *addrs, const struct prefix *prefix);

/* Waits, at most ms milliseconds, until no address of link is tentative; one
 * that another host has is an error. */
int addr_wait_dad(struct nl *nl, const struct link *link, int ms);

#endif
