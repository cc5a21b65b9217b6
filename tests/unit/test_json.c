/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/job.h"
#include "core/data/json.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Parses text from a buffer without a byte too many, for the sanitizer. Raw
 * pointers of the tree end here. */
static int parse_len(struct job *job, const char *text, size_t len,
		     struct json **out)
{
	char *exact = malloc(len ? len : 1);
	int result;

	assert_non_null(exact);
	memcpy(exact, text, len);
	result = json_parse(job, "input", exact, len, out);
	free(exact);
	return result;
}

static const struct json *parse(struct job *job, const char *text)
{
	struct json *out = NULL;

	if (json_parse(job, "input", text, strlen(text), &out) < 0)
		fail_msg("%s: %s", text, job->msg);
	return out;
}

static void add_escaped(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || (*text & 0xe0) == 0)
			str_printf(out, "\\u%04x", *text);
		else
			str_add_len(out, text, 1);
	}
}

/* The tree as JSON without white space. */
static void print(struct str *out, const struct json *node)
{
	char close = node->type == JSON_OBJECT ? '}' : ']';

	if (node->key) {
		str_add(out, "\"");
		add_escaped(out, node->key);
		str_add(out, "\":");
	}
	if (node->type == JSON_STRING) {
		str_add(out, "\"");
		add_escaped(out, node->text);
		str_add(out, "\"");
	} else if (node->text) {
		str_add(out, node->text);
	} else {
		str_add(out, node->type == JSON_OBJECT ? "{" : "[");
		for (node = node->child; node; node = node->next) {
			print(out, node);
			if (node->next)
				str_add(out, ",");
		}
		str_add_len(out, &close, 1);
	}
}

/* What is read, and the same without white space and needless escapes. */
static const char *const valid[][2] = {
	{ "null", "null" },
	{ " true ", "true" },
	{ "false\n", "false" },
	{ "-10.25E+20", "-10.25E+20" },
	{ "[ -0, 12, -9, 10.25, 0.5e-7, 1E+2, 1e5, 12345678901234567890 ]",
	  "[-0,12,-9,10.25,0.5e-7,1E+2,1e5,12345678901234567890]" },
	{ "\"\"", "\"\"" },
	{ "\"a b\"", "\"a b\"" },
	{ "\"\\u0061\\/\\\"\\\\\"", "\"a/\\u0022\\u005c\"" },
	{ "\"\\b\\f\\n\\r\\t\"", "\"\\u0008\\u000c\\u000a\\u000d\\u0009\"" },
	{ "\"\\u00E9\\u20ac\\ud83D\\uDe00\"",
	  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "\"\\u007f\\u0080\\u07ff\\u0800\\ud7ff\\uE000\\uffff\"",
	  "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
	  "\xef\xbf\xbf\"" },
	{ "\"\\ud800\\udc00\\udbff\\udfff\"",
	  "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"" },
	{ "\"\x7f\xc2\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf\"",
	  "\"\x7f\xc2\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf\"" },
	{ "[]", "[]" },
	{ "{ }\r\n", "{}" },
	{ "[ 1 , true,null ,\"x\" ]", "[1,true,null,\"x\"]" },
	{ "[[],[[]],{},[{}]]", "[[],[[]],{},[{}]]" },
	{ "{\"\":{\"\":[]}}", "{\"\":{\"\":[]}}" },
	{ "\t{ \"a\" : [ 1 , { \"b\" : null } , [ ] ] , \"c\" : \"d\" }\n",
	  "{\"a\":[1,{\"b\":null},[]],\"c\":\"d\"}" },
	{ "{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}",
	  "{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}" },
	{ "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}" },
	{ "{\"\\u0061\":\"{[,:]}\"}", "{\"a\":\"{[,:]}\"}" },
	{ "[\"\\\\\",\"\\\\\"]", "[\"\\u005c\",\"\\u005c\"]" },
};

static void valid_documents_become_the_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		struct job job = { 0 };
		struct str text = { .job = &job };
		struct json *root;

		if (parse_len(&job, valid[i][0], strlen(valid[i][0]), &root))
			fail_msg("%s: %s", valid[i][0], job.msg);
		print(&text, root);
		assert_string_equal(text.text, valid[i][1]);
		job_free(&job);
	}
}

