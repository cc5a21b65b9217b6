/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/result.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"

/* ip4 and ip6 as 0.1.0 and 0.2.0 have them. */
struct legacy_ip {
	struct prefix ip;
	struct ip gateway;
	struct list routes;
};

struct legacy_result {
	struct legacy_ip ip4, ip6;
	struct dns dns;
};

const char *const cni_versions[] = {
#if IS_ENABLED(CONFIG_LEGACY_RESULTS)
	"0.1.0", "0.2.0",
#endif
	"0.3.0", "0.3.1", "0.4.0", "1.0.0", CNI_NEWEST, NULL
};

const struct conf_key route_keys[] = {
	{ "dst", CONF_PREFIX, AT(route, dst), .required = true,
	  HELP("the network it leads to") },
	{ "gw", CONF_IP, AT(route, gw), HELP("the next hop") },
	{ "mtu", CONF_INT, AT(route, mtu), .max = INT_MAX,
	  HELP("largest packet, in bytes") },
	{ "advmss", CONF_INT, AT(route, advmss), .max = INT_MAX,
	  HELP("largest TCP segment to announce, in bytes") },
	{ "priority", CONF_INT, AT(route, priority), .max = INT_MAX,
	  HELP("metric; lower is preferred") },
	{ "table", CONF_INT, AT(route, table), .max = INT_MAX,
	  .has = offsetof(struct route, has_table),
	  HELP("number of the routing table") },
	{ "scope", CONF_INT, AT(route, scope), .max = 255,
	  .has = offsetof(struct route, has_scope),
	  HELP("0: global, 253: link") },
	CONF_END
};

static const struct conf_key string_item = { .type = CONF_STRING };

const struct conf_key dns_keys[] = {
	{ "nameservers", CONF_ARRAY, AT(dns, nameservers), .item = &string_item,
	  .item_size = sizeof(char *), HELP("addresses, best first") },
	{ "domain", CONF_STRING, AT(dns, domain), HELP("the local domain") },
	{ "search", CONF_ARRAY, AT(dns, search), .item = &string_item,
	  .item_size = sizeof(char *), HELP("domains to look in") },
	{ "options", CONF_ARRAY, AT(dns, options), .item = &string_item,
	  .item_size = sizeof(char *), HELP("as in resolv.conf") },
	CONF_END
};

static const struct conf_key interface_keys[] = {
	{ "name", CONF_STRING, AT(result_interface, name) },
	{ "mac", CONF_STRING, AT(result_interface, mac) },
	{ "mtu", CONF_INT, AT(result_interface, mtu), .max = INT_MAX },
	{ "sandbox", CONF_STRING, AT(result_interface, sandbox) },
	{ "socketPath", CONF_STRING, AT(result_interface, socket_path) },
	{ "pciID", CONF_STRING, AT(result_interface, pci_id) },
	CONF_END
};

static const struct conf_key ip_keys[] = {
	{ "address", CONF_PREFIX, AT(result_ip, address), .required = true },
	{ "gateway", CONF_IP, AT(result_ip, gateway) },
	{ "interface", CONF_INT, AT(result_ip, interface),
	  .has = offsetof(struct result_ip, has_interface) },
	CONF_END
};

static const struct conf_key interface_item = { .type = CONF_OBJECT,
						.keys = interface_keys };
static const struct conf_key ip_item = { .type = CONF_OBJECT, .keys = ip_keys };
static const struct conf_key route_item = { .type = CONF_OBJECT,
					    .keys = route_keys };

static const struct conf_key result_keys[] = {
	{ "interfaces", CONF_ARRAY, AT(result, interfaces),
	  .item = &interface_item,
	  .item_size = sizeof(struct result_interface) },
	{ "ips", CONF_ARRAY, AT(result, ips), .item = &ip_item,
	  .item_size = sizeof(struct result_ip) },
	{ "routes", CONF_ARRAY, AT(result, routes), .item = &route_item,
	  .item_size = sizeof(struct route) },
	{ "dns", CONF_OBJECT, AT(result, dns), .keys = dns_keys },
	CONF_END
};

