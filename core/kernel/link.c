/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/link.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "core/base/str.h"
#include "core/kernel/vxlan.h"

/* Begins a request about the link of this index, or with 0 of this name, unless
 * that is NULL. */
static void begin(struct nl *nl, int type, int flags, int index,
		  const char *name)
{
	struct ifinfomsg head = { .ifi_index = index };

	nl_begin(nl, type, flags, &head, sizeof(head));
	if (name)
		nl_put_text(nl, IFLA_IFNAME, name);
}

static void read_port(const struct nlattr *data, struct link *out)
{
	const struct nlattr *port[IFLA_BRPORT_MAX + 1];

	nl_nested(data, port, IFLA_BRPORT_MAX);
	out->hairpin = nl_attr_u8(port[IFLA_BRPORT_MODE]);
	out->isolated = nl_attr_u8(port[IFLA_BRPORT_ISOLATED]);
}

/* Whether item at of the family's settings, an array in attribute attr, has this
 * value. */
static bool has_setting(const struct nlattr *spec, int family, int attr,
			size_t at, int32_t value)
{
	const struct nlattr *families[AF_INET6 + 1], *parts[IFLA_INET6_MAX + 1];
	const struct nlattr *conf;
	const int32_t *values;

	nl_nested(spec, families, AF_INET6);
	nl_nested(families[family], parts, IFLA_INET6_MAX);
	conf = parts[attr];
	if (!conf || nl_attr_len(conf) <= at * sizeof(*values))
		return false;
	values = nl_attr_data(conf);
	return values[at] == value;
}

static bool is_deaf_to_ra(const struct nlattr *spec)
{
	return has_setting(spec, AF_INET6, IFLA_INET6_CONF, DEVCONF_ACCEPT_RA,
			   0);
}

/* The first item is setting 1 of linux/ip.h. */
static bool is_routing_localnet(const struct nlattr *spec)
{
	return has_setting(spec, AF_INET, IFLA_INET_CONF,
			   IPV4_DEVCONF_ROUTE_LOCALNET - 1, 1);
}

static bool is_ll_learning(const struct nlattr *data)
{
	const struct nlattr *bridge[IFLA_BR_MAX + 1], *attr;
	const struct br_boolopt_multi *options;

	nl_nested(data, bridge, IFLA_BR_MAX);
	attr = bridge[IFLA_BR_MULTI_BOOLOPT];
	if (!attr || nl_attr_len(attr) < sizeof(*options))
		return false;
	options = nl_attr_data(attr);
	return options->optmask & ~options->optval &
	       1 << BR_BOOLOPT_NO_LL_LEARN;
}

