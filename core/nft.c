/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/nft.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

enum {
	/* Every kind of message names its table in the same attribute. */
	TABLE_NAME = NFTA_TABLE_NAME,
	/* The kind of user data that the nft tool shows as comment. */
	COMMENT = 0,
	COMMENT_MAX = 253,
};

/* ---- transactions ---- */

static void begin_request(struct nft *nft, int type, int flags)
{
	struct nfgenmsg head = {
		.nfgen_family = (uint8_t)nft->family,
		.version = NFNETLINK_V0,
	};

	nft->last = nl_begin(nft->nl, NFNL_SUBSYS_NFTABLES << 8 | type, flags,
			     &head, sizeof(head));
}

static void begin_message(struct nft *nft, int type, int flags)
{
	begin_request(nft, type, flags);
	nl_put_text(nft->nl, TABLE_NAME, nft->table);
}

static void begin_batch_message(struct nft *nft, int type)
{
	struct nfgenmsg head = {
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES),
	};

	nl_begin(nft->nl, type, 0, &head, sizeof(head));
}

static void put_number(struct nft *nft, int attr, int value)
{
	nl_put_u32(nft->nl, attr, htonl((uint32_t)value));
}

void nft_begin(struct nft *nft, uint32_t generation)
{
	nl_hold(nft->nl);
	nft->stale = false;
	begin_batch_message(nft, NFNL_MSG_BATCH_BEGIN);
	if (generation) {
		put_number(nft, NFNL_BATCH_GENID, (int)generation);
		nl_allow(nft->nl, ERESTART, &nft->stale);
	}
	nl_talk(nft->nl, "begin a transaction on table %s", nft->table);
}

int nft_try(struct nft *nft)
{
	/* One answer for all: the kernel gives it after any refusal. */
	nft->last->nlmsg_flags |= NLM_F_ACK;
	return nl_release(nft->nl);
}

int nft_commit(struct nft *nft)
{
	struct nlmsghdr *last = nft->last;

	last->nlmsg_flags |= NLM_F_ACK;
	begin_batch_message(nft, NFNL_MSG_BATCH_END);
	nl_talk(nft->nl, "end a transaction on table %s", nft->table);
	return nl_release(nft->nl);
}

/* ---- tables, chains, maps ---- */

void nft_table_add(struct nft *nft)
{
	begin_message(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	nl_allow(nft->nl, EEXIST, &nft->stale);
	nl_talk(nft->nl, "add table %s", nft->table);
}

void nft_chain_add(struct nft *nft, const char *chain,
		   const struct nft_hook *hook)
{
	struct nl *nl = nft->nl;
	struct nlattr *nest;

	begin_message(nft, NFT_MSG_NEWCHAIN,
		      NLM_F_CREATE | (hook ? 0 : NLM_F_EXCL));
	nl_put_text(nl, NFTA_CHAIN_NAME, chain);
	if (hook) {
		nl_put_text(nl, NFTA_CHAIN_TYPE, hook->type);
		nest = nl_nest(nl, NFTA_CHAIN_HOOK);
		put_number(nft, NFTA_HOOK_HOOKNUM, hook->hook);
		put_number(nft, NFTA_HOOK_PRIORITY, hook->priority);
		nl_nest_end(nl, nest);
	} else {
		nl_allow(nl, EEXIST, &nft->stale);
		nl_allow(nl, ENOENT, &nft->stale);
	}
	nl_talk(nl, "add chain %s to table %s", chain, nft->table);
}

void nft_table_del(struct nft *nft)
{
	begin_message(nft, NFT_MSG_DELTABLE, 0);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "delete table %s", nft->table);
}

static void delete_unused(struct nft *nft, int type, int attr, const char *what,
			  const char *name)
{
	begin_message(nft, type, 0);
	nl_put_text(nft->nl, attr, name);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_allow(nft->nl, EBUSY, &nft->stale);
	nl_talk(nft->nl, "delete %s %s of table %s", what, name, nft->table);
}

void nft_chain_del(struct nft *nft, const char *chain)
{
	delete_unused(nft, NFT_MSG_DELCHAIN, NFTA_CHAIN_NAME, "chain", chain);
}

void nft_set_del(struct nft *nft, const char *set)
{
	delete_unused(nft, NFT_MSG_DELSET, NFTA_SET_NAME, "set", set);
}

