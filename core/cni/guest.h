/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest - the container's interface, with the addresses and routes of a result */
#ifndef CNIBOX_GUEST_H
#define CNIBOX_GUEST_H

#include "core/cni/call.h"
#include "core/kernel/addr.h"

/* ADD: gives the container's link, which is down, the addresses of c->result whose
 * interface has this index, and all its routes, and sets it up. flags are of ADDR_*
 * (addr.h): with ADDR_DAD its end is waited for; ADDR_NO_ROUTE is for a link without
 * neighbours. Others are told when its MAC address changes from then on
 * (arp_notify, ndisc_notify). */
int guest_apply(struct call *c, const struct link *link, int index,
		unsigned flags);

/* CHECK: reads CNI_IFNAME in CNI_NETNS. It has to be in prevResult, with the same
 * MAC address, to be of this kind and, with up, to be up. */
int guest_check_link(struct call *c, const char *kind, bool up,
		     struct link *out);

/* CHECK: each route of c->prev, and each of its addresses that is CNI_IFNAME's, is
 * still there. The other addresses, which other plugins have to check, are removed
 * from c->prev. */
int guest_verify(struct call *c, const struct link *link);

#endif
