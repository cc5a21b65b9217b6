/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settle - what goes with the routes: forwarding, the exemption from masquerading,
 * the file in which the plugins read */
#include "nodes.h"

#include <string.h>
#include <sys/socket.h>

#include "core/kernel/route.h"
#include "core/kernel/sysctl.h"
#include "core/tables/tables.h"

/* It stays on if a later step fails: others may have come to need it. */
static int set_setting(struct nodes *nodes, enum nl_verb verb,
		       const void *setting)
{
	return verb == NL_DELETE ? 0
				 : sysctl_ensure(nodes->job, -1, setting, "1");
}

static const char *text_setting(struct nodes *nodes, const void *setting)
{
	return job_printf(nodes->job, "%s to 1", (const char *)setting);
}

static const struct nodes_kind setting_kind = { .set = set_setting,
						.text = text_setting,
						.verb = "set" };

/* A family in which any node has pods is forwarded. */
static int plan_forwarding(struct nodes *nodes, int place)
{
	const struct node *node = nodes->new.nodes.items;
	bool needed = nodes->new.self.at[place].ip.family, on;
	int family = node_family(place);

	for (size_t i = 0; i < nodes->new.nodes.count; i++)
		needed |= node[i].at[place].ip.family;
	if (!needed)
		return 0;
	if (route_forwarding(nodes->nl, family, &on) < 0)
		return -1;
	if (on)
		return 0;
	nodes_add_change(nodes, NODES_EXEMPT, &setting_kind, NULL,
			 sysctl_forwarding(family));
	if (family == AF_INET6)
		nodes_warn_of_ra(nodes);
	return 0;
}

static const char *text_exempt(struct nodes *nodes, const void *prefix)
{
	const struct prefix *exempt = prefix;
	char text[PREFIX_TEXT];

	return job_printf(nodes->job, "element inet cnibox nodes%d { %s }",
			  exempt->ip.family == AF_INET ? 4 : 6,
			  prefix_print(exempt, text));
}

static int set_exempt(struct nodes *nodes, enum nl_verb verb,
		      const void *prefixes)
{
	(void)verb;
	return tables_exempt_nodes(&nodes->c->nft, prefixes);
}

/* A line for each that comes or goes, and one transaction for all. */
static const struct nodes_kind line_kind = {
	.text = text_exempt,
	.compare = prefix_compare,
	.size = sizeof(struct prefix),
	.put_phase = NODES_EXEMPT,
	.del_phase = NODES_EXEMPT,
};
static const struct nodes_kind exempt_kind = { .set = set_exempt };

static int plan_exempt(struct nodes *nodes)
{
	struct list *now = job_alloc(nodes->job, sizeof(*now));
	struct list *wanted = job_alloc(nodes->job, sizeof(*wanted));
	struct list *steps = &nodes->steps[NODES_EXEMPT];
	size_t before = steps->count;

	nodes_file_exempt(nodes->job, &nodes->new, wanted);
	if (tables_list_exempt(&nodes->c->nft, now) < 0)
		return -1;
	nodes_add_changes(nodes, &line_kind, now, wanted);
	if (steps->count > before)
		nodes_add_change(nodes, NODES_EXEMPT, &exempt_kind, now,
				 wanted);
	return 0;
}

static int set_file(struct nodes *nodes, enum nl_verb verb, const void *file)
{
	return verb == NL_DELETE ? nodes_file_remove(nodes->job)
				 : nodes_file_write(nodes->job, file);
}

static const char *text_file(struct nodes *nodes, const void *file)
{
	(void)nodes;
	(void)file;
	return CONFIG_STATE_DIR "/nodes";
}

static const struct nodes_kind file_kind = { .set = set_file,
					     .text = text_file,
					     .verb = "write" };

static const struct nodes_kind note_kind = { .set = set_file };

/* Peers on an interface of others are noted before they are made: by that alone the
 * next apply knows whose they are, if this one is killed. */
static void plan_note(struct nodes *nodes, const struct nodes_file *old)
{
	const struct nodes_peer *peer = nodes->new.peers.items;
	struct nodes_file *note;

	if (!IS_ENABLED(CONFIG_NODES_WIREGUARD) || !nodes->new.peers.count)
		return;
	note = job_alloc(nodes->job, sizeof(*note));
	*note = nodes->new;
	note->peers = nodes->old.peers;
	for (size_t i = 0; i < nodes->new.peers.count; i++)
		list_copy(nodes->job, &note->peers, &peer[i], sizeof(*peer));
	nodes_add_change(nodes, NODES_CLEAR_DEVICE, &note_kind, old, note);
}

static void plan_file(struct nodes *nodes)
{
	const struct nodes_file *old = nodes->has_old ? &nodes->old : NULL;
	struct job *job = nodes->job;

	if (old && strcmp(nodes_file_text(job, old),
			  nodes_file_text(job, &nodes->new)) == 0)
		return;
	plan_note(nodes, old);
	nodes_add_change(nodes, NODES_FILE, &file_kind, old, &nodes->new);
}

int nodes_settle(struct nodes *nodes)
{
	if (plan_forwarding(nodes, NODE_V4) < 0 ||
	    plan_forwarding(nodes, NODE_V6) < 0 || plan_exempt(nodes) < 0)
		return -1;
	plan_file(nodes);
	return 0;
}
