/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hash - digests for derived names */
#ifndef CNIBOX_HASH_H
#define CNIBOX_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { SHA512_LEN = 64, SHA512_TEXT = 2 * SHA512_LEN + 1 };

/* SHA-512 (FIPS 180-4) of len bytes. */
void sha512(const void *data, size_t len, uint8_t out[SHA512_LEN]);

/* Writes the first hexadecimal digits of the SHA-512 of text into buf: as many
 * as digits says (at most 128), in lower case, and a NUL. Returns buf. */
const char *hash_text(const char *text, size_t digits, char *buf);

#endif
