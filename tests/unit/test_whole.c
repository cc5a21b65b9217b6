/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "core/state/whole.h"

#include "tests/unit/folder.h"

static void create_makes_file_and_folders(void **state)
{
	struct folder *f = *state;
	struct stat st;

	assert_int_equal(whole_create(&f->job, "a/b", "c", "text"), 0);
	assert_string_equal(file_text(&f->job, "a/b/c"), "text");
	assert_int_equal(stat("a/b", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_string_equal(whole_read(&f->job, "a/b/c"), "text");
}

static void a_file_that_is_there_stays(void **state)
{
	struct folder *f = *state;

	put_file("c", "old", 0600);
	assert_int_equal(whole_create(&f->job, ".", "c", "new"), -1);
	assert_string_equal(f->job.msg, "create ./c: File exists");
	assert_string_equal(file_text(&f->job, "c"), "old");
}

/* Of one that was killed before, a part may be there. */
static void a_file_is_replaced(void **state)
{
	struct folder *f = *state;

	put_file("c.new", "par", 0600);
	assert_int_equal(whole_replace(&f->job, ".", "c", "old"), 0);
	assert_int_equal(whole_replace(&f->job, ".", "c", "new"), 0);
	assert_string_equal(file_text(&f->job, "c"), "new");
	assert_int_equal(access("c.new", F_OK), -1);
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(whole_replace(&f->job, ".", "d", "text"), -1);
	assert_string_equal(f->job.msg, "replace ./d: Is a directory");
}

static void what_cannot_be_made_is_told(void **state)
{
	struct folder *f = *state;

	put_file("file", "", 0600);
	assert_int_equal(whole_create(&f->job, "file/b", "c", "text"), -1);
	assert_string_equal(f->job.msg, "create file/b/c: Not a directory");
	f->job.msg = NULL;
	assert_int_equal(whole_probe(&f->job, "file/b"), -1);
	assert_string_equal(f->job.msg, "write to file/b: Not a directory");
	f->job.msg = NULL;
	assert_int_equal(whole_probe(&f->job, "a/b"), 0);
	assert_int_equal(rmdir("a/b"), 0); /* it is empty */
}

/* A file system that has no room leaves nothing behind. */
static void a_full_disk_leaves_no_part(void **state)
{
	struct folder *f = *state;
	char *text = job_alloc(&f->job, 64 << 10);

	if (unshare(CLONE_NEWNS) < 0)
		skip();
	assert_int_equal(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mkdir("small", 0700), 0);
	assert_int_equal(mount("t", "small", "tmpfs", 0, "size=8k"), 0);
	memset(text, 'x', (64 << 10) - 1);
	assert_int_equal(whole_create(&f->job, "small", "c", text), -1);
	assert_string_equal(f->job.msg,
			    "create small/c: No space left on device");
	assert_int_equal(access("small/c", F_OK), -1);
	assert_int_equal(umount("small"), 0);
	assert_int_equal(rmdir("small"), 0);
}

/* Of 256 letters. */
#define LETTERS	  "abcdefghijklmnop"
#define LETTERS64 LETTERS LETTERS LETTERS LETTERS
static const char long_name[] = LETTERS64 LETTERS64 LETTERS64 LETTERS64;

static void read_and_remove_take_what_there_is(void **state)
{
	static const char *const none[] = { "none", "fifo/none", long_name };
	struct folder *f = *state;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < COUNT(none); i++) {
		assert_null(whole_read(&f->job, none[i]));
		assert_int_equal(errno, ENOENT);
		assert_int_equal(whole_remove(&f->job, none[i]), 0);
	}
	assert_null(whole_read(&f->job, "."));
	assert_int_equal(errno, EISDIR);
	assert_null(whole_read(&f->job, "/dev/zero"));
	assert_int_equal(errno, EFBIG);
	assert_string_equal(whole_read(&f->job, "fifo"), "");
	assert_int_equal(whole_remove(&f->job, "fifo"), 0);
	assert_int_equal(access("fifo", F_OK), -1);
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(whole_remove(&f->job, "dir"), -1);
	assert_string_equal(f->job.msg, "remove dir: Is a directory");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(create_makes_file_and_folders),
		FOLDER_TEST(a_file_that_is_there_stays),
		FOLDER_TEST(a_file_is_replaced),
		FOLDER_TEST(what_cannot_be_made_is_told),
		FOLDER_TEST(a_full_disk_leaves_no_part),
		FOLDER_TEST(read_and_remove_take_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
