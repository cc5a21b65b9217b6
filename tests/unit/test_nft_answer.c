/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nft.c makes of answers. */
#include <arpa/inet.h>
#include <sys/mman.h>

#include <linux/netfilter.h>

#include "core/kernel/nft.h"
#include "tests/unit/nfnetlink.h"

enum { READ_SIZE = 32 << 10 }; /* as in nl.c */

static const struct nft_element element = {
	.map = "m", .key = { 1 }, .key_len = 4, .comment = ""
};

static struct nft table(struct kernel *k)
{
	return (struct nft) { .nl = &k->nl,
			      .family = NFPROTO_INET,
			      .table = "tab" };
}

static void put_u32(struct nlmsghdr *msg, int type, uint32_t value)
{
	mnl_attr_put_u32(msg, (uint16_t)type, htonl(value));
}

static void put_text(struct nlmsghdr *msg, int type, const char *text)
{
	mnl_attr_put_strz(msg, (uint16_t)type, text);
}

static void generation_is_read(void **state)
{
	struct kernel *k = *state;
	struct nft nft = table(k);
	uint32_t generation = 0;

	put_u32(kernel_tells(k, 1, NFT | NFT_MSG_NEWGEN), NFTA_GEN_ID, 77);
	kernel_answers(k, 1, 0);
	assert_int_equal(nft_get_generation(&nft, &generation), 0);
	assert_int_equal(generation, 77);
}

static void missing_is_an_answer(void **state)
{
	static const int errors[] = { 0, ENOENT, EPERM };
	struct kernel *k = *state;
	struct nft nft = table(k);
	struct list out = { 0 };
	uint32_t seq = 0;
	bool missing = true;

	for (size_t i = 0; i < COUNT(errors); i++) {
		int expected = errors[i] == EPERM ? -1 : 0;

		kernel_answers(k, ++seq, errors[i]);
		assert_int_equal(nft_find_table(&nft, &missing), expected);
		assert_int_equal(missing, errors[i] == ENOENT);
		k->job.msg = NULL;
		kernel_answers(k, ++seq, errors[i]);
		assert_int_equal(nft_find_chain(&nft, "sub", &missing),
				 expected);
		assert_int_equal(missing, errors[i] == ENOENT);
		k->job.msg = NULL;
		kernel_answers(k, ++seq, errors[i]);
		assert_int_equal(nft_find_element(&nft, &element, &out),
				 expected);
		assert_int_equal(out.count, 0);
		k->job.msg = NULL;
	}
}

static void dormant_is_a_flag_of_a_table(void **state)
{
	static const uint32_t flags[] = { 0, 1, 2, 3 };
	struct kernel *k = *state;
	struct nft nft = table(k);
	bool missing;

	for (size_t i = 0; i < COUNT(flags); i++) {
		uint32_t seq = k->nl.seq + 1;

		put_u32(kernel_tells(k, seq, NFT | NFT_MSG_NEWTABLE),
			NFTA_TABLE_FLAGS, flags[i]);
		kernel_answers(k, seq, 0);
		assert_int_equal(nft_find_table(&nft, &missing), 0);
		assert_false(missing);
		assert_int_equal(nft.dormant, flags[i] & 1);
	}
	kernel_answers(k, k->nl.seq + 1, ENOENT);
	assert_int_equal(nft_find_table(&nft, &missing), 0);
	assert_true(missing);
	assert_false(nft.dormant);
}

/* An element as the kernel describes it; length -1 leaves a part out. */
struct shape {
	int key, data, comment;
	uint8_t comment_type, comment_len;
	const char *chain;
	const char *text; /* what is made of it */
};

static void put_value(struct nlmsghdr *msg, uint16_t attr, int len)
{
	static const uint8_t bytes[64] = { 1, 2, 3, 4 };
	struct nlattr *nest;

	if (len < 0)
		return;
	nest = mnl_attr_nest_start(msg, attr);
	mnl_attr_put(msg, NFTA_DATA_VALUE, (size_t)len, bytes);
	mnl_attr_nest_end(msg, nest);
}

