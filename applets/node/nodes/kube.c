/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kube - reads what "kubectl get nodes -o json" prints */
#include "nodes.h"

#include <string.h>

#include "core/data/json.h"

static const char *text_of(const struct json *value)
{
	return value && value->type == JSON_STRING ? value->text : NULL;
}

/* The text of such a member, or NULL. */
static const char *text_in(const struct json *object, const char *key)
{
	return text_of(json_member(object, key));
}

/* The first item of such a member; NULL: there is none. */
static const struct json *items_in(const struct json *object, const char *key,
				   bool *is_list)
{
	const struct json *list = json_member(object, key);

	*is_list = list && list->type == JSON_ARRAY;
	return *is_list ? list->child : NULL;
}

static const char *add(struct job *job, const char *text, int column,
		       struct node *out)
{
	return node_parse_column(job, job_printf(job, "%s", text), column, out);
}

/* A node that has none yet is one without pods. */
static const char *read_cidrs(struct job *job, const struct json *spec,
			      struct node *out)
{
	const char *wrong = NULL;
	bool is_list;
	const struct json *item = items_in(spec, "podCIDRs", &is_list);

	if (!is_list)
		item = json_member(spec, "podCIDR");
	for (; item && !wrong; item = is_list ? item->next : NULL)
		wrong = text_of(item) ? add(job, item->text, NODE_CIDR, out)
				      : "podCIDRs: strings are expected";
	return wrong;
}

/* The first of each family that is the node's own among nodes. */
static const char *read_ips(struct job *job, const struct json *status,
			    struct node *out)
{
	const char *wrong = NULL;
	bool is_list;
	const struct json *item = items_in(status, "addresses", &is_list);

	for (; item && !wrong; item = item->next) {
		const char *type = text_in(item, "type");
		const char *address = text_in(item, "address");
		struct ip ip;

		if (!type || !address || strcmp(type, "InternalIP") != 0)
			continue;
		if (!ip_parse(address, &ip) ||
		    !node_ip(out, node_place(ip.family))->family)
			wrong = add(job, address, NODE_IP, out);
	}
	if (!wrong && !node_ip(out, NODE_V4)->family &&
	    !node_ip(out, NODE_V6)->family)
		return "an address of type InternalIP is expected";
	return wrong;
}

static const char *read_item(struct job *job, const struct json *item,
			     struct nodes_entry *out)
{
	const struct json *metadata = json_member(item, "metadata");
	const char *key =
		text_in(json_member(metadata, "annotations"), "cnibox/wg");
	const char *wrong;

	out->name = text_in(metadata, "name");
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
	const struct json *item;
	struct json *document;
	bool is_list;

	if (json_parse(job, nodes->path, text, len, &document) < 0)
		return -1;
	item = items_in(document, "items", &is_list);
	if (!is_list)
		return fail(job, CNI_INTERNAL,
			    "%s: a list \"items\" of nodes is expected",
			    nodes->path);
	for (; item; item = item->next) {
		struct nodes_entry *entry =
			list_add(job, &nodes->entries, sizeof(*entry));
		const char *wrong = read_item(job, item, entry);

		if (wrong)
			return nodes_refuse(nodes, entry, "%s", wrong);
	}
	return 0;
}
