/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tables there are, and what is in them. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "core/base/sort.h"
#include "core/kernel/nft.h"
#include "core/kernel/nft_message.h"

/* What the readers of answers need. */
struct reader {
	struct job *job;
	struct nft *nft;
	const char *map; /* or chain: the one that was asked for */
	struct list *out;
};

static void on_reply(struct nft *nft, const char *map, struct list *out,
		     void (*reply)(const struct nlmsghdr *, void *))
{
	struct reader *reader = job_alloc(nft->nl->job, sizeof(*reader));

	*reader = (struct reader) { nft->nl->job, nft, map, out };
	nl_on_reply(nft->nl, reply, reader);
}

static void read_generation(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[NFTA_GEN_MAX + 1];

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, NFTA_GEN_MAX);
	*(uint32_t *)arg = ntohl(nl_attr_u32(attrs[NFTA_GEN_ID]));
}

int nft_get_generation(struct nft *nft, uint32_t *generation)
{
	nft_begin_request(nft, NFT_MSG_GETGEN, 0);
	nl_needs(nft->nl, EINVAL, NF_TABLES);
	nl_on_reply(nft->nl, read_generation, generation);
	return nl_talk(nft->nl, "read the generation of nftables");
}

int nft_is_missing(struct nl *nl, bool *missing)
{
	struct nft nft = { .nl = nl };
	uint32_t generation;

	nft_begin_request(&nft, NFT_MSG_GETGEN, 0);
	nl_allow(nl, EINVAL, missing);
	nl_on_reply(nl, read_generation, &generation);
	return nl_talk(nl, "find nf_tables");
}

static void read_table(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[NFTA_TABLE_MAX + 1];
	struct nft *nft = arg;

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, NFTA_TABLE_MAX);
	nft->dormant = ntohl(nl_attr_u32(attrs[NFTA_TABLE_FLAGS])) &
		       NFT_TABLE_F_DORMANT;
	nft->no_expiry |= !attrs[NFTA_TABLE_USERDATA];
}

int nft_find_table(struct nft *nft, bool *missing)
{
	nft->dormant = false;
	nft_begin_message(nft, NFT_MSG_GETTABLE, NLM_F_ACK);
	nl_on_reply(nft->nl, read_table, nft);
	nl_needs(nft->nl, EINVAL, NF_TABLES);
	nl_allow(nft->nl, ENOENT, missing);
	return nl_talk(nft->nl, "find table %s", nft->table);
}

int nft_find_chain(struct nft *nft, const char *chain, bool *missing)
{
	nft_begin_message(nft, NFT_MSG_GETCHAIN, NLM_F_ACK);
	nl_put_text(nft->nl, NFTA_CHAIN_NAME, chain);
	nl_allow(nft->nl, ENOENT, missing);
	return nl_talk(nft->nl, "find chain %s of table %s", chain, nft->table);
}

static size_t copy_value(const struct nlattr *value, uint8_t *to, size_t size)
{
	size_t len = value ? nl_attr_len(value) : 0;

	/* We write nothing that long: it must not equal what we write. */
	if (len > size)
		return 0;
	if (len)
		memcpy(to, nl_attr_data(value), len);
	return len;
}

static void read_end(struct job *job, const struct nlattr *attr,
		     struct nft_element *element)
{
	const struct nlattr *end[NFTA_DATA_MAX + 1];
	uint8_t *key_end;

	if (!IS_ENABLED(CONFIG_FIREWALL_EGRESS) || !attr)
		return;
	key_end = job_alloc(job, sizeof(element->key));
	nl_nested(attr, end, NFTA_DATA_MAX);
	copy_value(end[NFTA_DATA_VALUE], key_end, sizeof(element->key));
	element->key_end = key_end;
}

static void read_data(struct job *job, const struct nlattr *attr,
		      struct nft_element *element)
{
	const struct nlattr *data[NFTA_DATA_MAX + 1];
	const struct nlattr *verdict[NFTA_VERDICT_MAX + 1];

