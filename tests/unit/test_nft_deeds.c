/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nft_deeds.c makes of rules as older iptables writes them, and of odd ones.
 * (tests/e2e and tests/parity have those of today's.) */
#include <arpa/inet.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_mark.h>

#include "core/kernel/nft.h"
#include "tests/unit/nfnetlink.h"

/* A part of a rule. */
struct part {
	const char *name;
	/* match: its name, of len bytes of info; compare: len bytes of 10.1.2.3 */
	const char *match;
	int len;
	struct xt_mark_mtinfo1 mark;
};

static void put_u32(struct nlmsghdr *msg, int type, uint32_t value)
{
	mnl_attr_put_u32(msg, (uint16_t)type, htonl(value));
}

static void put_part(struct nlmsghdr *msg, const struct part *part)
{
	static const uint8_t bytes[16] = { 10, 1, 2, 3 };
	struct nlattr *item = mnl_attr_nest_start(msg, NFTA_LIST_ELEM), *data;
	struct nlattr *expr, *value;

	mnl_attr_put_strz(msg, NFTA_EXPR_NAME, part->name);
	expr = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
	if (part->match) {
		mnl_attr_put_strz(msg, NFTA_MATCH_NAME, part->match);
		mnl_attr_put(msg, NFTA_MATCH_INFO, (size_t)part->len,
			     &part->mark);
	} else if (strcmp(part->name, "payload") == 0) {
		put_u32(msg, NFTA_PAYLOAD_BASE, (uint32_t)part->len);
	} else if (strcmp(part->name, "cmp") == 0) {
		put_u32(msg, NFTA_CMP_OP, NFT_CMP_EQ);
		data = mnl_attr_nest_start(msg, NFTA_CMP_DATA);
		mnl_attr_put(msg, NFTA_DATA_VALUE, (size_t)part->len, bytes);
		mnl_attr_nest_end(msg, data);
	} else {
		data = mnl_attr_nest_start(msg, NFTA_IMMEDIATE_DATA);
		value = mnl_attr_nest_start(msg, NFTA_DATA_VERDICT);
		put_u32(msg, NFTA_VERDICT_CODE, NF_ACCEPT);
		mnl_attr_nest_end(msg, value);
		mnl_attr_nest_end(msg, data);
	}
	mnl_attr_nest_end(msg, expr);
	mnl_attr_nest_end(msg, item);
}

#define MARK_MATCH(len, ...)                                                   \
	{                                                                      \
		"match", "mark", len,                                          \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define OTHER_MATCH(name)                                                      \
	{                                                                      \
		"match", name, 0,                                              \
		{                                                              \
			0                                                      \
		}                                                              \
	}
#define HEADER                                                                 \
	{                                                                      \
		"payload", NULL, NFT_PAYLOAD_NETWORK_HEADER,                   \
		{                                                              \
			0                                                      \
		}                                                              \
	}
#define COMPARE(len)                                                           \
	{                                                                      \
		"cmp", NULL, len,                                              \
		{                                                              \
			0                                                      \
		}                                                              \
	}
#define ACCEPTS                                                                \
	{                                                                      \
		"immediate", NULL, 0,                                          \
		{                                                              \
			0                                                      \
		}                                                              \
	}

static const struct {
	const char *text;
	struct part parts[5];
} rules[] = {
	{ "mark 10, accept", { MARK_MATCH(12, 16, 16), ACCEPTS } },
	{ "asks, accept", { MARK_MATCH(12, 16, 16, 1), ACCEPTS } },
	{ "asks, accept", { MARK_MATCH(12, 16, 48), ACCEPTS } },
	{ "asks, accept", { MARK_MATCH(4, 16, 16), ACCEPTS } },
	{ "mark 10, asks, accept",
	  { MARK_MATCH(12, 16, 16), OTHER_MATCH("addrtype"), ACCEPTS } },
	{ "mark 10, asks, accept",
	  { MARK_MATCH(12, 16, 16), MARK_MATCH(12, 32, 32), ACCEPTS } },
	{ "asks, address 10.1.2.3, accept", { HEADER, COMPARE(4), ACCEPTS } },
	{ "asks, address a01:203::, accept", { HEADER, COMPARE(16), ACCEPTS } },
	{ "asks, address 10.1.2.3, accept",
	  { HEADER, COMPARE(4), OTHER_MATCH("conntrack"), ACCEPTS } },
	{ "asks, accept", { HEADER, COMPARE(4), OTHER_MATCH("x"), ACCEPTS } },
	{ "asks, accept", { HEADER, COMPARE(3), ACCEPTS } },
	{ "asks, accept", { HEADER, COMPARE(5), ACCEPTS } },
	{ "asks, accept", { HEADER, COMPARE(0), ACCEPTS } },
	{ "asks, accept", { COMPARE(4), ACCEPTS } },
	{ "asks, address 10.1.2.3", { HEADER, COMPARE(4) } },
	{ "", { { 0 } } },
};

static const char *print(struct job *job, const struct nft_deed *deed)
{
	struct str out = { .job = job };
	char ip[IP_TEXT];

	str_add(&out, "");
	if (deed->mark)
		str_printf(&out, ", mark %x", deed->mark);
	if (deed->conditional)
		str_add(&out, ", asks");
	if (deed->address.family)
		str_printf(&out, ", address %s", ip_print(&deed->address, ip));
	if (deed->verdict == NF_ACCEPT)
		str_add(&out, ", accept");
	return out.len ? out.text + 2 : "";
}

static void deeds_are_understood(void **state)
{
	struct kernel *k = *state;
	struct nft nft = { .nl = &k->nl, .family = AF_INET, .table = "filter" };
	const struct nft_deed *deed;
	struct list out;
	bool missing;

	kernel_acks(k, 1, 0);
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct nlmsghdr *msg =
			kernel_tells(k, 2, NFT | NFT_MSG_NEWRULE);
		struct nlattr *list =
			mnl_attr_nest_start(msg, NFTA_RULE_EXPRESSIONS);

		for (const struct part *part = rules[i].parts; part->name;
		     part++)
			put_part(msg, part);
		mnl_attr_nest_end(msg, list);
	}
	kernel_ends(k, 2, 0, 0);
	kernel_sends(k);
	assert_int_equal(nft_list_deeds(&nft, "FORWARD", &missing, &out), 0);
	assert_false(missing);
	assert_int_equal(out.count, COUNT(rules));
	deed = out.items;
	for (size_t i = 0; i < COUNT(rules); i++)
		assert_string_equal(print(&k->job, &deed[i]), rules[i].text);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(deeds_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
