/* SPDX-License-Identifier: GPL-2.0-or-later */
/* glibc-chk - what archives built for glibc, with _FORTIFY_SOURCE, expect of
 * the libc beyond what musl has. All of it prints, for people who look for
 * errors, which this program does not ask of the libraries; nor do they get
 * what musl has for that, which is larger than all that we take of them. */
#include <stdio.h>

#undef stderr

FILE *const stderr = NULL;

const unsigned short **__ctype_b_loc(void);
int __fprintf_chk(FILE *file, int flag, const char *fmt, ...);
int __snprintf_chk(char *buf, size_t len, int flag, size_t size,
		   const char *fmt, ...);

int __fprintf_chk(FILE *file, int flag, const char *fmt, ...)
{
	(void)file, (void)flag, (void)fmt;
	return -1;
}

int snprintf(char *buf, size_t len, const char *fmt, ...)
{
	(void)buf, (void)len, (void)fmt;
	return -1;
}

int __snprintf_chk(char *buf, size_t len, int flag, size_t size,
		   const char *fmt, ...)
{
	(void)buf, (void)len, (void)flag, (void)size, (void)fmt;
	return -1;
}

size_t fwrite(const void *restrict data, size_t size, size_t count,
	      FILE *restrict file)
{
	(void)data, (void)size, (void)count, (void)file;
	return 0;
}

/* Only for the text of a message byte by byte, which nothing asks for. */
const unsigned short **__ctype_b_loc(void)
{
	return NULL;
}
