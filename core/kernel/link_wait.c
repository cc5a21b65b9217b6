/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits until an interface is up. */
#include "core/kernel/link.h"

#include <linux/rtnetlink.h>

enum {
	OPER_UP = 6
}; /* IF_OPER_UP of linux/if.h, which excludes libc's net/if.h */

int link_wait_up(struct nl *nl, struct link *link, int ms)
{
	long deadline;
	struct nl events;
	int ret;

	if (link_get_index(nl, link->index, link) < 0)
		return -1;
	if (link->operstate == OPER_UP)
		return 0;
	deadline = nl_deadline(ms);
	nl_init(&events, nl->job, nl->netns, NETLINK_ROUTE);
	ret = nl_subscribe(&events, RTNLGRP_LINK);
	while (ret == 0) {
		ret = link_get_index(nl, link->index, link);
		if (ret < 0 || link->operstate == OPER_UP)
			break;
		if (!nl_wait(&events, deadline))
			ret = fail(
				nl->job, CNI_INTERNAL,
				"wait for %s: not up after %d ms (operstate %d)",
				link->name, ms, link->operstate);
	}
	nl_close(&events);
	return ret;
}
