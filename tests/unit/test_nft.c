/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <sys/utsname.h>

#include <linux/netfilter.h>

#include "core/kernel/nft.h"
#include "tests/unit/nfnetlink.h"

static const struct nft_element to_data = {
	.map = "m",
	.key = { 6, 0, 0, 0, 0x1f, 0x90 },
	.key_len = 8,
	.data = { 10, 1, 2, 3, 0, 80 },
	.data_len = 8,
	.comment = "net/eth0/c",
};
static const struct nft_element to_chain = {
	.map = "v",
	.key = { 10, 1, 2, 3 },
	.key_len = 4,
	.verdict = NFT_JUMP,
	.chain = "sub",
	.comment = "",
};
static const struct nft_element in_set = {
	.map = "s",
	.key = "lo",
	.key_len = 16,
	.comment = "o",
};

static struct nft begun(struct kernel *k)
{
	struct nft nft = { .nl = &k->nl,
			   .family = NFPROTO_INET,
			   .table = "tab" };

	nft_begin(&nft, 0);
	return nft;
}

/* ---- what is asked ---- */

static void table_add(struct nft *nft)
{
	nft_table_add(nft);
}

static void map_add(struct nft *nft)
{
	nft_map_add(nft, &(struct nft_map) { "m", 0x30d, 8, 0x1cd, 8 });
}

static void verdict_map_add(struct nft *nft)
{
	nft_map_add(nft, &(struct nft_map) { "v", NFT_TYPE_IPV4, 4 });
}

static void set_add(struct nft *nft)
{
	nft_map_add(nft, &(struct nft_map) { "s", NFT_TYPE_IFNAME, 16,
					     .set = true });
}

static const struct nft_map intervals[] = {
	{ "i4", NFT_TYPE_IPV4, 4, .set = true, .prefixes = true },
	{ "i6", NFT_TYPE_IPV6, 16, .set = true, .prefixes = true },
};

static void interval_set_add(struct nft *nft)
{
	nft_map_add(nft, intervals);
}

static const struct prefix some[] = {
	{ { AF_INET, { 10, 1, 1, 9 } }, 24 },
	{ { AF_INET, { 10, 1, 2 } }, 23 },
	{ { AF_INET, { 255, 255, 255 } }, 24 },
	{ { AF_INET6, { 0xfd, [15] = 1 } }, 128 },
};

static void prefixes_add(struct nft *nft)
{
	nft_prefixes_add(nft, intervals,
			 &(struct list) { (void *)some, COUNT(some) });
}

static void prefixes_del(struct nft *nft)
{
	nft_prefixes_del(nft, intervals, &(struct list) { (void *)some, 1 });
}

static void chain_add(struct nft *nft)
{
	nft_chain_add(nft, "sub", NULL);
}

static void base_chain_add(struct nft *nft)
{
	nft_chain_add(nft, "pre",
		      &(struct nft_hook) { "nat", NF_INET_PRE_ROUTING, -100 });
}

static void chain_del(struct nft *nft)
{
	nft_chain_del(nft, "sub");
}

static void element_add(struct nft *nft)
{
	nft_element_add(nft, &to_data);
}

static void verdict_element_add(struct nft *nft)
{
	nft_element_add(nft, &to_chain);
}

static void set_element_add(struct nft *nft)
{
	nft_element_add(nft, &in_set);
}

static void element_del(struct nft *nft)
{
	nft_element_del(nft, &to_data);
}

static void element_expire(struct nft *nft)
{
	nft_element_expire(nft, &to_data);
}

static void empty_rule(struct nft *nft)
{
	nft_rule(nft, "pre");
	nft_rule_end(nft);
}

static void rule_del(struct nft *nft)
{
	nft_rule_del(nft, "pre", 0x102);
}

static void rules_del(struct nft *nft)
{
	nft_rule_del(nft, "pre", 0);
}

static const char *request(struct kernel *k, void (*make)(struct nft *))
{
	struct nft nft = begun(k);
	size_t at = k->nl.len;

	make(&nft);
	return held_lines(k, at);
}

