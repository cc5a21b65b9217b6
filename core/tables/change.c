/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries are made, removed and checked. */
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "core/tables/want.h"

/* ---- adding ---- */

/* Fails if the other owner, which has entry's key or is its rival, is or may be alive
 * and does not share. If it is dead, its entries of these kinds are removed. */
static int check_other(struct nl *nl, const struct entry *entry,
		       const char *other, unsigned kinds_to_go,
		       const struct holders *holders, bool *shares)
{
	enum holder holder = holders->tell(holders->arg, other);
	struct job *job = nl->job;

	*shares = holder == HOLDER_SHARES;
	if (holder == HOLDER_ALIVE || holder == HOLDER_UNKNOWN)
		return fail(job, CNI_INTERNAL, "%s for %s%s",
			    entry_describe(job, entry, "already "), other,
			    holder == HOLDER_UNKNOWN ? ", which may live" : "");
	/* tell() has failed. */
	if (job->msg)
		return -1;
	return holder == HOLDER_DEAD && kinds_to_go
		       ? tables_del_owner(nl, other, kinds_to_go)
		       : 0;
}

/* Called before and after entries are written, so that of two rivals that come at
 * once at least one sees the other. */
static int check_rivals(struct nft *nft, const char *owner,
			const struct list *entries,
			const struct holders *holders)
{
	struct list rivals = { 0 };
	const struct rival *rival;

	for (int i = 0; i < ENTRY_KINDS; i++) {
		if (table_has(nft, i) && kinds[i]->list_rivals &&
		    kinds[i]->list_rivals(nft, entries, &rivals) < 0)
			return -1;
	}
	rival = rivals.items;
	for (size_t i = 0; i < rivals.count; i++, rival++) {
		enum entry_kind kind = rival->entry->kind;
		bool shares;

		if (strcmp(rival->owner, owner) != 0 &&
		    check_other(nft->nl, rival->entry, rival->owner,
				1U << kind | kinds[kind]->depend, holders,
				&shares) < 0)
			return -1;
	}
	return 0;
}

/* Whether the element that is there stays its holder's, who shares it. */
static bool is_left(const struct want *want)
{
	const struct nft_element *found = want->found.items;

	return found && want->shared &&
	       strcmp(found->comment, want->shared) == 0;
}

/* Fails if a living owner that does not share holds one of our keys. *again: look
 * again, a sharing owner may have gone before it noted us. */
static int check_holders(struct wants *wants, const struct holders *holders,
			 bool *again)
{
	struct want *want = wants->list.items;

	*again = false;
	for (size_t i = 0; i < wants->list.count; i++, want++) {
		const struct nft_element *found = want->found.items;
		bool shares;

		if (!found || want_is_owned(want) || is_left(want))
			continue;
		if (check_other(wants->nft.nl, want->entry, found->comment,
				kinds[want->entry->kind]->depend, holders,
				&shares) < 0)
			return -1;
		want->shared = shares ? found->comment : NULL;
		*again |= shares;
	}
	return 0;
}

/* Writes in one transaction what is missing. If it replaces elements, it is meant
 * for the generation in which they were looked at. */
static int write_wants(struct wants *wants)
{
	struct want *list = wants->list.items, *end = list + wants->list.count;
	struct want_chain *chains = wants->chains.items;
	struct nft *nft = &wants->nft;
	bool replaces = false, any = false;

	for (size_t i = 0; i < wants->chains.count; i++)
		chains[i].needed = false;
	for (struct want *want = list; want < end; want++) {
		if (is_left(want))
			continue;
		any = true;
		replaces |= want->found.count > 0 || nft->leaving;
		if (want->chain >= 0)
			chains[want->chain].needed = true;
	}
	nft->stale = false;
	if (!any)
		return 0;
	nft_begin(nft, replaces ? wants->generation : 0);
	if (wants->table_missing)
		table_add(nft);
	else if (nft->dormant)
		nft_table_wake(nft);
	for (size_t i = 0; i < wants->chains.count; i++) {
		const struct entry *entry = chains[i].entry;

		if (chains[i].missing && chains[i].needed)
			table_chain_add(nft, chains[i].name, entry);
	}
	for (struct want *want = list; want < end; want++) {
		if (is_left(want))
			continue;
		if (want->found.count || nft->leaving)
			nft_element_del(nft, &want->element);
		nft_element_add(nft, &want->element);
	}
	return nft_commit(nft);
}

/* Behind the transaction: who removes the last element before it removes this,
 * too, unless it sees ours. */
static int ensure_beside(struct wants *wants)
{
	const struct want_chain *chain = wants->chains.items;

	for (size_t i = 0; i < wants->chains.count; i++, chain++) {
		const struct kind_beside *beside =
			kind_beside(kinds[chain->entry->kind]->chain);

		if (beside && beside->ensure &&
		    beside->ensure(wants->nft.nl, chain->entry) < 0)
			return -1;
	}
	return 0;
}

static int add_to(struct nl *nl, int table, const char *owner,
		  const struct list *entries, const struct holders *holders)
{
	struct wants wants = { 0 };

	table_init(&wants.nft, nl, table);
	if (want_entries(&wants, owner, entries, true) < 0)
		return -1;
	if (!wants.list.count)
		return 0;
	if (check_rivals(&wants.nft, owner, entries, holders) < 0)
		return -1;
	/* The first try expects that table and chains are there, and that no
	 * element is in the way; not of policy, whose chains go with their last
	 * element: to refuse a transaction takes the kernel 15 ms. */
	for (int i = 0; i < TRIES_MAX; i++) {
		bool looks =
			i || wants.list.count > SLICE ||
			(IS_ENABLED(CONFIG_FIREWALL) && table >= TABLE_FILTER);
		bool again = false;

		if (looks && (want_look_up(&wants) < 0 ||
			      check_holders(&wants, holders, &again) < 0))
			return -1;
		if (again)
			continue;
		if (write_wants(&wants) < 0)
			return -1;
		if (!wants.nft.stale)
			return check_rivals(&wants.nft, owner, entries,
					    holders) < 0 ||
					       (IS_ENABLED(CONFIG_FIREWALL) &&
						ensure_beside(&wants) < 0)
				       ? -1
				       : 0;
	}
	return want_give_up(&wants.nft);
}

