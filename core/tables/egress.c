/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress - a pod sends only where a list allows
 *
 *	table inet cnibox-filter
 *	set limited4-BIT		pod address
 *	set egress4-HASH		the same, of pods with this list
 *	set egress4-HASH-allowed	ranges of address . protocol . port
 *
 *	egress		behind DNAT, so that the real destination counts: from one of
 *			limited4-BIT: goto limited4-BIT
 *	limited4-BIT	the bit on; in a connection that is there: accept; jump
 *			lists; drop
 *	lists		from one of egress4-HASH: goto egress4-HASH
 *	egress4-HASH	neighbour discovery on the link; to one of
 *			egress4-HASH-allowed: accept; drop
 *	... and each of them for IPv6
 *
 * Table bridge cnibox-filter has the same for what goes from one port of a bridge to
 * another. There are no connections: whatever has the bit has passed the other table
 * (bridge-nf-call-iptables), which knows them; of the rest each packet has to be
 * allowed.
 */
#include "core/tables/address.h"

#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/data/target.h"
#include "core/tables/table.h"

enum { HASH_DIGITS = 16, PROTOCOLS = 4 };

static const char chain_egress[] = "egress";
static const char chain_lists[] = "lists";
static const char suffix_allowed[] = "-allowed";

static const struct table_chain chains[] = {
	{ chain_lists, .rules = RULES_VARY },
	{ chain_egress, "filter", PRIORITY_BEHIND_DSTNAT, NF_INET_PRE_ROUTING,
	  RULES_VARY },
};

static const struct table_chain bridge_chains[] = {
	{ chain_lists, .rules = RULES_VARY },
	{ chain_egress, "filter", PRIORITY_BEFORE_BRIDGE_FILTER, NF_BR_FORWARD,
	  RULES_VARY },
};

/* What gets to the end of chain is dropped. What pods of its set send gets there from
 * another chain. */
static void end_chain(struct nft *nft, const char *chain, const char *from,
		      const struct entry *entry)
{
	nft_rule(nft, chain);
	nft_counter(nft);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
	address_rule(nft, from, chain, entry, NFT_SOURCE);
	nft_verdict(nft, NFT_GOTO, chain);
	nft_rule_end(nft);
}

static const char *egress_describe(struct job *job, const struct entry *entry,
				   const char *adverb)
{
	char ip[IP_TEXT];

	return job_printf(job, "egress of address %s is %slimited",
			  ip_print(&entry->pod.ip, ip), adverb);
}

/* ---- pods that have a list ---- */

static void limited_chain_add(struct nft *nft, const char *chain,
			      const struct entry *entry)
{
	uint32_t bit = 1U << entry->mark_bit;

	address_chain_add(nft, chain, entry);
	nft_rule(nft, chain);
	if (nft->family == NFPROTO_BRIDGE) {
		nft_match_mark(nft, bit);
		nft_verdict(nft, NF_ACCEPT, NULL);
	} else {
		nft_set_mark(nft, bit, true);
		nft_rule_end(nft);
		nft_rule(nft, chain);
		nft_match_established(nft);
		nft_verdict(nft, NF_ACCEPT, NULL);
	}
	nft_rule_end(nft);
	nft_rule(nft, chain);
	nft_verdict(nft, NFT_JUMP, chain_lists);
	nft_rule_end(nft);
	end_chain(nft, chain, chain_egress, entry);
}

static size_t limited_chain_rules(struct job *job, const struct entry *entry)
{
	(void)job;
	return entry->kind == ENTRY_LIMITED ? 4 : 3;
}

static const struct kind_chain limited_chain = {
	.prefix = "limited",
	.name = address_chain_name,
	.add = limited_chain_add,
	.rules = limited_chain_rules,
	.parse = address_chain_parse,
	.from = chain_egress,
};

/* ---- lists ---- */

static bool egress_parse(char *const *words, const char *rest,
			 struct entry *out)
{
	out->allowed = rest;
	return prefix_parse(words[0], &out->pod);
}

static void egress_print(const struct entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT];

	str_printf(out, " %s", prefix_print(&entry->pod, pod));
	if (entry->allowed)
		str_printf(out, " %s", entry->allowed);
}

