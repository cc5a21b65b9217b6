/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json - documents: read as RFC 8259 has it, and the same when written again
 *
 * An input is a document. */
#include "tests/fuzz/fuzz.h"

/* A second opinion, which follows the grammar of the RFC word by word. */
struct grammar {
	const uint8_t *at, *end;
};

static bool take(struct grammar *g, uint8_t low, uint8_t high)
{
	if (g->at == g->end || *g->at < low || *g->at > high)
		return false;
	g->at++;
	return true;
}

static bool take_char(struct grammar *g, char c)
{
	return take(g, (uint8_t)c, (uint8_t)c);
}

static bool take_word(struct grammar *g, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(g->end - g->at) < len || memcmp(g->at, word, len) != 0)
		return false;
	g->at += len;
	return true;
}

static void take_space(struct grammar *g)
{
	while (take_char(g, ' ') || take_char(g, '\t') || take_char(g, '\n') ||
	       take_char(g, '\r'))
		continue;
}

static bool is_tail(struct grammar *g, int count)
{
	while (count--)
		if (!take(g, 0x80, 0xbf))
			return false;
	return true;
}

/* RFC 3629, "Syntax of UTF-8 Byte Sequences". */
static bool is_utf8(struct grammar *g)
{
	if (take(g, 0x20, 0x7f))
		return true;
	if (take(g, 0xc2, 0xdf))
		return is_tail(g, 1);
	if (take(g, 0xe0, 0xe0))
		return take(g, 0xa0, 0xbf) && is_tail(g, 1);
	if (take(g, 0xed, 0xed))
		return take(g, 0x80, 0x9f) && is_tail(g, 1);
	if (take(g, 0xe1, 0xef))
		return is_tail(g, 2);
	if (take(g, 0xf0, 0xf0))
		return take(g, 0x90, 0xbf) && is_tail(g, 2);
	if (take(g, 0xf4, 0xf4))
		return take(g, 0x80, 0x8f) && is_tail(g, 2);
	return take(g, 0xf1, 0xf3) && is_tail(g, 3);
}

static bool is_hex(struct grammar *g, unsigned *out)
{
	char digits[5] = { 0 };

	for (int i = 0; i < 4; i++) {
		if (g->at == g->end ||
		    !strchr("0123456789abcdefABCDEF", *g->at))
			return false;
		digits[i] = (char)*g->at++;
	}
	*out = (unsigned)strtoul(digits, NULL, 16);
	/* strchr() finds the NUL, too. */
	return strlen(digits) == 4;
}

static bool is_escape(struct grammar *g)
{
	unsigned unit, low;

	if (!take_char(g, 'u'))
		return g->at < g->end && *g->at &&
		       strchr("\"\\/bfnrt", *g->at++);
	if (!is_hex(g, &unit) || !unit)
		return false;
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	return unit < 0xdc00 && take_word(g, "\\u") && is_hex(g, &low) &&
	       low >= 0xdc00 && low <= 0xdfff;
}

static bool is_string(struct grammar *g)
{
	if (!take_char(g, '"'))
		return false;
	while (!take_char(g, '"'))
		if (!(take_char(g, '\\') ? is_escape(g) : is_utf8(g)))
			return false;
	return true;
}

static bool is_digits(struct grammar *g)
{
	if (!take(g, '0', '9'))
		return false;
	while (take(g, '0', '9'))
		continue;
	return true;
}

static bool is_number(struct grammar *g)
{
	take_char(g, '-');
	if (!take_char(g, '0') && !is_digits(g))
		return false;
	if (take_char(g, '.') && !is_digits(g))
		return false;
	if (!take_char(g, 'e') && !take_char(g, 'E'))
		return true;
	if (!take_char(g, '+'))
		take_char(g, '-');
	return is_digits(g);
}

static bool is_value(struct grammar *g, int depth);

/* The inside of an array or an object, and its end. */
static bool is_filling(struct grammar *g, int depth, char end)
{
	take_space(g);
	if (take_char(g, end))
		return true;
	do {
		take_space(g);
		if (end == '}') {
			if (!is_string(g))
				return false;
			take_space(g);
			if (!take_char(g, ':'))
				return false;
		}
		if (!is_value(g, depth))
			return false;
	} while (take_char(g, ','));
	return take_char(g, end);
}

static bool is_value(struct grammar *g, int depth)
{
	bool is = false;

	take_space(g);
	if (g->at == g->end)
		return false;
	switch (*g->at) {
	case '{':
	case '[':
		is = depth < JSON_DEPTH_MAX &&
		     is_filling(g, depth + 1, *g->at++ == '{' ? '}' : ']');
		break;
	case '"':
		is = is_string(g);
		break;
	case 't':
		is = take_word(g, "true");
		break;
	case 'f':
		is = take_word(g, "false");
		break;
	case 'n':
		is = take_word(g, "null");
		break;
	default:
		is = is_number(g);
	}
	take_space(g);
	return is;
}

static void print(struct str *out, const struct json *node)
{
	struct json_writer w = { .out.job = out->job };
	bool object = node->type == JSON_OBJECT;

	if (node->key) {
		json_string(&w, NULL, node->key);
		str_printf(out, "%s:", w.out.text);
		w = (struct json_writer) { .out.job = out->job };
	}
	if (node->type == JSON_STRING) {
		json_string(&w, NULL, node->text);
		str_add(out, w.out.text);
	} else if (node->text) {
		str_add(out, node->text);
	} else {
		str_add(out, object ? "{" : "[");
		for (node = node->child; node; node = node->next) {
			print(out, node);
			str_add(out, node->next ? "," : "");
		}
		str_add(out, object ? "}" : "]");
	}
}

/* Whether two trees say the same; where they came from aside. */
static bool same(const struct json *a, const struct json *b)
{
	const struct json *x = a->child, *y = b->child;

	if (a->type != b->type || !a->key != !b->key || !a->text != !b->text ||
	    (a->key && strcmp(a->key, b->key) != 0) ||
	    (a->text && strcmp(a->text, b->text) != 0))
		return false;
	for (; x && y && same(x, y); x = x->next)
		y = y->next;
	return !x && !y;
}

/* What a value was written as reads as that value; each of its members by its
 * name is it, or another that has the same name or nearly. */
static void check_parts(struct job *job, const struct json *node)
{
	struct json *again;

	require(json_parse(job, "part", node->raw, node->raw_len, &again) == 0);
	again->key = node->key;
	require(same(node, again));
	for (const struct json *m = node->child; m; m = m->next) {
		if (node->type == JSON_OBJECT)
			require(!strcmp(json_member(node, m->key)->key,
					m->key));
		else
			require(!m->key);
		check_parts(job, m);
	}
}

/* As Go prints maps, it reads again, and is printed the same. */
static void check_print(struct job *job, const struct json *root)
{
	struct str first = { .job = job }, second = { .job = job };
	struct json *again;

	json_print(&first, root);
	require(json_parse(job, "map", first.text, first.len, &again) == 0);
	json_print(&second, again);
	require(strcmp(first.text, second.text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct grammar grammar = { data, data + size };
	bool good = is_value(&grammar, 0) && grammar.at == grammar.end;
	struct job job = { 0 };
	struct str text = { .job = &job };
	struct json *root, *again;
	int status = json_parse(&job, "input", (const char *)data, size, &root);

	fuzz_told(&job, status);
	require((status == 0) == good);
	if (good) {
		print(&text, root);
		require(json_parse(&job, "output", text.text, text.len,
				   &again) == 0);
		require(same(root, again));
		check_parts(&job, root);
		check_print(&job, root);
	}
	job_free(&job);
	return 0;
}
