/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/masq.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/tables/tables.h"

const char *const masq_families[] = { "ipv4", "ipv6", NULL };
const char *const masq_backends[] = { "iptables", "nftables", NULL };

static bool is_wanted(const struct masq *masq, int family)
{
	if (!masq->family)
		return masq->on;
	return family ==
	       (strcmp(masq->family, masq_families[0]) ? AF_INET6 : AF_INET);
}

int masq_validate(struct call *c, const struct masq *masq)
{
	if (!IS_ENABLED(CONFIG_NAT) && (masq->on || masq->family))
		return fail_unbuilt(c->job, CNI_BAD_CONFIG, "ipMasq", "NAT");
	if (IS_ENABLED(CONFIG_NAT) && masq->backend &&
	    strcmp(masq->backend, masq_backends[0]) == 0)
		job_warn(c->job, "ipMasqBackend iptables: nftables does it");
	return 0;
}

int masq_probe(struct call *c, const struct masq *masq)
{
	return IS_ENABLED(CONFIG_NAT) && (masq->on || masq->family)
		       ? tables_probe(&c->nft, ENTRY_MASQUERADE)
		       : 0;
}

/* What of this family is not masqueraded, or NULL. */
static const char *print_exempt(struct call *c, const struct masq *masq,
				int family)
{
	const struct prefix *subnet = masq->exempt.items;
	struct str text = { .job = c->job };
	char buf[PREFIX_TEXT];

	for (size_t i = 0; i < masq->exempt.count; i++) {
		struct prefix network = prefix_network(&subnet[i]);

		if (network.ip.family == family)
			str_printf(&text, "%s%s", text.len ? " " : "",
				   prefix_print(&network, buf));
	}
	if (masq->realm && family == AF_INET)
		str_printf(&text, "%srealm:%d", text.len ? " " : "",
			   masq->realm);
	return text.text;
}

void masq_entries(struct call *c, const struct masq *masq,
		  const struct result *result, struct list *entries)
{
	const struct result_ip *ips = result->ips.items;

	for (size_t i = 0; i < result->ips.count; i++) {
		int family = ips[i].address.ip.family;
		struct entry *entry;

		if (!is_wanted(masq, family))
			continue;
		entry = list_add(c->job, entries, sizeof(*entry));
		entry->kind = ENTRY_MASQUERADE;
		entry->pod = ips[i].address;
		entry->exempt = print_exempt(c, masq, family);
	}
}
