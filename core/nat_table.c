/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/nat_table.h"

#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/hash.h"
#include "core/str.h"

enum {
	FAMILIES = 1 + IS_ENABLED(CONFIG_IPV6),
	PRIORITY_DSTNAT = -100,
	PRIORITY_SRCNAT = 100,
	PRIORITY_GUARD = -300,
	TERMS_DIGITS = 16,
};

static const int families[] = { AF_INET, AF_INET6 };

/* The maps, two of each kind but the last two, for IPv4 and IPv6. */
enum map {
	MAP_MASQUERADE,
	MAP_HAIRPIN,
	MAP_BOUND,
	MAP_UNBOUND,
	MAP_BOUND_CONDITION,
	MAP_UNBOUND_CONDITION,
	MAP_GUARDED,
	MAP_SOURCE,
	MAPS,
};

#define TWO(a, b)      ((a) << 6 | (b))
#define THREE(a, b, c) (TWO(a, b) << 6 | (c))
#define KEY_BOUND(ip)  THREE(NFT_TYPE_PROTOCOL, ip, NFT_TYPE_PORT)
#define KEY_UNBOUND    TWO(NFT_TYPE_PROTOCOL, NFT_TYPE_PORT)
#define TARGET(ip)     TWO(ip, NFT_TYPE_PORT)

static const struct nft_map maps[MAPS][2] = {
	{ { "masq4", NFT_TYPE_IPV4, 4, 0, 0 },
	  { "masq6", NFT_TYPE_IPV6, 16, 0, 0 } },
	{ { "hairpin4", NFT_TYPE_IPV4, 4, 0, 0 },
	  { "hairpin6", NFT_TYPE_IPV6, 16, 0, 0 } },
	{ { "hostip4", KEY_BOUND(NFT_TYPE_IPV4), 12, TARGET(NFT_TYPE_IPV4), 8 },
	  { "hostip6", KEY_BOUND(NFT_TYPE_IPV6), 24, TARGET(NFT_TYPE_IPV6),
	    20 } },
	{ { "hostport4", KEY_UNBOUND, 8, TARGET(NFT_TYPE_IPV4), 8 },
	  { "hostport6", KEY_UNBOUND, 8, TARGET(NFT_TYPE_IPV6), 20 } },
	{ { "condip4", KEY_BOUND(NFT_TYPE_IPV4), 12, 0, 0 },
	  { "condip6", KEY_BOUND(NFT_TYPE_IPV6), 24, 0, 0 } },
	{ { "condport4", KEY_UNBOUND, 8, 0, 0 },
	  { "condport6", KEY_UNBOUND, 8, 0, 0 } },
	{ { "guarded", NFT_TYPE_IFNAME, IFNAMSIZ, .set = true } },
	{ { "sources", TWO(NFT_TYPE_IFNAME, NFT_TYPE_MAC), IFNAMSIZ + 8,
	    .set = true } },
};

static const char chain_local[] = "local";
static const char chain_ports[] = "ports";
static const char chain_prerouting[] = "prerouting";
static const char chain_output[] = "output";
static const char chain_postrouting[] = "postrouting";

struct chain {
	const char *name;
	struct nft_hook hook; /* type NULL: none */
	size_t rules;
};

