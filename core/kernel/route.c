/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/route.h"

#include <errno.h>
#include <string.h>

#include <linux/netconf.h>
#include <linux/rtnetlink.h>

#include "core/base/str.h"

const char *route_text(struct job *job, const struct route *route)
{
	char dst[PREFIX_TEXT], gw[IP_TEXT];
	struct str text = { .job = job };

	str_add(&text, prefix_print(&route->dst, dst));
	if (route->gw.family)
		str_printf(&text, " via %s", ip_print(&route->gw, gw));
	if (route->priority)
		str_printf(&text, " metric %d", route->priority);
	if (route->has_table)
		str_printf(&text, " table %d", route->table);
	return text.text;
}

static uint32_t table_of(const struct route *route)
{
	return route->has_table && route->table ? (uint32_t)route->table
						: RT_TABLE_MAIN;
}

static struct rtmsg head_of(const struct route *route)
{
	uint32_t table = table_of(route);

	return (struct rtmsg) {
		.rtm_family = (uint8_t)route->dst.ip.family,
		.rtm_dst_len = (uint8_t)route->dst.len,
		.rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
	};
}

static void put_metrics(struct nl *nl, const struct route *route)
{
	struct nlattr *nest;

	if (!route->mtu && !route->advmss)
		return;
	nest = nl_nest(nl, RTA_METRICS);
	if (route->mtu)
		nl_put_u32(nl, RTAX_MTU, (uint32_t)route->mtu);
	if (route->advmss)
		nl_put_u32(nl, RTAX_ADVMSS, (uint32_t)route->advmss);
	nl_nest_end(nl, nest);
}

int route_add(struct nl *nl, const struct link *link, const struct route *route)
{
	struct prefix dst = prefix_network(&route->dst);
	struct rtmsg head = head_of(route);

	if (IS_ENABLED(CONFIG_IPV6) && ip_is_mapped(&dst.ip))
		return fail(nl->job, CNI_INTERNAL,
			    "add %s to %s: IPv4 in the form of IPv6",
			    route_text(nl->job, route), link->name);
	if (route->gw.family && route->gw.family != dst.ip.family)
		return fail(nl->job, CNI_BAD_CONFIG,
			    "add route %s to %s: gateway of another family",
			    route_text(nl->job, route), link->name);
	head.rtm_protocol = RTPROT_BOOT;
	head.rtm_scope =
		route->has_scope ? (uint8_t)route->scope : RT_SCOPE_UNIVERSE;
	head.rtm_type = RTN_UNICAST;
	head.rtm_flags = route->flags;
	nl_begin(nl, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, &head,
		 sizeof(head));
	nl_needs(nl, EOPNOTSUPP, "IPv6");
	nl_put_ip(nl, RTA_DST, &dst.ip);
	nl_put_ip(nl, RTA_GATEWAY, &route->gw);
	nl_put_ip(nl, RTA_PREFSRC, &route->src);
	nl_put_u32(nl, RTA_OIF, (uint32_t)link->index);
	if (route->priority)
		nl_put_u32(nl, RTA_PRIORITY, (uint32_t)route->priority);
	nl_put_u32(nl, RTA_TABLE, table_of(route));
	put_metrics(nl, route);
	return nl_talk(nl, "add route %s to %s", route_text(nl->job, route),
		       link->name);
}

struct route_search {
	const struct route *route;
	int index;
	bool exists;
	struct job *job;
	struct list *indexes; /* of int, of all nexthops; or NULL */
};

/* Whether a nexthop is the one that is looked for: by this link and, if the route
 * names a gateway, by that. */
static bool is_nexthop(const struct route_search *search, int index,
		       const struct nlattr *gateway)
{
	const struct ip *gw = &search->route->gw;
	size_t size = ip_size(gw->family);

	return index == search->index &&
	       (!size || (gateway && nl_attr_len(gateway) == size &&
			  !memcmp(nl_attr_data(gateway), gw->bytes, size)));
}

static void look_at_nexthop(struct route_search *search, int index,
			    const struct nlattr *gateway)
{
	if (!search->indexes)
		search->exists |= is_nexthop(search, index, gateway);
	else if (index)
		list_copy(search->job, search->indexes, &index, sizeof(index));
}

/* Looks at each nexthop; a multipath route has several. */
static void each_nexthop(struct route_search *search,
			 const struct nlattr *const *attrs)
{
	const struct nlattr *all = attrs[RTA_MULTIPATH];
	const struct nlattr *hop_attrs[RTA_MAX + 1];
	const struct rtnexthop *hop;
	int left;

	if (!all) {
		look_at_nexthop(search, (int)nl_attr_u32(attrs[RTA_OIF]),
				attrs[RTA_GATEWAY]);
		return;
	}
	hop = nl_attr_data(all);
	left = (int)nl_attr_len(all);
	/* RTNH_OK() reads a length before it asks whether there is one. */
	for (; left >= (int)sizeof(*hop) && RTNH_OK(hop, left);
	     hop = RTNH_NEXT(hop)) {
		nl_attrs_in(RTNH_DATA(hop), hop->rtnh_len - RTNH_LENGTH(0),
			    hop_attrs, RTA_MAX);
		look_at_nexthop(search, hop->rtnh_ifindex,
				hop_attrs[RTA_GATEWAY]);
		left -= RTNH_ALIGN(hop->rtnh_len);
	}
}