/* Of IPv6 the chain also has the network of the pod. */
static const char *egress_chain_name(struct job *job, const struct entry *entry)
{
	bool ipv6 = entry->pod.ip.family == AF_INET6;
	struct prefix network = prefix_network(&entry->pod);
	char digits[HASH_DIGITS + 1], text[PREFIX_TEXT] = "";

	if (ipv6)
		prefix_print(&network, text);
	hash_text(job_printf(job, "%s %s", text,
			     entry->allowed ? entry->allowed : ""),
		  HASH_DIGITS, digits);
	return job_printf(job, "%s%d-%s", chain_egress, ipv6 ? 6 : 4, digits);
}

/* The name has only a hash of what is allowed; but tables_probe() has such a chain. */
static bool egress_chain_parse(const char *chain, struct entry *out)
{
	(void)chain, (void)out;
	return false;
}

/* Whether another target, which has the last port only, has it of all addresses of
 * this one. A range that ends in that one is none to the kernel. */
static bool has_last_port(const struct list *targets,
			  const struct target *target, uint8_t protocol)
{
	const struct target *other = targets->items;
	struct target common;

	for (size_t i = 0; i < targets->count; i++, other++) {
		if (other->port == UINT16_MAX && other->protocol == protocol &&
		    target_common(other, target, &common))
			return true;
	}
	return false;
}

/* A range of each part: address, protocol, port. Of ICMP, which has no ports, other
 * bytes are in their place. */
static void add_range(struct job *job, const char *set,
		      const struct target *target, uint8_t protocol,
		      uint16_t last_port, struct list *out)
{
	struct nft_element *first = list_add(job, out, sizeof(*first));
	struct nft_element last = { 0 };
	struct ip from = prefix_first(&target->to);
	struct ip to = prefix_last(&target->to);
	uint16_t ports[] = { htobe16(target->port), htobe16(last_port) };
	uint8_t *end = job_alloc(job, sizeof(last.key));

	first->map = set;
	first->comment = "";
	nft_key_add(first, from.bytes, ip_size(from.family));
	nft_key_add(first, &protocol, sizeof(protocol));
	nft_key_add(first, &ports[0], sizeof(ports[0]));
	nft_key_add(&last, to.bytes, ip_size(to.family));
	nft_key_add(&last, &protocol, sizeof(protocol));
	nft_key_add(&last, &ports[1], sizeof(ports[1]));
	first->key_end = memcpy(end, last.key, sizeof(last.key));
}

static void add_target(struct job *job, const char *set,
		       const struct list *targets, const struct target *target,
		       struct list *out)
{
	const uint8_t protocols[PROTOCOLS] = {
		IPPROTO_TCP,
		IPPROTO_UDP,
		IPPROTO_SCTP,
		target->to.ip.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6,
	};

	for (int i = 0; i < PROTOCOLS; i++) {
		uint16_t last = target->port;

		if (target->protocol && target->protocol != protocols[i])
			continue;
		if (!target->port)
			last = UINT16_MAX -
			       has_last_port(targets, target, protocols[i]);
		add_range(job, set, target, protocols[i], last, out);
	}
}

/* Makes out the elements of the set of what entry allows. */
static const char *list_allowed(struct job *job, const char *chain,
				const struct entry *entry, struct list *out)
{
	const char *at = entry->allowed ? entry->allowed : "";
	const char *set = job_printf(job, "%s%s", chain, suffix_allowed);
	struct list targets = { 0 };
	const struct target *each;

	*out = (struct list) { 0 };
	while (*at) {
		size_t len = strcspn(at, " ");
		struct target target;

		if (target_parse(job, job_strndup(job, at, len), &target) &&
		    target.to.ip.family == entry->pod.ip.family)
			list_copy(job, &targets, &target, sizeof(target));
		at += len + strspn(at + len, " ");
	}
	each = targets.items;
	for (size_t i = 0; i < targets.count; i++)
		add_target(job, set, &targets, &each[i], out);
	return set;
}

/* Neighbours are asked, and answered, on the link only: elsewhere this would carry
 * anything anywhere. */
static void add_neighbour_rules(struct nft *nft, const char *chain,
				const struct entry *entry)
{
	const struct prefix to[] = {
		entry->pod,
		{ { AF_INET6, { 0xfe, 0x80 } }, 10 },
		{ { AF_INET6, { 0xff, 0x02 } }, 16 },
	};

	for (size_t i = 0; i < sizeof(to) / sizeof(*to); i++) {
		nft_rule(nft, chain);
		nft_match_address(nft, NFT_DESTINATION, &to[i]);
		nft_verdict(nft, NFT_JUMP, chain_nd);
		nft_rule_end(nft);
	}
}