static const struct chain chains[] = {
	{ chain_ports, { 0 }, 2 * FAMILIES },
	{ chain_local, { 0 }, 3 * FAMILIES + 1 },
	{ chain_prerouting,
	  { "nat", NF_INET_PRE_ROUTING, PRIORITY_DSTNAT },
	  1 },
	{ chain_output, { "nat", NF_INET_LOCAL_OUT, PRIORITY_DSTNAT }, 1 },
	{ chain_postrouting,
	  { "nat", NF_INET_POST_ROUTING, PRIORITY_SRCNAT },
	  3 * FAMILIES },
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

struct nft nat_table(struct nl *nl, enum nat_kind kind)
{
	bool guard = kind == NAT_GUARDED || kind == NAT_SOURCE;

	return (struct nft) { .nl = nl,
			      .family = guard ? NFPROTO_BRIDGE : NFPROTO_INET,
			      .table = "cnibox" };
}

const char *nat_map(int number, enum nat_kind *kind)
{
	static const enum nat_kind kinds[MAPS] = {
		[MAP_MASQUERADE] = NAT_MASQUERADE,
		[MAP_HAIRPIN] = NAT_HAIRPIN,
		[MAP_BOUND] = NAT_PORT,
		[MAP_UNBOUND] = NAT_PORT,
		[MAP_BOUND_CONDITION] = NAT_CONDITION,
		[MAP_UNBOUND_CONDITION] = NAT_CONDITION,
		[MAP_GUARDED] = NAT_GUARDED,
		[MAP_SOURCE] = NAT_SOURCE,
	};
	int map = number / FAMILIES, family = number % FAMILIES;

	if (map >= MAP_GUARDED) {
		map = MAP_GUARDED + number - MAP_GUARDED * FAMILIES;
		family = 0;
	}
	if (map >= MAPS)
		return NULL;
	*kind = kinds[map];
	return maps[map][family].name;
}

/* ---- elements ---- */

static void append(uint8_t *to, size_t *len, const void *data, size_t size)
{
	memcpy(to + *len, data, size);
	*len += (size + 3) / 4 * 4;
}

/* A chain's name says all of its content, so that it never has to change. */
static const char *chain_name(struct job *job, const struct nat_entry *entry)
{
	struct prefix network = prefix_network(&entry->pod);
	const char *terms = entry->terms ? entry->terms : "";
	char text[PREFIX_TEXT], digits[TERMS_DIGITS + 1];

	hash_text(terms, TERMS_DIGITS, digits);
	if (entry->kind == NAT_CONDITION)
		return job_printf(job, "cond-%s", digits);
	prefix_print(&network, text);
	for (char *p = text; *p; p++) {
		if (*p == ':') /* the nft tool could not read it back */
			*p = '_';
	}
	return job_printf(job, "%s-%s%s%s",
			  entry->kind == NAT_HAIRPIN ? "hairpin" : "masq", text,
			  *terms ? "-" : "", *terms ? digits : "");
}

bool nat_is_own_chain(const char *chain)
{
	return str_starts(chain, "masq-") || str_starts(chain, "hairpin-") ||
	       str_starts(chain, "cond-");
}

static enum map map_of(const struct nat_entry *entry)
{
	bool bound = !ip_is_unspecified(&entry->host);

	switch (entry->kind) {
	case NAT_MASQUERADE:
		return MAP_MASQUERADE;
	case NAT_HAIRPIN:
		return MAP_HAIRPIN;
	case NAT_PORT:
		return bound ? MAP_BOUND : MAP_UNBOUND;
	case NAT_CONDITION:
		return bound ? MAP_BOUND_CONDITION : MAP_UNBOUND_CONDITION;
	case NAT_GUARDED:
		return MAP_GUARDED;
	case NAT_SOURCE:
		break;
	}
	return MAP_SOURCE;
}

static void fill_port_key(const struct nat_entry *entry,
			  struct nft_element *out)
{
	uint8_t protocol = (uint8_t)entry->protocol;
	uint16_t host_port = htobe16(entry->host_port);

	append(out->key, &out->key_len, &protocol, sizeof(protocol));
	if (!ip_is_unspecified(&entry->host))
		append(out->key, &out->key_len, entry->host.bytes,
		       ip_size(entry->pod.ip.family));
	append(out->key, &out->key_len, &host_port, sizeof(host_port));
}

void nat_element(struct job *job, const struct nat_entry *entry,
		 const char *owner, struct nft_element *out)
{
	int family = entry->pod.ip.family;
	uint16_t pod_port = htobe16(entry->pod_port);

	*out = (struct nft_element) { .comment = owner };
	out->map = maps[map_of(entry)][family == AF_INET6].name;
	switch (entry->kind) {
	case NAT_MASQUERADE:
	case NAT_HAIRPIN:
		append(out->key, &out->key_len, entry->pod.ip.bytes,
		       ip_size(family));
		break;
	case NAT_PORT:
		append(out->data, &out->data_len, entry->pod.ip.bytes,
		       ip_size(family));
		append(out->data, &out->data_len, &pod_port, sizeof(pod_port));
		fill_port_key(entry, out);
		return;
	case NAT_CONDITION:
		fill_port_key(entry, out);
		break;
	case NAT_GUARDED:
	case NAT_SOURCE:
		append(out->key, &out->key_len, entry->bridge_port, IFNAMSIZ);
		if (entry->kind == NAT_SOURCE)
			append(out->key, &out->key_len, entry->mac, MAC_LEN);
		return;
	}
	out->chain = chain_name(job, entry);
	/* What needs no hairpin goes on to the masquerading. */
	out->verdict = entry->kind == NAT_HAIRPIN ? NFT_JUMP : NFT_GOTO;
}

/* ---- the table ---- */

/* Loads the key of a port, and looks it up. */
static void add_port_rule(struct nft *nft, const char *chain, int family,
			  enum map map)
{
	bool bound = map == MAP_BOUND || map == MAP_BOUND_CONDITION;
	bool condition = map >= MAP_BOUND_CONDITION;
	int words = (int)ip_size(family) / 4;
	const char *name = maps[map][family == AF_INET6].name;

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
	nft_match_set(nft, maps[MAP_GUARDED][0].name, true);
	nft_load_source_mac(nft, IFNAMSIZ / 4);
	nft_match_set(nft, maps[MAP_SOURCE][0].name, false);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

/* What others redirected, such as the addresses of services, is theirs to
 * masquerade: ours had one of the published ports at first. */
static void add_hairpin_rule(struct nft *nft, int family, enum map map)
{
	bool v6 = family == AF_INET6;
	int port = 1;

	nft_rule(nft, chain_postrouting);
	nft_match_redirected(nft);
	nft_match_family(nft, family);
	nft_load_protocol(nft, 0);
	if (map == MAP_BOUND) {
		nft_load_first_address(nft, family, 1);
		port += (int)ip_size(family) / 4;
	}
	nft_load_first_port(nft, port);
	nft_lookup(nft, maps[map][v6].name);
	nft_load_address(nft, NFT_DESTINATION, family, 0);
	nft_lookup_verdict(nft, maps[MAP_HAIRPIN][v6].name);
	nft_rule_end(nft);
}

static void add_masquerade_rule(struct nft *nft, int family)
{
	nft_rule(nft, chain_postrouting);
	nft_match_family(nft, family);
	nft_load_address(nft, NFT_SOURCE, family, 0);
	nft_lookup_verdict(nft, maps[MAP_MASQUERADE][family == AF_INET6].name);
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
		nft_map_add(nft, &maps[MAP_GUARDED][0]);
		nft_map_add(nft, &maps[MAP_SOURCE][0]);
		add_chain(nft, &guard_chains[0]);
		add_guard_rule(nft);
		return;
	}
	for (int i = 0; i < MAP_GUARDED * FAMILIES; i++)
		nft_map_add(nft, &maps[i / FAMILIES][i % FAMILIES]);
	for (int i = 0; i < CHAINS; i++)
		add_chain(nft, &chains[i]);
	add_local_rule(nft, chain_prerouting);
	add_local_rule(nft, chain_output);
	for (int i = 0; i < FAMILIES; i++) {
		add_port_rule(nft, chain_local, families[i],
			      MAP_BOUND_CONDITION);
		/* No condition on other addresses has a say in this one. */
		add_port_rule(nft, chain_local, families[i], MAP_BOUND);
		add_port_rule(nft, chain_local, families[i],
			      MAP_UNBOUND_CONDITION);
	}
	nft_rule(nft, chain_local);
	nft_verdict(nft, NFT_GOTO, chain_ports);
	nft_rule_end(nft);
	for (int i = 0; i < FAMILIES; i++) {
		add_port_rule(nft, chain_ports, families[i], MAP_BOUND);
		add_port_rule(nft, chain_ports, families[i], MAP_UNBOUND);
	}
	for (int i = 0; i < FAMILIES; i++) {
		add_hairpin_rule(nft, families[i], MAP_BOUND);
		add_hairpin_rule(nft, families[i], MAP_UNBOUND);
	}
	for (int i = 0; i < FAMILIES; i++)
		add_masquerade_rule(nft, families[i]);
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

/* The subnets in the terms of a NAT_MASQUERADE. */
static void read_subnets(struct job *job, const struct nat_entry *entry,
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
				 const struct nat_entry *entry)
{
	static const struct prefix multicast[] = {
		{ { AF_INET, { 224 } }, 4 },
		{ { AF_INET6, { 0xff } }, 8 },
	};
	const struct prefix *subnet;
	struct list subnets;

	add_address_rule(nft, chain, NFT_DESTINATION, &entry->pod);
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

void nat_own_chain_add(struct nft *nft, const char *chain,
		       const struct nat_entry *entry)
{
	static const struct prefix loopback = { { AF_INET, { 127 } }, 8 };

	nft_chain_add(nft, chain, NULL);
	if (entry->kind == NAT_MASQUERADE) {
		add_masquerade_chain(nft, chain, entry);
	} else if (entry->kind == NAT_CONDITION) {
		nat_condition_rules_add(nft, chain, entry, chain_ports);
	} else {
		add_address_rule(nft, chain, NFT_SOURCE, &entry->pod);
		if (entry->pod.ip.family == AF_INET)
			add_address_rule(nft, chain, NFT_SOURCE, &loopback);
	}
}

static int check_chain(struct nft *nft, const char *chain, size_t rules)
{
	struct list there;

	if (nft_list_rules(nft, chain, &there) < 0)
		return -1;
	if (there.count == rules)
		return 0;
	return fail(nft->nl->job, CNI_INTERNAL,
		    "chain %s of table %s has %zu rules instead of %zu", chain,
		    nft->table, there.count, rules);
}

int nat_table_check(struct nft *nft)
{
	const struct chain *chain = is_guard(nft) ? guard_chains : chains;

	for (int i = 0; i < (is_guard(nft) ? GUARD_CHAINS : CHAINS); i++) {
		if (check_chain(nft, chain[i].name, chain[i].rules) < 0)
			return -1;
	}
	return 0;
}

int nat_own_chain_check(struct nft *nft, const char *chain,
			const struct nat_entry *entry)
{
	struct list subnets;
	size_t rules = entry->pod.ip.family == AF_INET ? 2 : 1;

	if (entry->kind == NAT_MASQUERADE) {
		read_subnets(nft->nl->job, entry, &subnets);
		rules = 3 + subnets.count;
	} else if (entry->kind == NAT_CONDITION) {
		rules = nat_condition_rules(nft->nl->job, entry);
	}
	return check_chain(nft, chain, rules);
}

static int probe(struct nl *nl)
{
	static const struct nat_entry entry = { .kind = NAT_MASQUERADE,
						.pod = { { AF_INET }, 32 } };
	struct nft nft = nat_table(nl, entry.kind);
	bool missing;

	if (nft_find_table(&nft, &missing) < 0)
		return -1;
	if (!missing)
		return 0;
	nft_begin(&nft, 0);
	nat_table_add(&nft);
	nat_own_chain_add(&nft, "probe", &entry);
	return nft_try(&nft);
}

int nat_probe(struct nl *nl)
{
	if (probe(nl) == 0)
		return 0;
	/* Whatever the kernel said, it cannot do it. */
	nl->job->code = CNI_NOT_AVAILABLE;
	return -1;
}
