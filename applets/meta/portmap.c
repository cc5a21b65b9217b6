/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap - ports of the host lead to ports of the container
 *
 * https://www.cni.dev/plugins/current/meta/portmap/

config PORTMAP
	bool "portmap"
	default y
	depends on NAT && CHAIN
	help
	  Publishes ports of the container on the host, as the runtime asks
	  by the capability "portMappings". Called behind a plugin that has
	  given the container its addresses. Costs 4 KB.
*/
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/cni/attachment.h"
#include "core/cni/published.h"

enum { PORT_MAX = 65535, MARK_BIT_MAX = 31 };

struct portmap_mapping {
	int host_port, container_port;
	const char *protocol;
	struct ip host;
};

struct portmap_conf {
	const char *backend, *mark_chain;
	bool snat, masq_all, has_mark;
	int mark;
	struct list conditions_v4, conditions_v6;
	struct list mappings; /* of struct portmap_mapping */
};

static const struct portmap_conf portmap_defaults = { .snat = true };

static const char *const portmap_backends[] = { "iptables", "nftables", NULL };

static const struct conf_key portmap_condition = { .type = CONF_STRING };

static const struct conf_key portmap_mapping_keys[] = {
	{ "hostPort", CONF_INT, AT(portmap_mapping, host_port),
	  HELP("port of the host, 1 to 65535") },
	{ "containerPort", CONF_INT, AT(portmap_mapping, container_port),
	  HELP("port of the container, 1 to 65535") },
	{ "protocol", CONF_STRING, AT(portmap_mapping, protocol),
	  HELP("tcp, udp or sctp; empty: tcp") },
	{ "hostIP", CONF_IP, AT(portmap_mapping, host),
	  HELP("address of the host; empty, 0.0.0.0 or ::: every one") },
	CONF_END
};

static const struct conf_key portmap_mapping_item = {
	.type = CONF_OBJECT, .keys = portmap_mapping_keys
};

static const struct conf_key portmap_runtime_keys[] = {
	{ "portMappings", CONF_ARRAY, AT(portmap_conf, mappings),
	  .item = &portmap_mapping_item,
	  .item_size = sizeof(struct portmap_mapping),
	  HELP("from the runtime (capability \"portMappings\")") },
	CONF_END
};

static const struct conf_key portmap_keys[] = {
	{ "backend", CONF_STRING, AT(portmap_conf, backend),
	  .choices = portmap_backends,
	  HELP("accepted; nftables does the work either way") },
	{ "snat", CONF_BOOL, AT(portmap_conf, snat),
	  HELP("masquerade what 127.0.0.1 and the container's own subnet send to its ports") },
	{ "masqAll", CONF_BOOL, AT(portmap_conf, masq_all),
	  HELP("with snat: masquerade what anybody sends there") },
	{ "markMasqBit", CONF_INT, AT(portmap_conf, mark),
	  .has = offsetof(struct portmap_conf, has_mark),
	  HELP("accepted, 0 to 31; the mark is 0x1000 in any case") },
	{ "externalSetMarkChain", CONF_STRING, AT(portmap_conf, mark_chain),
	  HELP("accepted, and not used") },
	{ "conditionsV4", CONF_ARRAY, AT(portmap_conf, conditions_v4),
	  .item = &portmap_condition, .item_size = sizeof(const char *),
	  HELP("what IPv4 packets must meet, as iptables (-s, -d, -i) or nft have it") },
	{ "conditionsV6", CONF_ARRAY, AT(portmap_conf, conditions_v6),
	  .item = &portmap_condition, .item_size = sizeof(const char *),
	  HELP("the same for IPv6") },
	{ "runtimeConfig", CONF_OBJECT, .keys = portmap_runtime_keys },
	CONF_END
};

static int portmap_protocol(const char *name)
{
	return name && *name ? protocol_number(name) : IPPROTO_TCP;
}

/* The conditions for a family in one line as they are given, or NULL. */
static const char *portmap_conditions(struct call *c, int family)
{
	const struct portmap_conf *conf = c->conf;
	const struct list *list =
		family == AF_INET ? &conf->conditions_v4 : &conf->conditions_v6;
	const char *const *words = list->items;
	struct str text = { .job = c->job };

	for (size_t i = 0; i < list->count; i++) {
		if (*words[i])
			str_printf(&text, "%s%s", text.len ? " " : "",
				   words[i]);
	}
	return text.text;
}

