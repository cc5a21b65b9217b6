/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/reference.h"

#include <linux/netfilter.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/kernel/nft.h"

enum { CHAINS_MAX = 3, OWN_MAX = 2, COUNT_MAX = 4 };

/* Rules and chains that a Go plugin made for one attachment. */
struct sweep {
	int family;
	const char *table;
	const char *chains[CHAINS_MAX]; /* have rules of many attachments */
	/* This attachment's rules have a comment that begins with this, or, if
	 * whole, is this. */
	const char *comment;
	bool whole;
	const char *own[OWN_MAX]; /* this attachment's chains, callers first */
};

static bool is_wanted(const struct sweep *sweep,
		      const struct nft_rule_info *rule)
{
	if (sweep->comment &&
	    (sweep->whole ? !strcmp(rule->comment, sweep->comment)
			  : str_starts(rule->comment, sweep->comment)))
		return true;
	return sweep->own[0] && strcmp(rule->jump, sweep->own[0]) == 0;
}

/* Adds the attachment's rules in this chain to found. */
static int sweep_chain(struct nft *nft, const struct sweep *sweep,
		       const char *chain, struct list *found)
{
	const struct nft_rule_info *rule;
	struct list rules;

	if (nft_list_rules(nft, chain, &rules) < 0)
		return -1;
	rule = rules.items;
	for (size_t i = 0; i < rules.count; i++) {
		if (is_wanted(sweep, &rule[i]))
			list_copy(nft->nl->job, found, &rule[i], sizeof(*rule));
	}
	return 0;
}

/* missing and own_missing say which of the chains are not there. */
static int sweep_one(struct nl *nl, const struct sweep *sweep,
		     const bool *missing, const bool *own_missing)
{
	struct nft nft = { .nl = nl,
			   .family = sweep->family,
			   .table = sweep->table };
	const struct nft_rule_info *rule;
	struct list found = { 0 };
	bool any = false;

	for (int i = 0; i < CHAINS_MAX && sweep->chains[i]; i++) {
		if (!missing[i] &&
		    sweep_chain(&nft, sweep, sweep->chains[i], &found) < 0)
			return -1;
	}
	for (int i = 0; i < OWN_MAX && sweep->own[i]; i++)
		any |= !own_missing[i];
	if (!found.count && !any)
		return 0;
	nft_begin(&nft, 0);
	rule = found.items;
	for (size_t i = 0; i < found.count; i++)
		nft_rule_del(&nft, rule[i].chain, rule[i].handle);
	for (int i = 0; i < OWN_MAX && sweep->own[i]; i++) {
		if (!own_missing[i])
			nft_rule_del(&nft, sweep->own[i], 0);
	}
	for (int i = 0; i < OWN_MAX && sweep->own[i]; i++) {
		if (!own_missing[i])
			nft_chain_del(&nft, sweep->own[i]);
	}
	return nft_commit(&nft);
}

/* Asks for all chains at once, as usually none of them is there. */
static int sweep_all(struct nl *nl, const struct sweep *sweeps, int count)
{
	bool missing[COUNT_MAX][CHAINS_MAX], own_missing[COUNT_MAX][OWN_MAX];
	int ret = 0;

	nl_hold(nl);
	for (int i = 0; i < count; i++) {
		struct nft nft = { .nl = nl,
				   .family = sweeps[i].family,
				   .table = sweeps[i].table };

		for (int j = 0; j < CHAINS_MAX && sweeps[i].chains[j]; j++)
			nft_find_chain(&nft, sweeps[i].chains[j],
				       &missing[i][j]);
		for (int j = 0; j < OWN_MAX && sweeps[i].own[j]; j++)
			nft_find_chain(&nft, sweeps[i].own[j],
				       &own_missing[i][j]);
	}
	if (nl_release(nl) < 0)
		return -1;
	for (int i = 0; i < count; i++)
		ret |= sweep_one(nl, &sweeps[i], missing[i], own_missing[i]);
	return ret;
}

