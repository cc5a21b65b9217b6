/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel/link.h"

#include "tests/unit/netlink.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

enum { OPER_DOWN = 2, OPER_UP = 6 };

static const uint8_t mac[MAC_LEN] = { 2, 3, 4, 5, 6, 7 };

/* Types: 16 RTM_NEWLINK, 17 RTM_DELLINK, 18 RTM_GETLINK, 19 RTM_SETLINK. */
static const struct layout layout = {
	.head = "112444",
	.numbers =
		" 4 10 13 27 29 31 32 18.2.1.4 18.2.1.28 26.2.1.22 26.2.1.26 ",
	.headed = "18.2.1",
};

/* A link in the datagram, without attributes. */
static struct nlmsghdr *says_link(struct kernel *k, int index)
{
	struct ifinfomsg head = { .ifi_index = index, .ifi_flags = IFF_UP };

	return kernel_says(k, k->nl.seq + 1, RTM_NEWLINK, 0, &head,
			   sizeof(head));
}

static void put_port(struct nlmsghdr *msg, const char *kind)
{
	struct nlattr *info = mnl_attr_nest_start(msg, IFLA_LINKINFO), *data;

	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "veth");
	mnl_attr_put_strz(msg, IFLA_INFO_SLAVE_KIND, kind);
	data = mnl_attr_nest_start(msg, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(msg, IFLA_BRPORT_MODE, 1);
	mnl_attr_put_u8(msg, IFLA_BRPORT_ISOLATED, 1);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
}

static void acks(struct kernel *k, int err)
{
	kernel_answers(k, k->nl.seq + 1, err);
}

static void find_reads_all_attributes(void **state)
{
	struct kernel *k = *state;
	struct nlmsghdr *msg = says_link(k, 5);
	struct link link;
	bool found;

	mnl_attr_put_strz(msg, IFLA_IFNAME, "veth0");
	mnl_attr_put(msg, IFLA_ADDRESS, MAC_LEN, mac);
	mnl_attr_put_u32(msg, IFLA_MTU, 1400);
	mnl_attr_put_u32(msg, IFLA_TXQLEN, 500);
	mnl_attr_put_u32(msg, IFLA_MASTER, 7);
	mnl_attr_put_u32(msg, IFLA_LINK, 8);
	mnl_attr_put_u32(msg, IFLA_PROMISCUITY, 2);
	mnl_attr_put_u8(msg, IFLA_OPERSTATE, OPER_UP);
	put_port(msg, "bridge");
	kernel_acks(k, 1, 0);
	kernel_sends(k);
	assert_int_equal(link_find(&k->nl, "veth0", &link, &found), 0);
	assert_true(found);
	assert_int_equal(link.index, 5);
	assert_string_equal(link.name, "veth0");
	assert_string_equal(link.kind, "veth");
	assert_memory_equal(link.mac, mac, MAC_LEN);
	assert_int_equal(link.mtu, 1400);
	assert_int_equal(link.tx_queue, 500);
	assert_int_equal(link.master, 7);
	assert_int_equal(link.peer, 8);
	assert_int_equal(link.promiscuity, 2);
	assert_int_equal(link.flags, IFF_UP);
	assert_int_equal(link.operstate, OPER_UP);
	assert_true(link.hairpin && link.isolated);
	assert_asked(k, &layout,
		     "type 18 flags 001:"
		     " 00 00 0000 00000000 00000000 00000000\n"
		     "attr 3: \"veth0\"\n"
		     "attr 29: 00000008\n");
}

