/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/str.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "core/base/job.h"

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