static void malformed_documents_are_refused(void **state)
{
	/* clang-format off */
	static const char *const table[] = {
		/* nothing, or too little */
		"", " ", "\n\t", "{", "[", "\"", "-", "t", "tru", "nul", "fals",
		"[1", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
		"[[]", "{\"a\":{}", "\"abc", "\"\\", "\"\\u00", "\"\\ud83d\\u",
		/* too much */
		"1 2", "1,", "{}{}", "{} {}", "[] x", "{}}", "[]]", "null null",
		"\"a\"\"b\"", "{},", "{}#", "truefalse",
		/* commas and colons */
		"[,]", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[[] []]", "{,}",
		"{,\"a\":1}", "{\"a\":1,}", "{\"a\":1,,\"b\":2}",
		"{\"a\":1 \"b\":2}", "{\"a\" 1}", "{\"a\":}", "{\"a\"}",
		"{\"a\"::1}", "{\"a\":1:2}", "{:1}", "[1:2]", "{\"a\",1}",
		"[\"a\":1]", "{\"a\":1;\"b\":2}", ",", ":",
		/* brackets */
		"]", "}", "[}", "{]", "[1}", "{\"a\":1]", "[{]}", "{[]}",
		/* names */
		"{a:1}", "{'a':1}", "{1:2}", "{null:1}", "{[]:1}", "{{}:1}",
		"{\"a\":1,b:2}", "{\"a\":1,2}",
		/* words */
		"True", "NULL", "nan", "NaN", "Infinity", "-Infinity", "trueX",
		"[nullx]", "undefined", "n", "[f]", "a", "'a'",
		/* numbers */
		"01", "-01", "00", "+1", "1.", ".5", "-.5", "1.e5", "1e", "1e+",
		"1e-", "0x10", "1_000", "--1", "-a", "1.2.3", "1e5.5", "0.",
		"1e5e5", "[01]", "[1.]", "[-]", "1a", "\xd9\xa1",
		/* strings: control characters, escapes */
		"\"\n\"", "\"\t\"", "\"a\x01\"", "\"\x1f\"", "{\"\n\":1}",
		"\"\\a\"", "\"\\x41\"", "\"\\'\"", "\"\\0\"", "\"\\ \"",
		"\"\\u\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"",
		"\"\\u+123\"", "\"\\U0041\"", "\"\\u 123\"", "{\"\\q\":1}",
		"\"\\u0000\"", "\"a\\u0000b\"", "{\"\\u0000\":1}",
		"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\n\"",
		"\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"",
		"\"\\udfff\\ud800\"", "\"\\udc00\\udc00\"", "\"\\ud800\\ue000\"",
		/* UTF-8: byte order mark, stray, short, overlong, surrogate,
		 * beyond the last character */
		"\xef\xbb\xbf{}", "\xff\xfe{}", "\"\x80\"", "\"\xbf\"",
		"\"\xc3\"", "\"\xc3(\"", "\"\xe2\x82\"", "\"\xe2(\xa1\"",
		"\"\xf0\x9f\x98\"", "\"\xc0\xaf\"", "\"\xc1\xbf\"",
		"\"\xe0\x9f\xbf\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xed\xa0\x80\"",
		"\"\xed\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
		"\"\xf5\x80\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "\"\xfe\"",
		"\"\xff\"", "{\"\xc3\":1}",
		/* white space that is none */
		"\f{}", "\v{}", "[1,\xc2\xa0" "2]", "/**/{}", "{}//", "[1,\b2]",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct json *root;

		if (!parse_len(&job, table[i], strlen(table[i]), &root))
			fail_msg("accepted: %s", table[i]);
		assert_int_equal(job.code, CNI_NOT_DECODED);
		job_free(&job);
	}
}

/* A document that does not end by itself is none until its last byte. */
static void truncated_documents_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		const char *text = valid[i][1];

		for (size_t len = 0; strchr("[{\"tfn", *text) && text[len];
		     len++) {
			struct job job = { 0 };
			struct json *root;

			if (!parse_len(&job, text, len, &root))
				fail_msg("accepted: %.*s", (int)len, text);
			job_free(&job);
		}
	}
}

static void nul_bytes_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} table[] = {
		{ "\0", 1 },	      { "{}\0", 3 },	{ "\0{}", 3 },
		{ "{\0}", 3 },	      { "\"a\0\"", 4 }, { "[1\0]", 4 },
		{ "[1,\0]", 5 },      { "nul\0", 4 },	{ "\"\\\0\"", 4 },
		{ "{\"a\0\":1}", 8 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct json *root;

		if (!parse_len(&job, table[i].text, table[i].len, &root))
			fail_msg("accepted: number %zu", i);
		job_free(&job);
	}
}

