/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "core/state/record.h"
#include "tests/unit/index.h"
#include "tests/unit/store.h"

static const struct owner b_eth0 = { "b", "eth0" };

static bool is_indexed(void **state)
{
	struct folder *f = *state;
	struct index index = index_of(&f->job, "net");
	bool valid = index.valid;

	done_with(&index);
	return valid;
}

static const char *found_anew(void **state, const struct owner *owner)
{
	struct store *s = opened(state);
	const char *all = found(s, owner);

	store_close(s);
	return all;
}

/* With no index that is believed, and with one. */
static void assert_found(void **state, const struct owner *owner,
			 const char *want)
{
	struct folder *f = *state;

	assert_string_equal(found_anew(state, owner), want);
	assert_true(is_indexed(state));
	assert_string_equal(found_anew(state, owner), want);
	assert_int_equal(unlink(index_path(&f->job)), 0);
	assert_string_equal(found_anew(state, owner), want);
	assert_true(is_indexed(state));
}

static void reserve_anew(void **state, const struct owner *owner,
			 const char *text)
{
	struct store *s = opened(state);

	found(s, owner);
	assert_true(reserve(s, owner, text));
	store_close(s);
}

static void release_anew(void **state, const struct owner *owner,
			 const char *text)
{
	struct store *s = opened(state);
	struct ip address = ip(text);

	found(s, owner);
	assert_int_equal(store_release(s, &address), 0);
	store_close(s);
}

static void find_is_the_same_with_an_index(void **state)
{
	static const struct owner a_eth1 = { "a", "eth1" };
	struct store *s = opened(state);

	put_text("net/10.1.2.5", "b");
	put_text("net/10.1.2.6", " \tc\r\neth0\n");
	put_text("net/10.1.2.7", "a\n");
	store_close(s);
	reserve_anew(state, &a_eth0, "10.1.2.3");
	reserve_anew(state, &a_eth0, "fd00::3");
	reserve_anew(state, &a_eth1, "10.1.2.4");
	assert_true(is_indexed(state));
	assert_found(state, &a_eth0, "10.1.2.3 fd00::3 ");
	assert_found(state, &a_eth1, "10.1.2.4 ");
	assert_found(state, &(struct owner) { "a", "eth2" }, "10.1.2.7 ");
	assert_found(state, &b_eth0, "10.1.2.5 ");
	assert_found(state, &(struct owner) { "c", "eth0" }, "10.1.2.6 ");
	assert_found(state, &(struct owner) { "c", "eth1" }, "");
	release_anew(state, &a_eth0, "10.1.2.3");
	assert_true(is_indexed(state));
	assert_found(state, &a_eth0, "fd00::3 ");
	reserve_anew(state, &b_eth0, "10.1.2.3");
	assert_found(state, &a_eth0, "fd00::3 ");
	assert_found(state, &b_eth0, "10.1.2.3 ");
	/* Back and forth: there once more, and found once. */
	release_anew(state, &b_eth0, "10.1.2.3");
	reserve_anew(state, &b_eth0, "10.1.2.3");
	assert_string_equal(found_anew(state, &b_eth0), "10.1.2.3 ");
}

static void what_others_do_is_heeded(void **state)
{
	reserve_anew(state, &a_eth0, "10.1.2.3");
	for (size_t i = 0; i < 200; i++) {
		put_text("net/10.1.2.4", "b\r\neth0");
		assert_string_equal(found_anew(state, &b_eth0), "10.1.2.4 ");
		assert_int_equal(rename("net/10.1.2.4", "net/10.1.2.5"), 0);
		assert_string_equal(found_anew(state, &b_eth0), "10.1.2.5 ");
		assert_int_equal(unlink("net/10.1.2.5"), 0);
		assert_string_equal(found_anew(state, &b_eth0), "");
		assert_string_equal(found_anew(state, &a_eth0), "10.1.2.3 ");
	}
	/* An index tells of a file which has another owner now. */
	assert_true(is_indexed(state));
	put_text("net/10.1.2.3", "b\r\neth0");
	assert_string_equal(found_anew(state, &a_eth0), "");
}

static void reserving_without_a_search_is_heeded(void **state)
{
	struct store *s;

	reserve_anew(state, &a_eth0, "10.1.2.3");
	s = opened(state);
	assert_true(reserve(s, &b_eth0, "10.1.2.4"));
	store_close(s);
	assert_false(is_indexed(state));
	assert_found(state, &b_eth0, "10.1.2.4 ");
}

static void without_a_state_dir_all_is_found(void **state)
{
	struct folder *f = *state;

	assert_true(record_dir(&f->job) >= 0);
	assert_int_equal(rmdir(CONFIG_STATE_DIR), 0);
	put_file(CONFIG_STATE_DIR, "", 0600);
	reserve_anew(state, &a_eth0, "10.1.2.3");
	reserve_anew(state, &a_eth0, "fd00::3");
	assert_string_equal(found_anew(state, &a_eth0), "10.1.2.3 fd00::3 ");
	release_anew(state, &a_eth0, "10.1.2.3");
	assert_string_equal(found_anew(state, &a_eth0), "fd00::3 ");
	assert_no_error(&f->job);
}

