/* SPDX-License-Identifier: GPL-2.0-or-later */
/* egress - a container sends only where a list allows */
#include "firewall.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/sort.h"
#include "core/base/str.h"
#include "core/cni/noted.h"
#include "core/data/target.h"

enum { FIREWALL_TARGETS_MAX = 256 };

static const char firewall_deny[] = "deny";
static const char *const firewall_verdicts[] = { firewall_deny, "allow", NULL };
static const char firewall_expected[] =
	"gateway or dns, or these with :PORT/PROTOCOL, " TARGET_FORM
	", none link-local of IPv6";

static const struct conf_key firewall_allow_item = { .type = CONF_STRING };

const struct conf_key firewall_egress_keys[] = {
	{ "default", CONF_STRING, AT(firewall_egress, otherwise),
	  .required = true, .choices = firewall_verdicts,
	  HELP("deny what is not allowed; allow: no limit") },
	{ "allow", CONF_ARRAY, AT(firewall_egress, allow),
	  .item = &firewall_allow_item, .item_size = sizeof(const char *),
	  HELP("10.0.0.0/8, 192.0.2.10:443/tcp, [2001:db8::1]:53/udp, gateway, dns:53/udp") },
	CONF_END
};

static bool firewall_denies(const struct firewall_egress *egress)
{
	return egress->otherwise &&
	       strcmp(egress->otherwise, firewall_deny) == 0;
}

/* ---- what an entry says ---- */

/* What stands behind word in an entry that begins with it; NULL if it does not. */
static const char *firewall_behind(const char *entry, const char *word)
{
	size_t len = strlen(word);

	return str_starts(entry, word) && (!entry[len] || entry[len] == ':')
		       ? entry + len
		       : NULL;
}

/* A word stands for addresses, which are known later. */
static const char *firewall_behind_word(const char *entry)
{
	const char *rest = firewall_behind(entry, "gateway");

	return rest ? rest : firewall_behind(entry, "dns");
}

/* A link-local address of IPv6 is sent to from another one, which is not the
 * container's own. */
static bool firewall_read_target(struct call *c, const char *text,
				 struct target *out)
{
	return target_parse(c->job, text, out) &&
	       (out->to.ip.family == AF_INET || !ip_is_link_local(&out->to.ip));
}

static int firewall_validate_list(struct call *c,
				  const struct firewall_egress *egress,
				  const char *key)
{
	const char *const *entry = egress->allow.items;
	struct target target;

	for (size_t i = 0; i < egress->allow.count; i++) {
		const char *rest = firewall_behind_word(entry[i]);

		if (!firewall_read_target(
			    c,
			    rest ? job_printf(c->job, "0.0.0.0%s", rest)
				 : entry[i],
			    &target))
			return fail(c->job, CNI_BAD_CONFIG,
				    "%s.allow[%zu]: expected %s, got \"%s\"",
				    key, i, firewall_expected, entry[i]);
	}
	return 0;
}

int firewall_validate_egress(struct call *c)
{
	const struct firewall_conf *conf = c->conf;

	if (!IS_ENABLED(CONFIG_FIREWALL_EGRESS))
		return firewall_denies(&conf->egress) ||
				       firewall_denies(&conf->args_egress)
			       ? fail_unbuilt(c->job, CNI_BAD_CONFIG, "egress",
					      "CONFIG_FIREWALL_EGRESS")
			       : 0;
	if (firewall_validate_list(c, &conf->egress, "egress") < 0)
		return -1;
	return firewall_validate_list(c, &conf->args_egress, "args.cni.egress");
}

int firewall_probe_egress(struct call *c)
{
	const struct firewall_conf *conf = c->conf;

	return IS_ENABLED(CONFIG_FIREWALL_EGRESS) &&
			       firewall_denies(&conf->egress)
		       ? tables_probe(&c->nft, ENTRY_EGRESS)
		       : 0;
}

/* ---- lists ---- */

static bool firewall_contains(const struct list *targets,
			      const struct target *target)
{
	const struct target *wider = targets->items;
	struct target common;

	for (size_t i = 0; i < targets->count; i++) {
		if (target_common(&wider[i], target, &common) &&
		    target_equal(&common, target))
			return true;
	}
	return false;
}

/* Keeps those that are in no other one: sorted, one is behind all that it can be in. */
static int firewall_fold(struct call *c, struct list *targets)
{
	const struct target *target = targets->items;
	struct list keep = { 0 };

	sort_items(targets->items, targets->count, sizeof(*target),
		   target_compare);
	for (size_t i = 0; i < targets->count; i++) {
		if (firewall_contains(&keep, &target[i]))
			continue;
		if (keep.count == FIREWALL_TARGETS_MAX)
			return fail(
				c->job, CNI_BAD_CONFIG,
				"egress: expected at most %d entries that no other one has",
				FIREWALL_TARGETS_MAX);
		list_copy(c->job, &keep, &target[i], sizeof(*target));
	}
	*targets = keep;
	return 0;
}

