/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For what is static there. */
#include "applets/main/ptp.c"

#include "tests/fuzz/conf/conf.h"
#include "tests/fuzz/conf/entries.h"

int use_ptp(struct call *c)
{
	const struct ptp_conf *conf = c->conf;
	const struct result_ip *ip = c->prev.ips.items;
	struct list entries = { 0 }, routes = { 0 };

	require(c->net.ipam && conf->mtu >= 0);
	c->result = c->prev;
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		if (!ip[i].gateway.family)
			continue;
		guest_routes(c, &ip[i], &routes);
		find_routers(c, &ip[i]);
	}
	masq_entries(c, &conf->masq, &c->result, &entries);
	check_entries(c, &entries);
	return 0;
}
