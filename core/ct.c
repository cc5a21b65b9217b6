/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ct.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "core/log.h"
#include "core/route.h"

/* What of a tuple a filter compares; the kernel's headers for us lack it. */
enum {
	FILTER_DESTINATION = 1 << 1,
	FILTER_PROTOCOL = 1 << 3,
	FILTER_DESTINATION_PORT = 1 << 5,
};

struct tuple {
	struct ip src, dst;
	int protocol, src_port, dst_port;
};

/* A connection to forget. */
struct connection {
	struct ip dst;
	const void *tuple; /* CTA_TUPLE_ORIG as it came */
	size_t tuple_len;
	uint32_t id;   /* as it came */
	uint16_t zone; /* as it came */
	bool stays;
};

struct search {
	struct job *job;
	const struct nat_entry *entry;
	bool added;
	struct list *found; /* of struct connection */
};

static void begin_message(struct nl *nl, int type, int flags, int family)
{
	struct nfgenmsg head = {
		.nfgen_family = (uint8_t)family,
		.version = NFNETLINK_V0,
	};

	nl_begin(nl, NFNL_SUBSYS_CTNETLINK << 8 | type, flags, &head,
		 sizeof(head));
}

/* Attributes of addresses in both families, and what struct ip keeps. */
static void read_ip(const struct nlattr *attr, int family, struct ip *out)
{
	size_t size = ip_size(family);

	if (!attr || nl_attr_len(attr) != size)
		return;
	out->family = family;
	memcpy(out->bytes, nl_attr_data(attr), size);
}

static int read_port(const struct nlattr *attr)
{
	uint16_t port = 0;

	if (attr && nl_attr_len(attr) == sizeof(port))
		memcpy(&port, nl_attr_data(attr), sizeof(port));
	return ntohs(port);
}

static struct tuple read_tuple(const struct nlattr *nest, int family)
{
	const struct nlattr *parts[CTA_TUPLE_MAX + 1];
	const struct nlattr *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];
	bool v6 = family == AF_INET6;
	struct tuple out = { 0 };

	nl_nested(nest, parts, CTA_TUPLE_MAX);
	nl_nested(parts[CTA_TUPLE_IP], ip, CTA_IP_MAX);
	nl_nested(parts[CTA_TUPLE_PROTO], proto, CTA_PROTO_MAX);
	read_ip(ip[v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC], family, &out.src);
	read_ip(ip[v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], family, &out.dst);
	out.protocol = nl_attr_u8(proto[CTA_PROTO_NUM]);
	out.src_port = read_port(proto[CTA_PROTO_SRC_PORT]);
	out.dst_port = read_port(proto[CTA_PROTO_DST_PORT]);
	return out;
}

static void read_connection(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	const struct search *search = arg;
	const struct nat_entry *entry = search->entry;
	int family = entry->pod.ip.family;
	struct connection *connection;
	struct tuple there, back;
	bool caught;

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, CTA_MAX);
	there = read_tuple(attrs[CTA_TUPLE_ORIG], family);
	back = read_tuple(attrs[CTA_TUPLE_REPLY], family);
	caught = ip_compare(&back.src, &entry->pod.ip) == 0 &&
		 back.src_port == entry->pod_port;
	/* The kernel's filter, if it has one, has seen to most of this. */
	if (there.protocol != entry->protocol ||
	    there.dst_port != entry->host_port || caught == search->added ||
	    (!ip_is_unspecified(&entry->host) &&
	     ip_compare(&there.dst, &entry->host) != 0))
		return;
	connection = list_add(search->job, search->found, sizeof(*connection));
	connection->dst = there.dst;
	connection->tuple_len = nl_attr_len(attrs[CTA_TUPLE_ORIG]);
	connection->tuple =
		job_strndup(search->job, nl_attr_data(attrs[CTA_TUPLE_ORIG]),
			    connection->tuple_len);
	connection->id = nl_attr_u32(attrs[CTA_ID]);
	connection->zone = htons((uint16_t)read_port(attrs[CTA_ZONE]));
}

