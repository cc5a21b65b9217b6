/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules among those of others, iptables-nft above all, and what theirs do. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "core/kernel/nft.h"
#include "core/kernel/nft_message.h"

void nft_rule_in_front(struct nft *nft, const char *chain)
{
	nft_rule(nft, chain);
	nft->last->nlmsg_flags &= (uint16_t)~NLM_F_APPEND;
}

void nft_counter(struct nft *nft)
{
	struct nlattr *item = nl_nest(nft->nl, NFTA_LIST_ELEM);

	nl_put_text(nft->nl, NFTA_EXPR_NAME, "counter");
	nl_nest_end(nft->nl, item);
}

void nft_rule_end_named(struct nft *nft, const char *comment)
{
	uint8_t userdata[UINT8_MAX + 2] = { NFT_COMMENT };
	size_t len = strnlen(comment, UINT8_MAX - 1);

	userdata[1] = (uint8_t)(len + 1);
	memcpy(userdata + 2, comment, len);
	nl_nest_end(nft->nl, nft->expressions);
	nl_put(nft->nl, NFTA_RULE_USERDATA, userdata, 2 + len + 1);
	nl_talk(nft->nl, "add a rule to table %s", nft->table);
}

struct reader {
	struct job *job;
	struct list *out;
	struct nft_deed *deed;
	/* Of the rule that is read: what is in the register, and what bits are left
	 * of it there. */
	enum { OTHER, MARK, ADDRESS, STATE } loaded;
	uint32_t mask;
	bool more; /* it asks more than an address and the state */
};

/* A value of four bytes, or 0. */
static uint32_t word_of(const struct nlattr *nest)
{
	const struct nlattr *data[NFTA_DATA_MAX + 1];

	nl_nested(nest, data, NFTA_DATA_MAX);
	return nl_attr_u32(data[NFTA_DATA_VALUE]);
}

static void read_meta(struct reader *reader, const struct nlattr *expr)
{
	const struct nlattr *attrs[NFTA_META_MAX + 1];

	nl_nested(expr, attrs, NFTA_META_MAX);
	reader->loaded = OTHER;
	if (ntohl(nl_attr_u32(attrs[NFTA_META_KEY])) == NFT_META_MARK)
		reader->loaded = MARK;
	reader->mask = ~0U;
	reader->deed->conditional |= !reader->loaded;
}

static void read_payload(struct reader *reader, const struct nlattr *expr)
{
	const struct nlattr *attrs[NFTA_PAYLOAD_MAX + 1];

	nl_nested(expr, attrs, NFTA_PAYLOAD_MAX);
	reader->loaded = OTHER;
	if (ntohl(nl_attr_u32(attrs[NFTA_PAYLOAD_BASE])) ==
	    NFT_PAYLOAD_NETWORK_HEADER)
		reader->loaded = ADDRESS;
	reader->deed->conditional = true;
}

static void read_ct(struct reader *reader, const struct nlattr *expr)
{
	(void)expr;
	reader->loaded = STATE;
	reader->deed->conditional = true;
}

static void read_bitwise(struct reader *reader, const struct nlattr *expr)
{
	const struct nlattr *attrs[NFTA_BITWISE_MAX + 1];

	nl_nested(expr, attrs, NFTA_BITWISE_MAX);
	reader->mask = word_of(attrs[NFTA_BITWISE_MASK]);
	if (reader->loaded == ADDRESS || word_of(attrs[NFTA_BITWISE_XOR]))
		reader->loaded = OTHER;
}

/* The bits of the mark that have to be set; any other question about it is
 * another condition. */
static void ask_mark(struct reader *reader, uint32_t mark, uint32_t mask)
{
	struct nft_deed *deed = reader->deed;

	if (reader->loaded != MARK || mark != mask || deed->mark)
		deed->conditional = true;
	else
		deed->mark = mark;
	reader->loaded = OTHER;
	reader->more = true;
}

/* What a header has in four bytes or sixteen, and iptables compares, is an
 * address. */
static void ask_address(struct reader *reader, const struct nlattr *value)
{
	const struct nlattr *data[NFTA_DATA_MAX + 1];
	struct ip *ip = &reader->deed->address;
	size_t len;

	nl_nested(value, data, NFTA_DATA_MAX);
	len = data[NFTA_DATA_VALUE] ? nl_attr_len(data[NFTA_DATA_VALUE]) : 0;
	reader->more |= ip->family || (len != 4 && len != 16);
	if (reader->more)
		return;
	ip->family = len == 4 ? AF_INET : AF_INET6;
	memcpy(ip->bytes, nl_attr_data(data[NFTA_DATA_VALUE]), len);
}

static void read_cmp(struct reader *reader, const struct nlattr *expr)
{
	const struct nlattr *attrs[NFTA_CMP_MAX + 1];

	nl_nested(expr, attrs, NFTA_CMP_MAX);
	if (reader->loaded == STATE)
		return;
	if (ntohl(nl_attr_u32(attrs[NFTA_CMP_OP])) != NFT_CMP_EQ)
		reader->loaded = OTHER;
	if (reader->loaded == ADDRESS)
		ask_address(reader, attrs[NFTA_CMP_DATA]);
	else
		ask_mark(reader, word_of(attrs[NFTA_CMP_DATA]), reader->mask);
}

