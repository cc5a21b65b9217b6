/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forward - what a pod sends, and what answers it, may be forwarded, also where
 * iptables drops it
 *
 *	table inet cnibox-filter
 *	set pods4-BIT	pod address
 *	set published4	protocol . pod address . port, after DNAT
 *
 *	before		one step before filter: jump open
 *	open		IPv4: jump pods4-BIT
 *	pods4-BIT	the bit off; then on, and return, from one of the set; to one
 *			in a connection that is there; to one of published
 *	after		one step behind filter: the bit off
 *	... and each of them for IPv6
 *
 * A rule in FORWARD of iptables (accept.h) lets pass what has the bit. Nobody else
 * opens the node with it: it is taken away before, as it is behind. (What egress.c
 * limits has it from before routing on.)
 */
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/tables/accept.h"
#include "core/tables/address.h"

static const char chain_open[] = "open";
static const char chain_before[] = "before";
static const char chain_after[] = "after";

static const struct nft_map set_published[] = {
	{ "published4",
	  (NFT_TYPE_PROTOCOL << 6 | NFT_TYPE_IPV4) << 6 | NFT_TYPE_PORT, 12,
	  .set = true },
	{ "published6",
	  (NFT_TYPE_PROTOCOL << 6 | NFT_TYPE_IPV6) << 6 | NFT_TYPE_PORT, 24,
	  .set = true },
};

static const struct table_chain chains[] = {
	{ chain_open, .rules = RULES_VARY },
	{ chain_before, "filter", PRIORITY_BEFORE_FILTER, NF_INET_FORWARD, 1 },
	{ chain_after, "filter", PRIORITY_AFTER_FILTER, NF_INET_FORWARD,
	  RULES_VARY },
};

/* ---- text ---- */

static const char *forward_describe(struct job *job, const struct entry *entry,
				    const char *adverb)
{
	char ip[IP_TEXT];

	return job_printf(job, "address %s is %sforwarded",
			  ip_print(&entry->pod.ip, ip), adverb);
}

static bool published_parse(char *const *words, const char *rest,
			    struct entry *out)
{
	long port;

	out->protocol = protocol_number(words[0]);
	if (rest || out->protocol < 0 ||
	    !str_to_long(words[2], 1, UINT16_MAX, &port))
		return false;
	out->pod_port = (uint16_t)port;
	return prefix_parse(words[1], &out->pod);
}

static void published_print(const struct entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT];

	str_printf(out, " %s %s %d", protocol_name(entry->protocol),
		   prefix_print(&entry->pod, pod), entry->pod_port);
}

static const char *published_describe(struct job *job,
				      const struct entry *entry,
				      const char *adverb)
{
	char ip[IP_TEXT];

	return job_printf(job,
			  "published port %d/%s of address %s is %sforwarded",
			  entry->pod_port, protocol_name(entry->protocol),
			  ip_print(&entry->pod.ip, ip), adverb);
}

/* ---- elements, chains, rules ---- */

static void published_fill(struct job *job, const struct entry *entry,
			   struct nft_element *out)
{
	uint8_t protocol = (uint8_t)entry->protocol;
	uint16_t port = htobe16(entry->pod_port);

	(void)job;
	out->map = set_published[entry->pod.ip.family == AF_INET6].name;
	nft_key_add(out, &protocol, sizeof(protocol));
	nft_key_add(out, entry->pod.ip.bytes, ip_size(entry->pod.ip.family));
	nft_key_add(out, &port, sizeof(port));
}

static void end_open(struct nft *nft, const struct entry *entry)
{
	nft_set_mark(nft, 1U << entry->mark_bit, true);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

/* A rule that takes the bit away. */
static void add_clearing(struct nft *nft, const char *chain,
			 const struct entry *entry)
{
	nft_rule(nft, chain);
	nft_match_mark(nft, 1U << entry->mark_bit);
	nft_set_mark(nft, 1U << entry->mark_bit, false);
}

static void forward_chain_add(struct nft *nft, const char *chain,
			      const struct entry *entry)
{
	int family = entry->pod.ip.family;

	address_chain_add(nft, chain, entry);
	add_clearing(nft, chain, entry);
	nft_rule_end(nft);
	address_rule(nft, chain, chain, entry, NFT_SOURCE);
	end_open(nft, entry);
	address_rule(nft, chain, chain, entry, NFT_DESTINATION);
	nft_match_established(nft);
	end_open(nft, entry);
	address_rule(nft, chain, chain, entry, NFT_DESTINATION);
	nft_match_redirected(nft);
	nft_load_protocol(nft, 0);
	nft_load_address(nft, NFT_DESTINATION, family, 1);
	nft_load_port(nft, 1 + (int)ip_size(family) / 4);
	nft_match_set(nft, set_published[family == AF_INET6].name, true);
	end_open(nft, entry);
	nft_rule(nft, chain_open);
	nft_match_family(nft, family);
	nft_verdict(nft, NFT_JUMP, chain);
	nft_rule_end(nft);
	add_clearing(nft, chain_after, entry);
	nft_rule_end_named(nft, chain);
}

static size_t forward_chain_rules(struct job *job, const struct entry *entry)
{
	(void)job, (void)entry;
	return 4;
}

static void forward_rules_add(struct nft *nft)
{
	nft_rule(nft, chain_before);
	nft_verdict(nft, NFT_JUMP, chain_open);
	nft_rule_end(nft);
}

static const struct kind_beside forward_beside = {
	.until = chain_after,
	.ensure = accept_ensure,
	.check = accept_check,
	.find = accept_find,
};

static const struct kind_chain forward_chain = {
	.prefix = "pods",
	.name = address_chain_name,
	.add = forward_chain_add,
	.rules = forward_chain_rules,
	.parse = address_chain_parse,
	.from = chain_open,
	.beside = &forward_beside,
};

const struct kind forward_kind = {
	.table = TABLE_FILTER,
	.word = "forward",
	.words = 2,
	.parse = address_parse,
	.print = address_print,
	.describe = forward_describe,
	.fill = address_fill,
	.chain = &forward_chain,
	.chains = chains,
	.chains_count = sizeof(chains) / sizeof(*chains),
	.rules_add = forward_rules_add,
};

const struct kind published_kind = {
	.table = TABLE_FILTER,
	.word = "published",
	.words = 3,
	.parse = published_parse,
	.print = published_print,
	.describe = published_describe,
	.fill = published_fill,
	.maps = set_published,
	.maps_count = 2,
	.owned_maps = 2,
};
