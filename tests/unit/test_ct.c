/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>

#include "core/tables/tables.h"
#include "tests/unit/nfnetlink.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

enum { CT = NFNL_SUBSYS_CTNETLINK << 8 };

#define POD4                                                                   \
	{                                                                      \
		{ AF_INET, { 10, 1, 2, 3 } }, 24                               \
	}
#define POD6                                                                   \
	{                                                                      \
		{ AF_INET6, { 0xfd, [15] = 3 } }, 64                           \
	}
#define HOST4                                                                  \
	{                                                                      \
		AF_INET,                                                       \
		{                                                              \
			192, 0, 2, 1                                           \
		}                                                              \
	}

static const struct entry dns = {
	ENTRY_PORT, POD4, IPPROTO_UDP, { 0 }, 53, 5353
};
static const struct entry bound = { ENTRY_PORT, POD4, IPPROTO_UDP,
				    HOST4,	53,   5353 };
static const struct entry dns6 = { ENTRY_PORT,	POD6,
				   IPPROTO_UDP, { AF_INET6, { 0xfd, 1 } },
				   53,		5353 };
static const struct entry web = {
	ENTRY_PORT, POD4, IPPROTO_TCP, { 0 }, 80, 8080
};
static const struct entry masq = { ENTRY_MASQUERADE, POD4 };
static const struct entry masq6 = { ENTRY_MASQUERADE, POD6 };

/* The request how many connections there are comes before all others: takes it
 * too. */
static int flush_list(struct kernel *k, const struct entry *const *entries,
		      size_t count, enum ct_change change)
{
	struct list list = { 0 };
	const char *first;
	int ret;

	for (size_t i = 0; i < count; i++)
		*(struct entry *)list_add(&k->job, &list, sizeof(**entries)) =
			*entries[i];
	ret = tables_flush_connections(&k->nl, &list, change);
	first = asked_lines(k);
	if (strcmp(first, "nothing\n") != 0)
		assert_string_equal(first, "type 261 flags 001: 00 00 00 00\n");
	return ret;
}

static int flush(struct kernel *k, const struct entry *entry,
		 enum ct_change change)
{
	return flush_list(k, &entry, 1, change);
}

static void kernel_counts(struct kernel *k, uint32_t seq, uint32_t count)
{
	struct nlmsghdr *msg =
		kernel_tells(k, seq, CT | IPCTNL_MSG_CT_GET_STATS);

	mnl_attr_put_u32(msg, CTA_STATS_GLOBAL_ENTRIES, htonl(count));
	kernel_sends(k);
}

/* ---- what the kernel remembers ---- */

enum { UNANSWERED = 1 };

struct connection {
	const char *dst; /* where it goes; NULL: that is not said */
	const char *served_by;
	int protocol, port, served_port, zone, flags;
	const char *src;	 /* NULL: somebody else */
	const char *answered_to; /* NULL: src */
};

static uint16_t address_attr(const struct ip *ip, bool is_src)
{
	if (ip->family == AF_INET6)
		return is_src ? CTA_IP_V6_SRC : CTA_IP_V6_DST;
	return is_src ? CTA_IP_V4_SRC : CTA_IP_V4_DST;
}

static void put_address(struct nlmsghdr *msg, const char *text, bool is_src)
{
	struct ip ip;

	assert_true(ip_parse(text, &ip));
	mnl_attr_put(msg, address_attr(&ip, is_src), ip_size(ip.family),
		     ip.bytes);
}

