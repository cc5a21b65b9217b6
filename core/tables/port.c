/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port - ports of the host lead to ports of pods, on conditions or without
 *
 *	map hostip4	protocol . host address . port -> pod address . port
 *	map hostport4	protocol . port -> pod address . port
 *	map condip4	protocol . host address . port -> goto cond-HASH
 *	map condport4	protocol . port -> goto cond-HASH
 *	set services4	address of a service of kube-proxy's, on kube-ipvs0
 *	... and each of them for IPv6
 *
 *	guard			from or to 127.0.0.0/8 or ::1, but not by lo: drop
 *	prerouting, output	to an address of this host: jump local
 *	local			to one of services: return; by condip, else dnat by
 *				hostip, else by condport; else goto ports
 *	ports			dnat by hostip, else by hostport
 *	cond-HASH		if the conditions are met, of which this is a
 *				hash: goto ports
 *
 * When the verdicts of a map change, the kernel walks through all of them. What
 * grows with the pods therefore has none, but for conditions.
 */
#include "core/tables/port.h"

#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/kernel/ct.h"
#include "core/tables/condition.h"

#define TWO(a, b)      ((a) << 6 | (b))
#define THREE(a, b, c) (TWO(a, b) << 6 | (c))
#define KEY_BOUND(ip)  THREE(NFT_TYPE_PROTOCOL, ip, NFT_TYPE_PORT)
#define KEY_UNBOUND    TWO(NFT_TYPE_PROTOCOL, NFT_TYPE_PORT)
#define TARGET(ip)     TWO(ip, NFT_TYPE_PORT)
#define IPV4	       NFT_TYPE_IPV4
#define IPV6	       NFT_TYPE_IPV6

enum { HASH_DIGITS = 16 };

static const struct nft_map port_maps[] = {
	[PORT_BOUND] = { "hostip4", KEY_BOUND(IPV4), 12, TARGET(IPV4), 8 },
	{ "hostip6", KEY_BOUND(IPV6), 24, TARGET(IPV6), 20 },
	[PORT_UNBOUND] = { "hostport4", KEY_UNBOUND, 8, TARGET(IPV4), 8 },
	{ "hostport6", KEY_UNBOUND, 8, TARGET(IPV6), 20 },
	[PORT_SERVICES] = { "services4", IPV4, 4, .set = true },
	{ "services6", IPV6, 16, .set = true },
};

static const struct nft_map condition_maps[] = {
	[PORT_BOUND] = { "condip4", KEY_BOUND(IPV4), 12, 0, 0 },
	{ "condip6", KEY_BOUND(IPV6), 24, 0, 0 },
	[PORT_UNBOUND] = { "condport4", KEY_UNBOUND, 8, 0, 0 },
	{ "condport6", KEY_UNBOUND, 8, 0, 0 },
};

static const char chain_guard[] = "guard";
static const char chain_local[] = "local";
static const char chain_ports[] = "ports";
static const char chain_prerouting[] = "prerouting";
static const char chain_output[] = "output";
static const char chain_prefix[] = "cond"; /* with a hash */

static const struct table_chain chains[] = {
	{ chain_ports, .rules = 2 * FAMILIES },
	{ chain_local, .rules = 4 * FAMILIES + 1 },
	{ chain_guard, "filter", PRIORITY_RAW, NF_INET_PRE_ROUTING,
	  2 * FAMILIES },
	{ chain_prerouting, "nat", PRIORITY_DSTNAT, NF_INET_PRE_ROUTING, 1 },
	{ chain_output, "nat", PRIORITY_DSTNAT, NF_INET_LOCAL_OUT, 1 },
};

/* ---- rules ---- */

/* Looks a packet's port up: what the map leads to is done. */
static void add_port_rule(struct nft *nft, const char *chain, int family,
			  int map, bool condition)
{
	const struct nft_map *maps = condition ? condition_maps : port_maps;
	const char *name = maps[map + (family == AF_INET6)].name;
	int words = (int)ip_size(family) / 4;
	bool bound = map == PORT_BOUND;

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

/* This drops them too where a bridge passes its frames to netfilter. */
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
	nft_match_set(nft, port_maps[PORT_SERVICES + (family == AF_INET6)].name,
		      true);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

static void port_rules_add(struct nft *nft)
{
	static const int families[] = { AF_INET, AF_INET6 };

	add_local_rule(nft, chain_prerouting);
	add_local_rule(nft, chain_output);
	for (int i = 0; i < FAMILIES; i++) {
		add_loopback_rule(nft, families[i], NFT_SOURCE);
		add_loopback_rule(nft, families[i], NFT_DESTINATION);
		add_service_rule(nft, families[i]);
	}
	for (int i = 0; i < FAMILIES; i++) {
		add_port_rule(nft, chain_local, families[i], PORT_BOUND, true);
		/* Before the conditions of ports of all addresses, which do not
		 * hold for a port of a single address. */
		add_port_rule(nft, chain_local, families[i], PORT_BOUND, false);
		add_port_rule(nft, chain_local, families[i], PORT_UNBOUND,
			      true);
	}
	nft_rule(nft, chain_local);
	nft_verdict(nft, NFT_GOTO, chain_ports);
	nft_rule_end(nft);
	for (int i = 0; i < FAMILIES; i++) {
		add_port_rule(nft, chain_ports, families[i], PORT_BOUND, false);
		add_port_rule(nft, chain_ports, families[i], PORT_UNBOUND,
			      false);
	}
}

/* ---- text ---- */

static void port_print(const struct entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT], host[IP_TEXT];

	str_printf(out, " %s %s %d %s %d", protocol_name(entry->protocol),
		   ip_is_unspecified(&entry->host)
			   ? "*"
			   : ip_print(&entry->host, host),
		   entry->host_port, prefix_print(&entry->pod, pod),
		   entry->pod_port);
	if (entry->conditions)
		str_printf(out, " %s", entry->conditions);
}

