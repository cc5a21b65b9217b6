/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kube - reads what "kubectl get nodes -o json" prints */
#include "nodes.h"

#include <string.h>

#include "core/data/json.h"

static const char *text_of(const struct json *value)
{
	return value && value->type == JSON_STRING ? value->text : NULL;
}

static const char *add_cidr(struct job *job, const struct json *value,
			    struct node *out)
{
	const char *text = text_of(value);

	return text ? node_parse_column(job, job_printf(job, "%s", text),
					NODE_CIDR, out)
		    : "podCIDRs: strings are expected";
}

/* A node that has none yet is one without pods. */
static const char *read_cidrs(struct job *job, const struct json *spec,
			      struct node *out)
{
	const struct json *all = json_member(spec, "podCIDRs");
	const struct json *one = json_member(spec, "podCIDR");
	const char *wrong = NULL;

	if (!all || all->type != JSON_ARRAY)
		return one ? add_cidr(job, one, out) : NULL;
	for (all = all->child; all && !wrong; all = all->next)
		wrong = add_cidr(job, all, out);
	return wrong;
}

/* The first of each family that is the node's own among nodes. */
static const char *read_ips(struct job *job, const struct json *status,
			    struct node *out)
{
	const struct json *all = json_member(status, "addresses");
	const char *wrong = NULL;

	all = all && all->type == JSON_ARRAY ? all->child : NULL;
	for (; all && !wrong; all = all->next) {
		const char *type = text_of(json_member(all, "type"));
		const char *address = text_of(json_member(all, "address"));
		struct ip ip;

		if (!type || !address || strcmp(type, "InternalIP") != 0)
			continue;
		if (ip_parse(address, &ip) &&
		    node_ip(out, node_place(ip.family))->family)
			continue;
		wrong = node_parse_column(job, job_printf(job, "%s", address),
					  NODE_IP, out);
	}
	if (!wrong && !node_ip(out, NODE_V4)->family &&
	    !node_ip(out, NODE_V6)->family)
		return "an address of type InternalIP is expected";
	return wrong;
}

static const char *read_item(struct nodes *nodes, const struct json *item,
			     struct nodes_entry *out)
{
	const struct json *metadata = json_member(item, "metadata");
	const struct json *notes = json_member(metadata, "annotations");
	const char *key = text_of(json_member(notes, "cnibox/wg"));
	struct job *job = nodes->job;
	const char *wrong;

	out->name = text_of(json_member(metadata, "name"));
	if (!out->name)
		out->name = "without a name";
	wrong = read_cidrs(job, json_member(item, "spec"), &out->node);
	if (!wrong)
		wrong = read_ips(job, json_member(item, "status"), &out->node);
	if (!wrong && key)
		wrong = node_parse_key(job, key, &out->node);
	return wrong;
}

int nodes_read_kube(struct nodes *nodes, const char *text, size_t len)
{
	struct job *job = nodes->job;
	const struct json *items;
	struct json *document;

	if (json_parse(job, nodes->path, text, len, &document) < 0)
		return -1;
	items = json_member(document, "items");
	if (!items || items->type != JSON_ARRAY)
		return fail(job, CNI_INTERNAL,
			    "%s: a list \"items\" of nodes is expected",
			    nodes->path);
	for (items = items->child; items; items = items->next) {
		struct nodes_entry *entry =
			list_add(job, &nodes->entries, sizeof(*entry));
		const char *wrong = read_item(nodes, items, entry);

		if (wrong)
			return nodes_refuse(nodes, entry, "%s", wrong);
	}
	return 0;
}