static void put_filter(struct nl *nl, const struct nat_entry *entry)
{
	bool bound = !ip_is_unspecified(&entry->host);
	uint32_t flags = FILTER_PROTOCOL | FILTER_DESTINATION_PORT;
	struct nlattr *tuple = nl_nest(nl, CTA_TUPLE_ORIG), *nest;

	if (bound) {
		bool v6 = entry->host.family == AF_INET6;

		flags |= FILTER_DESTINATION;
		nest = nl_nest(nl, CTA_TUPLE_IP);
		nl_put(nl, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST,
		       entry->host.bytes, ip_size(entry->host.family));
		nl_nest_end(nl, nest);
	}
	nest = nl_nest(nl, CTA_TUPLE_PROTO);
	nl_put_u8(nl, CTA_PROTO_NUM, (uint8_t)entry->protocol);
	nl_put_u16(nl, CTA_PROTO_DST_PORT, htons(entry->host_port));
	nl_nest_end(nl, nest);
	nl_nest_end(nl, tuple);
	nest = nl_nest(nl, CTA_FILTER);
	nl_put_u32(nl, CTA_FILTER_ORIG_FLAGS, flags);
	nl_put_u32(nl, CTA_FILTER_REPLY_FLAGS, 0);
	nl_nest_end(nl, nest);
}

/* Lists them all, or those that pass the kernel's filter (Linux 5.8). */
static int list_connections(struct nl *nl, struct search *search, bool filtered,
			    bool *refused)
{
	const struct nat_entry *entry = search->entry;
	bool invalid, unsupported;

	begin_message(nl, IPCTNL_MSG_CT_GET, NLM_F_DUMP, entry->pod.ip.family);
	if (filtered)
		put_filter(nl, entry);
	nl_allow(nl, EINVAL, &invalid);
	nl_allow(nl, EOPNOTSUPP, &unsupported);
	nl_on_reply(nl, read_connection, search);
	if (nl_talk(nl, "list connections to port %d", entry->host_port) < 0)
		return -1;
	*refused = invalid || unsupported;
	return 0;
}

static void read_route(const struct nlmsghdr *msg, void *arg)
{
	const struct rtmsg *route = nl_payload(msg);
	struct connection *connection = arg;

	if (route->rtm_type == RTN_LOCAL)
		connection->stays = false;
}

/* Those to other machines stay, though it be the same port. */
static int keep_forwarded(struct nl *nl, struct list *connections)
{
	struct connection *c = connections->items;
	struct nl route;
	int ret = 0;

	nl_init(&route, nl->job, nl->netns, NETLINK_ROUTE);
	nl_hold(&route);
	for (size_t i = 0; ret == 0 && i < connections->count; i++) {
		struct rtmsg head = {
			.rtm_family = (uint8_t)c[i].dst.family,
			.rtm_dst_len = (uint8_t)ip_bits(c[i].dst.family),
		};

		c[i].stays = true;
		nl_begin(&route, RTM_GETROUTE, 0, &head, sizeof(head));
		nl_put(&route, RTA_DST, c[i].dst.bytes,
		       ip_size(c[i].dst.family));
		route_allow_none(&route);
		nl_on_reply(&route, read_route, &c[i]);
		nl_talk(&route, "find a route to the address of a connection");
		ret = nl_relieve(&route);
	}
	if (ret == 0)
		ret = nl_release(&route);
	nl_close(&route);
	return ret;
}

static int forget(struct nl *nl, const struct list *connections, int family)
{
	const struct connection *c = connections->items;

	nl_hold(nl);
	for (size_t i = 0; i < connections->count; i++) {
		if (c[i].stays)
			continue;
		begin_message(nl, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family);
		nl_put(nl, CTA_TUPLE_ORIG | NLA_F_NESTED, c[i].tuple,
		       c[i].tuple_len);
		nl_put_u32(nl, CTA_ID, c[i].id);
		if (c[i].zone)
			nl_put_u16(nl, CTA_ZONE, c[i].zone);
		nl_allow(nl, ENOENT, NULL);
		nl_talk(nl, "forget a connection");
		if (nl_relieve(nl) < 0)
			return -1;
	}
	return nl_release(nl);
}

int ct_flush(struct nl *nl, const struct nat_entry *entry, bool added)
{
	struct list found = { 0 };
	struct search search = { nl->job, entry, added, &found };
	bool refused;

	if (entry->kind != NAT_PORT || entry->protocol != IPPROTO_UDP)
		return 0;
	if (list_connections(nl, &search, true, &refused) < 0)
		return -1;
	if (refused && list_connections(nl, &search, false, &refused) < 0)
		return -1;
	if (refused)
		log_warn(nl->job,
			 "the kernel does not list its connections: "
			 "old ones to UDP port %d may persist",
			 entry->host_port);
	if (!found.count)
		return 0;
	if (added && ip_is_unspecified(&entry->host) &&
	    keep_forwarded(nl, &found) < 0)
		return -1;
	return forget(nl, &found, entry->pod.ip.family);
}
