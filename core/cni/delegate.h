/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delegate - has other plugins do a part of the work
 * (SPEC.md, "Section 4: Plugin Delegation") */
#ifndef CNIBOX_DELEGATE_H
#define CNIBOX_DELEGATE_H

#include "core/cni/call.h"

/* ADD of the IPAM plugin (ipam.type): in this process if the file that CNI_PATH
 * leads to is this binary; any other program is run. Its DEL is registered before.
 * Its answer becomes c->result: at least one address, each for the interface that
 * will have this index in the result. */
int ipam_add(struct call *c, int interface);

/* The other verbs of the IPAM plugin. Without ipam.type they do nothing. */
int ipam_del(struct call *c);
int ipam_check(struct call *c);
int ipam_status(struct call *c);
int ipam_gc(struct call *c);

/* Whether the IPAM plugin is there and another program than this one. */
bool ipam_is_foreign(struct call *c);

#endif
