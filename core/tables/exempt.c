/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exempt - what pods of one node send to other nodes and their pods keeps its address
 *
 *	set nodes4	subnets of the pods of all nodes, and the nodes' addresses
 *
 *	masq		to and from addresses of nodes4: return
 *	... and both for IPv6
 *
 * From, as well: the other nodes have no route to networks that are not listed. What
 * these send is masqueraded as before.
 */
#include "core/tables/exempt.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "core/tables/want.h"

const struct nft_map exempt_sets[] = {
	{ "nodes4", NFT_TYPE_IPV4, 4, .set = true, .prefixes = true },
	{ "nodes6", NFT_TYPE_IPV6, 16, .set = true, .prefixes = true },
};

/* What is exempt, and what is to be. */
struct exempt {
	struct nft nft;
	struct list wanted, there; /* of struct prefix, in order */
	bool table_missing;
	bool lacks[FAMILIES]; /* the rule that looks the set up */
	uint32_t generation;
};

static int family_of(int set)
{
	return set ? AF_INET6 : AF_INET;
}

/* The content of a rule that was begun. It has the set's name as comment. */
static void end_rule(struct nft *nft, int set)
{
	int family = family_of(set);

	nft_match_family(nft, family);
	nft_load_address(nft, NFT_DESTINATION, family, 0);
	nft_match_set(nft, exempt_sets[set].name, true);
	nft_load_address(nft, NFT_SOURCE, family, 0);
	nft_match_set(nft, exempt_sets[set].name, true);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end_named(nft, exempt_sets[set].name);
}

void exempt_rules_add(struct nft *nft)
{
	for (int i = 0; i < FAMILIES; i++) {
		nft_rule(nft, chain_masquerade);
		end_rule(nft, i);
	}
}

static int list_set(struct nft *nft, int set, struct list *out)
{
	return nft_list_prefixes(nft, exempt_sets[set].name, family_of(set),
				 out);
}

int exempt_list(struct nft *nft, struct list *out)
{
	for (int i = 0; i < FAMILIES; i++) {
		if (list_set(nft, i, out) < 0)
			return -1;
	}
	return 0;
}

/* Those of list that are not among others; both are in order. */
static struct list not_among(struct job *job, const struct list *list,
			     const struct list *others)
{
	const struct prefix *prefix = list->items, *other = others->items;
	size_t left = others->count;
	struct list out = { 0 };

	for (size_t i = 0; i < list->count; i++, prefix++) {
		for (; left && prefix_compare(other, prefix) < 0; left--)
			other++;
		if (!left || prefix_compare(other, prefix) != 0)
			list_copy(job, &out, prefix, sizeof(*prefix));
	}
	return out;
}

/* What a set has is there or, if effective, if a rule looks it up. */
static int look(struct exempt *exempt, bool effective)
{
	struct nft *nft = &exempt->nft;
	uint64_t handle;

	exempt->there = (struct list) { 0 };
	memset(exempt->lacks, false, sizeof(exempt->lacks));
	nl_hold(nft->nl);
	nft_get_generation(nft, &exempt->generation);
	nft_find_table(nft, &exempt->table_missing);
	if (nl_release(nft->nl) < 0)
		return -1;
	if (exempt->table_missing)
		return 0;
	for (int i = 0; i < FAMILIES; i++) {
		if (table_find_rule(nft, chain_masquerade, exempt_sets[i].name,
				    &handle) < 0)
			return -1;
		exempt->lacks[i] = !handle;
		if (effective && (!handle || nft->dormant))
			continue;
		if (list_set(nft, i, &exempt->there) < 0)
			return -1;
	}
	return 0;
}

/* Whether something is wanted of this set, and nothing looks it up. */
static bool is_lacking(const struct exempt *exempt, int set)
{
	const struct prefix *prefix = exempt->wanted.items;

	for (size_t i = 0; exempt->lacks[set] && i < exempt->wanted.count;
	     i++) {
		if (prefix[i].ip.family == family_of(set))
			return true;
	}
	return false;
}

/* The table that an older version has made lacks sets and rules. */
static void add_structure(struct exempt *exempt)
{
	struct nft *nft = &exempt->nft;

	if (exempt->table_missing)
		table_add(nft);
	else if (nft->dormant)
		nft_table_wake(nft);
	for (int i = 0; i < FAMILIES && !exempt->table_missing; i++) {
		if (!is_lacking(exempt, i))
			continue;
		nft_map_add(nft, &exempt_sets[i]);
		nft_rule_in_front(nft, chain_masquerade);
		nl_allow(nft->nl, ENOENT, &nft->stale);
		end_rule(nft, i);
	}
}

int tables_exempt_nodes(struct nl *nl, const struct list *prefixes)
{
	struct exempt exempt = { 0 };
	struct nft *nft = &exempt.nft;

	table_init(nft, nl, TABLE_INET);
	exempt.wanted = *prefixes;
	for (int i = 0; i < TRIES_MAX; i++) {
		struct list gone, added;
		bool whole;

		if (look(&exempt, false) < 0)
			return -1;
		whole = !nft->dormant;
		for (int j = 0; j < FAMILIES; j++)
			whole &= !is_lacking(&exempt, j);
		gone = not_among(nl->job, &exempt.there, &exempt.wanted);
		added = not_among(nl->job, &exempt.wanted, &exempt.there);
		if (whole && !gone.count && !added.count)
			return 0;
		nft_begin(nft, whole ? 0 : exempt.generation);
		add_structure(&exempt);
		nft_prefixes_del(nft, exempt_sets, &gone);
		nft_prefixes_add(nft, exempt_sets, &added);
		if (nft_commit(nft) < 0)
			return -1;
		if (!nft->stale)
			return 0;
	}
	return want_give_up(nft);
}

int tables_list_exempt(struct nl *nl, struct list *prefixes)
{
	struct exempt exempt = { 0 };

	table_init(&exempt.nft, nl, TABLE_INET);
	if (look(&exempt, true) < 0)
		return -1;
	*prefixes = exempt.there;
	return 0;
}