static int firewall_add_text(struct call *c, const struct ip *ip,
			     const char *entry, struct list *out)
{
	const char *rest = firewall_behind_word(entry);
	char text[IP_TEXT];
	struct target target;

	if (rest && *rest)
		entry = job_printf(c->job, "[%s]%s", ip_print(ip, text), rest);
	else if (rest)
		entry = ip_print(ip, text);
	if (!firewall_read_target(c, entry, &target))
		return fail(c->job, CNI_BAD_CONFIG,
			    "egress: expected %s, got \"%s\"",
			    firewall_expected, entry);
	list_copy(c->job, out, &target, sizeof(target));
	return 0;
}

/* The addresses that a word stands for. */
static void firewall_list_word(struct call *c, const char *entry,
			       struct list *out)
{
	bool dns = *entry == 'd';
	const char *const *server = c->prev.dns.nameservers.items;
	const struct result_ip *own = c->prev.ips.items;
	struct ip ip;

	for (size_t i = 0; dns && i < c->prev.dns.nameservers.count; i++) {
		if (ip_parse(server[i], &ip))
			list_copy(c->job, out, &ip, sizeof(ip));
	}
	for (size_t i = 0; !dns && i < c->prev.ips.count; i++, own++) {
		if (own->gateway.family &&
		    result_ip_is_of(&c->prev, own, c->env.ifname))
			list_copy(c->job, out, &own->gateway, sizeof(ip));
	}
}

static int firewall_add_entry(struct call *c, const char *entry,
			      struct list *out)
{
	struct list addresses = { 0 };
	const struct ip *ip;

	if (!firewall_behind_word(entry))
		return firewall_add_text(c, NULL, entry, out);
	firewall_list_word(c, entry, &addresses);
	if (!addresses.count)
		return fail(c->job, CNI_BAD_CONFIG,
			    "egress: prevResult has no address for \"%s\"",
			    entry);
	ip = addresses.items;
	for (size_t i = 0; i < addresses.count; i++) {
		if (firewall_add_text(c, &ip[i], entry, out) < 0)
			return -1;
	}
	return 0;
}

/* Makes out a list of struct target; empty if everything is allowed anyway. */
static int firewall_read_list(struct call *c,
			      const struct firewall_egress *egress,
			      struct list *out)
{
	const char *const *entry = egress->allow.items;

	*out = (struct list) { 0 };
	for (size_t i = 0; firewall_denies(egress) && i < egress->allow.count;
	     i++) {
		if (firewall_add_entry(c, entry[i], out) < 0)
			return -1;
	}
	return firewall_fold(c, out);
}

static int firewall_intersect(struct call *c, const struct list *a,
			      const struct list *b, struct list *out)
{
	const struct target *x = a->items, *y = b->items;
	struct target common;

	*out = (struct list) { 0 };
	for (size_t i = 0; i < a->count * b->count; i++) {
		if (target_common(&x[i / b->count], &y[i % b->count], &common))
			list_copy(c->job, out, &common, sizeof(common));
	}
	return firewall_fold(c, out);
}

static int firewall_list_targets(struct call *c, struct list *out)
{
	const struct firewall_conf *conf = c->conf;
	struct list network, container;

	if (firewall_read_list(c, &conf->egress, &network) < 0 ||
	    firewall_read_list(c, &conf->args_egress, &container) < 0)
		return -1;
	if (firewall_denies(&conf->egress) &&
	    firewall_denies(&conf->args_egress))
		return firewall_intersect(c, &network, &container, out);
	*out = firewall_denies(&conf->egress) ? network : container;
	return 0;
}

static void firewall_print_targets(const struct list *targets, int family,
				   bool ports, struct str *out)
{
	const struct target *target = targets->items;

	for (size_t i = 0; i < targets->count; i++, target++) {
		if (target->to.ip.family != family || !target->port == ports)
			continue;
		if (out->len)
			str_add(out, " ");
		target_print(target, out);
	}
}

/* ---- entries ---- */

/* Without pod: the host end is kept to its addresses. */
static void firewall_add_sender(struct call *c, enum entry_kind kind,
				const struct link *end,
				const struct prefix *pod, struct list *entries)
{
	struct entry *entry = list_add(c->job, entries, sizeof(*entry));

	entry->kind = kind;
	str_copy(entry->bridge_port, sizeof(entry->bridge_port), end->name);
	if (pod)
		entry->pod = *pod;
}

static enum entry_kind firewall_sender_kind(const struct link *end)
{
	return end->master ? ENTRY_SENDER_BRIDGED : ENTRY_SENDER;
}

