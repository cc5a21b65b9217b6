/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For what is static there. */
#include "applets/meta/bandwidth.c"

#include "tests/fuzz/conf/conf.h"

static void check_limit(struct call *c, const struct bandwidth_limit *limit)
{
	const struct bandwidth_conf *conf = c->conf;
	struct tc_tbf tbf;

	require(!limit->rate == !limit->burst);
	require(!conf->max_burst || limit->burst <= conf->max_burst);
	if (!limit->rate)
		return;
	tbf = bandwidth_tbf(c, limit);
	require(tbf.rate == limit->rate / 8);
	require(tbf.limit >= limit->burst / 8);
	/* What the kernel takes for the burst is not more than was asked for. */
	require((uint64_t)tbf.buffer * 8 / 125 <=
		limit->burst / 8 * 1000000 / tbf.rate);
}

int use_bandwidth(struct call *c)
{
	const struct bandwidth_limits limits = bandwidth_limits(c);

	check_limit(c, &limits.ingress);
	check_limit(c, &limits.egress);
	c->result = c->prev;
	return 0;
}
