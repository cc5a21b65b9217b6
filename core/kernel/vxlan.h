/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxlan - what makes a VXLAN device the one it is (linux/if_link.h) */
#ifndef CNIBOX_VXLAN_H
#define CNIBOX_VXLAN_H

#include "core/data/ip.h"
#include "core/kernel/nl.h"

struct vxlan {
	int vni, port;	 /* UDP */
	struct ip local; /* what its packets are from */
	bool learning;	 /* where to send frames, from those that come */
};

/* Adds them to the request being built, inside IFLA_INFO_DATA. */
void vxlan_put(struct nl *nl, const struct vxlan *vxlan);

/* Reads those of the link of this name, which must be a VXLAN device. */
int vxlan_get(struct nl *nl, const char *name, struct vxlan *out);

#endif
