/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libmnl has for headers of messages, whose object brings a printer of
 * messages along, as large as all else of it. */
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

/* libmnl's functions for attributes call these. Weak: where its object is linked
 * all the same, those are the ones. */

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
