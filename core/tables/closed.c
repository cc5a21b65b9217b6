/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * closed - bridges that are closed to each other, or whose ports are
 *
 *	table inet cnibox-filter
 *	set closed		bridge . bridge, the same twice
 *	set isolated		bridge . bridge, the same twice
 *	set closed-BRIDGE	port, of a pod because of which BRIDGE is in closed
 *	set isolated-BRIDGE	the same for isolated
 *
 *	isolate		from and to one bridge of isolated: drop
 *			from and to bridges of closed, which are not the same: drop
 *
 *	table bridge cnibox-filter
 *	set ports	port
 *
 *	forward		from and to one of ports: drop
 *
 * Chains of the names of the sets for bridges have no rules: they are there as long
 * as the sets.
 */
#include "core/tables/kind.h"

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <string.h>

#include "core/base/str.h"

enum {
	PAIR = NFT_TYPE_IFNAME << 6 | NFT_TYPE_IFNAME,
	WORDS = IFNAMSIZ / 4,
};

static const struct nft_map set_closed[] = {
	{ "closed", PAIR, 2 * IFNAMSIZ, .set = true },
};

static const struct nft_map set_isolated[] = {
	{ "isolated", PAIR, 2 * IFNAMSIZ, .set = true },
};

static const struct nft_map set_ports[] = {
	{ "ports", NFT_TYPE_IFNAME, IFNAMSIZ, .set = true },
};

static const struct table_chain chains[] = {
	{ "isolate", "filter", PRIORITY_BEFORE_FILTER, NF_INET_FORWARD, 2 },
};

static const struct table_chain bridge_chains[] = {
	{ "forward", "filter", PRIORITY_BEFORE_BRIDGE_FILTER, NF_BR_FORWARD,
	  1 },
};

/* ---- text ---- */

static bool closed_parse(char *const *words, const char *rest,
			 struct entry *out)
{
	bool single = out->kind == ENTRY_ISOLATED_PORT;

	return !rest && *words[0] &&
	       str_copy(out->bridge_port, sizeof(out->bridge_port), words[0]) &&
	       (single ||
		(*words[1] &&
		 str_copy(out->bridge, sizeof(out->bridge), words[1])));
}

static void closed_print(const struct entry *entry, struct str *out)
{
	str_printf(out, " %s", entry->bridge_port);
	if (entry->kind != ENTRY_ISOLATED_PORT)
		str_printf(out, " %s", entry->bridge);
}

static const char *closed_describe(struct job *job, const struct entry *entry,
				   const char *adverb)
{
	const char *state = entry->kind == ENTRY_CLOSED ? "closed" : "isolated";

	if (entry->kind == ENTRY_ISOLATED_PORT)
		return job_printf(job, "interface %s is %sisolated",
				  entry->bridge_port, adverb);
	return job_printf(job, "bridge %s of interface %s is %s%s",
			  entry->bridge, entry->bridge_port, adverb, state);
}

/* ---- elements, chains, rules ---- */

static const char *closed_chain_name(struct job *job, const struct entry *entry)
{
	return job_printf(job, "%s%s", kinds[entry->kind]->chain->prefix,
			  entry->bridge);
}

static void closed_fill(struct job *job, const struct entry *entry,
			struct nft_element *out)
{
	out->map = entry->kind == ENTRY_ISOLATED_PORT
			   ? set_ports->name
			   : closed_chain_name(job, entry);
	nft_key_add(out, entry->bridge_port, IFNAMSIZ);
}

static bool closed_chain_parse(const char *chain, struct entry *out)
{
	enum entry_kind kind = kind_of_chain(chain);

	*out = (struct entry) { .kind = kind };
	return str_copy(out->bridge, sizeof(out->bridge),
			chain + strlen(kinds[kind]->chain->prefix));
}

static void closed_chain_add(struct nft *nft, const char *chain,
			     const struct entry *entry)
{
	const struct nft_map set = { chain, NFT_TYPE_IFNAME, IFNAMSIZ,
				     .set = true };

	(void)entry;
	nft_chain_add(nft, chain, NULL);
	nft_map_add(nft, &set);
}

static size_t closed_chain_rules(struct job *job, const struct entry *entry)
{
	(void)job, (void)entry;
	return 0;
}

static void closed_beside_fill(const char *chain, struct nft_element *out)
{
	struct entry entry;

	closed_chain_parse(chain, &entry);
	*out = (struct nft_element) { .map = kinds[entry.kind]->maps->name,
				      .comment = chain };
	nft_key_add(out, entry.bridge, IFNAMSIZ);
	nft_key_add(out, entry.bridge, IFNAMSIZ);
}

static void closed_rules_add(struct nft *nft)
{
	nft_rule(nft, chains->name);
	nft_load_input(nft, 0);
	nft_load_output(nft, WORDS);
	nft_match_set(nft, set_isolated->name, true);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
	nft_rule(nft, chains->name);
	nft_load_input(nft, 0);
	nft_load_input(nft, WORDS);
	nft_match_set(nft, set_closed->name, true);
	nft_load_output(nft, 0);
	nft_load_output(nft, WORDS);
	nft_match_set(nft, set_closed->name, true);
	nft_load_input(nft, 0);
	nft_match_set(nft, set_closed->name, false);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

static void isolated_port_rules_add(struct nft *nft)
{
	nft_rule(nft, bridge_chains->name);
	nft_load_input(nft, 0);
	nft_match_set(nft, set_ports->name, true);
	nft_load_output(nft, 0);
	nft_match_set(nft, set_ports->name, true);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

static const struct kind_beside closed_beside = {
	.element = closed_beside_fill,
};

static const struct kind_chain closed_chain = {
	.prefix = "closed-",
	.name = closed_chain_name,
	.add = closed_chain_add,
	.rules = closed_chain_rules,
	.parse = closed_chain_parse,
	.beside = &closed_beside,
};

static const struct kind_chain isolated_chain = {
	.prefix = "isolated-",
	.name = closed_chain_name,
	.add = closed_chain_add,
	.rules = closed_chain_rules,
	.parse = closed_chain_parse,
	.beside = &closed_beside,
};

const struct kind closed_kind = {
	.table = TABLE_FILTER,
	.word = "closed",
	.words = 2,
	.parse = closed_parse,
	.print = closed_print,
	.describe = closed_describe,
	.fill = closed_fill,
	.chain = &closed_chain,
	.maps = set_closed,
	.maps_count = 1,
	.chains = chains,
	.chains_count = 1,
	.rules_add = closed_rules_add,
};

const struct kind isolated_kind = {
	.table = TABLE_FILTER,
	.word = "isolated",
	.words = 2,
	.parse = closed_parse,
	.print = closed_print,
	.describe = closed_describe,
	.fill = closed_fill,
	.chain = &isolated_chain,
	.maps = set_isolated,
	.maps_count = 1,
};

const struct kind isolated_port_kind = {
	.table = TABLE_FILTER_BRIDGE,
	.word = "alone",
	.words = 1,
	.parse = closed_parse,
	.print = closed_print,
	.describe = closed_describe,
	.fill = closed_fill,
	.maps = set_ports,
	.maps_count = 1,
	.owned_maps = 1,
	.chains = bridge_chains,
	.chains_count = 1,
	.rules_add = isolated_port_rules_add,
};