static const struct conf_key legacy_ip_keys[] = {
	{ "ip", CONF_PREFIX, AT(legacy_ip, ip), .required = true },
	{ "gateway", CONF_IP, AT(legacy_ip, gateway) },
	{ "routes", CONF_ARRAY, AT(legacy_ip, routes), .item = &route_item,
	  .item_size = sizeof(struct route) },
	CONF_END
};

static const struct conf_key legacy_keys[] = {
	{ "ip4", CONF_OBJECT, AT(legacy_result, ip4), .keys = legacy_ip_keys },
	{ "ip6", CONF_OBJECT, AT(legacy_result, ip6), .keys = legacy_ip_keys },
	{ "dns", CONF_OBJECT, AT(legacy_result, dns), .keys = dns_keys },
	CONF_END
};

static const struct conf_key version_keys[] = {
	{ "cniVersion", CONF_STRING, .offset = 0 }, CONF_END
};

enum result_family result_family(const char *version)
{
	for (const char *const *v = cni_versions; *v; v++) {
		if (strcmp(*v, version) != 0)
			continue;
		if (str_starts(version, "1."))
			return RESULT_10;
		return version[2] < '3' ? RESULT_01 : RESULT_03;
	}
	return RESULT_UNKNOWN;
}

/* Reads the numbers of "major.minor.micro" into out. */
static int version_parse(struct job *job, const char *text, long out[3])
{
	static const char *const names[] = { "major", "minor", "micro" };
	const char *at = *text ? text : "0.1.0";

	for (int i = 0; i < 3; i++) {
		size_t len = strcspn(at, ".");
		const char *part = job_strndup(job, at, len);

		if (!str_to_long(part, INT_MIN, INT_MAX, &out[i]))
			return fail(job, CNI_NOT_DECODED,
				    "failed to convert %s version part \"%s\": "
				    "strconv.Atoi: parsing \"%s\": invalid "
				    "syntax",
				    names[i], part, part);
		at += len;
		if (!*at++)
			return 0;
	}
	return fail(job, CNI_NOT_DECODED,
		    "invalid version \"%s\": too many parts", text);
}

int version_compare(struct job *job, const char *a, const char *b, int *order)
{
	long x[3] = { 0 }, y[3] = { 0 };

	if (version_parse(job, a, x) < 0 || version_parse(job, b, y) < 0)
		return -1;
	*order = 0;
	for (int i = 0; i < 3 && !*order; i++)
		*order = (x[i] > y[i]) - (x[i] < y[i]);
	return 0;
}

/* The versions of a family, as Go prints a list of texts. */
static const char *versions_of(struct job *job, enum result_family family)
{
	struct str s = { .job = job };

	/* The reference's list for 0.1.0 and 0.2.0 begins with an empty
	 * version. */
	str_add(&s, family == RESULT_01 ? "[ " : "[");
	for (const char *const *v = cni_versions; *v; v++)
		if (result_family(*v) == family)
			str_printf(&s, "%s ", *v);
	s.text[s.len - 1] = ']';
	return s.text;
}

static void add_legacy_ip(struct job *job, const struct legacy_ip *from,
			  struct result *out)
{
	const struct route *routes = from->routes.items;
	struct result_ip *ip;

	if (!from->ip.ip.family)
		return;
	ip = list_add(job, &out->ips, sizeof(*ip));
	ip->address = from->ip;
	ip->gateway = from->gateway;
	for (size_t i = 0; i < from->routes.count; i++) {
		struct route *route =
			list_add(job, &out->routes, sizeof(*route));

		*route = routes[i];
	}
}

static int read_legacy(struct job *job, const char *what,
		       const struct json *object, struct result *out)
{
	struct legacy_result legacy = { 0 };

	if (conf_read(job, what, object, legacy_keys, false, &legacy) < 0)
		return -1;
	add_legacy_ip(job, &legacy.ip4, out);
	add_legacy_ip(job, &legacy.ip6, out);
	out->dns = legacy.dns;
	return 0;
}

static int read_current(struct job *job, const char *what,
			const struct json *object, struct result *out)
{
	struct result_interface *interface;

	if (conf_read(job, what, object, result_keys, false, out) < 0)
		return -1;
	interface = out->interfaces.items;
	for (size_t i = 0; i < out->interfaces.count; i++) {
		if (!interface[i].name)
			interface[i].name = "";
	}
	return 0;
}

