/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status - whether the node has what an ADD of this configuration needs */
#include "bridge.h"

#include <string.h>
#include <sys/socket.h>

#include "core/data/json.h"
#include "core/kernel/sysctl.h"

/* The families of the addresses that stand anywhere in a JSON value. */
static void bridge_find_families(const struct json *value, bool *v4, bool *v6)
{
	const struct json *child = value ? value->child : NULL;
	struct prefix prefix;

	for (; child; child = child->next)
		bridge_find_families(child, v4, v6);
	if (!value || value->type != JSON_STRING ||
	    !prefix_parse(value->text, &prefix))
		return;
	*(prefix.ip.family == AF_INET ? v4 : v6) = true;
}

static int bridge_probe_setting(struct call *c, const char *name)
{
	return sysctl_can(c->job, -1, name, "1")
		       ? 0
		       : fail(c->job, CNI_INTERNAL,
			      "sysctl %s cannot be set to 1", name);
}

/* bridge names the settings: "default" if the bridge is yet to be made. */
static int bridge_probe_families(struct call *c, const char *bridge)
{
	bool gateway = bridge_is_gateway(c->conf), v6 = false, v4 = false;
	const char *setting;

	if (IS_ENABLED(CONFIG_IPV6))
		bridge_find_families(json_member(c->doc, "ipam"), &v4, &v6);
	if (gateway && (v4 || !v6) &&
	    bridge_probe_setting(c, "net/ipv4/ip_forward") < 0)
		return -1;
	if (!v6)
		return 0;
	if (bridge_probe_setting(c, "net/ipv6/conf/default/keep_addr_on_down") <
	    0)
		return -1;
	if (!gateway)
		return 0;
	setting = sysctl_ipv6(c->job, bridge, "disable_ipv6");
	if (sysctl_is(c->job, -1, setting, "1"))
		return fail(c->job, CNI_INTERNAL, "sysctl %s is 1", setting);
	return bridge_probe_setting(c, "net/ipv6/conf/all/forwarding");
}

static int bridge_probe_links(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct link bridge;
	bool found;

	if (link_find(&c->host, conf->bridge, &bridge, &found) < 0)
		return -1;
	if (found && strcmp(bridge.kind, "bridge") != 0)
		return fail(c->job, CNI_INTERNAL,
			    "\"%s\" already exists but is not a bridge",
			    conf->bridge);
	if (link_probe(&c->host, "bridge") < 0 ||
	    link_probe(&c->host, "veth") < 0)
		return -1;
	return c->net.ipam ? bridge_probe_families(c, found ? conf->bridge
							    : "default")
			   : 0;
}

static int bridge_probe_nat(struct call *c)
{
	const struct bridge_conf *conf = c->conf;

	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	if (masq_probe(c, &conf->masq) < 0)
		return -1;
	return conf->macspoofchk ? tables_probe(&c->nft, ENTRY_MACSPOOFCHK) : 0;
}

int bridge_status(struct call *c)
{
	if (bridge_probe_links(c) < 0 || bridge_probe_nat(c) < 0) {
		c->job->code = CNI_NOT_AVAILABLE;
		return -1;
	}
	record_status(c->job);
	return ipam_status(c);
}
