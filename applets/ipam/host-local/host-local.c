/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host-local - addresses from ranges, reserved in files on this host
 *
 * https://www.cni.dev/plugins/current/ipam/host-local/

config HOST_LOCAL
	bool "host-local"
	default y
	help
	  An IPAM plugin that needs no service: each address in use is a file
	  in "dataDir"/NETWORK. "ranges" is a list of range sets. A container
	  gets one address of every set, in turn, from whichever of the set's
	  ranges has one free; gateways are never given out. A single range
	  may stand in "ipam" itself. Certain addresses can be asked for with
	  IP in CNI_ARGS, or with "ips".

	  The files are those of the reference plugin, and both plugins may
	  be in use at once. An attribute of each file says in which boot it
	  was made: when no address is free, those of earlier boots are
	  freed, as no container outlives its kernel. GC frees what no valid
	  attachment owns; STATUS warns when a range set is exhausted. Costs
	  12 KB, and 15.5 with HOST_LOCAL_INDEX and HOST_LOCAL_DNS.
*/
#include "applets/ipam/host-local/host-local.h"

#include <string.h>

#include "core/cni/cni.h"
#include "core/cni/sandbox.h"
#include "core/state/lock.h"

#define DEFAULT_DATA_DIR "/var/lib/cni/networks"

struct host_local_conf {
	const char *data_dir; /* first, as it alone has a default */
	struct range range;
	struct list ranges, runtime_ranges; /* of sets */
	struct list runtime_ips, args_ips;  /* of const char * */
	struct list routes;		    /* of struct route */
	const char *resolv_conf;
	bool has_ipam;
};

static const struct conf_key range_item = { .type = CONF_OBJECT,
					    .keys = range_keys };
static const struct conf_key set_item = { .type = CONF_ARRAY,
					  .item = &range_item,
					  .item_size = sizeof(struct range) };
static const struct conf_key route_item = { .type = CONF_OBJECT,
					    .keys = route_keys };
static const struct conf_key ip_item = { .type = CONF_STRING };

static const struct conf_key subnet_auto = { .type = CONF_STRING,
					     AT(host_local_conf,
						range.subnet_auto),
					     .choices = range_auto };

static const struct conf_key ipam_keys[] = {
	{ "subnet", CONF_PREFIX, AT(host_local_conf, range.subnet),
	  .other = &subnet_auto,
	  HELP("one more range set, of this range alone; auto: this node's "
	       "part, one set of each family") },
	{ "rangeStart", CONF_IP, AT(host_local_conf, range.start),
	  HELP("its first address") },
	{ "rangeEnd", CONF_IP, AT(host_local_conf, range.end),
	  HELP("its last address") },
	{ "gateway", CONF_IP, AT(host_local_conf, range.gateway),
	  HELP("its gateway") },
	{ "ranges", CONF_ARRAY, AT(host_local_conf, ranges), .item = &set_item,
	  .item_size = sizeof(struct list),
	  HELP("range sets; each gives one address") },
	{ "routes", CONF_ARRAY, AT(host_local_conf, routes),
	  .item = &route_item, .item_size = sizeof(struct route),
	  HELP("passed on in the result") },
	{ "dataDir", CONF_STRING, AT(host_local_conf, data_dir),
	  HELP("where every network has its folder") },
	{ "resolvConf", CONF_STRING, AT(host_local_conf, resolv_conf),
	  HELP("file of the DNS settings for the result") },
	CONF_END
};

static const struct conf_key runtime_keys[] = {
	{ "ipRanges", CONF_ARRAY, AT(host_local_conf, runtime_ranges),
	  .item = &set_item, .item_size = sizeof(struct list),
	  HELP("range sets before those of ipam") },
	{ "ips", CONF_ARRAY, AT(host_local_conf, runtime_ips), .item = &ip_item,
	  .item_size = sizeof(const char *), HELP("addresses asked for") },
	CONF_END
};

static const struct conf_key args_cni_keys[] = {
	{ "ips", CONF_ARRAY, AT(host_local_conf, args_ips), .item = &ip_item,
	  .item_size = sizeof(const char *), HELP("addresses asked for") },
	CONF_END
};

static const struct conf_key args_keys[] = {
	{ "cni", CONF_OBJECT, .keys = args_cni_keys,
	  HELP("arguments for any plugin") },
	CONF_END
};

static const struct conf_key host_local_keys[] = {
	{ "ipam", CONF_OBJECT, .keys = ipam_keys,
	  .has = offsetof(struct host_local_conf, has_ipam),
	  HELP("what this plugin is to do") },
	{ "runtimeConfig", CONF_OBJECT, .keys = runtime_keys,
	  HELP("what the runtime adds") },
	{ "args", CONF_OBJECT, .keys = args_keys,
	  HELP("what the orchestrator adds") },
	CONF_END
};

