/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/index.h"

static void owners_have_what_was_added(void **state)
{
	static const struct {
		const char *owner, *ips;
	} rows[] = {
		{ "a\r\neth0", "10.1.2.3 fd00::3 " },
		{ "a\r\neth1", "255.255.255.255 0.0.0.0 10.1.2.3 " },
		{ "a", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff :: ::1 " },
		{ "", "10.1.2.4 " },
		{ "b", "" },
		{ "a\r\neth", "" },
	};
	struct folder *f = *state;
	struct index index = index_of(&f->job, "net");

	assert_false(index.valid);
	add_to(&index, "b", "10.1.2.9");
	assert_string_equal(found_in(&index, "b"), "");
	index_begin(&index, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *ips = job_printf(&f->job, "%s", rows[i].ips);

		for (char *ip; (ip = strsep(&ips, " ")) && *ip;)
			add_to(&index, rows[i].owner, ip);
	}
	assert_true(index.valid);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(found_in(&index, rows[i].owner),
				    rows[i].ips);
	index_seal(&index);
	done_with(&index);
	index = index_of(&f->job, "net");
	assert_true(index.valid);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(found_in(&index, rows[i].owner),
				    rows[i].ips);
	index_begin(&index, 1);
	assert_true(index.valid);
	assert_string_equal(found_in(&index, "a\r\neth0"), "");
	done_with(&index);
}

/* Where one was removed there is room for the next. */
static void addresses_may_come_and_go_without_end(void **state)
{
	enum { ROUNDS = 1000 };
	struct folder *f = *state;
	struct index index = index_of(&f->job, "net");
	struct ip ip;

	index_begin(&index, 2);
	add_to(&index, "b", "10.1.2.4");
	assert_true(ip_parse("10.1.2.3", &ip));
	for (int i = 0; i < ROUNDS; i++) {
		index_add(&index, "a", &ip);
		assert_string_equal(found_in(&index, "a"), "10.1.2.3 ");
		index_drop(&index, "a", &ip);
		assert_string_equal(found_in(&index, "a"), "");
	}
	assert_true(index.valid);
	assert_string_equal(found_in(&index, "b"), "10.1.2.4 ");
	done_with(&index);
}

/* Of an address that begins with the same bytes nothing is dropped. */
static void addresses_are_dropped_whole(void **state)
{
	struct folder *f = *state;
	struct index index = index_of(&f->job, "net");
	struct ip ip;

	index_begin(&index, 2);
	add_to(&index, "a", "2001:db8::7");
	add_to(&index, "a", "32.1.13.184");
	assert_true(ip_parse("32.1.13.184", &ip));
	index_drop(&index, "a", &ip);
	assert_string_equal(found_in(&index, "a"), "2001:db8::7 ");
	done_with(&index);
}

static const char *nth_ip(struct job *job, size_t n)
{
	return job_printf(job, "10.%zu.%zu.%zu", n >> 16, n >> 8 & 255,
			  n & 255);
}

static void add_nth(struct index *index, size_t n)
{
	add_to(index, job_printf(index->job, "c%zu", n), nth_ip(index->job, n));
}

static void owners_may_be_many(void **state)
{
	enum { OWNERS = 20000 };
	struct folder *f = *state;
	struct job *job = &f->job;
	struct index index = index_of(job, "net");
	size_t growths = 0;

	for (size_t n = 0; n < OWNERS; n++) {
		add_nth(&index, n);
		if (index.valid)
			continue;
		/* Full, or the first. */
		growths++;
		index_begin(&index, n + 1);
		for (size_t i = 0; i <= n; i++)
			add_nth(&index, i);
		assert_true(index.valid);
	}
	assert_in_range(growths, 5, 20);
	index_seal(&index);
	done_with(&index);
	index = index_of(job, "net");
	assert_true(index.valid);
	for (size_t n = 0; n < OWNERS; n++)
		assert_string_equal(
			found_in(&index, job_printf(job, "c%zu", n)),
			job_printf(job, "%s ", nth_ip(job, n)));
	for (size_t n = OWNERS; n < 2 * OWNERS; n++)
		assert_string_equal(
			found_in(&index, job_printf(job, "c%zu", n)), "");
	done_with(&index);
}

static void directories_have_an_index_each(void **state)
{
	struct folder *f = *state;
	struct job *job = &f->job;
	struct index net, other;

	assert_true(seal_net(job));
	other = index_of(job, "other");
	assert_false(other.valid);
	index_begin(&other, 1);
	add_to(&other, "a", "10.9.9.9");
	index_seal(&other);
	net = index_of(job, "net");
	assert_true(net.valid);
	assert_string_equal(found_in(&net, "a"), "10.1.2.3 ");
	assert_string_equal(found_in(&other, "a"), "10.9.9.9 ");
	done_with(&net);
	done_with(&other);
	/* By whatever name; being renamed is a change. */
	assert_int_equal(rename("other", "elsewhere"), 0);
	assert_int_equal(rename("net", "other"), 0);
	other = index_of(job, "other");
	assert_false(other.valid);
	done_with(&other);
	assert_false(net_is_believed(job));
}

/* The index's file of the directory at path in this folder. */
static bool has_file(struct folder *f, const char *path)
{
	struct index index = index_of(&f->job, path);
	bool has = access(index.path, F_OK) == 0;

	done_with(&index);
	return has;
}

static void seal(struct folder *f, const char *path)
{
	struct index index = index_of(&f->job, path);

	index_begin(&index, 1);
	index_seal(&index);
	done_with(&index);
}

static void files_of_directories_that_are_gone_are_removed(void **state)
{
	static const char older[] = CONFIG_STATE_DIR "/.index:65024:4711";
	struct folder *f = *state;
	char far[260] = "";

	for (size_t i = 0; i < sizeof(far) - 1; i++)
		far[i] = i % 50 ? 'n' : '/';
	memcpy(far, "./", 2);
	assert_int_equal(system(job_printf(&f->job, "mkdir -p %s", far)), 0);
	put_file("theirs", "kept", 0600);
	seal(f, "a");
	seal(f, "a/b");
	seal(f, far);
	assert_true(has_file(f, "a") && has_file(f, "a/b") && has_file(f, far));
	put_file(older, "", 0600);
	put_file(CONFIG_STATE_DIR "/net1:eth0:c.bridge", "", 0600);
	assert_int_equal(rmdir("a/b"), 0);
	/* Not by whoever only looks, or seals what it has. */
	assert_true(has_file(f, "a") && has_file(f, far));
	assert_int_equal(access(older, F_OK), 0);
	seal(f, "new");
	assert_true(has_file(f, "new") && has_file(f, "a"));
	assert_false(has_file(f, "a/b"));
	assert_int_equal(access(older, F_OK), -1);
	assert_int_equal(access(CONFIG_STATE_DIR "/net1:eth0:c.bridge", F_OK),
			 0);
	/* Too long to be told from the name: it is made again when needed. */
	assert_false(has_file(f, far));
	seal(f, far);
	assert_true(has_file(f, far));
}

static void directories_made_anew_have_none(void **state)
{
	struct folder *f = *state;
	struct job *job = &f->job;
	struct stat st, again;
	size_t same = 0;

	for (size_t i = 0; i < 200; i++) {
		assert_true(seal_net(job));
		assert_int_equal(stat("net", &st), 0);
		assert_int_equal(rmdir("net"), 0);
		assert_int_equal(mkdir("net", 0700), 0);
		assert_int_equal(stat("net", &again), 0);
		same += st.st_ino == again.st_ino;
		assert_false(net_is_believed(job));
	}
	print_message("same inode: %zu of 200\n", same);
}

/* ---- files that are no index ---- */

enum { VERSION = 0, SLOTS = 8, USED = 16, SECONDS = 24, NANOSECONDS = 32 };

static void write_number(const char *path, off_t at, uint64_t number)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, &number, sizeof(number), at),
			 sizeof(number));
	close(fd);
}