static void put_tuple(struct nlmsghdr *msg, uint16_t attr, const char *src,
		      const char *dst, int protocol, int port)
{
	bool reply = attr == CTA_TUPLE_REPLY;
	struct nlattr *tuple = mnl_attr_nest_start(msg, attr), *nest;

	nest = mnl_attr_nest_start(msg, CTA_TUPLE_IP);
	if (src)
		put_address(msg, src, true);
	if (dst)
		put_address(msg, dst, false);
	mnl_attr_nest_end(msg, nest);
	nest = mnl_attr_nest_start(msg, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(msg, CTA_PROTO_NUM, (uint8_t)protocol);
	mnl_attr_put_u16(msg, reply ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT,
			 htons((uint16_t)port));
	mnl_attr_nest_end(msg, nest);
	mnl_attr_nest_end(msg, tuple);
}

static void kernel_remembers(struct kernel *k, uint32_t seq,
			     const struct connection *c, uint32_t id)
{
	struct nlmsghdr *msg = kernel_tells(k, seq, CT | IPCTNL_MSG_CT_NEW);

	if (c->dst) {
		put_tuple(msg, CTA_TUPLE_ORIG, c->src, c->dst, c->protocol,
			  c->port);
		put_tuple(msg, CTA_TUPLE_REPLY, c->served_by,
			  c->answered_to ? c->answered_to : c->src, c->protocol,
			  c->served_port);
	}
	mnl_attr_put_u32(msg, CTA_ID, htonl(id));
	mnl_attr_put_u32(msg, CTA_STATUS,
			 htonl(c->flags & UNANSWERED ? 0 : IPS_SEEN_REPLY));
	if (c->zone)
		mnl_attr_put_u16(msg, CTA_ZONE, htons((uint16_t)c->zone));
}

/* Answers request seq with these, whose ids count from 1. */
static void kernel_lists(struct kernel *k, uint32_t seq,
			 const struct connection *c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kernel_remembers(k, seq, &c[i], (uint32_t)i + 1);
	kernel_ends(k, seq, 0, 0);
	kernel_sends(k);
}

/* Takes all deletions from seq on. */
static void kernel_forgets(struct kernel *k, uint32_t seq, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kernel_acks(k, seq++, i ? ENOENT : 0);
	if (count)
		kernel_sends(k);
}

/* The ids that the next datagram wants forgotten, "1 2 ". */
static const char *forgotten(struct kernel *k)
{
	const char *text = asked_lines(k), *p = text;
	struct str out = { .job = &k->job };
	unsigned id;

	str_add(&out, "");
	for (; (p = strstr(p, "type 258 flags 00")); p++) {
		const char *at = strstr(p, " 12=");

		assert_int_equal(sscanf(at, " 12=%x", &id), 1);
		str_printf(&out, "%u ", id);
	}
	return out.text;
}

static void start_again(void **state)
{
	kernel_tear_down(state);
	kernel_set_up(state);
}

#define LIST(family) "type 257 flags 301: " family " 00 00 00"
#define TO_PORT	     " 25={ 1=" HOST("28") " 2=00000000 }\n"
#define OF_UDP	     " 25={ 1=" HOST("08") " 2=00000000 }\n"
#define OF_SOURCE    " 25={ 1=" HOST("01") " 2=00000000 }\n"
#define OF_SERVER    " 25={ 1=00000000 2=" HOST("01") " }\n"

/* Of one port its connections, of several all of UDP. */
static void added_asks_once_for_each_family(void **state)
{
	static const struct entry other = { ENTRY_PORT, POD4, IPPROTO_UDP,
					    { 0 },	54,   5354 };
	static const struct entry *const one[] = { &masq, &dns, &web };
	static const struct entry *const many[] = { &dns, &other, &bound,
						    &dns6 };
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, NULL, 0);
	assert_int_equal(flush_list(k, one, COUNT(one), CT_ADDED), 0);
	assert_string_equal(asked_lines(k),
			    LIST("02") " 1={ 2={ 1=11 3=0035 } }" TO_PORT);
	kernel_counts(k, 3, 1);
	kernel_lists(k, 4, NULL, 0);
	kernel_lists(k, 5, NULL, 0);
	assert_int_equal(flush_list(k, many, COUNT(many), CT_ADDED), 0);
	assert_string_equal(asked_lines(k),
			    LIST("02") " 1={ 2={ 1=11 3=0000 } }" OF_UDP);
	assert_string_equal(asked_lines(k),
			    LIST("0a") " 1={ 2={ 1=11 3=0035 } }" TO_PORT);
	assert_string_equal(asked_lines(k), "nothing\n");
}

