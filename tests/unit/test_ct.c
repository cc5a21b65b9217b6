/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>

#include "core/ct.h"
#include "tests/unit/nfnetlink.h"

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

static const struct nat_entry dns = { NAT_PORT, POD4, IPPROTO_UDP,
				      { 0 },	53,   5353 };
static const struct nat_entry bound = { NAT_PORT, POD4, IPPROTO_UDP,
					HOST4,	  53,	5353 };
static const struct nat_entry dns6 = { NAT_PORT,    POD6,
				       IPPROTO_UDP, { AF_INET6, { 0xfd, 1 } },
				       53,	    5353 };

/* ---- what the kernel remembers ---- */

struct connection {
	const char *dst; /* where it goes; NULL: that is not said */
	const char *served_by;
	int protocol, port, served_port, zone;
};

static void put_address(struct nlmsghdr *msg, const char *text, bool is_src)
{
	struct ip ip;
	bool v6;

	assert_true(ip_parse(text, &ip));
	v6 = ip.family == AF_INET6;
	mnl_attr_put(msg,
		     is_src ? (v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC)
			    : (v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST),
		     ip_size(ip.family), ip.bytes);
}

static void put_tuple(struct nlmsghdr *msg, uint16_t attr, const char *address,
		      int protocol, int port)
{
	bool reply = attr == CTA_TUPLE_REPLY;
	struct nlattr *tuple = mnl_attr_nest_start(msg, attr), *nest;

	nest = mnl_attr_nest_start(msg, CTA_TUPLE_IP);
	put_address(msg, address, reply);
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
		put_tuple(msg, CTA_TUPLE_ORIG, c->dst, c->protocol, c->port);
		put_tuple(msg, CTA_TUPLE_REPLY, c->served_by, c->protocol,
			  c->served_port);
	}
	mnl_attr_put_u32(msg, CTA_ID, htonl(id));
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

