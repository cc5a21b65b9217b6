/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * macspoofchk - a port of the bridge sends only with the MAC address it was given
 *
 *	table bridge cnibox
 *	set guarded	interface
 *	set sources	interface . MAC
 *
 *	prerouting	from one of set guarded, not by set sources: drop
 *
 * In a record the words of the two kinds are guarded and source.
 */
#include "core/tables/kind.h"

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>

#include "core/base/str.h"

static const struct nft_map set_guarded[] = {
	{ "guarded", NFT_TYPE_IFNAME, IFNAMSIZ, .set = true },
};

static const struct nft_map set_sources[] = {
	{ "sources", NFT_TYPE_IFNAME << 6 | NFT_TYPE_MAC, IFNAMSIZ + 8,
	  .set = true },
};

static const struct table_chain chains[] = {
	{ "prerouting", "filter", PRIORITY_RAW, NF_BR_PRE_ROUTING, 1 },
};

static void macspoofchk_rules_add(struct nft *nft)
{
	nft_rule(nft, chains->name);
	nft_load_input(nft, 0);
	nft_match_set(nft, set_guarded->name, true);
	nft_load_source_mac(nft, IFNAMSIZ / 4);
	nft_match_set(nft, set_sources->name, false);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

static bool macspoofchk_parse(char *const *words, const char *rest,
			      struct entry *out)
{
	return !rest && *words[0] &&
	       str_copy(out->bridge_port, sizeof(out->bridge_port), words[0]) &&
	       (out->kind == ENTRY_MACSPOOFCHK ||
		mac_parse(words[1], out->mac));
}

static void macspoofchk_print(const struct entry *entry, struct str *out)
{
	char mac[MAC_TEXT];

	str_printf(out, " %s", entry->bridge_port);
	if (entry->kind == ENTRY_MACSPOOFCHK_MAC)
		str_printf(out, " %s", mac_print(entry->mac, mac));
}

static const char *macspoofchk_describe(struct job *job,
					const struct entry *entry,
					const char *adverb)
{
	return job_printf(job, "macspoofchk of interface %s is %sset",
			  entry->bridge_port, adverb);
}

static void macspoofchk_fill(struct job *job, const struct entry *entry,
			     struct nft_element *out)
{
	(void)job;
	out->map = kinds[entry->kind]->maps->name;
	nft_key_add(out, entry->bridge_port, IFNAMSIZ);
	if (entry->kind == ENTRY_MACSPOOFCHK_MAC)
		nft_key_add(out, entry->mac, MAC_LEN);
}

const struct kind macspoofchk_kind = {
	.table = TABLE_BRIDGE,
	.word = "guarded",
	.words = 1,
	.parse = macspoofchk_parse,
	.print = macspoofchk_print,
	.describe = macspoofchk_describe,
	.fill = macspoofchk_fill,
	.maps = set_guarded,
	.maps_count = 1,
	.owned_maps = 1,
	.chains = chains,
	.chains_count = 1,
	.rules_add = macspoofchk_rules_add,
};

const struct kind macspoofchk_mac_kind = {
	.table = TABLE_BRIDGE,
	.word = "source",
	.words = 2,
	.parse = macspoofchk_parse,
	.print = macspoofchk_print,
	.describe = macspoofchk_describe,
	.fill = macspoofchk_fill,
	.maps = set_sources,
	.maps_count = 1,
	.owned_maps = 1,
};
