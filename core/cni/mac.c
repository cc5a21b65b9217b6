/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/mac.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/cni/life.h"

static const uint8_t of_ipv4[] = { 0x0a, 0x58 };
static const uint8_t of_bridge[] = { 0x0a, 0x59 };

void mac_of_ips(const struct list *ips, uint8_t mac[MAC_LEN])
{
	const struct result_ip *ip = ips->items;
	uint8_t hash[SHA512_LEN];

	for (size_t i = 0; i < ips->count; i++) {
		if (!IS_ENABLED(CONFIG_IPV6) ||
		    ip[i].address.ip.family == AF_INET) {
			memcpy(mac, of_ipv4, sizeof(of_ipv4));
			memcpy(mac + 2, ip[i].address.ip.bytes, 4);
			return;
		}
	}
	sha512(ip->address.ip.bytes, sizeof(ip->address.ip.bytes), hash);
	memcpy(mac, hash, MAC_LEN);
	mac[0] = (uint8_t)((mac[0] | 2) & ~1);
}

int mac_of_bridge(struct job *job, uint8_t mac[MAC_LEN])
{
	int ret = link_random_macs(job, (uint8_t(*)[MAC_LEN])mac, 1);

	memcpy(mac, of_bridge, sizeof(of_bridge));
	return ret;
}

bool mac_is_steady(const struct link *bridge)
{
	return memcmp(bridge->mac, of_bridge, sizeof(of_bridge)) == 0 &&
	       !*bridge->alias;
}

int mac_end_steady(struct call *c, const struct link *bridge)
{
	return link_set_alias(&c->host, bridge->name,
			      "MAC addresses are announced");
}

int mac_end_steady_of(struct call *c, const struct link *guest)
{
	struct link port, bridge;

	if (!life_other_end(c, guest, &port) || !port.master)
		return 0;
	if (link_get_index(&c->host, port.master, &bridge) < 0)
		return -1;
	return mac_is_steady(&bridge) ? mac_end_steady(c, &bridge) : 0;
}
