/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What a conversion has between % and its letter. */
struct spec {
	bool left, zero, alternate;
	size_t width, precision;
	int longs; /* how many l, or z */
};

struct out {
	char *dst;
	size_t size, len; /* of dst; of the whole text, even if longer */
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

/* A va_list that can be passed by pointer: what a callee takes from it is
 * taken for the caller, too. */
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

/* Reads what stands between % and the letter; *fmt then points to the
 * letter. */
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

size_t format_vprint(char *dst, size_t size, const char *fmt, va_list list)
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

size_t format_print(char *dst, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format_vprint(dst, size, fmt, args);
	va_end(args);
	return len;
}
