/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/tool.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include "folder.h"

extern const struct tool install_tool;

static const struct applet bridge = { .name = "bridge" };
static const struct applet host_local = { .name = "host-local" };
static const struct applet *const applets[] = { &bridge, &host_local, NULL };

/* What this program does where the tests have put a copy of it. */
static int install(char **argv)
{
	struct job job = { .name = "test" };
	struct call c = { .job = &job, .applets = applets };
	struct str out = { .job = &job };
	int ret = install_tool.run(&c, argv, &out);

	assert_null(out.text);
	if (job.msg)
		puts(job.msg);
	job_free(&job);
	return ret < 0;
}

/* Copies this program to binary and has it install links in dir; what it says
 * but for the newline, "" if it succeeds. */
static const char *installed(struct folder *f, const char *binary,
			     const char *flags, const char *dir)
{
	const char *command =
		job_printf(&f->job,
			   "mkdir -p $(dirname %s) && cp -u /proc/%d/exe %s && "
			   "%s install %s %s >said 2>&1",
			   binary, getpid(), binary, binary, flags, dir);
	int status = system(command);
	const char *said = file_text(&f->job, "said");
	size_t len = strlen(said);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), len > 0);
	return job_strndup(&f->job, said, len ? len - 1 : 0);
}

static const char *link_text(struct folder *f, const char *path)
{
	char *text = job_alloc(&f->job, 1024);

	return readlink(path, text, 1023) < 0 ? "(no link)" : text;
}

static bool same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 &&
	       of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static void assert_files_in(const char *path, int files)
{
	DIR *dir = opendir(path);
	int count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		count += strcmp(entry->d_name, ".") != 0 &&
			 strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	assert_int_equal(count, files);
}

static void symbolic_links_are_relative(void **state)
{
	static const struct {
		const char *binary, *dir;
		const char *bridge; /* what the link says */
	} table[] = {
		{ "a/box", "a", "box" },
		{ "a/box", "a/b", "../box" },
		{ "a/box", "a/b/c", "../../box" },
		{ "a/b/box", "a", "b/box" },
		{ "a/b/c/box", "a", "b/c/box" },
		{ "a/box", "b", "../a/box" },
		{ "a/b/box", "a/c/d", "../../b/box" },
		{ "opt/bin/box", "opt/bin2", "../bin/box" },
		{ "opt/bin2/box", "opt/bin", "../bin2/box" },
		{ "opt/box", "opt/box2", "../box" },
		{ "opt/box2", "opt/bo", "../box2" },
		{ "a/box", "a/../b/./", "../a/box" },
		{ "a/box", "linked", "../a/box" },
		{ "linked/box", "a", "../b/box" },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		const char *dir = table[i].dir;
		const char *path = job_printf(&f->job, "%s/bridge", dir);

		assert_int_equal(system("rm -rf a b opt linked; mkdir a b;"
					"ln -s b linked"),
				 0);
		assert_int_equal(
			system(job_printf(&f->job, "mkdir -p %s", dir)), 0);
		assert_string_equal(installed(f, table[i].binary, "-s", dir),
				    "");
		assert_string_equal(link_text(f, path), table[i].bridge);
		assert_true(same_file(path, table[i].binary));
		path = job_printf(&f->job, "%s/host-local", dir);
		assert_string_equal(link_text(f, path), table[i].bridge);
	}
}

static void symbolic_links_lead_across_the_tree(void **state)
{
	struct folder *f = *state;
	char far[] = "/dev/shm/cnibox-test.XXXXXX";
	const char *path;
	bool same;

	assert_int_equal(mkdir("a", 0755), 0);
	if (!mkdtemp(far)) {
		print_message("no second folder: %s\n", strerror(errno));
		skip();
	}
	assert_string_equal(installed(f, "a/box", "-s", far), "");
	path = job_printf(&f->job, "%s/bridge", far);
	same = same_file(path, "a/box");
	path = link_text(f, path);
	assert_int_equal(system(job_printf(&f->job, "rm -r %s", far)), 0);
	assert_true(same);
	assert_string_equal(path,
			    job_printf(&f->job, "../../..%s/a/box", f->dir));
}