static void put_shape(struct nlmsghdr *msg, const struct shape *shape)
{
	uint8_t userdata[64] = { shape->comment_type, shape->comment_len, 'a',
				 'b', 'c' };
	struct nlattr *item = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
	struct nlattr *data, *verdict;

	put_value(msg, NFTA_SET_ELEM_KEY, shape->key);
	put_value(msg, NFTA_SET_ELEM_DATA, shape->data);
	if (shape->chain) {
		data = mnl_attr_nest_start(msg, NFTA_SET_ELEM_DATA);
		verdict = mnl_attr_nest_start(msg, NFTA_DATA_VERDICT);
		put_u32(msg, NFTA_VERDICT_CODE, (uint32_t)NFT_GOTO);
		if (*shape->chain)
			put_text(msg, NFTA_VERDICT_CHAIN, shape->chain);
		mnl_attr_nest_end(msg, verdict);
		mnl_attr_nest_end(msg, data);
	}
	if (shape->comment >= 0)
		mnl_attr_put(msg, NFTA_SET_ELEM_USERDATA,
			     (size_t)shape->comment, userdata);
	mnl_attr_nest_end(msg, item);
}

static void print_hex(struct str *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		str_printf(out, "%02x", bytes[i]);
}

static const char *print(struct job *job, const struct list *elements)
{
	const struct nft_element *e = elements->items;
	struct str out = { .job = job };

	str_add(&out, "");
	for (size_t i = 0; i < elements->count; i++, e++) {
		str_printf(&out, "%s%s ", i ? ", " : "", e->map);
		print_hex(&out, e->key, e->key_len);
		str_add(&out, " -> ");
		print_hex(&out, e->data, e->data_len);
		if (e->chain)
			str_printf(&out, "%d '%s'", e->verdict, e->chain);
		str_printf(&out, " (%s)", e->comment);
	}
	return out.text;
}

static const struct shape shapes[] = {
	{ 4, 4, 6, 0, 4, NULL, "m 01020304 -> 01020304 (abc)" },
	/* without NUL, longer than it says, shorter, empty, of another kind */
	{ 4, 4, 5, 0, 3, NULL, "m 01020304 -> 01020304 (abc)" },
	{ 4, 4, 9, 0, 2, NULL, "m 01020304 -> 01020304 (ab)" },
	{ 4, 4, 5, 0, 4, NULL, "m 01020304 -> 01020304 ()" },
	{ 4, 4, 5, 0, 0, NULL, "m 01020304 -> 01020304 ()" },
	{ 4, 4, 6, 1, 4, NULL, "m 01020304 -> 01020304 ()" },
	{ 4, 4, 2, 0, 0, NULL, "m 01020304 -> 01020304 ()" },
	{ 4, 4, 0, 0, 0, NULL, "m 01020304 -> 01020304 ()" },
	{ 4, 4, -1, 0, 0, NULL, "m 01020304 -> 01020304 ()" },
	{ -1, -1, -1, 0, 0, NULL, "m  ->  ()" },
	{ 0, 0, -1, 0, 0, NULL, "m  ->  ()" },
	{ 1, 3, -1, 0, 0, NULL, "m 01 -> 010203 ()" },
	{ 32, 20, -1, 0, 0, NULL,
	  "m 0102030400000000000000000000000000000000000000000000000000000000"
	  " -> 0102030400000000000000000000000000000000 ()" },
	{ 33, 21, -1, 0, 0, NULL, "m  ->  ()" },
	{ 4, -1, -1, 0, 0, "sub", "m 01020304 -> -4 'sub' ()" },
	{ 4, -1, -1, 0, 0, "", "m 01020304 -> -4 '' ()" },
};

static void put_shapes(struct kernel *k, const struct shape *shape, int count)
{
	struct nlmsghdr *msg = kernel_tells(k, 1, NFT | NFT_MSG_NEWSETELEM);
	struct nlattr *list;

	list = mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (int i = 0; i < count; i++)
		put_shape(msg, &shape[i]);
	mnl_attr_nest_end(msg, list);
}

