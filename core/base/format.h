/* SPDX-License-Identifier: GPL-2.0-or-later */
/* format - snprintf(3), as far as this program needs it and a third of its size */
#ifndef CNIBOX_FORMAT_H
#define CNIBOX_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Writes the text into dst, of size bytes, as far as it fits and always with a
 * NUL unless size is 0. Knows c, s, d, u, x and % with the flags - 0 #, width,
 * precision of s, and l, ll, z. The length of the whole text. */
size_t format_vprint(char *dst, size_t size, const char *fmt, va_list list)
	__attribute__((format(printf, 3, 0)));
size_t format_print(char *dst, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
