/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall - containers are forwarded, and networks are kept apart
 *
 * https://www.cni.dev/plugins/current/meta/firewall/

config FIREWALL
	bool "firewall"
	default y
	depends on NAT && CHAIN
	help
	  Lets pass what containers send and what answers them, also where
	  iptables drops what is forwarded; with "ingressPolicy" closes
	  bridges to each other, and isolates their ports. Costs 13 KB, and
	  21 with FIREWALL_EGRESS, which needs it.
*/
#include "firewall.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/base/io.h"
#include "core/base/str.h"
#include "core/cni/noted.h"
#include "core/cni/published.h"
#include "core/kernel/nft.h"
#include "core/tables/reference.h"

enum {
	/* Whose the other bits are, README.md says. */
	FIREWALL_MARK_BIT = 4,
	FIREWALL_MARK_BIT_MAX = 31,
	FIREWALL_CHAIN_MAX = 28, /* of iptables */
	FIREWALL_FILE_MAX = 4096,
};

enum {
	FIREWALL_KINDS = 1 << ENTRY_FORWARD | 1 << ENTRY_PUBLISHED |
			 1 << ENTRY_CLOSED | 1 << ENTRY_ISOLATED |
			 1 << ENTRY_ISOLATED_PORT | 1 << ENTRY_SENDER |
			 1 << ENTRY_SENDER_BRIDGED | 1 << ENTRY_LIMITED |
			 1 << ENTRY_LIMITED_BRIDGED | 1 << ENTRY_EGRESS |
			 1 << ENTRY_EGRESS_BRIDGED,
};

static const struct firewall_conf firewall_defaults = {
	.mark_bit = FIREWALL_MARK_BIT,
};

static const char firewall_open[] = "open";
static const char firewall_same[] = "same-bridge";
static const char firewall_isolated[] = "isolated";

static const struct conf_key firewall_args_cni_keys[] = {
	{ "egress", CONF_OBJECT, AT(firewall_conf, args_egress),
	  .keys = firewall_egress_keys,
	  HELP("the same for this container; what both allow is allowed") },
	CONF_END
};

static const struct conf_key firewall_args_keys[] = {
	{ "cni", CONF_OBJECT, .keys = firewall_args_cni_keys,
	  HELP("arguments by plugin-independent names") },
	CONF_END
};

static const struct conf_key firewall_keys[] = {
	{ "backend", CONF_STRING, AT(firewall_conf, backend),
	  HELP("accepted; nftables does the work") },
	{ "iptablesAdminChainName", CONF_STRING, AT(firewall_conf, admin),
	  HELP("chain of iptables that decides first; made if missing. CNI-ADMIN needs no name") },
	{ "firewalldZone", CONF_STRING, AT(firewall_conf, zone),
	  HELP("accepted, and not used") },
	{ "ingressPolicy", CONF_STRING, AT(firewall_conf, ingress),
	  HELP("open, same-bridge (closed to other such bridges) or isolated (also within)") },
	{ "forwardMarkBit", CONF_INT, AT(firewall_conf, mark_bit),
	  .max = FIREWALL_MARK_BIT_MAX,
	  HELP("bit of the mark by which iptables knows what to let pass") },
	{ "egress", CONF_OBJECT, AT(firewall_conf, egress),
	  .keys = firewall_egress_keys,
	  HELP("where containers may send; without it, anywhere") },
	{ "args", CONF_OBJECT, .keys = firewall_args_keys,
	  HELP("what the orchestrator adds") },
	CONF_END
};

static bool firewall_is(const struct firewall_conf *conf, const char *policy)
{
	return conf->ingress && strcmp(conf->ingress, policy) == 0;
}

/* Whether iptables can make a chain of this name, save and restore it. */
static bool firewall_is_chain(const char *name)
{
	static const char *const taken[] = { "ACCEPT", "DROP",	"RETURN",
					     "QUEUE",  "INPUT", "OUTPUT",
					     "FORWARD" };

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		if (strcmp(name, taken[i]) == 0)
			return false;
	}
	for (const char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) &&
		    (p == name || !strchr("-_./", *p)))
			return false;
	}
	return strlen(name) <= FIREWALL_CHAIN_MAX;
}

