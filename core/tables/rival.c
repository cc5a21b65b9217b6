/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include "core/tables/port.h"

enum { PORTS = 1 << 16 };

static bool is_port(const struct entry *entry, bool bound)
{
	return entry->kind == ENTRY_PORT &&
	       !ip_is_unspecified(&entry->host) == bound;
}

/* The host port, which is the last part of an element's key. */
static uint16_t port_of(const struct nft_element *element)
{
	const uint8_t *port = element->key + element->key_len - 4;

	return (uint16_t)(port[0] << 8 | port[1]);
}

/* Adds the element to out if one of entries cannot be beside it. */
static void add_rival(struct job *job, const struct list *entries, bool bound,
		      const struct nft_element *element, struct list *out)
{
	const struct entry *entry = entries->items;

	for (size_t i = 0; i < entries->count; i++, entry++) {
		if (is_port(entry, bound) &&
		    entry->protocol == element->key[0] &&
		    entry->host_port == port_of(element) &&
		    ip_size(entry->pod.ip.family) + 4 == element->data_len) {
			*(struct rival *)list_add(job, out,
						  sizeof(struct rival)) =
				(struct rival) { entry, element->comment };
			return;
		}
	}
}

/* Rivals of entries for a single address are found by their key. */
static int list_unbound(struct nft *nft, const struct list *entries,
			struct list *out)
{
	const struct entry *entry = entries->items;
	struct list found = { 0 };
	const struct nft_element *rival;
	struct nft_element element;

	nl_hold(nft->nl);
	for (size_t i = 0; i < entries->count; i++) {
		struct entry unbound = entry[i];

		if (!is_port(&entry[i], true))
			continue;
		unbound.host.family = 0;
		entry_to_element(nft->nl->job, &unbound, "", &element);
		nft_find_element(nft, &element, &found);
		if (nl_flush_if_many(nft->nl) < 0)
			return -1;
	}
	if (nl_release(nft->nl) < 0)
		return -1;
	rival = found.items;
	for (size_t i = 0; i < found.count; i++)
		add_rival(nft->nl->job, entries, true, &rival[i], out);
	return 0;
}

/* Rivals of entries for all addresses may be for any address, so that all of these
 * are read. They are few: most ports are published for all addresses. */
static int list_bound(struct nft *nft, const struct list *entries, bool ipv6,
		      struct list *out)
{
	const struct entry *entry = entries->items;
	struct list found = { 0 };
	const struct nft_element *rival;
	uint8_t *wanted;

	if (nft_list_elements(nft, port_kind.maps[PORT_BOUND + ipv6].name,
			      &found) < 0)
		return -1;
	if (!found.count)
		return 0;
	wanted = job_alloc(nft->nl->job, PORTS);
	for (size_t i = 0; i < entries->count; i++)
		wanted[entry[i].host_port] |= is_port(&entry[i], false);
	rival = found.items;
	for (size_t i = 0; i < found.count; i++, rival++) {
		if (rival->key_len >= 4 && wanted[port_of(rival)])
			add_rival(nft->nl->job, entries, false, rival, out);
	}
	return 0;
}

int port_list_rivals(struct nft *nft, const struct list *entries,
		     struct list *out)
{
	const struct entry *entry = entries->items;
	bool bound = false, unbound[2] = { false };

	for (size_t i = 0; i < entries->count; i++) {
		bound |= is_port(&entry[i], true);
		unbound[entry[i].pod.ip.family == AF_INET6] |=
			is_port(&entry[i], false);
	}
	if (bound && list_unbound(nft, entries, out) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (unbound[i] && list_bound(nft, entries, i, out) < 0)
			return -1;
	}
	return 0;
}
