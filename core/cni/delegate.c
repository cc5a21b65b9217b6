/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/delegate.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/cni/exec.h"

/* The regular file "<directory of CNI_PATH>/<type>" that comes first. */
static bool search_path(struct call *c, const char **path, struct stat *st)
{
	const char *dirs = *c->env.path ? c->env.path : NULL;

	while (dirs) {
		int len = (int)strcspn(dirs, ":");

		*path = job_printf(c->job, "%.*s/%s", len ? len : 1,
				   len ? dirs : ".", c->net.ipam);
		if (stat(*path, st) == 0 && S_ISREG(st->st_mode))
			return true;
		dirs = dirs[len] ? dirs + len + 1 : NULL;
	}
	return false;
}

static int find_plugin(struct call *c, const char **path, struct stat *st)
{
	char *path_list;

	if (strchr(c->net.ipam, '/'))
		return fail(c->job, CNI_BAD_CONFIG, "invalid plugin name: %s",
			    c->net.ipam);
	if (!*c->env.path)
		return fail(c->job, CNI_BAD_ENVIRONMENT,
			    "required env variables [CNI_PATH] missing");
	if (search_path(c, path, st))
		return 0;
	path_list = job_printf(c->job, "%s", c->env.path);
	for (char *p = path_list; *p; p++) {
		if (*p == ':')
			*p = ' ';
	}
	return fail(c->job, CNI_BAD_CONFIG,
		    "failed to find plugin \"%s\" in path [%s]", c->net.ipam,
		    path_list);
}

/* The applet that the file at hand would be if it were run; NULL if it is
 * another program than this one. */
static const struct applet *own_applet(struct call *c, const struct stat *st)
{
	struct stat self;

	if (!IS_ENABLED(CONFIG_IPAM_INPROCESS) ||
	    stat("/proc/self/exe", &self) < 0 || self.st_dev != st->st_dev ||
	    self.st_ino != st->st_ino)
		return NULL;
	return applet_find(c->applets, c->net.ipam);
}

bool ipam_is_foreign(struct call *c)
{
	const char *path;
	struct stat st;

	return IS_ENABLED(CONFIG_IPAM_EXEC) && c->net.ipam &&
	       search_path(c, &path, &st) && !own_applet(c, &st);
}

/* Takes over the error that the plugin printed, as it is. */
static int plugin_failed(struct call *c, const struct exec_result *run)
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
	struct job look = { .name = c->job->name };
	const char *how, *said;
	struct json *doc;
	int ret;

	if (json_parse(&look, "", run->out, run->len, &doc) == 0 &&
	    conf_read(&look, "", doc, keys, true, &error) == 0 && error.msg) {
		const char *details = error.details;

		ret = fail_details(c->job, error.code,
				   details ? job_printf(c->job, "%s", details)
					   : NULL,
				   "%s", error.msg);
	} else {
		how = WIFSIGNALED(run->status)
			      ? job_printf(c->job, "signal %d",
					   WTERMSIG(run->status))
			      : job_printf(c->job, "exit status %d",
					   WEXITSTATUS(run->status));
		/* A runtime shows the details, of stderr nothing. */
		said = run->len ? run->out : run->err;
		ret = fail_details(
			c->job, CNI_INTERNAL, *said ? said : NULL,
			"netplugin %s failed with no error message: %s",
			c->net.ipam, how);
	}
	job_free(&look);
	return ret;
}

static int run_plugin(struct call *c, const char *path, const char *verb,
		      struct result *out)
{
	struct exec_result run;
	struct json *doc;
	const char *what;

	if (exec_plugin(c->job, path, verb, c->text, c->len, &run) < 0)
		return -1;
	if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0)
		return plugin_failed(c, &run);
	if (!out)
		return 0;
	what = job_printf(c->job, "result of %s", c->net.ipam);
	if (json_parse(c->job, what, run.out, run.len, &doc) < 0)
		return -1;
	return result_read(c->job, what, doc, c->net.version, false, out);
}

/* Passes verb on to the IPAM plugin; out only for ADD. */
static int delegate(struct call *c, const char *verb, struct result *out)
{
	const struct applet *applet;
	const char *path = NULL;
	struct call *call;
	struct stat st;
	bool left_out;

	if (!c->net.ipam)
		return 0;
	if (strcmp(c->net.ipam, c->applet->name) == 0)
		return fail(c->job, CNI_BAD_CONFIG,
			    "ipam.type: %s cannot be its own IPAM plugin",
			    c->net.ipam);
	if (!IS_ENABLED(CONFIG_IPAM_EXEC)) {
		applet = applet_find(c->applets, c->net.ipam);
		if (!applet)
			return fail_unbuilt(c->job, CNI_BAD_CONFIG,
					    job_printf(c->job, "ipam.type: %s",
						       c->net.ipam),
					    "IPAM_EXEC");
	} else if (find_plugin(c, &path, &st) < 0) {
		return -1;
	} else {
		applet = own_applet(c, &st);
		if (!applet)
			return run_plugin(c, path, verb, out);
	}
	call = job_alloc(c->job, sizeof(*call));
	*call = *c;
	call->applet = applet;
	call->result = (struct result) { 0 };
	if (call_run(call, verb, &left_out) < 0)
		return -1;
	if (out)
		*out = call->result;
	return 0;
}

static void undo_ipam(void *arg)
{
	delegate(arg, "DEL", NULL);
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

int ipam_add(struct call *c, struct result *out)
{
	*out = (struct result) { 0 };
	undo_push(c->job, undo_ipam, c);
	if (delegate(c, "ADD", out) < 0)
		return -1;
	if (!out->ips.count)
		return fail(c->job, CNI_INTERNAL,
			    "IPAM plugin returned missing IP config");
	return IS_ENABLED(CONFIG_IPV6) ? 0 : refuse_ipv6(c->job, out);
}

int ipam_del(struct call *c)
{
	return delegate(c, "DEL", NULL);
}

int ipam_check(struct call *c)
{
	return delegate(c, "CHECK", NULL);
}

int ipam_status(struct call *c)
{
	return delegate(c, "STATUS", NULL);
}

int ipam_gc(struct call *c)
{
	return delegate(c, "GC", NULL);
}
