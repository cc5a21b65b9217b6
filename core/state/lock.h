/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock - flock(2) with a limit */
#ifndef CNIBOX_LOCK_H
#define CNIBOX_LOCK_H

struct job;

/* How long anybody waits for another. */
enum { LOCK_SECONDS = 5 };

/* Locks the open file, operation as of flock(2), waiting at most so many
 * seconds: 0, or -1 with errno, EINTR when the time is over. */
int lock_within(int fd, int operation, int seconds);

/* Fails for that errno, CNI_TRY_AGAIN when the time was over; path is what was
 * to be locked. */
int lock_fail(struct job *job, const char *path, int seconds);

#endif
