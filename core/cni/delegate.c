/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/delegate.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/cni/exec.h"

/* A plugin that is to do a part of the call c. */
struct delegate {
	struct call *c;
	const char *type;
	const char *path; /* of its file, found by CNI_PATH */
	struct stat st;	  /* of that file */
};

/* Finds the first regular file "<directory of CNI_PATH>/<type>". */
static bool search_path(struct delegate *d)
{
	const char *dirs = *d->c->env.path ? d->c->env.path : NULL;

	while (dirs) {
		int len = (int)strcspn(dirs, ":");

		d->path = job_printf(d->c->job, "%.*s/%s", len ? len : 1,
				     len ? dirs : ".", d->type);
		if (stat(d->path, &d->st) == 0 && S_ISREG(d->st.st_mode))
			return true;
		dirs = dirs[len] ? dirs + len + 1 : NULL;
	}
	return false;
}

static int find_plugin(struct delegate *d)
{
	struct job *job = d->c->job;
	char *path_list;

	if (strchr(d->type, '/'))
		return fail(job, CNI_BAD_CONFIG, "invalid plugin name: %s",
			    d->type);
	if (!*d->c->env.path)
		return fail(job, CNI_BAD_ENVIRONMENT,
			    "required env variables [CNI_PATH] missing");
	if (search_path(d))
		return 0;
	path_list = job_printf(job, "%s", d->c->env.path);
	for (char *p = path_list; *p; p++) {
		if (*p == ':')
			*p = ' ';
	}
	return fail(job, CNI_BAD_CONFIG,
		    "failed to find plugin \"%s\" in path [%s]", d->type,
		    path_list);
}

static const char self_path[] = "/proc/self/exe";

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The applet that the file would be if it were run; NULL if the file is another
 * program than this one. */
static const struct applet *own_applet(const struct delegate *d)
{
	struct stat self;

	if (!IS_ENABLED(CONFIG_IPAM_INPROCESS) || stat(self_path, &self) < 0 ||
	    !is_same_file(&self, &d->st))
		return NULL;
	return applet_find(d->c->applets, d->type);
}

int delegate_is_own(struct call *c, const char *type, bool *own)
{
	struct delegate d = { c, type };
	struct stat self;

	*own = !IS_ENABLED(CONFIG_IPAM_EXEC) && applet_find(c->applets, type);
	if (!IS_ENABLED(CONFIG_IPAM_EXEC) || !applet_find(c->applets, type))
		return 0;
	errno = ENOENT;
	if (!search_path(&d))
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : fail_errno(c->job, errno, "look for %s", type);
	if (stat(self_path, &self) < 0)
		return fail_errno(c->job, errno, "look at %s", self_path);
	*own = is_same_file(&self, &d.st);
	return 0;
}

bool ipam_is_foreign(struct call *c)
{
	struct delegate d = { c, c->net.ipam };

	return IS_ENABLED(CONFIG_IPAM_EXEC) && d.type && search_path(&d) &&
	       !own_applet(&d);
}

/* Takes over the error that the plugin printed, as it is. */
static int plugin_failed(const struct delegate *d,
			 const struct exec_result *run)
{
	struct error_document {
		int code;
		const char *msg, *details;
	} error = { 0 };
	static const struct conf_key keys[] = {
		{ "code", CONF_INT, AT(error_document, code) },
		{ "msg", CONF_STRING, AT(error_document, msg) },
		{ "details", CONF_STRING, AT(error_document, details) },
		CONF_END
	};
	struct job *job = d->c->job;
	struct job look = { .name = job->name };
	const char *how, *said;
	struct json *doc;
	int ret;

	if (json_parse(&look, "", run->out, run->len, &doc) == 0 &&
	    conf_read(&look, "", doc, keys, true, &error) == 0 && error.msg) {
		const char *details = error.details;

		ret = fail_details(job, error.code,
				   details ? job_printf(job, "%s", details)
					   : NULL,
				   "%s", error.msg);
	} else {
		how = WIFSIGNALED(run->status)
			      ? job_printf(job, "signal %d",
					   WTERMSIG(run->status))
			      : job_printf(job, "exit status %d",
					   WEXITSTATUS(run->status));
		/* Runtimes show the details, but not stderr. */
		said = run->len ? run->out : run->err;
		ret = fail_details(
			job, CNI_INTERNAL, *said ? said : NULL,
			"netplugin %s failed with no error message: %s",
			d->type, how);
	}
	job_free(&look);
	return ret;
}

static int run_plugin(const struct delegate *d, const char *verb,
		      struct result *out)
{
	const struct call *c = d->c;
	struct exec_result run;
	struct json *doc;
	const char *what;

	if (exec_plugin(c->job, d->path, verb, c->text, c->len, &run) < 0)
		return -1;
	if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0)
		return plugin_failed(d, &run);
	if (!out)
		return 0;
	what = job_printf(c->job, "result of %s", d->type);
	if (json_parse(c->job, what, run.out, run.len, &doc) < 0)
		return -1;
	return result_read(c->job, what, doc, c->net.version, false, out);
}