static void elements_are_read_whatever_their_shape(void **state)
{
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct kernel *k = *state;
		struct nft nft = table(k);
		struct list out = { 0 };

		put_shapes(k, &shapes[i], 1);
		kernel_answers(k, 1, 0);
		assert_int_equal(nft_find_element(&nft, &element, &out), 0);
		assert_string_equal(print(&k->job, &out), shapes[i].text);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void lists_are_read_to_their_end(void **state)
{
	struct kernel *k = *state;
	struct nft nft = table(k);
	struct list out = { 0 };

	put_shapes(k, &shapes[10], 2);
	put_shapes(k, &shapes[14], 1);
	kernel_sends(k);
	put_shapes(k, &shapes[0], 1);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(nft_list_elements(&nft, "m", &out), 0);
	assert_string_equal(asked_lines(k),
			    "type 2573 flags 301: 01 00 00 00 1='tab' 2='m'\n");
	assert_string_equal(print(&k->job, &out),
			    "m  ->  (), m 01 -> 010203 (), "
			    "m 01020304 -> -4 'sub' (), "
			    "m 01020304 -> 01020304 (abc)");
	kernel_answers(k, 2, ENOENT);
	out = (struct list) { 0 };
	assert_int_equal(nft_list_elements(&nft, "m", &out), 0);
	assert_int_equal(out.count, 0);
}

/* Room for one read, with nothing behind it that could be read: the sanitizers
 * do not see what libmnl does. */
static char *last_of_memory(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (READ_SIZE + page - 1) / page * page;
	char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(map + room, page, PROT_NONE), 0);
	return map + room - READ_SIZE;
}

