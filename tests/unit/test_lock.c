/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "core/state/lock.h"
#include "tests/unit/folder.h"

enum { LIMIT = 60 };

static int open_lock(void)
{
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

/* For a child too, which has the same open file. */
static void free_lock(int fd)
{
	assert_int_equal(flock(fd, LOCK_UN), 0);
	close(fd);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Whether some process is listed in /proc/locks as waiting for one. */
static bool waits(pid_t pid)
{
	FILE *locks = fopen("/proc/locks", "r");
	bool found = false;
	char line[256];

	assert_non_null(locks);
	while (fgets(line, sizeof(line), locks)) {
		const char *waiter = strstr(line, "-> FLOCK");

		waiter = waiter ? strstr(waiter, "WRITE") : NULL;
		if (waiter && strtol(waiter + 5, NULL, 10) == pid)
			found = true;
	}
	fclose(locks);
	return found;
}

static void until_it_waits(pid_t pid)
{
	double end = now() + LIMIT;

	while (!waits(pid)) {
		assert_true(now() < end);
		usleep(1000);
	}
}

/* A child that tries for the lock: exits with 0 or the errno. */
static pid_t start_waiter(int seconds, void (*prepare)(void))
{
	pid_t child = fork();

	if (child)
		return child;
	if (prepare)
		prepare();
	_exit(lock_within(open_lock(), LOCK_EX, seconds) < 0 ? errno : 0);
}

static void assert_exits(pid_t child, int code)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void free_lock_is_taken_at_once(void **state)
{
	int fd = open_lock(), other = open_lock();

	(void)state;
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	assert_int_equal(flock(other, LOCK_SH | LOCK_NB), -1);
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	close(fd);
	assert_int_equal(lock_within(other, LOCK_EX, 1), 0);
	close(other);
}

static void shared_lock_is_shared(void **state)
{
	int fd = open_lock(), other = open_lock();

	(void)state;
	assert_int_equal(lock_within(fd, LOCK_SH, 1), 0);
	assert_int_equal(lock_within(other, LOCK_SH, 1), 0);
	close(fd);
	close(other);
}

static void lock_is_waited_for(void **state)
{
	int fd = open_lock();
	pid_t child;

	(void)state;
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	child = start_waiter(LIMIT, NULL);
	until_it_waits(child);
	free_lock(fd);
	assert_exits(child, 0);
}

static void every_waiter_gets_it(void **state)
{
	pid_t children[8];
	int fd = open_lock();

	(void)state;
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = start_waiter(LIMIT, NULL);
		until_it_waits(children[i]);
	}
	free_lock(fd);
	for (size_t i = 0; i < COUNT(children); i++)
		assert_exits(children[i], 0);
}

static void block_alarm(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void ignore_alarm(void)
{
	signal(SIGALRM, SIG_IGN);
}

static void have_one_pending(void)
{
	block_alarm();
	raise(SIGALRM);
}

static void waiting_ends_in_time(void **state)
{
	/* What a parent may leave behind. */
	static void (*const ways[])(void) = { NULL, block_alarm, ignore_alarm };
	pid_t children[COUNT(ways)];
	int fd = open_lock();
	double start = now();

	(void)state;
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	for (size_t i = 0; i < COUNT(ways); i++)
		children[i] = start_waiter(1, ways[i]);
	for (size_t i = 0; i < COUNT(ways); i++)
		assert_exits(children[i], EINTR);
	assert_true(now() - start > 0.9 && now() - start < LIMIT);
	close(fd);
}

/* What other code finds as it was. */
static void alarms_are_as_before(void **state)
{
	int fd = open_lock(), other = open_lock();
	struct itimerval timer;
	struct sigaction action;
	sigset_t set;

	(void)state;
	signal(SIGALRM, SIG_IGN);
	block_alarm();
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	assert_int_equal(lock_within(other, LOCK_EX, 1), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(getitimer(ITIMER_REAL, &timer), 0);
	assert_int_equal(timer.it_value.tv_sec + timer.it_value.tv_usec, 0);
	assert_int_equal(timer.it_interval.tv_sec, 0);
	assert_int_equal(sigaction(SIGALRM, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_IGN);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &set), 0);
	assert_true(sigismember(&set, SIGALRM));
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	close(fd);
	close(other);
}

static void nothing(int sig)
{
	(void)sig;
}

static void handle_usr1(void)
{
	struct sigaction action = { .sa_handler = nothing,
				    .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &action, NULL);
}

static void other_signals_end_no_waiting(void **state)
{
	static const int signals[] = { SIGCHLD, SIGWINCH, SIGUSR1 };
	int fd = open_lock(), status;
	pid_t child;

	(void)state;
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	child = start_waiter(LIMIT, handle_usr1);
	for (size_t i = 0; i < COUNT(signals); i++) {
		until_it_waits(child);
		assert_int_equal(kill(child, signals[i]), 0);
	}
	until_it_waits(child);
	assert_int_equal(kill(child, SIGSTOP), 0);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(child, SIGCONT), 0);
	until_it_waits(child);
	free_lock(fd);
	assert_exits(child, 0);
}

static void a_pending_alarm_is_not_the_end(void **state)
{
	int fd = open_lock();
	pid_t child;

	(void)state;
	assert_int_equal(lock_within(fd, LOCK_EX, 1), 0);
	child = start_waiter(LIMIT, have_one_pending);
	until_it_waits(child);
	free_lock(fd);
	assert_exits(child, 0);
}

static void what_cannot_be_locked_is_an_error(void **state)
{
	int fd = open_lock();

	(void)state;
	close(fd);
	for (int seconds = 0; seconds < 2; seconds++) {
		assert_int_equal(lock_within(fd, LOCK_EX, seconds), -1);
		assert_int_equal(errno, EBADF);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(free_lock_is_taken_at_once),
		FOLDER_TEST(shared_lock_is_shared),
		FOLDER_TEST(lock_is_waited_for),
		FOLDER_TEST(every_waiter_gets_it),
		FOLDER_TEST(waiting_ends_in_time),
		FOLDER_TEST(alarms_are_as_before),
		FOLDER_TEST(other_signals_end_no_waiting),
		FOLDER_TEST(a_pending_alarm_is_not_the_end),
		FOLDER_TEST(what_cannot_be_locked_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
