/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ct - connections that the kernel remembers
 * (linux/netfilter/nfnetlink_conntrack.h) */
#ifndef CNIBOX_CT_H
#define CNIBOX_CT_H

#include <stdbool.h>

#include "core/nat.h"

/* Forgets the connections that an entry of kind NAT_PORT and UDP has caught or
 * should have caught: those to host:host_port that go elsewhere than
 * pod:pod_port when added, those that go there when not. Other entries have
 * none; a kernel that cannot tell is only logged. nl is a NETLINK_NETFILTER
 * socket of the host. */
int ct_flush(struct nl *nl, const struct nat_entry *entry, bool added);

#endif
