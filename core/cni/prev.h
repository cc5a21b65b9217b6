/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prev - the interfaces that prevResult names, and what they are now */
#ifndef CNIBOX_PREV_H
#define CNIBOX_PREV_H

#include "core/cni/call.h"
#include "core/kernel/link.h"

/* The interface of prevResult with this name in this sandbox ("": of the host),
 * or NULL. */
const struct result_interface *prev_interface(const struct call *c,
					      const char *name,
					      const char *sandbox);

/* CHECK: reads the link that interface names. A link that is missing, or that
 * has another MAC address than interface says, is an error; its message begins
 * with what ("Host", "Container"). */
int prev_check_link(struct nl *nl, const struct result_interface *interface,
		    const char *what, struct link *out);

#endif
