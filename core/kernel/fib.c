/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/fib.h"

#include <errno.h>
#include <string.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "core/base/str.h"

const char *fib_route_text(struct job *job, const struct fib_route *route,
			   const char *link)
{
	char dst[PREFIX_TEXT], gw[IP_TEXT];
	struct str text = { .job = job };

	str_add(&text, prefix_print(&route->dst, dst));
	if (route->gw.family)
		str_printf(&text, " via %s%s",
			   route->gw.family != route->dst.ip.family ? "inet6 "
								    : "",
			   ip_print(&route->gw, gw));
	str_printf(&text, " dev %s", link);
	if (route->table != FIB_MAIN)
		str_printf(&text, " table %u", route->table);
	return text.text;
}

static void begin_route(struct nl *nl, int type, int flags,
			const struct fib_route *route)
{
	struct rtmsg head = {
		.rtm_family = (uint8_t)route->dst.ip.family,
		.rtm_dst_len = (uint8_t)route->dst.len,
		.rtm_table = (uint8_t)route->table,
		.rtm_protocol = route->protocol,
	};

	if (type == RTM_NEWROUTE) {
		head.rtm_type = RTN_UNICAST;
		head.rtm_scope =
			route->gw.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
		head.rtm_flags = route->onlink ? RTNH_F_ONLINK : 0;
	} else {
		head.rtm_scope = RT_SCOPE_NOWHERE; /* any */
	}
	nl_begin(nl, type, flags | NLM_F_ACK, &head, sizeof(head));
	nl_put(nl, RTA_DST, route->dst.ip.bytes, ip_size(head.rtm_family));
	nl_put_u32(nl, RTA_TABLE, route->table);
	if (route->priority)
		nl_put_u32(nl, RTA_PRIORITY, route->priority);
}

/* A gateway of another family than the route's. */
static void put_via(struct nl *nl, const struct ip *gw)
{
	struct {
		uint16_t family;
		uint8_t bytes[16];
	} via = { .family = (uint16_t)gw->family };

	memcpy(via.bytes, gw->bytes, sizeof(via.bytes));
	nl_put(nl, RTA_VIA, &via, sizeof(via.family) + ip_size(gw->family));
}

static void put_hop(struct nl *nl, const struct fib_route *route,
		    const struct link *link)
{
	const struct ip *gw = &route->gw;

	if (gw->family == route->dst.ip.family)
		nl_put(nl, RTA_GATEWAY, gw->bytes, ip_size(gw->family));
	else if (gw->family)
		put_via(nl, gw);
	nl_put_u32(nl, RTA_OIF, (uint32_t)link->index);
}

int fib_route_add(struct nl *nl, const struct fib_route *route,
		  const struct link *link, bool replace)
{
	const struct ip *src = &route->src;

	begin_route(nl, RTM_NEWROUTE,
		    NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL),
		    route);
	nl_needs(nl, EOPNOTSUPP, "IPv6");
	put_hop(nl, route, link);
	if (src->family)
		nl_put(nl, RTA_PREFSRC, src->bytes, ip_size(src->family));
	return nl_talk(nl, "%s route %s", replace ? "replace" : "add",
		       fib_route_text(nl->job, route, link->name));
}

int fib_route_del(struct nl *nl, const struct fib_route *route,
		  const struct link *link)
{
	begin_route(nl, RTM_DELROUTE, 0, route);
	nl_allow(nl, ESRCH, NULL);
	put_hop(nl, route, link);
	return nl_talk(nl, "delete route %s",
		       fib_route_text(nl->job, route, link->name));
}

static void read_ip(const struct nlattr *attr, int family, struct ip *out)
{
	size_t size = ip_size(family);

	if (!attr || nl_attr_len(attr) < size)
		return;
	out->family = family;
	memcpy(out->bytes, nl_attr_data(attr), size);
}

static void read_via(const struct nlattr *attr, struct ip *out)
{
	const uint8_t *via = attr ? nl_attr_data(attr) : NULL;
	uint16_t family;

	if (!via || nl_attr_len(attr) < sizeof(family))
		return;
	memcpy(&family, via, sizeof(family));
	if (!ip_size(family) ||
	    nl_attr_len(attr) < sizeof(family) + ip_size(family))
		return;
	out->family = family;
	memcpy(out->bytes, via + sizeof(family), ip_size(family));
}

struct fib_search {
	struct job *job;
	int family;
	uint8_t protocol;
	struct list *out;
};

