/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delegate - other plugins do a part of the work
 * (SPEC.md, "Section 4: Plugin Delegation") */
#ifndef CNIBOX_DELEGATE_H
#define CNIBOX_DELEGATE_H

#include "core/cni/call.h"

/* Asks the IPAM plugin of the configuration for addresses: in this process if
 * what CNI_PATH holds is this binary, by running it otherwise. Its DEL is
 * registered before it is asked. Its answer becomes c->result: at least one
 * address, each of the interface that will have this index there. */
int ipam_add(struct call *c, int interface);

/* Passes the verb on. Without ipam.type there is nothing to do. */
int ipam_del(struct call *c);
int ipam_check(struct call *c);
int ipam_status(struct call *c);
int ipam_gc(struct call *c);

/* Whether that is another program, which is there and will be run. */
bool ipam_is_foreign(struct call *c);

#endif