static void find_does_without_attributes(void **state)
{
	static const char infiniband[20] = { 1 };
	struct kernel *k = *state;
	struct link link;
	bool found;

	for (int i = 0; i < 3; i++) {
		struct nlmsghdr *msg = says_link(k, 5);

		if (i == 1) {
			mnl_attr_put(msg, IFLA_ADDRESS, 20, infiniband);
			mnl_attr_put_strz(msg, IFLA_IFNAME, "sixteen-letters-");
			put_port(msg, "bond");
		} else if (i == 2) {
			mnl_attr_put_u16(msg, IFLA_MTU, 1);
			mnl_attr_put(msg, IFLA_IFNAME, 4, "veth");
			mnl_attr_put(msg, IFLA_LINKINFO, 0, "");
		}
		kernel_acks(k, k->nl.seq + 1, 0);
		kernel_sends(k);
		assert_int_equal(link_find(&k->nl, "x", &link, &found), 0);
		assert_true(found);
		assert_int_equal(link.index, 5);
		assert_string_equal(link.name, "");
		assert_string_equal(link.kind, i == 1 ? "veth" : "");
		assert_memory_equal(link.mac, "\0\0\0\0\0", MAC_LEN);
		assert_int_equal(link.mtu, 0);
		assert_int_equal(link.operstate, 0);
		assert_false(link.hairpin || link.isolated);
	}
}

/* accept_ra is the fourth of the values that linux/ipv6.h numbers. */
static void find_tells_whether_a_router_is_heard(void **state)
{
	static const struct {
		int32_t values[5];
		size_t count;
		bool deaf;
	} table[] = {
		{ { 1, 64, 1500, 0, 1 }, 5, true },
		{ { 0, 64, 1500, 0 }, 4, true },
		{ { 0, 0, 0, 1, 0 }, 5, false },
		{ { 0, 0, 0, 2, 0 }, 5, false },
		{ { 0, 0, 0 }, 3, false },
		{ { 0 }, 0, false },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct nlmsghdr *msg = says_link(k, 5);
		struct nlattr *spec, *inet6;
		struct link link;

		spec = mnl_attr_nest_start(msg, IFLA_AF_SPEC);
		inet6 = mnl_attr_nest_start(msg, AF_INET6);
		mnl_attr_put(msg, IFLA_INET6_CONF,
			     table[i].count * sizeof(int32_t), table[i].values);
		mnl_attr_nest_end(msg, inet6);
		mnl_attr_nest_end(msg, spec);
		kernel_sends(k);
		assert_int_equal(link_get(&k->nl, "br0", &link), 0);
		assert_int_equal(link.deaf_to_ra,
				 IS_ENABLED(CONFIG_IPV6) && table[i].deaf);
	}
}

static void find_tells_whether_a_bridge_learns_from_reserved_groups(
	void **state)
{
	static const struct {
		const char *kind;
		struct br_boolopt_multi options;
		size_t len;
		bool learns;
	} table[] = {
		{ "bridge", { 0, 3 }, 8, true },
		{ "bridge", { 2, 3 }, 8, true },
		{ "bridge", { 1, 3 }, 8, false },
		/* A kernel that does not know this one, or none of them. */
		{ "bridge", { 0, 2 }, 8, false },
		{ "bridge", { 0, 3 }, 4, false },
		{ "bridge", { 0, 0 }, 0, false },
		{ "vxlan", { 0, 3 }, 8, false },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct nlmsghdr *msg = says_link(k, 5);
		struct nlattr *info, *data;
		struct link link;

		info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
		mnl_attr_put_strz(msg, IFLA_INFO_KIND, table[i].kind);
		data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
		mnl_attr_put(msg, IFLA_BR_MULTI_BOOLOPT, table[i].len,
			     &table[i].options);
		mnl_attr_nest_end(msg, data);
		mnl_attr_nest_end(msg, info);
		kernel_sends(k);
		assert_int_equal(link_get(&k->nl, "br0", &link), 0);
		assert_int_equal(link.ll_learning,
				 IS_ENABLED(CONFIG_NAT) && table[i].learns);
	}
}

