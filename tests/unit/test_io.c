/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/io.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/base/str.h"

#include "folder.h"

/* A pipe into which another process writes len bytes, one after the other. */
static int pipe_of(size_t len)
{
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		for (size_t i = 0; i < len; i++) {
			if (write(ends[1], i % 2 ? "b" : "a", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static void reads_all_that_comes(void **state)
{
	static const size_t sizes[] = { 0, 1, 3, 5000, 9000 };
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct str text = { .job = &f->job };
		int fd = pipe_of(sizes[i]);

		assert_int_equal(io_read(fd, &text, 9000), 0);
		assert_non_null(text.text);
		assert_int_equal(text.len, sizes[i]);
		assert_int_equal(strlen(text.text), sizes[i]);
		assert_int_equal(strspn(text.text, "ab"), sizes[i]);
		close(fd);
		wait(NULL);
	}
}

static void adds_to_what_is_there(void **state)
{
	struct folder *f = *state;
	struct str text = { .job = &f->job };
	int fd = pipe_of(2);

	str_add(&text, "x");
	assert_int_equal(io_read(fd, &text, 3), 0);
	assert_string_equal(text.text, "xab");
	close(fd);
}

static void says_what_is_too_long_or_no_file(void **state)
{
	struct folder *f = *state;
	struct str text = { .job = &f->job };
	int fd = pipe_of(6);

	assert_int_equal(io_read(fd, &text, 5), -1);
	assert_int_equal(errno, EFBIG);
	close(fd);
	assert_int_equal(io_read(-1, &text, 100), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(io_write(-1, "x", 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(io_write(-1, "", 0), 0);
}

/* Of a pipe in the folder the writer is not waited for. */
static void reads_files_by_their_path(void **state)
{
	static const struct {
		const char *path, *text;
		size_t max;
		int err;
	} table[] = {
		{ "file", "abc", 3, 0 },	{ "file", "abc", 2, EFBIG },
		{ "pipe", "", 3, 0 },		{ "none", NULL, 3, ENOENT },
		{ "file/x", NULL, 3, ENOTDIR }, { ".", "", 3, EISDIR },
	};
	struct folder *f = *state;
	FILE *file = fopen("file", "w");

	assert_non_null(file);
	fputs("abc", file);
	fclose(file);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct str text = { .job = &f->job };

		assert_int_equal(
			io_read_file(table[i].path, &text, table[i].max),
			table[i].err ? -1 : 0);
		if (table[i].err)
			assert_int_equal(errno, table[i].err);
		if (table[i].text)
			assert_string_equal(text.text, table[i].text);
		else
			assert_null(text.text);
	}
}

static void on_signal(int number)
{
	(void)number;
}

/* A pipe that nobody has read yet takes a part, and a signal comes. */
static void writes_all_in_parts(void **state)
{
	enum { SIZE = 1 << 20 };
	struct sigaction action = { .sa_handler = on_signal };
	struct folder *f = *state;
	char *text = job_alloc(&f->job, SIZE), got[4096];
	pid_t parent = getpid(), child;
	int ends[2], status;

	memset(text, 'x', SIZE);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		size_t sum = 0;
		ssize_t len;

		close(ends[1]);
		do {
			kill(parent, SIGUSR1);
			len = read(ends[0], got, sizeof(got));
			sum += len > 0 ? (size_t)len : 0;
		} while (len > 0);
		_exit(sum == SIZE ? 0 : 1);
	}
	close(ends[0]);
	assert_int_equal(io_write(ends[1], text, SIZE), 0);
	close(ends[1]);
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_int_equal(status, 0);
	signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(reads_all_that_comes),
		FOLDER_TEST(adds_to_what_is_there),
		FOLDER_TEST(says_what_is_too_long_or_no_file),
		FOLDER_TEST(reads_files_by_their_path),
		FOLDER_TEST(writes_all_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