static void flush_of_other_entries_asks_nothing(void **state)
{
	static const struct entry sctp = { ENTRY_PORT, POD4, IPPROTO_SCTP };
	static const struct entry hairpin = { ENTRY_HAIRPIN, POD4 };
	static const struct entry macspoofchk = { ENTRY_MACSPOOFCHK };
	static const struct entry *const not_added[] = { &web, &sctp, &masq };
	static const struct entry *const none[] = { &hairpin, &macspoofchk };
	struct kernel *k = *state;

	assert_int_equal(flush_list(k, not_added, COUNT(not_added), CT_ADDED),
			 0);
	for (int change = CT_ADDED; change <= CT_GONE; change++) {
		assert_int_equal(flush_list(k, none, COUNT(none),
					    (enum ct_change)change),
				 0);
		assert_int_equal(flush_list(k, NULL, 0, (enum ct_change)change),
				 0);
	}
	assert_string_equal(asked_lines(k), "nothing\n");
}

/* ---- how many there are ---- */

static void nothing_is_looked_for_where_nothing_is(void **state)
{
	static const struct entry *const entries[] = { &bound, &dns6, &masq,
						       &masq6 };
	struct kernel *k = *state;

	for (int change = CT_ADDED; change <= CT_GONE; change++) {
		kernel_counts(k, (uint32_t)change + 1, 0);
		assert_int_equal(flush_list(k, entries, COUNT(entries),
					    (enum ct_change)change),
				 0);
	}
	assert_int_equal(k->nl.seq, CT_GONE + 1);
	assert_string_equal(asked_lines(k), "nothing\n");
}

/* ---- of ports that are published ---- */

/* Even where the kernel does not filter. */
static const struct connection remembered[] = {
	/* 1, 2: to the entry's address, elsewhere and to the pod */
	{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53, 53 },
	{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 5353 },
	/* 3: to an old pod; 4: to another port of the pod; 5: in a zone */
	{ "192.0.2.1", "10.1.2.9", IPPROTO_UDP, 53, 5353 },
	{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 53 },
	{ "192.0.2.1", "10.1.2.9", IPPROTO_UDP, 53, 5353, 7 },
	/* 6 to 10: none of it */
	{ "192.0.2.1", "192.0.2.1", IPPROTO_TCP, 53, 53 },
	{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 54, 54 },
	{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53 + 256, 53 },
	{ "192.0.2.2", "192.0.2.2", IPPROTO_UDP, 53, 53 },
	{ NULL },
	/* 11: to another address, and to the pod */
	{ "192.0.2.2", "10.1.2.3", IPPROTO_UDP, 53, 5353 },
};

static void added_chooses_what_the_entry_should_have(void **state)
{
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, remembered, COUNT(remembered));
	kernel_forgets(k, 3, 4);
	assert_int_equal(flush(k, &bound, CT_ADDED), 0);
	asked_lines(k);
	assert_string_equal(forgotten(k), "1 3 4 5 ");
}

/* Refused, or without the number. */
static void added_does_without_the_count(void **state)
{
	static const int errors[] = { EINVAL, EOPNOTSUPP, 0 };

	for (size_t i = 0; i < COUNT(errors); i++) {
		struct kernel *k = *state;

		if (errors[i]) {
			kernel_answers(k, 1, errors[i]);
		} else {
			kernel_tells(k, 1, CT | IPCTNL_MSG_CT_GET_STATS);
			kernel_sends(k);
		}
		kernel_lists(k, 2, remembered, COUNT(remembered));
		kernel_forgets(k, 3, 4);
		assert_int_equal(flush(k, &bound, CT_ADDED), 0);
		assert_string_equal(
			asked_lines(k),
			LIST("02") " 1={ 2={ 1=11 3=0035 } }" TO_PORT);
		assert_string_equal(forgotten(k), "1 3 4 5 ");
		start_again(state);
	}
}