static const char *const host_local_defaults = DEFAULT_DATA_DIR;

static int host_local_append_sets(struct job *job, struct list *sets,
				  const struct list *more)
{
	const struct list *set = more->items;

	for (size_t i = 0; i < more->count; i++) {
		if (ranges_add(job, &set[i], sets) < 0)
			return -1;
	}
	return 0;
}

static int host_local_read_sets(struct call *c, struct list *sets)
{
	const struct host_local_conf *conf = c->conf;
	struct list set = { 0 };

	if (!conf->has_ipam)
		return fail(c->job, CNI_BAD_CONFIG,
			    "IPAM config missing 'ipam' key");
	if (host_local_append_sets(c->job, sets, &conf->runtime_ranges) < 0)
		return -1;
	if (conf->range.subnet.ip.family || conf->range.subnet_auto) {
		list_copy(c->job, &set, &conf->range, sizeof(conf->range));
		if (ranges_add(c->job, &set, sets) < 0)
			return -1;
	}
	return host_local_append_sets(c->job, sets, &conf->ranges);
}

static bool host_local_add_wanted(struct job *job, struct list *wanted,
				  const char *text)
{
	const struct ip *known = wanted->items;
	struct prefix prefix;
	char buf[IP_TEXT];

	/* prefix_parse() keeps IPv4 in the form of IPv6; printed and read
	 * again it is IPv4. */
	if (prefix_parse(text, &prefix))
		text = ip_print(&prefix.ip, buf);
	if (!ip_parse(text, &prefix.ip))
		return false;
	for (size_t i = 0; i < wanted->count; i++)
		if (ip_compare(&known[i], &prefix.ip) == 0)
			return true;
	list_copy(job, wanted, &prefix.ip, sizeof(*known));
	return true;
}

/* Lists the addresses that CNI_ARGS, args and runtimeConfig ask for, each
 * once. */
static int host_local_read_wanted(struct call *c, struct list *wanted)
{
	const struct host_local_conf *conf = c->conf;
	const struct list *lists[] = { &conf->args_ips, &conf->runtime_ips };
	const char *arg = env_arg(c->job, &c->env, "IP");

	if (arg && *arg && !host_local_add_wanted(c->job, wanted, arg))
		return fail(
			c->job, CNI_BAD_ENVIRONMENT,
			"CNI_ARGS: ARGS: error parsing value of pair \"IP=%s\": "
			"invalid IP address %s",
			arg, arg);
	for (size_t i = 0; i < 2; i++) {
		const char *const *text = lists[i]->items;

		for (size_t j = 0; j < lists[i]->count; j++)
			if (!host_local_add_wanted(c->job, wanted, text[j]))
				return fail(c->job, CNI_BAD_CONFIG,
					    "invalid IP address %s", text[j]);
	}
	return 0;
}

static int host_local_open_store(struct call *c, bool create, struct store *out)
{
	const struct host_local_conf *conf = c->conf;
	const char *dir = *conf->data_dir ? conf->data_dir : DEFAULT_DATA_DIR;

	if (store_open(c->job, job_printf(c->job, "%s/%s", dir, c->net.name),
		       create, LOCK_SECONDS, out) < 0)
		return -1;
	if (!IS_ENABLED(CONFIG_SANDBOX) || c->unconfined || out->dir < 0 ||
	    sandbox_files(c->job, out->dir) == 0)
		return 0;
	store_close(out);
	return -1;
}

static int host_local_add(struct call *c)
{
	const struct host_local_conf *conf = c->conf;
	bool resolv = conf->resolv_conf && *conf->resolv_conf;
	struct grant *g = job_alloc(c->job, sizeof(*g));
	struct list sets = { 0 };
	int status;

	g->job = c->job;
	g->owner = (struct owner) { c->env.container, c->env.ifname };
	if (host_local_read_sets(c, &sets) < 0 ||
	    ranges_check(c->job, c->net.version, &sets) < 0 ||
	    host_local_read_wanted(c, &g->wanted) < 0)
		return -1;
	if (resolv && !IS_ENABLED(CONFIG_HOST_LOCAL_DNS))
		return fail_unbuilt(c->job, CNI_BAD_CONFIG, "ipam.resolvConf",
				    "HOST_LOCAL_DNS");
	if (resolv &&
	    resolv_read(c->job, conf->resolv_conf, &c->result.dns) < 0)
		return -1;
	if (host_local_open_store(c, true, &g->store) < 0)
		return -1;
	undo_push(c->job, grant_undo, g);
	status = grant_all(g, &sets, &c->result.ips);
	store_close(&g->store);
	c->result.routes = conf->routes;
	return status;
}

