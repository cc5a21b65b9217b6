/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * static - the addresses that the configuration or the runtime names
 *
 * https://www.cni.dev/plugins/current/ipam/static/

config STATIC
	bool "static"
	default y
	help
	  An IPAM plugin that gives a container the addresses it is told, by
	  "addresses", by IP and GATEWAY in CNI_ARGS, or by "ips" of the
	  runtime. It keeps nothing, and does not know who else has them.
	  Costs 2.5 KB.
*/
#include <string.h>
#include <sys/socket.h>

#include "core/cni/call.h"

struct static_address {
	const char *text;
	struct ip gateway;
};

struct static_conf {
	struct list addresses;		   /* of struct static_address */
	struct list args_ips, runtime_ips; /* of const char * */
	struct list routes;		   /* of struct route */
	struct dns dns;
	bool has_ipam;
	struct list ips; /* of struct result_ip: what results from all that */
};

static const struct conf_key static_address_keys[] = {
	{ "address", CONF_STRING, AT(static_address, text),
	  HELP("with the length of its prefix, as 10.1.2.3/24") },
	{ "gateway", CONF_IP, AT(static_address, gateway),
	  HELP("of its subnet") },
	CONF_END
};

static const struct conf_key static_address_item = {
	.type = CONF_OBJECT, .keys = static_address_keys
};
static const struct conf_key static_route_item = { .type = CONF_OBJECT,
						   .keys = route_keys };
static const struct conf_key static_ip_item = { .type = CONF_STRING };

static const struct conf_key static_ipam_keys[] = {
	{ "addresses", CONF_ARRAY, AT(static_conf, addresses),
	  .item = &static_address_item,
	  .item_size = sizeof(struct static_address),
	  HELP("of the container") },
	{ "routes", CONF_ARRAY, AT(static_conf, routes),
	  .item = &static_route_item, .item_size = sizeof(struct route),
	  HELP("passed on in the result") },
	{ "dns", CONF_OBJECT, AT(static_conf, dns), .keys = dns_keys,
	  HELP("passed on in the result") },
	CONF_END
};

static const struct conf_key static_runtime_keys[] = {
	{ "ips", CONF_ARRAY, AT(static_conf, runtime_ips),
	  .item = &static_ip_item, .item_size = sizeof(const char *),
	  HELP("in place of all others (capability \"ips\")") },
	CONF_END
};

static const struct conf_key static_args_cni_keys[] = {
	{ "ips", CONF_ARRAY, AT(static_conf, args_ips), .item = &static_ip_item,
	  .item_size = sizeof(const char *), HELP("in place of addresses") },
	CONF_END
};

static const struct conf_key static_args_keys[] = {
	{ "cni", CONF_OBJECT, .keys = static_args_cni_keys,
	  HELP("arguments for any plugin") },
	CONF_END
};

static const struct conf_key static_keys[] = {
	{ "ipam", CONF_OBJECT, .keys = static_ipam_keys,
	  .has = offsetof(struct static_conf, has_ipam),
	  HELP("what this plugin is to do") },
	{ "runtimeConfig", CONF_OBJECT, .keys = static_runtime_keys,
	  HELP("what the runtime adds") },
	{ "args", CONF_OBJECT, .keys = static_args_keys,
	  HELP("what the orchestrator adds") },
	CONF_END
};

/* IPv4 in the form of IPv6 is IPv4. */
static bool static_parse(const char *text, struct prefix *out)
{
	enum { MAPPED_BITS = 96 };
	char buf[IP_TEXT];

	if (!prefix_parse(text, out))
		return false;
	if (!ip_is_mapped(&out->ip))
		return true;
	out->len -= MAPPED_BITS;
	return out->len >= 0 && ip_parse(ip_print(&out->ip, buf), &out->ip);
}

/* Adds the address to ips; if it is none, that is an error that begins with
 * expected. */
static int static_add_ip(struct call *c, struct list *ips, const char *text,
			 const struct ip *gateway, const char *expected)
{
	struct result_ip ip = { 0 };

	if (!text || !static_parse(text, &ip.address))
		return fail(c->job, CNI_BAD_CONFIG, "%s, got: '%s'", expected,
			    text ? text : "");
	if (gateway)
		ip.gateway = *gateway;
	list_copy(c->job, ips, &ip, sizeof(ip));
	return 0;
}

/* The next item of a list with commas, without space around it; *at moves on, and is
 * NULL behind the last one. */
static const char *static_next(struct job *job, const char **at)
{
	static const char space[] = " \t\v\f\r\n";
	const char *item = *at + strspn(*at, space);
	size_t len = strcspn(item, ",");

	*at = item[len] ? item + len + 1 : NULL;
	while (len && strchr(space, item[len - 1]))
		len--;
	return job_strndup(job, item, len);
}

