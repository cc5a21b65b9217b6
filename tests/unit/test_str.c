/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/job.h"
#include "core/base/str.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void text_grows_and_keeps_what_it_had(void **state)
{
	struct job job = { 0 };
	struct str s = { .job = &job };
	char line[16];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		str_printf(&s, "%05d", i);
		str_add(&s, ",");
		assert_int_equal(strlen(s.text), s.len);
	}
	for (int i = 0; i < 10000; i++) {
		snprintf(line, sizeof(line), "%05d,", i);
		assert_memory_equal(s.text + 6 * i, line, 6);
	}
	job_free(&job);
}

static void text_takes_part_of_another(void **state)
{
	struct job job = { 0 };
	struct str s = { .job = &job };

	(void)state;
	str_add_len(&s, "abc", 0);
	assert_string_equal(s.text, "");
	str_add_len(&s, "abc", 2);
	assert_string_equal(s.text, "ab");
	job_free(&job);
}

/* Every length around the end of the room there is. */
static void text_stays_terminated_at_every_length(void **state)
{
	char part[200];

	(void)state;
	memset(part, 'x', sizeof(part));
	for (size_t len = 0; len < sizeof(part); len++) {
		struct job job = { 0 };
		struct str s = { .job = &job };

		str_add_len(&s, part, len);
		str_add(&s, "y");
		assert_int_equal(strlen(s.text), len + 1);
		assert_true(s.len < s.size);
		job_free(&job);
	}
}

static void copy_fits_or_leaves_nothing(void **state)
{
	char dst[4] = "old";

	(void)state;
	assert_true(str_copy(dst, sizeof(dst), ""));
	assert_string_equal(dst, "");
	assert_true(str_copy(dst, sizeof(dst), "abc"));
	assert_string_equal(dst, "abc");
	assert_false(str_copy(dst, sizeof(dst), "abcd"));
	assert_string_equal(dst, "");
}

/* As the C library has it: each row is formatted by both, into every size. */
static void format_is_that_of_printf(void **state)
{
#define ROW(...)                                                               \
	do {                                                                   \
		for (size_t size = 0; size < sizeof(ours); size++) {           \
			memset(ours, '#', sizeof(ours));                       \
			memset(theirs, '#', sizeof(theirs));                   \
			assert_int_equal(                                      \
				format_print(ours, size, __VA_ARGS__),         \
				snprintf(theirs, size, __VA_ARGS__));          \
			assert_memory_equal(ours, theirs, sizeof(ours));       \
		}                                                              \
	} while (0)
	char ours[48], theirs[48];

	(void)state;
	ROW("nothing");
	ROW("%s", "");
	ROW("a %s, b %s", "one", "two");
	ROW("[%10s] [%-10s] [%2s]", "right", "left", "longer");
	ROW("[%-*s] [%*s]", 5, "ab", 5, "cd");
	ROW("[%.*s] [%.2s] [%.9s]", 3, "abcdef", "abcdef", "abc");
	ROW("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	ROW("%ld %ld", LONG_MAX, LONG_MIN);
	ROW("%u %lu %zu", 7U, ULONG_MAX, SIZE_MAX);
	ROW("%llu %lld", ULLONG_MAX, LLONG_MIN);
	ROW("%zd", (ptrdiff_t)-3);
	ROW("%x %02x %02x %04lx", 0xabcU, 0U, 0xfffU, 0x2028UL);
	ROW("%#x", 0x1fU);
	ROW("%03d %5d|%-5d|", 7, 42, 42);
	ROW("%c%c 100%%", 'x', 'y');
#undef ROW
}

static void number_is_cut_off_the_text(void **state)
{
	const char *at = "18446744073709551615 007x";
	uint64_t number;

	(void)state;
	assert_true(str_cut_number(&at, &number));
	assert_true(number == UINT64_MAX);
	assert_string_equal(at, " 007x");
	assert_false(str_cut_number(&at, &number));
	at++;
	assert_true(str_cut_number(&at, &number));
	assert_int_equal(number, 7);
	assert_string_equal(at, "x");
	at = "18446744073709551616";
	assert_false(str_cut_number(&at, &number));
}

static void long_is_the_whole_text_within_bounds(void **state)
{
	static const struct {
		const char *text;
		long min, max, value;
	} table[] = {
		{ "0", 0, 0, 0 },
		{ "-0", 0, 0, 0 },
		{ "007", 0, 7, 7 },
		{ "4094", 0, 4094, 4094 },
		{ "-5", -5, 5, -5 },
		{ "9223372036854775807", LONG_MIN, LONG_MAX, LONG_MAX },
		{ "-9223372036854775808", LONG_MIN, LONG_MAX, LONG_MIN },
	};
	long value;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_true(str_to_long(table[i].text, table[i].min,
					table[i].max, &value));
		assert_int_equal(value, table[i].value);
	}
}

static void long_refuses_all_else(void **state)
{
	static const struct {
		const char *text;
		long min, max;
	} table[] = {
		{ "", -9, 9 },
		{ "-", -9, 9 },
		{ "+1", -9, 9 },
		{ " 1", -9, 9 },
		{ "1 ", -9, 9 },
		{ "1x", -9, 9 },
		{ "x", -9, 9 },
		{ "0x1", -9, 9 },
		{ "1.0", -9, 9 },
		{ "1e0", -9, 9 },
		{ "--1", -9, 9 },
		{ "- 1", -9, 9 },
		{ "10", -9, 9 },
		{ "-10", -9, 9 },
		{ "0", 1, 9 },
		{ "1\n", -9, 9 },
		{ "4095", 0, 4094 },
		{ "9223372036854775808", LONG_MIN, LONG_MAX },
		{ "-9223372036854775809", LONG_MIN, LONG_MAX },
	};
	long value = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		if (str_to_long(table[i].text, table[i].min, table[i].max,
				&value))
			fail_msg("accepted: %s", table[i].text);
		assert_int_equal(value, 42);
	}
}

static void same_is_without_regard_to_case(void **state)
{
	(void)state;
	assert_true(str_same("hostPort", "HostPort"));
	assert_true(str_same("", ""));
	assert_false(str_same("hostPort", "hostPorts"));
	assert_false(str_same("hostPorts", "hostPort"));
	assert_false(str_same("[", "{"));
}

static void starts_looks_at_the_whole_prefix(void **state)
{
	(void)state;
	assert_true(str_starts("eth0", "eth"));
	assert_true(str_starts("eth", "eth"));
	assert_true(str_starts("eth", ""));
	assert_false(str_starts("et", "eth"));
	assert_false(str_starts("Eth0", "eth"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_and_keeps_what_it_had),
		cmocka_unit_test(text_takes_part_of_another),
		cmocka_unit_test(text_stays_terminated_at_every_length),
		cmocka_unit_test(copy_fits_or_leaves_nothing),
		cmocka_unit_test(format_is_that_of_printf),
		cmocka_unit_test(number_is_cut_off_the_text),
		cmocka_unit_test(long_is_the_whole_text_within_bounds),
		cmocka_unit_test(long_refuses_all_else),
		cmocka_unit_test(same_is_without_regard_to_case),
		cmocka_unit_test(starts_looks_at_the_whole_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
