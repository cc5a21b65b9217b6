/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/job.h"
#include "core/base/log.h"
#include "core/data/json.h"
#include "core/data/result.h"

/* Last, for its macro fail(): the function is (fail). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Calls what(job) with descriptor fd caught; what it wrote there is in the
 * job's memory. At most a pipe's worth. */
static const char *caught(struct job *job, int fd, void (*what)(struct job *))
{
	char buf[4096];
	int pipes[2], saved = dup(fd);
	ssize_t len;

	assert_int_equal(pipe(pipes), 0);
	assert_true(saved >= 0 && dup2(pipes[1], fd) == fd);
	what(job);
	assert_true(dup2(saved, fd) == fd);
	close(saved);
	close(pipes[1]);
	len = read(pipes[0], buf, sizeof(buf));
	close(pipes[0]);
	assert_true(len >= 0);
	return job_strndup(job, buf, (size_t)len);
}

static void memory_is_zeroed_aligned_and_its_own(void **state)
{
	static const size_t sizes[] = { 1,    0,     7,	      16,    17,
					4096, 16383, 16384,   16385, 100000,
					15,   1,     1 << 20, 3 };
	unsigned char *blocks[COUNT(sizes)];
	struct job job = { 0 };

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			blocks[i] = job_alloc(&job, sizes[i]);
			assert_int_equal((uintptr_t)blocks[i] % 16, 0);
			for (size_t n = 0; n < sizes[i]; n++)
				assert_int_equal(blocks[i][n], 0);
			memset(blocks[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t n = 0; n < sizes[i]; n++)
				assert_int_equal(blocks[i][n], i + 1);
	}
	job_free(&job);
}

static void free_leaves_a_job_that_can_be_used(void **state)
{
	struct job job = { .name = "bridge" };

	(void)state;
	(fail)(&job, CNI_LIMITED, "text");
	job_free(&job);
	assert_null(job.msg);
	assert_int_equal(job.code, 0);
	assert_null(job.chunks);
	assert_string_equal(job.name, "bridge");
	assert_string_equal(job_printf(&job, "%d", 5), "5");
	job_free(&job);
}

