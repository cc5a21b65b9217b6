/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "core/state/record.h"
#include "tests/unit/node.h"

#define DIR	  CONFIG_STATE_DIR
#define OWNER	  "net/eth0/c"
#define FILE_NAME DIR "/net:eth0:c.app"

static const struct netns none = { .fd = -1 };

/* Covers the machine's own STATE_DIR, from its first folder on. */
static struct job *covered(void **state)
{
	struct folder *f = *state;
	char top[] = DIR;

	top[1 + strcspn(top + 1, "/")] = '\0';
	assert_int_equal(mount("none", top, "tmpfs", 0, NULL), 0);
	return &f->job;
}

static bool begin_in(struct job *job, struct record *record, const char *owner,
		     const struct netns *netns, const char *path)
{
	bool exists;

	assert_int_equal(
		record_begin(record, job, "app", owner, netns, path, &exists),
		0);
	return !exists;
}

static void begin(struct job *job, struct record *record)
{
	assert_true(begin_in(job, record, OWNER, &none, ""));
}

static void close_record(struct record *record)
{
	close(record->dir);
	if (record->fd >= 0)
		close(record->fd);
}

/* "KIND=TEXT;" of all notes. */
static const char *notes(struct job *job)
{
	const struct record_note *note;
	struct record_notes all;
	const char *text = "";

	record_read(job, "app", OWNER, &all);
	if (!all.found)
		return "(none)";
	note = all.list.items;
	for (size_t i = 0; i < all.list.count; i++)
		text = job_printf(job, "%s%s=%s;", text, note[i].kind,
				  note[i].text);
	return text;
}

/* What a record without a namespace begins with. */
#define BEGUN "netns=0 0 ;"
#define FIRST "netns 0 0 \n"

/* ---- owners ---- */

static const char *filled(struct job *job, size_t len)
{
	return memset(job_alloc(job, len + 1), 'a', len);
}

static void owners_are_hashed_beyond_their_limit(void **state)
{
	struct folder *f = *state;
	struct job *job = &f->job;
	const char *at_limit = filled(job, 128 - strlen("net/eth0/"));
	const char *beyond = filled(job, 129 - strlen("net/eth0/"));
	const char *owner = record_owner(job, "net", "eth0", "c");

	assert_string_equal(owner, OWNER);
	owner = record_owner(job, "net", "eth0", at_limit);
	assert_string_equal(owner, job_printf(job, "net/eth0/%s", at_limit));
	owner = record_owner(job, "net", "eth0", beyond);
	assert_string_equal(
		owner,
		"=a4861f4ae9f7d238b966bcebfb80ad5d/2752c4f45a90f7ffc23ccb870f73cf51");
	/* The network's name alone, if that will do. */
	owner = record_owner(job, filled(job, 200), "eth0", "c");
	assert_int_equal(*owner, '=');
	assert_string_equal(owner + 33, "/eth0/c");
}

static void owners_that_differ_are_hashed_differently(void **state)
{
	struct folder *f = *state;
	struct job *job = &f->job;
	const char *c = filled(job, 300), *d = filled(job, 301);
	const char *owner = record_owner(job, "net", "eth0", c);

	assert_string_equal(owner, record_owner(job, "net", "eth0", c));
	assert_string_not_equal(owner, record_owner(job, "net", "eth0", d));
	assert_string_not_equal(owner, record_owner(job, "net", "eth1", c));
	assert_string_not_equal(owner, record_owner(job, "ne2", "eth0", c));
}

static void owners_belong_to_their_network(void **state)
{
	struct folder *f = *state;
	struct job *job = &f->job;
	const char *c[] = { "c", filled(job, 300) };

	for (size_t i = 0; i < COUNT(c); i++) {
		const char *owner = record_owner(job, "net", "eth0", c[i]);

		assert_true(record_owner_is_of(job, owner, "net"));
		assert_false(record_owner_is_of(job, owner, "ne"));
		assert_false(record_owner_is_of(job, owner, "net2"));
		assert_false(record_owner_is_of(job, owner, "eth0"));
		assert_false(record_owner_is_of(job, owner, ""));
	}
	assert_false(record_owner_is_of(job, "", "net"));
	assert_false(record_owner_is_of(job, "net", "net"));
}