static void on_route(const struct nlmsghdr *msg, void *arg)
{
	struct route_search *search = arg;
	const struct route *route = search->route;
	const struct rtmsg *head = nl_payload(msg);
	struct prefix dst = prefix_network(&route->dst);
	size_t size = ip_size(dst.ip.family);
	const struct nlattr *attrs[RTA_MAX + 1];
	struct prefix have = { .ip.family = head->rtm_family,
			       .len = head->rtm_dst_len };

	nl_attrs(msg, sizeof(*head), attrs, RTA_MAX);
	if (head->rtm_flags & RTM_F_CLONED ||
	    nl_attr_u32(attrs[RTA_TABLE]) != table_of(route))
		return;
	if (attrs[RTA_DST] && nl_attr_len(attrs[RTA_DST]) == size)
		memcpy(have.ip.bytes, nl_attr_data(attrs[RTA_DST]), size);
	if (prefix_equal(&have, &dst))
		each_nexthop(search, attrs);
}

int route_exists(struct nl *nl, const struct link *link,
		 const struct route *route, bool *exists)
{
	struct route_search search = { .route = route, .index = link->index };
	struct rtmsg head = { .rtm_family = (uint8_t)route->dst.ip.family };

	*exists = false;
	nl_begin(nl, RTM_GETROUTE, NLM_F_DUMP, &head, sizeof(head));
	nl_put_u32(nl, RTA_OIF, (uint32_t)link->index);
	nl_put_u32(nl, RTA_TABLE, table_of(route));
	/* A table without any route does not exist. */
	nl_allow(nl, ENOENT, NULL);
	nl_on_reply(nl, on_route, &search);
	if (nl_talk(nl, "list routes of %s", link->name) < 0)
		return -1;
	*exists = search.exists;
	return 0;
}

int route_check(struct nl *nl, const struct link *link,
		const struct list *routes)
{
	const struct route *route = routes->items;
	bool exists;

	for (size_t left = routes->count; left; left--, route++) {
		if (route_exists(nl, link, route, &exists) < 0)
			return -1;
		if (!exists)
			return fail(
				nl->job, CNI_INTERNAL,
				"Expected Route %s not found in routing table of interface %s",
				route_text(nl->job, route), link->name);
	}
	return 0;
}

void route_allow_none(struct nl *nl)
{
	static const int none[] = {
		ENETUNREACH, EHOSTUNREACH, /* unreachable */
		EINVAL,			   /* blackhole */
		EACCES,			   /* prohibit */
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		nl_allow(nl, none[i], NULL);
}

static int ask_route(struct nl *nl, const struct ip *ip, unsigned flags,
		     void (*reply)(const struct nlmsghdr *, void *), void *arg)
{
	struct rtmsg head = { .rtm_family = (uint8_t)ip->family,
			      .rtm_dst_len = (uint8_t)ip_bits(ip->family),
			      .rtm_flags = flags };
	char text[IP_TEXT];

	nl_begin(nl, RTM_GETROUTE, 0, &head, sizeof(head));
	nl_put_ip(nl, RTA_DST, ip);
	route_allow_none(nl);
	nl_on_reply(nl, reply, arg);
	return nl_talk(nl, "look up the route to %s", ip_print(ip, text));
}

static void on_nexthops(const struct nlmsghdr *msg, void *search)
{
	const struct rtmsg *head = nl_payload(msg);
	const struct nlattr *attrs[RTA_MAX + 1];

	nl_attrs(msg, sizeof(*head), attrs, RTA_MAX);
	if (head->rtm_type == RTN_UNICAST)
		each_nexthop(search, attrs);
}

int route_out_links(struct nl *nl, const struct ip *ip, struct list *indexes)
{
	struct route_search search = { .job = nl->job, .indexes = indexes };

	*indexes = (struct list) { 0 };
	/* If the route names nexthop objects, the first answer may have no link:
	 * then the one that the kernel chooses now is taken. */
	for (int i = 0; i < 2 && !indexes->count; i++) {
		if (ask_route(nl, ip, i ? 0 : RTM_F_FIB_MATCH, on_nexthops,
			      &search) < 0)
			return -1;
	}
	return 0;
}

/* The answer is the route that matches, which need not be ip's alone. */
static void on_subnet(const struct nlmsghdr *msg, void *index)
{
	const struct rtmsg *head = nl_payload(msg);
	const struct nlattr *attrs[RTA_MAX + 1];

	nl_attrs(msg, sizeof(*head), attrs, RTA_MAX);
	if (head->rtm_type == RTN_UNICAST && head->rtm_dst_len &&
	    !attrs[RTA_GATEWAY] && !attrs[RTA_VIA])
		*(int *)index = (int)nl_attr_u32(attrs[RTA_OIF]);
}

int route_subnet_link(struct nl *nl, const struct ip *ip, int *index)
{
	*index = 0;
	return ask_route(nl, ip, RTM_F_FIB_MATCH, on_subnet, index);
}

static void on_forwarding(const struct nlmsghdr *msg, void *on)
{
	const struct nlattr *attrs[NETCONFA_MAX + 1];

	nl_attrs(msg, sizeof(struct netconfmsg), attrs, NETCONFA_MAX);
	*(bool *)on = nl_attr_u32(attrs[NETCONFA_FORWARDING]) == 1;
}

int route_forwarding(struct nl *nl, int family, bool *on)
{
	struct netconfmsg head = { .ncm_family = (uint8_t)family };

	*on = false;
	nl_begin(nl, RTM_GETNETCONF, 0, &head, sizeof(head));
	nl_put_u32(nl, NETCONFA_IFINDEX, (uint32_t)NETCONFA_IFINDEX_ALL);
	nl_allow(nl, EOPNOTSUPP, NULL);
	nl_on_reply(nl, on_forwarding, on);
	return nl_talk(nl, "ask whether packets are forwarded");
}