static void probe_asks_for_what_cannot_be_made(void **state)
{
	struct kernel *k = *state;

	acks(k, EINVAL);
	assert_int_equal(link_probe(&k->nl, "veth"), 0);
	assert_asked(k, &layout,
		     "type 16 flags 605:"
		     " 00 00 0000 00000000 00000000 00000000\n"
		     "attr 3: 00\n"
		     "attr 31: ffffffff\n"
		     "attr 32: ffffffff\n"
		     "attr 18:\n"
		     "  attr 1: \"veth\"\n"
		     "  attr 2:\n");
	acks(k, EOPNOTSUPP);
	assert_int_equal(link_probe(&k->nl, "bridge"), -1);
	assert_string_equal(k->job.msg, "the kernel has no bridge");
	k->job.msg = NULL;
	acks(k, EPERM);
	assert_int_equal(link_probe(&k->nl, "veth"), -1);
	assert_string_equal(k->job.msg,
			    "try to create a veth: Operation not permitted");
}

/* route_localnet is the 26th of the values that linux/ip.h numbers from 1 on. */
static void find_tells_whether_127_is_routed(void **state)
{
	static const int32_t on[27] = { [25] = 1 }, others[27] = { [26] = 1 };
	static const struct {
		const int32_t *values;
		size_t count;
		bool localnet;
	} table[] = {
		{ on, 27, true },
		{ on, 26, true },
		{ on, 25, false },
		{ others, 27, false },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct nlmsghdr *msg = says_link(k, 5);
		struct nlattr *spec, *inet;
		struct link link;

		spec = mnl_attr_nest_start(msg, IFLA_AF_SPEC);
		inet = mnl_attr_nest_start(msg, AF_INET);
		mnl_attr_put(msg, IFLA_INET_CONF,
			     table[i].count * sizeof(int32_t), table[i].values);
		mnl_attr_nest_end(msg, inet);
		mnl_attr_nest_end(msg, spec);
		kernel_sends(k);
		assert_int_equal(link_get(&k->nl, "br0", &link), 0);
		assert_int_equal(link.localnet, table[i].localnet);
	}
}

static void absent_is_an_answer_for_find_and_an_error_for_get(void **state)
{
	struct kernel *k = *state;
	struct link link = { .index = 1 };
	bool found = true;

	acks(k, ENODEV);
	assert_int_equal(link_find(&k->nl, "eth0", &link, &found), 0);
	assert_false(found);
	assert_int_equal(link.index, 0);
	acks(k, ENODEV);
	assert_int_equal(link_get(&k->nl, "eth0", &link), -1);
	assert_string_equal(k->job.msg, "look up eth0: No such device");
	k->job.msg = NULL;
	acks(k, EPERM);
	assert_int_equal(link_find(&k->nl, "eth0", &link, &found), -1);
	assert_false(found);
	assert_string_equal(k->job.msg,
			    "look up eth0: Operation not permitted");
}

static void get_index_asks_by_index(void **state)
{
	struct kernel *k = *state;
	struct nlmsghdr *msg = says_link(k, 5);
	struct link link;

	mnl_attr_put_strz(msg, IFLA_IFNAME, "veth0");
	put_port(msg, "bridge");
	kernel_acks(k, 1, 0);
	kernel_sends(k);
	assert_int_equal(link_get_index(&k->nl, 5, &link), 0);
	assert_int_equal(link.index, 5);
	assert_string_equal(link.name, "veth0");
	assert_true(link.hairpin);
	assert_asked(k, &layout,
		     "type 18 flags 001:"
		     " 00 00 0000 00000005 00000000 00000000\n"
		     "attr 29: 00000008\n");
	acks(k, ENODEV);
	assert_int_equal(link_get_index(&k->nl, 6, &link), -1);
	assert_string_equal(k->job.msg, "look up interface 6: No such device");
}

/* Which options are on, and which are meant: the first. */
#if !IS_ENABLED(CONFIG_NAT)
#define NO_LL_LEARN "  attr 2:\n"
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NO_LL_LEARN "  attr 2:\n    attr 46: 0100000001000000\n"
#else
#define NO_LL_LEARN "  attr 2:\n    attr 46: 0000000100000001\n"
#endif