/* Up to how many there are, every one of them is found. */
static void many_are_found(void **state)
{
	enum { MANY = 1000 };
	struct folder *f = *state;
	struct job *job = &f->job;
	struct store *s = opened(state);

	for (int i = 0; i < MANY; i++) {
		struct owner owner = { job_printf(job, "c%d", i), "eth0" };
		char *text = job_printf(job, "10.1.%d.%d", i / 256, i % 256);

		assert_string_equal(found(s, &owner), "");
		assert_true(reserve(s, &owner, text));
		assert_string_equal(found(s, &owner),
				    job_printf(job, "%s ", text));
	}
	store_close(s);
	for (int i = 0; i < MANY; i++) {
		struct owner owner = { job_printf(job, "c%d", i), "eth0" };

		assert_string_equal(
			found_anew(state, &owner),
			job_printf(job, "10.1.%d.%d ", i / 256, i % 256));
	}
	assert_true(is_indexed(state));
}

/* ---- killed ---- */

/* What one call of host-local does. */
static void add(void **state)
{
	reserve_anew(state, &b_eth0, "10.1.2.4");
}

static void add_two(void **state)
{
	struct store *s = opened(state);

	found(s, &b_eth0);
	reserve(s, &b_eth0, "10.1.2.4");
	reserve(s, &b_eth0, "fd00::4");
	store_close(s);
}

static void del(void **state)
{
	release_anew(state, &a_eth0, "10.1.2.3");
}

static void check(void **state)
{
	found_anew(state, &b_eth0);
}

/* Does work in a child, which is killed at its nth step: on the way into a
 * system call, or out of one. False if there are fewer. */
static bool killed_at(unsigned int n, void (*work)(void **), void **state)
{
	pid_t child = fork();
	int status;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		work(state);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	while (WIFSTOPPED(status) && n--) {
		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) < 0) {
			print_message("no ptrace here\n");
			kill(child, SIGKILL);
			skip();
		}
		assert_int_equal(waitpid(child, &status, 0), child);
	}
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		return false;
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	return true;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The files are the truth, each time anew. */
static void assert_truth(void **state)
{
	struct folder *f = *state;
	struct store store;

	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(
			found_anew(state, &b_eth0),
			job_printf(&f->job, "%s%s",
				   exists("net/10.1.2.4") ? "10.1.2.4 " : "",
				   exists("net/fd00::4") ? "fd00::4 " : ""));
		assert_string_equal(found_anew(state, &a_eth0),
				    exists("net/10.1.2.3") ? "10.1.2.3 " : "");
		assert_true(is_indexed(state));
	}
	/* As DEL, GC and CHECK open it. */
	assert_int_equal(store_open(&f->job, "net", false, SECONDS, &store), 0);
	store_close(&store);
	assert_absent("net/.cnibox.draft");
}

enum before { INDEXED, UNINDEXED, OUTDATED };

static void kill_each(void **state, void (*work)(void **), enum before before)
{
	bool killed = true;

	for (unsigned int n = 0; killed; n++) {
		struct folder *f = *state;

		reserve_anew(state, &a_eth0, "10.1.2.3");
		if (before == UNINDEXED)
			unlink(index_path(&f->job));
		if (before == OUTDATED) {
			put_text("net/10.1.2.9", "c\r\neth0");
			unlink("net/10.1.2.9");
		}
		assert_int_equal(is_indexed(state), before == INDEXED);
		killed = killed_at(n, work, state);
		assert_truth(state);
		release_anew(state, &a_eth0, "10.1.2.3");
		release_anew(state, &b_eth0, "10.1.2.4");
		release_anew(state, &b_eth0, "fd00::4");
		assert_true(!killed || n < 10000);
		/* A few calls at least were seen. */
		assert_true(killed || n > 20);
	}
}

static void killed_anywhere_the_truth_is_found(void **state)
{
	static void (*const works[])(void **) = { add, add_two, del, check };

	for (size_t i = 0; i < COUNT(works); i++) {
		kill_each(state, works[i], INDEXED);
		kill_each(state, works[i], UNINDEXED);
		kill_each(state, works[i], OUTDATED);
	}
}

/* The same where a change may have the time of the one before. */
static void killed_on_a_tmpfs_too(void **state)
{
	struct folder *f = *state;

	close(record_dir(&f->job));
	assert_int_equal(chdir(CONFIG_STATE_DIR), 0);
	kill_each(state, add_two, INDEXED);
	kill_each(state, add_two, OUTDATED);
	assert_int_equal(chdir(f->dir), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(find_is_the_same_with_an_index),
		STATE_TEST(what_others_do_is_heeded),
		STATE_TEST(reserving_without_a_search_is_heeded),
		STATE_TEST(without_a_state_dir_all_is_found),
		STATE_TEST(many_are_found),
		STATE_TEST(killed_anywhere_the_truth_is_found),
		STATE_TEST(killed_on_a_tmpfs_too),
	};

	return run_node_tests(tests);
}
