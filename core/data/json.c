/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/json.h"

#include <string.h>

/*
 * Without JSMN_STRICT: scan_document() is far stricter, and strict jsmn refuses
 * a number at the end of the text. Without JSMN_PARENT_LINKS jsmn would take
 * quadratic time.
 */
#define JSMN_STATIC
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "core/base/job.h"

static const char too_deep[] = "nested deeper than 32 levels";
_Static_assert(JSON_DEPTH_MAX == 32, "as the text says");

/* Where scan_document() is in the text, and why it stopped there. */
struct scan {
	const char *at, *end, *why;
};

/* Reads the character at text; returns its length in bytes, or 0 if it is not
 * UTF-8 (RFC 3629: neither overlong, nor a surrogate, nor beyond U+10FFFF). */
static size_t utf8_read(const char *text, const char *end, long *out)
{
	static const long least[] = { 0, 0x80, 0x800, 0x10000 };
	long c = (unsigned char)*text;
	int more = (c >= 0xc0) + (c >= 0xe0) + (c >= 0xf0);

	if ((c >= 0x80 && !more) || c >= 0xf8 || more >= end - text)
		return 0;
	if (more)
		c &= 0x3f >> more;
	for (int i = 1; i <= more; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return 1 + (size_t)more;
}

static char *utf8_write(char *out, long c)
{
	int more = (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);

	*out++ = (char)(more ? 0xff00 >> (more + 1) | c >> 6 * more : c);
	while (more--)
		*out++ = (char)(0x80 | (c >> 6 * more & 0x3f));
	return out;
}

/* The value of "\uXXXX" at text, or -1. */
static long code_unit(const char *text, const char *end)
{
	long value = 0;

	if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			c = (c | 0x20) - 'a' + 10;
		else
			return -1;
		value = value << 4 | c;
	}
	return value;
}

/* Returns the character of the escape sequence at *at, and moves *at behind
 * it. -1 if the sequence is wrong; 0 for \u0000, which a C string cannot
 * hold. */
static long unescape(const char **at, const char *end)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	long c = code_unit(*at, end), low;
	const char *letter;

	if (c < 0) {
		if (end - *at < 2 || !(*at)[1])
			return -1;
		letter = strchr(letters, (*at)[1]);
		*at += 2;
		return letter ? bytes[letter - letters] : -1;
	}
	*at += 6;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	low = code_unit(*at, end);
	if (c > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return -1;
	*at += 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static bool refuse(struct scan *s, const char *why)
{
	s->why = s->at == s->end ? "unexpected end of JSON input" : why;
	return false;
}

/* Skips white space; returns the character behind it, or NUL at the end. */
static char peek(struct scan *s)
{
	while (s->at < s->end && memchr(" \t\n\r", *s->at, 4))
		s->at++;
	return s->at < s->end ? *s->at : '\0';
}

static bool scan_string(struct scan *s)
{
	const char *at;
	size_t len;
	long c;

	for (s->at++; s->at < s->end; s->at += len) {
		if (*s->at == '"') {
			s->at++;
			return true;
		}
		if (*s->at == '\\') {
			at = s->at;
			if (unescape(&at, s->end) <= 0)
				return refuse(
					s,
					"bad escape, lone surrogate or \\u0000");
			len = (size_t)(at - s->at);
			continue;
		}
		len = utf8_read(s->at, s->end, &c);
		if (!len)
			return refuse(s, "invalid UTF-8");
		if (c < ' ')
			return refuse(s, "control character in a string");
	}
	return refuse(s, NULL);
}

static bool scan_digits(struct scan *s)
{
	const char *start = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > start || refuse(s, "expected a digit");
}

static bool scan_number(struct scan *s)
{
	if (*s->at == '-')
		s->at++;
	if (s->at < s->end && *s->at == '0')
		s->at++;
	else if (!scan_digits(s))
		return false;
	if (s->at < s->end && *s->at == '.') {
		s->at++;
		if (!scan_digits(s))
			return false;
	}
	if (s->at == s->end || (*s->at | 0x20) != 'e')
		return true;
	s->at++;
	if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
		s->at++;
	return scan_digits(s);
}

static bool scan_scalar(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	char c = peek(s);

	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(s->end - s->at) >= len &&
		    !memcmp(s->at, words[i], len)) {
			s->at += len;
			return true;
		}
	}
	return refuse(s, "expected a value");
}