static int host_local_del(struct call *c)
{
	const struct owner owner = { c->env.container, c->env.ifname };
	const struct reservation *r;
	struct list owned = { 0 };
	struct store s;

	if (host_local_open_store(c, false, &s) < 0)
		return -1;
	store_find(&s, &owner, &owned);
	r = owned.items;
	for (size_t i = 0; i < owned.count; i++)
		store_release(&s, &r[i].ip);
	store_close(&s);
	return 0;
}

static int host_local_check_prev(struct call *c, const struct list *sets,
				 const struct list *owned)
{
	const struct result_ip *ip = c->prev.ips.items;
	const struct list *set = sets->items;
	char text[IP_TEXT];

	for (size_t i = 0; i < c->prev.ips.count; i++)
		for (size_t j = 0; j < sets->count; j++)
			if (ranges_find(&set[j], &ip[i].address.ip) &&
			    !store_among(owned, &ip[i].address.ip))
				return fail(c->job, CNI_INTERNAL,
					    "host-local: Failed to find "
					    "address %s added by container %s",
					    ip_print(&ip[i].address.ip, text),
					    c->env.container);
	return 0;
}

static int host_local_check(struct call *c)
{
	const struct owner owner = { c->env.container, c->env.ifname };
	struct list sets = { 0 }, owned = { 0 };
	struct store s;
	int status;

	if (host_local_read_sets(c, &sets) < 0 ||
	    ranges_check(c->job, c->net.version, &sets) < 0 ||
	    host_local_open_store(c, false, &s) < 0)
		return -1;
	status = store_find(&s, &owner, &owned);
	store_close(&s);
	if (status < 0)
		return -1;
	if (!owned.count)
		return fail(c->job, CNI_INTERNAL,
			    "host-local: Failed to find address added by "
			    "container %s",
			    c->env.container);
	return host_local_check_prev(c, &sets, &owned);
}

/* Turns an error that passes by itself into a warning: code 50 would say that
 * the node cannot serve, and living pods would be evicted. */
static void host_local_warn_if_temporary(struct job *job)
{
	if (job->code == CNI_TRY_AGAIN)
		cni_forgive(job, true);
}

/* The folder can be written to. An exhausted set, or a lock that others hold
 * for long, is only a warning. */
static int host_local_status(struct call *c)
{
	struct list sets = { 0 };
	const struct list *set;
	struct store s;

	if (host_local_read_sets(c, &sets) < 0) {
		/* No list of nodes: this does not pass by itself. */
		if (c->job->code == CNI_TRY_AGAIN)
			c->job->code = CNI_NOT_AVAILABLE;
		return -1;
	}
	/* A runtime may give the ranges (runtimeConfig) only for ADD. */
	if (sets.count && ranges_check(c->job, c->net.version, &sets) < 0)
		return -1;
	if (host_local_open_store(c, true, &s) == 0) {
		store_probe(&s);
		set = sets.items;
		for (size_t i = 0; i < sets.count; i++) {
			grant_has_free(&s, i, &set[i]);
			host_local_warn_if_temporary(c->job);
		}
		store_close(&s);
	}
	host_local_warn_if_temporary(c->job);
	if (c->job->msg)
		c->job->code = CNI_NOT_AVAILABLE;
	return 0;
}

static int host_local_release_invalid(struct store *s,
				      const struct store_entry *entry,
				      void *arg)
{
	const struct list *attachments = arg;
	const struct attachment *valid = attachments->items;
	const char *ifname = entry->owner.ifname;

	for (size_t i = 0; i < attachments->count; i++)
		if (!strcmp(valid[i].container, entry->owner.container) &&
		    (!ifname || !strcmp(valid[i].ifname, ifname)))
			return 0;
	return store_release(s, &entry->ip);
}

static int host_local_gc(struct call *c)
{
	struct store s;

	if (host_local_open_store(c, false, &s) < 0)
		return -1;
	store_each(&s, host_local_release_invalid, &c->net.attachments);
	store_close(&s);
	return 0;
}

const struct applet host_local_applet = {
	.name = "host-local",
	.lends = true,
	.keys = host_local_keys,
	.conf_size = sizeof(struct host_local_conf),
	.defaults = &host_local_defaults,
	.defaults_size = sizeof(host_local_defaults),
	.takes_args = true,
	.add = host_local_add,
	.del = host_local_del,
	.check = IF_CHECK(host_local_check),
	.status = host_local_status,
	.gc = IF_GC(host_local_gc),
};