static void flush_asks_for_little(void **state)
{
	static const struct {
		const struct nat_entry *entry;
		const char *bytes;
	} table[] = {
		{ &dns,
		  "type 257 flags 301: 02 00 00 00 1={ 2={ 1=11 3=0035 } }"
		  " 25={ 1=" HOST("28") " 2=00000000 }\n" },
		{ &bound, "type 257 flags 301: 02 00 00 00"
			  " 1={ 1={ 2=c0000201 } 2={ 1=11 3=0035 } }"
			  " 25={ 1=" HOST("2a") " 2=00000000 }\n" },
		{ &dns6, "type 257 flags 301: 0a 00 00 00"
			 " 1={ 1={ 4=fd010000000000000000000000000000 }"
			 " 2={ 1=11 3=0035 } }"
			 " 25={ 1=" HOST("2a") " 2=00000000 }\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct kernel *k = *state;

		kernel_lists(k, 1, NULL, 0);
		assert_int_equal(ct_flush(&k->nl, table[i].entry, true), 0);
		assert_string_equal(asked_lines(k), table[i].bytes);
		assert_string_equal(asked_lines(k), "nothing\n");
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void flush_of_other_entries_asks_nothing(void **state)
{
	struct nat_entry others[] = { dns, dns, dns, dns };
	struct kernel *k = *state;

	others[0].kind = NAT_MASQUERADE;
	others[1].kind = NAT_HAIRPIN;
	others[2].protocol = IPPROTO_TCP;
	others[3].protocol = IPPROTO_SCTP;
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_int_equal(ct_flush(&k->nl, &others[i], true), 0);
		assert_int_equal(ct_flush(&k->nl, &others[i], false), 0);
	}
	assert_string_equal(asked_lines(k), "nothing\n");
}

/* Even where the kernel does not filter. */
static const struct connection remembered[] = {
	/* 1, 2: to the entry's address, elsewhere and to the pod */
	{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53, 53, 0 },
	{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 5353, 0 },
	/* 3: to an old pod; 4: to another port of the pod; 5: in a zone */
	{ "192.0.2.1", "10.1.2.9", IPPROTO_UDP, 53, 5353, 0 },
	{ "192.0.2.1", "10.1.2.3", IPPROTO_UDP, 53, 53, 0 },
	{ "192.0.2.1", "10.1.2.9", IPPROTO_UDP, 53, 5353, 7 },
	/* 6 to 9: none of it */
	{ "192.0.2.1", "192.0.2.1", IPPROTO_TCP, 53, 53, 0 },
	{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 54, 54, 0 },
	{ "192.0.2.2", "192.0.2.2", IPPROTO_UDP, 53, 53, 0 },
	{ NULL, NULL, 0, 0, 0, 0 },
	/* 10: to another address, and to the pod */
	{ "192.0.2.2", "10.1.2.3", IPPROTO_UDP, 53, 5353, 0 },
};

static void flush_chooses_what_the_entry_should_have(void **state)
{
	static const struct {
		const struct nat_entry *entry;
		bool added;
		size_t count; /* of acks */
		const char *ids;
	} table[] = {
		{ &bound, true, 4, "1 3 4 5 " },
		{ &bound, false, 1, "2 " },
		{ &dns, false, 2, "2 10 " },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct kernel *k = *state;
		uint32_t seq = 2;

		kernel_lists(k, 1, remembered, COUNT(remembered));
		for (size_t j = 0; j < table[i].count; j++)
			kernel_acks(k, seq++, j ? ENOENT : 0);
		kernel_sends(k);
		assert_int_equal(
			ct_flush(&k->nl, table[i].entry, table[i].added), 0);
		asked_lines(k);
		assert_string_equal(forgotten(k), table[i].ids);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void forgetting_names_tuple_id_and_zone(void **state)
{
	struct kernel *k = *state;

	kernel_lists(k, 1, &remembered[2], 3);
	kernel_acks(k, 2, 0);
	kernel_acks(k, 3, 0);
	kernel_acks(k, 4, 0);
	kernel_sends(k);
	assert_int_equal(ct_flush(&k->nl, &bound, true), 0);
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

	kernel_lists(k, 1, &remembered[0], 1);
	kernel_answers(k, 2, EPERM);
	assert_int_equal(ct_flush(&k->nl, &bound, true), -1);
	assert_string_equal(k->job.msg,
			    "forget a connection: Operation not permitted");
}

static void flush_of_ipv6_compares_whole_addresses(void **state)
{
	static const struct connection c[] = {
		{ "fd01::", "fd00::3", IPPROTO_UDP, 53, 5353, 0 },
		{ "fd01::", "fd00::4", IPPROTO_UDP, 53, 5353, 0 },
		{ "fd01::1", "fd00::4", IPPROTO_UDP, 53, 5353, 0 },
		{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53, 53, 0 },
	};
	struct kernel *k = *state;

	kernel_lists(k, 1, c, COUNT(c));
	kernel_answers(k, 2, 0);
	assert_int_equal(ct_flush(&k->nl, &dns6, true), 0);
	asked_lines(k);
	assert_string_equal(forgotten(k), "2 ");
}

static void flush_does_without_the_filter(void **state)
{
	static const int errors[] = { EINVAL, EOPNOTSUPP };

	for (size_t i = 0; i < COUNT(errors); i++) {
		struct kernel *k = *state;

		kernel_answers(k, 1, errors[i]);
		kernel_lists(k, 2, remembered, COUNT(remembered));
		kernel_answers(k, 3, 0);
		assert_int_equal(ct_flush(&k->nl, &bound, false), 0);
		asked_lines(k);
		assert_string_equal(asked_lines(k),
				    "type 257 flags 301: 02 00 00 00\n");
		assert_string_equal(forgotten(k), "2 ");
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void flush_tells_unable_from_unwilling(void **state)
{
	struct kernel *k = *state;

	kernel_answers(k, 1, EINVAL);
	kernel_answers(k, 2, EOPNOTSUPP);
	assert_int_equal(ct_flush(&k->nl, &bound, true), 0);
	assert_null(k->job.msg);
	kernel_answers(k, 3, EPERM);
	assert_int_equal(ct_flush(&k->nl, &bound, true), -1);
	assert_string_equal(k->job.msg, "list connections to port 53: "
					"Operation not permitted");
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
		{ "127.0.0.5", "127.0.0.5", IPPROTO_UDP, 53, 53, 0 },
		{ "192.0.2.1", "192.0.2.1", IPPROTO_UDP, 53, 53, 0 },
		{ "127.0.0.6", "10.1.2.9", IPPROTO_UDP, 53, 5353, 0 },
		{ "127.0.0.7", "10.1.2.3", IPPROTO_UDP, 53, 5353, 0 },
		/* there is a route, but no address of this host */
		{ "127.255.255.255", "10.1.2.9", IPPROTO_UDP, 53, 53, 0 },
	};
	struct kernel *k = *state;

	leave_network();
	set_lo_up();
	kernel_lists(k, 1, c, COUNT(c));
	kernel_acks(k, 2, 0);
	kernel_acks(k, 3, 0);
	kernel_sends(k);
	assert_int_equal(ct_flush(&k->nl, &dns, true), 0);
	asked_lines(k);
	assert_string_equal(forgotten(k), "1 3 ");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(flush_asks_for_little),
		TEST(flush_of_other_entries_asks_nothing),
		TEST(flush_chooses_what_the_entry_should_have),
		TEST(forgetting_names_tuple_id_and_zone),
		TEST(flush_fails_if_the_kernel_keeps_one),
		TEST(flush_of_ipv6_compares_whole_addresses),
		TEST(flush_does_without_the_filter),
		TEST(flush_tells_unable_from_unwilling),
		TEST(flush_leaves_what_is_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
