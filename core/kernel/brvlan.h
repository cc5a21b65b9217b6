/* SPDX-License-Identifier: GPL-2.0-or-later */
/* brvlan - the VLANs of a bridge's port (linux/if_bridge.h) */
#ifndef CNIBOX_BRVLAN_H
#define CNIBOX_BRVLAN_H

#include <stdint.h>

#include "core/kernel/link.h"

enum { VLAN_MAX = 4094 };

/* VLAN ids 1 to VLAN_MAX, and which of them untagged frames belong to. */
struct brvlan {
	uint8_t ids[(VLAN_MAX + 8) / 8];
	int native; /* 0: none */
};

void brvlan_put(struct brvlan *vlans, int id);
bool brvlan_has(const struct brvlan *vlans, int id);

/* The port becomes a member of these VLANs, native is untagged; those that it
 * had stay if keep, otherwise they go first. */
int brvlan_set(struct nl *nl, const struct link *port,
	       const struct brvlan *vlans, bool keep);

/* The VLANs that the port is a member of; none where the bridge knows none. */
int brvlan_get(struct nl *nl, const struct link *port, struct brvlan *out);

#endif
