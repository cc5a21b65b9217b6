/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hairpin - what comes back to a published port gets our address
 *
 *	set hairpin4-LENGTH	pod address . its network
 *
 *	postrouting		marked by our dnat: jump hairpin
 *	hairpin			to one of set hairpin4-LENGTH: jump hairpin4-LENGTH
 *	hairpin4-LENGTH		masquerade from the pod's network and 127.0.0.0/8
 *	... and each of them for IPv6
 */
#include <linux/netfilter/nf_tables.h>
#include <sys/socket.h>

#include "core/tables/network.h"

static const char chain_hairpin[] = "hairpin";

static const struct table_chain chains[] = {
	{ chain_hairpin, .rules = RULES_VARY },
};

/* Only what our dnat redirected: what others redirected, such as the addresses of
 * services, they masquerade themselves. */
static void hairpin_rules_add(struct nft *nft)
{
	nft_rule(nft, chain_postrouting);
	nft_match_mark(nft, MARK_REDIRECTED);
	nft_match_redirected(nft);
	nft_set_mark(nft, MARK_REDIRECTED, false);
	nft_verdict(nft, NFT_JUMP, chain_hairpin);
	nft_rule_end(nft);
}

static void hairpin_chain_add(struct nft *nft, const char *chain,
			      const struct entry *entry)
{
	static const struct prefix loopback = { { AF_INET, { 127 } }, 8 };

	network_chain_add(nft, chain, entry);
	nft_rule(nft, chain);
	network_match(nft, chain, entry, NFT_DESTINATION, NFT_SOURCE);
	nft_masquerade(nft);
	nft_rule_end(nft);
	if (entry->pod.ip.family == AF_INET)
		network_rule_for(nft, chain, NFT_SOURCE, &loopback);
	/* A jump, so that what is no hairpin returns, and may be masqueraded. */
	network_rule_to_chain(nft, chain, entry, NFT_DESTINATION, NFT_JUMP);
}

static size_t hairpin_chain_rules(struct job *job, const struct entry *entry)
{
	(void)job;
	return entry->pod.ip.family == AF_INET ? 2 : 1;
}

static bool hairpin_parse(char *const *words, const char *rest,
			  struct entry *out)
{
	return !rest && network_parse(words, NULL, out);
}

static const struct kind_chain hairpin_chain = {
	.prefix = chain_hairpin,
	.name = network_chain_name,
	.add = hairpin_chain_add,
	.rules = hairpin_chain_rules,
	.parse = network_chain_parse,
	.from = chain_hairpin,
};

const struct kind hairpin_kind = {
	.word = "hairpin",
	.words = 1,
	.parse = hairpin_parse,
	.print = network_print,
	.describe = network_describe,
	.fill = network_fill,
	.chain = &hairpin_chain,
	.chains = chains,
	.chains_count = 1,
	.rules_add = hairpin_rules_add,
};
