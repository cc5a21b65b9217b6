/* SPDX-License-Identifier: GPL-2.0-or-later */
/* glibc-chk - what archives built for glibc, with _FORTIFY_SOURCE, expect of
 * the libc beyond what musl has */
#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *file, int flag, const char *fmt, ...);
int __snprintf_chk(char *buf, size_t len, int flag, size_t size,
		   const char *fmt, ...);

int __fprintf_chk(FILE *file, int flag, const char *fmt, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, fmt);
	len = vfprintf(file, fmt, args);
	va_end(args);
	return len;
}

int __snprintf_chk(char *buf, size_t len, int flag, size_t size,
		   const char *fmt, ...)
{
	va_list args;
	int wanted;

	(void)flag;
	if (len > size)
		__builtin_trap();
	va_start(args, fmt);
	wanted = vsnprintf(buf, len, fmt, args);
	va_end(args);
	return wanted;
}
