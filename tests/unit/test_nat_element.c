/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/nat.h"

/* Those for IPv4 first. */
static const struct {
	struct entry entry;
	const char *element;
	const char *chain; /* or NULL */
} table[] = {
	{ { ENTRY_MASQUERADE, POD4 },
	  "2='masq4-24' 3={ 1={ 1={ 1=0a0102030a010200 }",
	  "masq4-24" },
	{ { ENTRY_MASQUERADE, POD(4), .exempt = "10.9.0.0/16 10.8.0.0/16" },
	  "2='masq4-24-e88c386926619d12' 3={ 1={ 1={ 1=0a0102040a010200 }",
	  "masq4-24-e88c386926619d12" },
	{ { ENTRY_HAIRPIN, POD4 },
	  "2='hairpin4-24' 3={ 1={ 1={ 1=0a0102030a010200 }",
	  "hairpin4-24" },
	{ { ENTRY_PORT, POD4, IPPROTO_TCP, { 0 }, 8080, 80 },
	  "2='hostport4' 3={ 1={ 1={ 1=060000001f900000 }"
	  " 2={ 1=0a01020300500000 }" },
	{ { ENTRY_PORT, POD4, IPPROTO_UDP, { AF_INET, { 0 } }, 8080, 80 },
	  "2='hostport4' 3={ 1={ 1={ 1=110000001f900000 }"
	  " 2={ 1=0a01020300500000 }" },
	{ { ENTRY_PORT, POD4, IPPROTO_SCTP, HOST4, 8080, 80 },
	  "2='hostip4' 3={ 1={ 1={ 1=84000000c00002011f900000 }"
	  " 2={ 1=0a01020300500000 }" },
	{ { ENTRY_CONDITION,
	    POD4,
	    IPPROTO_TCP,
	    { 0 },
	    8080,
	    80,
	    "iifname eth0" },
	  "2='condport4' 3={ 1={ 1={ 1=060000001f900000 }"
	  " 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
	{ { ENTRY_CONDITION, POD4, IPPROTO_TCP, HOST4, 8080, 80,
	    "iifname eth0" },
	  "2='condip4' 3={ 1={ 1={ 1=06000000c00002011f900000 }"
	  " 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
	{ { ENTRY_MASQUERADE, POD6 },
	  "2='masq6-64' 3={ 1={ 1={ 1=fd000000000000000000000000000003"
	  "fd000000000000000000000000000000 }",
	  "masq6-64" },
	{ { ENTRY_HAIRPIN, POD6 },
	  "2='hairpin6-64' 3={ 1={ 1={ 1=fd000000000000000000000000000003"
	  "fd000000000000000000000000000000 }",
	  "hairpin6-64" },
	{ { ENTRY_PORT, POD6, IPPROTO_TCP, { AF_INET6, { 0 } }, 8080, 80 },
	  "2='hostport6' 3={ 1={ 1={ 1=060000001f900000 }"
	  " 2={ 1=fd00000000000000000000000000000300500000 }" },
	{ { ENTRY_PORT, POD6, IPPROTO_UDP, HOST6, 8080, 80 },
	  "2='hostip6' 3={ 1={ 1={ 1=11000000fd010000000000000000000000000000"
	  "1f900000 } 2={ 1=fd00000000000000000000000000000300500000 }" },
	{ { ENTRY_CONDITION,
	    POD6,
	    IPPROTO_UDP,
	    { 0 },
	    8080,
	    80,
	    "iifname eth0" },
	  "2='condport6' 3={ 1={ 1={ 1=110000001f900000 }"
	  " 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
	{ { ENTRY_CONDITION, POD6, IPPROTO_UDP, HOST6, 8080, 80,
	    "iifname eth0" },
	  "2='condip6' 3={ 1={ 1={ 1=11000000fd010000000000000000000000000000"
	  "1f900000 } 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
};

enum { ENTRIES = IS_ENABLED(CONFIG_IPV6) ? COUNT(table) : 8 };

static void entries_become_elements(void **state)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		struct kernel *k = *state;
		struct nft nft = table_of(&k->nl, table[i].entry.kind);
		struct nft_element element;

		nl_hold(&k->nl);
		entry_to_element(&k->job, &table[i].entry, "o", &element);
		nft_element_add(&nft, &element);
		assert_string_equal(
			held_lines(k, 0),
			job_printf(&k->job,
				   REQUEST("2572", "601", " %s 6=00026f00 } }"),
				   table[i].element));
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static void entries_have_chains(void **state)
{
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct entry *entry = &table[i].entry;
		const char *chain = chain_name(&job, entry);

		if (!table[i].chain) {
			assert_null(chain);
			continue;
		}
		assert_string_equal(chain, table[i].chain);
		assert_int_equal(kind_of_chain(chain), entry->kind);
	}
	job_free(&job);
}

/* GC finds what a binary before 0.2.0 made, one set for each subnet. */
static void chains_of_subnets_are_known(void **state)
{
	(void)state;
	assert_int_equal(kind_of_chain("masq-10.1.2.0/24"), ENTRY_MASQUERADE);
	assert_int_equal(kind_of_chain("hairpin-fd00__/64"), ENTRY_HAIRPIN);
}

static void guards_become_elements_of_the_bridge_table(void **state)
{
	struct kernel *k = *state;
	struct nft nft = table_of(&k->nl, ENTRY_MACSPOOFCHK);
	struct nft_element element;

	nl_hold(&k->nl);
	entry_to_element(&k->job, &guarded, "o", &element);
	nft_element_add(&nft, &element);
	entry_to_element(&k->job, &source, "o", &element);
	nft_element_add(&nft, &element);
	assert_string_equal(
		held_lines(k, 0),
		REQUEST_OF("07", "2572", "601",
			   " 2='guarded' 3={ 1={ 1={ 1="
			   "76657468300000000000000000000000 }"
			   " 6=00026f00 } }")
			REQUEST_OF("07", "2572", "601",
				   " 2='sources' 3={ 1={ 1={ 1="
				   "76657468300000000000000000000000"
				   "0203040506070000 }"
				   " 6=00026f00 } }"));
}

static void assert_same(struct job *job, const struct entry *a,
			const struct entry *b, bool same)
{
	assert_int_equal(strcmp(chain_name(job, a), chain_name(job, b)) == 0,
			 same);
}

/* What differs in its rules differs in its name. */
static void chains_are_shared_by_what_has_the_same_rules(void **state)
{
	struct entry a = masq, b = masq;
	struct job job = { 0 };

	(void)state;
	b.pod.ip.bytes[3] = 9;
	assert_same(&job, &a, &b, true);
	a.exempt = "10.9.0.0/16";
	assert_same(&job, &a, &b, false);
	b.exempt = "10.8.0.0/16";
	assert_same(&job, &a, &b, false);
	b.exempt = "10.9.0.0/16";
	assert_same(&job, &a, &b, true);
	b.pod.len = 25;
	assert_same(&job, &a, &b, false);
	a = b = inner;
	b.host_port = 81;
	assert_same(&job, &a, &b, true);
	b.conditions = "iifname eth1";
	assert_same(&job, &a, &b, false);
	job_free(&job);
}

static void maps_have_the_names_of_their_kind(void **state)
{
	static const char *const names[ENTRY_KINDS] = {
		[ENTRY_PORT] = "hostip4 hostip6 hostport4 hostport6 ",
		[ENTRY_CONDITION] = "condip4 condip6 condport4 condport6 ",
		[ENTRY_HAIRPIN] = "",
		[ENTRY_MASQUERADE] = "",
		[ENTRY_MACSPOOFCHK] = "guarded ",
		[ENTRY_MACSPOOFCHK_MAC] = "sources ",
	};
	struct kernel *k = *state;

	for (int i = 0; i < ENTRY_KINDS; i++) {
		struct str all = { .job = &k->job };

		str_add(&all, "");
		for (int j = 0; j < kinds[i]->owned_maps; j++)
			str_printf(&all, "%s ", kinds[i]->maps[j].name);
		assert_string_equal(all.text, names[i]);
	}
}

static void other_chains_are_none_of_them(void **state)
{
	static const char *const others[] = {
		"masq",	  "cond",	 "hairpin",  "ports", "local",
		"output", "postrouting", "guarded-", "",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(kind_of_chain(others[i]), ENTRY_KINDS);
}

static void kernel_takes_the_whole_nat_table(void **state)
{
	struct kernel *k = *state;
	struct nft nft = table_of(real_kernel(state), ENTRY_PORT);
	struct nft_element element;

	nft_begin(&nft, 0);
	table_add(&nft);
	for (int i = 0; i < ENTRIES; i++) {
		const char *chain = table[i].chain;
		bool is_made = false;

		for (int j = 0; chain && j < i; j++)
			is_made |= table[j].chain &&
				   !strcmp(table[j].chain, chain);
		if (chain && !is_made)
			chain_add(&nft, chain, &table[i].entry);
		entry_to_element(&k->job, &table[i].entry, "o", &element);
		nft_element_add(&nft, &element);
	}
	assert_int_equal(nft_commit(&nft), 0);
	assert_false(nft.stale);
	assert_int_equal(table_check(&nft), 0);
	for (int i = 0; i < ENTRIES; i++) {
		const char *chain = table[i].chain;

		if (chain)
			assert_int_equal(
				table_chain_check(&nft, chain, &table[i].entry),
				0);
	}
	/* It is there: a second one is not made. */
	nft_begin(&nft, 0);
	table_add(&nft);
	assert_int_equal(nft_commit(&nft), 0);
	assert_true(nft.stale);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(entries_become_elements),
		TEST(entries_have_chains),
		TEST(chains_of_subnets_are_known),
		TEST(guards_become_elements_of_the_bridge_table),
		TEST(chains_are_shared_by_what_has_the_same_rules),
		TEST(maps_have_the_names_of_their_kind),
		TEST(other_chains_are_none_of_them),
		TEST(kernel_takes_the_whole_nat_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
