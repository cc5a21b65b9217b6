/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delegate - has other plugins do a part of the work
 * (SPEC.md, "Section 4: Plugin Delegation") */
#ifndef CNIBOX_DELEGATE_H
#define CNIBOX_DELEGATE_H

#include "core/cni/call.h"

struct str;

/* Has the plugin of this type carry out verb with this configuration, of the same
 * name, version, prevResult and valid attachments as c's: in this process if the file
 * that CNI_PATH leads to is this binary, and otherwise as a program. *out is what it
 * answers to ADD; NULL for other verbs. */
int delegate_run(struct call *c, const char *type, const char *verb,
		 const struct str *conf, struct result *out);

/* Whether the plugin of this type is there, and an applet of this binary. */
int delegate_is_own(struct call *c, const char *type, bool *own);

/* Runs verb of c->applet; STATUS and GC that it leaves out go on to the IPAM
 * plugin. */
int delegate_pass_on(struct call *c, const char *verb);

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
