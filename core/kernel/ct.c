/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/ct.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "core/kernel/route.h"

enum {
	/* What of a tuple a filter compares; the kernel's headers for us lack
	 * it. */
	FILTER_SOURCE = 1 << 0,
	FILTER_PROTOCOL = 1 << 3,
	FILTER_DESTINATION_PORT = 1 << 5,
	/* For each of them the kernel looks at all connections. */
	FILTERS_MAX = 4,
	PLACES = 256,
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
	bool stays;    /* unless dst turns out to be one of this host's */
};

/* Connections that the kernel can find for us: with this source, of packets or of
 * answers; or UDP and, unless it is 0, to this port. */
struct filter {
	int family;
	const struct ip *source; /* of IPv4; or NULL */
	bool answers;
	uint16_t port;
};

struct search {
	struct job *job;
	enum ct_change change;
	/* Those that share a place, which their pod's address or their port says,
	 * in a row. */
	struct ct_nat *places[PLACES];
	struct list filters; /* of struct filter; all together find them all */
	struct list found;   /* of struct connection */
	bool refused;	     /* the kernel does not do what was asked */
	bool none;	     /* there is no connection at all */
};

/* ---- translations ---- */

/* The place of a pod's address; neighbours have different ones. */
static uint8_t place_of(const struct ip *ip)
{
	return ip->bytes[ip_size(ip->family) - 1];
}

static bool has_pod(const struct search *search, enum ct_kind kind,
		    const struct ip *ip)
{
	const struct ct_nat *at;

	if (!ip->family)
		return false;
	for (at = search->places[place_of(ip)]; at; at = at->next) {
		if (at->kind == kind && ip_compare(at->pod, ip) == 0)
			return true;
	}
	return false;
}

/* Finds the published port that to is for, or NULL. One of this very address has
 * precedence. */
static const struct ct_nat *find_mapping(const struct search *search,
					 const struct tuple *to)
{
	const struct ct_nat *at = search->places[(uint8_t)to->dst_port];
	const struct ct_nat *found = NULL;

	for (; at; at = at->next) {
		if (at->kind != CT_PORT || at->pod->family != to->dst.family ||
		    at->protocol != to->protocol ||
		    at->host_port != to->dst_port)
			continue;
		if (ip_compare(at->host, &to->dst) == 0)
			return at;
		if (ip_is_unspecified(at->host))
			found = at;
	}
	return found;
}

/* The kernel's own comparison of IPv6 addresses lets all the others pass (so far,
 * up to Linux 6.18). */
static bool is_by_address(const struct search *search, int family)
{
	return search->change == CT_GONE && family == AF_INET;
}

static void add_filter(struct search *search, const struct ct_nat *nat)
{
	struct filter *filter = search->filters.items;
	int family = nat->pod->family;
	bool by_address = is_by_address(search, family);

	for (size_t i = 0; !by_address && i < search->filters.count; i++) {
		if (filter[i].family == family) {
			filter[i].port = 0;
			return;
		}
	}
	filter = list_add(search->job, &search->filters, sizeof(*filter));
	filter->family = family;
	filter->answers = by_address && nat->kind == CT_PORT;
	if (by_address)
		filter->source = nat->pod;
	else if (search->change == CT_ADDED)
		filter->port = nat->host_port;
}

/* Whether there can be connections to forget because of nat. */
static bool has_connections(const struct search *search,
			    const struct ct_nat *nat)
{
	if (nat->kind == CT_MASQUERADE)
		return search->change != CT_ADDED;
	return nat->protocol == IPPROTO_UDP || search->change == CT_RESTORED ||
	       is_by_address(search, nat->pod->family);
}

static void add_nat(struct search *search, struct ct_nat *nat)
{
	uint8_t place = place_of(nat->pod);

	if (!has_connections(search, nat))
		return;
	if (search->change == CT_GONE) {
		if (has_pod(search, nat->kind, nat->pod))
			return;
	} else if (nat->kind == CT_PORT) {
		place = (uint8_t)nat->host_port;
	}
	nat->next = search->places[place];
	search->places[place] = nat;
	add_filter(search, nat);
}

/* ---- messages ---- */

static void begin_message(struct nl *nl, int type, int flags, int family)
{
	struct nfgenmsg head = {
		.nfgen_family = (uint8_t)family,
		.version = NFNETLINK_V0,
	};

	nl_begin(nl, NFNL_SUBSYS_CTNETLINK << 8 | type, flags, &head,
		 sizeof(head));
}

/* Reads an address, for which each family has an attribute of its own. */
static void read_ip(const struct nlattr *v4, const struct nlattr *v6,
		    struct ip *out)
{
	nl_attr_ip(v4 ? v4 : v6, v4 ? AF_INET : AF_INET6, out);
}

static int read_port(const struct nlattr *attr)
{
	return ntohs(nl_attr_u16(attr));
}