static void flush_fails_if_the_kernel_does_not_count(void **state)
{
	struct kernel *k = *state;

	kernel_answers(k, 1, EPERM);
	assert_int_equal(flush(k, &bound, CT_ADDED), -1);
	assert_string_equal(k->job.msg,
			    "look for connections: Operation not permitted");
	assert_string_equal(asked_lines(k), "nothing\n");
}

/* Each of them has its own. */
static void added_chooses_by_the_mapping_of_the_address(void **state)
{
	static const struct entry unbound = { ENTRY_PORT, POD4, IPPROTO_UDP,
					      { 0 },	  53,	5399 };
	static const struct entry *const orders[][2] = { { &unbound, &bound },
							 { &bound, &unbound } };
	static const struct connection c[] = {
		{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 5353 },
		{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 5399 },
		{ "127.0.0.1", "10.1.2.3", IPPROTO_UDP, 53, 5399 },
	};

	for (size_t i = 0; i < COUNT(orders); i++) {
		struct kernel *k = *state;

		kernel_counts(k, 1, 1);
		kernel_lists(k, 2, c, COUNT(c));
		kernel_forgets(k, 3, 1);
		assert_int_equal(flush_list(k, orders[i], 2, CT_ADDED), 0);
		asked_lines(k);
		assert_string_equal(forgotten(k), "2 ");
		start_again(state);
	}
}

static void forgetting_names_tuple_id_and_zone(void **state)
{
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, &remembered[2], 3);
	kernel_forgets(k, 3, 3);
	assert_int_equal(flush(k, &bound, CT_ADDED), 0);
	asked_lines(k);
#define FORGET(ack)                                                            \
	"type 258 flags 00" ack ": 02 00 00 00"                                \
	" 1={ 1={ 2=c0000201 } 2={ 1=11 3=0035 } } 12=0000000"
	assert_string_equal(
		asked_lines(k),
		FORGET("1") "1\n" FORGET("1") "2\n" FORGET("5") "3 18=0007\n");
}

static void flush_fails_if_the_kernel_keeps_one(void **state)
{
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, &remembered[0], 1);
	kernel_answers(k, 3, EPERM);
	assert_int_equal(flush(k, &bound, CT_ADDED), -1);
	assert_string_equal(k->job.msg,
			    "forget a connection: Operation not permitted");
}

static void flush_of_ipv6_compares_whole_addresses(void **state)
{
	static const struct connection c[] = {
		{ "fd01::", "fd00::3", IPPROTO_UDP, 53, 5353 },
		{ "fd01::", "fd00::4", IPPROTO_UDP, 53, 5353 },
		{ "fd01::1", "fd00::4", IPPROTO_UDP, 53, 5353 },
		{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53, 53 },
	};
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, c, COUNT(c));
	kernel_answers(k, 3, 0);
	assert_int_equal(flush(k, &dns6, CT_ADDED), 0);
	asked_lines(k);
	assert_string_equal(forgotten(k), "2 ");
}

static void added_does_without_the_filter(void **state)
{
	static const int errors[] = { EINVAL, EOPNOTSUPP };

	for (size_t i = 0; i < COUNT(errors); i++) {
		struct kernel *k = *state;

		kernel_counts(k, 1, 1);
		kernel_answers(k, 2, errors[i]);
		kernel_lists(k, 3, remembered, COUNT(remembered));
		kernel_forgets(k, 4, 4);
		assert_int_equal(flush(k, &bound, CT_ADDED), 0);
		asked_lines(k);
		assert_string_equal(asked_lines(k), LIST("00") "\n");
		assert_string_equal(forgotten(k), "1 3 4 5 ");
		start_again(state);
	}
}

static void flush_tells_unable_from_unwilling(void **state)
{
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_answers(k, 2, EINVAL);
	kernel_answers(k, 3, EOPNOTSUPP);
	assert_int_equal(flush(k, &bound, CT_ADDED), 0);
	assert_null(k->job.msg);
	asked_lines(k);
	asked_lines(k);
	kernel_counts(k, 4, 1);
	kernel_answers(k, 5, EPERM);
	assert_int_equal(flush(k, &bound, CT_ADDED), -1);
	assert_string_equal(k->job.msg,
			    "look for connections: Operation not permitted");
}

