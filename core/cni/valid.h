/* SPDX-License-Identifier: GPL-2.0-or-later */
/* valid - the attachments that remain when GC is done */
#ifndef CNIBOX_VALID_H
#define CNIBOX_VALID_H

#include "core/cni/call.h"

/* GC: whether owner belongs to this network, and is not among the attachments
 * that the configuration names as valid. */
bool valid_excludes(struct call *c, const char *owner);

/* GC: deletes the links of this kind whose alias is an owner that is excluded, in
 * the time of one; those that are ports of the bridge with this index, or with 0
 * any. */
int valid_drop_links(struct call *c, int master, const char *kind);

#endif