	nl_nested(attr, data, NFTA_DATA_MAX);
	element->data_len = copy_value(data[NFTA_DATA_VALUE], element->data,
				       sizeof(element->data));
	if (!data[NFTA_DATA_VERDICT])
		return;
	nl_nested(data[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
	element->verdict = (int)ntohl(nl_attr_u32(verdict[NFTA_VERDICT_CODE]));
	element->chain = job_printf(job, "%s",
				    nl_attr_text(verdict[NFTA_VERDICT_CHAIN]));
}

const char *nft_read_comment(struct job *job, const struct nlattr *attr)
{
	const uint8_t *userdata = attr ? nl_attr_data(attr) : NULL;
	size_t len = attr ? nl_attr_len(attr) : 0;

	if (len < 3 || userdata[0] != NFT_COMMENT || userdata[1] > len - 2)
		return "";
	return job_strndup(job, (const char *)userdata + 2, userdata[1]);
}

static void read_element(const struct nlattr *item, void *arg)
{
	const struct reader *reader = arg;
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];
	const struct nlattr *key[NFTA_DATA_MAX + 1];
	struct nft_element *element;

	nl_nested(item, attrs, NFTA_SET_ELEM_MAX);
	if (attrs[NFTA_SET_ELEM_TIMEOUT]) {
		reader->nft->leaving = true;
		return;
	}
	element = list_add(reader->job, reader->out, sizeof(*element));
	*element = (struct nft_element) { .map = reader->map };
	nl_nested(attrs[NFTA_SET_ELEM_KEY], key, NFTA_DATA_MAX);
	element->key_len = copy_value(key[NFTA_DATA_VALUE], element->key,
				      sizeof(element->key));
	read_end(reader->job, attrs[NFTA_SET_ELEM_KEY_END], element);
	read_data(reader->job, attrs[NFTA_SET_ELEM_DATA], element);
	element->comment =
		nft_read_comment(reader->job, attrs[NFTA_SET_ELEM_USERDATA]);
}

static void read_elements(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1];

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, NFTA_SET_ELEM_LIST_MAX);
	nl_each(attrs[NFTA_SET_ELEM_LIST_ELEMENTS], NFTA_LIST_ELEM,
		read_element, arg);
}

int nft_find_element(struct nft *nft, const struct nft_element *element,
		     struct list *out)
{
	nft_begin_message(nft, NFT_MSG_GETSETELEM, 0);
	nft_put_element(nft, element, NFT_KEY);
	nl_allow(nft->nl, ENOENT, NULL);
	on_reply(nft, element->map, out, read_elements);
	return nl_talk(nft->nl, "find an element of map %s of table %s",
		       element->map, nft->table);
}

static void begin_to_list(struct nft *nft, const char *map, struct list *out)
{
	nft_begin_message(nft, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	nl_put_text(nft->nl, NFTA_SET_ELEM_LIST_SET, map);
	nl_allow(nft->nl, ENOENT, NULL);
	on_reply(nft, map, out, read_elements);
}

int nft_list_elements(struct nft *nft, const char *map, struct list *out)
{
	begin_to_list(nft, map, out);
	return nl_talk(nft->nl, "list map %s of table %s", map, nft->table);
}

int nft_is_empty(struct nft *nft, const char *map, bool *empty)
{
	struct nft once = *nft, *tries[] = { &once, nft };
	struct list found = { 0 };
	struct nl nl;

	nl_init(&nl, nft->nl->job, nft->nl->netns, nft->nl->protocol);
	nl.once = true;
	once.nl = &nl;
	once.leaving = true;
	/* If all that it reads at first leaves, there may be others behind. */
	for (int i = 0; i < 2 && !found.count && once.leaving; i++) {
		once.leaving = false;
		begin_to_list(tries[i], map, &found);
		if (nl_talk(tries[i]->nl, "look into map %s of table %s", map,
			    nft->table) < 0)
			return -1;
	}
	*empty = !found.count;
	return 0;
}

/* An address with which an interval begins, or the one behind its end. */
struct bound {
	struct ip ip;
	bool begins;
};

static int compare_bounds(const void *a, const void *b)
{
	const struct bound *one = a, *other = b;
	int order = ip_compare(&one->ip, &other->ip);

	/* Where two intervals adjoin, the first one ends before. */
	return order ? order : one->begins - other->begins;
}

static void read_bound(const struct nlattr *item, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];
	const struct nlattr *key[NFTA_DATA_MAX + 1];
	const struct reader *reader = arg;
	struct bound *bound;

	nl_nested(item, attrs, NFTA_SET_ELEM_MAX);
	nl_nested(attrs[NFTA_SET_ELEM_KEY], key, NFTA_DATA_MAX);
	bound = list_add(reader->job, reader->out, sizeof(*bound));
	copy_value(key[NFTA_DATA_VALUE], bound->ip.bytes,
		   sizeof(bound->ip.bytes));
	bound->begins = !(ntohl(nl_attr_u32(attrs[NFTA_SET_ELEM_FLAGS])) &
			  NFT_SET_ELEM_INTERVAL_END);
}

static void read_bounds(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1];

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, NFTA_SET_ELEM_LIST_MAX);
	nl_each(attrs[NFTA_SET_ELEM_LIST_ELEMENTS], NFTA_LIST_ELEM, read_bound,
		arg);
}

