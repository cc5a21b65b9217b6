/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/job.h"
#include "core/base/str.h"
#include "core/data/target.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *print(struct job *job, const struct target *target)
{
	struct str out = { .job = job };

	target_print(target, &out);
	return out.text;
}

static struct target target(struct job *job, const char *text)
{
	struct target out;

	if (!target_parse(job, text, &out))
		fail_msg("%s is a target", text);
	return out;
}

static void texts_are_read_and_printed(void **state)
{
	static const struct {
		const char *text, *printed;
	} table[] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "10.1.2.3/8", "10.0.0.0/8" },
		{ "10.1.2.3", "10.1.2.3/32" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "10.1.2.3:443/tcp", "10.1.2.3/32:443/tcp" },
		{ "10.1.2.3/16:65535/UDP", "10.1.0.0/16:65535/udp" },
		{ "[10.1.2.3]:1/sctp", "10.1.2.3/32:1/sctp" },
		{ "fd00::1", "fd00::1/128" },
		{ "::", "::/128" },
		{ "fd00::/8", "fd00::/8" },
		{ "[fd00::1]:53/udp", "[fd00::1/128]:53/udp" },
		{ "[fd00::1/8]:53/udp", "[fd00::/8]:53/udp" },
		{ "::ffff:10.1.2.3", "10.1.2.3/32" },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct target read = target(&job, table[i].text), again;

		assert_string_equal(print(&job, &read), table[i].printed);
		again = target(&job, table[i].printed);
		assert_true(target_equal(&read, &again));
	}
	job_free(&job);
}

static void other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		":80/tcp",
		"10.1.2.3:80",
		"10.1.2.3:",
		"10.1.2.3:/tcp",
		"10.1.2.3:80/",
		"10.1.2.3:0/tcp",
		"10.1.2.3:65536/tcp",
		"10.1.2.3:80/icmp",
		"10.1.2.3:80/tcp/udp",
		"10.1.2.3/33",
		"10.1.2.3/:80/tcp",
		"fd00::1:53/udp",
		"[fd00::1]",
		"[fd00::1]53/udp",
		"[fd00::1",
		"[]:53/udp",
		"[[fd00::1]]:53/udp",
		"fd00::/129",
		"::ffff:10.0.0.0/104",
		"10.1.2.3 ",
		" 10.1.2.3",
		"x",
		"10.1.2.3:+80/tcp",
		"10.1.2.3:80/tcp ",
	};
	struct job job = { 0 };
	struct target out;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (target_parse(&job, texts[i], &out))
			fail_msg("parsed: '%s'", texts[i]);
	}
	job_free(&job);
}

static void common_is_what_is_in_both(void **state)
{
	static const struct {
		const char *a, *b, *common; /* NULL: nothing */
	} table[] = {
		{ "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16" },
		{ "10.0.0.0/8", "11.0.0.0/8", NULL },
		{ "0.0.0.0/0", "::/0", NULL },
		{ "10.0.0.0/8:80/tcp", "10.1.2.3", "10.1.2.3/32:80/tcp" },
		{ "10.0.0.0/8", "10.1.2.3:80/tcp", "10.1.2.3/32:80/tcp" },
		{ "10.0.0.0/8:80/tcp", "10.1.2.3:80/tcp",
		  "10.1.2.3/32:80/tcp" },
		{ "10.0.0.0/8:80/tcp", "10.0.0.0/8:81/tcp", NULL },
		{ "10.0.0.0/8:80/tcp", "10.0.0.0/8:80/udp", NULL },
		{ "[fd00::/8]:53/udp", "fd01::/16", "[fd01::/16]:53/udp" },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct target a = target(&job, table[i].a);
		struct target b = target(&job, table[i].b), out;

		for (int turn = 0; turn < 2; turn++) {
			assert_int_equal(target_common(turn ? &b : &a,
						       turn ? &a : &b, &out),
					 table[i].common != NULL);
			if (table[i].common)
				assert_string_equal(print(&job, &out),
						    table[i].common);
		}
	}
	job_free(&job);
}

/* Calls check for each pair; order is -1, 0 or 1, as they stand. */
static void each_pair(const char *const *texts, size_t count,
		      void (*check)(const struct target *a,
				    const struct target *b, int order))
{
	struct job job = { 0 };

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			struct target a = target(&job, texts[i]);
			struct target b = target(&job, texts[j]);

			check(&a, &b, (i > j) - (i < j));
		}
	}
	job_free(&job);
}

static void check_equal(const struct target *a, const struct target *b,
			int order)
{
	assert_int_equal(target_equal(a, b), !order);
}

static void equal_are_those_with_the_same_parts(void **state)
{
	static const char *const texts[] = {
		"10.0.0.0/8",	     "10.0.0.0/9",	  "10.0.0.0/8:80/tcp",
		"10.0.0.0/8:81/tcp", "10.0.0.0/8:80/udp", "11.0.0.0/8",
	};

	(void)state;
	each_pair(texts, COUNT(texts), check_equal);
}

static void check_order(const struct target *a, const struct target *b,
			int order)
{
	int found = target_compare(a, b);

	assert_int_equal((found > 0) - (found < 0), order);
}

/* A list of them is folded from its beginning. */
static void what_may_contain_another_is_before_it(void **state)
{
	static const char *const texts[] = {
		"::/0",
		"0.0.0.0/0:80/tcp",
		"10.0.0.0/8",
		"11.0.0.0/8",
		"10.0.0.0/8:80/tcp",
		"10.0.0.0/8:81/tcp",
		"10.0.0.0/8:80/udp",
		"10.1.0.0/16",
		"fd00::/64",
	};

	(void)state;
	each_pair(texts, COUNT(texts), check_order);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_and_printed),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(common_is_what_is_in_both),
		cmocka_unit_test(equal_are_those_with_the_same_parts),
		cmocka_unit_test(what_may_contain_another_is_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
