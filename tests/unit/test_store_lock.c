/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/store.h"

static void lock_is_waited_for_in_vain(void **state)
{
	struct folder *f = *state;
	struct store *s = opened(state), other;

	assert_int_equal(store_open(&f->job, "net", true, 1, &other), -1);
	assert_int_equal(f->job.code, CNI_TRY_AGAIN);
	assert_string_equal(f->job.msg, "lock net: locked by another process "
					"for 1 seconds");
	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
}

/* Holds the lock of net in a child until the parent waits for it; then the
 * child does what before it dies. */
static pid_t hold_lock(const char *what)
{
	int ready[2], fd;
	char buf[256];
	pid_t child, parent = getpid();
	FILE *locks;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child) {
		assert_true(child > 0);
		close(ready[1]);
		assert_int_equal(read(ready[0], buf, 1), 1);
		close(ready[0]);
		return child;
	}
	fd = open("net/lock", O_RDONLY);
	if (flock(fd, LOCK_EX) < 0 || write(ready[1], "", 1) != 1)
		_exit(1);
	for (time_t end = time(NULL) + SECONDS; time(NULL) < end;) {
		const char *waiter;

		locks = fopen("/proc/locks", "r");
		while (locks && fgets(buf, sizeof(buf), locks)) {
			waiter = strstr(buf, "-> FLOCK");
			waiter = waiter ? strstr(waiter, "WRITE") : NULL;
			if (waiter && strtol(waiter + 5, NULL, 10) == parent)
				_exit(system(what) != 0);
		}
		if (locks)
			fclose(locks);
		usleep(1000);
	}
	_exit(1);
}

static void assert_exits(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void lock_is_waited_for_and_got(void **state)
{
	pid_t child;
	struct store *s;

	store_close(opened(state));
	child = hold_lock("true");
	s = opened(state);
	assert_exits(child);
	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
}

static void lock_that_was_removed_is_no_lock(void **state)
{
	static const char *const ways[] = { "rm net/lock", "rm -r net" };

	for (size_t i = 0; i < 2; i++) {
		struct stat mine, current;
		struct store *s;
		pid_t child;

		store_close(opened(state));
		child = hold_lock(ways[i]);
		s = opened(state);
		assert_exits(child);
		assert_int_equal(fstat(s->lock, &mine), 0);
		assert_int_equal(stat("net/lock", &current), 0);
		assert_int_equal(mine.st_ino, current.st_ino);
		assert_true(reserve(s, &a_eth0, "10.1.2.3"));
		assert_int_equal(access("net/10.1.2.3", F_OK), 0);
		store_close(s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STORE_TEST(lock_is_waited_for_in_vain),
		STORE_TEST(lock_is_waited_for_and_got),
		STORE_TEST(lock_that_was_removed_is_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
