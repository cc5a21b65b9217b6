/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/address.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"

enum { BIT_MAX = 31 };

bool address_parse(char *const *words, const char *rest, struct entry *out)
{
	long bit;

	if (!str_to_long(words[1], 0, BIT_MAX, &bit))
		return false;
	out->mark_bit = (uint8_t)bit;
	out->admin = rest;
	return prefix_parse(words[0], &out->pod);
}

void address_print(const struct entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT];

	str_printf(out, " %s %d", prefix_print(&entry->pod, pod),
		   entry->mark_bit);
	if (entry->admin)
		str_printf(out, " %s", entry->admin);
}

const char *address_chain_name(struct job *job, const struct entry *entry)
{
	return job_printf(job, "%s%d-%d", kinds[entry->kind]->chain->prefix,
			  entry->pod.ip.family == AF_INET ? 4 : 6,
			  entry->mark_bit);
}

bool address_chain_parse(const char *chain, struct entry *out)
{
	const char *dash = strchr(chain, '-');
	long bit;

	*out = (struct entry) { .kind = kind_of_chain(chain) };
	if (!dash || !str_to_long(dash + 1, 0, BIT_MAX, &bit))
		return false;
	out->pod.ip.family = dash[-1] == '4' ? AF_INET : AF_INET6;
	out->mark_bit = (uint8_t)bit;
	return true;
}

void address_fill(struct job *job, const struct entry *entry,
		  struct nft_element *out)
{
	out->map = kinds[entry->kind]->chain->name(job, entry);
	nft_key_add(out, entry->pod.ip.bytes, ip_size(entry->pod.ip.family));
}

void address_chain_add(struct nft *nft, const char *chain,
		       const struct entry *entry)
{
	int family = entry->pod.ip.family;
	const struct nft_map set = {
		.name = chain,
		.key_type = family == AF_INET ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6,
		.key_len = (uint8_t)ip_size(family),
		.set = true,
	};

	nft_chain_add(nft, chain, NULL);
	nft_map_add(nft, &set);
}

void address_rule(struct nft *nft, const char *chain, const char *set,
		  const struct entry *entry, enum nft_side side)
{
	nft_rule(nft, chain);
	nft_match_family(nft, entry->pod.ip.family);
	nft_load_address(nft, side, entry->pod.ip.family, 0);
	nft_match_set(nft, set, true);
}
