/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status - whether the node has what the addresses of containers take */
#ifndef CNIBOX_STATUS_H
#define CNIBOX_STATUS_H

#include "core/cni/call.h"

/* STATUS: the settings that the addresses of ipam take, and, for a gateway of the
 * host that will be on this link ("default": on one yet to be made), forwarding.
 * Without an IPAM plugin there is nothing to look at. */
int status_addresses(struct call *c, const char *link, bool gateway);

#endif