static bool parse_port(const char *text, uint16_t *out)
{
	long port;

	if (!str_to_long(text, 1, UINT16_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

static bool port_parse(char *const *words, const char *rest, struct entry *out)
{
	out->conditions = rest;
	out->protocol = protocol_number(words[0]);
	return out->protocol >= 0 &&
	       (strcmp(words[1], "*") == 0 || ip_parse(words[1], &out->host)) &&
	       parse_port(words[2], &out->host_port) &&
	       prefix_parse(words[3], &out->pod) &&
	       (!out->host.family || out->host.family == out->pod.ip.family) &&
	       parse_port(words[4], &out->pod_port) &&
	       !rest == (out->kind == ENTRY_PORT);
}

static const char *port_describe(struct job *job, const struct entry *entry,
				 const char *adverb)
{
	const char *host = "";
	char ip[IP_TEXT];

	if (!ip_is_unspecified(&entry->host))
		host = job_printf(
			job, entry->host.family == AF_INET ? "%s:" : "[%s]:",
			ip_print(&entry->host, ip));
	return job_printf(job, "host port %s%d/%s is %spublished", host,
			  entry->host_port, protocol_name(entry->protocol),
			  adverb);
}

/* ---- elements and their chains ---- */

static void fill_key(const struct entry *entry, struct nft_element *out)
{
	uint8_t protocol = (uint8_t)entry->protocol;
	uint16_t host_port = htobe16(entry->host_port);
	int map = PORT_UNBOUND;

	nft_key_add(out, &protocol, sizeof(protocol));
	if (!ip_is_unspecified(&entry->host)) {
		map = PORT_BOUND;
		nft_key_add(out, entry->host.bytes,
			    ip_size(entry->pod.ip.family));
	}
	nft_key_add(out, &host_port, sizeof(host_port));
	/* A binary without IPv6 may read the record of one that has it. */
	map += entry->pod.ip.family == AF_INET6;
	out->map = kinds[entry->kind]->maps[map].name;
}

static void port_fill(struct job *job, const struct entry *entry,
		      struct nft_element *out)
{
	uint16_t pod_port = htobe16(entry->pod_port);

	(void)job;
	fill_key(entry, out);
	nft_data_add(out, entry->pod.ip.bytes, ip_size(entry->pod.ip.family));
	nft_data_add(out, &pod_port, sizeof(pod_port));
}

static const char *condition_chain_name(struct job *job,
					const struct entry *entry)
{
	char digits[HASH_DIGITS + 1];

	return job_printf(job, "%s-%s", chain_prefix,
			  hash_text(entry->conditions, HASH_DIGITS, digits));
}

static void condition_fill(struct job *job, const struct entry *entry,
			   struct nft_element *out)
{
	fill_key(entry, out);
	out->chain = condition_chain_name(job, entry);
	out->verdict = NFT_GOTO;
}

static void condition_chain_add(struct nft *nft, const char *chain,
				const struct entry *entry)
{
	nft_chain_add(nft, chain, NULL);
	condition_rules_add(nft, chain, entry, chain_ports);
}

const struct kind port_kind = {
	.word = "port",
	.words = 5,
	.parse = port_parse,
	.print = port_print,
	.describe = port_describe,
	.fill = port_fill,
	.maps = port_maps,
	.maps_count = sizeof(port_maps) / sizeof(*port_maps),
	.owned_maps = PORT_SERVICES,
	.chains = chains,
	.chains_count = sizeof(chains) / sizeof(*chains),
	.rules_add = port_rules_add,
	.list_rivals = port_list_rivals,
	.connections = CT_PORT,
	/* Left behind, they would hold for the port's new owner. */
	.depend = 1 << ENTRY_CONDITION,
};

static const struct kind_chain condition_chain = {
	.prefix = chain_prefix,
	.name = condition_chain_name,
	.add = condition_chain_add,
	.rules = condition_rules,
};

const struct kind condition_kind = {
	.word = "condition",
	.words = 5,
	.parse = port_parse,
	.print = port_print,
	.describe = port_describe,
	.fill = condition_fill,
	.chain = &condition_chain,
	.maps = condition_maps,
	.maps_count = sizeof(condition_maps) / sizeof(*condition_maps),
	.owned_maps = sizeof(condition_maps) / sizeof(*condition_maps),
};
