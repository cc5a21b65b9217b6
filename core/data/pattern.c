/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/pattern.h"

#include <stdint.h>
#include <string.h>

#include "core/base/str.h"

/* So many repetitions bring no new place any more. */
enum { DEPTH_MAX = 32, REPEAT_MAX = 255, NO_LIMIT = 2 * REPEAT_MAX + 2 };

/* Places in the text, each before one of its bytes, or at its end. */
struct places {
	bool at[PATTERN_TEXT_MAX + 1];
};

struct bytes {
	bool has[UINT8_MAX + 1];
};

/* Reads the pattern once from its beginning to its end, and has at any moment all
 * places where a match may go on. What is repeated is read again. */
struct search {
	const char *at; /* in the pattern */
	const char *text;
	size_t len; /* of text */
	int depth;
	const char *why;
};

/* Nothing is read any more. */
static void refuse(struct search *s, const char *why)
{
	if (!s->why)
		s->why = why;
	s->at = "";
}

/* Adds the places more; whether any of them is new. */
static bool add_places(struct places *to, const struct places *more)
{
	bool added = false;

	for (size_t i = 0; i < sizeof(to->at); i++) {
		added |= more->at[i] && !to->at[i];
		to->at[i] |= more->at[i];
	}
	return added;
}

static bool is_in_class(char kind, int c)
{
	bool digit = c >= '0' && c <= '9';

	if (kind == 'd')
		return digit;
	if (kind == 's')
		return c && strchr(" \t\n\f\r", c);
	return digit || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* Reads a byte of the pattern, or what a backslash says. Returns the byte; 0 if
 * that was a class, which is added to bytes. */
static uint8_t read_byte(struct search *s, struct bytes *bytes)
{
	uint8_t c = (uint8_t)*s->at++;
	bool inverse;

	if (c != '\\')
		return c;
	c = (uint8_t)*s->at++;
	if (c == '_' || (c && !is_in_class('w', c)))
		return c;
	inverse = c < 'a';
	c |= 0x20;
	if (!strchr("dsw", c)) {
		refuse(s, "a backslash before what it does not know");
		return 0;
	}
	for (int i = 1; i <= UINT8_MAX; i++)
		bytes->has[i] |= is_in_class((char)c, i) != inverse;
	return 0;
}

/* Reads a set in brackets; the first of them is read already. */
static void read_set(struct search *s, struct bytes *bytes)
{
	bool inverse = *s->at == '^', first = true;

	s->at += inverse;
	for (; *s->at && (first || *s->at != ']'); first = false) {
		uint8_t low, high;

		if (*s->at == '[' && s->at[1] && strchr(":.=", s->at[1])) {
			refuse(s, "a class such as [:alpha:]");
			return;
		}
		low = high = read_byte(s, bytes);
		if (low && *s->at == '-' && s->at[1] && s->at[1] != ']') {
			s->at++;
			high = read_byte(s, bytes);
			if (high < low)
				refuse(s, "a range without an order");
		}
		for (int c = low; low && c <= high; c++)
			bytes->has[c] = true;
	}
	if (*s->at != ']') {
		refuse(s, "[ without ]");
		return;
	}
	s->at++;
	for (size_t c = 0; c < sizeof(bytes->has); c++)
		bytes->has[c] ^= inverse;
}

static void match_any(struct search *s, const struct places *from,
		      struct places *to);

/* "(" is read already. */
static void match_group(struct search *s, const struct places *from,
			struct places *to)
{
	if (str_starts(s->at, "?:"))
		s->at += 2;
	if (*s->at == '?')
		refuse(s, "(?");
	if (++s->depth > DEPTH_MAX)
		refuse(s, "too many groups in each other");
	match_any(s, from, to);
	s->depth--;
	if (*s->at == ')')
		s->at++;
	else
		refuse(s, "( without )");
}

/* Reads what is not repeated, and goes on from each place of from. */
static void match_one(struct search *s, const struct places *from,
		      struct places *to)
{
	struct bytes bytes = { 0 };
	uint8_t c = (uint8_t)*s->at;

	*to = (struct places) { 0 };
	if (c == '^' || c == '$') {
		size_t place = c == '^' ? 0 : s->len;

		s->at++;
		to->at[place] = from->at[place];
		return;
	}
	if (c == '(') {
		s->at++;
		match_group(s, from, to);
		return;
	}
	if (strchr("*+?{", c)) {
		refuse(s, "a repetition of nothing");
	} else if (c == '[') {
		s->at++;
		read_set(s, &bytes);
	} else if (c == '.') {
		s->at++;
		memset(&bytes, true, sizeof(bytes));
		bytes.has['\n'] = false;
	} else {
		bytes.has[read_byte(s, &bytes)] = true;
	}
	for (size_t i = 0; i < s->len; i++)
		to->at[i + 1] = from->at[i] && bytes.has[(uint8_t)s->text[i]];
}

/* "{" is read already. */
static void read_braces(struct search *s, unsigned *min, unsigned *max)
{
	uint64_t low, high = NO_LIMIT;
	bool good = str_cut_number(&s->at, &low);

	if (good && *s->at != ',')
		high = low;
	else if (good && *++s->at != '}')
		good = str_cut_number(&s->at, &high) && high <= REPEAT_MAX;
	if (!good || *s->at != '}' || low > REPEAT_MAX || high < low) {
		refuse(s, "what is in { }");
		return;
	}
	s->at++;
	*min = (unsigned)low;
	*max = (unsigned)high;
}

/* Reads how often what precedes is repeated. */
static void read_repetition(struct search *s, unsigned *min, unsigned *max)
{
	char c = *s->at;

	*min = c == '*' || c == '?' ? 0 : 1;
	*max = c == '*' || c == '+' ? NO_LIMIT : 1;
	if (!c || !strchr("*+?{", c))
		return;
	s->at++;
	if (c == '{')
		read_braces(s, min, max);
	/* Whether it prefers few does not matter here. */
	s->at += *s->at == '?';
}

static void match_repeated(struct search *s, struct places *now)
{
	const char *begin = s->at, *end;
	struct places one, next, all = { 0 };
	unsigned min, max;

	match_one(s, now, &one);
	read_repetition(s, &min, &max);
	end = s->at;
	if (!min)
		all = *now;
	for (unsigned n = 1; n <= max; n++) {
		/* From no new place there is no way to a new place. */
		if (n >= min && !add_places(&all, &one))
			break;
		if (n == max)
			break;
		s->at = begin;
		match_one(s, &one, &next);
		one = next;
	}
	*now = all;
	s->at = end;
}

/* Reads alternatives, up to the end of the group. */
static void match_any(struct search *s, const struct places *from,
		      struct places *to)
{
	*to = (struct places) { 0 };
	for (;;) {
		struct places now = *from;

		while (*s->at && !strchr("|)", *s->at))
			match_repeated(s, &now);
		add_places(to, &now);
		if (*s->at != '|')
			return;
		s->at++;
	}
}

bool pattern_matches(const char *pattern, const char *text, const char **why)
{
	struct search s = { .at = pattern, .text = text, .len = strlen(text) };
	struct places from, to;

	*why = NULL;
	if (s.len > PATTERN_TEXT_MAX)
		return false;
	memset(&from, true, sizeof(from));
	for (size_t i = s.len + 1; i < sizeof(from.at); i++)
		from.at[i] = false;
	match_any(&s, &from, &to);
	if (*s.at == ')')
		refuse(&s, ") without (");
	*why = s.why;
	return !s.why && memchr(to.at, 1, sizeof(to.at));
}