static void messages_say_why_and_where(void **state)
{
	static const char *const table[][2] = {
		{ "", "unexpected end of JSON input at line 1 column 1" },
		{ "{\n", "unexpected end of JSON input at line 2 column 1" },
		{ "[1", "unexpected end of JSON input at line 1 column 3" },
		{ "\"abc", "unexpected end of JSON input at line 1 column 5" },
		{ "{\n  a", "expected a name in double quotes at "
			    "line 2 column 3" },
		{ "{\"\xc3\xa9\" 1}", "expected ':' at line 1 column 6" },
		{ "[1,\n 2,\n 3 4]", "expected ',' or a closing bracket at "
				     "line 3 column 4" },
		{ "[1.x]", "expected a digit at line 1 column 4" },
		{ "[nul]", "expected a value at line 1 column 2" },
		{ "{} {}", "text after the document at line 1 column 4" },
		{ "[\"\n\"]", "control character in a string at "
			      "line 1 column 3" },
		{ "[\"\xff\"]", "invalid UTF-8 at line 1 column 3" },
		{ "[\"a\\ud800\"]", "bad escape, lone surrogate or \\u0000 at "
				    "line 1 column 4" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct json *root;

		assert_int_equal(parse_len(&job, table[i][0],
					   strlen(table[i][0]), &root),
				 -1);
		assert_string_equal(job.msg,
				    job_printf(&job, "input: %s", table[i][1]));
		job_free(&job);
	}
}

static void depth_ends_at_the_limit(void **state)
{
	struct job job = { 0 };
	struct json *root;
	char text[2 * (JSON_DEPTH_MAX + 1)];

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(parse_len(&job, text, 2 * JSON_DEPTH_MAX, &root), 0);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(parse_len(&job, text, sizeof(text), &root), -1);
	assert_non_null(strstr(
		job.msg, "nested deeper than 32 levels at line 1 column 33"));
	job_free(&job);
}

static void size_ends_at_the_limit(void **state)
{
	struct job job = { 0 };
	struct json *root;
	char *text = job_alloc(&job, JSON_SIZE_MAX + 1);

	(void)state;
	memset(text, ' ', JSON_SIZE_MAX + 1);
	text[0] = '7';
	assert_int_equal(json_parse(&job, "x", text, JSON_SIZE_MAX, &root), 0);
	assert_int_equal(json_parse(&job, "x", text, JSON_SIZE_MAX + 1, &root),
			 -1);
	assert_int_equal(job.code, CNI_NOT_DECODED);
	assert_string_equal(job.msg, "x: longer than 16777216 bytes");
	job_free(&job);
}

static void raw_is_the_text_as_written(void **state)
{
	static const char text[] =
		"{ \"a\" : [ 1, \"\\u0062\" ], \"c\": -1.50 }";
	struct job job = { 0 };
	const struct json *root = parse(&job, text);
	const struct json *a = json_member(root, "a");
	const struct json *b = a->child->next, *c = json_member(root, "c");

	(void)state;
	assert_ptr_equal(root->raw, text);
	assert_int_equal(root->raw_len, strlen(text));
	assert_int_equal(a->raw_len, strlen("[ 1, \"\\u0062\" ]"));
	assert_memory_equal(a->raw, "[ 1, \"\\u0062\" ]", a->raw_len);
	assert_null(a->text);
	assert_int_equal(b->raw_len, strlen("\"\\u0062\""));
	assert_memory_equal(b->raw, "\"\\u0062\"", b->raw_len);
	assert_string_equal(b->text, "b");
	assert_null(b->key);
	assert_string_equal(c->text, "-1.50");
	assert_int_equal(c->type, JSON_NUMBER);
	job_free(&job);
}

/* A quadratic reader takes minutes for these. */
static void large_documents_are_read(void **state)
{
	enum { MEMBERS = 100000 };
	struct job job = { 0 };
	struct str text = { .job = &job };
	struct json *root;
	size_t n = 0;

	(void)state;
	str_add(&text, "{\"list\":[");
	for (int i = 0; i < MEMBERS; i++)
		str_add(&text, i ? ",1" : "1");
	str_add(&text, "]");
	for (int i = 0; i < MEMBERS; i++)
		str_printf(&text, ",\"key%d\":{\"v\":%d}", i, i);
	str_add(&text, "}");
	assert_int_equal(json_parse(&job, "input", text.text, text.len, &root),
			 0);
	for (const struct json *m = root->child->child; m; m = m->next)
		n++;
	assert_int_equal(n, MEMBERS);
	assert_string_equal(
		json_member(json_member(root, "key99999"), "v")->text, "99999");
	job_free(&job);
}

static void member_is_the_last_and_exact_before_same(void **state)
{
	struct job job = { 0 };
	const struct json *root = parse(
		&job,
		"{\"a\":1,\"A\":2,\"a\":3,\"A\":4,\"B\":5,\"b\\u002d\":6}");

	(void)state;
	assert_string_equal(json_member(root, "a")->text, "3");
	assert_string_equal(json_member(root, "A")->text, "4");
	assert_string_equal(json_member(root, "b")->text, "5");
	assert_string_equal(json_member(root, "B-")->text, "6");
	assert_null(json_member(root, "c"));
	assert_null(json_member(root->child, "a"));
	assert_null(json_member(NULL, "a"));
	job_free(&job);
}

static void types_have_names(void **state)
{
	static const char *const table[][2] = {
		{ "null", "null" },   { "true", "true or false" },
		{ "1", "a number" },  { "\"\"", "a string" },
		{ "[]", "an array" }, { "{}", "an object" },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
			json_type_name(parse(&job, table[i][0])->type),
			table[i][1]);
	job_free(&job);
}

static void writer_lays_out_as_go_does(void **state)
{
	static const char expected[] = "{\n"
				       "    \"cniVersion\": \"1.1.0\",\n"
				       "    \"ips\": [\n"
				       "        {\n"
				       "            \"interface\": 0\n"
				       "        },\n"
				       "        {},\n"
				       "        \"x\",\n"
				       "        -5,\n"
				       "        true,\n"
				       "        false\n"
				       "    ],\n"
				       "    \"none\": [],\n"
				       "    \"dns\": {}\n"
				       "}";
	struct job job = { 0 };
	struct json_writer w = { .out.job = &job };

	(void)state;
	json_open(&w, NULL, '{');
	json_string(&w, "cniVersion", "1.1.0");
	json_open(&w, "ips", '[');
	json_open(&w, NULL, '{');
	json_int(&w, "interface", 0);
	json_close(&w, '}');
	json_open(&w, NULL, '{');
	json_close(&w, '}');
	json_string(&w, NULL, "x");
	json_int(&w, NULL, -5);
	json_bool(&w, NULL, true);
	json_bool(&w, NULL, false);
	json_close(&w, ']');
	json_open(&w, "none", '[');
	json_close(&w, ']');
	json_open(&w, "dns", '{');
	json_close(&w, '}');
	json_close(&w, '}');
	assert_string_equal(w.out.text, expected);
	job_free(&job);
}

static void writer_escapes_as_go_does(void **state)
{
	static const char *const table[][2] = {
		{ "", "\"\"" },
		{ "plain \x7f/'", "\"plain \x7f/'\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f", "\"\\u0001\\u001f\"" },
		{ "<nil> & co", "\"\\u003cnil\\u003e \\u0026 co\"" },
		{ "\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
		  "\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"" },
		{ "\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
		{ "a\xff\xfe"
		  "b\xc3",
		  "\"a\\ufffd\\ufffdb\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct json_writer w = { .out.job = &job };

		json_string(&w, NULL, table[i][0]);
		assert_string_equal(w.out.text, table[i][1]);
		job_free(&job);
	}
}

static void written_text_reads_back(void **state)
{
	struct job job = { 0 };
	struct json_writer w = { .out.job = &job };
	struct str all = { .job = &job };
	const struct json *root;

	(void)state;
	for (char c = 1; c < 127; c++)
		str_add_len(&all, &c, 1);
	str_add(&all, "\xc2\x80\xe2\x80\xa8\xef\xbf\xbd\xf4\x8f\xbf\xbf");
	json_open(&w, NULL, '{');
	json_string(&w, all.text, all.text);
	json_close(&w, '}');
	root = parse(&job, w.out.text);
	assert_string_equal(root->child->key, all.text);
	assert_string_equal(root->child->text, all.text);
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_documents_become_the_tree),
		cmocka_unit_test(malformed_documents_are_refused),
		cmocka_unit_test(truncated_documents_are_refused),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(messages_say_why_and_where),
		cmocka_unit_test(depth_ends_at_the_limit),
		cmocka_unit_test(size_ends_at_the_limit),
		cmocka_unit_test(raw_is_the_text_as_written),
		cmocka_unit_test(large_documents_are_read),
		cmocka_unit_test(member_is_the_last_and_exact_before_same),
		cmocka_unit_test(types_have_names),
		cmocka_unit_test(writer_lays_out_as_go_does),
		cmocka_unit_test(writer_escapes_as_go_does),
		cmocka_unit_test(written_text_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