/* The first digits of the hash of two texts one after the other. */
static const char *digest(struct job *job, const char *a, const char *b,
			  size_t digits)
{
	char *buf = job_alloc(job, digits + 1);

	return hash_text(job_printf(job, "%s%s", a, b), digits, buf);
}

int reference_del_masquerade(struct nl *nl, const struct reference *of)
{
	struct job *job = nl->job;
	const char *chain = job_printf(
		job, "CNI-%s", digest(job, of->network, of->container, 24));
	const char *comment =
		job_printf(job, "%s-%s", digest(job, of->network, "", 16),
			   digest(job, job_printf(job, "%s:", of->ifname),
				  of->container, 16));
	const struct sweep sweeps[] = {
		{ NFPROTO_INET,
		  "cni_plugins_masquerade",
		  { "masq_checks" },
		  .comment = comment },
		{ NFPROTO_IPV4, "nat", { "POSTROUTING" }, .own = { chain } },
		{ NFPROTO_IPV6, "nat", { "POSTROUTING" }, .own = { chain } },
	};

	return sweep_all(nl, sweeps, 3);
}

int reference_del_ports(struct nl *nl, const struct reference *of)
{
	static const int families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct job *job = nl->job;
	const char *chain = job_printf(
		job, "CNI-DN-%s", digest(job, of->network, of->container, 21));
	struct sweep sweeps[COUNT_MAX];

	for (int i = 0; i < 2; i++) {
		sweeps[i] = (struct sweep) { families[i],
					     "cni_hostport",
					     { "hostports", "hostip_hostports",
					       "masquerading" },
					     .comment = of->container,
					     .whole = true };
		sweeps[2 + i] = (struct sweep) { families[i],
						 "nat",
						 { "CNI-HOSTPORT-DNAT" },
						 .own = { chain } };
	}
	return sweep_all(nl, sweeps, COUNT_MAX);
}

enum { CHAIN_NAME_MAX = 256 }; /* with the NUL */

int reference_del_macspoofchk(struct nl *nl, const struct reference *of)
{
	const char *id =
		job_printf(nl->job, "%s-%s", of->container, of->ifname);
	const char *chain = job_printf(nl->job, "cni-br-iface-%s", id);
	const struct sweep sweep = {
		NFPROTO_BRIDGE,
		"nat",
		{ "PREROUTING" },
		.comment = job_printf(nl->job, "macspoofchk-%s", id),
		.whole = true,
		.own = { chain, job_printf(nl->job, "%s-mac", chain) },
	};

	/* The kernel refuses longer names: there is no such chain. */
	if (strlen(sweep.own[1]) >= CHAIN_NAME_MAX)
		return 0;
	return sweep_all(nl, &sweep, 1);
}

static bool is_among(const struct list *addresses, const struct ip *ip)
{
	const struct ip *address = addresses->items;

	for (size_t i = 0; i < addresses->count; i++) {
		if (ip_compare(&address[i], ip) == 0)
			return true;
	}
	return false;
}

static int del_forward(struct nl *nl, int family, const struct list *addresses)
{
	static const char chain[] = "CNI-FORWARD";
	struct nft nft = { .nl = nl, .family = family, .table = "filter" };
	const struct nft_deed *deed;
	struct list deeds;
	bool missing, any = false;

	if (nft_list_deeds(&nft, chain, &missing, &deeds) < 0)
		return -1;
	deed = deeds.items;
	for (size_t i = 0; i < deeds.count; i++, deed++) {
		if (deed->verdict != NF_ACCEPT ||
		    !is_among(addresses, &deed->address))
			continue;
		if (!any)
			nft_begin(&nft, 0);
		any = true;
		nft_rule_del(&nft, chain, deed->handle);
	}
	return any ? nft_commit(&nft) : 0;
}

int reference_del_forward(struct nl *nl, const struct list *addresses)
{
	return del_forward(nl, NFPROTO_IPV4, addresses) |
	       del_forward(nl, NFPROTO_IPV6, addresses);
}
