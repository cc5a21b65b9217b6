/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/addr.h"

#include <errno.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

static void begin(struct nl *nl, int type, int flags, const struct link *link,
		  const struct prefix *prefix)
{
	struct ifaddrmsg head = {
		.ifa_family = (uint8_t)prefix->ip.family,
		.ifa_prefixlen = (uint8_t)prefix->len,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (uint32_t)link->index,
	};

	nl_begin(nl, type, flags | NLM_F_ACK, &head, sizeof(head));
	nl_needs(nl, EOPNOTSUPP, "IPv6");
	nl_put_ip(nl, IFA_LOCAL, &prefix->ip);
	nl_put_ip(nl, IFA_ADDRESS, &prefix->ip);
}

int addr_add(struct nl *nl, const struct link *link,
	     const struct prefix *prefix, unsigned flags, bool *exists)
{
	bool v6 = prefix->ip.family == AF_INET6;
	uint32_t how = flags & ADDR_NO_ROUTE;
	struct ip broadcast = prefix_last(prefix);
	char text[PREFIX_TEXT];

	if (IS_ENABLED(CONFIG_IPV6) && ip_is_mapped(&prefix->ip))
		return fail(nl->job, CNI_INTERNAL,
			    "add %s to %s: IPv4 in the form of IPv6",
			    prefix_print(prefix, text), link->name);
	begin(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, prefix);
	if (v6 && !(flags & ADDR_DAD))
		how |= IFA_F_NODAD;
	nl_put_u32(nl, IFA_FLAGS, how);
	if (!v6 && prefix->len < 31)
		nl_put(nl, IFA_BROADCAST, broadcast.bytes, 4);
	if (exists)
		nl_allow(nl, EEXIST, exists);
	return nl_talk(nl, "add address %s to %s", prefix_print(prefix, text),
		       link->name);
}

int addr_del(struct nl *nl, const struct link *link,
	     const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	begin(nl, RTM_DELADDR, 0, link, prefix);
	nl_allow(nl, EADDRNOTAVAIL, NULL);
	nl_allow(nl, ENODEV, NULL);
	return nl_talk(nl, "delete address %s from %s",
		       prefix_print(prefix, text), link->name);
}

struct addr_search {
	struct job *job;
	int index;
	struct list *out; /* NULL: only tentative and duplicate are wanted */
	bool tentative;
	struct ip duplicate; /* family 0: none */
};

static bool read_addr(const struct nlattr *const *attrs,
		      const struct ifaddrmsg *head, struct ip *out)
{
	/* On a point-to-point link, IFA_ADDRESS is the other end's. */
	return nl_attr_ip(attrs[attrs[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS],
			  head->ifa_family, out);
}

static void on_addr(const struct nlmsghdr *msg, void *arg)
{
	struct addr_search *search = arg;
	const struct ifaddrmsg *head = nl_payload(msg);
	const struct nlattr *attrs[IFA_MAX + 1];
	struct addr addr = { 0 };
	uint32_t flags;

	nl_attrs(msg, sizeof(*head), attrs, IFA_MAX);
	if ((search->index && (int)head->ifa_index != search->index) ||
	    !read_addr(attrs, head, &addr.prefix.ip))
		return;
	addr.prefix.len = head->ifa_prefixlen;
	addr.index = (int)head->ifa_index;
	addr.link_local = head->ifa_scope == RT_SCOPE_LINK;
	flags = attrs[IFA_FLAGS] ? nl_attr_u32(attrs[IFA_FLAGS])
				 : head->ifa_flags;
	if (flags & IFA_F_DADFAILED)
		search->duplicate = addr.prefix.ip;
	else if (flags & IFA_F_TENTATIVE)
		search->tentative = true;
	if (search->out)
		list_copy(search->job, search->out, &addr, sizeof(addr));
}

static int dump(struct nl *nl, const struct link *link, int family,
		struct addr_search *search)
{
	struct ifaddrmsg head = { .ifa_family = (uint8_t)family,
				  .ifa_index = (uint32_t)search->index };

	nl_begin(nl, RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
	nl_on_reply(nl, on_addr, search);
	return nl_talk(nl, "list addresses of %s",
		       link ? link->name : "this host");
}

int addr_list(struct nl *nl, const struct link *link, int family,
	      struct list *out)
{
	struct addr_search *search = job_alloc(nl->job, sizeof(*search));

	*search = (struct addr_search) { .job = nl->job,
					 .index = link ? link->index : 0,
					 .out = out };
	*out = (struct list) { 0 };
	return dump(nl, link, family, search);
}

/* Reads the addresses once; *settled if none is tentative. */
static int look(struct nl *nl, const struct link *link, bool *settled)
{
	struct addr_search search = { .index = link->index };
	char text[IP_TEXT];

	if (dump(nl, link, AF_INET6, &search) < 0)
		return -1;
	if (search.duplicate.family)
		return fail(nl->job, CNI_INTERNAL,
			    "settle addresses of %s: another host has %s",
			    link->name, ip_print(&search.duplicate, text));
	*settled = !search.tentative;
	return 0;
}

int addr_wait_dad(struct nl *nl, const struct link *link, int ms)
{
	long deadline = nl_deadline(ms);
	bool settled = false;
	struct nl events;
	int ret;

	nl_init(&events, nl->job, nl->netns, NETLINK_ROUTE);
	ret = nl_subscribe(&events, RTNLGRP_IPV6_IFADDR);
	while (ret == 0) {
		ret = look(nl, link, &settled);
		if (ret < 0 || settled)
			break;
		if (!nl_wait(&events, deadline))
			ret = fail(
				nl->job, CNI_INTERNAL,
				"settle addresses of %s: still tentative after %d ms",
				link->name, ms);
	}
	nl_close(&events);
	return ret;
}

bool addr_among(const struct list *addrs, const struct prefix *prefix)
{
	const struct addr *addr = addrs->items;

	for (size_t i = 0; i < addrs->count; i++) {
		if (prefix_equal(&addr[i].prefix, prefix))
			return true;
	}
	return false;
}
