/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest - the addresses and routes of a result, in the container */
#ifndef CNIBOX_GUEST_H
#define CNIBOX_GUEST_H

#include "core/cni/call.h"
#include "core/kernel/link.h"

/* Gives the container's link, which is down, the addresses and routes of
 * c->result whose interface is index, and brings it up. dad leaves duplicate
 * address detection on for IPv6, and waits for it. */
int guest_apply(struct call *c, const struct link *link, int index, bool dad);

/* Each address and route of c->prev that is the container's is still there. */
int guest_verify(struct call *c, const struct link *link);

#endif
