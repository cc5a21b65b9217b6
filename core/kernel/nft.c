/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/nft.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "core/kernel/nft_message.h"

enum {
	/* Messages of all types name their table in this attribute. */
	TABLE_NAME = NFTA_TABLE_NAME,
	COMMENT = NFT_COMMENT,
	COMMENT_MAX = 253,
	/* User data of a set: the byte order of its keys, and a value of it. */
	KEY_BYTE_ORDER = 0,
	HOST_BYTE_ORDER = 1,
	/* So many of IPv6 fit into one message: see nl_begin(). */
	MESSAGE_PREFIXES = 400,
};

/* ---- transactions ---- */

void nft_begin_request(struct nft *nft, int type, int flags)
{
	struct nfgenmsg head = {
		.nfgen_family = (uint8_t)nft->family,
		.version = NFNETLINK_V0,
	};

	nft->last = nl_begin(nft->nl, NFNL_SUBSYS_NFTABLES << 8 | type, flags,
			     &head, sizeof(head));
}

void nft_begin_message(struct nft *nft, int type, int flags)
{
	nft_begin_request(nft, type, flags);
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
	nl_needs(nft->nl, EOPNOTSUPP, NF_TABLES);
	if (generation) {
		put_number(nft, NFNL_BATCH_GENID, (int)generation);
		nl_allow(nft->nl, ERESTART, &nft->stale);
	}
	nl_talk(nft->nl, "begin a transaction on table %s", nft->table);
}

static int end(struct nft *nft)
{
	int ret = nl_release(nft->nl);

	if (nft->refused)
		nft->no_ipsec = nft->no_expiry = nft->stale = true;
	nft->refused = false;
	return ret;
}

int nft_try(struct nft *nft)
{
	/* One acknowledgement for all; refusals come without being asked for. */
	nft->last->nlmsg_flags |= NLM_F_ACK;
	return end(nft);
}

int nft_commit(struct nft *nft)
{
	struct nlmsghdr *last = nft->last;

	last->nlmsg_flags |= NLM_F_ACK;
	begin_batch_message(nft, NFNL_MSG_BATCH_END);
	nl_talk(nft->nl, "end a transaction on table %s", nft->table);
	return end(nft);
}

/* ---- tables, chains, maps ---- */

/* As the nft tool does it. */
static void put_comment(struct nft *nft, int attr, const char *comment)
{
	uint8_t userdata[2 + COMMENT_MAX + 1] = { COMMENT };
	size_t len = strnlen(comment, COMMENT_MAX);

	if (!len)
		return;
	userdata[1] = (uint8_t)(len + 1);
	memcpy(userdata + 2, comment, len);
	nl_put(nft->nl, attr, userdata, 2 + len + 1);
}

/* A table of an older version, whose sets keep their elements, has no comment. */
void nft_table_add(struct nft *nft)
{
	nft_begin_message(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	put_comment(nft, NFTA_TABLE_USERDATA, "elements can expire");
	nl_allow(nft->nl, EEXIST, &nft->stale);
	nl_needs(nft->nl, EOPNOTSUPP,
		 nft->family == NFPROTO_BRIDGE ? "CONFIG_NF_TABLES_BRIDGE"
					       : "CONFIG_NF_TABLES_INET");
	nl_talk(nft->nl, "add table %s", nft->table);
}

void nft_table_wake(struct nft *nft)
{
	nft_begin_message(nft, NFT_MSG_NEWTABLE, 0);
	put_number(nft, NFTA_TABLE_FLAGS, 0);
	nl_talk(nft->nl, "wake table %s", nft->table);
}

void nft_chain_add(struct nft *nft, const char *chain,
		   const struct nft_hook *hook)
{
	struct nl *nl = nft->nl;
	struct nlattr *nest;

	nft_begin_message(nft, NFT_MSG_NEWCHAIN,
			  NLM_F_CREATE | (hook ? 0 : NLM_F_EXCL));
	nl_put_text(nl, NFTA_CHAIN_NAME, chain);
	if (hook) {
		nl_put_text(nl, NFTA_CHAIN_TYPE, hook->type);
		nest = nl_nest(nl, NFTA_CHAIN_HOOK);
		put_number(nft, NFTA_HOOK_HOOKNUM, hook->hook);
		put_number(nft, NFTA_HOOK_PRIORITY, hook->priority);
		nl_nest_end(nl, nest);
		nl_needs(nl, ENOENT, "nft_chain_nat (of Linux 5.2 or later)");
	} else {
		nl_allow(nl, EEXIST, &nft->stale);
		nl_allow(nl, ENOENT, &nft->stale);
	}
	nl_talk(nl, "add chain %s to table %s", chain, nft->table);
}

void nft_table_del(struct nft *nft)
{
	nft_begin_message(nft, NFT_MSG_DELTABLE, 0);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "delete table %s", nft->table);
}