static void add_asks_for_what_the_spec_says(void **state)
{
	static const struct link_spec peer = { .name = "eth0", .netns = 9 },
				      peer_here = { .name = "eth0",
						    .netns = -1 },
				      peer_all = { .name = "eth0",
						   .mac = mac,
						   .mtu = 1400,
						   .netns = 9 };
	static const struct {
		struct link_spec spec;
		const char *asked;
	} table[] = {
		{ { .kind = "dummy", .name = "d0" },
		  " 00 00 0000 00000000 00000000 00000000\n"
		  "attr 3: \"d0\"\n"
		  "attr 18:\n"
		  "  attr 1: \"dummy\"\n"
		  "  attr 2:\n" },
		{ { .kind = "bridge",
		    .name = "cni0",
		    .mac = mac,
		    .mtu = 9000,
		    .vlan_filtering = true },
		  " 00 00 0000 00000000 00000000 00000000\n"
		  "attr 3: \"cni0\"\n"
		  "attr 1: 020304050607\n"
		  "attr 4: 00002328\n"
		  "attr 18:\n"
		  "  attr 1: \"bridge\"\n"
		  "  attr 2:\n"
		  "    attr 7: 01\n" },
		{ { .kind = "bridge", .name = "cni0", .no_ll_learn = true },
		  " 00 00 0000 00000000 00000000 00000000\n"
		  "attr 3: \"cni0\"\n"
		  "attr 18:\n"
		  "  attr 1: \"bridge\"\n" NO_LL_LEARN },
		{ { .kind = "veth", .name = "v", .peer = &peer },
		  " 00 00 0000 00000000 00000000 00000000\n"
		  "attr 3: \"v\"\n"
		  "attr 18:\n"
		  "  attr 1: \"veth\"\n"
		  "  attr 2:\n"
		  "    attr 1: 00 00 0000 00000000 00000000 00000000\n"
		  "      attr 3: \"eth0\"\n"
		  "      attr 28: 00000009\n" },
		{ { .kind = "veth", .name = "v", .peer = &peer_here },
		  " 00 00 0000 00000000 00000000 00000000\n"
		  "attr 3: \"v\"\n"
		  "attr 18:\n"
		  "  attr 1: \"veth\"\n"
		  "  attr 2:\n"
		  "    attr 1: 00 00 0000 00000000 00000000 00000000\n"
		  "      attr 3: \"eth0\"\n" },
		{ { .kind = "veth",
		    .name = "v",
		    .master = 7,
		    .peer = &peer_all },
		  " 00 00 0000 00000000 00000000 00000000\n"
		  "attr 3: \"v\"\n"
		  "attr 10: 00000007\n"
		  "attr 18:\n"
		  "  attr 1: \"veth\"\n"
		  "  attr 2:\n"
		  "    attr 1: 00 00 0000 00000000 00000000 00000000\n"
		  "      attr 3: \"eth0\"\n"
		  "      attr 1: 020304050607\n"
		  "      attr 4: 00000578\n"
		  "      attr 28: 00000009\n" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		acks(k, 0);
		assert_int_equal(link_add(&k->nl, &table[i].spec, NULL), 0);
		assert_asked(k, &layout,
			     job_printf(&k->job, "type 16 flags 605:%s",
					table[i].asked));
	}
}

static void kinds_that_are_missing_are_named(void **state)
{
	static const struct link_spec veth = { .kind = "veth", .name = "v" };
	struct kernel *k = *state;

	acks(k, EOPNOTSUPP);
	assert_int_equal(link_add(&k->nl, &veth, NULL), -1);
	assert_string_equal(k->job.msg,
			    "create veth v: the kernel has no veth");
}

static void add_registers_its_inverse_if_it_created(void **state)
{
	static const struct link_spec mine = { .kind = "veth", .name = "v" },
				      shared = { .kind = "bridge",
						 .name = "cni0",
						 .shared = true };
	struct kernel *k = *state;
	bool exists;

	acks(k, EEXIST);
	assert_int_equal(link_add(&k->nl, &mine, &exists), 0);
	assert_true(exists);
	acks(k, 0);
	assert_int_equal(link_add(&k->nl, &shared, &exists), 0);
	assert_false(exists);
	acks(k, EEXIST);
	assert_int_equal(link_add(&k->nl, &mine, NULL), -1);
	assert_string_equal(k->job.msg, "create veth v: File exists");
	undo_run(&k->job);
	k->job.msg = NULL;
	acks(k, 0);
	assert_int_equal(link_add(&k->nl, &mine, &exists), 0);
	assert_false(exists);
	for (int i = 0; i < 5; i++)
		asked(k, &layout);
	acks(k, 0);
	undo_run(&k->job);
	assert_asked(k, &layout,
		     "type 17 flags 005:"
		     " 00 00 0000 00000000 00000000 00000000\n"
		     "attr 3: \"v\"\n");
	assert_asked(k, &layout, "nothing");
}

static void add_without_an_answer_is_undone_if_the_link_is_ours(void **state)
{
	static const uint8_t other[MAC_LEN] = { 2, 3, 4, 5, 6, 8 };
	static const struct link_spec spec = { .kind = "veth",
					       .name = "v",
					       .mac = mac };
	struct kernel *k = *state;

	for (int ours = 0; ours < 2; ours++) {
		struct nlmsghdr *msg;

		assert_int_equal(link_add(&k->nl, &spec, NULL), -1);
		asked(k, &layout);
		msg = says_link(k, 5);
		mnl_attr_put(msg, IFLA_ADDRESS, MAC_LEN, ours ? mac : other);
		kernel_acks(k, k->nl.seq + 1, 0);
		kernel_sends(k);
		if (ours)
			kernel_answers(k, k->nl.seq + 2, 0);
		undo_run(&k->job);
		asked(k, &layout);
		assert_asked(k, &layout,
			     ours ? "type 17 flags 005:"
				    " 00 00 0000 00000000 00000000 00000000\n"
				    "attr 3: \"v\"\n"
				  : "nothing");
	}
}

static void del_of_an_absent_link_is_success(void **state)
{
	struct kernel *k = *state;
	bool existed;

	acks(k, 0);
	assert_int_equal(link_del(&k->nl, "v", &existed), 0);
	assert_true(existed);
	acks(k, ENODEV);
	assert_int_equal(link_del(&k->nl, "v", &existed), 0);
	assert_false(existed);
	acks(k, ENODEV);
	assert_int_equal(link_del(&k->nl, "v", NULL), 0);
	acks(k, EBUSY);
	assert_int_equal(link_del(&k->nl, "v", &existed), -1);
	assert_false(existed);
	assert_string_equal(k->job.msg, "delete v: Device or resource busy");
}

static void many_are_deleted_by_a_group_of_their_own(void **state)
{
	struct link links[] = { { .name = "a", .index = 5 },
				{ .name = "b", .index = 6 } };
	const struct list both = { links, 2 };
	struct kernel *k = *state;
	unsigned group[3];
	const char *asks;

	/* One of them was gone. */
	kernel_acks(k, 2, ENODEV);
	kernel_acks(k, 3, 0);
	kernel_sends(k);
	assert_int_equal(link_del_all(&k->nl, &both), 0);
	asks = asked(k, &layout);
#define GROUP "attr 27: %x\n"
	assert_int_equal(
		sscanf(asks,
		       "type 19 flags 001: 00 00 0000 00000000 00000000 00000000\n"
		       "attr 3: \"a\"\n" GROUP
		       "type 19 flags 001: 00 00 0000 00000000 00000000 00000000\n"
		       "attr 3: \"b\"\n" GROUP
		       "type 17 flags 005: 00 00 0000 00000000 00000000 00000000\n" GROUP,
		       &group[0], &group[1], &group[2]),
		3);
	assert_int_equal(group[0], group[1]);
	assert_int_equal(group[0], group[2]);
	assert_int_equal(group[0], 1U << 29 | 5);
}

static void who_may_not_delete_is_told(void **state)
{
	struct link link = { .name = "a" };
	const struct list one = { &link, 1 }, none = { 0 };
	struct kernel *k = *state;

	assert_int_equal(link_del_all(&k->nl, &none), 0);
	kernel_answers(k, 1, EPERM);
	kernel_answers(k, 2, EPERM);
	assert_int_equal(link_del_all(&k->nl, &one), -1);
	assert_string_equal(k->job.msg,
			    "set the group of a: Operation not permitted");
}

static void random_mac_is_local_and_of_one_host(void **state)
{
	uint8_t one[MAC_LEN], other[MAC_LEN];

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(link_random_macs(NULL, &one, 1), 0);
		assert_int_equal(one[0] & 3, 2);
		assert_int_equal(link_random_macs(NULL, &other, 1), 0);
		assert_memory_not_equal(one, other, MAC_LEN);
	}
}

