/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables - entries of every kind, and their owners, for the tables of a kernel of
 * one's own */
#ifndef CNIBOX_TESTS_TABLES_H
#define CNIBOX_TESTS_TABLES_H

#include <netinet/in.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "tests/unit/nfnetlink.h"

/* clang-format off */
#define POD(last) { { AF_INET, { 10, 1, 2, last } }, 24 }
#define POD4	  POD(3)
#define POD6	  { { AF_INET6, { 0xfd, [15] = 3 } }, 64 }
#define HOST4	  { AF_INET, { 192, 0, 2, 1 } }
#define HOST6	  { AF_INET6, { 0xfd, 1 } }
/* clang-format on */

static const struct entry masq = { ENTRY_MASQUERADE, POD4 };
static const struct entry hairpin = { ENTRY_HAIRPIN, POD4 };
static const struct entry web = {
	ENTRY_PORT, POD4, IPPROTO_TCP, { 0 }, 8080, 80
};
static const struct entry inner = {
	ENTRY_CONDITION, POD4, IPPROTO_TCP, { 0 }, 8080, 80, "iifname eth0",
};
static const struct entry macspoofchk = { .kind = ENTRY_MACSPOOFCHK,
					  .bridge_port = "veth0" };
static const struct entry macspoofchk_mac = { .kind = ENTRY_MACSPOOFCHK_MAC,
					      .bridge_port = "veth0",
					      .mac = { 2, 3, 4, 5, 6, 7 } };

static const struct entry forward = { .kind = ENTRY_FORWARD,
				      .pod = POD4,
				      .mark_bit = 4 };
static const struct entry published = { .kind = ENTRY_PUBLISHED,
					.pod = POD4,
					.protocol = IPPROTO_TCP,
					.pod_port = 80 };
static const struct entry closed = { .kind = ENTRY_CLOSED,
				     .bridge_port = "veth0",
				     .bridge = "br0" };
static const struct entry isolated = { .kind = ENTRY_ISOLATED,
				       .bridge_port = "veth0",
				       .bridge = "br0" };
static const struct entry isolated_port = { .kind = ENTRY_ISOLATED_PORT,
					    .bridge_port = "veth0" };
static const struct entry sender = { .kind = ENTRY_SENDER,
				     .bridge_port = "veth0",
				     .pod = POD4 };
static const struct entry sender_bridged = { .kind = ENTRY_SENDER_BRIDGED,
					     .bridge_port = "veth0" };
static const struct entry limited = { .kind = ENTRY_LIMITED,
				      .pod = POD4,
				      .mark_bit = 4 };
static const struct entry limited_bridged = { .kind = ENTRY_LIMITED_BRIDGED,
					      .pod = POD4,
					      .mark_bit = 4 };
static const struct entry egress = {
	.kind = ENTRY_EGRESS,
	.pod = POD4,
	.allowed = "192.0.2.1/32:443/tcp 10.0.0.0/8",
};
static const struct entry egress_bridged = { .kind = ENTRY_EGRESS_BRIDGED,
					     .pod = POD4 };

/* The table that this kind is in. */
static inline struct nft table_of(struct nl *nl, enum entry_kind kind)
{
	struct nft nft;

	table_init(&nft, nl, kinds[kind]->table);
	return nft;
}

/* The chain that entry takes; NULL if it takes none. */
static inline const char *chain_name(struct job *job, const struct entry *entry)
{
	const struct kind_chain *chain = kinds[entry->kind]->chain;

	return chain ? chain->name(job, entry) : NULL;
}

static inline void chain_add(struct nft *nft, const char *chain,
			     const struct entry *entry)
{
	kinds[entry->kind]->chain->add(nft, chain, entry);
}

/* What owners are; and what happens while we look at that. */
struct world {
	struct kernel *k;
	const char *alive, *shares; /* everybody else is dead */
	void (*meanwhile)(struct world *world);
	int looks;
};

static inline struct world begun(void **state)
{
	real_kernel(state);
	return (struct world) { .k = *state };
}

static inline enum holder tell(void *arg, const char *owner)
{
	struct world *world = arg;

	world->looks++;
	if (world->meanwhile)
		world->meanwhile(world);
	if (world->shares && !strcmp(owner, world->shares))
		return HOLDER_SHARES;
	return world->alive && !strcmp(owner, world->alive) ? HOLDER_ALIVE
							    : HOLDER_DEAD;
}

static inline struct list list_of(const struct entry *entries, size_t count)
{
	return (struct list) { (void *)entries, count, true };
}

static inline int add_some(struct world *world, const char *owner,
			   const struct entry *entries, size_t count)
{
	const struct holders holders = { tell, world };
	struct list list = list_of(entries, count);

	return tables_add(&world->k->nl, owner, &list, &holders);
}

static inline int add(struct world *world, const char *owner,
		      const struct entry *entry)
{
	return add_some(world, owner, entry, 1);
}