static void hard_links_are_the_binary(void **state)
{
	struct folder *f = *state;
	struct stat st;

	assert_int_equal(mkdir("b", 0755), 0);
	assert_string_equal(installed(f, "a/box", "", "b"), "");
	assert_int_equal(lstat("b/bridge", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_nlink, 3);
	assert_true(same_file("b/bridge", "a/box"));
	assert_true(same_file("b/host-local", "a/box"));
	assert_files_in("b", 2);
}

/* Once more with every kind and flag, over what is right already. */
static void repeating_is_success(void **state)
{
	static const char *const flags[] = { "",      "-s", "-f", "",
					     "-s -f", "-s", "-f", "-f" };
	struct folder *f = *state;

	assert_int_equal(mkdir("b", 0755), 0);
	for (size_t i = 0; i < COUNT(flags); i++) {
		assert_string_equal(installed(f, "a/box", flags[i], "b"), "");
		assert_true(same_file("b/bridge", "a/box"));
		assert_true(same_file("b/host-local", "a/box"));
		assert_files_in("b", 2);
		/* Only force turns the one kind into the other. */
		if (strchr(flags[i], 'f'))
			assert_int_equal(strcmp(link_text(f, "b/bridge"),
						"(no link)") != 0,
					 strchr(flags[i], 's') != NULL);
	}
	assert_string_equal(link_text(f, "b/bridge"), "(no link)");
}

static void files_of_others_are_kept_unless_forced(void **state)
{
	static const char *const makes[] = { "echo theirs >b/bridge",
					     "ln -s nowhere b/bridge",
					     "ln -s theirs b/bridge" };
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(makes); i++) {
		const char *flags = i ? "-s" : "";

		assert_int_equal(
			system("rm -rf b; mkdir b; echo kept >b/theirs"), 0);
		assert_int_equal(system(makes[i]), 0);
		assert_string_equal(
			installed(f, "a/box", flags, "b"),
			job_printf(
				&f->job,
				"link %s/b/bridge (-f replaces): File exists",
				f->dir));
		assert_false(same_file("b/bridge", "a/box"));
		/* The others are linked all the same. */
		assert_true(same_file("b/host-local", "a/box"));
		assert_files_in("b", 3);
		flags = i ? "-s -f" : "-f";
		assert_string_equal(installed(f, "a/box", flags, "b"), "");
		assert_true(same_file("b/bridge", "a/box"));
		assert_string_equal(file_text(&f->job, "b/theirs"), "kept\n");
		assert_files_in("b", 3);
	}
}

static void folder_of_an_applets_name_is_kept(void **state)
{
	struct folder *f = *state;

	assert_int_equal(system("mkdir -p b/bridge/more"), 0);
	assert_string_equal(
		installed(f, "a/box", "-s -f", "b"),
		job_printf(&f->job,
			   "link %s/b/bridge to %s/a/box: Is a directory",
			   f->dir, f->dir));
	assert_int_equal(access("b/bridge/more", F_OK), 0);
	assert_true(same_file("b/host-local", "a/box"));
	assert_files_in("b", 2);
}

static void missing_directories_are_made(void **state)
{
	struct folder *f = *state;

	assert_string_equal(installed(f, "a/box", "-s", "b/c/d"), "");
	assert_string_equal(link_text(f, "b/c/d/bridge"), "../../../a/box");
	assert_files_in("b/c/d", 2);
}

static void place_that_can_be_no_directory_is_an_error(void **state)
{
	static const struct {
		const char *dir, *said;
	} table[] = {
		{ "file", "open file: Not a directory" },
		{ "file/a", "create directory file/a: Not a directory" },
		{ "dangling", "open dangling: No such file or directory" },
		{ "''", "create directory : No such file or directory" },
	};
	struct folder *f = *state;

	assert_int_equal(system("echo >file; ln -s nowhere dangling"), 0);
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(installed(f, "a/box", "", table[i].dir),
				    table[i].said);
	assert_int_equal(access("nowhere", F_OK), -1);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(symbolic_links_are_relative),
		FOLDER_TEST(symbolic_links_lead_across_the_tree),
		FOLDER_TEST(hard_links_are_the_binary),
		FOLDER_TEST(repeating_is_success),
		FOLDER_TEST(files_of_others_are_kept_unless_forced),
		FOLDER_TEST(folder_of_an_applets_name_is_kept),
		FOLDER_TEST(missing_directories_are_made),
		FOLDER_TEST(place_that_can_be_no_directory_is_an_error),
	};

	if (argc > 1 && strcmp(argv[1], "install") == 0)
		return install(argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
