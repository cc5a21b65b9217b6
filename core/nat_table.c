/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/nat_table.h"

#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/str.h"

enum {
	FAMILIES = 1 + IS_ENABLED(CONFIG_IPV6),
	/* The maps of the other kinds are numbered as these are. */
	MAP_BOUND = NAT_PORT,
	MAP_UNBOUND,
	MAP_KINDS,
	PRIORITY_DSTNAT = -100,
	PRIORITY_SRCNAT = 100,
};

static const int families[] = { AF_INET, AF_INET6 };

#define TWO(a, b)      ((a) << 6 | (b))
#define THREE(a, b, c) (TWO(a, b) << 6 | (c))
#define KEY_BOUND(ip)  THREE(NFT_TYPE_PROTOCOL, ip, NFT_TYPE_PORT)
#define KEY_UNBOUND    TWO(NFT_TYPE_PROTOCOL, NFT_TYPE_PORT)
#define TARGET(ip)     TWO(ip, NFT_TYPE_PORT)

static const struct nft_map maps[MAP_KINDS][2] = {
	{ { "masq4", NFT_TYPE_IPV4, 4, 0, 0 },
	  { "masq6", NFT_TYPE_IPV6, 16, 0, 0 } },
	{ { "hairpin4", NFT_TYPE_IPV4, 4, 0, 0 },
	  { "hairpin6", NFT_TYPE_IPV6, 16, 0, 0 } },
	{ { "hostip4", KEY_BOUND(NFT_TYPE_IPV4), 12, TARGET(NFT_TYPE_IPV4), 8 },
	  { "hostip6", KEY_BOUND(NFT_TYPE_IPV6), 24, TARGET(NFT_TYPE_IPV6),
	    20 } },
	{ { "hostport4", KEY_UNBOUND, 8, TARGET(NFT_TYPE_IPV4), 8 },
	  { "hostport6", KEY_UNBOUND, 8, TARGET(NFT_TYPE_IPV6), 20 } },
};

static const char chain_ports[] = "ports";
static const char chain_prerouting[] = "prerouting";
static const char chain_output[] = "output";
static const char chain_postrouting[] = "postrouting";

static const struct {
	const char *name;
	struct nft_hook hook; /* type NULL: none */
	size_t rules;
} chains[] = {
	{ chain_ports, { 0 }, 2 * FAMILIES },
	{ chain_prerouting,
	  { "nat", NF_INET_PRE_ROUTING, PRIORITY_DSTNAT },
	  1 },
	{ chain_output, { "nat", NF_INET_LOCAL_OUT, PRIORITY_DSTNAT }, 1 },
	{ chain_postrouting,
	  { "nat", NF_INET_POST_ROUTING, PRIORITY_SRCNAT },
	  2 * FAMILIES },
};

enum { CHAINS = sizeof(chains) / sizeof(*chains) };

struct nft nat_table(struct nl *nl)
{
	return (struct nft) { .nl = nl,
			      .family = NFPROTO_INET,
			      .table = "cnibox" };
}

const char *nat_map(int number, enum nat_kind *kind)
{
	int map = number / FAMILIES;

	if (map >= MAP_KINDS)
		return NULL;
	*kind = map < NAT_PORT ? (enum nat_kind)map : NAT_PORT;
	return maps[map][number % FAMILIES].name;
}

/* ---- elements ---- */

static void append(uint8_t *to, size_t *len, const void *data, size_t size)
{
	memcpy(to + *len, data, size);
	*len += (size + 3) / 4 * 4;
}

/* A chain's name says all of its content, so that it never has to change. */
static const char *subnet_chain(struct job *job, const struct nat_entry *entry)
{
	struct prefix network = prefix_network(&entry->pod);
	char text[PREFIX_TEXT];

	prefix_print(&network, text);
	for (char *p = text; *p; p++) {
		if (*p == ':') /* the nft tool could not read it back */
			*p = '_';
	}
	return job_printf(job, "%s-%s",
			  entry->kind == NAT_HAIRPIN ? "hairpin" : "masq",
			  text);
}

bool nat_is_subnet_chain(const char *chain)
{
	return str_starts(chain, "masq-") || str_starts(chain, "hairpin-");
}

static void fill_port(const struct nat_entry *entry, bool bound,
		      struct nft_element *out)
{
	uint8_t protocol = (uint8_t)entry->protocol;
	uint16_t host_port = htobe16(entry->host_port);
	uint16_t pod_port = htobe16(entry->pod_port);
	size_t size = ip_size(entry->pod.ip.family);

	append(out->key, &out->key_len, &protocol, sizeof(protocol));
	if (bound)
		append(out->key, &out->key_len, entry->host.bytes, size);
	append(out->key, &out->key_len, &host_port, sizeof(host_port));
	append(out->data, &out->data_len, entry->pod.ip.bytes, size);
	append(out->data, &out->data_len, &pod_port, sizeof(pod_port));
}

