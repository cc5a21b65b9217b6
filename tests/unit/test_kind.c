/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

/* GC finds what a binary before 0.2.0 made, one set for each subnet. */
static void chains_of_subnets_are_known(void **state)
{
	(void)state;
	assert_int_equal(kind_of_chain("masq-10.1.2.0/24"), ENTRY_MASQUERADE);
	assert_int_equal(kind_of_chain("hairpin-fd00__/64"), ENTRY_HAIRPIN);
}

static void maps_have_the_names_of_their_kind(void **state)
{
	static const char *const names[ENTRY_ALL_KINDS] = {
		[ENTRY_PORT] = "hostip4 hostip6 hostport4 hostport6 ",
		[ENTRY_CONDITION] = "condip4 condip6 condport4 condport6 ",
		[ENTRY_HAIRPIN] = "",
		[ENTRY_MASQUERADE] = "",
		[ENTRY_MACSPOOFCHK] = "guarded ",
		[ENTRY_MACSPOOFCHK_MAC] = "sources ",
		[ENTRY_FORWARD] = "",
		[ENTRY_PUBLISHED] = "published4 published6 ",
		[ENTRY_CLOSED] = "",
		[ENTRY_ISOLATED] = "",
		[ENTRY_ISOLATED_PORT] = "ports ",
		[ENTRY_SENDER] = "senders4 senders6 guarded ",
		[ENTRY_SENDER_BRIDGED] = "senders4 senders6 guarded ",
		[ENTRY_LIMITED] = "",
		[ENTRY_LIMITED_BRIDGED] = "",
		[ENTRY_EGRESS] = "",
		[ENTRY_EGRESS_BRIDGED] = "",
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

static void other_texts_are_of_no_kind(void **state)
{
	static const char *const texts[] = { "", " ", "\n", "ports x", "por" };
	struct kernel *k = *state;

	assert_no_texts(&k->job, texts, COUNT(texts));
}

/* What holds for all of them. */
static void descriptors_are_whole(void **state)
{
	(void)state;
	for (int i = 0; i < ENTRY_KINDS; i++) {
		const struct kind *kind = kinds[i];

		assert_true(kind->words > 0 && kind->words <= WORDS_MAX);
		assert_true(kind->owned_maps <= kind->maps_count);
		assert_true(kind->owned_maps || kind->chain);
		assert_true(kind->table < TABLES);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(kind->word, kinds[j]->word);
	}
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(chains_of_subnets_are_known),
		TEST(maps_have_the_names_of_their_kind),
		TEST(other_chains_are_none_of_them),
		TEST(other_texts_are_of_no_kind),
		TEST(descriptors_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
