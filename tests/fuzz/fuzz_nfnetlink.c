/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfnetlink - what the kernel says of nftables and of connections
 *
 * An input is a byte that says what is asked, and what tests/fuzz/kernel.h
 * answers with. */
#include <netinet/in.h>

#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "core/tables/reference.h"
#include "tests/fuzz/kernel.h"

#define POD                                                                    \
	{                                                                      \
		{ AF_INET, { 10, 1, 2, 3 } }, 24                               \
	}

static const struct entry entries[] = {
	{ ENTRY_MASQUERADE, POD },
	{ ENTRY_PORT, POD, IPPROTO_UDP, { 0 }, 8080, 80 },
	{ .kind = ENTRY_MACSPOOFCHK_MAC, .bridge_port = "veth0", .mac = { 2 } },
};

static const struct list all = { (void *)entries, 3, true };
static const char owner[] = "net/eth0/a";

static enum holder tell(void *arg, const char *other)
{
	(void)arg;
	return strcmp(other, "net/eth0/b") ? HOLDER_DEAD : HOLDER_ALIVE;
}

static bool is_dead(void *arg, const char *other)
{
	return tell(arg, other) == HOLDER_DEAD;
}

static struct nft table_inet(struct nl *nl)
{
	struct nft nft;

	table_init(&nft, nl, TABLE_INET);
	return nft;
}

static const struct holders holders = { tell, NULL };

static int find(struct nl *nl)
{
	struct nft nft = table_inet(nl);
	struct nft_element element;
	struct list found = { 0 };
	uint32_t generation;
	bool missing;

	entry_to_element(nl->job, &entries[1], owner, &element);
	nl_hold(nl);
	nft_get_generation(&nft, &generation);
	nft_find_table(&nft, &missing);
	nft_find_chain(&nft, "ports", &missing);
	nft_find_element(&nft, &element, &found);
	return nl_release(nl);
}

static int list_elements(struct nl *nl)
{
	struct nft nft = table_inet(nl);
	struct list found = { 0 };
	int status = nft_list_elements(&nft, "hostport4", &found);
	const struct nft_element *element = found.items;

	for (size_t i = 0; i < found.count; i++) {
		require(element[i].key_len <= sizeof(element->key));
		require(element[i].data_len <= sizeof(element->data));
		require(strlen(element[i].comment) < 256);
		require(!element[i].chain || strlen(element[i].chain) < 65536);
	}
	return status;
}

static int list_chains(struct nl *nl)
{
	struct nft nft = table_inet(nl);
	struct list found = { 0 };
	int status = nft_list_chains(&nft, &found);
	const char *const *chain = found.items;

	for (size_t i = 0; i < found.count; i++)
		require(strlen(chain[i]) < 65536);
	return status;
}

static int list_rules(struct nl *nl)
{
	struct nft nft = table_inet(nl);
	struct list found;
	int status = nft_list_rules(&nft, "ports", &found);
	const struct nft_rule_info *rule = found.items;

	for (size_t i = 0; i < found.count; i++)
		require(strlen(rule[i].comment) < 256 &&
			strlen(rule[i].jump) < 65536);
	return status;
}

static int flush_added(struct nl *nl)
{
	return tables_flush_connections(nl, &all, CT_ADDED);
}

static int flush_removed(struct nl *nl)
{
	return tables_flush_connections(nl, &all, CT_GONE) |
	       tables_flush_connections(nl, &all, CT_RESTORED);
}

static int sweep(struct nl *nl)
{
	static const struct reference of = { "net", "eth0", "a" };
	static struct ip pod = { AF_INET, { 10, 1, 2, 3 } };
	static const struct list pods = { &pod, 1, true };

	if (reference_del_masquerade(nl, &of) < 0 ||
	    reference_del_ports(nl, &of) < 0 ||
	    reference_del_forward(nl, &pods) < 0)
		return -1;
	return reference_del_macspoofchk(nl, &of);
}

static int add(struct nl *nl)
{
	return tables_add(nl, owner, &all, &holders);
}

static int check(struct nl *nl)
{
	return tables_check(nl, owner, &all, &holders);
}

static int del(struct nl *nl)
{
	return tables_del(nl, owner, &all, &(bool) { false });
}

static int del_owner(struct nl *nl)
{
	return tables_del_owner(nl, owner, (unsigned)-1);
}

static int collect(struct nl *nl)
{
	return tables_gc(nl, is_dead, NULL);
}

static int probe(struct nl *nl)
{
	return tables_probe(nl, ENTRY_PORT) |
	       tables_probe(nl, ENTRY_MACSPOOFCHK);
}

static int (*const questions[])(struct nl *nl) = {
	find,	   list_elements, list_chains, list_rules, flush_added,
	sweep,	   flush_removed, add,	       check,	   del,
	del_owner, collect,	  probe,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kernel_ask(data, size, NETLINK_NETFILTER, questions,
		   sizeof(questions) / sizeof(*questions));
	return 0;
}
