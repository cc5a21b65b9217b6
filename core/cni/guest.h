/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest - the container's interface, with the addresses and routes of a result */
#ifndef CNIBOX_GUEST_H
#define CNIBOX_GUEST_H

#include "core/cni/call.h"
#include "core/kernel/link.h"

/* Gives the container's link, which is down, the addresses and routes of
 * c->result whose interface is index, and brings it up. dad leaves duplicate
 * address detection on for IPv6, and waits for it. */
int guest_apply(struct call *c, const struct link *link, int index, bool dad);

/* CHECK: reads CNI_IFNAME in CNI_NETNS, which has to be what prevResult says of
 * it, of this kind, and, if up, to be up. */
int guest_check_link(struct call *c, const char *kind, bool up,
		     struct link *out);

/* CHECK: each address of CNI_IFNAME and each route in c->prev is still there.
 * The other addresses are taken out of c->prev: what has them is not ours. */
int guest_verify(struct call *c, const struct link *link);

#endif
