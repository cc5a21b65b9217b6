/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall - what the parts of the plugin share */
#ifndef CNIBOX_FIREWALL_H
#define CNIBOX_FIREWALL_H

#include "core/cni/attachment.h"

/* Of the network, or of a container. */
struct firewall_egress {
	const char *otherwise; /* "deny" or "allow"; NULL: not given */
	struct list allow;     /* of const char * */
};

struct firewall_conf {
	const char *backend, *admin, *zone, *ingress;
	int mark_bit;
	struct firewall_egress egress, args_egress;
};

/* The link of the host whose other end is CNI_IFNAME. */
int firewall_host_end(struct call *c, struct link *out, bool *found);

/* egress.c */
extern const struct conf_key firewall_egress_keys[];

/* Every entry of both lists is one. */
int firewall_validate_egress(struct call *c);

/* STATUS */
int firewall_probe_egress(struct call *c);

/* Adds what limits the container, if there is a list. */
int firewall_limit(struct call *c, struct list *entries);

/* Fails if an ADD without a DEL behind it limits the container in this namespace, and
 * entries would lift or change that. */
int firewall_keep_limits(struct call *c, const struct list *entries);

#endif
