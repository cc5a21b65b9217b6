/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For what is static there. */
#include "applets/ipam/host-local/host-local.c"

#include "tests/fuzz/conf/conf.h"

static void check_range(const struct range *range)
{
	require(prefix_contains(&range->subnet, &range->start) &&
		prefix_contains(&range->subnet, &range->end));
}

/* Walking on from an address that was given out, one comes by those of the set
 * and no others. */
static void check_set(struct call *c, const struct list *set,
		      const struct ip *last)
{
	struct cursor at = cursor_after(set, last);

	for (int i = 0; i < 40; i++) {
		require(ranges_find(set, &at.ip));
		cursor_step(&at);
	}
	require(*ranges_text(c->job, set));
}

int use_host_local(struct call *c)
{
	struct list sets = { 0 }, wanted = { 0 };
	const struct list *set;
	const struct ip none = { 0 };

	if (host_local_read_sets(c, &sets) < 0 ||
	    ranges_check(c->job, c->net.version, &sets) < 0 ||
	    host_local_read_wanted(c, &wanted) < 0)
		return -1;
	set = sets.items;
	for (size_t i = 0; i < sets.count; i++) {
		const struct range *range = set[i].items;
		const struct ip *ip = wanted.items;
		struct result_ip *out =
			list_add(c->job, &c->result.ips, sizeof(*out));

		for (size_t j = 0; j < set[i].count; j++)
			check_range(&range[j]);
		check_set(c, &set[i], wanted.count ? ip : &none);
		check_set(c, &set[i], &range->end);
		out->address.ip = range->start;
		out->address.len = range->subnet.len;
		out->gateway = range->gateway;
	}
	c->result.routes = ((const struct host_local_conf *)c->conf)->routes;
	return 0;
}
