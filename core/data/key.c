/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/key.h"

#include <stddef.h>
#include <string.h>

/* RFC 4648, 4. Of the 43 digits the last has two bits that are not the key's. */
static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { DIGITS = KEY_TEXT - 2 };

bool key_parse(const char *text, uint8_t out[KEY_LEN])
{
	uint8_t key[KEY_LEN], *at = key;
	const char *digit;
	unsigned held = 0;
	int bits = 0;

	if (strlen(text) != KEY_TEXT - 1 || text[DIGITS] != '=')
		return false;
	for (size_t i = 0; i < DIGITS; i++) {
		digit = strchr(digits, text[i]);
		if (!digit)
			return false;
		held = held << 6 | (unsigned)(digit - digits);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		*at++ = (uint8_t)(held >> bits);
	}
	if (held & 3)
		return false;
	memcpy(out, key, KEY_LEN);
	return true;
}

const char *key_print(const uint8_t key[KEY_LEN], char buf[KEY_TEXT])
{
	for (unsigned i = 0; i < DIGITS; i++) {
		unsigned at = 6 * i / 8, shift = 10 - 6 * i % 8;
		unsigned pair = (unsigned)key[at] << 8;

		if (at + 1 < KEY_LEN)
			pair |= key[at + 1];
		buf[i] = digits[pair >> shift & 63];
	}
	memcpy(buf + DIGITS, "=", 2);
	return buf;
}
