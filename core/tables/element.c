/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps, and what entries are in them. */
#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/tables/table.h"

#define TWO(a, b)      ((a) << 6 | (b))
#define THREE(a, b, c) (TWO(a, b) << 6 | (c))
#define KEY_BOUND(ip)  THREE(NFT_TYPE_PROTOCOL, ip, NFT_TYPE_PORT)
#define KEY_UNBOUND    TWO(NFT_TYPE_PROTOCOL, NFT_TYPE_PORT)
#define TARGET(ip)     TWO(ip, NFT_TYPE_PORT)
#define IPV4	       NFT_TYPE_IPV4
#define IPV6	       NFT_TYPE_IPV6

static const struct nft_map maps[NAT_MAPS_ALL][2] = {
	{ { "hostip4", KEY_BOUND(IPV4), 12, TARGET(IPV4), 8 },
	  { "hostip6", KEY_BOUND(IPV6), 24, TARGET(IPV6), 20 } },
	{ { "hostport4", KEY_UNBOUND, 8, TARGET(IPV4), 8 },
	  { "hostport6", KEY_UNBOUND, 8, TARGET(IPV6), 20 } },
	{ { "condip4", KEY_BOUND(IPV4), 12, 0, 0 },
	  { "condip6", KEY_BOUND(IPV6), 24, 0, 0 } },
	{ { "condport4", KEY_UNBOUND, 8, 0, 0 },
	  { "condport6", KEY_UNBOUND, 8, 0, 0 } },
	{ { "guarded", NFT_TYPE_IFNAME, IFNAMSIZ, .set = true } },
	{ { "sources", TWO(NFT_TYPE_IFNAME, NFT_TYPE_MAC), IFNAMSIZ + 8,
	    .set = true } },
	{ { "services4", IPV4, 4, .set = true },
	  { "services6", IPV6, 16, .set = true } },
};

const struct nft_map *nat_map(enum nat_map map, int family)
{
	const struct nft_map *found = &maps[map][family == AF_INET6];

	if (family == AF_INET6 && !IS_ENABLED(CONFIG_IPV6))
		return NULL;
	return found->name ? found : NULL;
}

enum entry_kind nat_map_kind(enum nat_map map)
{
	static const enum entry_kind kinds[NAT_MAPS] = {
		[NAT_MAP_BOUND] = ENTRY_PORT,
		[NAT_MAP_UNBOUND] = ENTRY_PORT,
		[NAT_MAP_BOUND_CONDITION] = ENTRY_CONDITION,
		[NAT_MAP_UNBOUND_CONDITION] = ENTRY_CONDITION,
		[NAT_MAP_GUARDED] = ENTRY_GUARDED,
		[NAT_MAP_SOURCE] = ENTRY_SOURCE,
	};

	return kinds[map];
}

static void append(uint8_t *to, size_t *len, const void *data, size_t size)
{
	memcpy(to + *len, data, size);
	*len += (size + 3) / 4 * 4;
}

enum { TERMS_DIGITS = 16 };

static const char masquerade_prefix[] = "masq";
static const char hairpin_prefix[] = "hairpin";
static const char condition_prefix[] = "cond";

const char *nat_chain_name(struct job *job, const struct entry *entry)
{
	char digits[TERMS_DIGITS + 1] = "";
	const char *terms = entry->terms ? entry->terms : "";

	if (*terms)
		hash_text(terms, TERMS_DIGITS, digits);
	if (entry->kind == ENTRY_CONDITION)
		return job_printf(job, "%s-%s", condition_prefix, digits);
	if (entry->kind != ENTRY_MASQUERADE && entry->kind != ENTRY_HAIRPIN)
		return NULL;
	return job_printf(job, "%s%d-%d%s%s",
			  entry->kind == ENTRY_HAIRPIN ? hairpin_prefix
						       : masquerade_prefix,
			  entry->pod.ip.family == AF_INET ? 4 : 6,
			  entry->pod.len, *terms ? "-" : "", digits);
}

/* Behind a name of such chains and sets; nothing else begins so. */
static bool is_chain_of(const char *chain, const char *prefix)
{
	return str_starts(chain, prefix) && chain[strlen(prefix)];
}

bool nat_chain_kind(const char *chain, enum entry_kind *kind)
{
	if (is_chain_of(chain, masquerade_prefix))
		*kind = ENTRY_MASQUERADE;
	else if (is_chain_of(chain, hairpin_prefix))
		*kind = ENTRY_HAIRPIN;
	else if (is_chain_of(chain, condition_prefix))
		*kind = ENTRY_CONDITION;
	else
		return false;
	return true;
}

static const char *map_name(const struct entry *entry, bool condition)
{
	bool bound = !ip_is_unspecified(&entry->host);
	enum nat_map map = bound ? NAT_MAP_BOUND : NAT_MAP_UNBOUND;

	if (condition)
		map = bound ? NAT_MAP_BOUND_CONDITION
			    : NAT_MAP_UNBOUND_CONDITION;
	/* A binary that has IPv6 may have written the record. */
	return maps[map][entry->pod.ip.family == AF_INET6].name;
}

static void fill_port_key(const struct entry *entry, struct nft_element *out)
{
	uint8_t protocol = (uint8_t)entry->protocol;
	uint16_t host_port = htobe16(entry->host_port);

	append(out->key, &out->key_len, &protocol, sizeof(protocol));
	if (!ip_is_unspecified(&entry->host))
		append(out->key, &out->key_len, entry->host.bytes,
		       ip_size(entry->pod.ip.family));
	append(out->key, &out->key_len, &host_port, sizeof(host_port));
}

void entry_to_element(struct job *job, const struct entry *entry,
		      const char *owner, struct nft_element *out)
{
	struct ip network = prefix_network(&entry->pod).ip;
	int family = entry->pod.ip.family;
	uint16_t pod_port = htobe16(entry->pod_port);

	*out = (struct nft_element) { .comment = owner };
	switch (entry->kind) {
	case ENTRY_MASQUERADE:
	case ENTRY_HAIRPIN:
		out->map = nat_chain_name(job, entry);
		append(out->key, &out->key_len, entry->pod.ip.bytes,
		       ip_size(family));
		append(out->key, &out->key_len, network.bytes, ip_size(family));
		break;
	case ENTRY_PORT:
		out->map = map_name(entry, false);
		append(out->data, &out->data_len, entry->pod.ip.bytes,
		       ip_size(family));
		append(out->data, &out->data_len, &pod_port, sizeof(pod_port));
		fill_port_key(entry, out);
		break;
	case ENTRY_CONDITION:
		out->map = map_name(entry, true);
		fill_port_key(entry, out);
		out->chain = nat_chain_name(job, entry);
		out->verdict = NFT_GOTO;
		break;
	case ENTRY_GUARDED:
		out->map = nat_map(NAT_MAP_GUARDED, AF_INET)->name;
		append(out->key, &out->key_len, entry->bridge_port, IFNAMSIZ);
		break;
	case ENTRY_SOURCE:
		out->map = nat_map(NAT_MAP_SOURCE, AF_INET)->name;
		append(out->key, &out->key_len, entry->bridge_port, IFNAMSIZ);
		append(out->key, &out->key_len, entry->mac, MAC_LEN);
	}
}