static int firewall_validate(struct call *c)
{
	const struct firewall_conf *conf = c->conf;

	if (conf->ingress && *conf->ingress &&
	    !firewall_is(conf, firewall_open) &&
	    !firewall_is(conf, firewall_same) &&
	    !firewall_is(conf, firewall_isolated))
		return fail(c->job, CNI_BAD_CONFIG,
			    "unknown ingress policy: \"%s\"", conf->ingress);
	if (conf->admin && !firewall_is_chain(conf->admin))
		return fail(
			c->job, CNI_BAD_CONFIG,
			"iptablesAdminChainName: expected a chain of the user's, of at most %d letters, digits and -_./, got \"%s\"",
			FIREWALL_CHAIN_MAX, conf->admin);
	if (1U << conf->mark_bit == MARK_REDIRECTED)
		return fail(c->job, CNI_BAD_CONFIG,
			    "forwardMarkBit: %d is the bit of published ports",
			    conf->mark_bit);
	return firewall_validate_egress(c);
}

/* ---- what cannot be reached ---- */

/* Tables of iptables-legacy of this namespace. */
static bool firewall_has_legacy(struct call *c, const char *path)
{
	struct str text = { .job = c->job };

	return io_read_file(path, &text, FIREWALL_FILE_MAX) == 0 &&
	       strstr(text.text, "filter\n");
}

/* What drops beside us, and takes no word from us. */
static int firewall_warn(struct call *c)
{
	bool none;

	if (firewall_has_legacy(c, "/proc/net/ip_tables_names") ||
	    firewall_has_legacy(c, "/proc/net/ip6_tables_names"))
		job_warn(
			c->job,
			"iptables-legacy has a table filter: what it drops stays dropped");
	if (tables_find_firewalld(&c->nft, &none) < 0)
		return -1;
	if (!none)
		job_warn(
			c->job,
			"firewalld is there: what it drops stays dropped, unless its zone trusted has the containers' subnets as sources");
	return 0;
}

/* ---- entries ---- */

static void firewall_forward(struct call *c, struct list *entries)
{
	const struct firewall_conf *conf = c->conf;
	const struct result_ip *ips = c->prev.ips.items;

	for (size_t i = 0; i < c->prev.ips.count; i++) {
		struct entry *entry;

		if (!result_ip_is_of(&c->prev, &ips[i], c->env.ifname) ||
		    ip_is_loopback(&ips[i].address.ip))
			continue;
		entry = list_add(c->job, entries, sizeof(*entry));
		entry->kind = ENTRY_FORWARD;
		entry->pod = ips[i].address;
		entry->mark_bit = (uint8_t)conf->mark_bit;
		if (conf->admin && *conf->admin)
			entry->admin = conf->admin;
	}
}

int firewall_host_end(struct call *c, struct link *out, bool *found)
{
	const char *own = life_port_name(c->job, attachment_owner(c));
	struct link guest;

	if (link_find(&c->host, own, out, found) < 0)
		return -1;
	if (*found || c->netns.fd < 0)
		return 0;
	if (link_find(&c->guest, c->env.ifname, &guest, found) < 0)
		return -1;
	*found = *found && life_other_end(c, &guest, out);
	return 0;
}

static void firewall_isolate(struct call *c, enum entry_kind kind,
			     const char *bridge, const char *port,
			     struct list *entries)
{
	struct entry *entry = list_add(c->job, entries, sizeof(*entry));

	entry->kind = kind;
	str_copy(entry->bridge, sizeof(entry->bridge), bridge);
	str_copy(entry->bridge_port, sizeof(entry->bridge_port), port);
}

/* A host end that is no port is what others send to: its own bridge. */
static int firewall_ingress(struct call *c, struct list *entries)
{
	const struct firewall_conf *conf = c->conf;
	struct link end, bridge;
	bool found;

	if (!firewall_is(conf, firewall_same) &&
	    !firewall_is(conf, firewall_isolated))
		return 0;
	if (firewall_host_end(c, &end, &found) < 0)
		return -1;
	if (!found)
		return fail(
			c->job, CNI_BAD_CONFIG,
			"interface needs to be set for ingress policy \"%s\", make sure to chain \"firewall\" plugin with \"bridge\"",
			conf->ingress);
	bridge = end;
	if (end.master && link_get_index(&c->host, end.master, &bridge) < 0)
		return -1;
	firewall_isolate(c, ENTRY_CLOSED, bridge.name, end.name, entries);
	if (!firewall_is(conf, firewall_isolated))
		return 0;
	firewall_isolate(c, ENTRY_ISOLATED, bridge.name, end.name, entries);
	firewall_isolate(c, ENTRY_ISOLATED_PORT, "", end.name, entries);
	return 0;
}

