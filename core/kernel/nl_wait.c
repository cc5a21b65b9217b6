/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <poll.h>
#include <sys/socket.h>
#include <sys/times.h>

#include "core/kernel/nl.h"

long nl_deadline(int ms)
{
	enum { MS_PER_TICK = 10 };

	/* times(2) is exact enough, and 1,000 bytes smaller than
	 * clock_gettime(3). A long of 32 bits overflows within a month. */
	return (long)((unsigned long)times(NULL) * MS_PER_TICK +
		      (unsigned long)ms);
}

static long left_until(long deadline)
{
	return (long)((unsigned long)deadline - (unsigned long)nl_deadline(0));
}

bool nl_wait(struct nl *nl, long deadline)
{
	struct pollfd pollfd = { .fd = nl->fd, .events = POLLIN };
	long left = left_until(deadline);
	char drop[64];

	if (left <= 0)
		return false;
	poll(&pollfd, 1, (int)left);
	while (recv(nl->fd, drop, sizeof(drop), MSG_DONTWAIT) >= 0 &&
	       left_until(deadline) > 0)
		continue;
	return true;
}
