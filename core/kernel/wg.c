/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/wg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/wireguard.h>

#include "core/kernel/genl.h"
#include "core/kernel/link.h"
#include "core/kernel/netns.h"

enum {
	ALLOWED_ONCE = 256, /* prefixes that fit a message, and more */
};

int wg_init(struct wg *wg, struct nl *nl, const char *name)
{
	*wg = (struct wg) { .nl = nl, .name = name };
	return genl_family(nl, WG_GENL_NAME, &wg->family);
}

static void begin(const struct wg *wg, int command, int flags)
{
	genl_begin(wg->nl, wg->family, command, WG_GENL_VERSION, flags);
	nl_put_text(wg->nl, WGDEVICE_A_IFNAME, wg->name);
}

/* ---- reading ---- */

struct reading {
	struct job *job;
	struct wg_device *out;
	struct wg_peer *peer; /* the one being read */
};

/* Where an address is in its sockaddr, and how long that is; the port is in the same
 * place in both. */
static size_t offset_of(int family)
{
	return family == AF_INET ? offsetof(struct sockaddr_in, sin_addr)
				 : offsetof(struct sockaddr_in6, sin6_addr);
}

static size_t size_of(int family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in)
				 : sizeof(struct sockaddr_in6);
}

static void read_endpoint(const struct nlattr *attr, struct wg_peer *out)
{
	int family = nl_attr_u16(attr);
	struct sockaddr_in6 address;

	if (!ip_size(family) || !nl_attr_copy(attr, &address, size_of(family)))
		return;
	out->endpoint.family = family;
	memcpy(out->endpoint.bytes, (char *)&address + offset_of(family),
	       ip_size(family));
	out->port = ntohs(address.sin6_port);
}

static void on_allowed(const struct nlattr *attr, void *arg)
{
	const struct nlattr *attrs[WGALLOWEDIP_A_MAX + 1];
	struct reading *reading = arg;
	struct prefix prefix = { 0 };
	int family;

	nl_nested(attr, attrs, WGALLOWEDIP_A_MAX);
	family = nl_attr_u16(attrs[WGALLOWEDIP_A_FAMILY]);
	prefix.len = nl_attr_u8(attrs[WGALLOWEDIP_A_CIDR_MASK]);
	if (nl_attr_ip(attrs[WGALLOWEDIP_A_IPADDR], family, &prefix.ip) &&
	    prefix.len <= ip_bits(family))
		list_copy(reading->job, &reading->peer->allowed, &prefix,
			  sizeof(prefix));
}

/* A peer whose prefixes do not fit one message is in the next one again. */
static void on_peer(const struct nlattr *attr, void *arg)
{
	const struct nlattr *attrs[WGPEER_A_MAX + 1];
	struct reading *reading = arg;
	struct list *peers = &reading->out->peers;
	struct wg_peer *last = peers->items;
	uint8_t key[KEY_LEN];

	nl_nested(attr, attrs, WGPEER_A_MAX);
	if (!nl_attr_copy(attrs[WGPEER_A_PUBLIC_KEY], key, KEY_LEN))
		return;
	if (peers->count)
		last += peers->count - 1;
	if (!peers->count || memcmp(last->key, key, KEY_LEN) != 0) {
		last = list_add(reading->job, peers, sizeof(*last));
		memcpy(last->key, key, KEY_LEN);
		read_endpoint(attrs[WGPEER_A_ENDPOINT], last);
	}
	reading->peer = last;
	nl_each(attrs[WGPEER_A_ALLOWEDIPS], 0, on_allowed, reading);
}

static void on_device(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[WGDEVICE_A_MAX + 1];
	struct reading *reading = arg;
	struct wg_device *out = reading->out;

	nl_attrs(msg, GENL_HEAD, attrs, WGDEVICE_A_MAX);
	/* Only the first message has the device's own. */
	if (attrs[WGDEVICE_A_LISTEN_PORT])
		out->port = nl_attr_u16(attrs[WGDEVICE_A_LISTEN_PORT]);
	if (nl_attr_copy(attrs[WGDEVICE_A_PRIVATE_KEY], out->private_key,
			 KEY_LEN))
		out->has_key = nl_attr_copy(attrs[WGDEVICE_A_PUBLIC_KEY],
					    out->public_key, KEY_LEN);
	nl_each(attrs[WGDEVICE_A_PEERS], 0, on_peer, reading);
}

int wg_get(const struct wg *wg, struct wg_device *out)
{
	struct reading reading = { .job = wg->nl->job, .out = out };

	*out = (struct wg_device) { 0 };
	begin(wg, WG_CMD_GET_DEVICE, NLM_F_DUMP);
	nl_on_reply(wg->nl, on_device, &reading);
	return nl_talk(wg->nl, "read the peers of %s", wg->name);
}

/* ---- writing ---- */

