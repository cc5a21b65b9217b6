/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that are published for all addresses by one and for a single address by
 * another. */
#include <string.h>
#include <sys/socket.h>

#include "core/tables/table.h"
#include "core/tables/tables.h"

enum { PORTS = 1 << 16 };

static bool is_port(const struct entry *entry, bool bound)
{
	return entry->kind == ENTRY_PORT &&
	       !ip_is_unspecified(&entry->host) == bound;
}

/* The port in an element's key, whose last part it is. */
static uint16_t port_of(const struct nft_element *element)
{
	const uint8_t *port = element->key + element->key_len - 4;

	return (uint16_t)(port[0] << 8 | port[1]);
}

/* The entry that the rival stands against, or NULL. */
static const struct entry *find_entry(const struct list *entries, bool bound,
				      const struct nft_element *rival)
{
	const struct entry *entry = entries->items;

	for (size_t i = 0; i < entries->count; i++, entry++) {
		if (is_port(entry, bound) && entry->protocol == rival->key[0] &&
		    entry->host_port == port_of(rival) &&
		    ip_size(entry->pod.ip.family) + 4 == rival->data_len)
			return entry;
	}
	return NULL;
}

static int judge(struct nft *nft, const char *owner, const struct entry *entry,
		 const char *rival, const struct holders *holders)
{
	struct job *job = nft->nl->job;
	enum holder holder;

	if (!entry || strcmp(rival, owner) == 0)
		return 0;
	holder = holders->tell(holders->arg, rival);
	if (holder == HOLDER_ALIVE || holder == HOLDER_UNKNOWN)
		return entry_refuse(job, entry, rival, holder);
	if (job->msg)
		return -1;
	return holder == HOLDER_DEAD
		       ? tables_del_owner(nft->nl, rival,
					  1 << ENTRY_PORT |
						  1 << ENTRY_CONDITION)
		       : 0;
}

/* Entries for one address: rivals have a key that is known. */
static int check_bound(struct nft *nft, const char *owner,
		       const struct list *entries,
		       const struct holders *holders)
{
	const struct entry *entry = entries->items;
	struct list rivals = { 0 };
	const struct nft_element *rival;
	struct nft_element element;

	nl_hold(nft->nl);
	for (size_t i = 0; i < entries->count; i++) {
		struct entry unbound = entry[i];

		if (!is_port(&entry[i], true))
			continue;
		unbound.host.family = 0;
		entry_to_element(nft->nl->job, &unbound, owner, &element);
		nft_find_element(nft, &element, &rivals);
		if (nl_flush_if_many(nft->nl) < 0)
			return -1;
	}
	if (nl_release(nft->nl) < 0)
		return -1;
	rival = rivals.items;
	for (size_t i = 0; i < rivals.count; i++) {
		if (judge(nft, owner, find_entry(entries, true, &rival[i]),
			  rival[i].comment, holders) < 0)
			return -1;
	}
	return 0;
}

/* Entries for all addresses: rivals may be for any. They are few: most ports are
 * published for all. */
static int check_unbound(struct nft *nft, const char *owner,
			 const struct list *entries, int family,
			 const struct holders *holders)
{
	const struct entry *entry = entries->items;
	struct list rivals = { 0 };
	const struct nft_element *rival;
	uint8_t *wanted;

	if (nft_list_elements(nft, nat_map(NAT_MAP_BOUND, family)->name,
			      &rivals) < 0)
		return -1;
	if (!rivals.count)
		return 0;
	wanted = job_alloc(nft->nl->job, PORTS);
	for (size_t i = 0; i < entries->count; i++)
		wanted[entry[i].host_port] |= is_port(&entry[i], false);
	rival = rivals.items;
	for (size_t i = 0; i < rivals.count; i++, rival++) {
		if (rival->key_len >= 4 && wanted[port_of(rival)] &&
		    judge(nft, owner, find_entry(entries, false, rival),
			  rival->comment, holders) < 0)
			return -1;
	}
	return 0;
}

int nat_check_rivals(struct nft *nft, const char *owner,
		     const struct list *entries, const struct holders *holders)
{
	const struct entry *entry = entries->items;
	bool bound = false, unbound[2] = { false };

	for (size_t i = 0; i < entries->count; i++) {
		bound |= is_port(&entry[i], true);
		unbound[entry[i].pod.ip.family == AF_INET6] |=
			is_port(&entry[i], false);
	}
	if (bound && check_bound(nft, owner, entries, holders) < 0)
		return -1;
	if (unbound[0] &&
	    check_unbound(nft, owner, entries, AF_INET, holders) < 0)
		return -1;
	return unbound[1]
		       ? check_unbound(nft, owner, entries, AF_INET6, holders)
		       : 0;
}
