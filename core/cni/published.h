/* SPDX-License-Identifier: GPL-2.0-or-later */
/* published - ports that one plugin of a list publishes and another lets pass,
 * whichever comes first */
#ifndef CNIBOX_PUBLISHED_H
#define CNIBOX_PUBLISHED_H

#include "core/cni/call.h"

/* Who publishes: adds ENTRY_PUBLISHED for the ports of a list of entries, if another
 * plugin's record has ENTRY_FORWARD of this attachment. */
void published_add(struct call *c, struct list *entries);

/* Who lets pass: adds ENTRY_PUBLISHED for the ports in other plugins' records of this
 * attachment. */
void published_add_others(struct call *c, struct list *entries);

#endif