void nat_element(struct job *job, const struct nat_entry *entry,
		 const char *owner, struct nft_element *out)
{
	bool v6 = entry->pod.ip.family == AF_INET6;
	bool bound = !ip_is_unspecified(&entry->host);

	*out = (struct nft_element) { .comment = owner };
	if (entry->kind == NAT_PORT) {
		out->map = maps[bound ? MAP_BOUND : MAP_UNBOUND][v6].name;
		fill_port(entry, bound, out);
		return;
	}
	out->map = maps[entry->kind][v6].name;
	append(out->key, &out->key_len, entry->pod.ip.bytes,
	       ip_size(entry->pod.ip.family));
	out->chain = subnet_chain(job, entry);
	/* What needs no hairpin goes on to the masquerading. */
	out->verdict = entry->kind == NAT_HAIRPIN ? NFT_JUMP : NFT_GOTO;
}

/* ---- the table ---- */

static void add_port_rule(struct nft *nft, int family, bool bound)
{
	int words = (int)ip_size(family) / 4;

	nft_rule(nft, chain_ports);
	if (bound)
		nft_match_family(nft, family);
	nft_load_protocol(nft, 0);
	if (bound)
		nft_load_address(nft, NFT_DESTINATION, family, 1);
	nft_load_port(nft, bound ? 1 + words : 1);
	nft_lookup(
		nft,
		maps[bound ? MAP_BOUND : MAP_UNBOUND][family == AF_INET6].name);
	nft_dnat(nft, family, 0, words);
	nft_rule_end(nft);
}

static void add_local_rule(struct nft *nft, const char *chain)
{
	nft_rule(nft, chain);
	nft_match_local(nft);
	nft_verdict(nft, NFT_JUMP, chain_ports);
	nft_rule_end(nft);
}

static void add_postrouting_rule(struct nft *nft, int family,
				 enum nat_kind kind)
{
	bool hairpin = kind == NAT_HAIRPIN;

	nft_rule(nft, chain_postrouting);
	if (hairpin)
		nft_match_redirected(nft);
	nft_match_family(nft, family);
	nft_load_address(nft, hairpin ? NFT_DESTINATION : NFT_SOURCE, family,
			 0);
	nft_lookup_verdict(nft, maps[kind][family == AF_INET6].name);
	nft_rule_end(nft);
}

void nat_table_add(struct nft *nft)
{
	nft_table_add(nft);
	for (int i = 0; i < MAP_KINDS * FAMILIES; i++)
		nft_map_add(nft, &maps[i / FAMILIES][i % FAMILIES]);
	for (int i = 0; i < CHAINS; i++)
		nft_chain_add(nft, chains[i].name,
			      chains[i].hook.type ? &chains[i].hook : NULL);
	add_local_rule(nft, chain_prerouting);
	add_local_rule(nft, chain_output);
	for (int i = 0; i < FAMILIES; i++) {
		add_port_rule(nft, families[i], true);
		add_port_rule(nft, families[i], false);
	}
	for (int i = 0; i < FAMILIES; i++)
		add_postrouting_rule(nft, families[i], NAT_HAIRPIN);
	for (int i = 0; i < FAMILIES; i++)
		add_postrouting_rule(nft, families[i], NAT_MASQUERADE);
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

void nat_subnet_chain_add(struct nft *nft, const char *chain,
			  const struct nat_entry *entry)
{
	static const struct prefix multicast[] = {
		{ { AF_INET, { 224 } }, 4 },
		{ { AF_INET6, { 0xff } }, 8 },
	};
	static const struct prefix loopback = { { AF_INET, { 127 } }, 8 };
	bool v6 = entry->pod.ip.family == AF_INET6;

	nft_chain_add(nft, chain, NULL);
	if (entry->kind == NAT_HAIRPIN) {
		add_address_rule(nft, chain, NFT_SOURCE, &entry->pod);
		if (!v6)
			add_address_rule(nft, chain, NFT_SOURCE, &loopback);
		return;
	}
	add_address_rule(nft, chain, NFT_DESTINATION, &entry->pod);
	add_address_rule(nft, chain, NFT_DESTINATION, &multicast[v6]);
	nft_rule(nft, chain);
	nft_masquerade(nft);
	nft_rule_end(nft);
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
	for (int i = 0; i < CHAINS; i++) {
		if (check_chain(nft, chains[i].name, chains[i].rules) < 0)
			return -1;
	}
	return 0;
}

int nat_subnet_chain_check(struct nft *nft, const char *chain,
			   const struct nat_entry *entry)
{
	size_t hairpins = entry->pod.ip.family == AF_INET ? 2 : 1;

	return check_chain(nft, chain,
			   entry->kind == NAT_HAIRPIN ? hairpins : 3);
}