/* Whether conditions are in iptables' words, as the Go plugin expects them. */
static bool portmap_is_iptables(const char *conditions)
{
	return conditions && (*conditions == '-' || *conditions == '!');
}

/* Fails if there are options of another backend than the one that is asked for. */
static int portmap_check_backend(struct call *c,
				 const char *const conditions[2])
{
	const struct portmap_conf *conf = c->conf;
	bool iptables =
		!conf->backend || strcmp(conf->backend, "iptables") == 0;
	const char *other = iptables ? "nftables" : "iptables";
	struct str options = { .job = c->job };

	if (!conf->backend)
		return 0;
	if (!iptables && conf->mark_chain)
		str_add(&options, " externalSetMarkChain");
	for (int i = 0; i < 2; i++) {
		if (conditions[i] &&
		    portmap_is_iptables(conditions[i]) != iptables)
			str_printf(&options, " conditionsV%d", i ? 6 : 4);
	}
	if (!options.len)
		return 0;
	return fail(c->job, CNI_BAD_CONFIG,
		    "%s backend was requested but configuration contains "
		    "%s-specific options [%s]",
		    conf->backend, other, options.text + 1);
}

static int portmap_check_conditions(struct call *c)
{
	const struct portmap_conf *conf = c->conf;
	const char *const conditions[] = { portmap_conditions(c, AF_INET),
					   portmap_conditions(c, AF_INET6) };

	if (portmap_check_backend(c, conditions) < 0)
		return -1;
	/* A container that publishes nothing starts, whatever the conditions say. */
	for (int i = 0; i < 2 && conf->mappings.count; i++) {
		const char *why = NULL;

		if (conditions[i])
			why = tables_check_conditions(c->job, conditions[i],
						      i ? AF_INET6 : AF_INET);
		if (why)
			return fail_details(c->job, CNI_BAD_CONFIG,
					    conditions[i], "conditionsV%d: %s",
					    i ? 6 : 4, why);
	}
	return 0;
}

static int portmap_validate(struct call *c)
{
	const struct portmap_conf *conf = c->conf;
	const struct portmap_mapping *mapping = conf->mappings.items;

	if (conf->has_mark && conf->mark_chain)
		return fail(
			c->job, CNI_BAD_CONFIG,
			"Cannot specify externalSetMarkChain and markMasqBit");
	if (conf->mark < 0 || conf->mark > MARK_BIT_MAX)
		return fail(c->job, CNI_BAD_CONFIG,
			    "MasqMarkBit must be between 0 and 31");
	if (portmap_check_conditions(c) < 0)
		return -1;
	for (size_t i = 0; i < conf->mappings.count; i++) {
		int guest = mapping[i].container_port;
		int host = mapping[i].host_port;

		if (guest <= 0 || guest > PORT_MAX)
			return fail(c->job, CNI_BAD_CONFIG,
				    "Invalid container port number: %d", guest);
		if (host <= 0 || host > PORT_MAX)
			return fail(c->job, CNI_BAD_CONFIG,
				    "Invalid host port number: %d", host);
		if (portmap_protocol(mapping[i].protocol) < 0)
			return fail(
				c->job, CNI_BAD_CONFIG,
				"runtimeConfig.portMappings[%zu].protocol: expected tcp, udp or sctp, got \"%s\"",
				i, mapping[i].protocol);
	}
	if (conf->backend && strcmp(conf->backend, "iptables") == 0)
		job_warn(c->job, "backend iptables: nftables does it");
	if (conf->mark_chain)
		job_warn(c->job,
			 "externalSetMarkChain: nftables does without marks");
	return 0;
}

/* The container's first address of the family; NULL if it has none. */
static const struct prefix *portmap_address(const struct call *c, int family)
{
	const struct result_ip *ips = c->prev.ips.items;

	for (size_t i = 0; i < c->prev.ips.count; i++) {
		if (ips[i].address.ip.family == family &&
		    result_ip_is_of(&c->prev, &ips[i], c->env.ifname))
			return &ips[i].address;
	}
	return NULL;
}