int wg_set(const struct wg *wg, const uint8_t private_key[KEY_LEN],
	   uint16_t port)
{
	begin(wg, WG_CMD_SET_DEVICE, NLM_F_ACK);
	nl_put(wg->nl, WGDEVICE_A_PRIVATE_KEY, private_key, KEY_LEN);
	nl_put_u16(wg->nl, WGDEVICE_A_LISTEN_PORT, port);
	return nl_talk(wg->nl, "set key and port %d of %s", port, wg->name);
}

static void put_endpoint(struct nl *nl, const struct wg_peer *peer)
{
	int family = peer->endpoint.family;
	struct sockaddr_in6 address = { .sin6_family = (sa_family_t)family,
					.sin6_port = htons(peer->port) };

	memcpy((char *)&address + offset_of(family), peer->endpoint.bytes,
	       ip_size(family));
	if (family)
		nl_put(nl, WGPEER_A_ENDPOINT, &address, size_of(family));
}

static void put_allowed(struct nl *nl, const struct prefix *prefix)
{
	struct nlattr *nest = nl_nest(nl, 0);

	nl_put_u16(nl, WGALLOWEDIP_A_FAMILY, (uint16_t)prefix->ip.family);
	nl_put_ip(nl, WGALLOWEDIP_A_IPADDR, &prefix->ip);
	nl_put_u8(nl, WGALLOWEDIP_A_CIDR_MASK, (uint8_t)prefix->len);
	nl_nest_end(nl, nest);
}

/* Sends one message about a peer, with count of its prefixes. */
static int change_peer(const struct wg *wg, const struct wg_peer *peer,
		       uint32_t flags, const struct prefix *allowed,
		       size_t count)
{
	struct nlattr *peers, *one, *nest;
	char key[KEY_TEXT];

	begin(wg, WG_CMD_SET_DEVICE, NLM_F_ACK);
	peers = nl_nest(wg->nl, WGDEVICE_A_PEERS);
	one = nl_nest(wg->nl, 0);
	nl_put(wg->nl, WGPEER_A_PUBLIC_KEY, peer->key, KEY_LEN);
	if (flags)
		nl_put_u32(wg->nl, WGPEER_A_FLAGS, flags);
	put_endpoint(wg->nl, peer);
	if (count) {
		nest = nl_nest(wg->nl, WGPEER_A_ALLOWEDIPS);
		for (; count; count--)
			put_allowed(wg->nl, allowed++);
		nl_nest_end(wg->nl, nest);
	}
	nl_nest_end(wg->nl, one);
	nl_nest_end(wg->nl, peers);
	return nl_talk(wg->nl, "%s peer %s of %s",
		       flags & WGPEER_F_REMOVE_ME ? "remove" : "set",
		       key_print(peer->key, key), wg->name);
}

int wg_set_peer(const struct wg *wg, const struct wg_peer *peer)
{
	const struct prefix *allowed = peer->allowed.items;
	uint32_t flags = WGPEER_F_REPLACE_ALLOWEDIPS;
	size_t left = peer->allowed.count, now;

	do {
		now = left < ALLOWED_ONCE ? left : ALLOWED_ONCE;
		if (change_peer(wg, peer, flags, allowed, now) < 0)
			return -1;
		flags = 0;
		allowed += now;
		left -= now;
	} while (left);
	return 0;
}

int wg_del_peer(const struct wg *wg, const uint8_t key[KEY_LEN])
{
	struct wg_peer peer = { 0 };

	memcpy(peer.key, key, KEY_LEN);
	return change_peer(wg, &peer, WGPEER_F_REMOVE_ME, NULL, 0);
}

/* ---- keys ---- */

static int ask_public_key(struct job *job, int netns,
			  const uint8_t *private_key, uint8_t *out)
{
	const struct link_spec spec = { .kind = "wireguard",
					.name = "key",
					.shared = true };
	struct wg_device device;
	struct nl host, genl;
	struct wg wg;
	int ret = -1;

	nl_init(&host, job, netns, NETLINK_ROUTE);
	genl_init(&genl, job, netns);
	if (link_add(&host, &spec, NULL) == 0 &&
	    wg_init(&wg, &genl, spec.name) == 0 &&
	    wg_set(&wg, private_key, 0) == 0 && wg_get(&wg, &device) == 0) {
		memcpy(out, device.public_key, KEY_LEN);
		ret = 0;
	}
	nl_close(&genl);
	nl_close(&host);
	return ret;
}

int wg_public_key(struct job *job, const uint8_t private_key[KEY_LEN],
		  uint8_t out[KEY_LEN])
{
	int netns = netns_make(), ret;

	if (netns < 0)
		return fail_errno(job, errno, "make a network namespace");
	ret = ask_public_key(job, netns, private_key, out);
	close(netns);
	return ret;
}
