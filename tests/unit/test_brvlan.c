/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel/brvlan.h"

#include "tests/unit/netlink.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

enum {
	ALONE = 0,
	NATIVE = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED,
	BEGIN = BRIDGE_VLAN_INFO_RANGE_BEGIN,
	END = BRIDGE_VLAN_INFO_RANGE_END,
	SHORT = 0x8000, /* one byte less of it */
};

static const struct link port = { .index = 5, .name = "v" };

/* Types: 17 RTM_DELLINK, 18 RTM_GETLINK, 19 RTM_SETLINK. */
static const struct layout layout = {
	.head = "112444",
	.numbers = " 29 ",
};

/* From first to last, unless that is 0. */
struct range {
	int first, last;
};

static struct brvlan of(const struct range *ranges, int native)
{
	struct brvlan vlans = { .native = native };

	for (; ranges->first; ranges++) {
		for (int id = ranges->first; id <= ranges->last; id++)
			brvlan_put(&vlans, id);
	}
	return vlans;
}

static void assert_has(const struct brvlan *vlans, const struct range *ranges,
		       int native)
{
	struct brvlan expected = of(ranges, native);

	for (int id = 1; id <= VLAN_MAX; id++) {
		if (brvlan_has(vlans, id) != brvlan_has(&expected, id))
			fail_msg("%d is %d", id, brvlan_has(vlans, id));
	}
	assert_int_equal(vlans->native, native);
}

static void sets_hold_what_was_put(void **state)
{
	static const int ids[] = { 1, 7, 8, 4094 };
	struct brvlan vlans = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++)
		brvlan_put(&vlans, ids[i]);
	for (int id = 0, i = 0; id <= VLAN_MAX + 1; id++) {
		assert_int_equal(brvlan_has(&vlans, id), id == ids[i]);
		i += id == ids[i] && i < 3;
	}
}

/* ---- what is asked ---- */

/* The flags and the id as the kernel has them, in host order. */
static const char *info(struct job *job, const char *text)
{
	struct bridge_vlan_info value;
	unsigned flags, id;
	struct str out = { .job = job };
	int eaten;

	for (; sscanf(text, " %x/%u%n", &flags, &id, &eaten) == 2;
	     text += eaten) {
		value = (struct bridge_vlan_info) { (uint16_t)flags,
						    (uint16_t)id };
		str_add(&out, "  attr 2: ");
		for (size_t i = 0; i < sizeof(value); i++)
			str_printf(&out, "%02x", ((uint8_t *)&value)[i]);
		str_add(&out, "\n");
	}
	return out.text ? out.text : "";
}

#define HEAD(type, ack)                                                        \
	"type " type " flags 00" ack                                           \
	": 07 00 0000 00000005 00000000 00000000\n"                            \
	"attr 26:\n"

