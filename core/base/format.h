/* SPDX-License-Identifier: GPL-2.0-or-later */
/* format - the part of snprintf(3) that this program needs, at a third of its
 * size */
#ifndef CNIBOX_FORMAT_H
#define CNIBOX_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Writes the text into dst, of size bytes: as much as fits, and always a NUL
 * unless size is 0. Knows c, s, d, u, x and % with the flags - 0 #, width,
 * precision of s, and l, ll, z. Returns the length of the whole text. */
size_t format_vprint(char *dst, size_t size, const char *fmt, va_list list)
	__attribute__((format(printf, 3, 0)));
size_t format_print(char *dst, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
