/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/hash.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The examples of FIPS 180-4, and nothing at all. */
static void sha512_known_answers(void **state)
{
	static const char *const table[][2] = {
		{ "",
		  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		  "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
		{ "abc",
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
		  "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909" },
	};
	char buf[SHA512_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(hash_text(table[i][0], 128, buf),
				    table[i][1]);
}

static void sha512_pads_every_length(void **state)
{
	/* of that many letters a, the first 16 digits */
	static const struct {
		size_t len;
		const char *digits;
	} table[] = {
		{ 1, "1f40fc92da241694" },   { 110, "c825949632e50982" },
		{ 111, "fa9121c7b32b9e01" }, { 112, "c01d080efd492776" },
		{ 113, "55ddd8ac210a6e18" }, { 119, "130396a75cb483f2" },
		{ 120, "f241de612b01aa2f" }, { 127, "828613968b501dc0" },
		{ 128, "b73d1929aa615934" }, { 129, "4f681e0bd53cda4b" },
		{ 239, "52c853cb8d907f3d" }, { 240, "4c296d90c61052a6" },
		{ 255, "d8b5a659e365f704" }, { 256, "6a9169eb662f136d" },
		{ 257, "17fa1d01865805f9" }, { 1000, "67ba5535a46e3f86" },
	};
	char text[1001], buf[17];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		memset(text, 'a', table[i].len);
		text[table[i].len] = '\0';
		assert_string_equal(hash_text(text, 16, buf), table[i].digits);
	}
}

static void sha512_of_a_million_letters(void **state)
{
	static const uint8_t expected[] = { 0xe7, 0x18, 0x48, 0x3d,
					    0x0c, 0xe7, 0x69, 0x64 };
	static char data[1000000];
	uint8_t got[SHA512_LEN];

	(void)state;
	memset(data, 'a', sizeof(data));
	sha512(data, sizeof(data), got);
	assert_memory_equal(got, expected, sizeof(expected));
}

/* Names that the reference plugins derive, so that either side knows what the
 * other has made. */
static void hash_text_gives_the_reference_names(void **state)
{
	static const struct {
		const char *text, *digits;
	} table[] = {
		{ "test1234", "2bbe0c48b91a7d1b8a6753a8" },
		{ "testalongnamethatdoesnotmakesense1234",
		  "374f33fe84ab0ed84dcdebe3" },
		{ "nc1", "9b00b9b7c2795a8a61a6eec1" },
		{ "nc1", "9b00b9b7c2795a8a61a6e" },
		{ "unit-test", "6fd94d501e58f0aa" },
		{ "alternate", "82783ef24bdc7036" },
		{ "eth0:one", "287fc69eff0574a2" },
		{ "eth0:two", "d750b2c8f0f25d5f" },
		{ "eth0:three", "a4d4adb82b669cfe" },
		{ "eth0:four", "e766de567ef6c543" },
		{ "net1:three", "acb19d111858e348" },
		{ "n", "917148ec47923f2e" },
		{ "eth0:c1", "f4d01f2ef4b92245" },
		{ "n", "" },
	};
	char buf[SHA512_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
			hash_text(table[i].text, strlen(table[i].digits), buf),
			table[i].digits);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha512_known_answers),
		cmocka_unit_test(sha512_pads_every_length),
		cmocka_unit_test(sha512_of_a_million_letters),
		cmocka_unit_test(hash_text_gives_the_reference_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
