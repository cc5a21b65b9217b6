/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What RFC 8259 says, section by section, with every byte, escape and character
 * that it speaks of; and where it leaves a choice, ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/conf.h"
#include "core/data/json.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The root of a document, NULL if it is refused; then job->msg says why. */
static const struct json *parse(struct job *job, const char *text, size_t len)
{
	struct json *root = NULL;

	if (json_parse(job, "x", text, len, &root) < 0) {
		assert_int_equal(job->code, CNI_NOT_DECODED);
		assert_string_not_equal(job->msg, "");
		return NULL;
	}
	assert_null(job->msg);
	return root;
}

static bool is_accepted(const char *text, size_t len)
{
	struct job job = { 0 };
	/* Without a byte too many. */
	char *exact = job_alloc(&job, len);
	bool is;

	memcpy(exact, text, len);
	is = parse(&job, exact, len);
	job_free(&job);
	return is;
}

/* Each of the 256 bytes between before and behind is accepted if it is one of
 * good. */
static void assert_only(const char *before, const char *behind,
			const char *good, size_t count)
{
	for (int byte = 0; byte < 256; byte++) {
		char text[32];
		size_t len = strlen(before);

		memcpy(text, before, len);
		text[len++] = (char)byte;
		memcpy(text + len, behind, strlen(behind));
		len += strlen(behind);
		if (is_accepted(text, len) != !!memchr(good, byte, count))
			fail_msg("byte %02x in %s_%s", byte, before, behind);
	}
}

