/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel/neigh.h"

#include "tests/unit/netlink.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

static const struct link v0 = { .index = 5, .name = "v0" };

/* Types: 28 RTM_NEWNEIGH, 29 RTM_DELNEIGH, 30 RTM_GETNEIGH. */
static const struct layout layout = { "1124211", " 8 ", NULL };

static struct neigh neigh(int table, const char *ip)
{
	struct neigh out = { .table = table, .mac = { 2, 0x43, 1, 2, 3, 4 } };

	assert_true(ip_parse(ip, &out.ip));
	return out;
}

static void entries_are_set_and_deleted(void **state)
{
	static const struct {
		int table;
		const char *ip, *text, *asked;
	} table[] = {
		{ NEIGH_V4, "192.0.2.2",
		  "neigh 192.0.2.2 lladdr 02:43:01:02:03:04 dev v0",
		  " 02 00 0000 00000005 0080 00 00\n"
		  "attr 1: c0000202\n"
		  "attr 2: 024301020304\n" },
		{ NEIGH_V6, "fe80::1",
		  "neigh fe80::1 lladdr 02:43:01:02:03:04 dev v0",
		  " 0a 00 0000 00000005 0080 00 00\n"
		  "attr 1: fe800000000000000000000000000001\n"
		  "attr 2: 024301020304\n" },
		{ NEIGH_FDB, "192.0.2.2",
		  "fdb 02:43:01:02:03:04 dev v0 dst 192.0.2.2",
		  " 07 00 0000 00000005 0080 02 00\n"
		  "attr 1: c0000202\n"
		  "attr 2: 024301020304\n" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct neigh entry = neigh(table[i].table, table[i].ip);

		assert_string_equal(neigh_text(&k->job, &v0, &entry),
				    table[i].text);
		kernel_answers(k, k->nl.seq + 1, 0);
		assert_int_equal(neigh_set(&k->nl, NL_REPLACE, &v0, &entry), 0);
		assert_asked(k, &layout,
			     job_printf(&k->job, "type 28 flags 505:%s",
					table[i].asked));
		kernel_answers(k, k->nl.seq + 1, i ? ENOENT : ENODEV);
		assert_int_equal(neigh_set(&k->nl, NL_DELETE, &v0, &entry), 0);
		assert_asked(k, &layout,
			     job_printf(&k->job, "type 29 flags 005:%s",
					table[i].asked));
	}
}

static void says(struct kernel *k, const struct neigh *entry, int index,
		 int neigh_state, size_t ip_len, size_t mac_len)
{
	struct ndmsg head = { .ndm_family = (uint8_t)entry->table,
			      .ndm_ifindex = index,
			      .ndm_state = (uint16_t)neigh_state };
	struct nlmsghdr *msg = kernel_says(k, 1, RTM_NEWNEIGH, NLM_F_MULTI,
					   &head, sizeof(head));

	mnl_attr_put(msg, NDA_DST, ip_len, entry->ip.bytes);
	if (mac_len)
		mnl_attr_put(msg, NDA_LLADDR, mac_len, entry->mac);
}

static void only_permanent_entries_of_the_link_are_read(void **state)
{
	struct neigh entry = neigh(NEIGH_FDB, "192.0.2.2");
	struct neigh other = neigh(NEIGH_V4, "192.0.2.3");
	struct kernel *k = *state;
	const struct neigh *got;
	struct list list = { 0 };

	says(k, &entry, 5, NUD_PERMANENT, 4, MAC_LEN);
	says(k, &entry, 6, NUD_PERMANENT, 4, MAC_LEN);
	says(k, &entry, 5, NUD_REACHABLE, 4, MAC_LEN);
	says(k, &entry, 5, NUD_PERMANENT, 3, MAC_LEN);
	says(k, &entry, 5, NUD_PERMANENT, 4, 5);
	says(k, &entry, 5, NUD_PERMANENT, 4, 0);
	says(k, &other, 5, NUD_PERMANENT, 4, MAC_LEN);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(neigh_list(&k->nl, &v0, NEIGH_FDB, &list), 0);
	assert_asked(k, &layout,
		     "type 30 flags 301: 07 00 0000 00000000 0000 00 00\n"
		     "attr 8: 00000005\n");
	assert_int_equal(list.count, 1);
	got = list.items;
	assert_int_equal(got->table, NEIGH_FDB);
	assert_int_equal(ip_compare(&got->ip, &entry.ip), 0);
	assert_memory_equal(got->mac, entry.mac, MAC_LEN);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(entries_are_set_and_deleted),
		TEST(only_permanent_entries_of_the_link_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
