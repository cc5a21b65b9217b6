/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink - what the kernel says of links, addresses and routes
 *
 * An input is a byte that says what is asked, and what tests/fuzz/kernel.h
 * answers with. */
#include "core/kernel/addr.h"
#include "core/kernel/brvlan.h"
#include "core/kernel/link.h"
#include "core/kernel/route.h"
#include "core/kernel/tc.h"
#include "core/kernel/wg.h"
#include "tests/fuzz/kernel.h"

static const struct link eth0 = { .index = 2, .name = "eth0" };

static const struct prefix pod4 = { { AF_INET, { 10, 1, 2, 3 } }, 24 };
static const struct prefix pod6 = { { AF_INET6, { 0xfd, [15] = 3 } }, 64 };

static const struct route default4 = { .dst.ip.family = AF_INET,
				       .gw = { AF_INET, { 10, 1, 2, 1 } } };
static const struct route subnet6 = { .dst = { { AF_INET6, { 0xfd } }, 64 },
				      .table = 100,
				      .has_table = true };

static void check_link(const struct link *link)
{
	require(strnlen(link->name, IFNAMSIZ) < IFNAMSIZ);
	require(strnlen(link->kind, IFNAMSIZ) < IFNAMSIZ);
}

static int find_link(struct nl *nl)
{
	struct link link;
	bool found;
	int status = link_find(nl, "eth0", &link, &found);

	require(status == 0 || !found);
	check_link(&link);
	return status;
}

static int find_link_index(struct nl *nl)
{
	struct link link = { 0 };
	int status = link_get_index(nl, 2, &link);

	check_link(&link);
	return status;
}

static int list_ports(struct nl *nl)
{
	struct list ports;
	int status = link_list(nl, 3, &ports);
	const struct link *link = ports.items;

	for (size_t i = 0; i < ports.count; i++) {
		check_link(&link[i]);
		require(link[i].master == 3 && strlen(link[i].alias) < 65536);
	}
	return status;
}

static int list_addresses(struct nl *nl)
{
	struct list addrs;
	int status = addr_list(nl, &eth0, 0, &addrs);
	const struct addr *addr = addrs.items;
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < addrs.count; i++) {
		require(ip_size(addr[i].prefix.ip.family));
		require(*prefix_print(&addr[i].prefix, text));
		require(addr_among(&addrs, &addr[i].prefix));
	}
	return status;
}

static int find_default(struct nl *nl)
{
	bool exists;

	return route_exists(nl, &eth0, &default4, &exists);
}

static int find_subnet(struct nl *nl)
{
	bool exists;

	return route_exists(nl, &eth0, &subnet6, &exists);
}

static int find_way(struct nl *nl)
{
	int index;

	return route_subnet_link(nl, &pod4.ip, &index);
}

static int find_ways(struct nl *nl)
{
	struct list indexes;
	int status = route_out_links(nl, &pod4.ip, &indexes);
	const int *index = indexes.items;

	for (size_t i = 0; i < indexes.count; i++)
		require(index[i]);
	return status;
}

static int list_vlans(struct nl *nl)
{
	struct brvlan vlans;
	int status = brvlan_get(nl, &eth0, &vlans);

	require(vlans.native >= 0 && vlans.native <= VLAN_MAX);
	return status;
}

static int find_tbf(struct nl *nl)
{
	struct tc_tbf tbf = { 0 };
	bool found;

	return tc_find_tbf(nl, &eth0, &tbf, &found);
}

static int find_redirection(struct nl *nl)
{
	static const struct link ifb = { .index = 3, .name = "ifb" };
	bool found;
	int status = tc_is_redirected(nl, &eth0, &ifb, &found);

	require(status == 0 || !found);
	return status;
}

static int read_wg(struct nl *nl)
{
	const struct wg wg = { nl, "wg0", 31 };
	struct wg_device device;
	int status = wg_get(&wg, &device);
	const struct wg_peer *peer = device.peers.items;
	const struct prefix *prefix;

	for (size_t i = 0; i < device.peers.count; i++) {
		require(!peer[i].endpoint.family ||
			ip_size(peer[i].endpoint.family));
		prefix = peer[i].allowed.items;
		for (size_t left = peer[i].allowed.count; left; left--) {
			require(ip_size(prefix->ip.family));
			require(prefix->len <= ip_bits(prefix->ip.family));
			prefix++;
		}
	}
	return status;
}

static int change(struct nl *nl)
{
	const struct link_spec spec = { .kind = "bridge", .name = "cni0" };
	bool exists;

	if (link_add(nl, &spec, &exists) < 0)
		return -1;
	nl_hold(nl);
	addr_add(nl, &eth0, &pod4, ADDR_NO_ROUTE, NULL);
	addr_add(nl, &eth0, &pod6, 0, &exists);
	link_set_flags(nl, &eth0, IFF_UP, IFF_UP);
	route_add(nl, &eth0, &default4);
	if (nl_release(nl) < 0)
		return -1;
	return link_del(nl, "cni0", NULL);
}

static int (*const questions[])(struct nl *nl) = {
	find_link,   find_link_index,  list_ports, list_addresses, find_default,
	find_subnet, find_way,	       find_ways,  list_vlans,	   change,
	find_tbf,    find_redirection, read_wg,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kernel_ask(data, size, NETLINK_ROUTE, questions,
		   sizeof(questions) / sizeof(*questions));
	return 0;
}
