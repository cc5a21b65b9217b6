/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ipam.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/addr.h"
#include "core/exec.h"
#include "core/log.h"
#include "core/route.h"
#include "core/sysctl.h"

enum { DAD_MS = 10000 };

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
	if (cni_run(call, verb) < 0)
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

/* Whether this address of a result is the link's. */
static bool is_of(const struct result_ip *ip, int index)
{
	return ip->has_interface && ip->interface == index;
}

/* A container may have IPv6 switched off; an IPv6 address is a wish for it. */
static int enable_ipv6(struct call *c, const struct link *link)
{
	const char *name =
		job_printf(c->job, "net/ipv6/conf/%s/disable_ipv6", link->name);
	const char *keep = job_printf(
		c->job, "net/ipv6/conf/%s/keep_addr_on_down", link->name);
	bool found;

	if (sysctl_ensure_if_any(c->job, c->netns.fd,
				 "net/ipv6/conf/lo/disable_ipv6", "0",
				 &found) < 0 ||
	    sysctl_ensure_if_any(c->job, c->netns.fd, name, "0", &found) < 0)
		return -1;
	return sysctl_ensure(c->job, c->netns.fd, keep, "1");
}

static int enable_dad(struct call *c, const struct link *link)
{
	return sysctl_ensure(
		c->job, c->netns.fd,
		job_printf(c->job, "net/ipv6/conf/%s/accept_dad", link->name),
		"1");
}

/* The gateway a route without one gets: the first of its family. */
static struct ip default_gateway(const struct result *result,
				 const struct route *route)
{
	const struct result_ip *ips = result->ips.items;

	enum { SCOPE_LINK = 253 };

	for (size_t i = 0; i < result->ips.count; i++) {
		if (route->has_scope && route->scope >= SCOPE_LINK)
			break;
		if (ips[i].gateway.family == route->dst.ip.family)
			return ips[i].gateway;
	}
	return (struct ip) { 0 };
}

static int add_routes(struct call *c, const struct link *link)
{
	const struct route *routes = c->result.routes.items;

	for (size_t i = 0; i < c->result.routes.count; i++) {
		struct route route = routes[i];

		if (!route.gw.family)
			route.gw = default_gateway(&c->result, &route);
		if (route_add(&c->guest, link, &route) < 0)
			return -1;
	}
	return 0;
}

/* Everything goes out in one message, unless duplicate address detection has
 * to end before there can be routes. */
int ipam_apply(struct call *c, const struct link *link, int index, bool dad)
{
	const struct result_ip *ips = c->result.ips.items;
	bool v6 = false;

	for (size_t i = 0; i < c->result.ips.count; i++)
		v6 |= IS_ENABLED(CONFIG_IPV6) && is_of(&ips[i], index) &&
		      ips[i].address.ip.family == AF_INET6;
	if (v6 &&
	    (enable_ipv6(c, link) < 0 || (dad && enable_dad(c, link) < 0)))
		return -1;
	nl_hold(&c->guest);
	link_set_ipv4(&c->guest, link->index, LINK_ARP_NOTIFY);
	for (size_t i = 0; i < c->result.ips.count; i++) {
		if (is_of(&ips[i], index))
			addr_add(&c->guest, link, &ips[i].address, dad, NULL);
	}
	link_set_flags(&c->guest, link, IFF_UP, IFF_UP);
	if (v6 && dad) {
		if (nl_release(&c->guest) < 0 ||
		    addr_wait_dad(&c->guest, link, DAD_MS) < 0)
			return -1;
		nl_hold(&c->guest);
	}
	add_routes(c, link);
	return nl_release(&c->guest);
}

static int verify_addresses(struct call *c, const struct link *link)
{
	const struct result_interface *interfaces = c->prev.interfaces.items;
	const struct result_ip *ips = c->prev.ips.items;
	char text[PREFIX_TEXT];
	struct list addrs;

	if (addr_list(&c->guest, link, 0, &addrs) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		size_t of = (size_t)ips[i].interface;

		if (ips[i].has_interface &&
		    (of >= c->prev.interfaces.count ||
		     strcmp(interfaces[of].name, link->name) != 0))
			continue;
		if (!addr_among(&addrs, &ips[i].address))
			return fail(c->job, CNI_INTERNAL,
				    "Failed to match addr %s on interface %s",
				    prefix_print(&ips[i].address, text),
				    link->name);
	}
	return 0;
}

int ipam_verify(struct call *c, const struct link *link)
{
	const struct route *routes = c->prev.routes.items;

	if (verify_addresses(c, link) < 0)
		return -1;
	for (size_t i = 0; i < c->prev.routes.count; i++) {
		bool exists;

		if (route_exists(&c->guest, link, &routes[i], &exists) < 0)
			return -1;
		if (!exists)
			return fail(
				c->job, CNI_INTERNAL,
				"Expected Route %s not found in routing table of interface %s",
				route_text(c->job, &routes[i]), link->name);
	}
	return 0;
}
