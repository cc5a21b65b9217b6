/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For what is static there. */
#include "applets/meta/firewall/egress.c"

#include "tests/fuzz/conf/conf.h"
#include "tests/fuzz/conf/entries.h"

static bool is_within(const struct target *a, const struct target *b)
{
	struct target common;

	return target_common(a, b, &common) && target_equal(&common, a);
}

/* What is allowed is in each list that limits. */
static void check_allowed(struct call *c, const struct firewall_egress *egress,
			  const struct list *targets)
{
	const struct target *target = targets->items, *in;
	struct list list;

	require(firewall_read_list(c, egress, &list) == 0);
	in = list.items;
	for (size_t i = 0; firewall_denies(egress) && i < targets->count; i++) {
		size_t j = 0;

		while (j < list.count && !is_within(&target[i], &in[j]))
			j++;
		require(j < list.count);
	}
}

/* Nothing is in something else: the kernel would not take it. */
static void check_targets(const struct list *targets)
{
	const struct target *target = targets->items;

	require(targets->count <= FIREWALL_TARGETS_MAX);
	for (size_t i = 0; i < targets->count; i++) {
		for (size_t j = 0; j < targets->count; j++)
			require(i == j || !is_within(&target[i], &target[j]));
	}
}

int use_firewall(struct call *c)
{
	const struct firewall_conf *conf = c->conf;
	const struct result_ip *ip = c->prev.ips.items;
	const struct link end = { .name = "veth0", .master = 1 };
	struct list targets, entries = { 0 };

	require(conf->mark_bit >= 0 && conf->mark_bit < 32);
	if (firewall_list_targets(c, &targets) < 0)
		return -1;
	check_targets(&targets);
	check_allowed(c, &conf->egress, &targets);
	check_allowed(c, &conf->args_egress, &targets);
	for (size_t i = 0; i < c->prev.ips.count; i++)
		firewall_limit_address(c, &ip[i].address, &end, &targets,
				       &entries);
	check_entries(c, &entries);
	c->result = c->prev;
	return 0;
}
