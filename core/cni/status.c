/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/status.h"

#include <sys/socket.h>

#include "core/data/json.h"
#include "core/kernel/sysctl.h"

/* The families of the addresses that stand anywhere in a JSON value. */
static void find_families(const struct json *value, bool *v4, bool *v6)
{
	struct prefix prefix;

	if (!value)
		return;
	for (const struct json *child = value->child; child;
	     child = child->next)
		find_families(child, v4, v6);
	if (value->type == JSON_STRING && prefix_parse(value->text, &prefix))
		*(prefix.ip.family == AF_INET ? v4 : v6) = true;
}

static int probe_setting(struct call *c, const char *name)
{
	return sysctl_can(c->job, -1, name, "1")
		       ? 0
		       : fail(c->job, CNI_INTERNAL,
			      "sysctl %s cannot be set to 1", name);
}

int status_addresses(struct call *c, const char *link, bool gateway)
{
	bool v6 = false, v4 = false;
	const char *setting;

	if (!c->net.ipam)
		return 0;
	if (IS_ENABLED(CONFIG_IPV6))
		find_families(json_member(c->doc, "ipam"), &v4, &v6);
	if (gateway && (v4 || !v6) &&
	    probe_setting(c, sysctl_forwarding(AF_INET)) < 0)
		return -1;
	if (!v6)
		return 0;
	if (probe_setting(c, "net/ipv6/conf/default/keep_addr_on_down") < 0)
		return -1;
	if (!gateway)
		return 0;
	setting = sysctl_ipv6(c->job, link, "disable_ipv6");
	if (sysctl_is(c->job, -1, setting, "1"))
		return fail(c->job, CNI_INTERNAL, "sysctl %s is 1", setting);
	return probe_setting(c, sysctl_forwarding(AF_INET6));
}
