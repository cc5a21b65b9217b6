/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/netlink.h"

static const char head[8] = "header";
static const struct ip v4 = { AF_INET, { 192, 0, 2, 1 } };

/* The header inside a nest is as the message's own. */
static const struct layout layout = { "11111111", " 3 4 5 7.1 ", "7" };

static void request_is_built_as_told(void **state)
{
	struct kernel *k = *state;
	struct nl *nl = &k->nl;
	struct nlattr *outer, *inner;

	nl_begin(nl, NLMSG_MIN_TYPE, NLM_F_ACK, head, sizeof(head));
	nl_put(nl, 1, "\x01\x02\x03", 3);
	nl_put_text(nl, 2, "eth0");
	nl_put_u8(nl, 3, 0xfe);
	nl_put_u16(nl, 4, 0xfedc);
	nl_put_u32(nl, 5, 0xfedcba98);
	outer = nl_nest(nl, 6);
	nl_nest_end(nl, nl_nest(nl, 1));
	nl_nest_end(nl, outer);
	outer = nl_nest(nl, 7);
	nl_put_raw(nl, head, sizeof(head));
	nl_put_u16(nl, 1, 2);
	inner = nl_nest(nl, 2);
	nl_put_text(nl, 3, "deep");
	nl_nest_end(nl, inner);
	nl_put(nl, 4, "", 0);
	nl_nest_end(nl, outer);
	nl_put_ip(nl, 8, &v4);
	nl_put_ip(nl, 9, &(struct ip) { 0 });
	kernel_answers(k, 1, 0);
	assert_int_equal(nl_talk(nl, "ask"), 0);
	assert_asked(k, &layout,
		     "type 16 flags 005: 68 65 61 64 65 72 00 00\n"
		     "attr 1: 010203\n"
		     "attr 2: \"eth0\"\n"
		     "attr 3: fe\n"
		     "attr 4: fedc\n"
		     "attr 5: fedcba98\n"
		     "attr 6:\n"
		     "  attr 1:\n"
		     "attr 7: 68 65 61 64 65 72 00 00\n"
		     "  attr 1: 0002\n"
		     "  attr 2:\n"
		     "    attr 3: \"deep\"\n"
		     "  attr 4: \n"
		     "attr 8: c0000201\n");
}