/* 2: white space, and the six structural characters. */
static void only_four_bytes_are_white_space(void **state)
{
	/* Digits make another number of it, which is as good. */
	static const char good[] = " \t\n\r0123456789";
	static const struct {
		const char *before, *behind;
		size_t good;
	} table[] = {
		{ "", "{}", 4 },
		{ "{}", "", 4 },
		{ "[", "]", 14 },
		{ "{", "}", 4 },
		{ "[1", ",2]", 14 },
		{ "[true,", "false]", 4 },
		{ "{", "\"a\":1}", 4 },
		{ "{\"a\"", ":1}", 4 },
		{ "{\"a\":", "\"b\"}", 4 },
		{ "{\"a\":1", "}", 14 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_only(table[i].before, table[i].behind, good,
			    table[i].good);
}

/* 2: any value is a document; 3: the literals are in lower case. */
static void any_value_is_a_document(void **state)
{
	static const char *const good[] = { "{}",   "[]",    "\"\"", "0",
					    "true", "false", "null" };
	static const char *const bad[] = { "True", "TRUE",    "False",
					   "Null", "tru",     "nul",
					   "fals", "none",    "undefined",
					   "NaN",  "Infinity" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(is_accepted(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(is_accepted(bad[i], strlen(bad[i])));
	assert_only("", "", "0123456789", 10);
}

/* 4: names are strings, need not be unique; ours: the last one counts. */
static void names_may_be_repeated(void **state)
{
	static const char text[] =
		"{\"a\":1,\"\":2,\"a\":[3],\"\\u0061\":4,\"\":{}}";
	struct job job = { 0 };
	const struct json *root = parse(&job, text, strlen(text));

	(void)state;
	assert_string_equal(json_member(root, "a")->text, "4");
	assert_int_equal(json_member(root, "")->type, JSON_OBJECT);
	job_free(&job);
}

/* 6: integer, fraction, exponent. Ours: kept as written, whatever the size. */
static void numbers_are_as_the_grammar_has_them(void **state)
{
	static const char *const integers[] = { "0", "7", "10", "1234567890",
						"18446744073709551616" };
	static const char *const fractions[] = { "", ".0", ".25", ".000" };
	static const char *const exponents[] = { "",	  "e1",	       "E1",
						 "e+1",	  "E-1",       "e007",
						 "e-400", "e999999999" };
	static const char *const bad[] = {
		"00",	 "01",		 "-",	     "-00",	  "-01",
		"+1",	 "--1",		 ".5",	     "-.5",	  "1.",
		"1.e1",	 "1e",		 "1e+",	     "1e-",	  "1e.5",
		"1e1.5", "1.1.1",	 "0x1",	     "0b1",	  "0o7",
		"1_0",	 "1,0",		 "1 0",	     "1f",	  "1L",
		"1e1e1", "\xef\xbc\x91", "\xd9\xa1", "-Infinity", "-NaN",
		"1/2",	 "- 1",
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(integers); i++)
		for (size_t f = 0; f < COUNT(fractions); f++)
			for (size_t e = 0; e < COUNT(exponents); e++) {
				struct job job = { 0 };
				const struct json *root;

				snprintf(text, sizeof(text), "%s%s%s%s",
					 i % 2 ? "-" : "", integers[i / 2],
					 fractions[f], exponents[e]);
				root = parse(&job, text, strlen(text));
				assert_non_null(root);
				assert_int_equal(root->type, JSON_NUMBER);
				assert_string_equal(root->text, text);
				job_free(&job);
			}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (is_accepted(bad[i], strlen(bad[i])))
			fail_msg("accepted: %s", bad[i]);
}

/* What no int holds is refused where one is wanted, by its bounds or in short. */
static void numbers_that_are_too_large_are_told(void **state)
{
	struct place {
		int any, port;
	};
	static const struct conf_key keys[] = {
		{ "any", CONF_INT, AT(place, any) },
		{ "port", CONF_INT, AT(place, port), .min = 1, .max = 65535 },
		CONF_END
	};
	static const char *const table[][2] = {
		{ "{\"any\":2147483647}", "" },
		{ "{\"any\":-2147483648}", "" },
		{ "{\"any\":2147483648}",
		  "any: expected an integer, got 2147483648" },
		{ "{\"any\":-2147483649}",
		  "any: expected an integer, got -2147483649" },
		{ "{\"any\":18446744073709551617}",
		  "any: expected an integer, got 18446744073709551617" },
		{ "{\"any\":1e400}", "any: expected an integer, got 1e400" },
		{ "{\"any\":1.0}", "any: expected an integer, got 1.0" },
		{ "{\"port\":65536}",
		  "port: expected an integer from 1 to 65535, got 65536" },
		{ "{\"any\":99999999999999999999999999999999999999999999999999"
		  "99999999999999999999}",
		  "any: expected an integer, got 9999999999999999999999999999"
		  "99999999999999999999999999999999..." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct place place = { 0 };
		struct job job = { 0 };
		const struct json *root =
			parse(&job, table[i][0], strlen(table[i][0]));

		assert_non_null(root);
		conf_read(&job, "", root, keys, false, &place);
		assert_string_equal(job.msg ? job.msg : "", table[i][1]);
		job_free(&job);
	}
}

/* 7: what may stand for itself, and what behind a backslash. */
static void strings_hold_what_they_may(void **state)
{
	char plain[128];
	size_t count = 0;

	(void)state;
	for (char c = ' '; c > 0; c++)
		if (c != '"' && c != '\\')
			plain[count++] = c;
	plain[count++] = 0x7f;
	assert_only("\"", "\"", plain, count);
	assert_only("{\"", "\":1}", plain, count);
	assert_only("\"\\", "\"", "\"\\/bfnrt", 8);
	assert_only("\"\\u004", "\"", "0123456789abcdefABCDEF", 22);
	assert_only("\"\\u", "041\"", "0123456789abcdefABCDEF", 22);
}

/* An encoder of our own: the bytes of a character. */
static size_t encode(uint32_t c, char out[4])
{
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[len] | c);
	return len;
}

/* 7 and 8.2. Ours: a surrogate alone and U+0000 are refused. */
static void every_code_unit_can_be_escaped(void **state)
{
	(void)state;
	for (uint32_t unit = 0; unit < 0x10000; unit++) {
		bool good = unit && (unit < 0xd800 || unit > 0xdfff);
		struct job job = { 0 };
		const struct json *root;
		char text[16], utf8[4];

		snprintf(text, sizeof(text), "\"\\u%04x\"", unit);
		root = parse(&job, text, strlen(text));
		assert_int_equal(!!root, good);
		if (root)
			assert_memory_equal(root->text, utf8,
					    encode(unit, utf8));
		job_free(&job);
	}
}

static void every_pair_is_a_character(void **state)
{
	(void)state;
	for (uint32_t high = 0xd7f0; high < 0xe010; high++) {
		static const uint32_t lows[] = { 0xdbff, 0xdc00, 0xdc01,
						 0xdfff, 0xe000, 0x0041 };

		for (size_t i = 0; i < COUNT(lows); i++) {
			bool lead = high >= 0xd800 && high <= 0xdbff;
			bool tail = lows[i] >= 0xdc00 && lows[i] <= 0xdfff;
			bool lone = (high >= 0xdc00 && high <= 0xdfff) ||
				    (lows[i] >= 0xd800 && lows[i] <= 0xdfff);
			struct job job = { 0 };
			const struct json *root;
			char text[16], utf8[4];

			snprintf(text, sizeof(text), "\"\\u%04x\\u%04x\"", high,
				 lows[i]);
			root = parse(&job, text, strlen(text));
			assert_int_equal(!!root,
					 (lead && tail) || (!lead && !lone));
			if (root && lead)
				assert_memory_equal(
					root->text, utf8,
					encode(0x10000 +
						       ((high & 0x3ff) << 10) +
						       (lows[i] & 0x3ff),
					       utf8));
			job_free(&job);
		}
	}
}

/* 8.1: UTF-8, of which every character stands for itself. */
static void every_character_is_read(void **state)
{
	enum { AT_ONCE = 0x1000, LAST = 0x110000 };

	(void)state;
	for (uint32_t start = 0; start < LAST; start += AT_ONCE) {
		struct job job = { 0 };
		struct str text = { .job = &job };
		const struct json *root;

		str_add(&text, "\"");
		for (uint32_t c = start; c < start + AT_ONCE; c++) {
			char utf8[4];
			size_t len = encode(c, utf8);

			if (c >= ' ' && c != '"' && c != '\\' &&
			    (c < 0xd800 || c > 0xdfff))
				str_add_len(&text, utf8, len);
		}
		str_add(&text, "\"");
		root = parse(&job, text.text, text.len);
		assert_non_null(root);
		assert_int_equal(strlen(root->text), text.len - 2);
		assert_memory_equal(root->text, text.text + 1, text.len - 2);
		job_free(&job);
	}
}

/* 8.1, RFC 3629: of two and of three bytes those alone that are a character's,
 * and no other length. */
static void nothing_else_is_utf8(void **state)
{
	static const char *const bad[] = {
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf7\xbf\xbf\xbf",
		"\xf8\x88\x80\x80\x80",
		"\xfc\x84\x80\x80\x80\x80",
		"\xfe",
		"\xff",
		/* surrogates in pairs, as CESU-8 has them */
		"\xed\xa0\x80\xed\xb0\x80",
		/* short ones before another character */
		"\xc3",
		"\xc3"
		"a",
		"\xe2\x82",
		"\xe2\x82"
		"a",
		"\xf0\x9f\x98",
		"\xf0\x9f\x98"
		"a",
		"\xe2\xe2\x82\xac",
	};
	char text[16];

	(void)state;
	for (int a = 0x80; a < 0x100; a++)
		for (int b = 0x80; b < 0x100; b++) {
			bool two = a >= 0xc2 && a <= 0xdf && b <= 0xbf;
			bool three = a >= 0xe0 && a <= 0xef && b <= 0xbf &&
				     (a != 0xe0 || b >= 0xa0) &&
				     (a != 0xed || b <= 0x9f);

			snprintf(text, sizeof(text), "\"%c%c\"", a, b);
			assert_int_equal(is_accepted(text, 4), two);
			snprintf(text, sizeof(text), "\"%c%c\x80\"", a, b);
			assert_int_equal(is_accepted(text, 5), three);
		}
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof(text), "\"%s\"", bad[i]);
		if (is_accepted(text, strlen(text)))
			fail_msg("accepted: number %zu", i);
	}
}

/* 8.1: a byte order mark is none of a document's, but a character like others;
 * other encodings are refused. */
static void only_utf8_without_its_mark_is_read(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool good;
	} table[] = {
		{ "\xef\xbb\xbf{}", 5, false }, { "{}\xef\xbb\xbf", 5, false },
		{ "\xef\xbb\xbf", 3, false },	{ "\"\xef\xbb\xbf\"", 5, true },
		{ "\xff\xfe{\0}\0", 6, false }, { "{\0}\0", 4, false },
		{ "\0{\0}", 4, false },		{ "{\0\0\0}\0\0\0", 8, false },
		{ "\"\xe9\"", 3, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (is_accepted(table[i].text, table[i].len) != table[i].good)
			fail_msg("number %zu", i);
}

/* 9: depth and size may be limited. */
static void limits_are_told(void **state)
{
	static const char *const open[] = { "[", "{\"a\":", "[{\"a\":" };
	static const char *const close[] = { "]", "}", "}]" };

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		int each = kind == 2 ? 2 : 1;

		for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + each;
		     depth += each) {
			struct job job = { 0 };
			struct str text = { .job = &job };

			for (int i = 0; i < depth; i += each)
				str_add(&text, open[kind]);
			str_add(&text, "1");
			for (int i = 0; i < depth; i += each)
				str_add(&text, close[kind]);
			if (depth == JSON_DEPTH_MAX) {
				assert_non_null(
					parse(&job, text.text, text.len));
			} else {
				assert_null(parse(&job, text.text, text.len));
				assert_non_null(
					strstr(job.msg,
					       "nested deeper than 32 levels"));
			}
			job_free(&job);
		}
	}
}

/* Without end, or with nothing in it: refused before memory is needed. */
static void depth_without_end_is_refused(void **state)
{
	enum { MANY = 1 << 20 };
	char *text = malloc(MANY);
	struct job job = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, '[', MANY);
	assert_null(parse(&job, text, MANY));
	assert_string_equal(job.msg, "x: nested deeper than 32 levels at "
				     "line 1 column 33");
	job_free(&job);
	free(text);
}

/* Of one value: a string with and without escapes, digits, white space. */
static void ten_megabytes_are_read(void **state)
{
	enum { LEN = 10 << 20 };
	static const char *const pattern[] = { "a", "\\n", "\xc3\xa9", "7",
					       " " };
	char *text = malloc(LEN);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(pattern); i++) {
		size_t step = strlen(pattern[i]);
		struct job job = { 0 };
		const struct json *root;

		for (size_t at = 0; at + step <= LEN; at += step)
			memcpy(text + at, pattern[i], step);
		if (i < 3) {
			text[0] = text[LEN - 1] = '"';
			text[1] = text[LEN - 2] = 'x';
		}
		if (i == 4)
			text[LEN / 2] = '7';
		root = parse(&job, text, LEN);
		if (!root)
			fail_msg("%zu: %s", i, job.msg);
		assert_int_equal(root->type, i < 3 ? JSON_STRING : JSON_NUMBER);
		job_free(&job);
	}
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_four_bytes_are_white_space),
		cmocka_unit_test(any_value_is_a_document),
		cmocka_unit_test(names_may_be_repeated),
		cmocka_unit_test(numbers_are_as_the_grammar_has_them),
		cmocka_unit_test(numbers_that_are_too_large_are_told),
		cmocka_unit_test(strings_hold_what_they_may),
		cmocka_unit_test(every_code_unit_can_be_escaped),
		cmocka_unit_test(every_pair_is_a_character),
		cmocka_unit_test(every_character_is_read),
		cmocka_unit_test(nothing_else_is_utf8),
		cmocka_unit_test(only_utf8_without_its_mark_is_read),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(depth_without_end_is_refused),
		cmocka_unit_test(ten_megabytes_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