static struct tuple read_tuple(const struct nlattr *nest)
{
	const struct nlattr *parts[CTA_TUPLE_MAX + 1];
	const struct nlattr *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];
	struct tuple out = { 0 };

	nl_nested(nest, parts, CTA_TUPLE_MAX);
	nl_nested(parts[CTA_TUPLE_IP], ip, CTA_IP_MAX);
	nl_nested(parts[CTA_TUPLE_PROTO], proto, CTA_PROTO_MAX);
	read_ip(ip[CTA_IP_V4_SRC], ip[CTA_IP_V6_SRC], &out.src);
	read_ip(ip[CTA_IP_V4_DST], ip[CTA_IP_V6_DST], &out.dst);
	out.protocol = nl_attr_u8(proto[CTA_PROTO_NUM]);
	out.src_port = read_port(proto[CTA_PROTO_SRC_PORT]);
	out.dst_port = read_port(proto[CTA_PROTO_DST_PORT]);
	return out;
}

/* Whether NAT that is there now, or is there no more, has made it other than it
 * would be today. */
static bool is_stale(const struct search *search, const struct tuple *there,
		     const struct tuple *back, bool answered, bool *local)
{
	const struct ct_nat *nat;

	*local = false;
	if (search->change == CT_GONE)
		return has_pod(search, CT_MASQUERADE, &there->src) ||
		       has_pod(search, CT_PORT, &back->src);
	/* A connection of TCP or SCTP that has got that far is better left. */
	if (there->protocol != IPPROTO_UDP && answered)
		return false;
	if (has_pod(search, CT_MASQUERADE, &there->src) &&
	    ip_compare(&there->src, &back->dst) == 0)
		return true;
	nat = find_mapping(search, there);
	if (!nat)
		return false;
	*local = ip_is_unspecified(nat->host);
	return back->src_port != nat->pod_port ||
	       ip_compare(&back->src, nat->pod) != 0;
}

static void read_connection(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	struct search *search = arg;
	struct connection *connection;
	struct tuple there, back;
	bool answered, local;

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, CTA_MAX);
	there = read_tuple(attrs[CTA_TUPLE_ORIG]);
	back = read_tuple(attrs[CTA_TUPLE_REPLY]);
	answered = ntohl(nl_attr_u32(attrs[CTA_STATUS])) & IPS_SEEN_REPLY;
	/* The kernel's filter, if it has one, has seen to most of this. */
	if (!is_stale(search, &there, &back, answered, &local))
		return;
	connection = list_add(search->job, &search->found, sizeof(*connection));
	connection->dst = there.dst;
	connection->tuple_len = nl_attr_len(attrs[CTA_TUPLE_ORIG]);
	connection->tuple =
		job_strndup(search->job, nl_attr_data(attrs[CTA_TUPLE_ORIG]),
			    connection->tuple_len);
	connection->id = nl_attr_u32(attrs[CTA_ID]);
	connection->zone = htons((uint16_t)read_port(attrs[CTA_ZONE]));
	connection->stays = local;
}

static void read_count(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[CTA_STATS_GLOBAL_MAX + 1];
	const struct nlattr *count;
	struct search *search = arg;

	nl_attrs(msg, sizeof(struct nfgenmsg), attrs, CTA_STATS_GLOBAL_MAX);
	count = attrs[CTA_STATS_GLOBAL_ENTRIES];
	search->none = count && nl_attr_u32(count) == 0;
}

