/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/fib.h"

#include <errno.h>
#include <string.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "core/base/str.h"

const char *fib_route_text(struct job *job, const struct fib_route *route,
			   const struct link *link)
{
	char dst[PREFIX_TEXT], gw[IP_TEXT];
	struct str text = { .job = job };

	str_printf(&text, "route %s", prefix_print(&route->dst, dst));
	if (route->gw.family)
		str_printf(&text, " via %s%s",
			   route->gw.family != route->dst.ip.family ? "inet6 "
								    : "",
			   ip_print(&route->gw, gw));
	str_printf(&text, " dev %s", link ? link->name : "several");
	if (route->table != FIB_MAIN)
		str_printf(&text, " table %u", route->table);
	return text.text;
}

/* A gateway of another family than the route's. */
struct via {
	uint16_t family;
	uint8_t bytes[16];
};

static void put_via(struct nl *nl, const struct ip *gw)
{
	struct via via = { .family = (uint16_t)gw->family };

	memcpy(via.bytes, gw->bytes, sizeof(via.bytes));
	nl_put(nl, RTA_VIA, &via, sizeof(via.family) + ip_size(gw->family));
}

static void put_gateway(struct nl *nl, const struct fib_route *route)
{
	const struct ip *gw = &route->gw;

	if (gw->family && gw->family != route->dst.ip.family)
		put_via(nl, gw);
	else
		nl_put_ip(nl, RTA_GATEWAY, gw);
}

int fib_route_set(struct nl *nl, enum nl_verb verb,
		  const struct fib_route *route, const struct link *link)
{
	bool there = verb != NL_DELETE;
	struct rtmsg head = {
		.rtm_family = (uint8_t)route->dst.ip.family,
		.rtm_dst_len = (uint8_t)route->dst.len,
		.rtm_tos = route->tos,
		.rtm_table = (uint8_t)route->table,
		.rtm_protocol = route->protocol,
		.rtm_scope = RT_SCOPE_NOWHERE, /* any */
	};

	if (there) {
		head.rtm_type = RTN_UNICAST;
		head.rtm_scope =
			route->gw.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
		head.rtm_flags = route->onlink ? RTNH_F_ONLINK : 0;
	}
	nl_begin_verb(nl, verb, RTM_NEWROUTE, &head, sizeof(head));
	if (there)
		nl_needs(nl, EOPNOTSUPP, "IPv6");
	else
		nl_allow(nl, ESRCH, NULL);
	nl_put_ip(nl, RTA_DST, &route->dst.ip);
	nl_put_u32(nl, RTA_TABLE, route->table);
	if (route->priority)
		nl_put_u32(nl, RTA_PRIORITY, route->priority);
	put_gateway(nl, route);
	if (link)
		nl_put_u32(nl, RTA_OIF, (uint32_t)link->index);
	if (there)
		nl_put_ip(nl, RTA_PREFSRC, &route->src);
	return nl_talk(nl, "%s %s", nl_verb_text(verb),
		       fib_route_text(nl->job, route, link));
}

static void read_via(const struct nlattr *attr, struct ip *out)
{
	size_t size = ip_size(nl_attr_u16(attr));
	struct via via = { 0 };

	if (!size || !nl_attr_copy(attr, &via, sizeof(via.family) + size))
		return;
	out->family = via.family;
	memcpy(out->bytes, via.bytes, sizeof(via.bytes));
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
		.tos = head->rtm_tos,
		.protocol = head->rtm_protocol,
		.onlink = head->rtm_flags & RTNH_F_ONLINK,
		.odd = head->rtm_type != RTN_UNICAST || head->rtm_src_len ||
		       attrs[RTA_MULTIPATH] || attrs[RTA_METRICS] ||
		       attrs[RTA_NH_ID] || attrs[RTA_ENCAP],
	};
	nl_attr_ip(attrs[RTA_DST], head->rtm_family, &route->dst.ip);
	nl_attr_ip(attrs[RTA_GATEWAY], head->rtm_family, &route->gw);
	read_via(attrs[RTA_VIA], &route->gw);
	nl_attr_ip(attrs[RTA_PREFSRC], head->rtm_family, &route->src);
}

/* Of routes or rules, whose headers are alike. */
static int list(struct nl *nl, int type, struct fib_search *search,
		void (*reply)(const struct nlmsghdr *, void *))
{
	struct rtmsg head = { .rtm_family = (uint8_t)search->family };

	search->job = nl->job;
	nl_begin(nl, type, NLM_F_DUMP, &head, sizeof(head));
	nl_allow(nl, EOPNOTSUPP, NULL);
	nl_allow(nl, EAFNOSUPPORT, NULL);
	nl_on_reply(nl, reply, search);
	return nl_talk(nl, "list %s",
		       type == RTM_GETROUTE ? "routes" : "rules");
}

int fib_route_list(struct nl *nl, int family, struct list *out)
{
	struct fib_search search = { .family = family, .out = out };

	return list(nl, RTM_GETROUTE, &search, on_route);
}

const char *fib_rule_text(struct job *job, const struct fib_rule *rule)
{
	char src[PREFIX_TEXT];

	return job_printf(job, "rule from %s lookup %u",
			  prefix_print(&rule->src, src), rule->table);
}

int fib_rule_set(struct nl *nl, enum nl_verb verb, const struct fib_rule *rule)
{
	const struct ip *src = &rule->src.ip;
	struct fib_rule_hdr head = {
		.family = (uint8_t)src->family,
		.src_len = (uint8_t)rule->src.len,
		.table = (uint8_t)rule->table,
		.action = FR_ACT_TO_TBL,
	};

	/* The kernel would make a second one in place of replacing it. */
	if (verb == NL_REPLACE)
		verb = NL_ADD;
	nl_begin_verb(nl, verb, RTM_NEWRULE, &head, sizeof(head));
	nl_needs(nl, EAFNOSUPPORT, "IP_MULTIPLE_TABLES");
	nl_allow(nl, verb == NL_DELETE ? ENOENT : EEXIST, NULL);
	nl_put_ip(nl, FRA_SRC, src);
	nl_put_u32(nl, FRA_TABLE, rule->table);
	nl_put_u32(nl, FRA_PRIORITY, rule->priority);
	nl_put_u8(nl, FRA_PROTOCOL, rule->protocol);
	return nl_talk(nl, "%s %s", nl_verb_text(verb),
		       fib_rule_text(nl->job, rule));
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
	nl_attr_ip(attrs[FRA_SRC], head->family, &rule->src.ip);
}

int fib_rule_list(struct nl *nl, int family, uint8_t protocol, struct list *out)
{
	struct fib_search search = { NULL, family, protocol, out };

	return list(nl, RTM_GETRULE, &search, on_rule);
}
