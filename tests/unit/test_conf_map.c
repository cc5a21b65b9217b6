/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps, and numbers of 64 bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/str.h"
#include "core/data/conf.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct setting {
	const char *name, *value;
};

struct sample {
	struct list settings, limits;
	uint64_t rate;
	bool has_rate;
};

struct limit {
	const char *name;
	uint64_t value;
};

static const struct conf_key setting_item = { .type = CONF_STRING,
					      AT(setting, value) };
static const struct conf_key limit_item = { .type = CONF_UINT64,
					    AT(limit, value) };

static const struct conf_key keys[] = {
	{ "sysctl", CONF_MAP, AT(sample, settings), .item = &setting_item,
	  .item_size = sizeof(struct setting) },
	{ "limits", CONF_MAP, AT(sample, limits), .item = &limit_item,
	  .item_size = sizeof(struct limit) },
	{ "rate", CONF_UINT64, AT(sample, rate),
	  .has = offsetof(struct sample, has_rate) },
	CONF_END
};

static int read_text(struct job *job, const char *text, bool tolerant,
		     struct sample *out)
{
	struct json *root;

	*out = (struct sample) { 0 };
	assert_int_equal(json_parse(job, "x", text, strlen(text), &root), 0);
	return conf_read(job, "", root, keys, tolerant, out);
}

static const char *settings(struct job *job, const struct sample *sample)
{
	const struct setting *setting = sample->settings.items;
	struct str text = { .job = job };

	str_add(&text, "");
	for (size_t i = 0; i < sample->settings.count; i++)
		str_printf(&text, "%s=%s ", setting[i].name, setting[i].value);
	return text.text;
}

static void numbers_reach_to_64_bits(void **state)
{
	static const struct {
		const char *text;
		uint64_t rate;
		bool has;
	} table[] = {
		{ "{}", 0, false },
		{ "{\"rate\":null}", 0, false },
		{ "{\"rate\":0}", 0, true },
		{ "{\"rate\":4294967296}", 4294967296, true },
		{ "{\"rate\":18446744073709551615}", UINT64_MAX, true },
	};
	struct job job = { 0 };
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(read_text(&job, table[i].text, false, &sample),
				 0);
		assert_true(sample.rate == table[i].rate);
		assert_int_equal(sample.has_rate, table[i].has);
	}
	job_free(&job);
}

static void maps_are_lists_of_what_they_name(void **state)
{
	static const char *const table[][2] = {
		{ "{\"sysctl\":{}}", "" },
		{ "{\"sysctl\":{\"a.b\":\"1\",\"C\":\"\"}}", "a.b=1 C= " },
		{ "{\"sysctl\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"}}",
		  "a=1 b=2 a=3 " },
		{ "{\"sysctl\":{\"\":\"1\"}}", "=1 " },
		/* The last of equal keys wins. */
		{ "{\"sysctl\":{\"a\":\"1\"},\"sysctl\":{\"b\":\"2\"}}",
		  "b=2 " },
	};
	struct job job = { 0 };
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(read_text(&job, table[i][0], false, &sample),
				 0);
		assert_true(sample.settings.present);
		assert_string_equal(settings(&job, &sample), table[i][1]);
	}
	assert_int_equal(read_text(&job, "{\"sysctl\":null}", false, &sample),
			 0);
	assert_false(sample.settings.present);
	job_free(&job);
}

static void maps_may_have_other_values(void **state)
{
	struct job job = { 0 };
	struct sample sample;
	const struct limit *limit;

	(void)state;
	assert_int_equal(read_text(&job,
				   "{\"limits\":{\"a\":5,\"b\":4294967296}}",
				   false, &sample),
			 0);
	limit = sample.limits.items;
	assert_int_equal(sample.limits.count, 2);
	assert_string_equal(limit[0].name, "a");
	assert_true(limit[0].value == 5);
	assert_string_equal(limit[1].name, "b");
	assert_true(limit[1].value == 4294967296);
	job_free(&job);
}

static void what_is_wrong_is_told_by_name(void **state)
{
	static const char *const table[][2] = {
		{ "{\"rate\":-1}",
		  "rate: expected an integer of 0 or more, got -1" },
		{ "{\"rate\":18446744073709551616}",
		  "rate: expected an integer of 0 or more, got 18446744073709551616" },
		{ "{\"rate\":1.5}",
		  "rate: expected an integer of 0 or more, got 1.5" },
		{ "{\"rate\":1e3}",
		  "rate: expected an integer of 0 or more, got 1e3" },
		{ "{\"rate\":\"1\"}",
		  "rate: expected an integer of 0 or more, got \"1\"" },
		{ "{\"sysctl\":[\"a\"]}",
		  "sysctl: expected an object, got [\"a\"]" },
		{ "{\"sysctl\":\"a\"}",
		  "sysctl: expected an object, got \"a\"" },
		{ "{\"sysctl\":{\"a\":\"1\",\"b\":2}}",
		  "sysctl.b: expected a string, got 2" },
		{ "{\"sysctl\":{\"a\":null}}",
		  "sysctl.a: expected a string, got null" },
		{ "{\"limits\":{\"x\":\"1\"}}",
		  "limits.x: expected an integer of 0 or more, got \"1\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct sample sample;

		assert_int_equal(read_text(&job, table[i][0], false, &sample),
				 -1);
		assert_string_equal(job.msg, table[i][1]);
		assert_int_equal(job.code, CNI_BAD_CONFIG);
		job_free(&job);
	}
}

static void tolerant_reading_leaves_out_what_is_wrong(void **state)
{
	static const char text[] =
		"{\"rate\":-1,\"sysctl\":{\"a\":1,\"b\":\"2\",\"c\":null}}";
	struct job job = { 0 };
	struct sample sample;

	(void)state;
	assert_int_equal(read_text(&job, text, true, &sample), 0);
	assert_string_equal(settings(&job, &sample), "b=2 ");
	assert_true(sample.rate == 0);
	assert_false(sample.has_rate);
	assert_null(job.msg);
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_reach_to_64_bits),
		cmocka_unit_test(maps_are_lists_of_what_they_name),
		cmocka_unit_test(maps_may_have_other_values),
		cmocka_unit_test(what_is_wrong_is_told_by_name),
		cmocka_unit_test(tolerant_reading_leaves_out_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
