/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of kube-proxy's services, which this host has in IPVS mode. */
#include <string.h>
#include <sys/socket.h>

#include "core/kernel/addr.h"
#include "core/tables/port.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"

static const char service_link[] = "kube-ipvs0";

/* The sum of a set of addresses does not depend on their order. */
static uint64_t add_to_sum(uint64_t sum, const uint8_t *ip, size_t len)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ip[i]) * 0x9e3779b97f4a7c15U;
	return sum + (hash ^ hash >> 32);
}

static bool is_elsewhere(const struct list *addrs, const struct addr *service)
{
	const struct addr *addr = addrs->items;

	for (size_t i = 0; i < addrs->count; i++) {
		if (addr[i].index != service->index &&
		    ip_compare(&addr[i].prefix.ip, &service->prefix.ip) == 0)
			return true;
	}
	return false;
}

/* The elements that the set ought to have. */
static void list_services(struct job *job, const char *set, int family,
			  int index, const struct list *addrs, struct list *out)
{
	const struct addr *addr = addrs->items;

	for (size_t i = 0; i < addrs->count; i++, addr++) {
		struct nft_element *element;

		if (addr->index != index || addr->prefix.ip.family != family ||
		    addr->link_local || is_elsewhere(addrs, addr))
			continue;
		element = list_add(job, out, sizeof(*element));
		element->map = set;
		element->comment = service_link;
		element->key_len = ip_size(family);
		memcpy(element->key, addr->prefix.ip.bytes, element->key_len);
	}
}

static uint64_t sum_of(const struct list *elements)
{
	const struct nft_element *element = elements->items;
	uint64_t sum = elements->count;

	for (size_t i = 0; i < elements->count; i++)
		sum = add_to_sum(sum, element[i].key, element[i].key_len);
	return sum;
}

static int note_family(struct nft *nft, int family, int index,
		       const struct list *addrs)
{
	const struct nft_map *set =
		&port_kind.maps[PORT_SERVICES + (family == AF_INET6)];
	struct list now = { 0 }, services = { 0 };
	const struct nft_element *element;

	if (nft_list_elements(nft, set->name, &now) < 0)
		return -1;
	list_services(nft->nl->job, set->name, family, index, addrs, &services);
	if (sum_of(&now) == sum_of(&services))
		return 0;
	/* Stale: another process has just noted the same. */
	nft_begin(nft, 0);
	nft_map_flush(nft, set->name);
	element = services.items;
	for (size_t i = 0; i < services.count; i++)
		nft_element_add(nft, &element[i]);
	return nft_commit(nft);
}

int tables_note_services(struct nl *nl, struct nl *host, bool gone)
{
	struct list addrs = { 0 };
	struct link link;
	struct nft nft;
	bool found;

	table_init(&nft, nl, TABLE_INET);
	if (link_find(host, service_link, &link, &found) < 0)
		return -1;
	if (!found && !gone)
		return 0;
	if (found && addr_list(host, NULL, 0, &addrs) < 0)
		return -1;
	if (note_family(&nft, AF_INET, link.index, &addrs) < 0)
		return -1;
	return IS_ENABLED(CONFIG_IPV6)
		       ? note_family(&nft, AF_INET6, link.index, &addrs)
		       : 0;
}
