/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key - keys of WireGuard, as wg(8) writes them: base64 of 32 bytes */
#ifndef CNIBOX_KEY_H
#define CNIBOX_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	KEY_LEN = 32,
	KEY_TEXT = 45, /* with its NUL */
};

/* Reads a key, all of text; false if it is none. Each key has one text only. */
bool key_parse(const char *text, uint8_t out[KEY_LEN]);

/* Writes a key to buf, and returns that. */
const char *key_print(const uint8_t key[KEY_LEN], char buf[KEY_TEXT]);

#endif
