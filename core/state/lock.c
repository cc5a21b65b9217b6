/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/lock.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/time.h>

#include "core/base/job.h"

static void wake_up(int sig)
{
	(void)sig;
}

/* A blocking flock() wakes those who wait in turn and at once, which polling
 * would not. A timer's signal interrupts it. */
int lock_within(int fd, int operation, int seconds)
{
	struct sigaction action = { .sa_handler = wake_up }, old_action;
	/* It repeats each second, in case the first signal comes before
	 * flock() sleeps. */
	struct itimerval timer = { .it_value.tv_sec = seconds,
				   .it_interval.tv_sec = 1 };
	sigset_t set, old_set;
	int status, err;

	if (flock(fd, operation | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -1;
	if (!seconds) {
		errno = EINTR;
		return -1;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, &old_action);
	sigprocmask(SIG_UNBLOCK, &set, &old_set);
	setitimer(ITIMER_REAL, &timer, NULL);
	status = flock(fd, operation);
	err = errno;
	setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL);
	sigprocmask(SIG_SETMASK, &old_set, NULL);
	sigaction(SIGALRM, &old_action, NULL);
	errno = err;
	return status;
}

int lock_fail(struct job *job, const char *path, int seconds)
{
	if (errno != EINTR)
		return fail_errno(job, errno, "lock %s", path);
	return fail(job, CNI_TRY_AGAIN,
		    "lock %s: locked by another process for %d seconds", path,
		    seconds);
}