int result_read(struct job *job, const char *what, const struct json *object,
		const char *version, bool same_family, struct result *out)
{
	enum result_family wanted = result_family(version), family;
	const char *own = NULL;

	*out = (struct result) { 0 };
	if (conf_read(job, what, object, version_keys, false, &own) < 0)
		return -1;
	if (!own || (!*own && (!same_family || wanted == RESULT_01)))
		own = version;
	family = result_family(own);
	if (same_family && family != wanted)
		return fail(job, CNI_BAD_CONFIG,
			    "could not parse %s: result type supports %s but "
			    "unmarshalled CNIVersion is \"%s\"",
			    what, versions_of(job, wanted), own);
	if (family == RESULT_UNKNOWN)
		return fail(job, CNI_BAD_CONFIG,
			    "%s: unsupported CNI result version \"%s\"", what,
			    own);
	if (IS_ENABLED(CONFIG_LEGACY_RESULTS) && family == RESULT_01)
		return read_legacy(job, what, object, out);
	return read_current(job, what, object, out);
}

static void put_prefix(struct json_writer *w, const char *key,
		       const struct prefix *prefix)
{
	char buf[PREFIX_TEXT];

	json_string(w, key, prefix_print(prefix, buf));
}

/* put_text(), put_int(), put_ip() and put_list() leave out a member that has
 * no value. */
static void put_text(struct json_writer *w, const char *key, const char *text)
{
	if (text && *text)
		json_string(w, key, text);
}

static void put_int(struct json_writer *w, const char *key, int value, bool has)
{
	if (value || has)
		json_int(w, key, value);
}

static void put_ip(struct json_writer *w, const char *key, const struct ip *ip)
{
	char buf[IP_TEXT];

	put_text(w, key, ip_print(ip, buf));
}

/* print writes one item; sorted: with its keys in alphabetical order. */
static void put_list(struct json_writer *w, const char *key,
		     const struct list *list, size_t size,
		     void (*print)(struct json_writer *w, const void *item,
				   bool sorted),
		     bool sorted)
{
	if (!list->count)
		return;
	json_open(w, key, '[');
	for (size_t i = 0; i < list->count; i++)
		print(w, (const char *)list->items + i * size, sorted);
	json_close(w, ']');
}

static void print_interface(struct json_writer *w, const void *item,
			    bool sorted)
{
	const struct result_interface *i = item;
	const char *name = i->name ? i->name : "";

	json_open(w, NULL, '{');
	if (sorted) {
		put_text(w, "mac", i->mac);
		put_int(w, "mtu", i->mtu, false);
		json_string(w, "name", name);
		put_text(w, "pciID", i->pci_id);
		put_text(w, "sandbox", i->sandbox);
		put_text(w, "socketPath", i->socket_path);
	} else {
		json_string(w, "name", name);
		put_text(w, "mac", i->mac);
		put_text(w, "sandbox", i->sandbox);
	}
	json_close(w, '}');
}

static void print_ip(struct json_writer *w, const void *item, bool sorted)
{
	const struct result_ip *ip = item;
	bool v4 = ip->address.ip.family == AF_INET;

	json_open(w, NULL, '{');
	if (!sorted) {
		json_string(w, "version", v4 ? "4" : "6");
		put_int(w, "interface", ip->interface, ip->has_interface);
	}
	put_prefix(w, "address", &ip->address);
	put_ip(w, "gateway", &ip->gateway);
	if (sorted)
		put_int(w, "interface", ip->interface, ip->has_interface);
	json_close(w, '}');
}

static void print_route(struct json_writer *w, const void *item, bool sorted)
{
	const struct route *route = item;

	json_open(w, NULL, '{');
	if (sorted)
		put_int(w, "advmss", route->advmss, false);
	put_prefix(w, "dst", &route->dst);
	put_ip(w, "gw", &route->gw);
	put_int(w, "mtu", route->mtu, false);
	if (!sorted)
		put_int(w, "advmss", route->advmss, false);
	put_int(w, "priority", route->priority, false);
	if (!sorted)
		put_int(w, "table", route->table, route->has_table);
	put_int(w, "scope", route->scope, route->has_scope);
	if (sorted)
		put_int(w, "table", route->table, route->has_table);
	json_close(w, '}');
}

