/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition - portmap's conditions, as text, rules and in records
 *
 * An input is such a text. */
#include <linux/netlink.h>
#include <netinet/in.h>

#include "core/tables/condition.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "tests/fuzz/fuzz.h"

static void check_record(struct job *job, const struct entry *entry)
{
	struct str once = { .job = job }, twice = { .job = job };
	struct entry again;

	entry_print(entry, &once);
	require(entry_parse(job, once.text, &again));
	require(!strcmp(again.conditions, entry->conditions));
	entry_print(&again, &twice);
	require(!strcmp(once.text, twice.text));
}

/* They are written, as many as were announced, but not sent. */
static void check_rules(struct job *job, const struct entry *entry)
{
	size_t rules = condition_rules(job, entry);
	struct nft nft;
	struct nl nl;

	require(rules >= 1 && rules <= 256);
	nl_init(&nl, job, -1, NETLINK_NETFILTER);
	table_init(&nft, &nl, TABLE_INET);
	nl_hold(&nl);
	condition_rules_add(&nft, "cond", entry, "ports");
	require(nl.requests.count == rules);
}

static void check_family(struct job *job, const char *text, int family)
{
	struct entry entry = {
		.kind = ENTRY_CONDITION,
		.pod = { { family, { 10, 1, 2, 3 } }, 24 },
		.protocol = IPPROTO_TCP,
		.host_port = 8080,
		.pod_port = 80,
		.conditions = text,
	};
	const char *why = tables_check_conditions(job, text, family);

	require(!why || *why);
	if (why || !*text)
		return;
	require(kind_of_chain(condition_kind.chain->name(job, &entry)) ==
		ENTRY_CONDITION);
	check_record(job, &entry);
	check_rules(job, &entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = { 0 };
	const char *text = fuzz_text(&job, data, size);

	check_family(&job, text, AF_INET);
	check_family(&job, text, AF_INET6);
	job_free(&job);
	return 0;
}
