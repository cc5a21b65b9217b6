/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel/addr.h"

#include "tests/unit/netlink.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

static const struct link eth0 = { .index = 5, .name = "eth0" };

/* Types: 20 RTM_NEWADDR, 21 RTM_DELADDR, 22 RTM_GETADDR. */
static const struct layout layout = { "11114", " 8 ", NULL };

static struct prefix prefix(const char *text)
{
	struct prefix out;

	assert_true(prefix_parse(text, &out));
	return out;
}

static void add_refuses_ipv4_in_the_form_of_ipv6(void **state)
{
	struct kernel *k = *state;
	struct prefix mapped = prefix("::ffff:10.1.2.9/120");

	/* Without IPv6 no such address gets as far as here. */
	if (!IS_ENABLED(CONFIG_IPV6))
		skip();
	assert_int_equal(addr_add(&k->nl, &eth0, &mapped, 0, NULL), -1);
	assert_string_equal(
		k->job.msg,
		"add 10.1.2.9/24 to eth0: IPv4 in the form of IPv6");
}

static void add_asks_for_the_address(void **state)
{
	static const struct {
		const char *prefix;
		unsigned flags;
		const char *asked;
	} table[] = {
		{ "10.1.2.3/24", 0,
		  " 02 18 00 00 00000005\n"
		  "attr 2: 0a010203\n"
		  "attr 1: 0a010203\n"
		  "attr 8: 00000000\n"
		  "attr 4: 0a0102ff\n" },
		{ "10.1.2.3/24", ADDR_DAD,
		  " 02 18 00 00 00000005\n"
		  "attr 2: 0a010203\n"
		  "attr 1: 0a010203\n"
		  "attr 8: 00000000\n"
		  "attr 4: 0a0102ff\n" },
		{ "10.1.2.3/30", 0,
		  " 02 1e 00 00 00000005\n"
		  "attr 2: 0a010203\n"
		  "attr 1: 0a010203\n"
		  "attr 8: 00000000\n"
		  "attr 4: 0a010203\n" },
		{ "10.1.2.3/31", 0,
		  " 02 1f 00 00 00000005\n"
		  "attr 2: 0a010203\n"
		  "attr 1: 0a010203\n"
		  "attr 8: 00000000\n" },
		{ "10.1.2.3/32", 0,
		  " 02 20 00 00 00000005\n"
		  "attr 2: 0a010203\n"
		  "attr 1: 0a010203\n"
		  "attr 8: 00000000\n" },
		{ "fd00::3/64", 0,
		  " 0a 40 00 00 00000005\n"
		  "attr 2: fd000000000000000000000000000003\n"
		  "attr 1: fd000000000000000000000000000003\n"
		  "attr 8: 00000002\n" },
		{ "fd00::3/128", ADDR_DAD,
		  " 0a 80 00 00 00000005\n"
		  "attr 2: fd000000000000000000000000000003\n"
		  "attr 1: fd000000000000000000000000000003\n"
		  "attr 8: 00000000\n" },
		{ "10.1.2.3/24", ADDR_NO_ROUTE,
		  " 02 18 00 00 00000005\n"
		  "attr 2: 0a010203\n"
		  "attr 1: 0a010203\n"
		  "attr 8: 00000200\n"
		  "attr 4: 0a0102ff\n" },
		{ "fd00::3/64", ADDR_NO_ROUTE,
		  " 0a 40 00 00 00000005\n"
		  "attr 2: fd000000000000000000000000000003\n"
		  "attr 1: fd000000000000000000000000000003\n"
		  "attr 8: 00000202\n" },
		{ "fd00::3/64", ADDR_NO_ROUTE | ADDR_DAD,
		  " 0a 40 00 00 00000005\n"
		  "attr 2: fd000000000000000000000000000003\n"
		  "attr 1: fd000000000000000000000000000003\n"
		  "attr 8: 00000200\n" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct prefix p = prefix(table[i].prefix);

		kernel_answers(k, k->nl.seq + 1, 0);
		assert_int_equal(
			addr_add(&k->nl, &eth0, &p, table[i].flags, NULL), 0);
		assert_asked(k, &layout,
			     job_printf(&k->job, "type 20 flags 605:%s",
					table[i].asked));
	}
}

static void add_tells_that_it_exists_if_asked(void **state)
{
	struct kernel *k = *state;
	struct prefix p = prefix("10.1.2.3/24");
	bool exists;

	kernel_answers(k, 1, EEXIST);
	assert_int_equal(addr_add(&k->nl, &eth0, &p, 0, &exists), 0);
	assert_true(exists);
	kernel_answers(k, 2, 0);
	assert_int_equal(addr_add(&k->nl, &eth0, &p, 0, &exists), 0);
	assert_false(exists);
	kernel_answers(k, 3, EEXIST);
	assert_int_equal(addr_add(&k->nl, &eth0, &p, 0, NULL), -1);
	assert_string_equal(k->job.msg,
			    "add address 10.1.2.3/24 to eth0: File exists");
}

static void add_tells_that_there_is_no_ipv6(void **state)
{
	struct prefix address = prefix("fd00::3/64");
	struct kernel *k = *state;

	kernel_answers(k, 1, EOPNOTSUPP);
	assert_int_equal(addr_add(&k->nl, &eth0, &address, 0, NULL), -1);
	assert_string_equal(
		k->job.msg,
		"add address fd00::3/64 to eth0: the kernel has no IPv6");
}

static void del_of_an_absent_address_is_success(void **state)
{
	static const int errors[] = { 0, EADDRNOTAVAIL, ENODEV };
	struct kernel *k = *state;
	struct prefix p = prefix("10.1.2.3/24");

	for (size_t i = 0; i < COUNT(errors); i++) {
		kernel_answers(k, k->nl.seq + 1, errors[i]);
		assert_int_equal(addr_del(&k->nl, &eth0, &p), 0);
		assert_asked(k, &layout,
			     "type 21 flags 005: 02 18 00 00 00000005\n"
			     "attr 2: 0a010203\n"
			     "attr 1: 0a010203\n");
	}
	kernel_answers(k, k->nl.seq + 1, EPERM);
	assert_int_equal(addr_del(&k->nl, &eth0, &p), -1);
	assert_string_equal(k->job.msg, "delete address 10.1.2.3/24 from "
					"eth0: Operation not permitted");
}

/* The address in the datagram; NULL for an attribute leaves it out. */
static struct nlmsghdr *says_addr(struct kernel *k, uint32_t seq, int index,
				  const char *local, const char *address)
{
	struct prefix p = prefix(local ? local : address);
	struct ifaddrmsg head = {
		.ifa_family = (uint8_t)p.ip.family,
		.ifa_prefixlen = (uint8_t)p.len,
		.ifa_index = (uint32_t)index,
		.ifa_scope = ip_is_link_local(&p.ip) ? RT_SCOPE_LINK : 0,
	};
	struct nlmsghdr *msg = kernel_says(k, seq, RTM_NEWADDR, NLM_F_MULTI,
					   &head, sizeof(head));

	if (address) {
		p = prefix(address);
		mnl_attr_put(msg, IFA_ADDRESS, ip_size(p.ip.family),
			     p.ip.bytes);
	}
	if (local) {
		p = prefix(local);
		mnl_attr_put(msg, IFA_LOCAL, ip_size(p.ip.family), p.ip.bytes);
	}
	return msg;
}

static void list_reads_addresses_of_the_link(void **state)
{
	struct kernel *k = *state;
	struct ifaddrmsg odd = { .ifa_family = AF_UNIX, .ifa_index = 5 };
	struct list list = { .count = 9 };
	struct nlmsghdr *msg;
	const char *all = "";

	says_addr(k, 1, 5, "10.1.2.3/24", "10.1.2.3/24");
	says_addr(k, 1, 6, "10.1.2.4/24", "10.1.2.4/24");
	says_addr(k, 1, 5, "10.1.2.5/32", "10.9.9.9/32");
	says_addr(k, 1, 5, NULL, "fd00::3/64");
	says_addr(k, 1, 5, NULL, "fe80::1/64");
	/* No address, too short a one, one of a strange family. */
	says_addr(k, 1, 5, "10.1.2.6/24", NULL)->nlmsg_len = 24;
	odd.ifa_family = AF_INET;
	msg = kernel_says(k, 1, RTM_NEWADDR, NLM_F_MULTI, &odd, sizeof(odd));
	mnl_attr_put_u16(msg, IFA_LOCAL, 1);
	odd.ifa_family = AF_UNIX;
	msg = kernel_says(k, 1, RTM_NEWADDR, NLM_F_MULTI, &odd, sizeof(odd));
	mnl_attr_put_u32(msg, IFA_LOCAL, 1);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(addr_list(&k->nl, &eth0, AF_INET, &list), 0);
	for (size_t i = 0; i < list.count; i++) {
		const struct addr *addr = (struct addr *)list.items + i;
		char text[PREFIX_TEXT];

		all = job_printf(&k->job, "%s%s%s ", all,
				 prefix_print(&addr->prefix, text),
				 addr->link_local ? "(link)" : "");
	}
	assert_string_equal(all, "10.1.2.3/24 10.1.2.5/32 fd00::3/64 "
				 "fe80::1/64(link) ");
	assert_asked(k, &layout, "type 22 flags 301: 02 00 00 00 00000005\n");
}

/* One answer with an address in this state. old: by kernels and for addresses
 * that tell it in the header only. */
static void says_dad(struct kernel *k, uint32_t seq, uint32_t flags, bool old)
{
	struct nlmsghdr *msg = says_addr(k, seq, 5, NULL, "fd00::3/64");
	struct ifaddrmsg *head = mnl_nlmsg_get_payload(msg);

	head->ifa_flags = (uint8_t)(old ? flags : 0xff & ~flags);
	if (!old)
		mnl_attr_put_u32(msg, IFA_FLAGS, flags);
	says_addr(k, seq, 5, NULL, "fd00::4/64");
	msg = says_addr(k, seq, 6, NULL, "fd00::5/64");
	mnl_attr_put_u32(msg, IFA_FLAGS, IFA_F_TENTATIVE | IFA_F_DADFAILED);
	kernel_ends(k, seq, 0, 0);
	kernel_sends(k);
}

static void wait_dad_ends_when_nothing_is_tentative(void **state)
{
	struct kernel *k = *state;

	leave_network();
	says_dad(k, 1, IFA_F_PERMANENT, false);
	assert_int_equal(addr_wait_dad(&k->nl, &eth0, 0), 0);
	assert_asked(k, &layout, "type 22 flags 301: 0a 00 00 00 00000005\n");
	says_dad(k, 2, IFA_F_PERMANENT, true);
	assert_int_equal(addr_wait_dad(&k->nl, &eth0, 0), 0);
}

static void wait_dad_is_woken_by_a_change(void **state)
{
	struct kernel *k = *state;
	pid_t child;

	leave_network();
	says_dad(k, 1, IFA_F_TENTATIVE | IFA_F_PERMANENT, false);
	says_dad(k, 2, IFA_F_TENTATIVE, true);
	says_dad(k, 3, IFA_F_PERMANENT, false);
	child = disturb_network();
	assert_int_equal(addr_wait_dad(&k->nl, &eth0, 10000), 0);
	stop_disturbing(child);
	assert_int_equal(k->nl.seq, 3);
}

static void wait_dad_finds_a_duplicate(void **state)
{
	struct kernel *k = *state;

	for (uint32_t i = 1; i <= 2; i++) {
		says_dad(k, i, IFA_F_DADFAILED | IFA_F_TENTATIVE, i == 1);
		assert_int_equal(addr_wait_dad(&k->nl, &eth0, 60000), -1);
		assert_string_equal(k->job.msg, "settle addresses of eth0: "
						"another host has fd00::3");
		k->job.msg = NULL;
	}
}

static void wait_dad_has_a_limit(void **state)
{
	struct kernel *k = *state;

	leave_network();
	/* More than it asks for, however its time is divided. */
	for (uint32_t i = 1; i <= 10; i++)
		says_dad(k, i, IFA_F_TENTATIVE, false);
	assert_int_equal(addr_wait_dad(&k->nl, &eth0, 20), -1);
	assert_string_equal(k->job.msg, "settle addresses of eth0: still "
					"tentative after 20 ms");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(add_refuses_ipv4_in_the_form_of_ipv6),
		TEST(add_asks_for_the_address),
		TEST(add_tells_that_it_exists_if_asked),
		TEST(add_tells_that_there_is_no_ipv6),
		TEST(del_of_an_absent_address_is_success),
		TEST(list_reads_addresses_of_the_link),
		TEST(wait_dad_ends_when_nothing_is_tentative),
		TEST(wait_dad_is_woken_by_a_change),
		TEST(wait_dad_finds_a_duplicate),
		TEST(wait_dad_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
