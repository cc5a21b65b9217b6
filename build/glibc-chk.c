/* SPDX-License-Identifier: GPL-2.0-or-later */
/* glibc-chk - what archives built for glibc, with _FORTIFY_SOURCE, expect of
 * the libc beyond what musl has. All of it prints, for people who look for
 * errors, which this program does not ask of the libraries; nor do they get
 * musl's snprintf(), which is larger than all that we take of them. */
#include <stdio.h>

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
