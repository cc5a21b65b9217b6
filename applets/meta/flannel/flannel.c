/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flannel - has another plugin, bridge, attach a container to flannel's network
 *
 * https://github.com/flannel-io/cni-plugin

config FLANNEL
	bool "flannel"
	default y
	help
	  Reads what flanneld has for this node, makes a configuration of it
	  for another plugin (bridge and host-local by default), and has that
	  one do the work. Costs 6 KB.
*/
#include "flannel.h"

#include <string.h>

#include "core/cni/delegate.h"

const struct flannel_conf flannel_defaults = {
	.subnet_file = "/run/flannel/subnet.env",
	.data_dir = "/var/lib/cni/flannel",
};

static const struct conf_key flannel_keys[] = {
	{ "subnetFile", CONF_STRING, AT(flannel_conf, subnet_file),
	  HELP("the file that flanneld writes") },
	{ "dataDir", CONF_STRING, AT(flannel_conf, data_dir),
	  HELP("folder with a file for each container, for DEL") },
	{ "delegate", CONF_RAW, AT(flannel_conf, delegate),
	  HELP("keys of the plugin that does the work; type: bridge") },
	{ "runtimeConfig", CONF_RAW, AT(flannel_conf, runtime),
	  HELP("for that plugin, from the runtime") },
	CONF_END
};

static int flannel_validate(struct call *c)
{
	const struct flannel_conf *conf = c->conf;
	const struct json *delegate = conf->delegate, *type, *routes;

	if (delegate && delegate->type != JSON_OBJECT)
		return fail(c->job, CNI_BAD_CONFIG,
			    "delegate: expected an object, got %s",
			    json_type_name(delegate->type));
	type = json_member(delegate, "type");
	if (type && type->type != JSON_STRING)
		return fail(
			c->job, CNI_BAD_CONFIG,
			"'delegate' dictionary, if present, must have (string) 'type' field");
	if (json_member(delegate, "name"))
		return fail(
			c->job, CNI_BAD_CONFIG,
			"'delegate' dictionary must not have 'name' field, it'll be set by flannel");
	if (json_member(delegate, "ipam"))
		return fail(
			c->job, CNI_BAD_CONFIG,
			"'delegate' dictionary must not have 'ipam' field, it'll be set by flannel");
	routes = json_member(json_member(c->doc, "ipam"), "routes");
	if (routes && routes->type != JSON_ARRAY && routes->type != JSON_NULL)
		return fail(c->job, CNI_BAD_CONFIG,
			    "failed to parse ipam.routes: expected an array");
	return 0;
}

/* A configuration from the subnet file. Without one there is code to say. */
static int flannel_prepare(struct call *c, int code, struct json **out)
{
	const struct flannel_conf *conf = c->conf;
	const char *file = *conf->subnet_file ? conf->subnet_file
					      : flannel_defaults.subnet_file;
	struct flannel_env env;
	const char *wrong = flannel_env_read(c->job, file, &env);

	if (wrong)
		return fail(
			c->job, code,
			"failed to load flannel 'subnet.env' file: %s. Check the flannel pod log for this node.",
			wrong);
	*out = flannel_generate(c, &env);
	return 0;
}

static int flannel_run(struct call *c, const char *verb,
		       const struct json *generated, struct result *out)
{
	struct str text = { .job = c->job };

	json_print(&text, generated);
	return delegate_run(c, flannel_type(generated), verb, &text, out);
}

static void flannel_set_prev(struct call *c, struct json *generated)
{
	if (c->has_prev)
		flannel_set(c->job, generated, "prevResult",
			    c->net.prev_result);
}

struct flannel_undo {
	struct call *c;
	const struct json *generated;
};

static void flannel_undo_add(void *arg)
{
	struct flannel_undo *undo = arg;

	flannel_run(undo->c, "DEL", undo->generated, NULL);
}

static int flannel_add(struct call *c)
{
	struct flannel_undo *undo = job_alloc(c->job, sizeof(*undo));
	struct str text = { .job = c->job };
	struct json *generated;

	if (flannel_prepare(c, CNI_TRY_AGAIN, &generated) < 0)
		return -1;
	json_print(&text, generated);
	if (flannel_save(c, &text) < 0)
		return -1;
	flannel_set_prev(c, generated);
	if (flannel_run(c, "ADD", generated, &c->result) < 0)
		return -1;
	/* Now it is ours: one that failed may have met what another has made. */
	*undo = (struct flannel_undo) { c, generated };
	undo_push(c->job, flannel_undo_add, undo);
	return 0;
}

/* Without a file of this network, an applet of ours still finds everything by its
 * owner; any other plugin is left alone, as nothing may have been added. */
static int flannel_del_rest(struct call *c, bool torn)
{
	const struct json *generated = flannel_generate(c, NULL);
	bool own;

	if (delegate_is_own(c, flannel_type(generated), &own) < 0 ||
	    (own && flannel_run(c, "DEL", generated, NULL) < 0))
		return -1;
	return torn ? flannel_forget(c, c->env.container) : 0;
}

static int flannel_del(struct call *c)
{
	struct json *saved;
	struct str text;

	if (flannel_saved(c, &text, &saved) < 0)
		return -1;
	if (!saved)
		return flannel_del_rest(c, text.text);
	if (delegate_run(c, flannel_type(saved), "DEL", &text, NULL) < 0)
		return -1;
	return flannel_forget(c, c->env.container);
}

/* Another program is not asked: the Go plugin of flannel does not, and a runtime may
 * end a container whose CHECK fails. */
static int flannel_check(struct call *c)
{
	struct json *generated;
	struct str text;
	bool own;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "Required prevResult missing");
	if (flannel_saved(c, &text, &generated) < 0 ||
	    (!generated && flannel_prepare(c, CNI_TRY_AGAIN, &generated) < 0) ||
	    delegate_is_own(c, flannel_type(generated), &own) < 0)
		return -1;
	flannel_set_prev(c, generated);
	return own ? flannel_run(c, "CHECK", generated, NULL) : 0;
}

static int flannel_status(struct call *c)
{
	struct json *generated;

	return flannel_prepare(c, CNI_NOT_AVAILABLE, &generated) < 0
		       ? -1
		       : flannel_run(c, "STATUS", generated, NULL);
}

static int flannel_gc(struct call *c)
{
	static const char *const keys[] = { "cni.dev/valid-attachments",
					    "cni.dev/attachments" };
	struct json *generated;

	if (flannel_prepare(c, CNI_TRY_AGAIN, &generated) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		const struct json *list = json_member(c->doc, keys[i]);

		if (list)
			flannel_set(c->job, generated, keys[i], list);
	}
	return flannel_run(c, "GC", generated, NULL) |
	       flannel_forget_invalid(c);
}

const struct applet flannel_applet = {
	.name = "flannel",
	.keys = flannel_keys,
	.conf_size = sizeof(struct flannel_conf),
	.defaults = &flannel_defaults,
	.defaults_size = sizeof(flannel_defaults),
	.needs_netns = true,
	.delegates = true,
	.validate = flannel_validate,
	.add = flannel_add,
	.del = flannel_del,
	.check = IF_CHECK(flannel_check),
	.status = flannel_status,
	.gc = IF_GC(flannel_gc),
};