static inline int del(struct world *world, const char *owner,
		      const struct entry *entry)
{
	struct list list = list_of(entry, 1);

	return tables_del(&world->k->nl, owner, &list, &(bool) { false });
}

static inline int give_entries(void *arg, struct list *out)
{
	*out = *(const struct list *)arg;
	return 0;
}

/* Makes the tables anew; these are what records tell. */
static inline int rebuild(struct world *world, const struct entry *entries,
			  size_t count)
{
	struct list list = list_of(entries, count);

	return tables_rebuild(&world->k->nl, give_entries, &list);
}

/* What tables_check() says, "" if all is well. */
static inline const char *wrong(struct world *world, const char *owner,
				const struct entry *entry)
{
	const struct holders holders = { tell, world };
	struct list list = list_of(entry, 1);
	struct job *job = &world->k->job;
	int status = tables_check(&world->k->nl, owner, &list, &holders);
	const char *msg = job->msg;

	assert_int_equal(status, msg ? -1 : 0);
	job->msg = NULL;
	return msg ? msg : "";
}

static inline void assert_there(struct world *world, const char *owner,
				const struct entry *entry)
{
	assert_string_equal(wrong(world, owner, entry), "");
}

static inline void assert_refused(struct world *world, int status, int code,
				  const char *msg)
{
	struct job *job = &world->k->job;

	assert_int_equal(status, -1);
	assert_string_equal(job->msg, msg);
	assert_int_equal(job->code, code);
	job->msg = NULL;
}

/* Of the table that this kind is in. */
static inline struct list list_chains(struct world *world, enum entry_kind kind)
{
	struct nft nft = table_of(&world->k->nl, kind);
	struct list chains = { 0 };

	assert_int_equal(nft_list_chains(&nft, &chains), 0);
	return chains;
}

static inline size_t count_chains(struct world *world, enum entry_kind kind)
{
	return list_chains(world, kind).count;
}

static inline void list_set(struct world *world, enum entry_kind kind,
			    const char *name, struct list *out)
{
	struct nft nft = table_of(&world->k->nl, kind);

	assert_int_equal(nft_list_elements(&nft, name, out), 0);
}

static inline bool is_missing(struct world *world, enum entry_kind kind)
{
	struct nft nft = table_of(&world->k->nl, kind);
	bool missing;

	assert_int_equal(nft_find_table(&nft, &missing), 0);
	return missing;
}

/* The elements of the sets of chains of the table that this kind is in. */
static inline void list_sets(struct world *world, enum entry_kind kind,
			     struct list *out)
{
	struct list chains = list_chains(world, kind);
	const char **chain = chains.items;

	for (size_t i = 0; i < chains.count; i++)
		list_set(world, kind, chain[i], out);
}

/* How many elements all maps and sets of entries have. */
static inline size_t elements(struct world *world)
{
	struct list all = { 0 };

	for (enum entry_kind i = 0; i < ENTRY_KINDS; i++) {
		for (int j = 0; j < kinds[i]->owned_maps; j++)
			list_set(world, i, kinds[i]->maps[j].name, &all);
	}
	list_sets(world, ENTRY_MASQUERADE, &all);
	if (IS_ENABLED(CONFIG_FIREWALL))
		list_sets(world, ENTRY_FORWARD, &all);
	if (IS_ENABLED(CONFIG_FIREWALL_EGRESS))
		list_sets(world, ENTRY_LIMITED_BRIDGED, &all);
	return all.count;
}

/* What the nft tool would do: delete that table, or a chain's rules. */
static inline void destroy(struct world *world, enum entry_kind kind, int type,
			   const char *chain)
{
	struct nl *nl = &world->k->nl;
	struct nft nft = table_of(nl, kind);
	struct nfgenmsg head = { .nfgen_family = (uint8_t)nft.family };

	nft_begin(&nft, 0);
	nft.last = nl_begin(nl, NFT | type, 0, &head, sizeof(head));
	nl_put_text(nl, NFTA_TABLE_NAME, nft.table);
	if (chain)
		nl_put_text(nl, NFTA_RULE_CHAIN, chain);
	nl_talk(nl, "destroy");
	assert_int_equal(nft_commit(&nft), 0);
}

/* ---- adding ---- */

enum { KINDS = ENTRY_KINDS, BASE_CHAINS = 8 };

/* One of each kind. */
static inline const struct entry *every_kind(struct world *world)
{
	const struct entry all[] = {
		masq,		hairpin,	web,
		inner,		macspoofchk,	macspoofchk_mac,
		forward,	published,	closed,
		isolated,	isolated_port,	sender,
		sender_bridged, limited,	limited_bridged,
		egress,		egress_bridged,
	};
	struct entry *copy = job_alloc(&world->k->job, sizeof(all));

	return memcpy(copy, all, sizeof(all));
}

enum { PROCESSES = 2 };

/* At the same time; each is to return 0. */
static inline void run_processes(int (*run)(int process))
{
	pid_t child[PROCESSES];
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (!child[i])
			_exit(run(i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
}

#endif
