/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "core/data/conf.h"
#include "core/data/ip.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void exact_name_comes_before_one_in_another_case(void **state)
{
	struct pair {
		int lower, upper;
	} pair = { 0 };
	static const struct conf_key pair_keys[] = {
		{ "KEY", CONF_INT, AT(pair, upper) },
		{ "key", CONF_INT, AT(pair, lower) },
		CONF_END
	};
	static const char text[] = "{\"key\":1,\"KEY\":2}";
	struct job job = { 0 };
	struct json *root;

	(void)state;
	assert_int_equal(json_parse(&job, "x", text, strlen(text), &root), 0);
	assert_int_equal(conf_read(&job, "", root, pair_keys, false, &pair), 0);
	assert_int_equal(pair.lower, 1);
	assert_int_equal(pair.upper, 2);
	job_free(&job);
}

/* ---- keys that may be strings too ---- */

struct sample {
	bool masq, has_masq, has_family;
	int mtu;
	const char *family, *auto_mtu, *auto_subnet;
	struct prefix subnet;
};

static const char *const families[] = { "ipv4", "ipv6", NULL };
static const struct conf_key family = {
	.type = CONF_STRING,
	.offset = offsetof(struct sample, family),
	.has = offsetof(struct sample, has_family),
	.choices = families,
};
static const struct conf_key auto_mtu = {
	.type = CONF_STRING,
	.offset = offsetof(struct sample, auto_mtu),
};
static const char *const autos[] = { "auto", NULL };
static const struct conf_key auto_subnet = {
	.type = CONF_STRING,
	.offset = offsetof(struct sample, auto_subnet),
	.choices = autos,
};
static const struct conf_key keys[] = {
	{ "masq", CONF_BOOL, AT(sample, masq), .other = &family,
	  .has = offsetof(struct sample, has_masq), .required = true },
	{ "mtu", CONF_INT, AT(sample, mtu), .min = 68, .max = 9000,
	  .other = &auto_mtu },
	{ "subnet", CONF_PREFIX, AT(sample, subnet), .other = &auto_subnet },
	CONF_END
};

static int read_text(struct job *job, const char *text, bool tolerant,
		     struct sample *out)
{
	struct json *root;

	assert_int_equal(json_parse(job, "x", text, strlen(text), &root), 0);
	return conf_read(job, "", root, keys, tolerant, out);
}

static void strings_are_read_by_the_other_row(void **state)
{
	static const struct {
		const char *text;
		struct sample sample;
	} table[] = {
		{ "{\"masq\":true}", { .masq = true, .has_masq = true } },
		{ "{\"masq\":false}", { .has_masq = true } },
		{ "{\"masq\":\"ipv6\"}",
		  { .family = "ipv6", .has_family = true } },
		{ "{\"MASQ\":\"ipv4\",\"mtu\":1500}",
		  { .family = "ipv4", .has_family = true, .mtu = 1500 } },
		{ "{\"masq\":true,\"mtu\":\"\"}",
		  { .masq = true, .has_masq = true, .auto_mtu = "" } },
		{ "{\"masq\":true,\"mtu\":\"1500\"}",
		  { .masq = true, .has_masq = true, .auto_mtu = "1500" } },
		{ "{\"masq\":true,\"subnet\":\"auto\"}",
		  { .masq = true, .has_masq = true, .auto_subnet = "auto" } },
		{ "{\"masq\":true,\"subnet\":\"10.1.0.0/16\"}",
		  { .masq = true,
		    .has_masq = true,
		    .subnet = { { AF_INET, { 10, 1 } }, 16 } } },
		{ "{\"masq\":true,\"mtu\":null}",
		  { .masq = true, .has_masq = true } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct sample *expected = &table[i].sample;
		struct job job = { 0 };
		struct sample s = { 0 };

		assert_int_equal(read_text(&job, table[i].text, false, &s), 0);
		assert_int_equal(s.masq, expected->masq);
		assert_int_equal(s.has_masq, expected->has_masq);
		assert_int_equal(s.has_family, expected->has_family);
		assert_int_equal(s.mtu, expected->mtu);
		assert_string_equal(s.family ? s.family : "(none)",
				    expected->family ? expected->family
						     : "(none)");
		assert_string_equal(s.auto_mtu ? s.auto_mtu : "(none)",
				    expected->auto_mtu ? expected->auto_mtu
						       : "(none)");
		assert_string_equal(s.auto_subnet ? s.auto_subnet : "(none)",
				    expected->auto_subnet
					    ? expected->auto_subnet
					    : "(none)");
		assert_true(prefix_equal(&s.subnet, &expected->subnet));
		job_free(&job);
	}
}

static void each_row_has_its_own_bounds(void **state)
{
	static const char *const table[][2] = {
		{ "{\"masq\":\"ipv5\"}",
		  "masq: expected ipv4 or ipv6, got \"ipv5\"" },
		{ "{\"masq\":\"\"}", "masq: expected ipv4 or ipv6, got \"\"" },
		{ "{\"masq\":4}", "masq: expected true or false, got 4" },
		{ "{\"masq\":null}", "masq: missing" },
		{ "{\"mtu\":67}",
		  "mtu: expected an integer from 68 to 9000, got 67" },
		{ "{\"subnet\":\"autos\"}",
		  "subnet: expected an address with prefix length such as "
		  "10.1.0.0/16, got \"autos\"" },
		{ "{\"subnet\":1}",
		  "subnet: expected an address with prefix length such as "
		  "10.1.0.0/16, got 1" },
		{ "{\"mtu\":true}",
		  "mtu: expected an integer from 68 to 9000, got true" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct sample s = { 0 };

		assert_int_equal(read_text(&job, table[i][0], false, &s), -1);
		assert_string_equal(job.msg, table[i][1]);
		assert_int_equal(job.code, CNI_BAD_CONFIG);
		job_free(&job);
	}
}

static void tolerant_reading_passes_over_either(void **state)
{
	struct job job = { 0 };
	struct sample s = { 0 };

	(void)state;
	assert_int_equal(
		read_text(&job, "{\"masq\":\"ipv5\",\"mtu\":\"x\",\"mtu\":1}",
			  true, &s),
		0);
	assert_null(job.msg);
	assert_null(s.family);
	assert_false(s.has_family || s.has_masq);
	assert_string_equal(s.auto_mtu, "x");
	assert_int_equal(s.mtu, 0);
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_name_comes_before_one_in_another_case),
		cmocka_unit_test(strings_are_read_by_the_other_row),
		cmocka_unit_test(each_row_has_its_own_bounds),
		cmocka_unit_test(tolerant_reading_passes_over_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
