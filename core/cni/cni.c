/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/cni.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/io.h"
#include "core/cni/delegate.h"
#include "core/cni/sandbox.h"

static const struct verb {
	const char *name;
	unsigned needs;
	const char *since; /* version of the configuration */
} verbs[] = {
	{ "ADD", NEEDS_CONTAINER | NEEDS_NETNS | NEEDS_OTHER_NETNS, NULL },
	{ "DEL", NEEDS_CONTAINER | NEEDS_OTHER_NETNS, NULL },
	{ "CHECK", NEEDS_CONTAINER | NEEDS_NETNS, "0.4.0" },
	{ "STATUS", 0, "1.1.0" },
	{ "GC", 0, "1.1.0" },
};

int cni_print(struct job *job, const char *text)
{
	if (io_write(STDOUT_FILENO, text, strlen(text)) < 0)
		return fail(job, CNI_IO_FAILURE, "write to stdout: %s",
			    errno_text(job, errno));
	return 0;
}

/* Whether applet, or with NULL any, speaks a version. Text compares as versions
 * do. */
static bool speaks(const struct applet *applet, const char *version)
{
	return result_family(version) != RESULT_UNKNOWN &&
	       (!applet || !applet->since ||
		strcmp(version, applet->since) >= 0);
}

int cni_print_error(struct job *job, const char *version)
{
	struct json_writer w = { .out.job = job };

	if (!version || !speaks(NULL, version))
		version = CNI_NEWEST;
	json_open(&w, NULL, '{');
	json_string(&w, "cniVersion", version);
	json_int(&w, "code", job->code);
	json_string(&w, "msg", job->msg);
	if (job->details)
		json_string(&w, "details", job->details);
	json_close(&w, '}');
	if (cni_print(job, w.out.text) < 0)
		return cni_log_error(job);
	return 1;
}

int cni_log_error(struct job *job)
{
	job_warn(job, job->details ? "%s; %s" : "%s", job->msg, job->details);
	return 1;
}

void cni_forgive(struct job *job, bool had_none)
{
	if (!had_none || !job->msg)
		return;
	cni_log_error(job);
	job->msg = NULL;
}

static void add_versions(struct str *out, const struct applet *applet,
			 const char *between)
{
	for (const char *const *v = cni_versions; *v; v++) {
		if (speaks(applet, *v))
			str_printf(out, "%s%s", *v, v[1] ? between : "");
	}
}

static int print_versions(const struct call *c)
{
	struct str text = { .job = c->job };

	str_add(&text,
		"{\"cniVersion\":\"" CNI_NEWEST "\",\"supportedVersions\":[\"");
	add_versions(&text, c->applet, "\",\"");
	str_add(&text, "\"]}\n");
	return cni_print(c->job, text.text);
}

void cni_about(struct str *out, const struct applet *applet)
{
	str_printf(out, "CNI %s plugin v%s\nCNI protocol versions supported: ",
		   applet ? applet->name : "plugins", CNIBOX_VERSION);
	add_versions(out, applet, ", ");
	str_add(out, "\n");
}

void cni_introduce(struct job *job, const struct applet *applet)
{
	struct str text = { .job = job };

	cni_about(&text, applet);
	(void)!write(STDERR_FILENO, text.text, text.len);
}

static int read_stdin(struct call *c)
{
	struct str text = { .job = c->job };

	if (io_read(STDIN_FILENO, &text, JSON_SIZE_MAX) < 0)
		return errno == EFBIG
			       ? fail(c->job, CNI_NOT_DECODED,
				      "network configuration: longer than %d bytes",
				      JSON_SIZE_MAX)
			       : fail(c->job, CNI_IO_FAILURE,
				      "error reading from stdin: %s",
				      errno_text(c->job, errno));
	c->text = text.text;
	c->len = text.len;
	trace(c->job, "read %zu bytes of configuration", text.len);
	return 0;
}

static const char undecoded[] = "error unmarshall network config";

static int fail_type(struct job *job, const char *what, const char *expected,
		     const struct json *value)
{
	return fail(job, CNI_NOT_DECODED, "%s: expected %s, got %s", what,
		    expected, json_type_name(value->type));
}

/* The name, and the version as it is: whether we speak it is asked later. */
static int read_name(struct call *c)
{
	const struct json *name, *version;
	struct job *job = c->job;
	struct json *doc;

	if (json_parse(job, undecoded, c->text, c->len, &doc) < 0)
		return -1;
	c->doc = doc;
	if (doc->type != JSON_OBJECT && doc->type != JSON_NULL)
		return fail_type(job, undecoded, "an object", doc);
	c->net.version = "0.1.0";
	version = json_member(doc, "cniVersion");
	if (version && version->type == JSON_STRING && *version->text)
		c->net.version = version->text;
	name = json_member(doc, "name");
	if (!name || name->type == JSON_NULL ||
	    (name->type == JSON_STRING && !*name->text))
		return fail(job, CNI_BAD_CONFIG, "missing network name");
	if (name->type != JSON_STRING)
		return fail_type(job, "error unmarshall network config: name",
				 "a string", name);
	if (!env_is_valid_name(name->text))
		return fail_details(job, CNI_BAD_CONFIG, name->text,
				    "invalid characters found in network name");
	c->net.name = name->text;
	if (version && version->type != JSON_STRING &&
	    version->type != JSON_NULL)
		return fail_type(job, "decoding version from network config",
				 "a string", version);
	return 0;
}

