/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/data/result.h"

enum { LEFT_OUT = -1 };

static void append(struct job *job, struct list *to, const void *item,
		   size_t size)
{
	memcpy(list_add(job, to, size), item, size);
}

static bool is_loopback(const struct result_interface *interface)
{
	return strcmp(interface->name, "lo") == 0 && interface->sandbox &&
	       *interface->sandbox;
}

/* Appends ip, unless it is loopback's. indexes has the new index of each
 * interface of ip's result, LEFT_OUT for loopback. */
static void append_ip(struct job *job, struct result *to,
		      const struct result_ip *ip, const struct list *indexes)
{
	struct result_ip out = *ip;
	const int *index = indexes->items;

	/* An index that was out of range must not point to one of ours now. */
	out.has_interface =
		ip->has_interface && (size_t)ip->interface < indexes->count;
	out.interface = out.has_interface ? index[ip->interface] : 0;
	if (out.interface != LEFT_OUT && !ip_is_loopback(&ip->address.ip))
		append(job, &to->ips, &out, sizeof(out));
}

void result_append(struct job *job, struct result *to,
		   const struct result *more)
{
	const struct result_interface *interface = more->interfaces.items;
	const struct result_ip *ip = more->ips.items;
	const struct route *route = more->routes.items;
	struct list indexes = { 0 }; /* of int */

	for (size_t i = 0; i < more->interfaces.count; i++) {
		int index = (int)to->interfaces.count;

		if (is_loopback(&interface[i]))
			index = LEFT_OUT;
		else
			append(job, &to->interfaces, &interface[i],
			       sizeof(*interface));
		append(job, &indexes, &index, sizeof(index));
	}
	for (size_t i = 0; i < more->ips.count; i++)
		append_ip(job, to, &ip[i], &indexes);
	for (size_t i = 0; i < more->routes.count; i++)
		append(job, &to->routes, &route[i], sizeof(*route));
	if (!dns_is_given(&to->dns))
		to->dns = more->dns;
}