static void bridge_is_told_not_to_learn_from_reserved_groups(void **state)
{
	static const struct link bridge = { .index = 5,
					    .name = "br0",
					    .kind = "bridge" };
	struct kernel *k = *state;

	acks(k, 0);
	assert_int_equal(link_set_no_ll_learn(&k->nl, &bridge), 0);
	assert_asked(k, &layout,
		     "type 16 flags 005:"
		     " 00 00 0000 00000000 00000000 00000000\n"
		     "attr 3: \"br0\"\n"
		     "attr 18:\n"
		     "  attr 1: \"bridge\"\n" NO_LL_LEARN);
	acks(k, EPERM);
	assert_int_equal(link_set_no_ll_learn(&k->nl, &bridge), -1);
	assert_string_equal(
		k->job.msg,
		"set no_linklocal_learn of br0: Operation not permitted");
}

static void flags_are_set_by_name_without_an_index(void **state)
{
	static const struct link v = { .name = "v" };
	struct kernel *k = *state;

	acks(k, 0);
	assert_int_equal(link_set_flags(&k->nl, &v, IFF_UP, IFF_UP), 0);
	assert_asked(k, &layout,
		     "type 19 flags 005:"
		     " 00 00 0000 00000000 00000001 00000001\n"
		     "attr 3: \"v\"\n");
}

