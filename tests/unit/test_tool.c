/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/tool.h"

#include <fcntl.h>

#include "folder.h"

static int say(struct call *c, char **argv, struct str *out)
{
	if (argv[1] && strcmp(argv[1], "more") != 0)
		return tool_unknown_word(c, argv, argv[1]);
	str_add(out, argv[1] ? "all there is\n" : "something\n");
	return 0;
}

/* What it had said before goes out all the same. */
static int stumble(struct call *c, char **argv, struct str *out)
{
	(void)argv;
	str_add(out, "a half\n");
	return fail(c->job, CNI_INTERNAL, "stumbled");
}

static const struct tool say_tool = { "say", "say [more]  says it",
				      "more  all of it\n", say };
static const struct tool stumble_tool = { "stumble", "--stumble", NULL,
					  stumble };
static const struct tool absent_tool = { "absent", "ABSENT", NULL, NULL };
static const struct tool *const tools[] = { &say_tool, &stumble_tool,
					    &absent_tool, NULL };

static void tools_are_found_with_dashes_or_without(void **state)
{
	(void)state;
	assert_ptr_equal(tool_find(tools, "say"), &say_tool);
	assert_ptr_equal(tool_find(tools, "--say"), &say_tool);
	assert_ptr_equal(tool_find(tools, "--absent"), &absent_tool);
	assert_null(tool_find(tools, "-say"));
	assert_null(tool_find(tools, "----say"));
	assert_null(tool_find(tools, "--"));
	assert_null(tool_find(tools, ""));
	assert_null(tool_find(tools, "saying"));
}

/* tool_main() with its output in files. */
static int called(char **argv)
{
	struct job job = { .name = "test" };
	struct call c = { .job = &job, .tools = tools };
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), status;

	fflush(NULL);
	dup2(creat("out", 0600), STDOUT_FILENO);
	dup2(creat("err", 0600), STDERR_FILENO);
	status = tool_main(&c, tool_find(tools, argv[0]), argv);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	job_free(&job);
	return status;
}

static void what_it_says_is_printed(void **state)
{
	static const struct {
		const char *words[4];
		int status;
		const char *out, *err;
	} table[] = {
		{ { "say" }, 0, "something\n", "" },
		{ { "--say", "more" }, 0, "all there is\n", "" },
		{ { "say", "--help" },
		  0,
		  "    cnibox say [more]  says it\n\nmore  all of it\n",
		  "" },
		{ { "say", "less", "--help" },
		  0,
		  "    cnibox say [more]  says it\n\nmore  all of it\n",
		  "" },
		{ { "--stumble", "--help" }, 0, "    cnibox --stumble\n", "" },
		{ { "stumble" }, 1, "a half\n", "test: stumbled\n" },
		{ { "--say", "less" },
		  1,
		  "",
		  "test: --say: unknown word less; see cnibox --say --help\n" },
		{ { "--absent" },
		  1,
		  "",
		  "test: --absent: this binary is built without ABSENT\n" },
		{ { "absent", "--help" },
		  1,
		  "",
		  "test: absent: this binary is built without ABSENT\n" },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(called((char **)table[i].words),
				 table[i].status);
		assert_string_equal(file_text(&f->job, "out"), table[i].out);
		assert_string_equal(file_text(&f->job, "err"), table[i].err);
	}
}

static void usage_is_of_those_that_are_built_in(void **state)
{
	struct folder *f = *state;
	struct str out = { .job = &f->job };

	for (const struct tool *const *tool = tools; *tool; tool++)
		tool_add_usage(&out, *tool);
	assert_string_equal(out.text, "    cnibox say [more]  says it\n"
				      "    cnibox --stumble\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(tools_are_found_with_dashes_or_without),
		FOLDER_TEST(what_it_says_is_printed),
		FOLDER_TEST(usage_is_of_those_that_are_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
