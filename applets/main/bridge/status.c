/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status - whether the node has what an ADD of this configuration needs */
#include "bridge.h"

#include <string.h>

#include "core/cni/status.h"

static int bridge_probe_links(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct link bridge;
	bool found;

	if (link_find(&c->host, conf->bridge, &bridge, &found) < 0)
		return -1;
	if (found && strcmp(bridge.kind, "bridge") != 0)
		return fail(c->job, CNI_INTERNAL,
			    "\"%s\" already exists but is not a bridge",
			    conf->bridge);
	if (link_probe(&c->host, "bridge") < 0 ||
	    link_probe(&c->host, "veth") < 0)
		return -1;
	return status_addresses(c, found ? conf->bridge : "default",
				bridge_is_gateway(conf));
}

static int bridge_probe_tables(struct call *c)
{
	const struct bridge_conf *conf = c->conf;

	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	if (masq_probe(c, &conf->masq) < 0)
		return -1;
	return conf->macspoofchk ? tables_probe(&c->nft, ENTRY_MACSPOOFCHK) : 0;
}

int bridge_status(struct call *c)
{
	if (bridge_probe_links(c) < 0 || bridge_probe_tables(c) < 0) {
		c->job->code = CNI_NOT_AVAILABLE;
		return -1;
	}
	record_status(c->job);
	return ipam_status(c);
}