static void unsound_files_are_not_believed(void **state)
{
	static const struct {
		off_t at;
		uint64_t number;
	} rows[] = {
		{ VERSION, 0 },
		{ VERSION, 3 },
		{ VERSION, UINT64_MAX },
		{ SLOTS, 0 },
		{ SLOTS, 1 },
		{ SLOTS, 255 },
		{ SLOTS, 128 },
		{ SLOTS, 512 },
		{ SLOTS, 1ULL << 63 },
		{ SLOTS, UINT64_MAX },
		{ USED, 129 },
		{ USED, UINT64_MAX },
		{ SECONDS, 0 },
		{ NANOSECONDS, 1000000000 },
		{ NANOSECONDS, UINT64_MAX },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(seal_net(&f->job));
		write_number(index_path(&f->job), rows[i].at, rows[i].number);
		assert_false(net_is_believed(&f->job));
	}
	assert_true(seal_net(&f->job));
}

/* A file system may keep no times but those of changes. */
static void times_of_a_change_are_no_seal(void **state)
{
	enum { TIMES = 2, SIZE = 16 };
	struct folder *f = *state;
	struct index index = index_of(&f->job, "net");
	struct stat st;

	index_begin(&index, 1);
	add_to(&index, "a", "10.1.2.3");
	done_with(&index);
	assert_int_equal(stat("net", &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, st.st_ctim.tv_sec);
	assert_int_equal(st.st_mtim.tv_nsec, st.st_ctim.tv_nsec);
	for (int i = 0; i < TIMES; i++) {
		write_number(index_path(&f->job), SECONDS + i * SIZE,
			     (uint64_t)st.st_mtim.tv_sec);
		write_number(index_path(&f->job), NANOSECONDS + i * SIZE,
			     (uint64_t)st.st_mtim.tv_nsec);
	}
	assert_false(net_is_believed(&f->job));
}

static void files_of_another_size_are_not_believed(void **state)
{
	struct folder *f = *state;
	struct stat st;

	assert_true(seal_net(&f->job));
	assert_int_equal(stat(index_path(&f->job), &st), 0);
	for (off_t size = 0; size < 2 * st.st_size; size++) {
		/* All about the header, and some of the rest. */
		if (size == st.st_size ||
		    (size > 64 && size % 509 && size != st.st_size - 1 &&
		     size != st.st_size + 1))
			continue;
		assert_true(seal_net(&f->job));
		assert_int_equal(truncate(index_path(&f->job), size), 0);
		assert_false(net_is_believed(&f->job));
	}
	assert_true(seal_net(&f->job));
}

/* Of a size that goes with its number of slots. */
static void slots_are_a_power_of_two(void **state)
{
	enum { HEADER = 56, SLOT = 32 };
	struct folder *f = *state;
	struct stat st;

	assert_true(seal_net(&f->job));
	assert_int_equal(stat(index_path(&f->job), &st), 0);
	assert_int_equal(st.st_size, HEADER + 256 * SLOT);
	assert_int_equal(truncate(index_path(&f->job), HEADER + 300 * SLOT), 0);
	write_number(index_path(&f->job), SLOTS, 300);
	assert_false(net_is_believed(&f->job));
}

static void garbage_is_not_believed(void **state)
{
	struct folder *f = *state;
	uint32_t random = 1;
	struct stat st;

	assert_true(seal_net(&f->job));
	assert_int_equal(stat(index_path(&f->job), &st), 0);
	for (size_t i = 0; i < 50; i++) {
		FILE *file = fopen(index_path(&f->job), "r+");

		for (off_t at = 0; at < st.st_size; at++) {
			random = random * 1664525 + 1013904223;
			assert_true(fputc((int)(random >> 24), file) != EOF);
		}
		fclose(file);
		assert_false(net_is_believed(&f->job));
		assert_true(seal_net(&f->job));
	}
}

static void make_symlink(struct job *job, const char *path)
{
	assert_int_equal(rename(path, CONFIG_STATE_DIR "/target"), 0);
	assert_int_equal(symlink("target", path), 0);
	(void)job;
}

static void make_fifo(struct job *job, const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)job;
}

