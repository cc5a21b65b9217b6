/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/job.h"
#include "core/data/json.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

static void print_is_gos_of_a_map(void **state)
{
	static const struct {
		const char *text, *printed;
	} table[] = {
		{ "{}", "{}" },
		{ " [ ] ", "[]" },
		{ "{\"b\": 1, \"a\" : [1.50, -2e3, null ,true]}",
		  "{\"a\":[1.50,-2e3,null,true],\"b\":1}" },
		{ "{\"B\":1,\"a\":2,\"b\":3,\"\":4}",
		  "{\"\":4,\"B\":1,\"a\":2,\"b\":3}" },
		{ "{\"a\":1,\"b\":2,\"a\":{\"z\":\"\",\"y\":[[],{}]}}",
		  "{\"a\":{\"y\":[[],{}],\"z\":\"\"},\"b\":2}" },
		{ "{\"<k>\":\"a\\u0026\\n\\\"\\u00e9\"}",
		  "{\"\\u003ck\\u003e\":\"a\\u0026\\n\\\"\xc3\xa9\"}" },
		{ "\"text\"", "\"text\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct job job = { 0 };
		struct str out = { .job = &job };
		struct json *doc;

		assert_int_equal(json_parse(&job, "", table[i].text,
					    strlen(table[i].text), &doc),
				 0);
		json_print(&out, doc);
		assert_string_equal(out.text, table[i].printed);
		job_free(&job);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_is_gos_of_a_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