static void egress_chain_add(struct nft *nft, const char *chain,
			     const struct entry *entry)
{
	int family = entry->pod.ip.family, words = (int)ip_size(family) / 4;
	int type = family == AF_INET ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6;
	struct nft_map set = {
		.key_type =
			(type << 6 | NFT_TYPE_PROTOCOL) << 6 | NFT_TYPE_PORT,
		.key_len = (uint8_t)(ip_size(family) + 8),
		.set = true,
		.ranges = true,
	};
	const struct nft_element *element;
	struct list allowed;

	set.name = list_allowed(nft->nl->job, chain, entry, &allowed);
	address_chain_add(nft, chain, entry);
	nft_map_add(nft, &set);
	element = allowed.items;
	for (size_t i = 0; i < allowed.count; i++)
		nft_element_ensure(nft, &element[i]);
	if (family == AF_INET6)
		add_neighbour_rules(nft, chain, entry);
	nft_rule(nft, chain);
	nft_match_family(nft, family);
	nft_load_address(nft, NFT_DESTINATION, family, 0);
	nft_load_protocol(nft, words);
	nft_load_port(nft, words + 1);
	nft_match_set(nft, set.name, true);
	nft_verdict(nft, NF_ACCEPT, NULL);
	nft_rule_end(nft);
	end_chain(nft, chain, chain_lists, entry);
}

static size_t egress_chain_rules(struct job *job, const struct entry *entry)
{
	(void)job;
	return entry->pod.ip.family == AF_INET ? 2 : 5;
}

/* ---- whether a list is as it should be ---- */

static bool has_range(const struct list *list, const struct nft_element *wanted)
{
	const struct nft_element *element = list->items;

	for (size_t i = 0; i < list->count; i++, element++) {
		if (element->key_end && element->key_len == wanted->key_len &&
		    memcmp(element->key, wanted->key, wanted->key_len) == 0 &&
		    memcmp(element->key_end, wanted->key_end,
			   wanted->key_len) == 0)
			return true;
	}
	return false;
}

static int egress_check(struct nl *nl, const struct entry *entry)
{
	const char *chain = egress_chain_name(nl->job, entry), *set;
	struct list allowed, there = { 0 };
	const struct nft_element *element;
	struct nft nft;
	bool same;

	table_init(&nft, nl, kinds[entry->kind]->table);
	set = list_allowed(nl->job, chain, entry, &allowed);
	if (nft_list_elements(&nft, set, &there) < 0)
		return -1;
	same = there.count == allowed.count;
	element = allowed.items;
	for (size_t i = 0; same && i < allowed.count; i++)
		same = has_range(&there, &element[i]);
	return same ? 0
		    : fail(nl->job, CNI_INTERNAL,
			   "set %s of table %s has other elements than it should",
			   set, nft.table);
}

static const struct kind_beside egress_beside = {
	.check = egress_check,
};

static const struct kind_chain egress_chain = {
	.prefix = chain_egress,
	.name = egress_chain_name,
	.add = egress_chain_add,
	.rules = egress_chain_rules,
	.parse = egress_chain_parse,
	.from = chain_lists,
	.beside = &egress_beside,
	.more = suffix_allowed,
};

#define LIMITED(in, called, has)                                               \
	{                                                                      \
		.table = (in), .word = (called), .words = 2,                   \
		.parse = address_parse, .print = address_print,                \
		.describe = egress_describe, .fill = address_fill,             \
		.chain = &limited_chain, .chains = (has),                      \
		.chains_count = sizeof(has) / sizeof(*(has)),                  \
	}

#define EGRESS(in, called)                                                     \
	{                                                                      \
		.table = (in), .word = (called), .words = 1,                   \
		.parse = egress_parse, .print = egress_print,                  \
		.describe = egress_describe, .fill = address_fill,             \
		.chain = &egress_chain,                                        \
	}

const struct kind limited_kind = LIMITED(TABLE_FILTER, "limited", chains);
const struct kind limited_bridged_kind =
	LIMITED(TABLE_FILTER_BRIDGE, "limited-bridged", bridge_chains);
const struct kind egress_kind = EGRESS(TABLE_FILTER, "egress");
const struct kind egress_bridged_kind =
	EGRESS(TABLE_FILTER_BRIDGE, "egress-bridged");
