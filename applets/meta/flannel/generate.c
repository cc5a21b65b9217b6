/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generate - the configuration of the plugin that does the work */
#include "flannel.h"

#include <string.h>

static struct json *flannel_node(struct job *job, enum json_type type,
				 const char *text)
{
	struct json *node = job_alloc(job, sizeof(*node));

	node->type = type;
	node->text = text;
	return node;
}

void flannel_set(struct job *job, struct json *object, const char *key,
		 const struct json *value)
{
	struct json *member = job_alloc(job, sizeof(*member));
	struct json **end = &object->child;

	*member = *value;
	member->key = key;
	member->next = NULL;
	while (*end)
		end = &(*end)->next;
	*end = member;
}

/* The member of exactly this name: keys of Go's maps have a case. */
static const struct json *flannel_get(const struct json *object,
				      const char *key)
{
	const struct json *found = NULL;

	for (const struct json *m = object->child; m; m = m->next) {
		if (strcmp(m->key, key) == 0)
			found = m;
	}
	return found;
}

static void flannel_set_default(struct job *job, struct json *object,
				const char *key, enum json_type type,
				const char *text)
{
	if (!flannel_get(object, key))
		flannel_set(job, object, key, flannel_node(job, type, text));
}

/* An object with the members of another, or with none if that is NULL. */
static struct json *flannel_copy(struct job *job, const struct json *object)
{
	struct json *copy = flannel_node(job, JSON_OBJECT, NULL);

	for (object = object ? object->child : NULL; object;
	     object = object->next)
		flannel_set(job, copy, object->key, object);
	return copy;
}

/* Items are set as members are; their key is not printed. */
static void flannel_put(struct job *job, struct json *array,
			const struct json *value)
{
	flannel_set(job, array, NULL, value);
}

/* {key: "PREFIX"} */
static struct json *flannel_prefix(struct job *job, const char *key,
				   const struct prefix *prefix)
{
	struct json *object = flannel_node(job, JSON_OBJECT, NULL);
	char text[PREFIX_TEXT];

	flannel_set_default(job, object, key, JSON_STRING,
			    job_printf(job, "%s", prefix_print(prefix, text)));
	return object;
}

/* A range set for each of this node's subnets. */
static struct json *flannel_ranges(struct job *job,
				   const struct flannel_env *env)
{
	struct json *ranges = flannel_node(job, JSON_ARRAY, NULL);
	const struct prefix *subnet = env->subnets.items;

	for (size_t i = 0; i < env->subnets.count; i++) {
		struct json *set = flannel_node(job, JSON_ARRAY, NULL);

		flannel_put(job, set,
			    flannel_prefix(job, "subnet", subnet + i));
		flannel_put(job, ranges, set);
	}
	return ranges;
}

/* The routes that the configuration has, and those to flannel's networks. */
static struct json *flannel_routes(struct job *job, const struct json *given,
				   const struct flannel_env *env)
{
	struct json *routes = flannel_node(job, JSON_ARRAY, NULL);
	const struct prefix *network = env->networks.items;

	for (given = given ? given->child : NULL; given; given = given->next)
		flannel_put(job, routes, given);
	for (size_t i = 0; i < env->networks.count; i++)
		flannel_put(job, routes,
			    flannel_prefix(job, "dst", network + i));
	return routes;
}

/* What flanneld masquerades nobody else should; where it does not, bridge and ptp of
 * ours can leave out what stays in its networks. */
static void flannel_masquerade(struct call *c, struct json *out,
			       const struct flannel_env *env)
{
	const struct json *masq;
	struct json *exempt = flannel_node(c->job, JSON_ARRAY, NULL);
	const struct json *network = flannel_routes(c->job, NULL, env)->child;

	flannel_set_default(c->job, out, "ipMasq", JSON_BOOL,
			    env->masq ? "false" : "true");
	masq = flannel_get(out, "ipMasq");
	for (; network; network = network->next)
		flannel_put(c->job, exempt, network->child);
	if (masq && masq->text && strcmp(masq->text, "false") != 0 &&
	    applet_find(c->applets, flannel_type(out)) &&
	    !flannel_get(out, "nonMasqueradeCIDRs"))
		flannel_set(c->job, out, "nonMasqueradeCIDRs", exempt);
}

static struct json *flannel_ipam(struct call *c, const struct flannel_env *env)
{
	struct json *ipam = flannel_copy(c->job, json_member(c->doc, "ipam"));

	flannel_set_default(c->job, ipam, "type", JSON_STRING, "host-local");
	if (!env)
		return ipam;
	flannel_set(c->job, ipam, "routes",
		    flannel_routes(c->job, flannel_get(ipam, "routes"), env));
	flannel_set(c->job, ipam, "ranges", flannel_ranges(c->job, env));
	return ipam;
}

const char *flannel_type(const struct json *generated)
{
	const struct json *type = json_member(generated, "type");

	return type && type->type == JSON_STRING ? type->text : "";
}

struct json *flannel_generate(struct call *c, const struct flannel_env *env)
{
	const struct flannel_conf *conf = c->conf;
	const struct json *version = json_member(c->doc, "cniVersion");
	struct job *job = c->job;
	struct json *out = flannel_copy(job, conf->delegate);

	if (conf->runtime)
		flannel_set(job, out, "runtimeConfig", conf->runtime);
	flannel_set(job, out, "name",
		    flannel_node(job, JSON_STRING, c->net.name));
	flannel_set_default(job, out, "type", JSON_STRING, "bridge");
	if (env) {
		flannel_masquerade(c, out, env);
		flannel_set_default(job, out, "mtu", JSON_NUMBER,
				    job_printf(job, "%ld", env->mtu));
	}
	if (strcmp(flannel_type(out), "bridge") == 0)
		flannel_set_default(job, out, "isGateway", JSON_BOOL, "true");
	if (version && version->type == JSON_STRING && *version->text)
		flannel_set(job, out, "cniVersion", version);
	flannel_set(job, out, "ipam", flannel_ipam(c, env));
	return out;
}
