/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meanwhile - somebody else changes the tables of a test at the worst moment */
#ifndef CNIBOX_TESTS_MEANWHILE_H
#define CNIBOX_TESTS_MEANWHILE_H

#include "tests/unit/tables.h"

/* What somebody else does between our look at the tables and our change. */
static void (*meanwhile)(struct world *other);

/* In place of the libc's: all that goes to the kernel comes through here. */
ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const struct nlmsghdr *msg = buf;
	void (*happens)(struct world * other) = meanwhile;
	struct kernel k = { .fd = -1 };
	struct world other = { .k = &k };

	if (happens && msg->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
		meanwhile = NULL;
		nl_init(&k.nl, &k.job, -1, NETLINK_NETFILTER);
		happens(&other);
		nl_close(&k.nl);
		job_free(&k.job);
	}
	return sendto(fd, buf, len, flags, NULL, 0);
}

#endif