static void make_directory(struct job *job, const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)job;
}

static void cover_with_a_file(struct job *job, const char *path)
{
	(void)path;
	assert_int_equal(rename(CONFIG_STATE_DIR,
				job_printf(job, "%s.old", CONFIG_STATE_DIR)),
			 0);
	put_file(CONFIG_STATE_DIR, "", 0600);
}

static void make_read_only(struct job *job, const char *path)
{
	(void)job, (void)path;
	assert_int_equal(
		mount(CONFIG_STATE_DIR, CONFIG_STATE_DIR, NULL, MS_BIND, NULL),
		0);
	assert_int_equal(mount(NULL, CONFIG_STATE_DIR, NULL,
			       MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
			 0);
}

static void without_a_file_nothing_is_believed(void **state)
{
	static const struct {
		void (*way)(struct job *job, const char *path);
		bool replaced; /* by an index, the next time */
	} ways[] = {
		{ make_symlink, true },	   { make_fifo, true },
		{ make_directory, false }, { cover_with_a_file, false },
		{ make_read_only, false },
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct folder *f;

		if (i) {
			assert_int_equal(folder_down(state), 0);
			assert_int_equal(state_up(state), 0);
		}
		f = *state;
		assert_true(seal_net(&f->job));
		ways[i].way(&f->job, index_path(&f->job));
		assert_false(net_is_believed(&f->job));
		assert_int_equal(seal_net(&f->job), ways[i].replaced);
		assert_no_error(&f->job);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(owners_have_what_was_added),
		STATE_TEST(addresses_are_dropped_whole),
		STATE_TEST(addresses_may_come_and_go_without_end),
		STATE_TEST(owners_may_be_many),
		STATE_TEST(directories_have_an_index_each),
		STATE_TEST(directories_made_anew_have_none),
		STATE_TEST(files_of_directories_that_are_gone_are_removed),
		STATE_TEST(unsound_files_are_not_believed),
		STATE_TEST(times_of_a_change_are_no_seal),
		STATE_TEST(files_of_another_size_are_not_believed),
		STATE_TEST(slots_are_a_power_of_two),
		STATE_TEST(garbage_is_not_believed),
		STATE_TEST(without_a_file_nothing_is_believed),
	};

	return run_node_tests(tests);
}
