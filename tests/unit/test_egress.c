/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

#include <linux/netfilter.h>

static const char list4[] = "192.0.2.1/32:443/tcp 10.0.0.0/8";
static const char list6[] = "[fd01::/32]:53/udp fd02::/16";

static const struct row rows[] = {
	{ { .kind = ENTRY_LIMITED, .pod = POD4, .mark_bit = 4 },
	  "limited 10.1.2.3/24 4",
	  "egress of address 10.1.2.3 is not limited",
	  "2='limited4-4' 3={ 1={ 1={ 1=0a010203 }",
	  "limited4-4" },
	{ { .kind = ENTRY_EGRESS, .pod = POD4, .allowed = list4 },
	  "egress 10.1.2.3/24 192.0.2.1/32:443/tcp 10.0.0.0/8",
	  "egress of address 10.1.2.3 is not limited",
	  "2='egress4-e1e03c3a54e487b5' 3={ 1={ 1={ 1=0a010203 }",
	  "egress4-e1e03c3a54e487b5" },
	{ { .kind = ENTRY_EGRESS, .pod = POD6, .allowed = list6 },
	  "egress fd00::3/64 [fd01::/32]:53/udp fd02::/16",
	  "egress of address fd00::3 is not limited",
	  "2='egress6-b9f05eaf1ff6c51d' 3={ 1={ 1={ 1=fd000000000000000000000000000003 }",
	  "egress6-b9f05eaf1ff6c51d" },
};

static const struct row bridge_rows[] = {
	{ { .kind = ENTRY_LIMITED_BRIDGED, .pod = POD6, .mark_bit = 31 },
	  "limited-bridged fd00::3/64 31",
	  "egress of address fd00::3 is not limited",
	  "2='limited6-31' 3={ 1={ 1={ 1=fd000000000000000000000000000003 }",
	  "limited6-31" },
	{ { .kind = ENTRY_EGRESS_BRIDGED, .pod = POD4 },
	  "egress-bridged 10.1.2.3/24",
	  "egress of address 10.1.2.3 is not limited",
	  "2='egress4-f90ddd77e400dfe6' 3={ 1={ 1={ 1=0a010203 }",
	  "egress4-f90ddd77e400dfe6" },
};

static const char *const no_texts[] = {
	"limited",
	"limited 10.1.2.3/24",
	"limited 10.1.2.3/24 32",
	"limited 10.1.2.3 4",
	"egress",
	"egress 10.1.2.3",
	"egress 10.1.2.3/24 ",
	"egress-bridged",
};

static const struct rows tested[] = {
	{ rows, COUNT(rows) },
	{ bridge_rows, COUNT(bridge_rows) },
};

#include "tests/unit/kind_tests.h"

/* The end of an interval is an element's as well; without comment none is
 * written. */
static void intervals_are_encoded(void **state)
{
	static const uint8_t end[] = { 10, 255, 255, 255, 6, 0,
				       0,  0,	255, 255, 0, 0 };
	const struct nft_map set = { "r", 0x730d, 12, .set = true,
				     .ranges = true };
	const struct nft_element element = { .map = "r",
					     .key = { 10, 0, 0, 0, 6 },
					     .key_len = 12,
					     .key_end = end,
					     .comment = "" };
	struct kernel *k = *state;
	struct nft nft = { .nl = &k->nl, .table = "tab" };

	nl_hold(&k->nl);
	nft_map_add(&nft, &set);
	nft_element_ensure(&nft, &element);
	assert_string_equal(
		held_lines(k, 0),
		"type 2569 flags 401: 00 00 00 00 1='tab' 2='r' 3=00000084"
		" 4=0000730d 5=0000000c 9={ 2={ 1={ 1=00000004 }"
		" 1={ 1=00000001 } 1={ 1=00000002 } } } 10=00000001\n"
		"type 2572 flags 401: 00 00 00 00 1='tab' 2='r' 3={ 1={"
		" 1={ 1=0a0000000600000000000000 }"
		" 10={ 1=0affffff06000000ffff0000 } } }\n");
}

/* In frames the EtherType tells the family. */
static void families_of_frames_are_encoded(void **state)
{
	struct kernel *k = *state;
	struct nft nft = { .nl = &k->nl,
			   .family = NFPROTO_BRIDGE,
			   .table = "tab" };

	nl_hold(&k->nl);
	nft_rule(&nft, "c");
	nft_match_family(&nft, AF_INET);
	nft_match_family(&nft, AF_INET6);
	nft_rule_end(&nft);
	assert_string_equal(
		held_lines(k, 0),
		"type 2566 flags c01: 07 00 00 00 1='tab' 2='c' 4={" META("01",
									  "08")
			EQUAL("0800") META("01", "08") EQUAL("86dd") " }\n");
}

/* What differs in its rules, or in its list, differs in its name. */
static void chains_are_shared_by_what_has_the_same_list(void **state)
{
	struct entry a = egress, b = egress;
	struct kernel *k = *state;

	b.pod.ip.bytes[3] = 9;
	b.pod.len = 32;
	assert_same_chain(&k->job, &a, &b, true);
	b.allowed = "10.0.0.0/8";
	assert_same_chain(&k->job, &a, &b, false);
	b.allowed = NULL;
	assert_same_chain(&k->job, &a, &b, false);
	a = (struct entry) { .kind = ENTRY_EGRESS, .pod = POD6 };
	b = a;
	b.pod.ip.bytes[15] = 9;
	assert_same_chain(&k->job, &a, &b, true);
	b.pod.len = 65;
	assert_same_chain(&k->job, &a, &b, false);
}

