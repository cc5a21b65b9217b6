/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/brvlan.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

void brvlan_put(struct brvlan *vlans, int id)
{
	vlans->ids[id / 8] |= (uint8_t)(1 << id % 8);
}

bool brvlan_has(const struct brvlan *vlans, int id)
{
	return vlans->ids[id / 8] & 1 << id % 8;
}

static void put_info(struct nl *nl, int flags, int id)
{
	struct bridge_vlan_info info = { .flags = (uint16_t)flags,
					 .vid = (uint16_t)id };

	nl_put(nl, IFLA_BRIDGE_VLAN_INFO, &info, sizeof(info));
}

static struct nlattr *begin(struct nl *nl, int type, const struct link *port)
{
	struct ifinfomsg head = { .ifi_family = AF_BRIDGE,
				  .ifi_index = port->index };

	nl_begin(nl, type, NLM_F_ACK, &head, sizeof(head));
	return nl_nest(nl, IFLA_AF_SPEC);
}

static void put_range(struct nl *nl, int first, int last)
{
	if (first == last) {
		put_info(nl, 0, first);
		return;
	}
	put_info(nl, BRIDGE_VLAN_INFO_RANGE_BEGIN, first);
	put_info(nl, BRIDGE_VLAN_INFO_RANGE_END, last);
}

static void put_vlans(struct nl *nl, const struct brvlan *vlans)
{
	int first = 0;

	for (int id = 1; id <= VLAN_MAX + 1; id++) {
		bool has = id <= VLAN_MAX && id != vlans->native &&
			   brvlan_has(vlans, id);

		if (has && !first)
			first = id;
		if (!has && first) {
			put_range(nl, first, id - 1);
			first = 0;
		}
	}
	if (vlans->native)
		put_info(nl, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED,
			 vlans->native);
}

int brvlan_set(struct nl *nl, const struct link *port,
	       const struct brvlan *vlans, bool keep)
{
	struct nlattr *spec;

	nl_hold(nl);
	if (!keep) {
		/* Those that it is no member of do not matter. */
		spec = begin(nl, RTM_DELLINK, port);
		put_range(nl, 1, VLAN_MAX);
		nl_nest_end(nl, spec);
		nl_talk(nl, "remove the VLANs of %s", port->name);
	}
	spec = begin(nl, RTM_SETLINK, port);
	put_vlans(nl, vlans);
	nl_nest_end(nl, spec);
	nl_talk(nl, "set the VLANs of %s", port->name);
	return nl_release(nl);
}

struct search {
	int index;
	struct brvlan *out;
	int first; /* of a range whose end is to come */
};

static void read_info(const struct nlattr *attr, void *arg)
{
	const struct bridge_vlan_info *info = nl_attr_data(attr);
	struct search *search = arg;
	int first;

	if (nl_attr_len(attr) < sizeof(*info) || info->vid > VLAN_MAX)
		return;
	first = search->first ? search->first : info->vid;
	search->first =
		info->flags & BRIDGE_VLAN_INFO_RANGE_BEGIN ? info->vid : 0;
	for (int id = first; id <= info->vid; id++)
		brvlan_put(search->out, id);
	if (info->flags & BRIDGE_VLAN_INFO_PVID)
		search->out->native = info->vid;
}

static void on_port(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *head = nl_payload(msg);
	const struct nlattr *attrs[IFLA_MAX + 1];
	struct search *search = arg;

	nl_attrs(msg, sizeof(*head), attrs, IFLA_MAX);
	if (head->ifi_index == search->index)
		nl_each(attrs[IFLA_AF_SPEC], IFLA_BRIDGE_VLAN_INFO, read_info,
			search);
}

int brvlan_get(struct nl *nl, const struct link *port, struct brvlan *out)
{
	struct ifinfomsg head = { .ifi_family = AF_BRIDGE };
	struct search search = { .index = port->index, .out = out };

	*out = (struct brvlan) { 0 };
	nl_begin(nl, RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head));
	nl_put_u32(nl, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
	nl_on_reply(nl, on_port, &search);
	return nl_talk(nl, "list the VLANs of %s", port->name);
}