static void a_verb_is_a_type_and_flags(void **state)
{
	static const struct {
		enum nl_verb verb;
		const char *text, *asked;
	} table[] = {
		{ NL_ADD, "add", "type 24 flags 605:" },
		{ NL_REPLACE, "replace", "type 24 flags 505:" },
		{ NL_DELETE, "delete", "type 25 flags 005:" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		nl_begin_verb(&k->nl, table[i].verb, 24, head, sizeof(head));
		kernel_answers(k, k->nl.seq, 0);
		assert_int_equal(nl_talk(&k->nl, "ask"), 0);
		assert_asked(k, &layout,
			     job_printf(&k->job, "%s 68 65 61 64 65 72 00 00\n",
					table[i].asked));
		assert_string_equal(nl_verb_text(table[i].verb), table[i].text);
	}
}

/* A message in *state's buffer. */
static struct nlmsghdr *message(void **state)
{
	return kernel_says(*state, 1, NLMSG_MIN_TYPE, 0, head, sizeof(head));
}

/* Longer is taken, as the kernel does; shorter, absent, and of no family is not. */
static void an_address_is_read_whole_or_not(void **state)
{
	static const uint8_t bytes[16] = { 192, 0, 2, 1 };
	struct nlmsghdr *msg = message(state);
	const struct nlattr *attr = mnl_nlmsg_get_payload_tail(msg);
	struct ip ip = { 0 };

	mnl_attr_put(msg, 1, 15, bytes);
	assert_false(nl_attr_ip(NULL, AF_INET, &ip));
	assert_false(nl_attr_ip(attr, AF_INET6, &ip));
	assert_false(nl_attr_ip(attr, 0, &ip));
	assert_int_equal(ip.family, 0);
	assert_true(nl_attr_ip(attr, AF_INET, &ip));
	assert_int_equal(ip_compare(&ip, &v4), 0);
	assert_false(nl_attr_copy(attr, ip.bytes, 16));
	assert_true(nl_attr_copy(attr, ip.bytes, 15));
}

static void attrs_are_found_by_type(void **state)
{
	struct nlmsghdr *msg = message(state);
	const struct nlattr *attrs[4] = { (void *)msg, (void *)msg };
	struct nlattr *nest;

	mnl_attr_put_u8(msg, 2, 1);
	mnl_attr_put_u8(msg, 4, 3);
	nest = mnl_attr_nest_start(msg, 3);
	mnl_attr_put_u8(msg, 1, 4);
	mnl_attr_put_u8(msg, 9, 5);
	mnl_attr_nest_end(msg, nest);
	mnl_attr_put_u8(msg, 2, 6);
	assert_memory_equal(nl_payload(msg), head, sizeof(head));
	nl_attrs(msg, sizeof(head), attrs, 3);
	assert_null(attrs[0]);
	assert_null(attrs[1]);
	/* The last of its type, as the kernel reads them. */
	assert_int_equal(nl_attr_u8(attrs[2]), 6);
	assert_ptr_equal(attrs[3], nest);
	assert_int_equal(nl_attr_len(attrs[3]), 16);
	nl_nested(nest, attrs, 3);
	assert_int_equal(nl_attr_u8(attrs[1]), 4);
	assert_null(attrs[2]);
	assert_null(attrs[3]);
}

static void nothing_has_no_attrs(void **state)
{
	struct nlmsghdr *msg = message(state);
	const struct nlattr *attrs[2] = { (void *)msg, (void *)msg };

	nl_nested(NULL, attrs, 1);
	assert_null(attrs[0]);
	assert_null(attrs[1]);
	attrs[1] = (void *)msg;
	nl_attrs(msg, sizeof(head), attrs, 1);
	assert_null(attrs[1]);
	/* The message ends within its header; behind it lies an attribute. */
	mnl_attr_put_u8(msg, 1, 1);
	msg->nlmsg_len = sizeof(*msg) + sizeof(head) - 4;
	nl_attrs(msg, sizeof(head), attrs, 1);
	assert_null(attrs[1]);
}

static void attrs_that_do_not_fit_are_not_read(void **state)
{
	/* what an attribute claims; the nest has 20 bytes, its second one 8 */
	static const uint16_t lengths[] = { 0, 3, 21, UINT16_MAX };

	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct nlmsghdr *msg = message(state);
		const struct nlattr *attrs[4];
		struct nlattr *nest, *inner;

		mnl_attr_put_u32(msg, 1, 1);
		nest = mnl_attr_nest_start(msg, 3);
		mnl_attr_put_u32(msg, 1, 2);
		inner = mnl_nlmsg_get_payload_tail(msg);
		mnl_attr_put_u32(msg, 2, 3);
		mnl_attr_nest_end(msg, nest);
		inner->nla_len = lengths[i];
		nl_nested(nest, attrs, 3);
		assert_int_equal(nl_attr_u32(attrs[1]), 2);
		assert_null(attrs[2]);
		nest->nla_len = lengths[i];
		nl_attrs(msg, sizeof(head), attrs, 3);
		assert_int_equal(nl_attr_u32(attrs[1]), 1);
		assert_null(attrs[3]);
	}
}

static void values_of_short_attrs_are_nothing(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		unsigned u8;
		bool has_u32;
		const char *text;
	} table[] = {
		{ "", 0, 0, false, "" },       { "\x07", 1, 7, false, "" },
		{ "ab", 2, 'a', false, "" },   { "ab", 3, 'a', false, "ab" },
		{ "abcd", 4, 'a', true, "" },  { "abcd", 5, 'a', true, "abcd" },
		{ "\0\0\0", 4, 0, false, "" }, { "ab\0d", 5, 'a', true, "ab" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct nlmsghdr *msg = message(state);
		const struct nlattr *attr = mnl_nlmsg_get_payload_tail(msg);
		uint32_t u32 = 0;
		uint16_t u16 = 0;

		mnl_attr_put(msg, 1, table[i].len, table[i].data);
		/* Not to be taken for its end. */
		mnl_attr_put_u32(msg, 2, UINT32_MAX);
		assert_int_equal(nl_attr_len(attr), table[i].len);
		assert_memory_equal(nl_attr_data(attr), table[i].data,
				    table[i].len);
		assert_int_equal(nl_attr_u8(attr), table[i].u8);
		if (table[i].len >= sizeof(u16))
			memcpy(&u16, table[i].data, sizeof(u16));
		assert_int_equal(nl_attr_u16(attr), u16);
		if (table[i].has_u32)
			memcpy(&u32, table[i].data, sizeof(u32));
		assert_int_equal(nl_attr_u32(attr), u32);
		assert_string_equal(nl_attr_text(attr), table[i].text);
	}
	assert_int_equal(nl_attr_u8(NULL), 0);
	assert_int_equal(nl_attr_u16(NULL), 0);
	assert_int_equal(nl_attr_u32(NULL), 0);
	assert_string_equal(nl_attr_text(NULL), "");
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(request_is_built_as_told),
		TEST(a_verb_is_a_type_and_flags),
		TEST(an_address_is_read_whole_or_not),
		TEST(attrs_are_found_by_type),
		TEST(nothing_has_no_attrs),
		TEST(attrs_that_do_not_fit_are_not_read),
		TEST(values_of_short_attrs_are_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