int delegate_pass_on(struct call *c, const char *verb)
{
	bool left_out;

	if (call_run(c, verb, &left_out) < 0)
		return -1;
	/* An IPAM applet without this verb must not delegate to itself. */
	if (!left_out ||
	    (c->net.ipam && strcmp(c->net.ipam, c->applet->name) == 0))
		return 0;
	if (strcmp(verb, "GC") == 0)
		return ipam_gc(c);
	return strcmp(verb, "STATUS") == 0 ? ipam_status(c) : 0;
}

static int run_applet(struct call *c, const struct applet *applet,
		      const char *verb, struct result *out)
{
	struct call *call = job_alloc(c->job, sizeof(*call));

	*call = *c;
	call->applet = applet;
	call->result = (struct result) { 0 };
	if (delegate_pass_on(call, verb) < 0)
		return -1;
	if (out)
		*out = call->result;
	return 0;
}

/* Has the plugin of this type carry out verb, with the configuration that c has
 * (text, doc, net, prev). *out is what it answers to ADD; NULL for other verbs.
 * key is where the configuration names the type. */
static int delegate(struct call *c, const char *key, const char *type,
		    const char *verb, struct result *out)
{
	struct delegate d = { c, type };
	const struct applet *applet;

	if (strcmp(type, c->applet->name) == 0)
		return fail(c->job, CNI_BAD_CONFIG,
			    "%s: %s cannot be its own delegate", key, type);
	if (!IS_ENABLED(CONFIG_IPAM_EXEC)) {
		applet = applet_find(c->applets, type);
		if (!applet)
			return fail_unbuilt(
				c->job, CNI_BAD_CONFIG,
				job_printf(c->job, "%s: %s", key, type),
				"IPAM_EXEC");
	} else if (find_plugin(&d) < 0) {
		return -1;
	} else {
		applet = own_applet(&d);
	}
	return applet ? run_applet(c, applet, verb, out)
		      : run_plugin(&d, verb, out);
}

int delegate_run(struct call *c, const char *type, const char *verb,
		 const struct str *conf, struct result *out)
{
	struct call *call = job_alloc(c->job, sizeof(*call));
	const struct json *member;
	struct json *doc;

	*call = *c;
	call->text = conf->text;
	call->len = conf->len;
	if (json_parse(c->job, "delegate", conf->text, conf->len, &doc) < 0)
		return -1;
	call->doc = doc;
	member = json_member(json_member(doc, "ipam"), "type");
	call->net.ipam = member && member->type == JSON_STRING && *member->text
				 ? member->text
				 : NULL;
	return delegate(call, "delegate.type", type, verb, out);
}

/* Without ipam.type there is nothing to do. */
static int ipam(struct call *c, const char *verb, struct result *out)
{
	return c->net.ipam ? delegate(c, "ipam.type", c->net.ipam, verb, out)
			   : 0;
}

static void undo_ipam(void *c)
{
	ipam(c, "DEL", NULL);
}

static int refuse_ipv6(struct job *job, const struct result *result)
{
	const struct result_ip *ips = result->ips.items;
	const struct route *routes = result->routes.items;
	const struct prefix *found = NULL;
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < result->ips.count; i++)
		if (ips[i].address.ip.family == AF_INET6)
			found = &ips[i].address;
	for (size_t i = 0; i < result->routes.count; i++)
		if (routes[i].dst.ip.family == AF_INET6)
			found = &routes[i].dst;
	if (!found)
		return 0;
	return fail_unbuilt(
		job, CNI_BAD_CONFIG,
		job_printf(job, "ipam: %s", prefix_print(found, text)), "IPV6");
}

int ipam_add(struct call *c, int interface)
{
	struct result *result = &c->result;
	struct result_ip *ip;

	undo_push(c->job, undo_ipam, c);
	if (ipam(c, "ADD", result) < 0)
		return -1;
	if (!result->ips.count)
		return fail(c->job, CNI_INTERNAL,
			    "IPAM plugin returned missing IP config");
	if (!IS_ENABLED(CONFIG_IPV6) && refuse_ipv6(c->job, result) < 0)
		return -1;
	result->interfaces.count = 0;
	ip = result->ips.items;
	for (size_t i = 0; i < result->ips.count; i++) {
		ip[i].interface = interface;
		ip[i].has_interface = true;
	}
	return 0;
}

int ipam_del(struct call *c)
{
	return ipam(c, "DEL", NULL);
}

int ipam_check(struct call *c)
{
	return ipam(c, "CHECK", NULL);
}

int ipam_status(struct call *c)
{
	return ipam(c, "STATUS", NULL);
}

int ipam_gc(struct call *c)
{
	return ipam(c, "GC", NULL);
}
