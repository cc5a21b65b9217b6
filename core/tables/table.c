/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/table.h"

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FAMILIES = 1 + IS_ENABLED(CONFIG_IPV6),
	/* Behind all who have the usual ones, -100 and 100. */
	PRIORITY_DSTNAT = -99,
	PRIORITY_SRCNAT = 101,
	PRIORITY_GUARD = -300,
	/* Nobody's: kube-proxy has 0xc000, Calico and Tailscale what is above,
	 * Cilium 0xf00, and 0x2000 is masqueraded by what the Go portmap and
	 * netavark leave behind. */
	MARK_REDIRECTED = 0x1000,
};

static const int families[] = { AF_INET, AF_INET6 };

static const char chain_guard[] = "guard";
static const char chain_local[] = "local";
static const char chain_ports[] = "ports";
static const char chain_prerouting[] = "prerouting";
static const char chain_output[] = "output";
static const char chain_postrouting[] = "postrouting";
static const char chain_hairpin[] = "hairpin";
static const char chain_masquerade[] = "masq";

struct chain {
	const char *name;
	struct nft_hook hook; /* type NULL: none */
	int rules;	      /* RULES_VARY: one for each chain it leads to */
};

enum { RULES_VARY = -1 };

static const struct chain chains[] = {
	{ chain_hairpin, { 0 }, RULES_VARY },
	{ chain_masquerade, { 0 }, RULES_VARY },
	{ chain_ports, { 0 }, 2 * FAMILIES },
	{ chain_local, { 0 }, 4 * FAMILIES + 1 },
	{ chain_guard,
	  { "filter", NF_INET_PRE_ROUTING, PRIORITY_GUARD },
	  2 * FAMILIES },
	{ chain_prerouting,
	  { "nat", NF_INET_PRE_ROUTING, PRIORITY_DSTNAT },
	  1 },
	{ chain_output, { "nat", NF_INET_LOCAL_OUT, PRIORITY_DSTNAT }, 1 },
	{ chain_postrouting,
	  { "nat", NF_INET_POST_ROUTING, PRIORITY_SRCNAT },
	  2 },
};

static const struct chain guard_chains[] = {
	{ chain_prerouting,
	  { "filter", NF_BR_PRE_ROUTING, PRIORITY_GUARD },
	  1 },
};

enum {
	CHAINS = sizeof(chains) / sizeof(*chains),
	GUARD_CHAINS = sizeof(guard_chains) / sizeof(*guard_chains),
};

static bool is_guard(const struct nft *nft)
{
	return nft->family == NFPROTO_BRIDGE;
}

const enum entry_kind nat_table_kinds[NAT_TABLES] = { ENTRY_MASQUERADE,
						      ENTRY_GUARDED };

struct nft nat_table(struct nl *nl, enum entry_kind kind)
{
	bool guard = kind == ENTRY_GUARDED || kind == ENTRY_SOURCE;

	return (struct nft) { .nl = nl,
			      .family = guard ? NFPROTO_BRIDGE : NFPROTO_INET,
			      .table = "cnibox" };
}

static const char *map_name(enum nat_map map, int family)
{
	return nat_map(map, family)->name;
}

bool nat_is_in(const struct nft *nft, enum entry_kind kind)
{
	return nat_table(nft->nl, kind).family == nft->family;
}

/* Loads the key of a port, and looks it up. */
static void add_port_rule(struct nft *nft, const char *chain, int family,
			  enum nat_map map)
{
	bool bound = map == NAT_MAP_BOUND || map == NAT_MAP_BOUND_CONDITION;
	bool condition = map >= NAT_MAP_BOUND_CONDITION;
	int words = (int)ip_size(family) / 4;
	const char *name = map_name(map, family);

	nft_rule(nft, chain);
	if (bound || condition)
		nft_match_family(nft, family);
	nft_load_protocol(nft, 0);
	if (bound)
		nft_load_address(nft, NFT_DESTINATION, family, 1);
	nft_load_port(nft, bound ? 1 + words : 1);
	if (condition) {
		nft_lookup_verdict(nft, name);
	} else {
		nft_lookup(nft, name);
		nft_set_mark(nft, MARK_REDIRECTED, true);
		nft_dnat(nft, family, 0, words);
	}
	nft_rule_end(nft);
}

static void add_local_rule(struct nft *nft, const char *chain)
{
	nft_rule(nft, chain);
	nft_match_local(nft);
	nft_verdict(nft, NFT_JUMP, chain_local);
	nft_rule_end(nft);
}

