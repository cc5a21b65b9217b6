/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard - an interface whose peers are the other nodes: as it is, and as it is to
 * be */
#ifndef CNIBOX_WIREGUARD_H
#define CNIBOX_WIREGUARD_H

#include "backend.h"

#include "core/kernel/wg.h"

static const char wireguard_own[] = "cnibox-wg", wireguard_alias[] = "cnibox";

/* What becomes of a peer that the interface has. */
enum fate { KEPT, LISTED, DROPPED };

struct wireguard {
	struct nodes *nodes;
	const char *name;
	bool own;	  /* ours, not another's */
	struct link link; /* as it is, if found */
	bool found;
	struct nl genl;
	struct wg wg;
	struct wg_device have; /* its peers are in the order of their keys */
	enum fate *fates;      /* of have's peers */
	uint8_t key[KEY_LEN];  /* the private one, if new_key */
	bool new_key;
	int mtu;
	uint16_t port; /* that all nodes listen to */
	struct peer
		*peers; /* wanted, count of them, in the order of their keys */
	size_t count;
};

/* A peer that is wanted, or one that is removed. */
struct peer {
	struct wg_peer want;  /* first, for its key */
	struct wg_peer *have; /* or NULL */
	struct wireguard *wireguard;
	const struct nodes_entry *entry;
	bool last; /* of the steps that go to the kernel together */
};

/* Plan the steps that make the interface and its peers as wanted, and those that drop
 * peers. */
void wireguard_plan_link(struct wireguard *w);
void wireguard_plan_peers(struct wireguard *w);
void wireguard_plan_drops(struct wireguard *w);

/* Plans the removal of the interface, which is our own. */
void wireguard_plan_removal(struct wireguard *w, enum nodes_phase phase);

#endif
