/* SPDX-License-Identifier: GPL-2.0-or-later */
/* localhost - the host's 127.0.0.1 may reach published ports (route_localnet) */
#include <sys/socket.h>

#include "core/cni/attachment.h"
#include "core/kernel/link.h"
#include "core/kernel/route.h"

static int check_localnet(struct nl *nl, int index)
{
	struct link link;

	if (link_get_index(nl, index, &link) < 0)
		return -1;
	if (link.localnet)
		return 0;
	return fail(nl->job, CNI_INTERNAL, "route_localnet of %s is off",
		    link.name);
}

/* Checks or sets route_localnet of the links by which the host reaches the pods of
 * entries: packets from 127.0.0.1 may leave only by such links. */
static int each_link(struct call *c, const struct list *entries, bool check)
{
	const struct entry *entry = entries->items;
	int index, ret = 0;

	for (size_t i = 0; ret == 0 && i < entries->count; i++, entry++) {
		if (entry->kind != ENTRY_HAIRPIN ||
		    entry->pod.ip.family != AF_INET)
			continue;
		ret = route_subnet_link(&c->host, &entry->pod.ip, &index);
		if (ret < 0 || !index)
			continue;
		ret = check ? check_localnet(&c->host, index)
			    : link_set_conf(&c->host, index,
					    LINK_ROUTE_LOCALNET);
	}
	return ret;
}

int attachment_open_localhost(struct call *c, const struct list *entries)
{
	return each_link(c, entries, false);
}

int attachment_check_localhost(struct call *c, const struct list *entries)
{
	return each_link(c, entries, true);
}