static void firewall_limit_address(struct call *c, const struct prefix *pod,
				   const struct link *end,
				   const struct list *targets,
				   struct list *entries)
{
	static const enum entry_kind limits[] = {
		ENTRY_LIMITED,
		ENTRY_EGRESS,
		ENTRY_LIMITED_BRIDGED,
		ENTRY_EGRESS_BRIDGED,
	};
	const struct firewall_conf *conf = c->conf;
	struct str allowed = { .job = c->job };
	int count = end->master ? 4 : 2;

	firewall_print_targets(targets, pod->ip.family, true, &allowed);
	firewall_print_targets(targets, pod->ip.family, false, &allowed);
	firewall_add_sender(c, firewall_sender_kind(end), end, pod, entries);
	for (int i = 0; i < count; i++) {
		struct entry *entry = list_add(c->job, entries, sizeof(*entry));

		entry->kind = limits[i];
		entry->pod = *pod;
		entry->mark_bit = (uint8_t)conf->mark_bit;
		entry->allowed = allowed.text;
	}
}

/* The host end, as a port of a bridge or by itself: nothing else passes our tables. */
static int firewall_find_end(struct call *c, struct link *end)
{
	struct link master;
	bool found;

	if (firewall_host_end(c, end, &found) < 0)
		return -1;
	if (!found)
		return fail(
			c->job, CNI_BAD_CONFIG,
			"egress: the container has no host end, make sure to chain \"firewall\" plugin with \"bridge\" or \"ptp\"");
	if (!end->master)
		return 0;
	if (link_get_index(&c->host, end->master, &master) < 0)
		return -1;
	return strcmp(master.kind, "bridge") == 0
		       ? 0
		       : fail(c->job, CNI_BAD_CONFIG,
			      "egress: %s, whose port %s is, is no bridge",
			      master.name, end->name);
}

int firewall_limit(struct call *c, struct list *entries)
{
	const struct firewall_conf *conf = c->conf;
	const struct result_ip *ips = c->prev.ips.items;
	struct list targets;
	struct link end;

	if (!IS_ENABLED(CONFIG_FIREWALL_EGRESS) ||
	    (!firewall_denies(&conf->egress) &&
	     !firewall_denies(&conf->args_egress)))
		return 0;
	if (firewall_find_end(c, &end) < 0 ||
	    firewall_list_targets(c, &targets) < 0)
		return -1;
	/* Frames to 01:80:c2:00:00:0X come from a port as from a link of its own:
	 * it has no address there. */
	firewall_add_sender(c, ENTRY_SENDER, &end, NULL, entries);
	if (end.master)
		firewall_add_sender(c, ENTRY_SENDER_BRIDGED, &end, NULL,
				    entries);
	for (size_t i = 0; i < c->prev.ips.count; i++) {
		if (result_ip_is_of(&c->prev, &ips[i], c->env.ifname) &&
		    !ip_is_loopback(&ips[i].address.ip))
			firewall_limit_address(c, &ips[i].address, &end,
					       &targets, entries);
	}
	return 0;
}

/* ---- an ADD behind another ---- */

static bool firewall_has_limit(const struct list *entries,
			       const struct entry *limit)
{
	const struct entry *entry = entries->items;

	for (size_t i = 0; i < entries->count; i++, entry++) {
		if (entry->kind != limit->kind ||
		    entry->pod.ip.family != limit->pod.ip.family)
			continue;
		if (limit->kind == ENTRY_SENDER ||
		    strcmp(entry->allowed ? entry->allowed : "",
			   limit->allowed ? limit->allowed : "") == 0)
			return true;
	}
	return false;
}

int firewall_keep_limits(struct call *c, const struct list *entries)
{
	struct list before = { 0 };
	struct record_notes notes;
	const struct entry *limit;
	struct netns netns;
	const char *path;

	if (!IS_ENABLED(CONFIG_FIREWALL_EGRESS))
		return 0;
	noted_read(c, attachment_owner(c), &notes);
	if (notes.left || !record_netns(&notes, &netns, &path) ||
	    netns.dev != c->netns.dev || netns.ino != c->netns.ino)
		return 0;
	noted_entries(c, &notes, true, &before);
	limit = before.items;
	for (size_t i = 0; i < before.count; i++, limit++) {
		if ((limit->kind == ENTRY_SENDER && !limit->pod.ip.family) ||
		    limit->kind == ENTRY_EGRESS) {
			if (!firewall_has_limit(entries, limit))
				return fail(
					c->job, CNI_BAD_CONFIG,
					"egress: the container is limited by an ADD before this one, which has another list or none: DEL it first, and have one \"firewall\" in the list of plugins");
		}
	}
	return 0;
}
