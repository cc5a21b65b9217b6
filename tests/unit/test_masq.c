/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/masq.h"

#include <sys/socket.h>

#include "core/base/str.h"
#include "core/tables/tables.h"

#include "folder.h"

static void add_prefix(struct job *job, struct list *list, const char *text)
{
	assert_true(
		prefix_parse(text, list_add(job, list, sizeof(struct prefix))));
}

/* The entries for an address of each family, as records have them. */
static const char *entries_for(struct job *job, const struct masq *masq)
{
	struct call c = { .job = job };
	struct str text = { .job = job };
	struct result_ip ips[2] = { 0 };
	const struct result result = { .ips = { ips, 2 } };
	struct list entries = { 0 };
	const struct entry *entry;

	assert_true(prefix_parse("10.1.0.2/24", &ips[0].address));
	assert_true(prefix_parse("fd00::2/64", &ips[1].address));
	masq_entries(&c, masq, &result, &entries);
	entry = entries.items;
	str_add(&text, "");
	for (size_t i = 0; i < entries.count; i++) {
		entry_print(&entry[i], &text);
		str_add(&text, "\n");
	}
	return text.text;
}

static void entries_are_of_the_families_that_are_asked_for(void **state)
{
	static const struct {
		struct masq masq;
		bool v4, v6;
	} table[] = {
		{ { .on = false }, false, false },
		{ { .on = true }, true, true },
		{ { .family = "ipv4" }, true, false },
		{ { .family = "ipv6" }, false, true },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
			entries_for(&f->job, &table[i].masq),
			job_printf(
				&f->job, "%s%s",
				table[i].v4 ? "masquerade 10.1.0.2/24\n" : "",
				table[i].v6 ? "masquerade fd00::2/64\n" : ""));
}

/* Of the same family, as networks. */
static void entries_name_what_is_not_masqueraded(void **state)
{
	struct folder *f = *state;
	struct masq masq = { .on = true };

	add_prefix(&f->job, &masq.exempt, "10.9.1.1/16");
	add_prefix(&f->job, &masq.exempt, "fd01::1/64");
	add_prefix(&f->job, &masq.exempt, "10.8.0.0/16");
	assert_string_equal(entries_for(&f->job, &masq),
			    "masquerade 10.1.0.2/24 10.9.0.0/16 10.8.0.0/16\n"
			    "masquerade fd00::2/64 fd01::/64\n");
}

/* Routes of IPv6 have no realm. */
static void realm_is_for_ipv4(void **state)
{
	struct folder *f = *state;
	struct masq masq = { .on = true, .realm = 7 };

	assert_string_equal(entries_for(&f->job, &masq),
			    "masquerade 10.1.0.2/24 realm:7\n"
			    "masquerade fd00::2/64\n");
	add_prefix(&f->job, &masq.exempt, "10.9.0.0/16");
	assert_string_equal(entries_for(&f->job, &masq),
			    "masquerade 10.1.0.2/24 10.9.0.0/16 realm:7\n"
			    "masquerade fd00::2/64\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(entries_are_of_the_families_that_are_asked_for),
		FOLDER_TEST(entries_name_what_is_not_masqueraded),
		FOLDER_TEST(realm_is_for_ipv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