static void on_route(const struct nlmsghdr *msg, void *arg)
{
	struct fib_search *search = arg;
	const struct rtmsg *head = nl_payload(msg);
	const struct nlattr *attrs[RTA_MAX + 1];
	struct fib_route *route;

	nl_attrs(msg, sizeof(*head), attrs, RTA_MAX);
	if (head->rtm_family != search->family)
		return;
	route = list_add(search->job, search->out, sizeof(*route));
	*route = (struct fib_route) {
		.dst = { { .family = head->rtm_family }, head->rtm_dst_len },
		.link = (int)nl_attr_u32(attrs[RTA_OIF]),
		.table = nl_attr_u32(attrs[RTA_TABLE]),
		.priority = nl_attr_u32(attrs[RTA_PRIORITY]),
		.protocol = head->rtm_protocol,
		.onlink = head->rtm_flags & RTNH_F_ONLINK,
		.odd = head->rtm_type != RTN_UNICAST || head->rtm_tos ||
		       head->rtm_src_len || attrs[RTA_MULTIPATH] ||
		       attrs[RTA_METRICS] || attrs[RTA_NH_ID] ||
		       attrs[RTA_ENCAP],
	};
	read_ip(attrs[RTA_DST], head->rtm_family, &route->dst.ip);
	read_ip(attrs[RTA_GATEWAY], head->rtm_family, &route->gw);
	read_via(attrs[RTA_VIA], &route->gw);
	read_ip(attrs[RTA_PREFSRC], head->rtm_family, &route->src);
}

int fib_route_list(struct nl *nl, int family, struct list *out)
{
	struct fib_search search = { nl->job, family, 0, out };
	struct rtmsg head = { .rtm_family = (uint8_t)family };

	nl_begin(nl, RTM_GETROUTE, NLM_F_DUMP, &head, sizeof(head));
	nl_allow(nl, EOPNOTSUPP, NULL);
	nl_allow(nl, EAFNOSUPPORT, NULL);
	nl_on_reply(nl, on_route, &search);
	return nl_talk(nl, "list routes");
}

const char *fib_rule_text(struct job *job, const struct fib_rule *rule)
{
	char src[PREFIX_TEXT];

	return job_printf(job, "from %s lookup %u",
			  prefix_print(&rule->src, src), rule->table);
}

static void begin_rule(struct nl *nl, int type, int flags,
		       const struct fib_rule *rule)
{
	const struct ip *src = &rule->src.ip;
	struct fib_rule_hdr head = {
		.family = (uint8_t)src->family,
		.src_len = (uint8_t)rule->src.len,
		.table = (uint8_t)rule->table,
		.action = FR_ACT_TO_TBL,
	};

	nl_begin(nl, type, flags | NLM_F_ACK, &head, sizeof(head));
	nl_needs(nl, EAFNOSUPPORT, "IP_MULTIPLE_TABLES");
	nl_put(nl, FRA_SRC, src->bytes, ip_size(src->family));
	nl_put_u32(nl, FRA_TABLE, rule->table);
	nl_put_u32(nl, FRA_PRIORITY, rule->priority);
	nl_put_u8(nl, FRA_PROTOCOL, rule->protocol);
}

int fib_rule_add(struct nl *nl, const struct fib_rule *rule)
{
	begin_rule(nl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
	nl_allow(nl, EEXIST, NULL);
	return nl_talk(nl, "add rule %s", fib_rule_text(nl->job, rule));
}

int fib_rule_del(struct nl *nl, const struct fib_rule *rule)
{
	begin_rule(nl, RTM_DELRULE, 0, rule);
	nl_allow(nl, ENOENT, NULL);
	return nl_talk(nl, "delete rule %s", fib_rule_text(nl->job, rule));
}

static void on_rule(const struct nlmsghdr *msg, void *arg)
{
	struct fib_search *search = arg;
	const struct fib_rule_hdr *head = nl_payload(msg);
	const struct nlattr *attrs[FRA_MAX + 1];
	struct fib_rule *rule;

	nl_attrs(msg, sizeof(*head), attrs, FRA_MAX);
	if (head->family != search->family || !attrs[FRA_SRC] ||
	    nl_attr_u8(attrs[FRA_PROTOCOL]) != search->protocol)
		return;
	rule = list_add(search->job, search->out, sizeof(*rule));
	*rule = (struct fib_rule) {
		.src.len = head->src_len,
		.table = nl_attr_u32(attrs[FRA_TABLE]),
		.priority = nl_attr_u32(attrs[FRA_PRIORITY]),
		.protocol = search->protocol,
	};
	read_ip(attrs[FRA_SRC], head->family, &rule->src.ip);
}

int fib_rule_list(struct nl *nl, int family, uint8_t protocol, struct list *out)
{
	struct fib_search search = { nl->job, family, protocol, out };
	struct fib_rule_hdr head = { .family = (uint8_t)family };

	nl_begin(nl, RTM_GETRULE, NLM_F_DUMP, &head, sizeof(head));
	nl_allow(nl, EOPNOTSUPP, NULL);
	nl_allow(nl, EAFNOSUPPORT, NULL);
	nl_on_reply(nl, on_rule, &search);
	return nl_talk(nl, "list rules");
}