static void delete_unused(struct nft *nft, int type, int attr, const char *what,
			  const char *name)
{
	nft_begin_message(nft, type, 0);
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

	nft_begin_message(nft, NFT_MSG_DELRULE, 0);
	nl_put_text(nft->nl, NFTA_RULE_CHAIN, chain);
	if (handle)
		nl_put(nft->nl, NFTA_RULE_HANDLE, &value, sizeof(value));
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "delete rules of chain %s of table %s", chain,
		nft->table);
}

static void put_byte_order(struct nft *nft, uint32_t order)
{
	uint8_t userdata[2 + sizeof(order)] = { KEY_BYTE_ORDER, sizeof(order) };

	memcpy(userdata + 2, &order, sizeof(order));
	nl_put(nft->nl, NFTA_SET_USERDATA, userdata, sizeof(userdata));
}

/* A part of the type of a concatenation. */
enum { PART_MASK = 0x3f };

/* The sizes of the parts of a concatenation, without which there are no ranges. */
static void put_parts(struct nft *nft, int key_type)
{
	static const uint8_t sizes[PART_MASK + 1] = {
		[NFT_TYPE_IPV4] = 4,
		[NFT_TYPE_IPV6] = 16,
		[NFT_TYPE_PROTOCOL] = 1,
		[NFT_TYPE_PORT] = 2,
	};
	struct nlattr *desc = nl_nest(nft->nl, NFTA_SET_DESC);
	struct nlattr *parts = nl_nest(nft->nl, NFTA_SET_DESC_CONCAT), *part;

	for (int shift = 12; shift >= 0; shift -= 6) {
		part = nl_nest(nft->nl, NFTA_LIST_ELEM);
		put_number(nft, NFTA_SET_FIELD_LEN,
			   sizes[key_type >> shift & PART_MASK]);
		nl_nest_end(nft->nl, part);
	}
	nl_nest_end(nft->nl, parts);
	nl_nest_end(nft->nl, desc);
}

void nft_map_add(struct nft *nft, const struct nft_map *map)
{
	int flags = map->set ? 0 : NFT_SET_MAP;

	if (map->prefixes)
		flags |= NFT_SET_INTERVAL;
	else if (IS_ENABLED(CONFIG_FIREWALL_EGRESS) && map->ranges)
		flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
	else
		flags |= NFT_SET_TIMEOUT;
	nft_begin_message(nft, NFT_MSG_NEWSET, NLM_F_CREATE);
	nl_put_text(nft->nl, NFTA_SET_NAME, map->name);
	put_number(nft, NFTA_SET_FLAGS, flags);
	put_number(nft, NFTA_SET_KEY_TYPE, map->key_type);
	put_number(nft, NFTA_SET_KEY_LEN, map->key_len);
	if (map->data_len) {
		put_number(nft, NFTA_SET_DATA_TYPE, map->data_type);
		put_number(nft, NFTA_SET_DATA_LEN, map->data_len);
	} else if (!map->set) {
		put_number(nft, NFTA_SET_DATA_TYPE, (int)NFT_DATA_VERDICT);
	}
	/* Without it the nft tool cannot print the names. */
	if (map->key_type == NFT_TYPE_IFNAME)
		put_byte_order(nft, HOST_BYTE_ORDER);
	if (IS_ENABLED(CONFIG_FIREWALL_EGRESS) && map->ranges)
		put_parts(nft, map->key_type);
	/* Required, and different for every map of a transaction. */
	put_number(nft, NFTA_SET_ID, (int)nft->nl->seq);
	nl_talk(nft->nl, "add map %s to table %s", map->name, nft->table);
}

