/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/nodes_file.h"

#include "tests/unit/state.h"

#define FILE_NAME CONFIG_STATE_DIR "/nodes"
#define KEY	  "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

static const char whole[] = "self 10.1.1.0/24,fd01::/64 192.0.2.1\n"
			    "mtu 1450\n"
			    "exempt 10.1.0.0/22\n"
			    "peer wg0 " KEY "\n"
			    "node 10.1.2.0/24 192.0.2.2 wg=" KEY "\n"
			    "node - 192.0.2.3\n"
			    "node 10.9.1.0/24 192.0.2.0\n";

static void put_whole(void)
{
	mkdir(CONFIG_STATE_DIR, 0700);
	put_file(FILE_NAME, whole, 0600);
}

static void what_is_written_is_read(void **state)
{
	struct folder *f = *state;
	struct nodes_file file;
	bool found;

	mkdir("/run/cni", 0755);
	put_whole();
	assert_int_equal(nodes_file_read(&f->job, &file, &found), 0);
	assert_true(found);
	assert_int_equal(unlink(FILE_NAME), 0);
	assert_int_equal(nodes_file_write(&f->job, &file), 0);
	assert_string_equal(file_text(&f->job, FILE_NAME), whole);
	/* In place of the old one. */
	file = (struct nodes_file) { 0 };
	assert_int_equal(nodes_file_write(&f->job, &file), 0);
	assert_string_equal(file_text(&f->job, FILE_NAME), "self - -\n");
	assert_int_equal(access(FILE_NAME ".new", F_OK), -1);
}

static void self_is_read_without_the_rest(void **state)
{
	struct folder *f = *state;
	struct str text = { .job = &f->job };
	struct nodes_file file;
	char cidr[PREFIX_TEXT];
	bool found;

	mkdir("/run/cni", 0755);
	assert_int_equal(nodes_file_read_self(&f->job, &file, &found), 0);
	assert_false(found);
	mkdir(CONFIG_STATE_DIR, 0700);
	str_add(&text, whole);
	for (int i = 0; i < 5000; i++)
		str_printf(&text, "node 10.%d.%d.0/24 192.0.2.%d\n", i / 256,
			   i % 256, i % 256);
	put_file(FILE_NAME, text.text, 0600);
	assert_int_equal(nodes_file_read_self(&f->job, &file, &found), 0);
	assert_true(found);
	assert_string_equal(prefix_print(&file.self.at[0], cidr),
			    "10.1.1.0/24");
	assert_string_equal(prefix_print(&file.self.at[1], cidr), "fd01::/64");
	assert_int_equal(file.mtu, 1450);
	assert_in_range(file.nodes.count, 1, 200);
}

static void a_damaged_file_is_an_error(void **state)
{
	static const char *const lines[] = {
		"self",	    "self x",	"node 10.1.1.0/24", "mtu x",
		"exempt 1", "peer wg0", "else x",
	};
	struct folder *f = *state;
	struct nodes_file file;
	bool found;

	mkdir("/run/cni", 0755);
	mkdir(CONFIG_STATE_DIR, 0700);
	for (size_t i = 0; i < COUNT(lines); i++) {
		put_file(FILE_NAME, job_printf(&f->job, "%s\n", lines[i]),
			 0600);
		assert_int_equal(nodes_file_read(&f->job, &file, &found), -1);
		assert_true(strstr(f->job.msg, " that is not ours"));
		f->job.msg = NULL;
	}
	assert_int_equal(unlink(FILE_NAME), 0);
	assert_int_equal(mkdir(FILE_NAME, 0700), 0);
	assert_int_equal(nodes_file_read(&f->job, &file, &found), -1);
	assert_failed(&f->job, CNI_INTERNAL,
		      "read " FILE_NAME ": Is a directory", NULL);
}

static void what_is_exempt_is_in_order_and_not_nested(void **state)
{
	static const char *const expected[] = {
		"10.1.0.0/22",	"10.9.1.0/24",	"192.0.2.0/32", "192.0.2.1/32",
		"192.0.2.2/32", "192.0.2.3/32", "fd01::/64",
	};
	struct folder *f = *state;
	struct nodes_file file;
	struct list prefixes;
	char text[PREFIX_TEXT];
	bool found;

	mkdir("/run/cni", 0755);
	put_whole();
	assert_int_equal(nodes_file_read(&f->job, &file, &found), 0);
	nodes_file_exempt(&f->job, &file, &prefixes);
	/* The last one is IPv6. */
	assert_int_equal(prefixes.count,
			 COUNT(expected) - !IS_ENABLED(CONFIG_IPV6));
	for (size_t i = 0; i < prefixes.count; i++)
		assert_string_equal(
			prefix_print((struct prefix *)prefixes.items + i, text),
			expected[i]);
	file = (struct nodes_file) { 0 };
	nodes_file_exempt(&f->job, &file, &prefixes);
	assert_int_equal(prefixes.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(what_is_written_is_read),
		STATE_TEST(self_is_read_without_the_rest),
		STATE_TEST(a_damaged_file_is_an_error),
		STATE_TEST(what_is_exempt_is_in_order_and_not_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
