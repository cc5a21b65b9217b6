/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hash - digests for derived names */
#ifndef CNIBOX_HASH_H
#define CNIBOX_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { SHA512_LEN = 64, SHA512_TEXT = 2 * SHA512_LEN + 1 };

/* SHA-512 (FIPS 180-4) of len bytes. */
void sha512(const void *data, size_t len, uint8_t out[SHA512_LEN]);

/* The first digits hexadecimal digits (at most 128) of the SHA-512 of text,
 * lower case, NUL-terminated: buf holds digits + 1 bytes. Returns buf. */
const char *hash_text(const char *text, size_t digits, char *buf);

#endif
