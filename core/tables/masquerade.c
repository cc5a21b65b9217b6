/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * masquerade - what a pod sends outside its subnet gets our address
 *
 *	set masq4-LENGTH	pod address . its network
 *
 *	postrouting		(hairpins); goto masq
 *	masq			(exempt); to be encrypted: return; from one of set
 *				masq4-LENGTH: goto masq4-LENGTH
 *	masq4-LENGTH		masquerade, but not to the pod's network, multicast
 *	masq4-LENGTH-HASH	... nor to exempt subnets or by routes of an exempt realm,
 *				of which this is a hash
 *	... and each of them for IPv6
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/kernel/ct.h"
#include "core/tables/exempt.h"
#include "core/tables/network.h"

const char chain_postrouting[] = "postrouting";
const char chain_masquerade[] = "masq";

static const struct table_chain chains[] = {
	{ chain_masquerade, .rules = RULES_VARY },
	/* The first of its rules is hairpin.c's. */
	{ chain_postrouting, "nat", PRIORITY_SRCNAT, NF_INET_POST_ROUTING, 2 },
};

static void masquerade_rules_add(struct nft *nft)
{
	nft_rule(nft, chain_postrouting);
	nft_verdict(nft, NFT_GOTO, chain_masquerade);
	nft_rule_end(nft);
	if (IS_ENABLED(CONFIG_NODES))
		exempt_rules_add(nft);
	if (nft->no_ipsec)
		return;
	/* IPsec chooses the tunnel by the address that a packet has now. */
	nft_rule(nft, chain_masquerade);
	nft_match_ipsec(nft);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

/* Reads the subnets and the realm, 0 if there is none; how many they are. */
static size_t read_exempt(struct job *job, const struct entry *entry,
			  struct list *out, long *realm)
{
	const char *at = entry->exempt ? entry->exempt : "";

	*out = (struct list) { 0 };
	*realm = 0;
	while (*at) {
		size_t len = strcspn(at, " ");
		const char *word = job_strndup(job, at, len);
		struct prefix prefix;

		if (prefix_parse(word, &prefix))
			list_copy(job, out, &prefix, sizeof(prefix));
		else if (str_starts(word, "realm:"))
			str_to_long(word + 6, 1, UINT16_MAX, realm);
		at += len + strspn(at + len, " ");
	}
	return out->count + (*realm > 0);
}

static void add_realm_rule(struct nft *nft, const char *chain, uint32_t realm)
{
	nft_rule(nft, chain);
	nft_match_realm(nft, realm);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

static void masquerade_chain_add(struct nft *nft, const char *chain,
				 const struct entry *entry)
{
	static const struct prefix multicast[] = {
		{ { AF_INET, { 224 } }, 4 },
		{ { AF_INET6, { 0xff } }, 8 },
	};
	const struct prefix *subnet;
	struct list exempt;
	long realm;

	network_chain_add(nft, chain, entry);
	nft_rule(nft, chain);
	network_match(nft, chain, entry, NFT_SOURCE, NFT_DESTINATION);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
	network_rule_for(nft, chain, NFT_DESTINATION,
			 &multicast[entry->pod.ip.family == AF_INET6]);
	read_exempt(nft->nl->job, entry, &exempt, &realm);
	subnet = exempt.items;
	for (size_t i = 0; i < exempt.count; i++)
		network_rule_for(nft, chain, NFT_DESTINATION, &subnet[i]);
	if (realm)
		add_realm_rule(nft, chain, (uint32_t)realm);
	nft_rule(nft, chain);
	nft_masquerade(nft);
	nft_rule_end(nft);
	network_rule_to_chain(nft, chain, entry, NFT_SOURCE, NFT_GOTO);
}

static size_t masquerade_chain_rules(struct job *job, const struct entry *entry)
{
	struct list exempt;
	long realm;

	return 3 + read_exempt(job, entry, &exempt, &realm);
}

static const struct kind_chain masquerade_chain = {
	.prefix = chain_masquerade,
	.name = network_chain_name,
	.add = masquerade_chain_add,
	.rules = masquerade_chain_rules,
	.parse = network_chain_parse,
	.from = chain_masquerade,
};

const struct kind masquerade_kind = {
	.word = "masquerade",
	.words = 1,
	.parse = network_parse,
	.print = network_print,
	.describe = network_describe,
	.fill = network_fill,
	.chain = &masquerade_chain,
	.maps = exempt_sets,
	.maps_count = EXEMPT_SETS,
	.chains = chains,
	.chains_count = sizeof(chains) / sizeof(*chains),
	.rules_add = masquerade_rules_add,
	.connections = CT_MASQUERADE,
};