/* ---- of pods that are gone ---- */

#define FORGET_ALL(family) "type 258 flags 005: " family " 00 00 00"
#define FROM_POD	   " 1={ 1={ 1=0a010203 } 2={ 1=11 3=0000 } }"
#define BY_POD		   " 2={ 1={ 1=0a010203 } 2={ 1=11 3=0000 } }"
/* One request for all ports, of whatever protocol. */
static void gone_forgets_by_the_address(void **state)
{
	static const struct entry *const ports[] = { &dns, &web, &bound };
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_answers(k, 2, 0);
	assert_int_equal(flush_list(k, ports, COUNT(ports), CT_GONE), 0);
	assert_string_equal(asked_lines(k), FORGET_ALL("02") BY_POD OF_SERVER);
	assert_string_equal(asked_lines(k), "nothing\n");
	kernel_counts(k, 3, 1);
	kernel_answers(k, 4, 0);
	assert_int_equal(flush(k, &masq, CT_GONE), 0);
	assert_string_equal(asked_lines(k),
			    FORGET_ALL("02") FROM_POD OF_SOURCE);
	assert_string_equal(asked_lines(k), "nothing\n");
	kernel_counts(k, 5, 1);
	kernel_answers(k, 6, EPERM);
	assert_int_equal(flush(k, &masq, CT_GONE), -1);
}

static const struct connection pods[] = {
	/* 1 to 3: of the pod, as it may be translated */
	{ "192.0.2.9", "192.0.2.9", IPPROTO_UDP, 53, 53, 0, 0, "10.1.2.3",
	  "192.0.2.1" },
	{ "192.0.2.9", "192.0.2.9", IPPROTO_TCP, 80, 80, 0, 0, "10.1.2.3",
	  NULL },
	{ "192.0.2.9", "192.0.2.9", IPPROTO_TCP, 80, 80, 0, UNANSWERED,
	  "10.1.2.3", NULL },
	/* 4, 5: to it, by whatever port; 6: to another one */
	{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 5353 },
	{ "192.0.2.1", "10.1.2.3", IPPROTO_TCP, 81, 81 },
	{ "192.0.2.1", "10.1.2.9", IPPROTO_UDP, 53, 5353 },
	/* 7, 8: of another one, but for the last byte */
	{ "192.0.2.9", "192.0.2.9", IPPROTO_UDP, 53, 53, 0, 0, "10.1.9.3",
	  "192.0.2.1" },
	{ "fd00::9", "fd00::9", IPPROTO_UDP, 53, 53, 0, 0, "fd00::3", NULL },
	{ NULL },
};

/* Linux before 6.12, and before 5.8. */
static void gone_looks_where_the_kernel_does_not_forget_all(void **state)
{
	static const struct {
		const struct entry *entry;
		size_t count;
		const char *filter, *ids;
	} table[] = {
		{ &masq, 3, LIST("02") FROM_POD OF_SOURCE, "1 2 3 " },
		{ &dns, 2, LIST("02") BY_POD OF_SERVER, "4 5 " },
	};

	for (size_t i = 0; i < COUNT(table) * 2; i++) {
		bool filters = i % 2;
		struct kernel *k = *state;
		uint32_t seq = 3;

		kernel_counts(k, 1, 1);
		kernel_answers(k, 2, EINVAL);
		if (!filters)
			kernel_answers(k, seq++, EOPNOTSUPP);
		kernel_lists(k, seq++, pods, COUNT(pods));
		kernel_forgets(k, seq, table[i / 2].count);
		assert_int_equal(flush(k, table[i / 2].entry, CT_GONE), 0);
		asked_lines(k);
		assert_string_equal(asked_lines(k), table[i / 2].filter);
		if (!filters)
			assert_string_equal(asked_lines(k), LIST("00") "\n");
		assert_string_equal(forgotten(k), table[i / 2].ids);
		start_again(state);
	}
}

