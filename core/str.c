/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/str.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "core/job.h"

void str_add_len(struct str *s, const char *text, size_t len)
{
	if (s->size - s->len <= len) {
		size_t size = 2 * s->size + len + 64;
		char *grown = job_alloc(s->job, size);

		if (s->len)
			memcpy(grown, s->text, s->len);
		s->text = grown;
		s->size = size;
	}
	memcpy(s->text + s->len, text, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_add_len(s, text, strlen(text));
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	str_add(s, job_vprintf(s->job, fmt, args));
	va_end(args);
}

/* What stands between % and the letter. */
struct spec {
	bool left, zero, alternate;
	size_t width, precision;
	int longs; /* how many l, or z */
};

struct out {
	char *dst;
	size_t size, len; /* len may pass size */
};

static void put(struct out *out, const char *text, size_t len)
{
	size_t room = out->len + 1 < out->size ? out->size - 1 - out->len : 0;

	if (room)
		memcpy(out->dst + out->len, text, len < room ? len : room);
	out->len += len;
}

static void fill(struct out *out, char with, size_t count)
{
	while (count--)
		put(out, &with, 1);
}

static void put_padded(struct out *out, const struct spec *spec,
		       const char *text, size_t len)
{
	size_t pad = spec->width > len ? spec->width - len : 0;

	if (!spec->left)
		fill(out, ' ', pad);
	put(out, text, len);
	if (spec->left)
		fill(out, ' ', pad);
}

static void put_number(struct out *out, const struct spec *spec,
		       unsigned long long value, bool negative, unsigned base)
{
	char digits[3 * sizeof(value)], *at = digits + sizeof(digits);
	size_t len, width = spec->zero ? spec->width : 0;

	do
		*--at = "0123456789abcdef"[value % base];
	while (value /= base);
	len = (size_t)(digits + sizeof(digits) - at);
	while (len < width && at > digits + 2) {
		*--at = '0';
		len++;
	}
	if (spec->alternate && base == 16) {
		*--at = 'x';
		*--at = '0';
	}
	if (negative)
		*--at = '-';
	put_padded(out, spec, at, (size_t)(digits + sizeof(digits) - at));
}

/* So that a va_list can be handed on and used up there. */
struct arguments {
	va_list list;
};

static size_t read_count(const char **fmt, struct arguments *args)
{
	size_t count = 0;

	if (**fmt == '*') {
		int given = va_arg(args->list, int);

		++*fmt;
		return given > 0 ? (size_t)given : 0;
	}
	while (**fmt >= '0' && **fmt <= '9')
		count = 10 * count + (size_t)(*(*fmt)++ - '0');
	return count;
}

/* What stands between % and the letter, where *fmt is then. */
static struct spec read_spec(const char **fmt, struct arguments *args)
{
	struct spec spec = { .precision = SIZE_MAX };

	for (; **fmt && strchr("-0#", **fmt); ++*fmt) {
		spec.left |= **fmt == '-';
		spec.zero |= **fmt == '0';
		spec.alternate |= **fmt == '#';
	}
	spec.width = read_count(fmt, args);
	if (**fmt == '.') {
		++*fmt;
		spec.precision = read_count(fmt, args);
	}
	for (; **fmt == 'l' || **fmt == 'z'; ++*fmt)
		spec.longs++;
	return spec;
}

static long long signed_argument(struct arguments *args, int longs)
{
	if (longs > 1)
		return va_arg(args->list, long long);
	return longs ? va_arg(args->list, long) : va_arg(args->list, int);
}

static unsigned long long unsigned_argument(struct arguments *args, int longs)
{
	if (longs > 1)
		return va_arg(args->list, unsigned long long);
	return longs ? va_arg(args->list, unsigned long)
		     : va_arg(args->list, unsigned);
}

static void put_argument(struct out *out, const struct spec *spec, char letter,
			 struct arguments *args)
{
	const char *text;
	long long value;
	char c = '%';

	switch (letter) {
	case 's':
		text = va_arg(args->list, const char *);
		put_padded(out, spec, text, strnlen(text, spec->precision));
		return;
	case 'd':
		value = signed_argument(args, spec->longs);
		put_number(out, spec,
			   value < 0 ? -(unsigned long long)value
				     : (unsigned long long)value,
			   value < 0, 10);
		return;
	case 'u':
	case 'x':
		put_number(out, spec, unsigned_argument(args, spec->longs),
			   false, letter == 'x' ? 16 : 10);
		return;
	case 'c':
		c = (char)va_arg(args->list, int);
		break;
	default:
		break;
	}
	put_padded(out, spec, &c, 1);
}

size_t str_vformat(char *dst, size_t size, const char *fmt, va_list list)
{
	struct out out = { dst, size, 0 };
	struct arguments args;

	va_copy(args.list, list);
	for (;;) {
		size_t plain = strcspn(fmt, "%");
		struct spec spec;

		put(&out, fmt, plain);
		fmt += plain;
		if (!*fmt++)
			break;
		spec = read_spec(&fmt, &args);
		if (!*fmt)
			break;
		put_argument(&out, &spec, *fmt++, &args);
	}
	va_end(args.list);
	if (size)
		dst[out.len < size ? out.len : size - 1] = '\0';
	return out.len;
}

size_t str_format(char *dst, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = str_vformat(dst, size, fmt, args);
	va_end(args);
	return len;
}

bool str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (len >= size) {
		dst[0] = '\0';
		return false;
	}
	memcpy(dst, src, len + 1);
	return true;
}

bool str_cut_number(const char **at, uint64_t *out)
{
	const char *first = *at;

	*out = 0;
	for (; **at >= '0' && **at <= '9'; ++*at) {
		unsigned digit = (unsigned)(**at - '0');

		if (*out > (UINT64_MAX - digit) / 10)
			return false;
		*out = 10 * *out + digit;
	}
	return *at != first;
}

bool str_to_long(const char *text, long min, long max, long *out)
{
	bool negative = *text == '-';
	uint64_t size;
	long value;

	text += negative;
	if (!str_cut_number(&text, &size) || *text ||
	    size > (uint64_t)LONG_MAX + negative)
		return false;
	value = (long)(negative ? -size : size);
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool str_same(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}