/* ---- elements ---- */

static size_t padded(size_t size)
{
	return (size + 3) / 4 * 4;
}

void nft_key_add(struct nft_element *element, const void *part, size_t size)
{
	memcpy(element->key + element->key_len, part, size);
	element->key_len += padded(size);
}

void nft_data_add(struct nft_element *element, const void *part, size_t size)
{
	memcpy(element->data + element->data_len, part, size);
	element->data_len += padded(size);
}

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

void nft_put_element(struct nft *nft, const struct nft_element *element,
		     enum nft_parts parts)
{
	/* The kernel makes one tick of its clock of it. */
	const uint64_t ms = htobe64(1);
	struct nl *nl = nft->nl;
	struct nlattr *list, *item;

	nl_put_text(nl, NFTA_SET_ELEM_LIST_SET, element->map);
	list = nl_nest(nl, NFTA_SET_ELEM_LIST_ELEMENTS);
	item = nl_nest(nl, NFTA_LIST_ELEM);
	put_value(nft, NFTA_SET_ELEM_KEY, element->key, element->key_len);
	if (IS_ENABLED(CONFIG_FIREWALL_EGRESS) && element->key_end)
		put_value(nft, NFTA_SET_ELEM_KEY_END, element->key_end,
			  element->key_len);
	if (parts != NFT_KEY)
		put_element_data(nft, element);
	if (parts == NFT_WHOLE)
		put_comment(nft, NFTA_SET_ELEM_USERDATA, element->comment);
	if (parts == NFT_EXPIRING)
		nl_put(nl, NFTA_SET_ELEM_TIMEOUT, &ms, sizeof(ms));
	nl_nest_end(nl, item);
	nl_nest_end(nl, list);
}

void nft_element_add(struct nft *nft, const struct nft_element *element)
{
	nft_begin_message(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
	nft_put_element(nft, element, NFT_WHOLE);
	nl_allow(nft->nl, EEXIST, &nft->stale);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "add an element of %s to map %s of table %s",
		element->comment, element->map, nft->table);
}

void nft_element_ensure(struct nft *nft, const struct nft_element *element)
{
	nft_begin_message(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	nft_put_element(nft, element, NFT_WHOLE);
	nl_talk(nft->nl, "add an element of %s to map %s of table %s",
		element->comment, element->map, nft->table);
}

void nft_element_del(struct nft *nft, const struct nft_element *element)
{
	nft_begin_message(
		nft, nft->leaving ? NFT_MSG_DESTROYSETELEM : NFT_MSG_DELSETELEM,
		0);
	nft_put_element(nft, element, NFT_KEY);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "delete an element of %s from map %s of table %s",
		element->comment, element->map, nft->table);
}

/* Since Linux 6.12 this changes an element that is there; it does nothing before. */
bool nft_can_expire(const struct nft *nft)
{
	unsigned part = 0, version = 0;
	struct utsname host;
	const char *at = host.release;

	uname(&host);
	for (int left = 2; left; at += *at != '\0') {
		if (*at >= '0' && *at <= '9') {
			part = part * 10 + (unsigned)(*at - '0');
			continue;
		}
		version = version * 1000 + part;
		part = 0;
		left--;
	}
	return version >= 6012 && !nft->no_expiry;
}

