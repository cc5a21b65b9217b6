/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces libmnl's functions for the headers of messages: their object file
 * has a printer of messages, too, which is as large as all that we need of
 * libmnl. */
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include "core/kernel/nl.h"

void *nl_extend(struct nlmsghdr *msg, size_t len)
{
	char *more = (char *)msg + msg->nlmsg_len;

	msg->nlmsg_len += (uint32_t)MNL_ALIGN(len);
	return memset(more, 0, MNL_ALIGN(len));
}

const void *nl_payload(const struct nlmsghdr *msg)
{
	return NLMSG_DATA(msg);
}

/* libmnl's functions for attributes call these two. They are weak: if libmnl's
 * own object is linked all the same, that has the ones to use. */

__attribute__((weak)) void *mnl_nlmsg_get_payload_offset(
	const struct nlmsghdr *msg, size_t offset)
{
	return (char *)NLMSG_DATA(msg) + MNL_ALIGN(offset);
}

__attribute__((weak)) void *mnl_nlmsg_get_payload_tail(
	const struct nlmsghdr *msg)
{
	return (char *)msg + MNL_ALIGN(msg->nlmsg_len);
}
