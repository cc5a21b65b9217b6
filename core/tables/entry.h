/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry - what the node's tables do for one attachment */
#ifndef CNIBOX_ENTRY_H
#define CNIBOX_ENTRY_H

#include <net/if.h>

#include "core/data/ip.h"

enum entry_kind {
	ENTRY_MASQUERADE, /* what pod sends outside its subnet gets our address */
	ENTRY_HAIRPIN, /* what its own subnet or 127.0.0.0/8 sends to a published
			 * port of pod gets our address, so that answers return */
	ENTRY_PORT,    /* host:host_port goes to pod:pod_port */
	ENTRY_CONDITION, /* but only on conditions */
	ENTRY_GUARDED, /* frames from the bridge's port bridge_port are dropped */
	ENTRY_SOURCE, /* but those with this mac */
};

/* One thing the tables do for one attachment. Pod is the container's address
 * with the length of its subnet. Whose it is, the text that record_owner()
 * makes says. */
struct entry {
	enum entry_kind kind;
	struct prefix pod;
	/* ENTRY_PORT and ENTRY_CONDITION */
	int protocol;	/* IPPROTO_TCP, _UDP, _SCTP */
	struct ip host; /* none, 0.0.0.0 or ::: every address of the host */
	uint16_t host_port, pod_port; /* host byte order */
	const char *terms; /* or NULL. ENTRY_MASQUERADE: subnets to leave alone,
			    * with blanks between; ENTRY_CONDITION: conditions */
	/* ENTRY_GUARDED and ENTRY_SOURCE */
	char bridge_port[IFNAMSIZ];
	uint8_t mac[MAC_LEN];
};

/* What another owner of an element's key is. */
enum holder {
	HOLDER_DEAD,
	HOLDER_ALIVE,
	HOLDER_UNKNOWN, /* which counts as alive */
	HOLDER_SHARES, /* of the same container, so that what it has serves both */
};

struct holders {
	enum holder (*tell)(void *arg, const char *owner);
	void *arg;
	bool lenient; /* tables_check(): what is not there at all is no error */
};

#endif
