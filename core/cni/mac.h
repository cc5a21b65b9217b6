/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac - MAC addresses that follow from IP addresses
 *
 * Who gets the IP address that another pod had has its MAC address, too. So what the
 * node and other pods know of it stays true, and need not be announced to every port
 * of a bridge. That holds on a steady bridge: one that we made, and all of whose pods
 * have had such MAC addresses and no second address, which may have another first one
 * beside it next time. Its own MAC address, which it has from its first moment on, says
 * that it is ours, and an alias that it is steady no more. */
#ifndef CNIBOX_MAC_H
#define CNIBOX_MAC_H

#include "core/cni/call.h"

/* The MAC address that follows from the first IPv4 address in a list of struct
 * result_ip, or if there is none from its first address: 0a:58 and the address, or a
 * hash. Different addresses have different ones. */
void mac_of_ips(const struct list *ips, uint8_t mac[MAC_LEN]);

/* A random MAC address for a bridge, which is steady by it. */
int mac_of_bridge(struct job *job, uint8_t mac[MAC_LEN]);

/* Whether a bridge, which has just been read, is steady. */
bool mac_is_steady(const struct link *bridge);

/* Before a pod is heard that has a MAC address of another kind: the bridge is steady no
 * more. */
int mac_end_steady(struct call *c, const struct link *bridge);

/* The same for the bridge, if any, of which the other end of this veth of the container
 * is a port. */
int mac_end_steady_of(struct call *c, const struct link *guest);

#endif