void nft_element_expire(struct nft *nft, const struct nft_element *element)
{
	nft_begin_message(nft, NFT_MSG_NEWSETELEM, 0);
	nft_put_element(nft, element, NFT_EXPIRING);
	nl_allow(nft->nl, EINVAL, &nft->refused);
	nl_talk(nft->nl, "have an element of %s expire in map %s of table %s",
		element->comment, element->map, nft->table);
}

void nft_map_flush(struct nft *nft, const char *map)
{
	nft_begin_message(nft, NFT_MSG_DELSETELEM, 0);
	nl_put_text(nft->nl, NFTA_SET_ELEM_LIST_SET, map);
	nl_allow(nft->nl, ENOENT, &nft->stale);
	nl_talk(nft->nl, "empty map %s of table %s", map, nft->table);
}

static void put_bound(struct nft *nft, const struct ip *ip, bool end)
{
	struct nlattr *item = nl_nest(nft->nl, NFTA_LIST_ELEM);

	if (end)
		put_number(nft, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	put_value(nft, NFTA_SET_ELEM_KEY, ip->bytes, ip_size(ip->family));
	nl_nest_end(nft->nl, item);
}

/* Adds as many prefixes of one family to the message as fit; how many these are. */
static size_t put_prefixes(struct nft *nft, const struct prefix *prefix,
			   size_t count)
{
	struct nlattr *list = nl_nest(nft->nl, NFTA_SET_ELEM_LIST_ELEMENTS);
	size_t i;

	for (i = 0; i < count && i < MESSAGE_PREFIXES; i++) {
		struct ip first = prefix_first(&prefix[i]);
		struct ip last = prefix_last(&prefix[i]);
		struct ip behind = ip_step(&last, 1);

		if (first.family != prefix->ip.family)
			break;
		put_bound(nft, &first, false);
		/* No address is behind the last one of all. */
		if (!ip_is_unspecified(&behind))
			put_bound(nft, &behind, true);
	}
	nl_nest_end(nft->nl, list);
	return i;
}

static void change_prefixes(struct nft *nft, int type, int flags,
			    const struct nft_map *sets,
			    const struct list *prefixes)
{
	const struct prefix *prefix = prefixes->items;
	size_t left = prefixes->count, count;

	for (; left; left -= count, prefix += count) {
		const char *set = sets[prefix->ip.family == AF_INET6].name;

		nft_begin_message(nft, type, flags);
		nl_put_text(nft->nl, NFTA_SET_ELEM_LIST_SET, set);
		count = put_prefixes(nft, prefix, left);
		nl_allow(nft->nl, EEXIST, &nft->stale);
		nl_allow(nft->nl, ENOTEMPTY, &nft->stale);
		nl_allow(nft->nl, ENOENT, &nft->stale);
		nl_talk(nft->nl, "change %zu prefixes of set %s of table %s",
			count, set, nft->table);
	}
}

void nft_prefixes_add(struct nft *nft, const struct nft_map sets[2],
		      const struct list *prefixes)
{
	change_prefixes(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL,
			sets, prefixes);
}

void nft_prefixes_del(struct nft *nft, const struct nft_map sets[2],
		      const struct list *prefixes)
{
	change_prefixes(nft, NFT_MSG_DELSETELEM, 0, sets, prefixes);
}

/* ---- rules; their content is in nft_rule.c ---- */

void nft_rule(struct nft *nft, const char *chain)
{
	nft_begin_message(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nl_put_text(nft->nl, NFTA_RULE_CHAIN, chain);
	nft->expressions = nl_nest(nft->nl, NFTA_RULE_EXPRESSIONS);
	/* Our rules of family bridge ask by which interface a packet came in. */
	nft->module = nft->family == NFPROTO_BRIDGE ? "nft_meta_bridge" : NULL;
}

void nft_rule_end(struct nft *nft)
{
	nl_nest_end(nft->nl, nft->expressions);
	if (nft->module)
		nl_needs(nft->nl, ENOENT, nft->module);
	nl_talk(nft->nl, "add a rule to table %s", nft->table);
}