static void settings_are_asked_for(void **state)
{
	static const struct link v = { .index = 5, .name = "v" };
	struct kernel *k = *state;

	for (int i = 0; i < 5; i++)
		kernel_acks(k, (uint32_t)i + 1, 0);
	nl_hold(&k->nl);
	link_set_conf(&k->nl, 5, LINK_ADDR_GEN_NONE);
	link_set_flags(&k->nl, &v, IFF_UP, IFF_UP | IFF_PROMISC);
	link_set_port(&k->nl, &v, true, false);
	link_set_conf(&k->nl, 5, LINK_ARP_NOTIFY);
	link_set_conf(&k->nl, 5, LINK_ROUTE_LOCALNET);
	kernel_sends(k);
	assert_int_equal(nl_release(&k->nl), 0);
	assert_asked(k, &layout,
		     "type 19 flags 001:"
		     " 00 00 0000 00000005 00000000 00000000\n"
		     "attr 26:\n"
		     "  attr 10:\n"
		     "    attr 8: 01\n"
		     "type 19 flags 001:"
		     " 00 00 0000 00000005 00000001 00000101\n"
		     "type 19 flags 001:"
		     " 07 00 0000 00000005 00000000 00000000\n"
		     "attr 12:\n"
		     "  attr 4: 01\n"
		     "  attr 33: 00\n"
		     "type 19 flags 001:"
		     " 00 00 0000 00000005 00000000 00000000\n"
		     "attr 26:\n"
		     "  attr 2:\n"
		     "    attr 1:\n"
		     "      attr 22: 00000001\n"
		     "type 19 flags 005:"
		     " 00 00 0000 00000005 00000000 00000000\n"
		     "attr 26:\n"
		     "  attr 2:\n"
		     "    attr 1:\n"
		     "      attr 26: 00000001\n");
}