void nft_rule_del(struct nft *nft, const char *chain, uint64_t handle)
{
	uint64_t value = htobe64(handle);

	begin_message(nft, NFT_MSG_DELRULE, 0);
	nl_put_text(nft->nl, NFTA_RULE_CHAIN, chain);
	if (handle)
		nl_put(nft->nl, NFTA_RULE_HANDLE, &value, sizeof(value));
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "delete rules of chain %s of table %s", chain,
		nft->table);
}

void nft_map_add(struct nft *nft, const struct nft_map *map)
{
	begin_message(nft, NFT_MSG_NEWSET, NLM_F_CREATE);
	nl_put_text(nft->nl, NFTA_SET_NAME, map->name);
	put_number(nft, NFTA_SET_FLAGS, map->set ? 0 : NFT_SET_MAP);
	put_number(nft, NFTA_SET_KEY_TYPE, map->key_type);
	put_number(nft, NFTA_SET_KEY_LEN, map->key_len);
	if (map->data_len) {
		put_number(nft, NFTA_SET_DATA_TYPE, map->data_type);
		put_number(nft, NFTA_SET_DATA_LEN, map->data_len);
	} else if (!map->set) {
		put_number(nft, NFTA_SET_DATA_TYPE, (int)NFT_DATA_VERDICT);
	}
	/* Required, and different for every map of a transaction. */
	put_number(nft, NFTA_SET_ID, (int)nft->nl->seq);
	nl_talk(nft->nl, "add map %s to table %s", map->name, nft->table);
}

/* ---- elements ---- */

static void put_value(struct nft *nft, int attr, const void *value, size_t len)
{
	struct nlattr *nest = nl_nest(nft->nl, attr);

	nl_put(nft->nl, NFTA_DATA_VALUE, value, len);
	nl_nest_end(nft->nl, nest);
}

static void put_element_data(struct nft *nft, const struct nft_element *element)
{
	struct nl *nl = nft->nl;
	struct nlattr *data, *verdict;

	if (!element->chain && !element->data_len)
		return;
	if (!element->chain) {
		put_value(nft, NFTA_SET_ELEM_DATA, element->data,
			  element->data_len);
		return;
	}
	data = nl_nest(nl, NFTA_SET_ELEM_DATA);
	verdict = nl_nest(nl, NFTA_DATA_VERDICT);
	put_number(nft, NFTA_VERDICT_CODE, element->verdict);
	nl_put_text(nl, NFTA_VERDICT_CHAIN, element->chain);
	nl_nest_end(nl, verdict);
	nl_nest_end(nl, data);
}

static void put_comment(struct nft *nft, const char *comment)
{
	uint8_t userdata[2 + COMMENT_MAX + 1] = { COMMENT };
	size_t len = strnlen(comment, COMMENT_MAX);

	userdata[1] = (uint8_t)(len + 1);
	memcpy(userdata + 2, comment, len);
	nl_put(nft->nl, NFTA_SET_ELEM_USERDATA, userdata, 2 + len + 1);
}

static void put_element(struct nft *nft, const struct nft_element *element,
			bool whole)
{
	struct nl *nl = nft->nl;
	struct nlattr *list, *item;

	nl_put_text(nl, NFTA_SET_ELEM_LIST_SET, element->map);
	list = nl_nest(nl, NFTA_SET_ELEM_LIST_ELEMENTS);
	item = nl_nest(nl, NFTA_LIST_ELEM);
	put_value(nft, NFTA_SET_ELEM_KEY, element->key, element->key_len);
	if (whole) {
		put_element_data(nft, element);
		put_comment(nft, element->comment);
	}
	nl_nest_end(nl, item);
	nl_nest_end(nl, list);
}

void nft_element_add(struct nft *nft, const struct nft_element *element)
{
	begin_message(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
	put_element(nft, element, true);
	nl_allow(nft->nl, EEXIST, &nft->stale);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "add an element of %s to map %s of table %s",
		element->comment, element->map, nft->table);
}

void nft_element_del(struct nft *nft, const struct nft_element *element)
{
	begin_message(nft, NFT_MSG_DELSETELEM, 0);
	put_element(nft, element, false);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "delete an element of %s from map %s of table %s",
		element->comment, element->map, nft->table);
}

/* ---- rules; their content is in nft_rule.c ---- */