/* Has one element for the request seq, whatever it was. */
static void kernel_has_element(struct kernel *k, uint32_t seq)
{
	struct nlmsghdr *msg = kernel_tells(k, seq, NFT | NFT_MSG_NEWSETELEM);
	struct nlattr *list =
		mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);

	mnl_attr_nest_end(msg, mnl_attr_nest_start(msg, NFTA_LIST_ELEM));
	mnl_attr_nest_end(msg, list);
	kernel_sends(k);
}

/* What has an element by now is another owner's. */
static void gone_spares_what_another_owner_has(void **state)
{
	struct entry entries[] = { masq, masq, { ENTRY_HAIRPIN, POD4 } };
	struct list list = { entries, COUNT(entries), true };
	struct kernel *k = *state;

	entries[1].pod.ip.bytes[3]++;
	kernel_answers(k, 1, 0);
	kernel_answers(k, 2, 0);
	kernel_answers(k, 3, ENOENT);
	kernel_has_element(k, 4);
	kernel_answers(k, 5, ENOENT);
	kernel_counts(k, 6, 1);
	kernel_answers(k, 7, 0);
	assert_int_equal(tables_flush_gone(&k->nl, &list), 0);
	asked_lines(k);
	assert_string_equal(asked_lines(k),
			    "type 261 flags 001: 00 00 00 00\n");
	assert_string_equal(asked_lines(k),
			    FORGET_ALL("02") FROM_POD OF_SOURCE);
	assert_string_equal(asked_lines(k), "nothing\n");
}

/* The kernel's filter must not be asked for addresses of IPv6. */
static void gone_of_ipv6_looks_at_udp(void **state)
{
	static const struct entry tcp6 = { ENTRY_PORT, POD6, IPPROTO_TCP,
					   { 0 },      80,   80 };
	static const struct entry other6 = { ENTRY_PORT, POD6, IPPROTO_UDP,
					     { 0 },	 54,   5353 };
	static const struct entry *const entries[] = { &dns6, &other6, &masq6 };
	static const struct connection c[] = {
		/* 1, 2: to the pod; 3: to another one */
		{ "fd01::1", "fd00::3", IPPROTO_UDP, 53, 5353 },
		{ "fd01::1", "fd00::3", IPPROTO_UDP, 54, 5353 },
		{ "fd01::1", "fd00::4", IPPROTO_UDP, 53, 5353 },
		/* 4: of the pod; 5: of another one */
		{ "fd01::9", "fd01::9", IPPROTO_UDP, 53, 53, 0, 0, "fd00::3",
		  "fd01::1" },
		{ "fd01::9", "fd01::9", IPPROTO_UDP, 53, 53, 0, 0, "fd00::4",
		  "fd01::1" },
	};
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, c, COUNT(c));
	kernel_forgets(k, 3, 3);
	assert_int_equal(flush_list(k, entries, COUNT(entries), CT_GONE), 0);
	assert_string_equal(asked_lines(k),
			    LIST("0a") " 1={ 2={ 1=11 3=0000 } }" OF_UDP);
	assert_string_equal(forgotten(k), "1 2 4 ");
	kernel_counts(k, 6, 1);
	kernel_lists(k, 7, &c[3], 2);
	kernel_forgets(k, 8, 1);
	assert_int_equal(flush(k, &masq6, CT_GONE), 0);
	assert_string_equal(asked_lines(k),
			    LIST("0a") " 1={ 2={ 1=11 3=0000 } }" OF_UDP);
	assert_string_equal(forgotten(k), "1 ");
	assert_int_equal(flush(k, &tcp6, CT_GONE), 0);
	assert_string_equal(asked_lines(k), "nothing\n");
}

/* As GC has them: each request would cost what one list of all costs. */
static void gone_lists_all_for_many(void **state)
{
	struct entry many[5];
	const struct entry *entries[COUNT(many)];
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(many); i++) {
		many[i] = i ? masq : dns;
		many[i].pod.ip.bytes[3] = (uint8_t)(3 + i);
		entries[i] = &many[i];
	}
	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, pods, COUNT(pods));
	kernel_forgets(k, 3, 2);
	assert_int_equal(flush_list(k, entries, COUNT(many), CT_GONE), 0);
	assert_string_equal(asked_lines(k), LIST("00") "\n");
	assert_string_equal(forgotten(k), "4 5 ");
}

