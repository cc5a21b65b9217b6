/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz - what all targets share
 *
 * A target is run by libFuzzer (https://llvm.org/docs/LibFuzzer.html): it does
 * the same for the same bytes each time, leaves nothing behind, and ends the
 * process when something is not as it has to be. */
#ifndef CNIBOX_TESTS_FUZZ_H
#define CNIBOX_TESTS_FUZZ_H

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/job.h"
#include "core/base/log.h"
#include "core/data/json.h"
#include "core/state/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Not assert(): this cannot be switched off. */
#define require(what)                                                          \
	((what) ? (void)0 : fuzz_broken(#what, __FILE__, __LINE__))

static inline void fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

/* In place of core/base/log.c, which would fill the terminal. Weak, as a target
 * may have it in more than one file. */
__attribute__((weak)) void log_line(const char *name, const char *text)
{
	require(*name && *text);
}

/* The input as a text of its own; what is behind a NUL is lost. */
static inline char *fuzz_text(struct job *job, const uint8_t *data, size_t size)
{
	return job_strndup(job, (const char *)data,
			   strnlen((const char *)data, size));
}

/* Cuts off what stands before the next separator; all that is left if there
 * is none, and NULL when nothing is. */
static inline char *fuzz_cut(char **rest, const char *separator)
{
	char *first = *rest, *end = first ? strstr(first, separator) : NULL;

	*rest = end ? end + strlen(separator) : NULL;
	if (end)
		*end = '\0';
	return first;
}

/* The job has an error if status says so, and it can be told to a runtime. */
static inline void fuzz_told(struct job *job, int status)
{
	struct json_writer w = { .out.job = job };
	struct job look = { 0 };
	struct json *doc;

	require(status == 0 || status == -1);
	require((status == 0) == !job->msg);
	if (status == 0)
		return;
	require(*job->msg && job->code);
	json_open(&w, NULL, '{');
	json_int(&w, "code", job->code);
	json_string(&w, "msg", job->msg);
	if (job->details)
		json_string(&w, "details", job->details);
	json_close(&w, '}');
	require(json_parse(&look, "", w.out.text, w.out.len, &doc) == 0);
	job_free(&look);
}

static inline void fuzz_forget_error(struct job *job)
{
	job->msg = job->details = NULL;
	job->code = 0;
}

/* A file that has no name and always this descriptor. */
static inline void fuzz_file(int fd)
{
	int made = memfd_create("fuzz", MFD_CLOEXEC);

	require(made >= 0 && dup2(made, fd) == fd);
	close(made);
}

static inline void fuzz_fill(int fd, const void *data, size_t size)
{
	require(ftruncate(fd, 0) == 0);
	require(pwrite(fd, data, size, 0) == (ssize_t)size);
	require(lseek(fd, 0, SEEK_SET) == 0);
}

/* From now on the first folder of path is an empty one in memory, that nobody
 * else sees. */
static inline void fuzz_cover(const char *path)
{
	char *top = strndup(path, 1 + strcspn(path + 1, "/"));

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("fuzz", top, "tmpfs", 0, NULL) < 0) {
		perror("needs root; mount");
		exit(1);
	}
	free(top);
}

/* An empty folder of records, which nobody else has. */
static inline void fuzz_records(void)
{
	struct job job = { 0 };

	fuzz_cover(CONFIG_STATE_DIR);
	close(record_dir(&job));
	job_free(&job);
}

#endif