static int firewall_entries(struct call *c, struct list *entries)
{
	*entries = (struct list) { 0 };
	firewall_forward(c, entries);
	published_add_others(c, entries);
	if (firewall_ingress(c, entries) < 0)
		return -1;
	return firewall_limit(c, entries);
}

/* ---- verbs ---- */

/* The addresses of prevResult, as far as there are any: by these alone the Go plugin
 * knows what it has made. */
static void firewall_told(struct call *c, struct list *addresses)
{
	const struct json *ip = json_member(c->net.prev_result, "ips");
	struct prefix prefix;

	for (ip = ip ? ip->child : NULL; ip; ip = ip->next) {
		const struct json *told = json_member(ip, "address");

		if (told && told->type == JSON_STRING &&
		    prefix_parse(told->text, &prefix))
			list_copy(c->job, addresses, &prefix.ip,
				  sizeof(struct ip));
	}
}

/* Who has no whole record may be the Go plugin's. */
static int firewall_leave_all(struct call *c)
{
	struct list addresses = { 0 };
	bool none;
	int ret;

	if (nft_is_missing(&c->nft, &none) < 0)
		return -1;
	if (none)
		return 0;
	ret = tables_trim(&c->nft, NULL);
	if (IS_ENABLED(CONFIG_REFERENCE_DEL))
		firewall_told(c, &addresses);
	return addresses.count
		       ? ret | reference_del_forward(&c->nft, &addresses)
		       : ret;
}

/* By the record as it is before it is left, when it no longer counts as whole. */
static int firewall_del(struct call *c)
{
	struct list entries = { 0 };
	struct record_notes notes;
	bool whole;
	int ret;

	noted_read(c, attachment_owner(c), &notes);
	whole = noted_entries(c, &notes, false, &entries) && notes.found &&
		!notes.damaged;
	ret = attachment_release(c, FIREWALL_KINDS, NULL);
	return ret |
	       (whole ? tables_trim(&c->nft, &entries) : firewall_leave_all(c));
}

static void firewall_undo(void *arg)
{
	struct call *c = arg;

	tables_trim(&c->nft, NULL);
}

static int firewall_add(struct call *c)
{
	struct record *record = job_alloc(c->job, sizeof(*record));
	struct list entries;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "missing prevResult from earlier plugin");
	c->result = c->prev;
	if (firewall_entries(c, &entries) < 0 ||
	    firewall_keep_limits(c, &entries) < 0 ||
	    attachment_begin(c, record, firewall_del) < 0 ||
	    life_note_host_end(c, record) < 0)
		return -1;
	undo_push(c->job, firewall_undo, c);
	if (attachment_add_entries(c, record, &entries) < 0)
		return -1;
	return firewall_warn(c);
}

static int firewall_check(struct call *c)
{
	struct list entries;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "missing prevResult from earlier plugin");
	if (firewall_entries(c, &entries) < 0)
		return -1;
	return attachment_check_entries(c, &entries);
}

static int firewall_gc(struct call *c)
{
	return attachment_gc(c, NULL);
}

static int firewall_status(struct call *c)
{
	record_status(c->job);
	if (tables_probe(&c->nft, ENTRY_FORWARD) < 0 ||
	    (firewall_is(c->conf, firewall_isolated) &&
	     tables_probe(&c->nft, ENTRY_ISOLATED_PORT) < 0) ||
	    firewall_probe_egress(c) < 0)
		return -1;
	return firewall_warn(c);
}

const struct applet firewall_applet = {
	.name = "firewall",
	.kinds = 1 << ENTRY_FORWARD,
	.keys = firewall_keys,
	.conf_size = sizeof(struct firewall_conf),
	.defaults = &firewall_defaults,
	.defaults_size = sizeof(firewall_defaults),
	.since = "0.4.0",
	.validate = firewall_validate,
	.add = firewall_add,
	.del = firewall_del,
	.check = IF_CHECK(firewall_check),
	.status = firewall_status,
	.gc = IF_GC(firewall_gc),
};