static void settings_that_are_refused_are_named(void **state)
{
	static const struct link v = { .index = 5, .name = "v" };
	static const char *const messages[] = {
		"set v up: Operation not permitted",
		"set v down: Operation not permitted",
		"set flags 0x100 of v: Operation not permitted",
		"set hairpin off and isolation on on v: Operation not permitted",
		"set arp_notify of interface 5: Operation not permitted",
		"set route_localnet of interface 5: Operation not permitted",
	};
	struct kernel *k = *state;
	struct nl *nl = &k->nl;

	for (size_t i = 0; i < COUNT(messages); i++) {
		int ret;

		acks(k, EPERM);
		ret = i == 0   ? link_set_flags(nl, &v, IFF_UP, IFF_UP)
		      : i == 1 ? link_set_flags(nl, &v, 0, IFF_UP)
		      : i == 2
			      ? link_set_flags(nl, &v, IFF_PROMISC, IFF_PROMISC)
		      : i == 3 ? link_set_port(nl, &v, false, true)
			       : link_set_conf(nl, 5,
					       i == 4 ? LINK_ARP_NOTIFY
						      : LINK_ROUTE_LOCALNET);
		assert_int_equal(ret, -1);
		assert_string_equal(k->job.msg, messages[i]);
		k->job.msg = NULL;
	}
}

/* With the link of a pod goes the way from 127.0.0.1; its own must be there. Without
 * IPv6 no link has an address of it. */
static void only_a_link_to_localhost_may_be_gone(void **state)
{
	struct kernel *k = *state;

	acks(k, EAFNOSUPPORT);
	assert_int_equal(link_set_conf(&k->nl, 5, LINK_ADDR_GEN_NONE), 0);
	acks(k, ENODEV);
	assert_int_equal(link_set_conf(&k->nl, 5, LINK_ROUTE_LOCALNET), 0);
	acks(k, ENODEV);
	assert_int_equal(link_set_conf(&k->nl, 5, LINK_ARP_NOTIFY), -1);
}

static void mtu_and_queue_are_asked_for(void **state)
{
	static const struct link v = { .index = 5, .name = "v" };
	struct kernel *k = *state;

	acks(k, 0);
	assert_int_equal(link_set_mtu(&k->nl, &v, 1400), 0);
	assert_asked(k, &layout,
		     "type 19 flags 005:"
		     " 00 00 0000 00000005 00000000 00000000\n"
		     "attr 4: 00000578\n");
	acks(k, 0);
	assert_int_equal(link_set_tx_queue(&k->nl, &v, 7), 0);
	assert_asked(k, &layout,
		     "type 19 flags 005:"
		     " 00 00 0000 00000005 00000000 00000000\n"
		     "attr 13: 00000007\n");
	acks(k, EINVAL);
	assert_int_equal(link_set_mtu(&k->nl, &v, 1), -1);
	assert_string_equal(k->job.msg, "set mtu 1 on v: Invalid argument");
	k->job.msg = NULL;
	acks(k, EPERM);
	assert_int_equal(link_set_tx_queue(&k->nl, &v, 7), -1);
	assert_string_equal(
		k->job.msg,
		"set the transmit queue of v to 7: Operation not permitted");
}

static void says_state(struct kernel *k, uint32_t ahead, int operstate)
{
	struct nlmsghdr *msg = says_link(k, 5);

	msg->nlmsg_seq += ahead;
	mnl_attr_put_strz(msg, IFLA_IFNAME, "v");
	mnl_attr_put_u8(msg, IFLA_OPERSTATE, (uint8_t)operstate);
	kernel_acks(k, k->nl.seq + 1 + ahead, 0);
	kernel_sends(k);
}

static void wait_up_reads_the_link_again(void **state)
{
	struct kernel *k = *state;
	struct link v = { .name = "v" };

	says_state(k, 0, OPER_UP);
	assert_int_equal(link_wait_up(&k->nl, &v, 0), 0);
	assert_int_equal(v.index, 5);
	leave_network();
	/* It came up before its events were listened to. */
	says_state(k, 0, OPER_DOWN);
	says_state(k, 1, OPER_UP);
	assert_int_equal(link_wait_up(&k->nl, &v, 0), 0);
}

