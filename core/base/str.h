/* SPDX-License-Identifier: GPL-2.0-or-later */
/* str - bounded copies, growing and formatted text, numbers from text */
#ifndef CNIBOX_STR_H
#define CNIBOX_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;

/* Text that grows in the job's memory; always NUL-terminated once written. */
struct str {
	struct job *job;
	char *text;
	size_t len, size;
};

/* Add text, len bytes of it, or formatted text at the end. */
void str_add(struct str *s, const char *text);
void str_add_len(struct str *s, const char *text, size_t len);
void str_printf(struct str *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Copies src into dst of size bytes. If it does not fit, dst is empty and the
 * result false. */
bool str_copy(char *dst, size_t size, const char *src);

/* Reads the decimal number at *at and moves *at behind it; false if there is
 * none or it is too large. */
bool str_cut_number(const char **at, uint64_t *out);

/* Reads text, all of it, as a decimal integer; false unless it is one from min
 * to max. */
bool str_to_long(const char *text, long min, long max, long *out);

/* Equal without regard to the case of ASCII letters. */
bool str_same(const char *a, const char *b);

/* Whether text begins with prefix. */
bool str_starts(const char *text, const char *prefix);

#endif
