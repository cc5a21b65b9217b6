/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "applets/meta/tuning/tuning.h"
#include "tests/fuzz/conf/conf.h"

/* Whatever it is called, a setting is one below net. */
int use_tuning(struct call *c)
{
	const struct tuning_conf *conf = c->conf;
	const struct tuning_sysctl *sysctl = conf->sysctls.items;
	const char *mac = conf->values.mac;
	uint8_t bytes[MAC_LEN];

	for (size_t i = 0; i < conf->sysctls.count; i++) {
		const char *name = sysctl[i].name;

		require(sysctl[i].value && str_starts(name, "net/"));
		require(!strstr(name, "//") && !strstr(name, "/../") &&
			!strstr(name, "/./"));
		require(name[strlen(name) - 1] != '/');
	}
	require(!mac || !*mac || mac_parse(mac, bytes));
	require(conf->values.mtu >= 0 && conf->values.tx_queue >= 0);
	c->result = c->prev;
	return 0;
}