static void portmap_entry(struct call *c, const struct prefix *pod,
			  const struct portmap_mapping *mapping,
			  struct list *entries)
{
	struct entry entry = {
		.kind = ENTRY_PORT,
		.pod = *pod,
		.protocol = portmap_protocol(mapping->protocol),
		.host_port = (uint16_t)mapping->host_port,
		.pod_port = (uint16_t)mapping->container_port,
	};

	if (!ip_is_unspecified(&mapping->host))
		entry.host = mapping->host;
	list_copy(c->job, entries, &entry, sizeof(entry));
	entry.conditions = portmap_conditions(c, pod->ip.family);
	if (!entry.conditions)
		return;
	entry.kind = ENTRY_CONDITION;
	list_copy(c->job, entries, &entry, sizeof(entry));
}

/* What the mappings take for one address of the container. */
static void portmap_entries(struct call *c, const struct prefix *pod,
			    struct list *entries)
{
	const struct portmap_conf *conf = c->conf;
	const struct portmap_mapping *mapping = conf->mappings.items;
	size_t before = entries->count;
	struct entry *entry;

	for (size_t i = 0; i < conf->mappings.count; i++) {
		int family = mapping[i].host.family;

		if (!family || family == pod->ip.family)
			portmap_entry(c, pod, &mapping[i], entries);
	}
	if (entries->count == before || !conf->snat)
		return;
	entry = list_add(c->job, entries, sizeof(*entry));
	*entry = (struct entry) { .kind = ENTRY_HAIRPIN, .pod = *pod };
	/* Every address is in a subnet of length 0. */
	if (conf->masq_all)
		entry->pod.len = 0;
}

static void portmap_all_entries(struct call *c, struct list *entries)
{
	const struct prefix *v4 = portmap_address(c, AF_INET);
	const struct prefix *v6 = portmap_address(c, AF_INET6);

	*entries = (struct list) { 0 };
	if (v4)
		portmap_entries(c, v4, entries);
	if (v6 && IS_ENABLED(CONFIG_IPV6))
		portmap_entries(c, v6, entries);
	published_add(c, entries);
}

static int portmap_del(struct call *c)
{
	return attachment_release(c,
				  1 << ENTRY_PORT | 1 << ENTRY_HAIRPIN |
					  1 << ENTRY_CONDITION |
					  1 << ENTRY_PUBLISHED,
				  NULL);
}

static int portmap_add(struct call *c)
{
	struct record *record = job_alloc(c->job, sizeof(*record));
	struct list entries;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "must be called as chained plugin");
	c->result = c->prev;
	portmap_all_entries(c, &entries);
	/* A record that names nothing spares DEL the search for it. */
	if (attachment_begin(c, record, portmap_del) < 0 ||
	    life_note_host_end(c, record) < 0 ||
	    attachment_add_entries(c, record, &entries) < 0)
		return -1;
	if (!entries.count)
		return 0;
	if (tables_note_services(&c->nft, &c->host, false) < 0 ||
	    attachment_open_localhost(c, &entries) < 0)
		return -1;
	/* Datagrams that went elsewhere before must not go on so. */
	return tables_flush_connections(&c->nft, &entries, CT_ADDED);
}

static int portmap_check(struct call *c)
{
	struct list entries;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "Required prevResult missing");
	portmap_all_entries(c, &entries);
	return attachment_check_entries(c, &entries);
}

static int portmap_gc(struct call *c)
{
	return attachment_gc(c, NULL);
}

static int portmap_status(struct call *c)
{
	record_status(c->job);
	/* It takes what a port does, and masquerading. */
	return tables_probe(&c->nft, ENTRY_HAIRPIN);
}

const struct applet portmap_applet = {
	.name = "portmap",
	.kinds = 1 << ENTRY_PORT,
	.keys = portmap_keys,
	.conf_size = sizeof(struct portmap_conf),
	.defaults = &portmap_defaults,
	.defaults_size = sizeof(portmap_defaults),
	.validate = portmap_validate,
	.add = portmap_add,
	.del = portmap_del,
	.check = IF_CHECK(portmap_check),
	.status = portmap_status,
	.gc = IF_GC(portmap_gc),
};
