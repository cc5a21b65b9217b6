/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>

#include "core/kernel/link.h"
#include "core/kernel/vxlan.h"

#include "tests/unit/netlink.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

/* Types: 16 RTM_NEWLINK, 18 RTM_GETLINK. */
static const struct layout layout = { "112444", " 29 18.2.1 18.2.7 ", NULL };

static struct vxlan vxlan(const char *local)
{
	struct vxlan out = { .vni = 67, .port = 4789 };

	assert_true(ip_parse(local, &out.local));
	return out;
}

static void a_device_is_created(void **state)
{
	static const char *const table[][2] = {
		{ "192.0.2.1", "    attr 4: c0000201\n" },
		{ "2001:db8::1",
		  "    attr 17: 20010db8000000000000000000000001\n" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct vxlan wanted = vxlan(table[i][0]);
		struct link_spec spec = { .kind = "vxlan",
					  .name = "v0",
					  .shared = true,
					  .vxlan = &wanted };

		kernel_answers(k, k->nl.seq + 1, 0);
		assert_int_equal(link_add(&k->nl, &spec, NULL), 0);
		assert_asked(
			k, &layout,
			job_printf(
				&k->job,
				"type 16 flags 605: 00 00 0000 00000000 00000000 00000000\n"
				"attr 3: \"v0\"\n"
				"attr 18:\n"
				"  attr 1: \"vxlan\"\n"
				"  attr 2:\n"
				"    attr 1: 00000043\n"
				"%s"
				"    attr 15: 12b5\n"
				"    attr 7: 00\n",
				table[i][1]));
	}
}

static void says_device(struct kernel *k, const struct vxlan *have)
{
	struct ifinfomsg head = { 0 };
	struct nlmsghdr *msg = kernel_says(k, k->nl.seq + 1, RTM_NEWLINK, 0,
					   &head, sizeof(head));
	struct nlattr *info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	struct nlattr *data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);

	mnl_attr_put_u32(msg, IFLA_VXLAN_ID, (uint32_t)have->vni);
	mnl_attr_put_u16(msg, IFLA_VXLAN_PORT, htons((uint16_t)have->port));
	mnl_attr_put_u8(msg, IFLA_VXLAN_LEARNING, have->learning);
	mnl_attr_put(msg,
		     have->local.family == AF_INET ? IFLA_VXLAN_LOCAL
						   : IFLA_VXLAN_LOCAL6,
		     ip_size(have->local.family), have->local.bytes);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
	kernel_sends(k);
}

static void a_device_is_read(void **state)
{
	static const char *const locals[] = { "192.0.2.1", "2001:db8::1" };
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(locals); i++) {
		struct vxlan have = vxlan(locals[i]), got;

		have.learning = i;
		says_device(k, &have);
		assert_int_equal(vxlan_get(&k->nl, "v0", &got), 0);
		assert_asked(
			k, &layout,
			"type 18 flags 001: 00 00 0000 00000000 00000000 00000000\n"
			"attr 3: \"v0\"\n"
			"attr 29: 00000008\n");
		assert_int_equal(got.vni, 67);
		assert_int_equal(got.port, 4789);
		assert_int_equal(got.learning, i);
		assert_int_equal(ip_compare(&got.local, &have.local), 0);
	}
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_device_is_created),
		TEST(a_device_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
