/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/genl.h"

#include <errno.h>

#include <linux/genetlink.h>

void genl_init(struct nl *nl, struct job *job, int netns)
{
	nl_init(nl, job, netns, NETLINK_GENERIC);
}

void genl_begin(struct nl *nl, int family, int command, int version, int flags)
{
	const struct genlmsghdr head = { .cmd = (uint8_t)command,
					 .version = (uint8_t)version };

	nl_begin(nl, family, flags, &head, sizeof(head));
}

static void on_family(const struct nlmsghdr *msg, void *number)
{
	const struct nlattr *attrs[CTRL_ATTR_FAMILY_ID + 1];

	nl_attrs(msg, GENL_HEAD, attrs, CTRL_ATTR_FAMILY_ID);
	*(int *)number = nl_attr_u16(attrs[CTRL_ATTR_FAMILY_ID]);
}

int genl_family(struct nl *nl, const char *name, int *number)
{
	*number = 0;
	genl_begin(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	nl_put_text(nl, CTRL_ATTR_FAMILY_NAME, name);
	nl_needs(nl, ENOENT, name);
	nl_on_reply(nl, on_family, number);
	if (nl_talk(nl, "look for %s", name) < 0)
		return -1;
	if (!*number)
		return fail(nl->job, CNI_INTERNAL, "look for %s: no number",
			    name);
	return 0;
}
