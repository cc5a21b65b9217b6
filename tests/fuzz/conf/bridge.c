/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "applets/main/bridge/bridge.h"
#include "tests/fuzz/conf/conf.h"
#include "tests/fuzz/conf/entries.h"

int use_bridge(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	const struct result_ip *ip = c->prev.ips.items;
	struct list entries = { 0 };
	struct brvlan vlans;
	bool any;

	require(*conf->bridge && strlen(conf->bridge) < IFNAMSIZ);
	require(bridge_vlans(c, &vlans, &any) == 0);
	require(any == !!vlans.native && (!any || bridge_has_vlans(conf)));
	require(*bridge_vlan_name(c));
	for (size_t i = 0; i < c->prev.ips.count; i++)
		bridge_gateway(&ip[i]);
	masq_entries(c, &conf->masq, &c->prev, &entries);
	check_entries(c, &entries);
	c->result = c->prev;
	return 0;
}