/* What the flags do not name is not compared. */
static void put_filter(struct nl *nl, const struct filter *filter)
{
	uint32_t flags = FILTER_PROTOCOL;
	struct nlattr *tuple, *nest;

	tuple = nl_nest(nl, filter->answers ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	if (filter->source) {
		flags = FILTER_SOURCE;
		nest = nl_nest(nl, CTA_TUPLE_IP);
		nl_put(nl, CTA_IP_V4_SRC, filter->source->bytes, 4);
		nl_nest_end(nl, nest);
	} else if (filter->port) {
		flags |= FILTER_DESTINATION_PORT;
	}
	nest = nl_nest(nl, CTA_TUPLE_PROTO);
	nl_put_u8(nl, CTA_PROTO_NUM, IPPROTO_UDP);
	nl_put_u16(nl, CTA_PROTO_DST_PORT, htons(filter->port));
	nl_nest_end(nl, nest);
	nl_nest_end(nl, tuple);
	nest = nl_nest(nl, CTA_FILTER);
	nl_put_u32(nl, CTA_FILTER_ORIG_FLAGS, filter->answers ? 0 : flags);
	nl_put_u32(nl, CTA_FILTER_REPLY_FLAGS, filter->answers ? flags : 0);
	nl_nest_end(nl, nest);
}

/* Counts connections, lists or forgets those of a filter (NULL: all), by type. */
static int ask(struct nl *nl, struct search *search, int type,
	       const struct filter *filter)
{
	int flags = 0;

	if (type == IPCTNL_MSG_CT_GET)
		flags = NLM_F_DUMP;
	else if (type == IPCTNL_MSG_CT_DELETE)
		flags = NLM_F_ACK;
	begin_message(nl, type, flags, filter ? filter->family : AF_UNSPEC);
	if (filter)
		put_filter(nl, filter);
	if (type != IPCTNL_MSG_CT_DELETE)
		nl_on_reply(nl,
			    type == IPCTNL_MSG_CT_GET ? read_connection
						      : read_count,
			    search);
	search->refused = false;
	nl_allow(nl, EINVAL, &search->refused);
	nl_allow(nl, EOPNOTSUPP, &search->refused);
	return nl_talk(nl, "look for connections");
}

/* Linux forgets by a filter since 6.12, and takes what is in it for half a tuple
 * before; it lists by one since 5.8. */
static int ask_for_part(struct nl *nl, struct search *search,
			const struct filter *filter)
{
	search->refused = true;
	if (filter->source && ask(nl, search, IPCTNL_MSG_CT_DELETE, filter) < 0)
		return -1;
	if (search->refused)
		return ask(nl, search, IPCTNL_MSG_CT_GET, filter);
	return 0;
}

static int find_stale(struct nl *nl, struct search *search)
{
	const struct filter *filter = search->filters.items,
			    *end = filter + search->filters.count;

	search->refused = search->filters.count > FILTERS_MAX ||
			  search->change == CT_RESTORED;
	for (; !search->refused && filter < end; filter++) {
		if (ask_for_part(nl, search, filter) < 0)
			return -1;
	}
	if (search->refused && ask(nl, search, IPCTNL_MSG_CT_GET, NULL) < 0)
		return -1;
	if (search->refused)
		job_warn(nl->job, "the kernel does not list connections: "
				  "old ones stay");
	return 0;
}

static void read_route(const struct nlmsghdr *msg, void *arg)
{
	const struct rtmsg *route = nl_payload(msg);

	*(bool *)arg = route->rtm_type != RTN_LOCAL;
}

/* Connections to other machines stay, even those to the same port. */
static int keep_forwarded(struct nl *nl, struct list *connections)
{
	struct connection *c = connections->items,
			  *end = c + connections->count;
	struct nl route;
	int ret = 0;

	nl_init(&route, nl->job, nl->netns, NETLINK_ROUTE);
	nl_hold(&route);
	for (; ret == 0 && c < end; c++) {
		struct rtmsg head = {
			.rtm_family = (uint8_t)c->dst.family,
			.rtm_dst_len = (uint8_t)ip_bits(c->dst.family),
		};

		if (!c->stays)
			continue;
		nl_begin(&route, RTM_GETROUTE, 0, &head, sizeof(head));
		nl_put_ip(&route, RTA_DST, &c->dst);
		route_allow_none(&route);
		nl_on_reply(&route, read_route, &c->stays);
		nl_talk(&route, "find a route to the address of a connection");
		ret = nl_flush_if_many(&route);
	}
	if (ret == 0)
		ret = nl_release(&route);
	nl_close(&route);
	return ret;
}

static int forget(struct nl *nl, const struct list *connections)
{
	const struct connection *c = connections->items;

	nl_hold(nl);
	for (size_t i = 0; i < connections->count; i++) {
		if (c[i].stays)
			continue;
		begin_message(nl, IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
			      c[i].dst.family);
		nl_put(nl, CTA_TUPLE_ORIG | NLA_F_NESTED, c[i].tuple,
		       c[i].tuple_len);
		nl_put_u32(nl, CTA_ID, c[i].id);
		if (c[i].zone)
			nl_put_u16(nl, CTA_ZONE, c[i].zone);
		nl_allow(nl, ENOENT, NULL);
		nl_talk(nl, "forget a connection");
		if (nl_flush_if_many(nl) < 0)
			return -1;
	}
	return nl_release(nl);
}

int ct_flush(struct nl *nl, const struct list *nats, enum ct_change change)
{
	struct search search = { nl->job, change };
	struct ct_nat *nat = nats->items;

	for (size_t i = 0; i < nats->count; i++)
		add_nat(&search, &nat[i]);
	if (!search.filters.count)
		return 0;
	/* To list them the kernel walks its table, of all networks, be there any
	 * in this one or not. */
	if (ask(nl, &search, IPCTNL_MSG_CT_GET_STATS, NULL) < 0)
		return -1;
	if (search.none)
		return 0;
	if (find_stale(nl, &search) < 0)
		return -1;
	if (!search.found.count)
		return 0;
	if (keep_forwarded(nl, &search.found) < 0)
		return -1;
	return forget(nl, &search.found);
}