static void vlans_are_set_as_ranges(void **state)
{
	/* Flags, in hexadecimal, and id: 8 begins a range, 10 ends it, 6 is the
	 * native one. */
	static const struct {
		struct range ranges[4];
		int native;
		const char *infos;
	} table[] = {
		{ { { 0 } }, 0, "" },
		{ { { 7, 7 } }, 0, "0/7" },
		{ { { 7, 8 } }, 0, "8/7 10/8" },
		{ { { 1, 4094 } }, 0, "8/1 10/4094" },
		{ { { 4094, 4094 } }, 0, "0/4094" },
		{ { { 4093, 4094 } }, 0, "8/4093 10/4094" },
		{ { { 2, 4 }, { 6, 6 }, { 8, 9 } },
		  0,
		  "8/2 10/4 0/6 8/8 10/9" },
		{ { { 0 } }, 5, "6/5" },
		{ { { 5, 5 } }, 5, "6/5" },
		{ { { 7, 9 } }, 5, "8/7 10/9 6/5" },
		{ { { 3, 9 } }, 5, "8/3 10/4 8/6 10/9 6/5" },
		{ { { 4, 6 } }, 5, "0/4 0/6 6/5" },
		{ { { 4, 5 } }, 5, "0/4 6/5" },
		{ { { 4093, 4094 } }, 4094, "0/4093 6/4094" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct brvlan vlans = of(table[i].ranges, table[i].native);

		kernel_answers(k, k->nl.seq + 1, 0);
		assert_int_equal(brvlan_set(&k->nl, &port, &vlans, true), 0);
		assert_asked(k, &layout,
			     job_printf(&k->job, HEAD("19", "5") "%s",
					info(&k->job, table[i].infos)));
		assert_asked(k, &layout, "nothing");
	}
}

static void others_are_removed_first_unless_kept(void **state)
{
	struct kernel *k = *state;
	struct brvlan vlans = of((struct range[]) { { 7, 7 }, { 0 } }, 5);

	kernel_acks(k, 1, 0);
	kernel_acks(k, 2, 0);
	kernel_sends(k);
	assert_int_equal(brvlan_set(&k->nl, &port, &vlans, false), 0);
	assert_asked(k, &layout,
		     job_printf(&k->job,
				HEAD("17", "1") "%s" HEAD("19", "5") "%s",
				info(&k->job, "8/1 10/4094"),
				info(&k->job, "0/7 6/5")));
}

static void refusals_name_the_port(void **state)
{
	static const int errors[][2] = { { EPERM, 0 }, { 0, EOPNOTSUPP } };
	static const char *const messages[] = {
		"remove the VLANs of v: Operation not permitted",
		"set the VLANs of v: Operation not supported",
	};
	struct brvlan vlans = { .native = 5 };
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(errors); i++) {
		kernel_acks(k, k->nl.seq + 1, errors[i][0]);
		kernel_acks(k, k->nl.seq + 2, errors[i][1]);
		kernel_sends(k);
		assert_int_equal(brvlan_set(&k->nl, &port, &vlans, false), -1);
		assert_string_equal(k->job.msg, messages[i]);
		k->job.msg = NULL;
	}
}

/* ---- what is there ---- */

/* A port with these flags and ids, the last of which has the flags -1. */
static void says_vlans(struct kernel *k, int index, const int infos[][2])
{
	struct ifinfomsg head = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	struct nlmsghdr *msg = kernel_says(k, k->nl.seq + 1, RTM_NEWLINK, 0,
					   &head, sizeof(head));
	struct nlattr *spec = mnl_attr_nest_start(msg, IFLA_AF_SPEC);
	size_t len = sizeof(struct bridge_vlan_info);

	mnl_attr_put_u16(msg, IFLA_BRIDGE_FLAGS, 99);
	for (; infos[0][0] >= 0; infos++) {
		struct bridge_vlan_info value = { (uint16_t)infos[0][0],
						  (uint16_t)infos[0][1] };

		mnl_attr_put(msg, IFLA_BRIDGE_VLAN_INFO,
			     infos[0][0] == SHORT ? len - 1 : len, &value);
	}
	mnl_attr_nest_end(msg, spec);
}

static void vlans_are_read_from_ranges(void **state)
{
	static const struct {
		int infos[6][2];
		struct range ranges[5];
		int native;
	} table[] = {
		{ { { -1 } }, { { 0 } }, 0 },
		{ { { ALONE, 7 }, { -1 } }, { { 7, 7 } }, 0 },
		{ { { NATIVE, 1 }, { -1 } }, { { 1, 1 } }, 1 },
		{ { { BEGIN, 7 }, { END, 9 }, { -1 } }, { { 7, 9 } }, 0 },
		{ { { BEGIN, 1 }, { END, 4094 }, { -1 } }, { { 1, 4094 } }, 0 },
		{ { { NATIVE, 1 },
		    { BEGIN, 3 },
		    { END, 4 },
		    { ALONE, 6 },
		    { BRIDGE_VLAN_INFO_UNTAGGED, 8 },
		    { -1 } },
		  { { 1, 1 }, { 3, 4 }, { 6, 6 }, { 8, 8 } },
		  1 },
		/* What is no id, too short, or has no beginning. */
		{ { { ALONE, 4095 }, { ALONE, 65535 }, { ALONE, 7 }, { -1 } },
		  { { 7, 7 } },
		  0 },
		{ { { BEGIN, 7 }, { END, 4095 }, { -1 } }, { { 7, 7 } }, 0 },
		{ { { SHORT, 3 }, { ALONE, 7 }, { -1 } }, { { 7, 7 } }, 0 },
		{ { { END, 9 }, { -1 } }, { { 9, 9 } }, 0 },
		{ { { BEGIN, 9 }, { END, 7 }, { -1 } }, { { 9, 9 } }, 0 },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct brvlan vlans = { { 0xff }, 9 };

		says_vlans(k, 5, table[i].infos);
		kernel_ends(k, k->nl.seq + 1, 0, 0);
		kernel_sends(k);
		assert_int_equal(brvlan_get(&k->nl, &port, &vlans), 0);
		assert_has(&vlans, table[i].ranges, table[i].native);
	}
}