void nft_rule(struct nft *nft, const char *chain)
{
	begin_message(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nl_put_text(nft->nl, NFTA_RULE_CHAIN, chain);
	nft->expressions = nl_nest(nft->nl, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct nft *nft)
{
	nl_nest_end(nft->nl, nft->expressions);
	nl_talk(nft->nl, "add a rule to table %s", nft->table);
}

/* ---- what is there ---- */

/* Where answers go. */
struct reader {
	struct job *job;
	const struct nft *nft;
	const char *map; /* or chain */
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
	begin_request(nft, NFT_MSG_GETGEN, 0);
	nl_on_reply(nft->nl, read_generation, generation);
	return nl_talk(nft->nl, "read the generation of nftables");
}

int nft_find(struct nl *nl, bool *missing)
{
	struct nft nft = { .nl = nl };
	uint32_t generation;

	begin_request(&nft, NFT_MSG_GETGEN, 0);
	nl_allow(nl, EPROTONOSUPPORT, missing);
	nl_allow(nl, EINVAL, missing);
	nl_on_reply(nl, read_generation, &generation);
	return nl_talk(nl, "find nf_tables");
}

int nft_find_table(struct nft *nft, bool *missing)
{
	begin_message(nft, NFT_MSG_GETTABLE, NLM_F_ACK);
	nl_allow(nft->nl, ENOENT, missing);
	return nl_talk(nft->nl, "find table %s", nft->table);
}

int nft_find_chain(struct nft *nft, const char *chain, bool *missing)
{
	begin_message(nft, NFT_MSG_GETCHAIN, NLM_F_ACK);
	nl_put_text(nft->nl, NFTA_CHAIN_NAME, chain);
	nl_allow(nft->nl, ENOENT, missing);
	return nl_talk(nft->nl, "find chain %s of table %s", chain, nft->table);
}

static size_t copy_value(const struct nlattr *value, uint8_t *to, size_t size)
{
	size_t len = value ? nl_attr_len(value) : 0;

	/* Longer is not what we wrote, and equals nothing of ours. */
	if (len > size)
		return 0;
	if (len)
		memcpy(to, nl_attr_data(value), len);
	return len;
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

static const char *read_comment(struct job *job, const struct nlattr *attr)
{
	const uint8_t *userdata = attr ? nl_attr_data(attr) : NULL;
	size_t len = attr ? nl_attr_len(attr) : 0;

	if (len < 3 || userdata[0] != COMMENT || userdata[1] > len - 2)
		return "";
	return job_strndup(job, (const char *)userdata + 2, userdata[1]);
}

static void read_element(const struct nlattr *item, void *arg)
{
	const struct reader *reader = arg;
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];
	const struct nlattr *key[NFTA_DATA_MAX + 1];
	struct nft_element *element;

	element = list_add(reader->job, reader->out, sizeof(*element));
	*element = (struct nft_element) { .map = reader->map };
	nl_nested(item, attrs, NFTA_SET_ELEM_MAX);
	nl_nested(attrs[NFTA_SET_ELEM_KEY], key, NFTA_DATA_MAX);
	element->key_len = copy_value(key[NFTA_DATA_VALUE], element->key,
				      sizeof(element->key));
	read_data(reader->job, attrs[NFTA_SET_ELEM_DATA], element);
	element->comment =
		read_comment(reader->job, attrs[NFTA_SET_ELEM_USERDATA]);
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
	begin_message(nft, NFT_MSG_GETSETELEM, 0);
	put_element(nft, element, false);
	nl_allow(nft->nl, ENOENT, NULL);
	on_reply(nft, element->map, out, read_elements);
	return nl_talk(nft->nl, "find an element of map %s of table %s",
		       element->map, nft->table);
}

int nft_list_elements(struct nft *nft, const char *map, struct list *out)
{
	begin_message(nft, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	nl_put_text(nft->nl, NFTA_SET_ELEM_LIST_SET, map);
	nl_allow(nft->nl, ENOENT, NULL);
	on_reply(nft, map, out, read_elements);
	return nl_talk(nft->nl, "list map %s of table %s", map, nft->table);
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
	begin_message(nft, NFT_MSG_GETCHAIN, NLM_F_DUMP);
	on_reply(nft, NULL, out, read_chain);
	return nl_talk(nft->nl, "list the chains of table %s", nft->table);
}

/* The chain an expression leads to. */
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
	rule->comment = read_comment(reader->job, attrs[NFTA_RULE_USERDATA]);
	rule->jump = job_printf(reader->job, "%s", jump);
}

int nft_list_rules(struct nft *nft, const char *chain, struct list *out)
{
	*out = (struct list) { 0 };
	begin_message(nft, NFT_MSG_GETRULE, NLM_F_DUMP);
	nl_put_text(nft->nl, NFTA_RULE_CHAIN, chain);
	on_reply(nft, chain, out, read_rule);
	return nl_talk(nft->nl, "list chain %s of table %s", chain, nft->table);
}
