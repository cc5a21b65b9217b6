/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/network.h"

#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/base/str.h"

enum { HASH_DIGITS = 16 };

bool network_parse(char *const *words, const char *rest, struct entry *out)
{
	out->exempt = rest;
	return prefix_parse(words[0], &out->pod);
}

void network_print(const struct entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT];

	str_printf(out, " %s", prefix_print(&entry->pod, pod));
	if (entry->exempt)
		str_printf(out, " %s", entry->exempt);
}

const char *network_describe(struct job *job, const struct entry *entry,
			     const char *adverb)
{
	char ip[IP_TEXT];

	return job_printf(job, "address %s is %smasqueraded",
			  ip_print(&entry->pod.ip, ip), adverb);
}

const char *network_chain_name(struct job *job, const struct entry *entry)
{
	const char *exempt = entry->exempt ? entry->exempt : "";
	char digits[HASH_DIGITS + 1] = "";

	if (*exempt)
		hash_text(exempt, HASH_DIGITS, digits);
	return job_printf(job, "%s%d-%d%s%s", kinds[entry->kind]->chain->prefix,
			  entry->pod.ip.family == AF_INET ? 4 : 6,
			  entry->pod.len, *exempt ? "-" : "", digits);
}

/* The name has only a hash of what is exempt. */
bool network_chain_parse(const char *chain, struct entry *out)
{
	const char *dash = strchr(chain, '-');
	long len;

	*out = (struct entry) { .kind = kind_of_chain(chain) };
	if (!dash || !str_to_long(dash + 1, 0, 128, &len))
		return false;
	out->pod.ip.family = dash[-1] == '4' ? AF_INET : AF_INET6;
	out->pod.len = (int)len;
	return true;
}

void network_fill(struct job *job, const struct entry *entry,
		  struct nft_element *out)
{
	struct ip network = prefix_network(&entry->pod).ip;
	size_t size = ip_size(network.family);

	out->map = network_chain_name(job, entry);
	nft_key_add(out, entry->pod.ip.bytes, size);
	nft_key_add(out, network.bytes, size);
}

void network_chain_add(struct nft *nft, const char *chain,
		       const struct entry *entry)
{
	int family = entry->pod.ip.family;
	int type = family == AF_INET ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6;
	const struct nft_map set = {
		.name = chain,
		.key_type = type << 6 | type,
		.key_len = (uint8_t)(2 * ip_size(family)),
		.set = true,
	};

	nft_chain_add(nft, chain, NULL);
	nft_map_add(nft, &set);
}

void network_match(struct nft *nft, const char *set, const struct entry *entry,
		   enum nft_side pod, enum nft_side other)
{
	int family = entry->pod.ip.family;

	nft_match_family(nft, family);
	nft_load_address(nft, pod, family, 0);
	nft_load_network(nft, other, family, entry->pod.len,
			 (int)ip_size(family) / 4);
	nft_match_set(nft, set, true);
}

void network_rule_to_chain(struct nft *nft, const char *chain,
			   const struct entry *entry, enum nft_side side,
			   int verdict)
{
	nft_rule(nft, kinds[entry->kind]->chain->from);
	network_match(nft, chain, entry, side, side);
	nft_verdict(nft, verdict, chain);
	nft_rule_end(nft);
}

void network_rule_for(struct nft *nft, const char *chain, enum nft_side side,
		      const struct prefix *prefix)
{
	nft_rule(nft, chain);
	nft_match_address(nft, side, prefix);
	if (side == NFT_SOURCE)
		nft_masquerade(nft);
	else
		nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}
