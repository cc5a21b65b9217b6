/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat - what a container takes of the node's nftables */
#include "bridge.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"

static bool bridge_masquerades(const struct bridge_conf *conf, int family)
{
	if (!conf->masq_family)
		return conf->ip_masq;
	return family == (strcmp(conf->masq_family, bridge_families[0])
				  ? AF_INET6
				  : AF_INET);
}

/* The subnets of this family that are not masqueraded, or NULL. */
static const char *bridge_no_masq(struct call *c, int family)
{
	const struct bridge_conf *conf = c->conf;
	const struct prefix *subnet = conf->no_masq.items;
	struct str text = { .job = c->job };
	char buf[PREFIX_TEXT];

	for (size_t i = 0; i < conf->no_masq.count; i++) {
		struct prefix network = prefix_network(&subnet[i]);

		if (network.ip.family == family)
			str_printf(&text, "%s%s", text.len ? " " : "",
				   prefix_print(&network, buf));
	}
	return text.text;
}

void bridge_masq_entries(struct call *c, const struct result *result,
			 struct list *entries)
{
	const struct result_ip *ips = result->ips.items;

	for (size_t i = 0; i < result->ips.count; i++) {
		int family = ips[i].address.ip.family;
		struct entry *entry;

		if (!bridge_masquerades(c->conf, family))
			continue;
		entry = list_add(c->job, entries, sizeof(*entry));
		entry->kind = ENTRY_MASQUERADE;
		entry->pod = ips[i].address;
		entry->terms = bridge_no_masq(c, family);
	}
}

void bridge_guard_entries(struct call *c, const struct link *port,
			  const struct link *guest, struct list *entries)
{
	static const enum entry_kind kinds[] = { ENTRY_GUARDED, ENTRY_SOURCE };
	const struct bridge_conf *conf = c->conf;

	for (int i = 0; conf->mac_spoof_check && i < 2; i++) {
		struct entry *entry = list_add(c->job, entries, sizeof(*entry));

		entry->kind = kinds[i];
		str_copy(entry->bridge_port, sizeof(entry->bridge_port),
			 port->name);
		if (kinds[i] == ENTRY_SOURCE)
			memcpy(entry->mac, guest->mac, MAC_LEN);
	}
}
