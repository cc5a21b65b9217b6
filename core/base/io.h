/* SPDX-License-Identifier: GPL-2.0-or-later */
/* io - whole texts from and to files */
#ifndef CNIBOX_IO_H
#define CNIBOX_IO_H

#include <stddef.h>

struct str;

/* Reads fd to its end and adds that to out; then out has a text, even if it is
 * empty. 0, or -1 with errno: EFBIG if out has become longer than max. */
int io_read(int fd, struct str *out, size_t max);

/* The same of the file at path, which is not waited for. */
int io_read_file(const char *path, struct str *out, size_t max);

/* Writes len bytes of text. 0, or -1 with errno. */
int io_write(int fd, const char *text, size_t len);

#endif