static int check_version(struct call *c, const struct verb *verb)
{
	static const char refused[] = "%s version does not allow %s";
	struct str known = { .job = c->job };
	int order;

	if (verb->since) {
		if (version_compare(c->job, c->net.version, verb->since,
				    &order) < 0)
			return -1;
		if (order < 0)
			return fail(c->job, CNI_INCOMPATIBLE_VERSION, refused,
				    "config", verb->name);
		if (version_compare(c->job, c->net.version, CNI_NEWEST,
				    &order) < 0)
			return -1;
		if (order > 0)
			return fail(c->job, CNI_INCOMPATIBLE_VERSION, refused,
				    "plugin", verb->name);
	}
	if (speaks(c->applet, c->net.version))
		return 0;
	add_versions(&known, c->applet, "\" \"");
	return fail_details(
		c->job, CNI_INCOMPATIBLE_VERSION,
		job_printf(c->job, "config is \"%s\", plugin supports [\"%s\"]",
			   c->net.version, known.text),
		"incompatible CNI versions");
}

/* Opens CNI_NETNS. If it is our own namespace, ADD fails before it changes anything
 * there, and DEL goes on as if it were gone: nothing in it is the container's. */
static int open_netns(struct call *c, const struct verb *verb)
{
	bool needed = c->applet->needs_netns && verb->needs & NEEDS_NETNS;
	const char *override = getenv("CNI_NETNS_OVERRIDE");
	bool found = false, own = false;

	c->netns.fd = -1;
	if (*c->env.netns &&
	    netns_find(c->job, c->env.netns, &c->netns, &found) < 0)
		return -1;
	if (!found && needed)
		return fail(
			c->job, CNI_BAD_NETNS,
			"failed to open netns \"%s\": there is no network namespace",
			c->env.netns);
	if (!found || !(verb->needs & NEEDS_OTHER_NETNS) ||
	    (override &&
	     (str_same(override, "1") || str_same(override, "true"))))
		return 0;
	if (netns_is_own(c->job, &c->netns, &own) < 0)
		return -1;
	if (own && verb->needs & NEEDS_NETNS)
		return fail(
			c->job, CNI_BAD_NETNS,
			"plugin's netns and netns from CNI_NETNS should not be the same");
	if (own) {
		close(c->netns.fd);
		c->netns = (struct netns) { .fd = -1 };
	}
	return 0;
}

static int answer(struct call *c)
{
	struct str text = { .job = c->job };

	if (result_print(c->job, &c->result, c->net.version, &text) < 0)
		return -1;
	return cni_print(c->job, text.text);
}

/* What either list has is valid. */
static void join_attachments(struct call *c)
{
	const struct attachment *former = c->net.former.items;

	for (size_t i = 0; i < c->net.former.count; i++)
		list_copy(c->job, &c->net.attachments, &former[i],
			  sizeof(*former));
}

static int run_verb(struct call *c, const struct verb *verb)
{
	bool add = strcmp(verb->name, "ADD") == 0;
	bool del = strcmp(verb->name, "DEL") == 0;
	struct job *job = c->job;

	if (check_version(c, verb) < 0 ||
	    conf_read(job, "", c->doc, call_keys, del, &c->net) < 0 ||
	    open_netns(c, verb) < 0)
		return -1;
	join_attachments(c);
	trace(c->job, "understand them, and open CNI_NETNS");
	/* An empty ipam.type is as good as none. */
	if (c->net.ipam && !*c->net.ipam)
		c->net.ipam = NULL;
	c->has_prev = c->net.prev_result && verb->needs & NEEDS_NETNS;
	if (c->has_prev && !IS_ENABLED(CONFIG_CHAIN))
		return fail_unbuilt(job, CNI_BAD_CONFIG, "prevResult", "CHAIN");
	if (c->has_prev && result_read(job, "prevResult", c->net.prev_result,
				       c->net.version, true, &c->prev) < 0)
		return -1;
	/* Another program would inherit the sandbox. */
	if (IS_ENABLED(CONFIG_SANDBOX)) {
		c->unconfined = c->applet->delegates || ipam_is_foreign(c);
		if (!c->unconfined && sandbox_enter(job) < 0)
			return -1;
	}
	call_open(c);
	delegate_pass_on(c, verb->name);
	if (add && !job->msg)
		answer(c);
	if (add && job->msg)
		undo_run(job);
	return job->msg ? -1 : 0;
}

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static int serve(struct call *c)
{
	const struct verb *verb = verb_find(c->env.command);

	if (strcmp(c->env.command, "VERSION") == 0)
		return print_versions(c);
	if (env_check(c->job, &c->env, verb ? verb->needs : 0) < 0 ||
	    read_stdin(c) < 0 || read_name(c) < 0)
		return -1;
	if (!verb)
		return fail(c->job, CNI_BAD_ENVIRONMENT,
			    "unknown CNI_COMMAND: %s", c->env.command);
	return run_verb(c, verb);
}

int cni_main(struct call *c)
{
	struct job *job = c->job;
	int status = 0;

	job->name = c->applet->name;
	env_read(&c->env);
	if (!*c->env.command) {
		cni_introduce(job, c->applet);
		return 0;
	}
	if (IS_ENABLED(CONFIG_TRACE))
		trace_begin(&job->trace);
	/* A reader that is gone must not stop us half-way. */
	signal(SIGPIPE, SIG_IGN);
	if (serve(c) < 0 || job->msg)
		status = cni_print_error(job, c->net.version);
	trace(job, "answer");
	if (IS_ENABLED(CONFIG_TRACE))
		trace_end(&job->trace);
	return status;
}
