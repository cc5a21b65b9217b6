/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/prev.h"

#include <string.h>

const struct result_interface *prev_interface(const struct call *c,
					      const char *name,
					      const char *sandbox)
{
	const struct result_interface *interfaces = c->prev.interfaces.items;

	for (size_t i = 0; i < c->prev.interfaces.count; i++) {
		const char *in = interfaces[i].sandbox;

		if (strcmp(interfaces[i].name, name) == 0 &&
		    strcmp(in ? in : "", sandbox) == 0)
			return &interfaces[i];
	}
	return NULL;
}

int prev_check_link(struct nl *nl, const struct result_interface *interface,
		    const char *what, struct link *out)
{
	const char *told = interface->mac;
	char text[MAC_TEXT];
	uint8_t mac[MAC_LEN];
	bool found;

	if (link_find(nl, interface->name, out, &found) < 0)
		return -1;
	if (!found)
		return fail(nl->job, CNI_INTERNAL,
			    "Interface name %s not found", interface->name);
	if (told && *told &&
	    (!mac_parse(told, mac) || memcmp(mac, out->mac, MAC_LEN) != 0))
		return fail(
			nl->job, CNI_INTERNAL,
			"%s interface %s Mac doesn't match: expected %s, got %s",
			what, interface->name, told, mac_print(out->mac, text));
	return 0;
}