/* ---- records ---- */

static void records_hold_what_was_noted(void **state)
{
	struct job *job = covered(state);
	struct record record;
	struct stat st;

	assert_string_equal(notes(job), "(none)");
	begin(job, &record);
	assert_string_equal(notes(job), BEGUN);
	assert_int_equal(record_add(&record, "link", "cni0"), 0);
	assert_int_equal(record_add(&record, "nat", "port tcp * 1"), 0);
	assert_string_equal(notes(job), BEGUN "link=cni0;nat=port tcp * 1;");
	assert_string_equal(file_text(job, FILE_NAME),
			    FIRST "link cni0\nnat port tcp * 1\n");
	assert_int_equal(stat(FILE_NAME, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(DIR, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	close_record(&record);
}

static void begin_leaves_a_record_that_exists(void **state)
{
	struct job *job = covered(state);
	struct record first, second;

	begin(job, &first);
	assert_int_equal(record_add(&first, "link", "cni0"), 0);
	assert_false(begin_in(job, &second, OWNER, &none, ""));
	close_record(&second);
	undo_run(job);
	assert_string_equal(notes(job), "(none)");
	close_record(&first);
}

static void begin_undoes_only_its_own(void **state)
{
	struct job *job = covered(state);
	struct record record;

	begin(job, &record);
	job->undo = NULL;
	close_record(&record);
	assert_false(begin_in(job, &record, OWNER, &none, ""));
	undo_run(job);
	assert_string_equal(notes(job), BEGUN);
	close_record(&record);
}

static void append_adds_a_line_to_what_another_has(void **state)
{
	struct job *job = covered(state);
	struct record record;
	bool found = false;

	begin(job, &record);
	assert_int_equal(record_add(&record, "link", "cni0"), 0);
	assert_int_equal(
		record_append(job, "app", OWNER, "heir", "net/eth1/c", &found),
		0);
	assert_true(found);
	assert_int_equal(record_add(&record, "nat", "x"), 0);
	assert_int_equal(
		record_append(job, "app", OWNER, "heir", "net/eth2/c", &found),
		0);
	assert_string_equal(notes(job), BEGUN
			    "link=cni0;heir=net/eth1/c;nat=x;heir=net/eth2/c;");
	assert_int_equal(
		record_append(job, "app", OWNER, "heir", "a\nnat y", &found),
		-1);
	assert_failed(job, CNI_BAD_ENVIRONMENT,
		      "record of " OWNER ": heir of more than one line", NULL);
	assert_string_equal(
		file_text(job, FILE_NAME),
		FIRST "link cni0\nheir net/eth1/c\nnat x\nheir net/eth2/c\n");
	close_record(&record);
}

static void append_makes_no_record(void **state)
{
	struct job *job = covered(state);
	struct record record;
	bool found = true;

	assert_int_equal(record_append(job, "app", OWNER, "a", "b", &found), 0);
	assert_false(found);
	begin(job, &record);
	close_record(&record);
	found = true;
	assert_int_equal(record_append(job, "other", OWNER, "a", "b", &found),
			 0);
	assert_false(found);
	found = true;
	assert_int_equal(
		record_append(job, "app", "net/eth1/c", "a", "b", &found), 0);
	assert_false(found);
	assert_string_equal(notes(job), BEGUN);
	assert_int_equal(remove(FILE_NAME), 0);
	assert_int_equal(symlink("elsewhere", FILE_NAME), 0);
	found = true;
	assert_int_equal(record_append(job, "app", OWNER, "a", "b", &found), 0);
	assert_false(found);
	assert_null(job->msg);
}

static void del_may_be_repeated(void **state)
{
	struct job *job = covered(state);
	struct record record;

	assert_int_equal(record_del(job, "app", OWNER), 0);
	begin(job, &record);
	assert_int_equal(record_del(job, "other", OWNER), 0);
	assert_string_equal(notes(job), BEGUN);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(record_del(job, "app", OWNER), 0);
		assert_string_equal(notes(job), "(none)");
	}
	close_record(&record);
}

static void list_names_the_owners_of_an_applet(void **state)
{
	struct job *job = covered(state);
	struct record record;
	struct list owners;

	assert_int_equal(record_list(job, "app", &owners), 0);
	assert_int_equal(owners.count, 0);
	begin(job, &record);
	close_record(&record);
	put_file(DIR "/net:eth0:d.other", "", 0600);
	put_file(DIR "/.app", "", 0600);
	put_file(DIR "/app", "", 0600);
	assert_int_equal(record_list(job, "app", &owners), 0);
	assert_int_equal(owners.count, 1);
	assert_string_equal(*(const char **)owners.items, OWNER);
}

/* What is left is read, and that it is not all. */
static void damage_is_noticed(void **state)
{
	static const struct {
		const char *text, *notes;
		bool damaged;
	} table[] = {
		{ FIRST, BEGUN },
		{ FIRST "link cni0\n", BEGUN "link=cni0;" },
		{ FIRST "link \n a\n", BEGUN "link=;=a;" },
		{ "", "", true },
		{ "link", "", true },
		{ "link cni0\n", "link=cni0;", true },
		{ "NETNS 0 0 \nlink cni0\n", "NETNS=0 0 ;link=cni0;", true },
		{ FIRST "link cni0\nnat por", BEGUN "link=cni0;", true },
		{ FIRST "link\nnat x\n", BEGUN "nat=x;", true },
		{ FIRST "\n\nlink cni0\n", BEGUN "link=cni0;", true },
	};
	struct job *job = covered(state);
	struct record_notes all;
	struct record record;

	begin(job, &record);
	close_record(&record);
	for (size_t i = 0; i < COUNT(table); i++) {
		put_file(FILE_NAME, table[i].text, 0600);
		record_read(job, "app", OWNER, &all);
		assert_true(all.found && !all.left);
		assert_int_equal(all.damaged, table[i].damaged);
		assert_string_equal(notes(job), table[i].notes);
	}
	put_file(FILE_NAME, FIRST "a b\n", 0600);
	assert_int_equal(truncate(FILE_NAME, 64), 0); /* with NUL bytes */
	record_read(job, "app", OWNER, &all);
	assert_true(all.damaged);
}

static int make_link(const char *path)
{
	put_file("elsewhere", "link cni0\n", 0600);
	return symlink("elsewhere", path);
}

static int make_fifo(const char *path)
{
	return mkfifo(path, 0600);
}

static int make_folder(const char *path)
{
	return mkdir(path, 0700);
}

static int make_huge(const char *path)
{
	put_file(path, "link cni0\n", 0600);
	return truncate(path, 64 << 20);
}

/* What was written can be read, of thousands of ports with long terms, too. */
static void record_may_be_long(void **state)
{
	enum { NOTES = 3000, LEN = 1000 };
	struct job *job = covered(state);
	char *text = job_alloc(job, LEN + 1);
	struct record record;
	struct record_notes all;

	memset(text, 'x', LEN);
	begin(job, &record);
	for (int i = 0; i < NOTES; i++)
		assert_int_equal(record_add(&record, "nat", text), 0);
	close_record(&record);
	record_read(job, "app", OWNER, &all);
	assert_true(all.found && !all.damaged);
	assert_int_equal(all.list.count, 1 + NOTES);
}

static void what_is_no_record_is_a_damaged_one(void **state)
{
	static int (*const make[])(const char *path) = { make_link, make_fifo,
							 make_folder,
							 make_huge };
	struct job *job = covered(state);
	struct record_notes all;
	struct record record;

	begin(job, &record);
	close_record(&record);
	for (size_t i = 0; i < COUNT(make); i++) {
		assert_int_equal(remove(FILE_NAME), 0);
		assert_int_equal(make[i](FILE_NAME), 0);
		record_read(job, "app", OWNER, &all);
		assert_true(all.found && all.damaged && !all.left);
		assert_int_equal(all.list.count, 0);
		assert_false(begin_in(job, &record, OWNER, &none, ""));
		close_record(&record);
	}
	assert_null(job->msg);
}

/* ---- where nothing can be written ---- */

/* Everything works, and nothing is noted. */
static void works_without(struct job *job)
{
	struct record_notes all;
	struct record record;

	assert_true(begin_in(job, &record, OWNER, &none, ""));
	assert_int_equal(record.fd, -1);
	assert_int_equal(record_add(&record, "link", "cni0"), 0);
	assert_null(job->undo);
	assert_null(job->msg);
	assert_false(record_is_kept(job));
	record_read(job, "app", OWNER, &all);
	assert_false(all.found);
	if (record.dir >= 0)
		close(record.dir);
}

static void a_file_in_place_of_the_folder_does_no_harm(void **state)
{
	struct job *job = covered(state);
	struct record record;
	struct list owners;
	char parent[] = DIR;

	*strrchr(parent, '/') = '\0';
	if (!strrchr(parent + 1, '/'))
		skip();
	put_file(parent, "", 0600);
	works_without(job);
	assert_true(begin_in(job, &record, OWNER, &none, ""));
	assert_false(record_is_alone(&record));
	assert_int_equal(record_list(job, "app", &owners), -1);
	assert_int_equal(errno, ENOTDIR);
}

static void remount(unsigned long flags, const char *options)
{
	char top[] = DIR;

	top[1 + strcspn(top + 1, "/")] = '\0';
	assert_int_equal(
		mount("none", top, "tmpfs", MS_REMOUNT | flags, options), 0);
}

static void read_only_folder_does_no_harm(void **state)
{
	struct job *job = covered(state);

	remount(MS_RDONLY, NULL);
	assert_int_equal(record_dir(job), -1);
	assert_int_equal(errno, EROFS);
	works_without(job);
	remount(0, NULL);
	assert_true(record_is_kept(job));
	remount(MS_RDONLY, NULL);
	works_without(job);
}

static void record_that_cannot_be_removed_stays(void **state)
{
	struct job *job = covered(state);
	struct record record;

	begin(job, &record);
	close_record(&record);
	remount(MS_RDONLY, NULL);
	assert_int_equal(record_del(job, "app", OWNER), -1);
	assert_null(job->msg);
	assert_string_equal(notes(job), BEGUN);
	remount(0, NULL);
	assert_int_equal(record_del(job, "app", OWNER), 0);
}

/* What could not be noted has to be looked for. */
static void record_that_cannot_be_written_is_damaged(void **state)
{
	enum { SIZE = 64 << 10 };
	struct job *job = covered(state);
	char *text = memset(job_alloc(job, SIZE), 'x', SIZE - 1);
	struct record_notes all;
	struct record record;

	begin(job, &record);
	remount(0, "size=16k");
	assert_int_equal(record_add(&record, "nat", text), 0);
	assert_null(job->msg);
	record_read(job, "app", OWNER, &all);
	assert_true(all.found && all.damaged && !all.left);
	assert_int_equal(truncate(FILE_NAME, strlen(FIRST)), 0);
	record_read(job, "app", OWNER, &all);
	assert_true(all.damaged);
	close_record(&record);
}

/* ---- what life_of() asks for ---- */

static void namespace_is_that_of_the_first_line(void **state)
{
	static const char *const bad[] = { "netns x\n", "netns 1\n",
					   "netns 1 2\n", "netns \n", "a b\n" };
	const struct netns noted = { .fd = -1, .dev = 4, .ino = 4026531840 };
	struct job *job = covered(state);
	struct record_notes all;
	struct record record;
	struct netns netns;
	const char *path;

	assert_true(begin_in(job, &record, OWNER, &noted, "/run/a b"));
	record_read(job, "app", OWNER, &all);
	assert_true(record_netns(&all, &netns, &path));
	assert_int_equal(netns.fd, -1);
	assert_int_equal(netns.dev, noted.dev);
	assert_int_equal(netns.ino, noted.ino);
	assert_string_equal(path, "/run/a b");
	close_record(&record);
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_file(FILE_NAME, bad[i], 0600);
		record_read(job, "app", OWNER, &all);
		assert_false(record_netns(&all, &netns, &path));
	}
	assert_null(job->msg);
}

static void what_was_left_says_so(void **state)
{
	struct job *job = covered(state);
	struct record_notes all;
	struct record record;

	record_leave(job, "app", OWNER);
	assert_null(job->msg);
	begin(job, &record);
	record_read(job, "app", OWNER, &all);
	assert_false(all.left);
	record_leave(job, "app", OWNER);
	record_read(job, "app", OWNER, &all);
	assert_true(all.found && all.left);
	assert_string_equal(notes(job), BEGUN);
	close_record(&record);
	assert_int_equal(record_del(job, "app", OWNER), 0);
	begin(job, &record);
	record_read(job, "app", OWNER, &all);
	assert_false(all.left);
	close_record(&record);
}

static void is_alone_shuts_others_out(void **state)
{
	struct job *job = covered(state);
	struct record record, other;
	int dir;

	begin(job, &record);
	assert_true(begin_in(job, &other, "net/eth0/d", &none, ""));
	assert_false(record_is_alone(&record));
	close_record(&other);
	assert_true(record_is_alone(&record));
	dir = open(DIR, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(dir, LOCK_SH | LOCK_NB), -1);
	close_record(&record);
	assert_int_equal(flock(dir, LOCK_SH | LOCK_NB), 0);
	close(dir);
}

static void begin_waits_within_a_limit(void **state)
{
	struct job *job = covered(state);
	struct record record;
	bool exists;
	int dir;

	begin(job, &record);
	close_record(&record);
	dir = open(DIR, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(dir, LOCK_EX), 0);
	assert_int_equal(record_begin(&record, job, "app", "net/eth0/d", &none,
				      "", &exists),
			 -1);
	assert_int_equal(job->code, CNI_TRY_AGAIN);
	assert_non_null(strstr(job->msg, "for 5 seconds"));
	close(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		NODE_TEST(owners_are_hashed_beyond_their_limit),
		NODE_TEST(owners_that_differ_are_hashed_differently),
		NODE_TEST(owners_belong_to_their_network),
		NODE_TEST(records_hold_what_was_noted),
		NODE_TEST(begin_leaves_a_record_that_exists),
		NODE_TEST(begin_undoes_only_its_own),
		NODE_TEST(append_adds_a_line_to_what_another_has),
		NODE_TEST(append_makes_no_record),
		NODE_TEST(del_may_be_repeated),
		NODE_TEST(list_names_the_owners_of_an_applet),
		NODE_TEST(damage_is_noticed),
		NODE_TEST(record_may_be_long),
		NODE_TEST(what_is_no_record_is_a_damaged_one),
		NODE_TEST(a_file_in_place_of_the_folder_does_no_harm),
		NODE_TEST(read_only_folder_does_no_harm),
		NODE_TEST(record_that_cannot_be_removed_stays),
		NODE_TEST(record_that_cannot_be_written_is_damaged),
		NODE_TEST(namespace_is_that_of_the_first_line),
		NODE_TEST(what_was_left_says_so),
		NODE_TEST(is_alone_shuts_others_out),
		NODE_TEST(begin_waits_within_a_limit),
	};

	return run_node_tests(tests);
}