/* ---- of those that were restored ---- */

/* What works without NAT is not to be broken by it. */
static void restored_chooses_what_went_without(void **state)
{
	static const struct entry *const entries[] = { &masq, &bound, &web };
	static const struct connection c[] = {
		/* 1 to 4: of the pod, and not masqueraded */
		{ "192.0.2.9", "192.0.2.9", IPPROTO_UDP, 53, 53, 0, 0,
		  "10.1.2.3", NULL },
		{ "192.0.2.9", "192.0.2.9", IPPROTO_UDP, 53, 53, 0, UNANSWERED,
		  "10.1.2.3", NULL },
		{ "192.0.2.9", "192.0.2.9", IPPROTO_TCP, 80, 80, 0, UNANSWERED,
		  "10.1.2.3", NULL },
		{ "192.0.2.9", "192.0.2.9", IPPROTO_TCP, 80, 80, 0, 0,
		  "10.1.2.3", NULL },
		/* 5: masqueraded; 6: of another one */
		{ "192.0.2.9", "192.0.2.9", IPPROTO_UDP, 53, 53, 0, 0,
		  "10.1.2.3", "192.0.2.1" },
		{ "192.0.2.9", "192.0.2.9", IPPROTO_UDP, 53, 53, 0, 0,
		  "10.1.2.4", NULL },
		/* 7, 8: to the port, elsewhere and to the pod */
		{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53, 53 },
		{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 5353 },
	};
	struct kernel *k = *state;

	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, c, COUNT(c));
	kernel_forgets(k, 3, 4);
	assert_int_equal(flush_list(k, entries, COUNT(entries), CT_RESTORED),
			 0);
	assert_string_equal(asked_lines(k), LIST("00") "\n");
	assert_string_equal(forgotten(k), "1 2 3 7 ");
}

static void set_lo_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
}

/* Without an address, an entry is for those of this host only. */
static void flush_leaves_what_is_forwarded(void **state)
{
	static const struct connection c[] = {
		{ "127.0.0.5", "127.0.0.5", IPPROTO_UDP, 53, 53 },
		{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53, 53 },
		{ "127.0.0.6", "10.1.2.9", IPPROTO_UDP, 53, 5353 },
		{ "127.0.0.7", "10.1.2.3", IPPROTO_UDP, 53, 5353 },
		/* there is a route, but no address of this host */
		{ "127.255.255.255", "10.1.2.9", IPPROTO_UDP, 53, 53 },
	};
	struct kernel *k = *state;

	leave_network();
	set_lo_up();
	kernel_counts(k, 1, 1);
	kernel_lists(k, 2, c, COUNT(c));
	kernel_forgets(k, 3, 2);
	assert_int_equal(flush(k, &dns, CT_ADDED), 0);
	asked_lines(k);
	assert_string_equal(forgotten(k), "1 3 ");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(added_asks_once_for_each_family),
		TEST(flush_of_other_entries_asks_nothing),
		TEST(nothing_is_looked_for_where_nothing_is),
		TEST(added_chooses_what_the_entry_should_have),
		TEST(added_does_without_the_count),
		TEST(flush_fails_if_the_kernel_does_not_count),
		TEST(added_chooses_by_the_mapping_of_the_address),
		TEST(forgetting_names_tuple_id_and_zone),
		TEST(flush_fails_if_the_kernel_keeps_one),
		TEST(flush_of_ipv6_compares_whole_addresses),
		TEST(added_does_without_the_filter),
		TEST(flush_tells_unable_from_unwilling),
		TEST(gone_forgets_by_the_address),
		TEST(gone_looks_where_the_kernel_does_not_forget_all),
		TEST(gone_spares_what_another_owner_has),
		TEST(gone_of_ipv6_looks_at_udp),
		TEST(gone_lists_all_for_many),
		TEST(restored_chooses_what_went_without),
		TEST(flush_leaves_what_is_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