/* Adds the prefixes that have all addresses from first to last. */
static void add_prefixes(struct job *job, const struct ip *first,
			 const struct ip *last, struct list *out)
{
	struct prefix prefix = { *first };
	struct ip end;

	do {
		/* The widest that begins there and ends in time. */
		for (prefix.len = 0;; prefix.len++) {
			struct ip begin = prefix_first(&prefix);

			end = prefix_last(&prefix);
			if (ip_compare(&begin, &prefix.ip) == 0 &&
			    ip_compare(&end, last) <= 0)
				break;
		}
		list_copy(job, out, &prefix, sizeof(prefix));
		prefix.ip = ip_step(&end, 1);
	} while (ip_compare(&end, last) < 0);
}

int nft_list_prefixes(struct nft *nft, const char *set, int family,
		      struct list *out)
{
	struct list bounds = { 0 };
	struct bound *bound;

	nft_begin_message(nft, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	nl_put_text(nft->nl, NFTA_SET_ELEM_LIST_SET, set);
	nl_allow(nft->nl, ENOENT, NULL);
	on_reply(nft, set, &bounds, read_bounds);
	if (nl_talk(nft->nl, "list set %s of table %s", set, nft->table) < 0)
		return -1;
	bound = bounds.items;
	for (size_t i = 0; i < bounds.count; i++)
		bound[i].ip.family = family;
	sort_items(bound, bounds.count, sizeof(*bound), compare_bounds);
	for (size_t i = 0; i < bounds.count; i++) {
		struct ip behind = { family };

		if (!bound[i].begins)
			continue;
		/* Without an end it is up to the last address of all. */
		if (i + 1 < bounds.count)
			behind = bound[i + 1].ip;
		behind = ip_step(&behind, -1);
		add_prefixes(nft->nl->job, &bound[i].ip, &behind, out);
	}
	return 0;
}

/* The kernel lists the chains of all tables. */
static void read_chain(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1];
	const struct reader *reader = arg;
	const char **chain;

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, NFTA_CHAIN_MAX);
	if (strcmp(nl_attr_text(attrs[NFTA_CHAIN_TABLE]), reader->nft->table) !=
	    0)
		return;
	chain = list_add(reader->job, reader->out, sizeof(*chain));
	*chain = job_printf(reader->job, "%s",
			    nl_attr_text(attrs[NFTA_CHAIN_NAME]));
}

int nft_list_chains(struct nft *nft, struct list *out)
{
	nft_begin_message(nft, NFT_MSG_GETCHAIN, NLM_F_DUMP);
	on_reply(nft, NULL, out, read_chain);
	return nl_talk(nft->nl, "list the chains of table %s", nft->table);
}

/* Sets *arg to the chain that a verdict names, in the expression item. */
static void read_jump(const struct nlattr *item, void *arg)
{
	const struct nlattr *expr[NFTA_EXPR_MAX + 1];
	const struct nlattr *immediate[NFTA_IMMEDIATE_MAX + 1];
	const struct nlattr *data[NFTA_DATA_MAX + 1];
	const struct nlattr *verdict[NFTA_VERDICT_MAX + 1];

	nl_nested(item, expr, NFTA_EXPR_MAX);
	if (strcmp(nl_attr_text(expr[NFTA_EXPR_NAME]), "immediate") != 0)
		return;
	nl_nested(expr[NFTA_EXPR_DATA], immediate, NFTA_IMMEDIATE_MAX);
	nl_nested(immediate[NFTA_IMMEDIATE_DATA], data, NFTA_DATA_MAX);
	nl_nested(data[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
	*(const char **)arg = nl_attr_text(verdict[NFTA_VERDICT_CHAIN]);
}

static void read_rule(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	const struct reader *reader = arg;
	struct nft_rule_info *rule;
	uint64_t handle = 0;
	const char *jump = "";

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, NFTA_RULE_MAX);
	if (attrs[NFTA_RULE_HANDLE] &&
	    nl_attr_len(attrs[NFTA_RULE_HANDLE]) == sizeof(handle))
		memcpy(&handle, nl_attr_data(attrs[NFTA_RULE_HANDLE]),
		       sizeof(handle));
	nl_each(attrs[NFTA_RULE_EXPRESSIONS], NFTA_LIST_ELEM, read_jump, &jump);
	rule = list_add(reader->job, reader->out, sizeof(*rule));
	rule->chain = reader->map;
	rule->handle = be64toh(handle);
	rule->comment =
		nft_read_comment(reader->job, attrs[NFTA_RULE_USERDATA]);
	rule->jump = job_printf(reader->job, "%s", jump);
}

int nft_list_rules(struct nft *nft, const char *chain, struct list *out)
{
	*out = (struct list) { 0 };
	nft_begin_message(nft, NFT_MSG_GETRULE, NLM_F_DUMP);
	nl_put_text(nft->nl, NFTA_RULE_CHAIN, chain);
	on_reply(nft, chain, out, read_rule);
	return nl_talk(nft->nl, "list chain %s of table %s", chain, nft->table);
}
