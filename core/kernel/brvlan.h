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

/* Adds an id; whether it is there. */
void brvlan_put(struct brvlan *vlans, int id);
bool brvlan_has(const struct brvlan *vlans, int id);

/* Makes the port a member of these VLANs, of native without a tag. It stays in those
 * that it had if keep, otherwise it leaves them first. Cannot be held. */
int brvlan_set(struct nl *nl, const struct link *port,
	       const struct brvlan *vlans, bool keep);

/* Reads the VLANs that the port is a member of; none where the bridge knows none.
 * Cannot be held. */
int brvlan_get(struct nl *nl, const struct link *port, struct brvlan *out);

#endif