/* Adds the addresses of CNI_ARGS to ips. Its gateways are for these alone. */
static int static_read_args(struct call *c, struct list *ips)
{
	const char *at = env_arg(c->job, &c->env, "IP"), *text;
	struct result_ip *ip;
	struct ip gateway;

	for (at = at && *at ? at : NULL; at;) {
		text = static_next(c->job, &at);
		if (static_add_ip(
			    c, ips, text, NULL,
			    "the 'ip' field is expected to be in CIDR notation") <
		    0)
			return -1;
	}
	at = env_arg(c->job, &c->env, "GATEWAY");
	ip = ips->items;
	for (at = at && *at ? at : NULL; at;) {
		text = static_next(c->job, &at);
		if (!ip_parse(text, &gateway))
			return fail(c->job, CNI_BAD_CONFIG,
				    "invalid gateway address: %s", text);
		for (size_t i = 0; i < ips->count; i++) {
			if (prefix_contains(&ip[i].address, &gateway))
				ip[i].gateway = gateway;
		}
	}
	return 0;
}

/* What texts has, if anything, takes the place of ips. */
static int static_replace(struct call *c, const struct list *texts,
			  struct list *ips)
{
	const char *const *text = texts->items;

	if (texts->count)
		*ips = (struct list) { 0 };
	for (size_t i = 0; i < texts->count; i++) {
		if (static_add_ip(
			    c, ips, text[i], NULL,
			    "an entry in the 'ips' field is NOT in CIDR notation") <
		    0)
			return -1;
	}
	return 0;
}

/* Before 0.3.0 a result has one address of each family. */
static int static_check_count(struct call *c, const struct list *ips)
{
	const struct result_ip *ip = ips->items;
	size_t count[2] = { 0 };
	int order;

	for (size_t i = 0; i < ips->count; i++)
		count[ip[i].address.ip.family == AF_INET6]++;
	if (count[0] <= 1 && count[1] <= 1)
		return 0;
	if (version_compare(c->job, c->net.version, "0.3.0", &order) < 0)
		return -1;
	if (order >= 0)
		return 0;
	return fail(
		c->job, CNI_BAD_CONFIG,
		"CNI version %s does not support more than 1 address per family",
		c->net.version);
}

/* Fills ips: the addresses of the configuration, then those of CNI_ARGS; but if
 * args.cni or the runtime has any, only these. */
static int static_validate(struct call *c)
{
	struct static_conf *conf = job_alloc(c->job, sizeof(*conf));
	const struct static_address *address;
	struct list more = { 0 }, asked = { 0 };
	const struct result_ip *ip;

	memcpy(conf, c->conf, sizeof(*conf));
	c->conf = conf;
	if (!conf->has_ipam)
		return fail(c->job, CNI_BAD_CONFIG,
			    "IPAM config missing 'ipam' key");
	if (static_read_args(c, &more) < 0 ||
	    static_replace(c, &conf->args_ips, &asked) < 0 ||
	    static_replace(c, &conf->runtime_ips, &asked) < 0)
		return -1;
	address = conf->addresses.items;
	for (size_t i = 0; i < conf->addresses.count && !asked.count; i++) {
		if (static_add_ip(
			    c, &conf->ips, address[i].text, &address[i].gateway,
			    "the 'address' field is expected to be in CIDR notation") <
		    0)
			return -1;
	}
	ip = more.items;
	for (size_t i = 0; i < more.count; i++)
		list_copy(c->job, &conf->ips, &ip[i], sizeof(*ip));
	if (asked.count)
		conf->ips = asked;
	return static_check_count(c, &conf->ips);
}

static int static_add(struct call *c)
{
	const struct static_conf *conf = c->conf;

	c->result.ips = conf->ips;
	c->result.routes = conf->routes;
	c->result.dns = conf->dns;
	return 0;
}

static int static_check(struct call *c)
{
	const struct static_conf *conf = c->conf;
	const struct result_ip *ip = conf->ips.items, *prev = c->prev.ips.items;
	char text[IP_TEXT];

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "Required prevResult missing");
	for (size_t i = 0; i < conf->ips.count; i++) {
		size_t at = 0;

		while (at < c->prev.ips.count &&
		       ip_compare(&ip[i].address.ip, &prev[at].address.ip) != 0)
			at++;
		if (at < c->prev.ips.count && ip[i].gateway.family &&
		    ip_compare(&ip[i].gateway, &prev[at].gateway) != 0)
			return fail(
				c->job, CNI_INTERNAL,
				"static: Failed to match addr %s on interface %s",
				ip_print(&ip[i].address.ip, text),
				c->env.ifname);
	}
	return 0;
}

const struct applet static_applet = {
	.name = "static",
	.keys = static_keys,
	.conf_size = sizeof(struct static_conf),
	.takes_args = true,
	.validate = static_validate,
	.add = static_add,
	.check = IF_CHECK(static_check),
};