static void wait_up_is_woken_by_a_change(void **state)
{
	struct kernel *k = *state;
	struct link v = { .name = "v" };
	pid_t child;

	leave_network();
	for (uint32_t i = 0; i < 4; i++)
		says_state(k, i, i == 3 ? OPER_UP : OPER_DOWN);
	child = disturb_network();
	assert_int_equal(link_wait_up(&k->nl, &v, 10000), 0);
	stop_disturbing(child);
	assert_int_equal(v.operstate, OPER_UP);
}

static void wait_up_has_a_limit(void **state)
{
	struct kernel *k = *state;
	struct link v = { .name = "v" };

	leave_network();
	/* More than it asks for, however its time is divided. */
	for (uint32_t i = 0; i < 10; i++)
		says_state(k, i, OPER_DOWN);
	assert_int_equal(link_wait_up(&k->nl, &v, 20), -1);
	assert_string_equal(k->job.msg, "wait for v: not up after 20 ms "
					"(operstate 2)");
}

static void wait_up_tells_of_a_link_that_is_gone(void **state)
{
	struct kernel *k = *state;
	struct link v = { .name = "v" };

	leave_network();
	says_state(k, 0, OPER_DOWN);
	kernel_acks(k, k->nl.seq + 2, ENODEV);
	kernel_sends(k);
	assert_int_equal(link_wait_up(&k->nl, &v, 0), -1);
	assert_string_equal(k->job.msg, "look up interface 5: No such device");
}

static void ports_are_those_of_the_bridge(void **state)
{
	static const int masters[] = { 7, 8, 7, 0 };
	struct kernel *k = *state;
	struct list ports = { .count = 9 };
	struct link *port;

	for (int i = 0; i < 4; i++) {
		struct nlmsghdr *msg = says_link(k, 10 + i);

		if (masters[i])
			mnl_attr_put_u32(msg, IFLA_MASTER,
					 (uint32_t)masters[i]);
		put_port(msg, "bridge");
	}
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(link_list(&k->nl, 7, &ports), 0);
	assert_int_equal(ports.count, 2);
	port = ports.items;
	assert_int_equal(port[0].index, 10);
	assert_int_equal(port[1].index, 12);
	assert_true(port[1].hairpin);
	assert_asked(k, &layout,
		     "type 18 flags 301:"
		     " 00 00 0000 00000000 00000000 00000000\n"
		     "attr 10: 00000007\n"
		     "attr 29: 00000008\n");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(find_reads_all_attributes),
		TEST(find_does_without_attributes),
		TEST(find_tells_whether_a_router_is_heard),
		TEST(find_tells_whether_127_is_routed),
		TEST(find_tells_whether_a_bridge_learns_from_reserved_groups),
		TEST(probe_asks_for_what_cannot_be_made),
		TEST(bridge_is_told_not_to_learn_from_reserved_groups),
		TEST(flags_are_set_by_name_without_an_index),
		TEST(absent_is_an_answer_for_find_and_an_error_for_get),
		TEST(get_index_asks_by_index),
		TEST(add_asks_for_what_the_spec_says),
		TEST(kinds_that_are_missing_are_named),
		TEST(add_registers_its_inverse_if_it_created),
		TEST(add_without_an_answer_is_undone_if_the_link_is_ours),
		TEST(del_of_an_absent_link_is_success),
		TEST(many_are_deleted_by_a_group_of_their_own),
		TEST(who_may_not_delete_is_told),
		TEST(random_mac_is_local_and_of_one_host),
		TEST(settings_are_asked_for),
		TEST(only_a_link_to_localhost_may_be_gone),
		TEST(mtu_and_queue_are_asked_for),
		TEST(settings_that_are_refused_are_named),
		TEST(wait_up_reads_the_link_again),
		TEST(wait_up_is_woken_by_a_change),
		TEST(wait_up_has_a_limit),
		TEST(wait_up_tells_of_a_link_that_is_gone),
		TEST(ports_are_those_of_the_bridge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
