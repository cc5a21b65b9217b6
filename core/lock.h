/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock - flock(2) with a limit */
#ifndef CNIBOX_LOCK_H
#define CNIBOX_LOCK_H

/* Locks the open file for this process alone, waiting at most so many seconds:
 * 0, or -1 with errno, EINTR when the time is over. */
int lock_within(int fd, int seconds);

#endif