static void print_string(struct json_writer *w, const void *item, bool sorted)
{
	(void)sorted;
	json_string(w, NULL, *(const char *const *)item);
}

static void put_strings(struct json_writer *w, const char *key,
			const struct list *list)
{
	put_list(w, key, list, sizeof(char *), print_string, false);
}

static void put_dns(struct json_writer *w, const struct dns *dns, bool sorted)
{
	bool any = dns->nameservers.count || dns->search.count ||
		   dns->options.count || (dns->domain && *dns->domain);

	/* Before 1.0.0 there is a dns member even if it is empty. */
	if (sorted && !any)
		return;
	json_open(w, "dns", '{');
	if (sorted)
		put_text(w, "domain", dns->domain);
	put_strings(w, "nameservers", &dns->nameservers);
	if (sorted)
		put_strings(w, "options", &dns->options);
	else
		put_text(w, "domain", dns->domain);
	put_strings(w, "search", &dns->search);
	if (!sorted)
		put_strings(w, "options", &dns->options);
	json_close(w, '}');
}

/* Writes the first address of the family and all its routes; false if there is
 * no such address. */
static bool put_legacy_ip(struct job *job, struct json_writer *w,
			  const char *key, const struct result *result,
			  int family)
{
	const struct result_ip *ip = result->ips.items;
	const struct route *all = result->routes.items;
	struct list routes = { 0 };
	size_t at = 0;

	while (at < result->ips.count && ip[at].address.ip.family != family)
		at++;
	if (at == result->ips.count)
		return false;
	ip += at;
	for (size_t i = 0; i < result->routes.count; i++) {
		struct route *route;

		if (all[i].dst.ip.family != family)
			continue;
		route = list_add(job, &routes, sizeof(*route));
		*route = (struct route) { .dst = all[i].dst, .gw = all[i].gw };
	}
	json_open(w, key, '{');
	put_prefix(w, "ip", &ip->address);
	put_ip(w, "gateway", &ip->gateway);
	put_list(w, "routes", &routes, sizeof(*all), print_route, false);
	json_close(w, '}');
	return true;
}

static void put_lists(struct json_writer *w, const struct result *result,
		      bool sorted)
{
	put_list(w, "interfaces", &result->interfaces,
		 sizeof(struct result_interface), print_interface, sorted);
	put_list(w, "ips", &result->ips, sizeof(struct result_ip), print_ip,
		 sorted);
	put_list(w, "routes", &result->routes, sizeof(struct route),
		 print_route, sorted);
}

int result_print(struct job *job, const struct result *result,
		 const char *version, struct str *out)
{
	enum result_family family = result_family(version);
	bool legacy = IS_ENABLED(CONFIG_LEGACY_RESULTS) && family == RESULT_01;
	/* The reference's keys are in alphabetical order since 1.0.0. */
	bool sorted = family == RESULT_10;
	struct json_writer w = { .out = *out };

	if (family == RESULT_UNKNOWN)
		return fail(job, CNI_INTERNAL,
			    "unsupported CNI result version \"%s\"", version);
	json_open(&w, NULL, '{');
	json_string(&w, "cniVersion", version);
	if (sorted)
		put_dns(&w, &result->dns, sorted);
	if (!legacy) {
		put_lists(&w, result, sorted);
	} else {
		bool v4 = put_legacy_ip(job, &w, "ip4", result, AF_INET);
		bool v6 = put_legacy_ip(job, &w, "ip6", result, AF_INET6);

		if (!v4 && !v6)
			return fail(job, CNI_INTERNAL,
				    "cannot convert: no valid IP addresses");
	}
	if (!sorted)
		put_dns(&w, &result->dns, sorted);
	json_close(&w, '}');
	*out = w.out;
	return 0;
}

bool result_ip_is_of(const struct result *result, const struct result_ip *ip,
		     const char *ifname)
{
	const struct result_interface *interface = result->interfaces.items;
	size_t of = (size_t)ip->interface;

	if (!ip->has_interface || of >= result->interfaces.count)
		return true;
	interface += of;
	return strcmp(interface->name, ifname) == 0 && interface->sandbox &&
	       *interface->sandbox;
}

bool dns_is_given(const struct dns *dns)
{
	return dns->nameservers.present || dns->search.present ||
	       dns->options.present || (dns->domain && *dns->domain);
}
