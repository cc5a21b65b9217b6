/* SPDX-License-Identifier: GPL-2.0-or-later */
/* valid - the attachments that remain when GC is done */
#ifndef CNIBOX_VALID_H
#define CNIBOX_VALID_H

#include "core/cni/call.h"

/* GC: whether owner belongs to this network, and is not among the attachments
 * that the configuration names as valid. */
bool valid_excludes(struct call *c, const char *owner);

#endif