static bool scan_name(struct scan *s)
{
	if (peek(s) != '"')
		return refuse(s, "expected a name in double quotes");
	if (!scan_string(s))
		return false;
	if (peek(s) != ':')
		return refuse(s, "expected ':'");
	s->at++;
	return true;
}

/* Whether the text is exactly one document by RFC 8259. jsmn alone would
 * accept missing commas, bare words, a second document and more. */
static bool scan_document(struct scan *s)
{
	char open[JSON_DEPTH_MAX], c;
	int depth = 0;

	do {
		c = peek(s);
		if (c == '{' || c == '[') {
			if (depth == JSON_DEPTH_MAX)
				return refuse(s, too_deep);
			open[depth++] = c;
			s->at++;
			/* in ASCII, '}' is '{' + 2 and ']' is '[' + 2 */
			if (peek(s) != c + 2) {
				if (c == '{' && !scan_name(s))
					return false;
				continue;
			}
		} else if (!scan_scalar(s)) {
			return false;
		}
		while (depth && peek(s) == open[depth - 1] + 2) {
			s->at++;
			depth--;
		}
		if (!depth)
			break;
		if (peek(s) != ',')
			return refuse(s, "expected ',' or a closing bracket");
		s->at++;
		if (open[depth - 1] == '{' && !scan_name(s))
			return false;
	} while (true);
	peek(s);
	return s->at == s->end || refuse(s, "text after the document");
}

static char *decode(struct job *job, const char *text, size_t len)
{
	char *copy = job_strndup(job, text, len), *out;
	const char *at, *end = copy + len;

	/* An escape sequence is never shorter than what it stands for. */
	at = out = memchr(copy, '\\', len);
	if (!at)
		return copy;
	while (at < end) {
		if (*at == '\\')
			out = utf8_write(out, unescape(&at, end));
		else
			*out++ = *at++;
	}
	*out = '\0';
	return copy;
}

static void fill_node(struct job *job, struct json *node, const char *text,
		      const jsmntok_t *token)
{
	const char *start = text + token->start;
	size_t len = (size_t)(token->end - token->start);
	bool quoted = token->type == JSMN_STRING;

	node->raw = start - quoted;
	node->raw_len = len + 2 * quoted;
	switch (*node->raw) {
	case '{':
		node->type = JSON_OBJECT;
		return;
	case '[':
		node->type = JSON_ARRAY;
		return;
	case '"':
		node->type = JSON_STRING;
		break;
	case 't':
	case 'f':
		node->type = JSON_BOOL;
		break;
	case 'n':
		node->type = JSON_NULL;
		break;
	default:
		node->type = JSON_NUMBER;
	}
	node->text = decode(job, start, len);
}

/* Makes the tree of jsmn's tokens. A member's name is a token of its own: the
 * value's parent, and the object's child. The loop goes backwards, so that
 * each value can be put before its siblings. */
static struct json *build_tree(struct job *job, const char *text,
			       const jsmntok_t *tokens, size_t count)
{
	struct json *nodes = job_alloc(job, count * sizeof(*nodes));

	for (size_t i = count; i-- > 0;) {
		int up = tokens[i].parent;

		if (up >= 0 && tokens[up].type == JSMN_OBJECT)
			continue;
		fill_node(job, &nodes[i], text, &tokens[i]);
		if (up >= 0 && tokens[up].type == JSMN_STRING) {
			nodes[i].key = decode(
				job, text + tokens[up].start,
				(size_t)(tokens[up].end - tokens[up].start));
			up = tokens[up].parent;
		}
		if (up >= 0) {
			nodes[i].next = nodes[up].child;
			nodes[up].child = &nodes[i];
		}
	}
	return nodes;
}