static void malformed_elements_are_not_read_behind_their_end(void **state)
{
	static const uint8_t filler[READ_SIZE];
	static const struct {
		size_t len;
		uint8_t bytes[16];
	} answers[] = {
		{ 0, { 0 } },
		/* no list: too long, too short, cut off */
		{ 4, { 0xff, 0, 3, 0x80 } },
		{ 4, { 3, 0, 3, 0x80 } },
		{ 4, { 8, 0, 3, 0x80 } },
		/* its element: too long, too short, cut off */
		{ 8, { 8, 0, 3, 0x80, 0xff, 0x7f, 1, 0x80 } },
		{ 8, { 8, 0, 3, 0x80, 0, 0, 1, 0x80 } },
		{ 8, { 6, 0, 3, 0x80, 8, 0, 1, 0x80 } },
		/* its key */
		{ 12, { 12, 0, 3, 0x80, 8, 0, 1, 0x80, 0xff, 0, 1, 0x80 } },
		{ 12, { 12, 0, 3, 0x80, 8, 0, 1, 0x80, 3, 0, 1, 0x80 } },
		{ 16,
		  { 16, 0, 3, 0x80, 12, 0, 1, 0x80, 8, 0, 1, 0x80, 9, 0, 1,
		    0 } },
	};
	char *room = last_of_memory();

	for (size_t i = 0; i < COUNT(answers); i++) {
		struct kernel *k = *state;
		struct nft nft = table(k);
		struct list out = { 0 };
		struct nfgenmsg head = { 0 };
		struct nlmsghdr *msg;
		size_t len = NLMSG_HDRLEN + sizeof(head) + answers[i].len;

		kernel_says(k, 0, NLMSG_NOOP, 0, filler,
			    sizeof(filler) - NLMSG_HDRLEN - len);
		msg = kernel_says(k, 1, NFT | NFT_MSG_NEWSETELEM, 0, &head,
				  sizeof(head));
		memcpy(mnl_nlmsg_put_extra_header(msg, answers[i].len),
		       answers[i].bytes, answers[i].len);
		kernel_sends(k);
		kernel_answers(k, 1, 0);
		k->nl.answer = room;
		assert_int_equal(nft_find_element(&nft, &element, &out), 0);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void put_chain(struct kernel *k, const char *table_name,
		      const char *chain)
{
	struct nlmsghdr *msg = kernel_tells(k, 1, NFT | NFT_MSG_NEWCHAIN);

	if (table_name)
		put_text(msg, NFTA_CHAIN_TABLE, table_name);
	if (chain)
		put_text(msg, NFTA_CHAIN_NAME, chain);
}

static void chains_of_other_tables_are_not_listed(void **state)
{
	struct kernel *k = *state;
	struct nft nft = table(k);
	struct list out = { 0 };
	const char **chain;

	put_chain(k, "tab", "a");
	put_chain(k, "other", "b");
	put_chain(k, NULL, "c");
	put_chain(k, "tab", NULL);
	put_chain(k, "tab", "d");
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(nft_list_chains(&nft, &out), 0);
	assert_string_equal(asked_lines(k),
			    "type 2564 flags 301: 01 00 00 00 1='tab'\n");
	assert_int_equal(out.count, 3);
	chain = out.items;
	assert_string_equal(chain[0], "a");
	assert_string_equal(chain[1], "");
	assert_string_equal(chain[2], "d");
}

static void put_rule(struct kernel *k, const char *jump)
{
	static const uint8_t handle[] = { 0, 0, 0, 0, 0, 0, 1, 2 };
	static const uint8_t userdata[] = { 0, 2, 'a', 0 };
	struct nlmsghdr *msg = kernel_tells(k, 1, NFT | NFT_MSG_NEWRULE);
	struct nlattr *nest[5];

	mnl_attr_put(msg, NFTA_RULE_HANDLE, sizeof(handle), handle);
	mnl_attr_put(msg, NFTA_RULE_USERDATA, sizeof(userdata), userdata);
	nest[0] = mnl_attr_nest_start(msg, NFTA_RULE_EXPRESSIONS);
	nest[1] = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
	put_text(msg, NFTA_EXPR_NAME, jump ? "immediate" : "masq");
	nest[2] = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
	nest[3] = mnl_attr_nest_start(msg, NFTA_IMMEDIATE_DATA);
	nest[4] = mnl_attr_nest_start(msg, NFTA_DATA_VERDICT);
	put_text(msg, NFTA_VERDICT_CHAIN, jump ? jump : "not read");
	for (int i = 4; i >= 0; i--)
		mnl_attr_nest_end(msg, nest[i]);
}

static void rules_are_listed(void **state)
{
	static const char *const texts[] = { "258 a sub", "258 a ", "0  " };
	struct kernel *k = *state;
	struct nft nft = table(k);
	const struct nft_rule_info *rule;
	struct list out;

	put_rule(k, "sub");
	put_rule(k, NULL);
	kernel_tells(k, 1, NFT | NFT_MSG_NEWRULE);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(nft_list_rules(&nft, "c", &out), 0);
	assert_string_equal(asked_lines(k),
			    "type 2567 flags 301: 01 00 00 00 1='tab' 2='c'\n");
	assert_int_equal(out.count, COUNT(texts));
	rule = out.items;
	for (size_t i = 0; i < COUNT(texts); i++, rule++) {
		assert_string_equal(rule->chain, "c");
		assert_string_equal(job_printf(&k->job, "%d %s %s",
					       (int)rule->handle, rule->comment,
					       rule->jump),
				    texts[i]);
	}
}

/* Of a kernel that has netfilter, but not this part of it. */
static void nf_tables_may_be_missing(void **state)
{
	static const struct {
		int err;
		bool missing;
	} table[] = { { EINVAL, true }, { EPERM, false } };
	struct kernel *k = *state;
	bool missing;

	for (size_t i = 0; i < COUNT(table); i++) {
		kernel_answers(k, k->nl.seq + 1, table[i].err);
		assert_int_equal(nft_is_missing(&k->nl, &missing),
				 table[i].missing ? 0 : -1);
		assert_int_equal(missing, table[i].missing);
	}
	kernel_tells(k, k->nl.seq + 1, NFT | NFT_MSG_NEWGEN);
	kernel_sends(k);
	assert_int_equal(nft_is_missing(&k->nl, &missing), 0);
	assert_false(missing);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(nf_tables_may_be_missing),
		TEST(generation_is_read),
		TEST(missing_is_an_answer),
		TEST(dormant_is_a_flag_of_a_table),
		TEST(elements_are_read_whatever_their_shape),
		TEST(lists_are_read_to_their_end),
		TEST(malformed_elements_are_not_read_behind_their_end),
		TEST(chains_of_other_tables_are_not_listed),
		TEST(rules_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
