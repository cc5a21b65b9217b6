/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settle - what goes with the routes: forwarding, the exemption from masquerading,
 * the file in which the plugins read */
#include "nodes.h"

#include <string.h>
#include <sys/socket.h>

#include "core/kernel/route.h"
#include "core/kernel/sysctl.h"
#include "core/tables/tables.h"

static int make_forwarding(struct nodes *nodes, void *setting)
{
	return sysctl_ensure(nodes->c->job, -1, setting, "1");
}

/* A family in which any node has pods is forwarded. It stays on if a later step
 * fails: others may have come to need it. */
static int plan_forwarding(struct nodes *nodes, int place)
{
	const struct node *node = nodes->new.nodes.items;
	const char *setting = sysctl_forwarding(node_family(place));
	bool needed = nodes->new.self.cidr[place].ip.family, on;
	struct job *job = nodes->c->job;

	for (size_t i = 0; i < nodes->new.nodes.count; i++)
		needed |= node[i].cidr[place].ip.family;
	if (!needed)
		return 0;
	if (route_forwarding(&nodes->c->host, node_family(place), &on) < 0)
		return -1;
	if (!on)
		nodes_add_step(nodes, NODES_EXEMPT,
			       &(struct nodes_step) { .make = make_forwarding,
						      .arg = (void *)setting },
			       job_printf(job, "set %s to 1", setting));
	return 0;
}

struct exempt {
	struct list now, wanted; /* of struct prefix, sorted */
};

static int make_exempt(struct nodes *nodes, void *arg)
{
	const struct exempt *exempt = arg;

	return tables_exempt_nodes(&nodes->c->nft, &exempt->wanted);
}

static void undo_exempt(struct nodes *nodes, void *arg)
{
	const struct exempt *exempt = arg;

	tables_exempt_nodes(&nodes->c->nft, &exempt->now);
}

/* A line for each difference; the first of them is the step that makes all. */
static int plan_exempt(struct nodes *nodes)
{
	struct exempt *exempt = job_alloc(nodes->c->job, sizeof(*exempt));
	struct nodes_step step = { .make = make_exempt,
				   .undo = undo_exempt,
				   .arg = exempt };
	const struct prefix *now, *wanted;
	size_t i = 0, j = 0;

	nodes_file_exempt(nodes->c->job, &nodes->new, &exempt->wanted);
	if (tables_list_exempt(&nodes->c->nft, &exempt->now) < 0)
		return -1;
	now = exempt->now.items;
	wanted = exempt->wanted.items;
	while (i < exempt->now.count || j < exempt->wanted.count) {
		int order = i == exempt->now.count ? 1
			    : j == exempt->wanted.count
				    ? -1
				    : prefix_compare(&now[i], &wanted[j]);
		char text[PREFIX_TEXT];

		if (order) {
			prefix_print(order < 0 ? &now[i] : &wanted[j], text);
			nodes_add_step(
				nodes, NODES_EXEMPT, &step,
				job_printf(nodes->c->job,
					   order < 0 ? "masquerade %s"
						     : "do not masquerade %s",
					   text));
			step = (struct nodes_step) { 0 };
		}
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

static int make_file(struct nodes *nodes, void *arg)
{
	(void)arg;
	return nodes_file_write(nodes->c->job, &nodes->new);
}

static void undo_file(struct nodes *nodes, void *arg)
{
	(void)arg;
	if (nodes->has_old)
		nodes_file_write(nodes->c->job, &nodes->old);
	else
		nodes_file_remove(nodes->c->job);
}

static void plan_file(struct nodes *nodes)
{
	struct job *job = nodes->c->job;

	if (nodes->has_old && strcmp(nodes_file_text(job, &nodes->old),
				     nodes_file_text(job, &nodes->new)) == 0)
		return;
	nodes_add_step(
		nodes, NODES_FILE,
		&(struct nodes_step) { .make = make_file, .undo = undo_file },
		"write " CONFIG_STATE_DIR "/nodes");
}

int nodes_settle(struct nodes *nodes)
{
	if (plan_forwarding(nodes, NODE_V4) < 0 ||
	    plan_forwarding(nodes, NODE_V6) < 0 || plan_exempt(nodes) < 0)
		return -1;
	plan_file(nodes);
	return 0;
}
