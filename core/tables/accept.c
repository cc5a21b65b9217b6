/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/accept.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/tables/tables.h"
#include "core/tables/want.h"

static const char comment[] = "cnibox";
static const char chain_forward[] = "FORWARD";
static const char admin_default[] = "CNI-ADMIN";

/* FORWARD as it is. */
struct forward {
	struct nft nft;
	const char *admin; /* the chain that comes first */
	bool missing;	   /* there is no FORWARD */
	bool admin_missing;
	struct list deeds;   /* of struct nft_deed */
	uint64_t ours, jump; /* handles of the rules; 0: there is none */
	const struct nft_deed *closed; /* a rule before ours drops everything */
};

static bool is_ours(const struct nft_deed *deed, uint8_t bit)
{
	return deed->mark == 1U << bit && !deed->conditional &&
	       deed->verdict == NF_ACCEPT;
}

/* The kernel's numbers for families are those of the protocol families. */
static int look(struct nl *nl, const struct entry *entry, struct forward *out)
{
	const struct nft_deed *deed;

	*out = (struct forward) {
		.nft = { .nl = nl,
			 .family = entry->pod.ip.family,
			 .table = "filter" },
		.admin = entry->admin ? entry->admin : admin_default,
	};
	nl_hold(nl);
	nft_find_chain(&out->nft, out->admin, &out->admin_missing);
	if (nft_list_deeds(&out->nft, chain_forward, &out->missing,
			   &out->deeds) < 0)
		return -1;
	deed = out->deeds.items;
	for (size_t i = 0; i < out->deeds.count && !out->ours; i++, deed++) {
		if (is_ours(deed, entry->mark_bit))
			out->ours = deed->handle;
		else if (strcmp(deed->chain, out->admin) == 0)
			out->jump = deed->handle;
		else if (deed->verdict == NF_DROP && !deed->conditional &&
			 !deed->mark)
			out->closed = deed;
	}
	return 0;
}

/* Whether the administrator's chain has to be there, and is not called before our
 * rule, which comes in front of all that is there. */
static bool lacks_jump(const struct forward *forward, const struct entry *entry)
{
	return (!forward->jump || !forward->ours) &&
	       (entry->admin || !forward->admin_missing);
}

static int add_rules(struct forward *forward, const struct entry *entry,
		     uint32_t generation)
{
	struct nft *nft = &forward->nft;

	nft_begin(nft, generation);
	if (!forward->ours) {
		nft_rule_in_front(nft, chain_forward);
		nft_match_mark(nft, 1U << entry->mark_bit);
		nft_counter(nft);
		nft_verdict(nft, NF_ACCEPT, NULL);
		nft_rule_end_named(nft, comment);
	}
	if (lacks_jump(forward, entry)) {
		if (forward->admin_missing)
			nft_chain_add(nft, forward->admin, NULL);
		nft_rule_in_front(nft, chain_forward);
		nft_counter(nft);
		nft_verdict(nft, NFT_JUMP, forward->admin);
		nft_rule_end_named(nft, comment);
	}
	return nft_commit(nft);
}

/* Others that add the same at the same time change the generation. */
int accept_ensure(struct nl *nl, const struct entry *entry)
{
	uint32_t generation = 0;
	struct forward forward;

	for (int i = 0; i < TRIES_MAX; i++) {
		if (look(nl, entry, &forward) < 0)
			return -1;
		if (forward.missing ||
		    (forward.ours && !lacks_jump(&forward, entry)))
			return 0;
		if (generation && add_rules(&forward, entry, generation) < 0)
			return -1;
		if (generation && !forward.nft.stale)
			return 0;
		if (nft_get_generation(&forward.nft, &generation) < 0)
			return -1;
	}
	return fail(nl->job, CNI_TRY_AGAIN,
		    "change table filter: others keep changing it");
}

int accept_check(struct nl *nl, const struct entry *entry)
{
	const char *table =
		entry->pod.ip.family == AF_INET ? "ip filter" : "ip6 filter";
	struct forward forward;

	if (look(nl, entry, &forward) < 0)
		return -1;
	if (forward.missing)
		return 0;
	if (!forward.ours)
		return fail(
			nl->job, CNI_INTERNAL,
			"chain FORWARD of table %s does not accept the mark 0x%x",
			table, 1U << entry->mark_bit);
	if (lacks_jump(&forward, entry))
		return fail(nl->job, CNI_INTERNAL,
			    "chain %s of table %s does not lead to %s",
			    chain_forward, table, forward.admin);
	if (forward.closed)
		job_warn(
			nl->job,
			"chain FORWARD of table %s drops everything before it accepts the mark 0x%x, by rule %llu \"%s\"",
			table, 1U << entry->mark_bit,
			(unsigned long long)forward.closed->handle,
			forward.closed->comment);
	return 0;
}

/* The rule that accepts a bit goes with the jumps in front of it: those before another
 * bit's are that one's. */
int accept_find(struct nl *nl, const char *chain, struct list *rules)
{
	const struct nft_deed *deed;
	struct forward forward;
	struct entry entry;
	bool others = false;
	size_t own;

	if (!forward_kind.chain->parse(chain, &entry))
		return 0;
	if (look(nl, &entry, &forward) < 0)
		return -1;
	own = rules->count;
	deed = forward.deeds.items;
	for (size_t i = 0; i < forward.deeds.count; i++, deed++) {
		bool is = is_ours(deed, entry.mark_bit);
		bool named = strcmp(deed->comment, comment) == 0;
		struct rule_place *place;

		if (named && !is && deed->verdict == NF_ACCEPT) {
			rules->count = own;
			others = true;
		}
		if (!is && (!named || deed->verdict != NFT_JUMP))
			continue;
		place = list_add(nl->job, rules, sizeof(*place));
		*place = (struct rule_place) { entry.pod.ip.family, "filter",
					       chain_forward, deed->handle };
		if (is)
			own = rules->count;
	}
	if (others)
		rules->count = own;
	return 0;
}

int tables_find_firewalld(struct nl *nl, bool *none)
{
	struct nft nft = { .nl = nl,
			   .family = NFPROTO_INET,
			   .table = "firewalld" };

	return nft_find_table(&nft, none);
}
