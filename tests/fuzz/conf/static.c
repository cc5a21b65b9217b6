/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For what is static there. */
#include "applets/ipam/static.c"

#include "tests/fuzz/conf/conf.h"

int use_static(struct call *c)
{
	const struct static_conf *conf = c->conf;
	const struct result_ip *ip = conf->ips.items;

	for (size_t i = 0; i < conf->ips.count; i++) {
		const struct prefix *address = &ip[i].address;

		require(address->ip.family && !ip_is_mapped(&address->ip));
		require(address->len >= 0 &&
			address->len <= ip_bits(address->ip.family));
	}
	return static_add(c);
}