static void vlans_of_other_ports_are_passed_over(void **state)
{
	static const int own[][2] = { { BEGIN, 7 }, { -1 } };
	static const int rest[][2] = { { END, 9 }, { -1 } };
	static const int other[][2] = { { NATIVE, 8 }, { -1 } };
	static const struct range ranges[] = { { 7, 9 }, { 0 } };
	struct ifinfomsg head = { .ifi_family = AF_BRIDGE, .ifi_index = 5 };
	struct kernel *k = *state;
	struct brvlan vlans;

	says_vlans(k, 4, other);
	says_vlans(k, 5, own);
	says_vlans(k, 6, other);
	says_vlans(k, 5, rest);
	/* One that has none. */
	kernel_says(k, 1, RTM_NEWLINK, 0, &head, sizeof(head));
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(brvlan_get(&k->nl, &port, &vlans), 0);
	assert_has(&vlans, ranges, 0);
	assert_asked(k, &layout,
		     "type 18 flags 301:"
		     " 07 00 0000 00000000 00000000 00000000\n"
		     "attr 29: 00000004\n");
}

static void get_that_is_refused_is_an_error(void **state)
{
	struct brvlan vlans = { .native = 3 };
	struct kernel *k = *state;

	kernel_ends(k, 1, 0, EOPNOTSUPP);
	kernel_sends(k);
	assert_int_equal(brvlan_get(&k->nl, &port, &vlans), -1);
	assert_string_equal(k->job.msg,
			    "list the VLANs of v: Operation not supported");
	assert_int_equal(vlans.native, 0);
}

/* ---- with the kernel itself ---- */

static void kernel_gives_back_what_was_set(void **state)
{
	static const struct {
		struct range set[3];
		int native;
		bool keep;
		struct range get[4];
		int native_then;
	} table[] = {
		/* The kernel's default is the native 1. */
		{ { { 0 } }, 0, true, { { 1, 1 } }, 1 },
		{ { { 0 } }, 0, false, { { 0 } }, 0 },
		{ { { 7, 9 } }, 5, true, { { 5, 5 }, { 7, 9 } }, 5 },
		{ { { 20, 20 } },
		  0,
		  true,
		  { { 5, 5 }, { 7, 9 }, { 20, 20 } },
		  5 },
		{ { { 1, 4094 } }, 100, false, { { 1, 4094 } }, 100 },
		{ { { 30, 31 } }, 31, false, { { 30, 31 } }, 31 },
	};
	static const struct link_spec bridge = { .kind = "bridge",
						 .name = "br0",
						 .vlan_filtering = true },
				      peer = { .name = "v1", .netns = -1 };
	struct link_spec veth = { .kind = "veth", .name = "v", .peer = &peer };
	struct kernel *k = *state;
	struct brvlan vlans;
	struct link link;

	leave_network();
	nl_close(&k->nl);
	nl_init(&k->nl, &k->job, -1, NETLINK_ROUTE);
	if (link_add(&k->nl, &bridge, NULL) < 0) {
		print_message("%s\n", k->job.msg);
		skip();
	}
	assert_int_equal(link_get(&k->nl, "br0", &link), 0);
	veth.master = link.index;
	assert_int_equal(link_add(&k->nl, &veth, NULL), 0);
	assert_int_equal(link_get(&k->nl, "v", &link), 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		vlans = of(table[i].set, table[i].native);
		assert_int_equal(
			brvlan_set(&k->nl, &link, &vlans, table[i].keep), 0);
		assert_int_equal(brvlan_get(&k->nl, &link, &vlans), 0);
		assert_has(&vlans, table[i].get, table[i].native_then);
	}
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(sets_hold_what_was_put),
		TEST(vlans_are_set_as_ranges),
		TEST(others_are_removed_first_unless_kept),
		TEST(refusals_name_the_port),
		TEST(vlans_are_read_from_ranges),
		TEST(vlans_of_other_ports_are_passed_over),
		TEST(get_that_is_refused_is_an_error),
		TEST(kernel_gives_back_what_was_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
