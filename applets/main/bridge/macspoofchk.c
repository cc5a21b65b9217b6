/* SPDX-License-Identifier: GPL-2.0-or-later */
/* macspoofchk - the entries that keep a container to its MAC address */
#include "bridge.h"

#include <string.h>

#include "core/base/str.h"

void bridge_macspoofchk_entries(struct call *c, const struct veth *veth,
				struct list *entries)
{
	static const enum entry_kind kinds[] = { ENTRY_MACSPOOFCHK,
						 ENTRY_MACSPOOFCHK_MAC };
	const struct bridge_conf *conf = c->conf;

	for (int i = 0; conf->macspoofchk && i < 2; i++) {
		struct entry *entry = list_add(c->job, entries, sizeof(*entry));

		entry->kind = kinds[i];
		str_copy(entry->bridge_port, sizeof(entry->bridge_port),
			 veth->host.name);
		if (kinds[i] == ENTRY_MACSPOOFCHK_MAC)
			memcpy(entry->mac, veth->guest.mac, MAC_LEN);
	}
}
