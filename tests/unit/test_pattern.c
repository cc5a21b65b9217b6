/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/data/pattern.h"

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool matches(const char *pattern, const char *text)
{
	const char *why;
	bool yes = pattern_matches(pattern, text, &why);

	if (why)
		fail_msg("%s: %s", pattern, why);
	return yes;
}

static void allowlists_mean_what_they_say(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool yes;
	} rows[] = {
		{ "^net.ipv4.conf.IFNAME.[a-z_]*$",
		  "net.ipv4.conf.IFNAME.accept_redirects", true },
		{ "^net.ipv4.conf.IFNAME.[a-z_]*$",
		  "net.ipv4.conf.IFNAME.accept_redirects2", false },
		{ "^net.ipv4.conf.IFNAME.[a-z_]*$", "net.ipv4.conf.all.x",
		  false },
		{ "^net\\.core\\.", "net.core.somaxconn", true },
		{ "^net\\.core\\.", "net/core/somaxconn", false },
		{ "somaxconn", "net.core.somaxconn", true },
		{ "^somaxconn", "net.core.somaxconn", false },
		{ "^net\\.(?:core|ipv4)\\.\\w+$", "net.ipv4.ip_forward", true },
		{ "^net\\.(?:core|ipv4)\\.\\w+$", "net.ipv6.ip_forward",
		  false },
		{ "^\\D+\\d$", "net.ipv4", true },
		{ "^\\D+\\d$", "net.ipv46", false },
		{ "^[\\w.]+?$", "net.ipv4", true },
		{ "^[\\w.]+?$", "net/ipv4", false },
		{ "^[^\\W_]+$", "a_b", false },
		{ "^\\S+$", "a b", false },
		{ "a|", "zzz", true },
		{ "", "zzz", true },
		{ "^$", "", true },
		{ "^$", "a", false },
		{ "a.c", "a\nc", false },
		{ "(a*)*b$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (matches(rows[i].pattern, rows[i].text) != rows[i].yes)
			fail_msg("%s: %s", rows[i].pattern, rows[i].text);
	}
}

static void what_is_not_understood_is_refused(void **state)
{
	static const char *const rows[] = {
		"a)",	    "(a",      "[a",	 "[",	  "a\\",
		"\\b",	    "\\pL",    "\\1",	 "(?i)a", "[[:alpha:]]",
		"[z-a]",    "[a-\\d]", "*a",	 "a**",	  "a{",
		"a{x}",	    "a{2,1}",  "a{256}", "a{,2}", "a{2,x}",
		"a{1,256}", "(*)",     "|?",
	};
	char deep[100] = "";
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pattern_matches(rows[i], "a", &why) || !why)
			fail_msg("%s", rows[i]);
	}
	memset(deep, '(', 33);
	memset(deep + 33, ')', 33);
	assert_false(pattern_matches(deep, "a", &why));
	assert_string_equal(why, "too many groups in each other");
	assert_true(matches("((((((((((((((((((((((((((((((((a"
			    "))))))))))))))))))))))))))))))))",
			    "a"));
}

static void a_text_may_have_255_bytes(void **state)
{
	char text[257] = "";
	const char *why;

	(void)state;
	memset(text, 'a', 255);
	assert_true(matches("^a{255}$", text));
	assert_true(matches("^a*$", text));
	assert_true(matches("^a{200,}$", text));
	assert_true(matches("^(a?){255}a$", text));
	assert_true(matches("^(ab?){250,}$", text));
	text[255] = 'a';
	assert_false(pattern_matches("a", text, &why));
	assert_null(why);
}

static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % below;
}

/* An expression that the libc understands as well. */
static void make(char *out, size_t size, int depth)
{
	static const char *const ones[] = { "a",     "b",    "c",
					    ".",     "[ab]", "[^a]",
					    "[b-c]", "\\.",  "[.a-b]" };
	static const char *const often[] = { "",      "",    "",    "*",
					     "+",     "?",   "{2}", "{1,2}",
					     "{0,1}", "{2,}" };
	size_t parts = 1 + any(3);

	*out = '\0';
	for (size_t i = 0; i < parts; i++) {
		char one[200];

		if (i && any(4) == 0)
			strcat(out, "|");
		else if (depth == 2 &&
			 any(6) == 0) /* not repeated: bugs of glibc */
			strcat(out, i ? "$" : "^");
		if (depth && any(3) == 0) {
			char inner[180];

			make(inner, sizeof(inner), depth - 1);
			snprintf(one, sizeof(one), "(%.170s)", inner);
		} else {
			snprintf(one, sizeof(one), "%s", ones[any(9)]);
		}
		if (strlen(out) + strlen(one) + 8 > size)
			return;
		strcat(out, one);
		strcat(out, often[any(10)]);
	}
}

static void the_libc_finds_the_same(void **state)
{
	size_t yes = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char pattern[200], text[9] = "";
		const char *why;
		regex_t regex;
		bool found;

		make(pattern, sizeof(pattern), 2);
		if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
			continue;
		for (size_t j = any(9); j > 0; j--)
			text[j - 1] = "abc."[any(4)];
		found = regexec(&regex, text, 0, NULL, 0) == 0;
		regfree(&regex);
		if (pattern_matches(pattern, text, &why) != found || why)
			fail_msg("%s: %s: %s", pattern, text, why ? why : "");
		yes += found;
	}
	assert_in_range(yes, 2000, 18000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowlists_mean_what_they_say),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(a_text_may_have_255_bytes),
		cmocka_unit_test(the_libc_finds_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
