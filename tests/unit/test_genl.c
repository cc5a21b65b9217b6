/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel/genl.h"

#include "tests/unit/netlink.h"

#include <linux/genetlink.h>

static const struct layout layout = { "112", " 1 " };

static const struct genlmsghdr head = { .cmd = CTRL_CMD_NEWFAMILY,
					.version = 2 };

/* The kernel knows families by numbers that it gives away. */
static void family_is_asked_for_by_name(void **state)
{
	struct kernel *k = *state;
	struct nlmsghdr *msg;
	int number;

	msg = kernel_says(k, 1, GENL_ID_CTRL, 0, &head, sizeof(head));
	mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, "wireguard");
	mnl_attr_put_u16(msg, CTRL_ATTR_FAMILY_ID, 0x1f);
	kernel_sends(k);
	assert_int_equal(genl_family(&k->nl, "wireguard", &number), 0);
	assert_int_equal(number, 0x1f);
	assert_asked(k, &layout,
		     "type 16 flags 001: 03 01 0000\n"
		     "attr 2: \"wireguard\"\n");
}

static void missing_family_is_named(void **state)
{
	struct kernel *k = *state;
	int number;

	kernel_answers(k, 1, ENOENT);
	assert_int_equal(genl_family(&k->nl, "wireguard", &number), -1);
	assert_string_equal(k->job.msg,
			    "look for wireguard: the kernel has no wireguard");
}

static void answer_without_a_number_is_an_error(void **state)
{
	struct kernel *k = *state;
	int number;

	kernel_says(k, 1, GENL_ID_CTRL, 0, &head, sizeof(head));
	kernel_sends(k);
	assert_int_equal(genl_family(&k->nl, "wireguard", &number), -1);
	assert_string_equal(k->job.msg, "look for wireguard: no number");
}

static void request_to_a_family_is_begun(void **state)
{
	struct kernel *k = *state;

	kernel_answers(k, 1, 0);
	genl_begin(&k->nl, 0x1f, 7, 3, NLM_F_ACK);
	nl_put_u16(&k->nl, 1, 0x1234);
	assert_int_equal(nl_talk(&k->nl, "ask"), 0);
	assert_asked(k, &layout,
		     "type 31 flags 005: 07 03 0000\n"
		     "attr 1: 1234\n");
}

/* The family that is always there. */
static void real_kernel_is_asked(void **state)
{
	struct kernel *k = *state;
	struct nl nl;
	int number;

	genl_init(&nl, &k->job, -1);
	assert_int_equal(genl_family(&nl, "nlctrl", &number), 0);
	assert_int_equal(number, GENL_ID_CTRL);
	assert_int_equal(genl_family(&nl, "cnibox-none", &number), -1);
	assert_string_equal(
		k->job.msg,
		"look for cnibox-none: the kernel has no cnibox-none");
	nl_close(&nl);
}

#define KERNEL_TEST(f)                                                         \
	cmocka_unit_test_setup_teardown(f, kernel_set_up, kernel_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KERNEL_TEST(family_is_asked_for_by_name),
		KERNEL_TEST(missing_family_is_named),
		KERNEL_TEST(answer_without_a_number_is_an_error),
		KERNEL_TEST(request_to_a_family_is_begun),
		KERNEL_TEST(real_kernel_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