static void changes_are_encoded(void **state)
{
	static const struct {
		void (*make)(struct nft *);
		const char *bytes;
	} table[] = {
		{ table_add,
		  "type 2560 flags 601: 01 00 00 00 1='tab'"
		  " 6=0014656c656d656e74732063616e2065787069726500\n" },
		{ map_add,
		  "type 2569 flags 401: 01 00 00 00 1='tab' 2='m' 3=00000018"
		  " 4=0000030d 5=00000008 6=000001cd 7=00000008"
		  " 10=00000002\n" },
		{ verdict_map_add,
		  "type 2569 flags 401: 01 00 00 00 1='tab' 2='v' 3=00000018"
		  " 4=00000007 5=00000004 6=ffffff00"
		  " 10=00000002\n" },
		{ set_add,
		  "type 2569 flags 401: 01 00 00 00 1='tab' 2='s' 3=00000010"
		  " 4=00000029 5=00000010 13=0004" HOST(
			  "01") " 10=00000002\n" },
		{ interval_set_add,
		  "type 2569 flags 401: 01 00 00 00 1='tab' 2='i4' 3=00000004"
		  " 4=00000007 5=00000004 10=00000002\n" },
		/* The end of an interval is the address behind it. */
		{ prefixes_add,
		  "type 2572 flags 601: 01 00 00 00 1='tab' 2='i4' 3={"
		  " 1={ 1={ 1=0a010100 } } 1={ 3=00000001 1={ 1=0a010200 } }"
		  " 1={ 1={ 1=0a010200 } } 1={ 3=00000001 1={ 1=0a010400 } }"
		  " 1={ 1={ 1=ffffff00 } } }\n"
		  "type 2572 flags 601: 01 00 00 00 1='tab' 2='i6' 3={"
		  " 1={ 1={ 1=fd000000000000000000000000000001 } }"
		  " 1={ 3=00000001 1={ 1=fd000000000000000000000000000002"
		  " } } }\n" },
		{ prefixes_del,
		  "type 2574 flags 001: 01 00 00 00 1='tab' 2='i4' 3={"
		  " 1={ 1={ 1=0a010100 } } 1={ 3=00000001 1={ 1=0a010200"
		  " } } }\n" },
		{ chain_add,
		  "type 2563 flags 601: 01 00 00 00 1='tab' 3='sub'\n" },
		{ base_chain_add,
		  "type 2563 flags 401: 01 00 00 00 1='tab' 3='pre' 7='nat'"
		  " 4={ 1=00000000 2=ffffff9c }\n" },
		{ chain_del,
		  "type 2565 flags 001: 01 00 00 00 1='tab' 3='sub'\n" },
		{ element_add,
		  "type 2572 flags 601: 01 00 00 00 1='tab' 2='m' 3={ 1={"
		  " 1={ 1=060000001f900000 }"
		  " 2={ 1=0a01020300500000 }"
		  " 6=000b6e65742f657468302f6300 } }\n" },
		{ verdict_element_add,
		  "type 2572 flags 601: 01 00 00 00 1='tab' 2='v' 3={ 1={"
		  " 1={ 1=0a010203 }"
		  " 2={ 2={ 1=fffffffd 2='sub' } } } }\n" },
		{ set_element_add,
		  "type 2572 flags 601: 01 00 00 00 1='tab' 2='s' 3={ 1={"
		  " 1={ 1=6c6f0000000000000000000000000000 }"
		  " 6=00026f00 } }\n" },
		{ element_del,
		  "type 2574 flags 001: 01 00 00 00 1='tab' 2='m' 3={ 1={"
		  " 1={ 1=060000001f900000 } } }\n" },
		/* The kernel compares the data with what is there. */
		{ element_expire,
		  "type 2572 flags 001: 01 00 00 00 1='tab' 2='m' 3={ 1={"
		  " 1={ 1=060000001f900000 }"
		  " 2={ 1=0a01020300500000 }"
		  " 4=0000000000000001 } }\n" },
		{ empty_rule,
		  "type 2566 flags c01: 01 00 00 00 1='tab' 2='pre' 4={ }\n" },
		{ rule_del,
		  "type 2568 flags 001: 01 00 00 00 1='tab' 2='pre' 3=0000000000000102\n" },
		{ rules_del,
		  "type 2568 flags 001: 01 00 00 00 1='tab' 2='pre'\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		assert_string_equal(request(*state, table[i].make),
				    table[i].bytes);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void maps_of_a_transaction_have_different_ids(void **state)
{
	struct kernel *k = *state;

	assert_string_not_equal(request(k, map_add), request(k, map_add));
}

/* The comment's length, which counts its NUL, is a byte; the kernel takes 256
 * bytes of user data. */
static void comments_fill_the_user_data(void **state)
{
	struct kernel *k = *state;
	char comment[300] = "", hex[2 * 253 + 1] = "";
	struct nft_element element = to_chain;
	struct nft nft = begun(k);
	const char *text;
	size_t at;

	memset(comment, 'a', sizeof(comment) - 1);
	for (size_t i = 0; i < 253; i++)
		memcpy(hex + 2 * i, "61", 2);
	element.comment = comment;
	for (size_t len = 299; len >= 253; len -= 46) {
		comment[len] = '\0';
		at = k->nl.len;
		nft_element_add(&nft, &element);
		text = strstr(held_lines(k, at), " 6=");
		assert_string_equal(
			text, job_printf(&k->job, " 6=00fe%s00 } }\n", hex));
	}
}

static void transaction_is_one_datagram_and_asks_for_one_ack(void **state)
{
	struct kernel *k = *state;
	struct nft nft = begun(k);

	chain_add(&nft);
	chain_del(&nft);
	kernel_acks(k, 3, 0);
	kernel_sends(k);
	assert_int_equal(nft_commit(&nft), 0);
	assert_false(nft.stale);
	assert_string_equal(asked_lines(k),
			    "type 16 flags 001: 00 00 00 0a\n"
			    "type 2563 flags 601: 01 00 00 00 1='tab' 3='sub'\n"
			    "type 2565 flags 005: 01 00 00 00 1='tab' 3='sub'\n"
			    "type 17 flags 001: 00 00 00 0a\n");
	assert_string_equal(asked_lines(k), "nothing\n");
}

static void generation_is_part_of_the_beginning(void **state)
{
	struct kernel *k = *state;
	struct nft nft = begun(k);

	k->nl.len = 0;
	nft_begin(&nft, 0x01020304);
	assert_string_equal(held_lines(k, 0),
			    "type 16 flags 001: 00 00 00 0a 1=01020304\n");
}

static void try_never_ends_the_transaction(void **state)
{
	struct kernel *k = *state;
	struct nft nft = begun(k);

	chain_add(&nft);
	kernel_acks(k, 2, 0);
	kernel_sends(k);
	assert_int_equal(nft_try(&nft), 0);
	assert_string_equal(
		asked_lines(k),
		"type 16 flags 001: 00 00 00 0a\n"
		"type 2563 flags 605: 01 00 00 00 1='tab' 3='sub'\n");
}

/* The refusals that only say that the transaction has to be thought over. */
static void commit_tells_stale_from_refused(void **state)
{
	static const struct {
		void (*make)(struct nft *);
		uint32_t refused;
		int err;
		bool stale;
	} table[] = {
		{ table_add, 2, EEXIST, true },
		{ table_add, 2, EPERM, false },
		{ map_add, 2, EEXIST, false },
		{ chain_add, 2, EEXIST, true },
		{ chain_add, 2, ENOENT, true },
		{ base_chain_add, 2, EEXIST, false },
		{ chain_del, 2, ENOENT, true },
		{ chain_del, 2, EBUSY, true },
		{ element_add, 2, EEXIST, true },
		{ element_add, 2, ENOENT, true },
		{ element_add, 2, ENOSPC, false },
		{ element_del, 2, ENOENT, true },
		{ element_del, 2, EINVAL, false },
		{ element_expire, 2, EINVAL, true },
		{ element_expire, 2, EPERM, false },
		{ prefixes_del, 2, ENOENT, true },
		{ prefixes_del, 2, EINVAL, false },
		{ rule_del, 2, ENOENT, true },
		{ empty_rule, 2, ENOENT, false },
		{ empty_rule, 1, ERESTART, true },
		{ empty_rule, 1, EPERM, false },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct kernel *k = *state;
		struct nft nft = begun(k);

		k->nl.len = 0;
		k->nl.seq = 0;
		k->nl.requests = (struct list) { 0 };
		nft_begin(&nft, 7);
		table[i].make(&nft);
		kernel_acks(k, table[i].refused, table[i].err);
		if (table[i].refused != 2)
			kernel_acks(k, 2, 0);
		kernel_sends(k);
		assert_int_equal(nft_commit(&nft), table[i].stale ? 0 : -1);
		assert_int_equal(nft.stale, table[i].stale);
		assert_int_equal(!k->job.msg, table[i].stale);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void begin_forgets_what_was_stale(void **state)
{
	struct kernel *k = *state;
	struct nft nft = begun(k);

	nft.stale = true;
	nft_begin(&nft, 0);
	assert_false(nft.stale);
}

static void refusals_name_what_was_tried(void **state)
{
	struct kernel *k = *state;
	struct nft nft = begun(k);

	element_add(&nft);
	kernel_acks(k, 2, ENOSPC);
	kernel_sends(k);
	assert_int_equal(nft_commit(&nft), -1);
	assert_string_equal(k->job.msg,
			    "add an element of net/eth0/c to map m of "
			    "table tab: No space left on device");
}

static void rule_of(struct nft *nft, void (*put)(struct nft *))
{
	nft_rule(nft, "c");
	put(nft);
	nft_verdict(nft, NFT_RETURN, NULL);
	nft_rule_end(nft);
}

static void dnat(struct nft *nft)
{
	nft_dnat(nft, AF_INET, 0, 1);
}

/* The expressions that the kernel may lack; the others are of nf_tables. */
static void modules_that_are_missing_are_named(void **state)
{
	static const struct {
		void (*put)(struct nft *);
		int family;
		const char *why;
	} table[] = {
		{ nft_masquerade, NFPROTO_INET, "the kernel has no nft_masq" },
		{ dnat, NFPROTO_INET, "the kernel has no nft_nat" },
		{ nft_match_redirected, NFPROTO_INET,
		  "the kernel has no nft_ct" },
		{ nft_match_local, NFPROTO_INET,
		  "the kernel has no nft_fib_inet" },
		{ NULL, NFPROTO_INET, "No such file or directory" },
		{ NULL, NFPROTO_BRIDGE, "the kernel has no nft_meta_bridge" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct nft nft = { .nl = &k->nl,
				   .family = table[i].family,
				   .table = "tab" };

		nft_begin(&nft, 0);
		if (table[i].put)
			rule_of(&nft, table[i].put);
		else
			empty_rule(&nft);
		kernel_answers(k, k->nl.seq, ENOENT);
		assert_int_equal(nft_commit(&nft), -1);
		assert_string_equal(k->job.msg,
				    job_printf(&k->job,
					       "add a rule to table tab: %s",
					       table[i].why));
		k->job.msg = NULL;
	}
}

static void families_and_chains_that_are_missing_are_named(void **state)
{
	static const struct {
		void (*make)(struct nft *);
		int family, err;
		const char *msg;
	} table[] = {
		{ table_add, NFPROTO_INET, EOPNOTSUPP,
		  "add table tab: the kernel has no CONFIG_NF_TABLES_INET" },
		{ table_add, NFPROTO_BRIDGE, EOPNOTSUPP,
		  "add table tab: the kernel has no CONFIG_NF_TABLES_BRIDGE" },
		{ base_chain_add, NFPROTO_INET, ENOENT,
		  "add chain pre to table tab: the kernel has no nft_chain_nat "
		  "(of Linux 5.2 or later)" },
	};
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct nft nft = { .nl = &k->nl,
				   .family = table[i].family,
				   .table = "tab" };

		nft_begin(&nft, 0);
		table[i].make(&nft);
		kernel_answers(k, k->nl.seq, table[i].err);
		assert_int_equal(nft_commit(&nft), -1);
		assert_string_equal(k->job.msg, table[i].msg);
		k->job.msg = NULL;
	}
}

/* With netfilter, but without this part of it. */
static void nf_tables_that_are_missing_are_named(void **state)
{
	static const char why[] =
		": the kernel has no nf_tables (CONFIG_NF_TABLES)";
	struct kernel *k = *state;
	struct nft nft = { .nl = &k->nl,
			   .family = NFPROTO_INET,
			   .table = "tab" };
	uint32_t generation;
	bool missing;

	kernel_answers(k, 1, EINVAL);
	assert_int_equal(nft_get_generation(&nft, &generation), -1);
	assert_non_null(strstr(k->job.msg, why));
	k->job.msg = NULL;
	kernel_answers(k, 2, EINVAL);
	assert_int_equal(nft_find_table(&nft, &missing), -1);
	assert_non_null(strstr(k->job.msg, why));
}

static void lookups_are_encoded(void **state)
{
	struct kernel *k = *state;
	struct nft nft = begun(k);
	struct list out = { 0 };
	uint32_t generation;
	bool missing;

	k->nl.len = 0;
	nft_get_generation(&nft, &generation);
	nft_find_table(&nft, &missing);
	nft_find_chain(&nft, "sub", &missing);
	nft_find_element(&nft, &to_data, &out);
	nft_table_wake(&nft);
	assert_string_equal(
		held_lines(k, 0),
		"type 2576 flags 001: 01 00 00 00\n"
		"type 2561 flags 005: 01 00 00 00 1='tab'\n"
		"type 2564 flags 005: 01 00 00 00 1='tab' 3='sub'\n"
		"type 2573 flags 001: 01 00 00 00 1='tab' 2='m' 3={ 1={"
		" 1={ 1=060000001f900000 } } }\n"
		"type 2560 flags 001: 01 00 00 00 1='tab' 2=00000000\n");
}

static const char *release_now;

int uname(struct utsname *out)
{
	snprintf(out->release, sizeof(out->release), "%s", release_now);
	return 0;
}

static void elements_expire_since_linux_6_12(void **state)
{
	static const struct {
		const char *release;
		bool expire;
	} table[] = {
		{ "2.6.78", false },   { "4.19.0-27-amd64", false },
		{ "5.15.200", false }, { "6.1.0-50-cloud-amd64", false },
		{ "6.9.12", false },   { "6.11.0-rc7", false },
		{ "6.12", true },      { "6.12.0", true },
		{ "6.12-rc1", true },  { "6.18.44-fc", true },
		{ "6.100.1", true },   { "7.0.0-rc1", true },
		{ "10.2.3", true },    { "6", false },
	};
	struct nft nft = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		release_now = table[i].release;
		assert_int_equal(nft_can_expire(&nft), table[i].expire);
	}
	release_now = "6.12.0";
	nft.no_expiry = true;
	assert_false(nft_can_expire(&nft));
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(changes_are_encoded),
		TEST(maps_of_a_transaction_have_different_ids),
		TEST(comments_fill_the_user_data),
		TEST(transaction_is_one_datagram_and_asks_for_one_ack),
		TEST(generation_is_part_of_the_beginning),
		TEST(try_never_ends_the_transaction),
		TEST(commit_tells_stale_from_refused),
		TEST(begin_forgets_what_was_stale),
		TEST(refusals_name_what_was_tried),
		TEST(modules_that_are_missing_are_named),
		TEST(families_and_chains_that_are_missing_are_named),
		TEST(nf_tables_that_are_missing_are_named),
		TEST(lookups_are_encoded),
		TEST(elements_expire_since_linux_6_12),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
