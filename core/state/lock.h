/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock - flock(2) with a limit */
#ifndef CNIBOX_LOCK_H
#define CNIBOX_LOCK_H

struct job;

/* How long we wait for a lock of another process. */
enum { LOCK_SECONDS = 5 };

/* Locks the open file, with operation as in flock(2), and waits at most so
 * many seconds. 0, or -1 with errno: EINTR if the time is over. */
int lock_within(int fd, int operation, int seconds);

/* Fails with the errno that lock_within() has left, or with CNI_TRY_AGAIN if
 * the time was over. path is what was to be locked. */
int lock_fail(struct job *job, const char *path, int seconds);

#endif
