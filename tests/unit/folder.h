/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folder - a folder of its own for each test, which is the current directory
 *
 * Includes what cmocka.h needs, and it; the modules' headers come before. */
#ifndef CNIBOX_TESTS_FOLDER_H
#define CNIBOX_TESTS_FOLDER_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/job.h"

#include <cmocka.h>
/* cmocka's macro hides the function of core/base/job.h. */
#undef fail

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct folder {
	struct job job;
	char dir[32];
};

static inline int folder_up(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	*f = (struct folder) { .job.name = "test",
			       .dir = "/tmp/cnibox-test.XXXXXX" };
	*state = f;
	return mkdtemp(f->dir) ? chdir(f->dir) : -1;
}

static inline int folder_remove_one(const char *path, const struct stat *st,
				    int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline int folder_down(void **state)
{
	struct folder *f = *state;
	int status = nftw(f->dir, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);

	job_free(&f->job);
	free(f);
	return status;
}

#define FOLDER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, folder_up, folder_down)

static inline void put_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* The file's text; "" if there is no such file. */
static inline const char *file_text(struct job *job, const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	char *text;

	if (!file)
		return "";
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = job_alloc(job, (size_t)st.st_size + 1);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	return text;
}

/* The error of the job is this one; forgets it. */
static inline void assert_failed(struct job *job, int code, const char *msg,
				 const char *details)
{
	assert_non_null(job->msg);
	assert_string_equal(job->msg, msg);
	assert_int_equal(job->code, code);
	assert_string_equal(job->details ? job->details : "(none)",
			    details ? details : "(none)");
	job->msg = NULL;
	job->details = NULL;
	job->code = 0;
}

static inline void assert_no_error(const struct job *job)
{
	assert_string_equal(job->msg ? job->msg : "", "");
}

#endif
