/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "core/kernel/link.h"

/* Begins a request that sets one number of the link. */
static void begin_set(struct nl *nl, const struct link *link, int attr,
		      int value)
{
	struct ifinfomsg head = { .ifi_index = link->index };

	nl_begin(nl, RTM_SETLINK, NLM_F_ACK, &head, sizeof(head));
	nl_put_u32(nl, attr, (uint32_t)value);
}

int link_set_mtu(struct nl *nl, const struct link *link, int mtu)
{
	begin_set(nl, link, IFLA_MTU, mtu);
	return nl_talk(nl, "set mtu %d on %s", mtu, link->name);
}

int link_set_tx_queue(struct nl *nl, const struct link *link, int len)
{
	begin_set(nl, link, IFLA_TXQLEN, len);
	return nl_talk(nl, "set the transmit queue of %s to %d", link->name,
		       len);
}