static int fail_at(struct job *job, const char *what, const char *text,
		   const struct scan *s)
{
	int line = 1, column = 1;

	for (; text < s->at; text++) {
		if (*text == '\n') {
			line++;
			column = 1;
		} else if ((*text & 0xc0) != 0x80) {
			column++;
		}
	}
	return fail(job, CNI_NOT_DECODED, "%s: %s at line %d column %d", what,
		    s->why, line, column);
}

int json_parse(struct job *job, const char *what, const char *text, size_t len,
	       struct json **out)
{
	struct scan scan = { .at = text, .end = text + len };
	jsmn_parser parser;
	jsmntok_t *tokens;
	int count;

	if (len > JSON_SIZE_MAX)
		return fail(job, CNI_NOT_DECODED, "%s: longer than %d bytes",
			    what, JSON_SIZE_MAX);
	if (!scan_document(&scan))
		return fail_at(job, what, text, &scan);
	/* jsmn accepts whatever scan_document() does. */
	jsmn_init(&parser);
	count = jsmn_parse(&parser, text, len, NULL, 0);
	tokens = job_alloc(job, (size_t)count * sizeof(*tokens));
	jsmn_init(&parser);
	jsmn_parse(&parser, text, len, tokens, (unsigned)count);
	*out = build_tree(job, text, tokens, (size_t)count);
	return 0;
}

const struct json *json_member(const struct json *object, const char *key)
{
	const struct json *exact = NULL, *same = NULL;

	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = object->child; m; m = m->next) {
		if (!strcmp(m->key, key))
			exact = m;
		else if (str_same(m->key, key))
			same = m;
	}
	return exact ? exact : same;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",	    [JSON_BOOL] = "true or false",
		[JSON_NUMBER] = "a number", [JSON_STRING] = "a string",
		[JSON_ARRAY] = "an array",  [JSON_OBJECT] = "an object",
	};

	return names[type];
}

void json_quote(struct str *out, const char *text)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *start = text, *end = text + strlen(text);
	size_t len;
	long c;

	str_add(out, "\"");
	for (; text < end; text += len) {
		const char *letter = strchr(plain, *text);

		len = utf8_read(text, end, &c);
		if (!len)
			c = 0xfffd;
		else if (c >= ' ' && !letter && !strchr("<>&", *text) &&
			 c != 0x2028 && c != 0x2029)
			continue;
		str_add_len(out, start, (size_t)(text - start));
		if (letter)
			str_printf(out, "\\%c", letters[letter - plain]);
		else
			str_printf(out, "\\u%04lx", c);
		len += !len;
		start = text + len;
	}
	str_add_len(out, start, (size_t)(text - start));
	str_add(out, "\"");
}

static void new_line(struct json_writer *w)
{
	str_add(&w->out, "\n");
	for (int i = 0; i < w->depth; i++)
		str_add(&w->out, "    ");
}

/* Writes what comes before a value: a comma, a new line, the key. */
static void begin_value(struct json_writer *w, const char *key)
{
	if (w->some)
		str_add(&w->out, ",");
	if (w->depth)
		new_line(w);
	if (key) {
		json_quote(&w->out, key);
		str_add(&w->out, ": ");
	}
	w->some = true;
}

void json_open(struct json_writer *w, const char *key, char bracket)
{
	begin_value(w, key);
	str_add_len(&w->out, &bracket, 1);
	w->depth++;
	w->some = false;
}

void json_close(struct json_writer *w, char bracket)
{
	w->depth--;
	if (w->some)
		new_line(w);
	str_add_len(&w->out, &bracket, 1);
	w->some = true;
}

void json_string(struct json_writer *w, const char *key, const char *text)
{
	begin_value(w, key);
	json_quote(&w->out, text);
}

void json_int(struct json_writer *w, const char *key, long value)
{
	begin_value(w, key);
	str_printf(&w->out, "%ld", value);
}

void json_bool(struct json_writer *w, const char *key, bool value)
{
	begin_value(w, key);
	str_add(&w->out, value ? "true" : "false");
}
