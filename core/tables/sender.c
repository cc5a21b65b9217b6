/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sender - a link of the host that a container sends by brings only packets with
 * the container's own addresses
 *
 *	table inet cnibox-filter, and the same in table bridge cnibox-filter
 *	set guarded	link
 *	set senders4	link . address
 *
 *	guard		from one of guarded, and no ARP: goto senders
 *	senders		by senders4: return; by senders6: return; from a link-local
 *			address, or none: jump nd; drop
 *	nd		neighbour discovery and what it takes: accept
 *	routed		in the first table only: neighbour discovery that leaves its
 *			link: drop
 */
#include "core/tables/kind.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"

enum {
	WORDS = IFNAMSIZ / 4,
	SENDERS_IPV4 = 0,
	SENDERS_IPV6,
	GUARDED,
};

static const struct nft_map maps[] = {
	[SENDERS_IPV4] = { "senders4", NFT_TYPE_IFNAME << 6 | NFT_TYPE_IPV4,
			   IFNAMSIZ + 4, .set = true },
	[SENDERS_IPV6] = { "senders6", NFT_TYPE_IFNAME << 6 | NFT_TYPE_IPV6,
			   IFNAMSIZ + 16, .set = true },
	[GUARDED] = { "guarded", NFT_TYPE_IFNAME, IFNAMSIZ, .set = true },
};

const char chain_nd[] = "nd";
static const char chain_senders[] = "senders";
static const char chain_guard[] = "guard";
static const char chain_routed[] = "routed";
static const char unlimited[] = "*"; /* in place of an address */

/* What a container may send from a link-local address, or without one: to join groups,
 * and to find routers (133) and neighbours (135, 136). No advertisement of a router.
 * With these hop limits all of it ends on the link: who is to find neighbours takes
 * nothing with a smaller one (RFC 4861, 7.1), and one more is not forwarded. */
static const uint8_t group_types[] = { 131, 132, 143 };
static const uint8_t neighbour_types[] = { 133, 135, 136 };
enum { TYPES = 3, GROUP_HOPS = 1, NEIGHBOUR_HOPS = 255 };

/* The last chain is not the bridge's. */
enum { CHAINS = 4, BRIDGE_CHAINS = CHAINS - 1 };

/* The hook before routing has the same number in both families. */
static const struct table_chain chains[CHAINS] = {
	{ chain_nd, .rules = (FAMILIES - 1) * 2 * TYPES },
	{ chain_senders, .rules = 2 + (FAMILIES - 1) * 3 },
	{ chain_guard, "filter", PRIORITY_RAW, NF_INET_PRE_ROUTING, 1 },
	{ chain_routed, "filter", PRIORITY_RAW, NF_INET_FORWARD,
	  (FAMILIES - 1) * TYPES },
};

/* ---- text ---- */

static bool sender_parse(char *const *words, const char *rest,
			 struct entry *out)
{
	return !rest && *words[0] &&
	       str_copy(out->bridge_port, sizeof(out->bridge_port), words[0]) &&
	       (strcmp(words[1], unlimited) == 0 ||
		prefix_parse(words[1], &out->pod));
}

static void sender_print(const struct entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT];

	str_printf(out, " %s %s", entry->bridge_port,
		   entry->pod.ip.family ? prefix_print(&entry->pod, pod)
					: unlimited);
}

static const char *sender_describe(struct job *job, const struct entry *entry,
				   const char *adverb)
{
	return job_printf(job, "interface %s is %skept to its addresses",
			  entry->bridge_port, adverb);
}

/* ---- elements, rules ---- */

static void sender_fill(struct job *job, const struct entry *entry,
			struct nft_element *out)
{
	int family = entry->pod.ip.family;

	(void)job;
	out->map = maps[!family		    ? GUARDED
			: family == AF_INET ? SENDERS_IPV4
					    : SENDERS_IPV6]
			   .name;
	nft_key_add(out, entry->bridge_port, IFNAMSIZ);
	if (family)
		nft_key_add(out, entry->pod.ip.bytes, ip_size(family));
}

static void add_sender_rule(struct nft *nft, int family)
{
	nft_rule(nft, chain_senders);
	nft_match_family(nft, family);
	nft_load_input(nft, 0);
	nft_load_address(nft, NFT_SOURCE, family, WORDS);
	nft_match_set(nft, maps[family == AF_INET6].name, true);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

static void add_types(struct nft *nft, const char *chain,
		      const uint8_t types[TYPES], uint8_t hop_limit,
		      int verdict)
{
	for (int i = 0; i < TYPES; i++) {
		nft_rule(nft, chain);
		nft_match_icmpv6(nft, types[i], hop_limit);
		nft_verdict(nft, verdict, NULL);
		nft_rule_end(nft);
	}
}

static void add_nd_rules(struct nft *nft)
{
	static const struct prefix from[] = {
		{ { AF_INET6, { 0xfe, 0x80 } }, 10 },
		{ { AF_INET6, { 0 } }, 128 },
	};

	add_types(nft, chain_nd, group_types, GROUP_HOPS, NF_ACCEPT);
	add_types(nft, chain_nd, neighbour_types, NEIGHBOUR_HOPS, NF_ACCEPT);
	/* Who has forwarded a packet has taken one from its hop limit. */
	if (nft->family != NFPROTO_BRIDGE)
		add_types(nft, chain_routed, neighbour_types,
			  NEIGHBOUR_HOPS - 1, NF_DROP);
	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++) {
		nft_rule(nft, chain_senders);
		nft_match_address(nft, NFT_SOURCE, &from[i]);
		nft_verdict(nft, NFT_JUMP, chain_nd);
		nft_rule_end(nft);
	}
}

static void sender_rules_add(struct nft *nft)
{
	nft_rule(nft, chain_guard);
	nft_load_input(nft, 0);
	nft_match_set(nft, maps[GUARDED].name, true);
	if (nft->family == NFPROTO_BRIDGE)
		nft_match_no_arp(nft);
	nft_verdict(nft, NFT_GOTO, chain_senders);
	nft_rule_end(nft);
	add_sender_rule(nft, AF_INET);
	if (IS_ENABLED(CONFIG_IPV6)) {
		add_sender_rule(nft, AF_INET6);
		add_nd_rules(nft);
	}
	nft_rule(nft, chain_senders);
	nft_counter(nft);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

#define SENDER(in, called, count)                                              \
	{                                                                      \
		.table = (in), .word = (called), .words = 2,                   \
		.parse = sender_parse, .print = sender_print,                  \
		.describe = sender_describe, .fill = sender_fill,              \
		.maps = maps, .maps_count = sizeof(maps) / sizeof(*maps),      \
		.owned_maps = sizeof(maps) / sizeof(*maps), .chains = chains,  \
		.chains_count = (count), .rules_add = sender_rules_add,        \
	}

const struct kind sender_kind = SENDER(TABLE_FILTER, "sender", CHAINS);
const struct kind sender_bridged_kind =
	SENDER(TABLE_FILTER_BRIDGE, "sender-bridged", BRIDGE_CHAINS);