static void read_link(const struct nlmsghdr *msg, struct link *out)
{
	const struct ifinfomsg *head = nl_payload(msg);
	const struct nlattr *attrs[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];

	nl_attrs(msg, sizeof(*head), attrs, IFLA_MAX);
	nl_nested(attrs[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	*out = (struct link) {
		.index = head->ifi_index,
		.flags = head->ifi_flags,
		.mtu = (int)nl_attr_u32(attrs[IFLA_MTU]),
		.tx_queue = (int)nl_attr_u32(attrs[IFLA_TXQLEN]),
		.master = (int)nl_attr_u32(attrs[IFLA_MASTER]),
		.peer = (int)nl_attr_u32(attrs[IFLA_LINK]),
		.netnsid = (int)nl_attr_u32(attrs[IFLA_LINK_NETNSID]),
		.away = attrs[IFLA_LINK_NETNSID],
		.promiscuity = nl_attr_u32(attrs[IFLA_PROMISCUITY]),
		.operstate = nl_attr_u8(attrs[IFLA_OPERSTATE]),
		.deaf_to_ra = IS_ENABLED(CONFIG_IPV6) &&
			      is_deaf_to_ra(attrs[IFLA_AF_SPEC]),
		.localnet = is_routing_localnet(attrs[IFLA_AF_SPEC]),
		.alias = nl_attr_text(attrs[IFLA_IFALIAS]),
	};
	str_copy(out->name, sizeof(out->name),
		 nl_attr_text(attrs[IFLA_IFNAME]));
	str_copy(out->kind, sizeof(out->kind),
		 nl_attr_text(info[IFLA_INFO_KIND]));
	if (attrs[IFLA_ADDRESS] && nl_attr_len(attrs[IFLA_ADDRESS]) == MAC_LEN)
		memcpy(out->mac, nl_attr_data(attrs[IFLA_ADDRESS]), MAC_LEN);
	if (IS_ENABLED(CONFIG_NAT) && strcmp(out->kind, "bridge") == 0)
		out->ll_learning = is_ll_learning(info[IFLA_INFO_DATA]);
	if (strcmp(nl_attr_text(info[IFLA_INFO_SLAVE_KIND]), "bridge") == 0)
		read_port(info[IFLA_INFO_SLAVE_DATA], out);
}

static void on_link(const struct nlmsghdr *msg, void *out)
{
	read_link(msg, out);
}

/* Begins the request for the link of this index, or name. */
static void begin_get(struct nl *nl, int index, const char *name,
		      struct link *out)
{
	begin(nl, RTM_GETLINK, 0, index, name);
	nl_put_u32(nl, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_on_reply(nl, on_link, out);
}

int link_find(struct nl *nl, const char *name, struct link *out, bool *found)
{
	bool absent;

	*out = (struct link) { 0 };
	*found = false;
	begin_get(nl, 0, name, out);
	nl_allow(nl, ENODEV, &absent);
	if (nl_talk(nl, "look up %s", name) < 0)
		return -1;
	*found = !absent;
	return 0;
}

int link_get(struct nl *nl, const char *name, struct link *out)
{
	begin_get(nl, 0, name, out);
	return nl_talk(nl, "look up %s", name);
}

int link_get_index(struct nl *nl, int index, struct link *out)
{
	begin_get(nl, index, NULL, out);
	return nl_talk(nl, "look up interface %d", index);
}

int link_find_index(struct nl *nl, int index, int netnsid, struct link *out,
		    bool *found)
{
	bool absent;

	begin_get(nl, index, NULL, out);
	if (netnsid >= 0)
		nl_put_u32(nl, IFLA_TARGET_NETNSID, (uint32_t)netnsid);
	nl_allow(nl, ENODEV, &absent);
	nl_allow(nl, EINVAL, &absent); /* no such namespace */
	nl_allow(nl, EACCES, NULL);    /* another user's */
	if (nl_talk(nl, "look up interface %d", index) < 0)
		return -1;
	*found = !absent;
	return 0;
}

struct created {
	struct nl *nl;
	const char *name;
	uint8_t mac[MAC_LEN];
	bool sure;
};

/* If the kernel's answer was lost, the link is ours if it has the MAC address that
 * we chose. */
static void undo_link(void *arg)
{
	struct created *created = arg;
	struct link link;
	bool found;

	if (!created->sure &&
	    (link_find(created->nl, created->name, &link, &found) < 0 ||
	     !found || memcmp(link.mac, created->mac, MAC_LEN) != 0))
		return;
	link_del(created->nl, created->name, NULL);
}

static void push_undo(struct nl *nl, const struct link_spec *spec, bool sure)
{
	struct created *created = job_alloc(nl->job, sizeof(*created));

	created->nl = nl;
	created->name = spec->name;
	created->sure = sure;
	if (spec->mac)
		memcpy(created->mac, spec->mac, MAC_LEN);
	undo_push(nl->job, undo_link, created);
}

static void put_spec(struct nl *nl, const struct link_spec *spec)
{
	nl_put_text(nl, IFLA_IFNAME, spec->name);
	/* The default is a queue for each processor, which nobody uses and
	 * whose deletion takes two RCU grace periods. */
	if (spec->queues) {
		nl_put_u32(nl, IFLA_NUM_TX_QUEUES, (uint32_t)spec->queues);
		nl_put_u32(nl, IFLA_NUM_RX_QUEUES, (uint32_t)spec->queues);
	}
	if (spec->mac)
		nl_put(nl, IFLA_ADDRESS, spec->mac, MAC_LEN);
	if (spec->mtu > 0)
		nl_put_u32(nl, IFLA_MTU, (uint32_t)spec->mtu);
}

static void put_peer(struct nl *nl, const struct link_spec *peer)
{
	static const struct ifinfomsg head;
	struct nlattr *nest = nl_nest(nl, VETH_INFO_PEER);

	nl_put_raw(nl, &head, sizeof(head));
	put_spec(nl, peer);
	if (peer->netns >= 0)
		nl_put_u32(nl, IFLA_NET_NS_FD, (uint32_t)peer->netns);
	nl_nest_end(nl, nest);
}

int link_set_alias(struct nl *nl, const char *name, const char *alias)
{
	begin(nl, RTM_SETLINK, NLM_F_ACK, 0, name);
	nl_put(nl, IFLA_IFALIAS, alias, strlen(alias));
	nl_allow(nl, ENODEV, NULL);
	return nl_talk(nl, "set the alias of %s", name);
}

static void begin_add(struct nl *nl, const struct link_spec *spec, int flags)
{
	static const struct br_boolopt_multi no_ll_learn = {
		.optval = 1 << BR_BOOLOPT_NO_LL_LEARN,
		.optmask = 1 << BR_BOOLOPT_NO_LL_LEARN,
	};
	struct nlattr *info, *data;

	begin(nl, RTM_NEWLINK, NLM_F_ACK | flags, 0, NULL);
	put_spec(nl, spec);
	if (spec->master)
		nl_put_u32(nl, IFLA_MASTER, (uint32_t)spec->master);
	info = nl_nest(nl, IFLA_LINKINFO);
	nl_put_text(nl, IFLA_INFO_KIND, spec->kind);
	data = nl_nest(nl, IFLA_INFO_DATA);
	if (spec->vlan_filtering)
		nl_put_u8(nl, IFLA_BR_VLAN_FILTERING, 1);
	/* A kernel without this option ignores it. */
	if (IS_ENABLED(CONFIG_NAT) && spec->no_ll_learn)
		nl_put(nl, IFLA_BR_MULTI_BOOLOPT, &no_ll_learn,
		       sizeof(no_ll_learn));
	if (spec->peer)
		put_peer(nl, spec->peer);
	if (IS_ENABLED(CONFIG_NODES_VXLAN) && spec->vxlan)
		vxlan_put(nl, spec->vxlan);
	nl_nest_end(nl, data);
	nl_nest_end(nl, info);
}

/* A wrong number of queues is refused after an unknown kind. */
int link_probe(struct nl *nl, const char *kind)
{
	struct link_spec spec = { .kind = kind, .name = "", .queues = -1 };
	bool missing;

	begin_add(nl, &spec, NLM_F_CREATE | NLM_F_EXCL);
	nl_allow(nl, EINVAL, NULL);
	nl_allow(nl, EOPNOTSUPP, &missing);
	if (nl_talk(nl, "try to create a %s", kind) < 0)
		return -1;
	return missing ? fail(nl->job, CNI_INTERNAL, "the kernel has no %s",
			      kind)
		       : 0;
}

int link_add(struct nl *nl, const struct link_spec *spec, bool *exists)
{
	int ret;

	begin_add(nl, spec, NLM_F_CREATE | NLM_F_EXCL);
	if (exists)
		nl_allow(nl, EEXIST, exists);
	nl_needs(nl, EOPNOTSUPP,
		 IS_ENABLED(CONFIG_BRIDGE_VLAN) && spec->vlan_filtering
			 ? "CONFIG_BRIDGE_VLAN_FILTERING"
			 : spec->kind);
	nl_hold(nl);
	nl_talk(nl, "create %s %s", spec->kind, spec->name);
	/* The kernel ignores an alias in the message that creates a link. */
	if (spec->alias)
		link_set_alias(nl, spec->name, spec->alias);
	if (spec->now) {
		begin_get(nl, 0, spec->name, spec->now);
		nl_allow(nl, ENODEV, NULL);
		nl_talk(nl, "look up %s", spec->name);
	}
	if (spec->master_now)
		link_get_index(nl, spec->master, spec->master_now);
	ret = nl_release(nl);
	if (!spec->shared && (ret < 0 || !exists || !*exists))
		push_undo(nl, spec, ret == 0);
	return ret;
}

int link_del(struct nl *nl, const char *name, bool *existed)
{
	bool absent;
	int ret;

	begin(nl, RTM_DELLINK, NLM_F_ACK, 0, name);
	nl_allow(nl, ENODEV, &absent);
	ret = nl_talk(nl, "delete %s", name);
	if (existed)
		*existed = ret == 0 && !absent;
	return ret;
}

int link_set_group(struct nl *nl, const char *name, uint32_t group)
{
	begin(nl, RTM_SETLINK, NLM_F_ACK, 0, name);
	nl_put_u32(nl, IFLA_GROUP, group);
	nl_allow(nl, ENODEV, NULL);
	return nl_talk(nl, "set the group of %s", name);
}

int link_del_group(struct nl *nl, uint32_t group)
{
	begin(nl, RTM_DELLINK, NLM_F_ACK, 0, NULL);
	nl_put_u32(nl, IFLA_GROUP, group);
	nl_allow(nl, ENODEV, NULL);
	return nl_talk(nl, "delete a group of links");
}

int link_del_all(struct nl *nl, const struct list *links)
{
	const struct link *link = links->items;
	uint32_t group;

	if (!links->count)
		return 0;
	/* Whoever else has this group is deleting the first of them, too. */
	group = 1U << 29 | (uint32_t)link->index;
	nl_hold(nl);
	for (size_t i = 0; i < links->count; i++)
		link_set_group(nl, link[i].name, group);
	link_del_group(nl, group);
	return nl_release(nl);
}

bool link_exists(struct nl *nl, const char *name)
{
	struct ifreq request = { 0 };

	str_copy(request.ifr_name, sizeof(request.ifr_name), name);
	if (nl->fd < 0)
		nl_open(nl);
	return ioctl(nl->fd, SIOCGIFINDEX, &request) == 0;
}

int link_random_macs(struct job *job, uint8_t macs[][MAC_LEN], size_t count)
{
	if (getrandom(macs, count * MAC_LEN, 0) != (ssize_t)(count * MAC_LEN))
		return fail_errno(job, errno, "choose a MAC address");
	for (size_t i = 0; i < count; i++)
		macs[i][0] = (uint8_t)((macs[i][0] | 2) & ~1);
	return 0;
}

int link_set_flags(struct nl *nl, const struct link *link, unsigned flags,
		   unsigned mask)
{
	struct ifinfomsg head = { .ifi_index = link->index,
				  .ifi_flags = flags,
				  .ifi_change = mask };

	nl_begin(nl, RTM_SETLINK, NLM_F_ACK, &head, sizeof(head));
	if (!link->index)
		nl_put_text(nl, IFLA_IFNAME, link->name);
	if (mask & IFF_UP)
		return nl_talk(nl, "set %s %s", link->name,
			       flags & IFF_UP ? "up" : "down");
	return nl_talk(nl, "set flags %#x of %s", flags, link->name);
}

int link_set_mac(struct nl *nl, const struct link *link,
		 const uint8_t mac[MAC_LEN])
{
	begin(nl, RTM_SETLINK, NLM_F_ACK, link->index, NULL);
	nl_put(nl, IFLA_ADDRESS, mac, MAC_LEN);
	return nl_talk(nl, "set the MAC address of %s", link->name);
}

int link_set_port(struct nl *nl, const struct link *port, bool hairpin,
		  bool isolated)
{
	struct ifinfomsg head = { .ifi_family = AF_BRIDGE,
				  .ifi_index = port->index };
	struct nlattr *nest;

	nl_begin(nl, RTM_SETLINK, NLM_F_ACK, &head, sizeof(head));
	nest = nl_nest(nl, IFLA_PROTINFO | NLA_F_NESTED);
	nl_put_u8(nl, IFLA_BRPORT_MODE, hairpin);
	nl_put_u8(nl, IFLA_BRPORT_ISOLATED, isolated);
	nl_nest_end(nl, nest);
	return nl_talk(nl, "set hairpin %s and isolation %s on %s",
		       hairpin ? "on" : "off", isolated ? "on" : "off",
		       port->name);
}

int link_set_no_ll_learn(struct nl *nl, const struct link *bridge)
{
	struct link_spec spec = { .kind = bridge->kind,
				  .name = bridge->name,
				  .no_ll_learn = true };

	begin_add(nl, &spec, 0);
	return nl_talk(nl, "set no_linklocal_learn of %s", bridge->name);
}

int link_set_conf(struct nl *nl, int index, enum link_setting setting)
{
	static const struct {
		uint8_t family, attr, allowed;
		char name[15];
	} settings[] = {
		[LINK_ARP_NOTIFY] = { AF_INET, IPV4_DEVCONF_ARP_NOTIFY, 0,
				      "arp_notify" },
		[LINK_ROUTE_LOCALNET] = { AF_INET, IPV4_DEVCONF_ROUTE_LOCALNET,
					  ENODEV, "route_localnet" },
		[LINK_ADDR_GEN_NONE] = { AF_INET6, IFLA_INET6_ADDR_GEN_MODE,
					 EAFNOSUPPORT, "addr_gen_mode" },
	};
	struct nlattr *spec, *family, *conf;

	begin(nl, RTM_SETLINK, NLM_F_ACK, index, NULL);
	spec = nl_nest(nl, IFLA_AF_SPEC);
	family = nl_nest(nl, settings[setting].family);
	if (setting == LINK_ADDR_GEN_NONE) {
		nl_put_u8(nl, settings[setting].attr, IN6_ADDR_GEN_MODE_NONE);
	} else {
		conf = nl_nest(nl, IFLA_INET_CONF);
		nl_put_u32(nl, settings[setting].attr, 1);
		nl_nest_end(nl, conf);
	}
	nl_nest_end(nl, family);
	nl_nest_end(nl, spec);
	nl_allow(nl, settings[setting].allowed, NULL);
	return nl_talk(nl, "set %s of interface %d", settings[setting].name,
		       index);
}

struct link_search {
	struct job *job;
	int master; /* 0: any */
	struct list *out;
};

static void on_listed(const struct nlmsghdr *msg, void *arg)
{
	struct link_search *search = arg;
	struct link link;

	read_link(msg, &link);
	/* A kernel without filtered dumps answers with every link. */
	if (search->master && link.master != search->master)
		return;
	link.alias = job_printf(search->job, "%s", link.alias);
	list_copy(search->job, search->out, &link, sizeof(link));
}

int link_list(struct nl *nl, int master, struct list *out)
{
	struct link_search search = { nl->job, master, out };

	*out = (struct list) { 0 };
	begin(nl, RTM_GETLINK, NLM_F_DUMP, 0, NULL);
	if (master)
		nl_put_u32(nl, IFLA_MASTER, (uint32_t)master);
	nl_put_u32(nl, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_on_reply(nl, on_listed, &search);
	return nl_talk(nl, "list links of master %d (0: all)", master);
}