static void add_guard_rule(struct nft *nft)
{
	nft_rule(nft, chain_prerouting);
	nft_load_input(nft, 0);
	nft_match_set(nft, map_name(NAT_MAP_GUARDED, AF_INET), true);
	nft_load_source_mac(nft, IFNAMSIZ / 4);
	nft_match_set(nft, map_name(NAT_MAP_SOURCE, AF_INET), false);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

/* Also where a bridge shows its frames to netfilter before any routing. */
static void add_loopback_rule(struct nft *nft, int family, enum nft_side side)
{
	static const struct prefix loopback[] = {
		{ { AF_INET, { 127 } }, 8 },
		{ { AF_INET6, { [15] = 1 } }, 128 },
	};

	nft_rule(nft, chain_guard);
	nft_match_address(nft, side, &loopback[family == AF_INET6]);
	nft_match_from_elsewhere(nft);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

static void add_service_rule(struct nft *nft, int family)
{
	nft_rule(nft, chain_local);
	nft_match_family(nft, family);
	nft_load_address(nft, NFT_DESTINATION, family, 0);
	nft_match_set(nft, map_name(NAT_MAP_SERVICE, family), true);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

/* What others redirected, such as the addresses of services, is theirs to
 * masquerade. */
static void add_hairpin_rule(struct nft *nft)
{
	nft_rule(nft, chain_postrouting);
	nft_match_mark(nft, MARK_REDIRECTED);
	nft_match_redirected(nft);
	nft_set_mark(nft, MARK_REDIRECTED, false);
	nft_verdict(nft, NFT_JUMP, chain_hairpin);
	nft_rule_end(nft);
}

/* What goes through a tunnel of IPsec is chosen by the address it has now. */
static void add_ipsec_rule(struct nft *nft)
{
	nft_rule(nft, chain_masquerade);
	nft_match_ipsec(nft);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

static void add_goto_rule(struct nft *nft, const char *chain, const char *to)
{
	nft_rule(nft, chain);
	nft_verdict(nft, NFT_GOTO, to);
	nft_rule_end(nft);
}

static void add_chain(struct nft *nft, const struct chain *chain)
{
	nft_chain_add(nft, chain->name, chain->hook.type ? &chain->hook : NULL);
}

void nat_table_add(struct nft *nft)
{
	nft_table_add(nft);
	if (is_guard(nft)) {
		nft_map_add(nft, nat_map(NAT_MAP_GUARDED, AF_INET));
		nft_map_add(nft, nat_map(NAT_MAP_SOURCE, AF_INET));
		add_chain(nft, &guard_chains[0]);
		add_guard_rule(nft);
		return;
	}
	for (int i = 0; i < FAMILIES; i++) {
		for (enum nat_map map = 0; map < NAT_MAP_GUARDED; map++)
			nft_map_add(nft, nat_map(map, families[i]));
		nft_map_add(nft, nat_map(NAT_MAP_SERVICE, families[i]));
	}
	for (int i = 0; i < CHAINS; i++)
		add_chain(nft, &chains[i]);
	add_local_rule(nft, chain_prerouting);
	add_local_rule(nft, chain_output);
	for (int i = 0; i < FAMILIES; i++) {
		add_loopback_rule(nft, families[i], NFT_SOURCE);
		add_loopback_rule(nft, families[i], NFT_DESTINATION);
		add_service_rule(nft, families[i]);
	}
	for (int i = 0; i < FAMILIES; i++) {
		add_port_rule(nft, chain_local, families[i],
			      NAT_MAP_BOUND_CONDITION);
		/* No condition on other addresses has a say in this one. */
		add_port_rule(nft, chain_local, families[i], NAT_MAP_BOUND);
		add_port_rule(nft, chain_local, families[i],
			      NAT_MAP_UNBOUND_CONDITION);
	}
	add_goto_rule(nft, chain_local, chain_ports);
	for (int i = 0; i < FAMILIES; i++) {
		add_port_rule(nft, chain_ports, families[i], NAT_MAP_BOUND);
		add_port_rule(nft, chain_ports, families[i], NAT_MAP_UNBOUND);
	}
	add_hairpin_rule(nft);
	add_goto_rule(nft, chain_postrouting, chain_masquerade);
	if (!nft->no_ipsec)
		add_ipsec_rule(nft);
}

static void add_address_rule(struct nft *nft, const char *chain,
			     enum nft_side side, const struct prefix *prefix)
{
	nft_rule(nft, chain);
	nft_match_address(nft, side, prefix);
	if (side == NFT_SOURCE)
		nft_masquerade(nft);
	else
		nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

/* The address on side pod is that of an entry in the set, and the one on side
 * other is in its network. */
static void match_network(struct nft *nft, const char *set,
			  const struct entry *entry, enum nft_side pod,
			  enum nft_side other)
{
	int family = entry->pod.ip.family;

	nft_match_family(nft, family);
	nft_load_address(nft, pod, family, 0);
	nft_load_network(nft, other, family, entry->pod.len,
			 (int)ip_size(family) / 4);
	nft_match_set(nft, set, true);
}

/* The subnets in the terms of a ENTRY_MASQUERADE. */
static void read_subnets(struct job *job, const struct entry *entry,
			 struct list *out)
{
	const char *at = entry->terms ? entry->terms : "";

	*out = (struct list) { 0 };
	while (*at) {
		size_t len = strcspn(at, " ");
		struct prefix prefix;

		if (prefix_parse(job_strndup(job, at, len), &prefix))
			*(struct prefix *)list_add(job, out, sizeof(prefix)) =
				prefix;
		at += len + strspn(at + len, " ");
	}
}

static void add_masquerade_chain(struct nft *nft, const char *chain,
				 const struct entry *entry)
{
	static const struct prefix multicast[] = {
		{ { AF_INET, { 224 } }, 4 },
		{ { AF_INET6, { 0xff } }, 8 },
	};
	const struct prefix *subnet;
	struct list subnets;

	nft_rule(nft, chain);
	match_network(nft, chain, entry, NFT_SOURCE, NFT_DESTINATION);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
	add_address_rule(nft, chain, NFT_DESTINATION,
			 &multicast[entry->pod.ip.family == AF_INET6]);
	read_subnets(nft->nl->job, entry, &subnets);
	subnet = subnets.items;
	for (size_t i = 0; i < subnets.count; i++)
		add_address_rule(nft, chain, NFT_DESTINATION, &subnet[i]);
	nft_rule(nft, chain);
	nft_masquerade(nft);
	nft_rule_end(nft);
}

const char *nat_chain_from(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_MASQUERADE:
		return chain_masquerade;
	case ENTRY_HAIRPIN:
		return chain_hairpin;
	default:
		return NULL;
	}
}

/* The rule that leads from the addresses of the set to the chain. */
static void add_way(struct nft *nft, const char *chain,
		    const struct entry *entry)
{
	bool hairpin = entry->kind == ENTRY_HAIRPIN;
	enum nft_side side = hairpin ? NFT_DESTINATION : NFT_SOURCE;

	nft_rule(nft, nat_chain_from(entry->kind));
	match_network(nft, chain, entry, side, side);
	/* What needs no hairpin goes on to the masquerading. */
	nft_verdict(nft, hairpin ? NFT_JUMP : NFT_GOTO, chain);
	nft_rule_end(nft);
}

static void add_set(struct nft *nft, const char *name, int family)
{
	int type = family == AF_INET ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6;
	const struct nft_map set = {
		.name = name,
		.key_type = type << 6 | type,
		.key_len = 2 * (int)ip_size(family),
		.set = true,
	};

	nft_map_add(nft, &set);
}

static void add_hairpin_chain(struct nft *nft, const char *chain,
			      const struct entry *entry)
{
	static const struct prefix loopback = { { AF_INET, { 127 } }, 8 };

	nft_rule(nft, chain);
	match_network(nft, chain, entry, NFT_DESTINATION, NFT_SOURCE);
	nft_masquerade(nft);
	nft_rule_end(nft);
	if (entry->pod.ip.family == AF_INET)
		add_address_rule(nft, chain, NFT_SOURCE, &loopback);
}

void nat_chain_add(struct nft *nft, const char *chain,
		   const struct entry *entry)
{
	nft_chain_add(nft, chain, NULL);
	if (entry->kind == ENTRY_CONDITION) {
		nat_condition_rules_add(nft, chain, entry, chain_ports);
		return;
	}
	add_set(nft, chain, entry->pod.ip.family);
	if (entry->kind == ENTRY_MASQUERADE)
		add_masquerade_chain(nft, chain, entry);
	else
		add_hairpin_chain(nft, chain, entry);
	add_way(nft, chain, entry);
}

static int check_chain(struct nft *nft, const char *chain, int rules)
{
	struct list there;

	if (nft_list_rules(nft, chain, &there) < 0)
		return -1;
	if (rules == RULES_VARY || there.count == (size_t)rules)
		return 0;
	return fail(nft->nl->job, CNI_INTERNAL,
		    "chain %s of table %s has %zu rules instead of %d", chain,
		    nft->table, there.count, rules);
}

int nat_table_check(struct nft *nft)
{
	const struct chain *chain = is_guard(nft) ? guard_chains : chains;

	if (nft->dormant)
		return fail(nft->nl->job, CNI_INTERNAL, "table %s is dormant",
			    nft->table);
	for (int i = 0; i < (is_guard(nft) ? GUARD_CHAINS : CHAINS); i++) {
		if (check_chain(nft, chain[i].name, chain[i].rules) < 0)
			return -1;
	}
	return 0;
}

static int check_way(struct nft *nft, const char *from, const char *chain)
{
	const struct nft_rule_info *rule;
	struct list there;

	if (nft_list_rules(nft, from, &there) < 0)
		return -1;
	rule = there.items;
	for (size_t i = 0; i < there.count; i++) {
		if (strcmp(rule[i].jump, chain) == 0)
			return 0;
	}
	return fail(nft->nl->job, CNI_INTERNAL,
		    "chain %s of table %s does not lead to %s", from,
		    nft->table, chain);
}

int nat_chain_check(struct nft *nft, const char *chain,
		    const struct entry *entry)
{
	const char *from = nat_chain_from(entry->kind);
	struct list subnets;
	size_t rules = entry->pod.ip.family == AF_INET ? 2 : 1;

	if (entry->kind == ENTRY_MASQUERADE) {
		read_subnets(nft->nl->job, entry, &subnets);
		rules = 3 + subnets.count;
	} else if (entry->kind == ENTRY_CONDITION) {
		rules = nat_condition_rules(nft->nl->job, entry);
	}
	if (check_chain(nft, chain, (int)rules) < 0)
		return -1;
	return from ? check_way(nft, from, chain) : 0;
}
