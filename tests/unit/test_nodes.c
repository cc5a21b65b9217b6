/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/job.h"
#include "core/data/nodes.h"

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEY	 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

/* How the entry is printed, or what is wrong with it. */
static const char *read_back(struct job *job, const char *text)
{
	struct str out = { .job = job };
	struct node node;
	const char *wrong = node_parse(job, job_printf(job, "%s", text), &node);

	if (wrong)
		return wrong;
	node_print(&out, &node);
	return out.text;
}

static void an_entry_is_read_and_printed(void **state)
{
	static const char *const table[][2] = {
		{ "10.1.1.0/24 192.0.2.1", "10.1.1.0/24 192.0.2.1" },
		{ " 10.1.1.7/24\t192.0.2.1 \r", "10.1.1.0/24 192.0.2.1" },
		{ "fd01::/64,10.1.1.0/24 2001:db8::1,192.0.2.1 wg=" KEY,
		  "10.1.1.0/24,fd01::/64 192.0.2.1,2001:db8::1 wg=" KEY },
		{ "- 192.0.2.1", "- 192.0.2.1" },
		{ "fd01::1/64 -", "fd01::/64 -" },
		{ "- -", "- -" },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(read_back(&job, table[i][0]), table[i][1]);
	job_free(&job);
}

static void what_is_wrong_with_an_entry_is_told(void **state)
{
	static const char *const table[][2] = {
		{ "",
		  "a subnet of pods and an address of the node are expected" },
		{ "10.1.1.0/24",
		  "a subnet of pods and an address of the node are expected" },
		{ "10.1.1.0 192.0.2.1", "\"10.1.1.0\" is no subnet of pods" },
		{ "10.1.1.0/24, 192.0.2.1", "\"\" is no subnet of pods" },
		{ "::ffff:10.1.1.0/120 192.0.2.1",
		  "\"::ffff:10.1.1.0/120\" is no subnet of pods" },
		{ "0.0.0.0/0 192.0.2.1", "\"0.0.0.0/0\" is no subnet of pods" },
		{ "10.1.1.0/24,::/0 192.0.2.1",
		  "\"::/0\" is no subnet of pods" },
		{ "127.0.0.0/8 192.0.2.1",
		  "\"127.0.0.0/8\" is no subnet of pods" },
		{ "224.1.0.0/16 192.0.2.1",
		  "\"224.1.0.0/16\" is no subnet of pods" },
		{ "ff00::/8 192.0.2.1", "\"ff00::/8\" is no subnet of pods" },
		{ "fe80::/64 192.0.2.1", "\"fe80::/64\" is no subnet of pods" },
		{ "10.1.1.0/24,10.1.2.0/24 192.0.2.1",
		  "\"10.1.2.0/24\": a second subnet of this family" },
		{ "10.1.1.0/24 192.0.2.1,192.0.2.2",
		  "\"192.0.2.2\": a second address of this family" },
		{ "10.1.1.0/24 192.0.2.1 wg=" KEY " wg=" KEY,
		  "\"" KEY "\": a second key" },
		{ "10.1.1.0/24 node", "\"node\" is no address of a node" },
		{ "10.1.1.0/24 0.0.0.0",
		  "\"0.0.0.0\" is no address of a node" },
		{ "10.1.1.0/24 127.0.0.1",
		  "\"127.0.0.1\" is no address of a node" },
		{ "10.1.1.0/24 224.0.0.1",
		  "\"224.0.0.1\" is no address of a node" },
		{ "10.1.1.0/24 fe80::1",
		  "\"fe80::1\" is no address of a node" },
		{ "10.1.1.0/24 192.0.2.1 x",
		  "\"x\": wg=KEY or nothing is expected" },
		{ "10.1.1.0/24 192.0.2.1 wg=x",
		  "\"x\" is no key of WireGuard" },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(read_back(&job, table[i][0]), table[i][1]);
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_read_and_printed),
		cmocka_unit_test(what_is_wrong_with_an_entry_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