/* Of a list only the record can tell what it allows. */
static void chains_tell_no_list(void **state)
{
	struct entry entry;

	(void)state;
	assert_false(
		egress_kind.chain->parse("egress4-0123456789abcdef", &entry));
	assert_false(egress_kind.chain->parse("egress4-20", &entry));
	assert_true(limited_kind.chain->parse("limited6-20", &entry));
	assert_int_equal(entry.kind, ENTRY_LIMITED);
	assert_int_equal(entry.pod.ip.family, AF_INET6);
	assert_int_equal(entry.mark_bit, 20);
}

static const char *set_of(struct world *world, const struct entry *entry)
{
	return job_printf(&world->k->job, "%s-allowed",
			  chain_name(&world->k->job, entry));
}

static size_t count_allowed(struct world *world, const struct entry *entry)
{
	struct list all = { 0 };

	list_set(world, entry->kind, set_of(world, entry), &all);
	return all.count;
}

/* An entry without port takes a range for each protocol. */
static void lists_are_filled_and_looked_at(void **state)
{
	struct world world = begun(state);
	const char *set = set_of(&world, &egress);
	struct nft nft = table_of(&world.k->nl, ENTRY_EGRESS);
	static const uint8_t end[12] = {
		255, 255, 255, 255, 6, 0, 0, 0, 0, 80
	};
	const struct nft_element all = { .map = set,
					 .key = { [4] = 6, [9] = 80 },
					 .key_len = 12,
					 .key_end = end,
					 .comment = "" };

	assert_int_equal(add(&world, "a", &egress), 0);
	assert_int_equal(count_allowed(&world, &egress), 5);
	assert_there(&world, "a", &egress);
	nft_begin(&nft, 0);
	nft_map_flush(&nft, set);
	assert_int_equal(nft_commit(&nft), 0);
	assert_string_equal(
		wrong(&world, "a", &egress),
		job_printf(&world.k->job,
			   "set %s of table cnibox-filter has other elements "
			   "than it should",
			   set));
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	assert_int_equal(add(&world, "a", &egress), 0);
	assert_there(&world, "a", &egress);
	nft_begin(&nft, 0);
	nft_element_ensure(&nft, &all);
	assert_int_equal(nft_commit(&nft), 0);
	assert_string_not_equal(wrong(&world, "a", &egress), "");
	nft_begin(&nft, 0);
	nft_map_flush(&nft, set);
	for (uint8_t i = 0; i < 5; i++) {
		struct nft_element more = all;

		more.key[9] = 80 + i;
		more.key_end = (uint8_t[12]) { 255, 255, 255, 255, 6,
					       0,   0,	 0,   0,   80 + i };
		nft_element_ensure(&nft, &more);
	}
	assert_int_equal(nft_commit(&nft), 0);
	assert_int_equal(count_allowed(&world, &egress), 5);
	assert_string_not_equal(wrong(&world, "a", &egress), "");
	assert_int_equal(add(&world, "b", &egress_bridged), 0);
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	assert_int_equal(add(&world, "a", &egress), 0);
	assert_int_equal(add(&world, "b", &egress_bridged), 0);
	assert_there(&world, "a", &egress);
	assert_there(&world, "b", &egress_bridged);
}

/* What records do not tell is not allowed. */
static void rebuild_leaves_pods_limited(void **state)
{
	struct world world = begun(state);

	assert_int_equal(add(&world, "a", &limited), 0);
	assert_int_equal(add(&world, "a", &egress), 0);
	assert_int_equal(rebuild(&world, &egress, 1), 0);
	assert_there(&world, "a", &limited);
	assert_there(&world, "a", &egress);
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	assert_there(&world, "a", &limited);
	assert_string_equal(wrong(&world, "a", &egress),
			    "egress of address 10.1.2.3 is not limited");
	assert_int_equal(count_allowed(&world, &egress), 0);
	assert_int_equal(add(&world, "a", &egress), 0);
	assert_there(&world, "a", &egress);
}

static void the_last_pod_takes_its_list_along(void **state)
{
	struct entry other = egress;
	struct world world = begun(state);
	struct list list = list_of(&egress, 1);
	struct nl *nl = &world.k->nl;
	size_t before;

	other.pod.ip.bytes[3] = 4;
	assert_int_equal(add(&world, "a", &limited), 0);
	before = count_chains(&world, ENTRY_EGRESS);
	assert_int_equal(add(&world, "a", &egress), 0);
	assert_int_equal(add(&world, "b", &other), 0);
	assert_int_equal(count_chains(&world, ENTRY_EGRESS), before + 1);
	assert_int_equal(del(&world, "a", &egress), 0);
	assert_int_equal(tables_trim(nl, &list), 0);
	assert_there(&world, "b", &other);
	assert_int_equal(del(&world, "b", &other), 0);
	assert_int_equal(tables_trim(nl, &list), 0);
	assert_int_equal(count_chains(&world, ENTRY_EGRESS), before);
	assert_int_equal(count_allowed(&world, &egress), 0);
	assert_there(&world, "a", &limited);
	/* No set is in the way of a new one that would be filled differently. */
	assert_int_equal(add(&world, "a", &egress), 0);
	assert_int_equal(count_allowed(&world, &egress), 5);
	assert_int_equal(del(&world, "a", &egress), 0);
	assert_int_equal(tables_trim(nl, NULL), 0);
	assert_int_equal(count_chains(&world, ENTRY_EGRESS), before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
		TEST(intervals_are_encoded),
		TEST(families_of_frames_are_encoded),
		TEST(chains_are_shared_by_what_has_the_same_list),
		TEST(chains_tell_no_list),
		TEST(lists_are_filled_and_looked_at),
		TEST(rebuild_leaves_pods_limited),
		TEST(the_last_pod_takes_its_list_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