/* A match of iptables. */
static void read_match(struct reader *reader, const struct nlattr *expr)
{
	const struct nlattr *attrs[NFTA_MATCH_MAX + 1], *info;
	struct xt_mark_mtinfo1 mark;
	const char *name;

	nl_nested(expr, attrs, NFTA_MATCH_MAX);
	name = nl_attr_text(attrs[NFTA_MATCH_NAME]);
	info = attrs[NFTA_MATCH_INFO];
	if (info && strcmp(name, "comment") == 0) {
		reader->deed->comment = job_strndup(
			reader->job, nl_attr_data(info),
			strnlen(nl_attr_data(info), nl_attr_len(info)));
		return;
	}
	if (info && strcmp(name, "mark") == 0 &&
	    nl_attr_len(info) >= sizeof(mark)) {
		memcpy(&mark, nl_attr_data(info), sizeof(mark));
		reader->loaded = mark.invert ? OTHER : MARK;
		ask_mark(reader, mark.mark, mark.mask);
		return;
	}
	reader->deed->conditional = true;
	reader->more |= strcmp(name, "conntrack") != 0;
}

static void read_verdict(struct reader *reader, const struct nlattr *expr)
{
	const struct nlattr *immediate[NFTA_IMMEDIATE_MAX + 1];
	const struct nlattr *data[NFTA_DATA_MAX + 1];
	const struct nlattr *verdict[NFTA_VERDICT_MAX + 1];

	nl_nested(expr, immediate, NFTA_IMMEDIATE_MAX);
	nl_nested(immediate[NFTA_IMMEDIATE_DATA], data, NFTA_DATA_MAX);
	if (!data[NFTA_DATA_VERDICT])
		return;
	nl_nested(data[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
	reader->deed->verdict =
		(int)ntohl(nl_attr_u32(verdict[NFTA_VERDICT_CODE]));
	reader->deed->chain = job_printf(
		reader->job, "%s", nl_attr_text(verdict[NFTA_VERDICT_CHAIN]));
}

/* A target of iptables that is no verdict of nftables. */
static void read_target(struct reader *reader, const struct nlattr *expr)
{
	const struct nlattr *attrs[NFTA_TARGET_MAX + 1];

	nl_nested(expr, attrs, NFTA_TARGET_MAX);
	if (strcmp(nl_attr_text(attrs[NFTA_TARGET_NAME]), "REJECT") == 0)
		reader->deed->verdict = NF_DROP;
}

static void read_reject(struct reader *reader, const struct nlattr *expr)
{
	(void)expr;
	reader->deed->verdict = NF_DROP;
}

static void read_counter(struct reader *reader, const struct nlattr *expr)
{
	(void)reader, (void)expr;
}

static void read_expression(const struct nlattr *item, void *arg)
{
	static const struct {
		const char *name;
		void (*read)(struct reader *reader, const struct nlattr *expr);
	} readers[] = {
		{ "meta", read_meta },	     { "bitwise", read_bitwise },
		{ "cmp", read_cmp },	     { "match", read_match },
		{ "target", read_target },   { "immediate", read_verdict },
		{ "counter", read_counter }, { "reject", read_reject },
		{ "payload", read_payload }, { "ct", read_ct },
	};
	const struct nlattr *expr[NFTA_EXPR_MAX + 1];
	struct reader *reader = arg;

	nl_nested(item, expr, NFTA_EXPR_MAX);
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
		if (strcmp(nl_attr_text(expr[NFTA_EXPR_NAME]),
			   readers[i].name) != 0)
			continue;
		readers[i].read(reader, expr[NFTA_EXPR_DATA]);
		return;
	}
	reader->deed->conditional = true;
	reader->more = true;
}

static void read_rule(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	struct reader *reader = arg;
	struct nft_deed *deed;
	uint64_t handle = 0;

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, NFTA_RULE_MAX);
	if (attrs[NFTA_RULE_HANDLE] &&
	    nl_attr_len(attrs[NFTA_RULE_HANDLE]) == sizeof(handle))
		memcpy(&handle, nl_attr_data(attrs[NFTA_RULE_HANDLE]),
		       sizeof(handle));
	deed = list_add(reader->job, reader->out, sizeof(*deed));
	*deed = (struct nft_deed) {
		.handle = be64toh(handle),
		.verdict = NFT_NO_VERDICT,
		.chain = "",
		.comment = nft_read_comment(reader->job,
					    attrs[NFTA_RULE_USERDATA]),
	};
	reader->deed = deed;
	reader->loaded = OTHER;
	reader->more = false;
	nl_each(attrs[NFTA_RULE_EXPRESSIONS], NFTA_LIST_ELEM, read_expression,
		reader);
	if (reader->more)
		deed->address.family = 0;
}

int nft_list_deeds(struct nft *nft, const char *chain, bool *missing,
		   struct list *out)
{
	struct reader reader = { .job = nft->nl->job, .out = out };

	*out = (struct list) { 0 };
	nl_hold(nft->nl);
	nft_find_chain(nft, chain, missing);
	nft_begin_message(nft, NFT_MSG_GETRULE, NLM_F_DUMP);
	nl_put_text(nft->nl, NFTA_RULE_CHAIN, chain);
	nl_on_reply(nft->nl, read_rule, &reader);
	nl_talk(nft->nl, "list chain %s of table %s", chain, nft->table);
	return nl_release(nft->nl);
}
