/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/vxlan.h"

#include <arpa/inet.h>
#include <string.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

void vxlan_put(struct nl *nl, const struct vxlan *vxlan)
{
	const struct ip *local = &vxlan->local;

	nl_put_u32(nl, IFLA_VXLAN_ID, (uint32_t)vxlan->vni);
	nl_put_ip(nl,
		  local->family == AF_INET ? IFLA_VXLAN_LOCAL
					   : IFLA_VXLAN_LOCAL6,
		  local);
	nl_put_u16(nl, IFLA_VXLAN_PORT, htons((uint16_t)vxlan->port));
	nl_put_u8(nl, IFLA_VXLAN_LEARNING, vxlan->learning);
}

static void on_link(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	const struct nlattr *data[IFLA_VXLAN_MAX + 1];
	struct vxlan *out = arg;

	nl_attrs(msg, sizeof(struct ifinfomsg), attrs, IFLA_MAX);
	nl_nested(attrs[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	nl_nested(info[IFLA_INFO_DATA], data, IFLA_VXLAN_MAX);
	out->vni = (int)nl_attr_u32(data[IFLA_VXLAN_ID]);
	out->port = ntohs(nl_attr_u16(data[IFLA_VXLAN_PORT]));
	nl_attr_ip(data[IFLA_VXLAN_LOCAL], AF_INET, &out->local);
	nl_attr_ip(data[IFLA_VXLAN_LOCAL6], AF_INET6, &out->local);
	out->learning = nl_attr_u8(data[IFLA_VXLAN_LEARNING]);
}

int vxlan_get(struct nl *nl, const char *name, struct vxlan *out)
{
	struct ifinfomsg head = { 0 };

	*out = (struct vxlan) { 0 };
	nl_begin(nl, RTM_GETLINK, 0, &head, sizeof(head));
	nl_put_text(nl, IFLA_IFNAME, name);
	nl_put_u32(nl, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_on_reply(nl, on_link, out);
	return nl_talk(nl, "look at the VXLAN of %s", name);
}