/* ---- removing ---- */

static int del_from(struct nl *nl, int table, const char *owner,
		    const struct list *entries, bool *missing)
{
	struct wants wants = { 0 };

	table_init(&wants.nft, nl, table);
	want_entries(&wants, owner, entries, false);
	return wants.list.count ? want_remove(&wants, missing) : 0;
}

int tables_del(struct nl *nl, const char *owner, const struct list *entries,
	       bool *missing)
{
	int ret = 0;

	*missing = false;
	for (int i = 0; i < TABLES; i++)
		ret |= del_from(nl, i, owner, entries, missing);
	return ret;
}

/* ---- connections ---- */

static void add_nat(struct job *job, const struct entry *entry,
		    struct list *nats)
{
	uint8_t kind = kinds[entry->kind]->connections;
	struct ct_nat *nat;

	if (!kind)
		return;
	nat = list_add(job, nats, sizeof(*nat));
	nat->kind = kind;
	nat->pod = &entry->pod.ip;
	nat->host = &entry->host;
	nat->protocol = entry->protocol;
	nat->host_port = entry->host_port;
	nat->pod_port = entry->pod_port;
}

int tables_flush_connections(struct nl *nl, const struct list *entries,
			     enum ct_change change)
{
	const struct entry *entry = entries->items;
	struct list nats = { 0 };

	for (size_t i = 0; i < entries->count; i++)
		add_nat(nl->job, &entry[i], &nats);
	return ct_flush(nl, &nats, change);
}

int tables_flush_gone(struct nl *nl, const struct list *entries)
{
	struct wants wants = { 0 };
	struct list nats = { 0 };
	bool closing = true;

	table_init(&wants.nft, nl, TABLE_INET);
	want_entries(&wants, "", entries, false);
	/* A datagram to a pod that is gone would make a connection that stays as long
	 * as more of them come: while its port leaves, it is too early. */
	for (int i = 0; closing && wants.list.count && i < TRIES_MAX; i++) {
		const struct want *want = wants.list.items;

		if (i)
			poll(NULL, 0, 1);
		if (want_look_up(&wants) < 0)
			return -1;
		closing = false;
		nats = (struct list) { 0 };
		for (size_t j = 0; j < wants.list.count; j++, want++) {
			if (want->found.count)
				continue;
			closing |= wants.nft.leaving &&
				   want->entry->protocol == IPPROTO_UDP;
			add_nat(nl->job, want->entry, &nats);
		}
	}
	return ct_flush(nl, &nats, CT_GONE);
}

/* ---- checking ---- */

static int check_want(struct wants *wants, const struct want *want,
		      const struct holders *holders)
{
	struct want_chain *chains = wants->chains.items;
	const struct nft_element *found = want->found.items;
	struct job *job = wants->nft.nl->job;

	if (!found)
		return fail(job, CNI_INTERNAL, "%s",
			    entry_describe(job, want->entry, "not "));
	if (!want_is_owned(want) &&
	    holders->tell(holders->arg, found->comment) == HOLDER_SHARES)
		return 0;
	if (!want_is_owned(want))
		return fail(job, CNI_INTERNAL, "%s for %s",
			    entry_describe(job, want->entry, ""),
			    found->comment);
	if (!want_same_data(found, &want->element))
		return fail(job, CNI_INTERNAL, "%s differently",
			    entry_describe(job, want->entry, ""));
	if (want->chain >= 0)
		chains[want->chain].needed = true;
	return 0;
}

static int check_in(struct nl *nl, int table, const char *owner,
		    const struct list *entries, const struct holders *holders)
{
	const struct want_chain *chain;
	struct wants wants = { 0 };
	const struct want *want;
	bool any = false;

	table_init(&wants.nft, nl, table);
	if (want_entries(&wants, owner, entries, true) < 0)
		return -1;
	if (!wants.list.count)
		return 0;
	if (want_look_up(&wants) < 0)
		return -1;
	want = wants.list.items;
	for (size_t i = 0; i < wants.list.count; i++) {
		if (holders->lenient && !want[i].found.count)
			continue;
		any = true;
		if (check_want(&wants, &want[i], holders) < 0)
			return -1;
	}
	chain = wants.chains.items;
	for (size_t i = 0; i < wants.chains.count; i++) {
		if (chain[i].needed &&
		    table_chain_check(&wants.nft, chain[i].name,
				      chain[i].entry) < 0)
			return -1;
	}
	return any ? table_check(&wants.nft) : 0;
}

/* ---- all tables ---- */

static int each_table(struct nl *nl, const char *owner,
		      const struct list *entries, const struct holders *holders,
		      int (*run)(struct nl *nl, int table, const char *owner,
				 const struct list *entries,
				 const struct holders *holders))
{
	for (int i = 0; i < TABLES; i++) {
		if (run(nl, i, owner, entries, holders) < 0)
			return -1;
	}
	return 0;
}

int tables_add(struct nl *nl, const char *owner, const struct list *entries,
	       const struct holders *holders)
{
	return each_table(nl, owner, entries, holders, add_to);
}

int tables_check(struct nl *nl, const char *owner, const struct list *entries,
		 const struct holders *holders)
{
	return each_table(nl, owner, entries, holders, check_in);
}
