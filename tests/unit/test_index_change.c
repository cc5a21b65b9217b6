/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "core/state/record.h"
#include "tests/unit/index.h"

/* ---- changes of the directory ---- */

enum { ROUNDS = 2000 };

/* Each undoes or needs what the one before has done. */
static int change(size_t i)
{
	static const char *const name[] = { "net/10.1.2.4", "net/10.1.2.5" };
	int fd;

	switch (i % 8) {
	case 0:
		fd = open(name[0], O_WRONLY | O_CREAT | O_EXCL, 0600);
		return fd < 0 ? -1 : close(fd);
	case 1:
		return rename(name[0], name[1]);
	case 2:
		return rename(name[1], "10.1.2.5");
	case 3:
		return rename("10.1.2.5", name[1]);
	case 4:
		return symlink("nowhere", name[0]);
	case 5:
		return unlink(name[0]);
	case 6:
		return rename(name[1], name[0]);
	default:
		return unlink(name[0]);
	}
}

/* Another process, which makes the next change for each byte, and answers. */
struct changer {
	pid_t pid;
	int to, from;
};

static struct changer start_changer(void)
{
	int to[2], from[2];
	struct changer out;
	char byte;

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	out = (struct changer) { fork(), to[1], from[0] };
	assert_true(out.pid >= 0);
	if (!out.pid) {
		close(to[1]);
		for (size_t i = 0; read(to[0], &byte, 1) == 1; i++)
			if (change(i) < 0 || write(from[1], "", 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	return out;
}

static void heeds_changes(struct job *job, bool by_another)
{
	struct changer changer = { 0 };
	char byte;
	int status;

	if (by_another)
		changer = start_changer();
	for (size_t i = 0; i < ROUNDS; i++) {
		assert_true(seal_net(job));
		if (by_another) {
			assert_int_equal(write(changer.to, "", 1), 1);
			assert_int_equal(read(changer.from, &byte, 1), 1);
		} else {
			assert_int_equal(change(i), 0);
		}
		assert_false(net_is_believed(job));
	}
	if (!by_another)
		return;
	close(changer.to);
	close(changer.from);
	assert_int_equal(waitpid(changer.pid, &status, 0), changer.pid);
	assert_int_equal(status, 0);
}

static void every_change_is_heeded(void **state)
{
	struct folder *f = *state;

	heeds_changes(&f->job, false);
	heeds_changes(&f->job, true);
}

/* On a tmpfs: its directories may keep their time when a file goes. */
static void changes_on_a_tmpfs_are_heeded(void **state)
{
	struct folder *f = *state;

	close(record_dir(&f->job));
	assert_int_equal(chdir(CONFIG_STATE_DIR), 0);
	heeds_changes(&f->job, false);
	heeds_changes(&f->job, true);
	assert_int_equal(chdir(f->dir), 0);
}

/* A file system whose times are whole seconds, in the current directory. */
static void mount_of_seconds(void)
{
	int status = system("exec 2>&1; PATH=$PATH:/usr/sbin:/sbin;"
			    "truncate -s 4M image &&"
			    "mke2fs -q -t ext2 -I 128 image >/dev/null &&"
			    "mkdir seconds &&"
			    "mount -t ext2 -o loop image seconds");
	if (status != 0) {
		print_message("no ext2 on a loop device\n");
		skip();
	}
	assert_int_equal(chdir("seconds"), 0);
}

static void changes_within_a_second_are_heeded(void **state)
{
	struct folder *f = *state;
	struct stat st;

	mount_of_seconds();
	heeds_changes(&f->job, false);
	heeds_changes(&f->job, true);
	assert_int_equal(stat("net", &st), 0);
	assert_int_equal(st.st_mtim.tv_nsec, 0);
	assert_int_equal(chdir(f->dir), 0);
	assert_int_equal(umount("seconds"), 0);
}

static void changes_of_files_are_none(void **state)
{
	struct folder *f = *state;

	put_file("x", "", 0600);
	assert_true(seal_net(&f->job));
	assert_int_equal(rename("x", "net/x"), 0);
	assert_true(seal_net(&f->job));
	put_file("net/x", "a", 0600);
	assert_true(net_is_believed(&f->job));
}

static void seal_keeps_the_times_but_for_a_little(void **state)
{
	static const struct timespec times[][2] = {
		{ { 1000, 5 }, { 2000, 7 } },
		{ { 1000, 5 }, { 2000, 0 } },
		{ { 1000, 5 }, { 4000000000, 999999999 } },
	};
	struct folder *f = *state;
	struct stat st;

	assert_int_equal(mkdir("net", 0700), 0);
	for (size_t i = 0; i < COUNT(times); i++) {
		const struct timespec *want = &times[i][1];

		assert_int_equal(utimensat(AT_FDCWD, "net", times[i], 0), 0);
		assert_true(seal_net(&f->job));
		assert_int_equal(stat("net", &st), 0);
		assert_int_equal(st.st_atim.tv_sec, 1000);
		assert_in_range((want->tv_sec - st.st_mtim.tv_sec) *
						1000000000 +
					want->tv_nsec - st.st_mtim.tv_nsec,
				1, 1000000);
	}
}

static void what_cannot_be_sealed_is_not_believed(void **state)
{
	struct folder *f = *state;

	assert_true(seal_net(&f->job));
	assert_int_equal(change(0), 0);
	assert_int_equal(mount("net", "net", NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, "net", NULL,
			       MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
			 0);
	assert_false(seal_net(&f->job));
	assert_int_equal(umount("net"), 0);
	assert_true(seal_net(&f->job));
}

/* ---- a file system without room ---- */

static void small_state(struct job *job, const char *size)
{
	close(record_dir(job));
	assert_int_equal(mount("small", CONFIG_STATE_DIR, "tmpfs", 0, size), 0);
}

static void without_room_there_is_no_index(void **state)
{
	struct folder *f = *state;
	struct index index;

	small_state(&f->job, "size=4k");
	assert_false(seal_net(&f->job));
	assert_int_equal(umount(CONFIG_STATE_DIR), 0);
	small_state(&f->job, "nr_inodes=1");
	assert_false(seal_net(&f->job));
	assert_int_equal(umount(CONFIG_STATE_DIR), 0);
	small_state(&f->job, "size=64k");
	assert_true(seal_net(&f->job));
	index = index_of(&f->job, "net");
	index_begin(&index, 10000);
	assert_false(index.valid);
	add_to(&index, "a", "10.1.2.3");
	assert_string_equal(found_in(&index, "a"), "");
	index_seal(&index);
	done_with(&index);
	assert_false(net_is_believed(&f->job));
	assert_true(seal_net(&f->job));
}

/* The pages of a file are taken when it is written to, and without one that is
 * the end of the process. */
static void room_is_taken_at_once(void **state)
{
	enum { OWNERS = 1000 };
	struct folder *f = *state;
	struct statvfs left;
	struct index index;
	int fd;

	small_state(&f->job, "size=1m");
	index = index_of(&f->job, "net");
	index_begin(&index, OWNERS);
	fd = open(CONFIG_STATE_DIR "/filler", O_WRONLY | O_CREAT, 0600);
	while (write(fd, &(char[4096]) { 0 }, 4096) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
	assert_int_equal(statvfs(CONFIG_STATE_DIR, &left), 0);
	assert_int_equal(left.f_bfree, 0);
	for (size_t i = 0; i < OWNERS; i++)
		add_to(&index, job_printf(&f->job, "c%zu", i), "10.1.2.3");
	index_seal(&index);
	done_with(&index);
	index = index_of(&f->job, "net");
	assert_true(index.valid);
	for (size_t i = 0; i < OWNERS; i++)
		assert_string_equal(
			found_in(&index, job_printf(&f->job, "c%zu", i)),
			"10.1.2.3 ");
	done_with(&index);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(every_change_is_heeded),
		STATE_TEST(changes_on_a_tmpfs_are_heeded),
		STATE_TEST(changes_within_a_second_are_heeded),
		STATE_TEST(changes_of_files_are_none),
		STATE_TEST(seal_keeps_the_times_but_for_a_little),
		STATE_TEST(what_cannot_be_sealed_is_not_believed),
		STATE_TEST(without_room_there_is_no_index),
		STATE_TEST(room_is_taken_at_once),
	};

	return run_node_tests(tests);
}