static void too_much(struct job *job)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		job_alloc(job, SIZE_MAX - 1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void out_of_memory_is_an_error_document(void **state)
{
	struct job job = { 0 };
	struct json *root;
	const char *text = caught(&job, STDOUT_FILENO, too_much);
	const char *const *newest = cni_versions;

	(void)state;
	assert_int_equal(json_parse(&job, "x", text, strlen(text), &root), 0);
	assert_string_equal(json_member(root, "code")->text, "999");
	assert_string_equal(json_member(root, "msg")->text, "out of memory");
	while (newest[1])
		newest++;
	assert_string_equal(json_member(root, "cniVersion")->text, *newest);
	job_free(&job);
}

static void strndup_ends_the_copy(void **state)
{
	struct job job = { 0 };

	(void)state;
	assert_string_equal(job_strndup(&job, "abcdef", 3), "abc");
	assert_string_equal(job_strndup(&job, "abcdef", 0), "");
	job_free(&job);
}

static void printf_has_no_limit(void **state)
{
	struct job job = { 0 };
	const char *text = job_printf(&job, "%*s|%s", 100000, "x", "end");

	(void)state;
	assert_int_equal(strlen(text), 100004);
	assert_string_equal(text + 99999, "x|end");
	job_free(&job);
}

/* What does not fit where the last memory came from is elsewhere, and leaves
 * nothing behind. */
static void text_goes_where_there_is_room(void **state)
{
	static const char text[] = "thirty-one letters, and a zero.";
	static const char zeros[64];

	(void)state;
	for (size_t left = 0; left <= 64; left += 16) {
		struct job job = { 0 };
		size_t size = (8 << 20) + left;
		const char *whole, *end;
		char *large, *next;

		/* Larger than a chunk, and then the rest of one. */
		large = job_alloc(&job, size);
		memset(large, 1, size);
		if (JOB_CHUNK_SIZE)
			job_alloc(&job, JOB_CHUNK_SIZE - left);
		whole = job_printf(&job, "%s", text);
		next = job_alloc(&job, sizeof(zeros));
		end = job_printf(&job, "%s|%d", text, 7);
		assert_string_equal(whole, text);
		assert_memory_equal(next, zeros, sizeof(zeros));
		memset(next, 2, sizeof(zeros));
		assert_string_equal(whole, text);
		assert_string_equal(end, "thirty-one letters, and a zero.|7");
		for (size_t i = 0; i < size; i++)
			if (large[i] != 1)
				fail_msg("byte %zu has changed", i);
		job_free(&job);
	}
}

static void list_keeps_items_as_it_grows(void **state)
{
	struct item {
		int number;
		char rest[20];
	};
	struct job job = { 0 };
	struct list list = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct item *item = list_add(&job, &list, sizeof(*item));
		static const struct item zero;

		assert_memory_equal(item, &zero, sizeof(zero));
		assert_true(list.present);
		memset(item, 0xff, sizeof(*item));
		item->number = i;
		assert_int_equal(list.count, i + 1);
		/* what else the arena gives must not be the list's room */
		memset(job_alloc(&job, 8), 0xee, 8);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(((struct item *)list.items)[i].number, i);
	job_free(&job);
}

static void fail_again(struct job *job)
{
	assert_int_equal((fail)(job, CNI_BAD_CONFIG, "second %d", 2), -1);
	assert_int_equal(fail_details(job, CNI_INTERNAL, "why", "third"), -1);
	assert_int_equal(fail_errno(job, ENOENT, "open x"), -1);
}

static void first_error_stays_and_others_are_logged(void **state)
{
	struct job job = { .name = "portmap" };

	(void)state;
	assert_int_equal(
		fail_details(&job, CNI_TRY_AGAIN, "held", "lock %s", "f"), -1);
	assert_string_equal(caught(&job, STDERR_FILENO, fail_again),
			    "portmap: second 2\n"
			    "portmap: third; why\n"
			    "portmap: open x: No such file or directory\n");
	assert_int_equal(job.code, CNI_TRY_AGAIN);
	assert_string_equal(job.msg, "lock f");
	assert_string_equal(job.details, "held");
	job_free(&job);
}

static void fail_errno_adds_the_reason(void **state)
{
	struct job job = { 0 };

	(void)state;
	assert_int_equal(fail_errno(&job, EPERM, "set %s", "x"), -1);
	assert_int_equal(job.code, CNI_INTERNAL);
	assert_string_equal(job.msg, "set x: Operation not permitted");
	assert_null(job.details);
	job_free(&job);
}

static void every_errno_has_words_or_its_number(void **state)
{
	struct job job = { 0 };

	(void)state;
	for (int err = 1; err < 4096; err++) {
		const char *text = errno_text(&job, err);

		if (strcmp(text, strerror(0)) == 0 ||
		    (err > 530 &&
		     !strstr(text, job_printf(&job, "error %d", err))))
			fail_msg("errno %d: %s", err, text);
	}
	assert_non_null(strstr(errno_text(&job, EXFULL), "1023 ports"));
	job_free(&job);
}

static void warn(struct job *job)
{
	job_warn(job, "100%% of %s", "it");
	job->name = NULL;
	job_warn(job, "%s", "%s");
}

static void log_names_the_applet(void **state)
{
	struct job job = { .name = "tuning" };

	(void)state;
	assert_string_equal(caught(&job, STDERR_FILENO, warn),
			    "tuning: 100% of it\ncnibox: %s\n");
	assert_null(job.msg);
	job_free(&job);
}

struct step {
	struct job *job;
	char *done;
	char letter;
};

static void undo(void *arg)
{
	const struct step *step = arg;

	step->done[strlen(step->done)] = step->letter;
	if (step->letter == 'b')
		undo_push(step->job, undo, (void *)(step - 1));
}

static void undo_runs_last_first_and_once(void **state)
{
	struct job job = { 0 };
	char done[8] = "";
	struct step steps[] = { { &job, done, 'a' },
				{ &job, done, 'b' },
				{ &job, done, 'c' } };

	(void)state;
	undo_run(&job);
	for (size_t i = 0; i < COUNT(steps); i++)
		undo_push(&job, undo, &steps[i]);
	undo_run(&job);
	/* b pushes a once more, which is then the last */
	assert_string_equal(done, "cbaa");
	undo_run(&job);
	assert_string_equal(done, "cbaa");
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_its_own),
		cmocka_unit_test(free_leaves_a_job_that_can_be_used),
		cmocka_unit_test(out_of_memory_is_an_error_document),
		cmocka_unit_test(strndup_ends_the_copy),
		cmocka_unit_test(printf_has_no_limit),
		cmocka_unit_test(text_goes_where_there_is_room),
		cmocka_unit_test(list_keeps_items_as_it_grows),
		cmocka_unit_test(first_error_stays_and_others_are_logged),
		cmocka_unit_test(fail_errno_adds_the_reason),
		cmocka_unit_test(every_errno_has_words_or_its_number),
		cmocka_unit_test(log_names_the_applet),
		cmocka_unit_test(undo_runs_last_first_and_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
