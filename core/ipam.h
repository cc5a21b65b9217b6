/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipam - delegate addresses; apply and verify the answer
 * (SPEC.md, "Section 4: Plugin Delegation") */
#ifndef CNIBOX_IPAM_H
#define CNIBOX_IPAM_H

#include "core/cni.h"
#include "core/link.h"

/* Asks the IPAM plugin of the configuration for addresses: in this process if
 * what CNI_PATH holds is this binary, by running it otherwise. Its DEL is
 * registered before it is asked. *out has at least one address. */
int ipam_add(struct call *c, struct result *out);

/* Passes the verb on. Without ipam.type there is nothing to do. */
int ipam_del(struct call *c);
int ipam_check(struct call *c);
int ipam_status(struct call *c);
int ipam_gc(struct call *c);

/* Whether that is another program, which is there and will be run. */
bool ipam_is_foreign(struct call *c);

/* Gives the container's link, which is down, the addresses and routes of
 * c->result whose interface is index, and brings it up. dad leaves duplicate
 * address detection on for IPv6, and waits for it. */
int ipam_apply(struct call *c, const struct link *link, int index, bool dad);

/* Each address and route of c->prev that is the container's is still there. */
int ipam_verify(struct call *c, const struct link *link);

#endif
