/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/data/key.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* As base64(1) of GNU writes them. */
static const struct {
	uint8_t key[KEY_LEN];
	const char *text;
} table[] = {
	{ { 0 }, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	  "//////////////////////////////////////////8=" },
	{ { 0,	1,  2,	3,  4,	5,  6,	7,  8,	9,  10, 11, 12, 13, 14, 15,
	    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 },
	  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" },
	{ { 0xfb, 0xef, 0xbe, 0xfb, 0xef, 0xbe, 0x69, 0xa6, 0x9a, 0x10, 0x41,
	    0x04, 0x10, 0x41, 0x04, 0x10, 0x41, 0x04, 0x10, 0x41, 0x04, 0x10,
	    0x41, 0x04, 0x10, 0x41, 0x04, 0x10, 0x41, 0x04, 0x10, 0x41 },
	  "++++++++aaaaEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE=" },
};

static void keys_are_printed(void **state)
{
	char buf[KEY_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(key_print(table[i].key, buf),
				    table[i].text);
}

static void keys_are_read(void **state)
{
	uint8_t key[KEY_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_true(key_parse(table[i].text, key));
		assert_memory_equal(key, table[i].key, KEY_LEN);
	}
}

static void other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh==",
		" AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH\xc3\xa4=",
		/* Bits that would be lost. */
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+=",
	};
	uint8_t key[KEY_LEN] = { 7 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_false(key_parse(texts[i], key));
	assert_int_equal(key[0], 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_printed),
		cmocka_unit_test(keys_are_read),
		cmocka_unit_test(other_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
