/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bandwidth - limits how much a container sends and receives
 *
 * https://www.cni.dev/plugins/current/meta/bandwidth/

config BANDWIDTH
	bool "bandwidth"
	default y
	depends on CHAIN
	help
	  Limits the rate at which a container receives and sends, by token
	  bucket filters on the host's end of its veth and on an ifb. Called
	  behind a plugin that has made the veth. The limits are in the
	  configuration, or come from the runtime by the capability
	  "bandwidth" (kubernetes.io/ingress-bandwidth and egress-bandwidth).
	  Costs 7.5 KB.
*/
#include <limits.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/cni/attachment.h"
#include "core/cni/noted.h"
#include "core/cni/prev.h"
#include "core/cni/valid.h"
#include "core/kernel/sysctl.h"
#include "core/kernel/tc.h"

enum {
	BANDWIDTH_LATENCY_MAX = 60000,
	BANDWIDTH_DIGITS = 12,		 /* of a hash, in the name of an ifb */
	BANDWIDTH_UNLIMITED = INT32_MAX, /* the bits that kubelet sends */
	BANDWIDTH_FRAME = 14,		 /* bytes of a packet beyond the MTU */
};

/* Notes of what the host's end has got; the text is its index. */
static const char note_tbf[] = "tbf", note_redirect[] = "redirect";

/* Bits a second, and bits; 0: no limit. */
struct bandwidth_limit {
	uint64_t rate, burst;
};

struct bandwidth_limits {
	struct bandwidth_limit ingress, egress; /* as the container sees it */
};

struct bandwidth_conf {
	struct bandwidth_limits own, runtime;
	bool has_own;
	int latency;		    /* milliseconds */
	uint64_t max_burst;	    /* 0: none */
	const struct json *subnets; /* given, and not used */
};

static const struct bandwidth_conf bandwidth_defaults = { .latency = 25 };

static const struct conf_key bandwidth_limits_keys[] = {
	{ "ingressRate", CONF_UINT64, AT(bandwidth_limits, ingress.rate) },
	{ "ingressBurst", CONF_UINT64, AT(bandwidth_limits, ingress.burst) },
	{ "egressRate", CONF_UINT64, AT(bandwidth_limits, egress.rate) },
	{ "egressBurst", CONF_UINT64, AT(bandwidth_limits, egress.burst) },
	CONF_END
};

static const struct conf_key bandwidth_runtime_keys[] = {
	{ "bandwidth", CONF_OBJECT, AT(bandwidth_conf, runtime),
	  .keys = bandwidth_limits_keys,
	  HELP("rates and bursts of the runtime (capability \"bandwidth\"), if none is above") },
	CONF_END
};

static const struct conf_key bandwidth_keys[] = {
	{ "ingressRate", CONF_UINT64, AT(bandwidth_conf, own.ingress.rate),
	  .has = offsetof(struct bandwidth_conf, has_own),
	  HELP("bits a second that the container receives; 0: no limit") },
	{ "ingressBurst", CONF_UINT64, AT(bandwidth_conf, own.ingress.burst),
	  .has = offsetof(struct bandwidth_conf, has_own),
	  HELP("bits that pass at once after a pause") },
	{ "egressRate", CONF_UINT64, AT(bandwidth_conf, own.egress.rate),
	  .has = offsetof(struct bandwidth_conf, has_own),
	  HELP("bits a second that the container sends; 0: no limit") },
	{ "egressBurst", CONF_UINT64, AT(bandwidth_conf, own.egress.burst),
	  .has = offsetof(struct bandwidth_conf, has_own),
	  HELP("bits that pass at once after a pause") },
	{ "maxBurst", CONF_UINT64, AT(bandwidth_conf, max_burst),
	  HELP("bits; a larger burst, as runtimes send it, is cut to this; 0: none is") },
	{ "latency", CONF_INT, AT(bandwidth_conf, latency), .min = 1,
	  .max = BANDWIDTH_LATENCY_MAX,
	  HELP("milliseconds: as much as passes in these, and a burst, may wait") },
	{ "shapedSubnets", CONF_RAW, AT(bandwidth_conf, subnets),
	  HELP("accepted, and not used, as by the Go plugin since v1.6") },
	{ "unshapedSubnets", CONF_RAW, AT(bandwidth_conf, subnets),
	  HELP("the same") },
	{ "runtimeConfig", CONF_OBJECT, .keys = bandwidth_runtime_keys },
	CONF_END
};

static void bandwidth_cut(struct bandwidth_limit *limit, uint64_t max)
{
	if (max && limit->burst > max)
		limit->burst = max;
}

/* The limits that hold. */
static struct bandwidth_limits bandwidth_limits(const struct call *c)
{
	const struct bandwidth_conf *conf = c->conf;
	struct bandwidth_limits limits =
		conf->has_own ? conf->own : conf->runtime;

	bandwidth_cut(&limits.ingress, conf->max_burst);
	bandwidth_cut(&limits.egress, conf->max_burst);
	return limits;
}

static struct tc_tbf bandwidth_tbf(const struct call *c,
				   const struct bandwidth_limit *limit)
{
	const struct bandwidth_conf *conf = c->conf;

	return tc_tbf_of(limit->rate, limit->burst, conf->latency);
}

static int bandwidth_check_limit(struct call *c, const char *direction,
				 const struct bandwidth_limit *limit)
{
	if (limit->rate && !limit->burst)
		return fail(c->job, CNI_BAD_CONFIG,
			    "if rate is set, burst must also be set");
	if (limit->burst && !limit->rate)
		return fail(c->job, CNI_BAD_CONFIG,
			    "if burst is set, rate must also be set");
	if (limit->burst / 8 >= UINT32_MAX)
		return fail(c->job, CNI_BAD_CONFIG,
			    "burst cannot be more than 4GB");
	if (limit->rate && (limit->rate < 8 || limit->burst < 8))
		return fail(
			c->job, CNI_BAD_CONFIG,
			"%sRate and %sBurst: expected 8 or more, got %llu and %llu",
			direction, direction, (unsigned long long)limit->rate,
			(unsigned long long)limit->burst);
	return 0;
}

static int bandwidth_validate(struct call *c)
{
	const struct bandwidth_conf *conf = c->conf;
	const struct bandwidth_limits limits = bandwidth_limits(c);

	if (conf->max_burst && conf->max_burst < 8)
		return fail(c->job, CNI_BAD_CONFIG,
			    "maxBurst: expected 0, or 8 or more, got %llu",
			    (unsigned long long)conf->max_burst);
	if (bandwidth_check_limit(c, "ingress", &limits.ingress) < 0)
		return -1;
	return bandwidth_check_limit(c, "egress", &limits.egress);
}

/* Finds the host's end of the container's veth; what is missing, or NULL. */
static const char *bandwidth_find_end(struct call *c, struct link *host)
{
	struct link guest;
	bool found;

	if (link_find(&c->guest, c->env.ifname, &guest, &found) < 0 || !found ||
	    strcmp(guest.kind, "veth") != 0)
		return job_printf(
			c->job, "container interface %s has no veth peer: %s",
			c->env.ifname,
			found ? "it is no veth" : "it does not exist");
	if (!life_other_end(c, &guest, host))
		return job_printf(c->job,
				  "veth peer with index %d is not in host ns",
				  guest.peer);
	return NULL;
}

/* ADD, CHECK: finds the host's end, which prevResult has to name. */
static int bandwidth_find_host(struct call *c, struct link *host)
{
	const char *why = "no interfaces provided";

	if (c->prev.interfaces.count)
		why = bandwidth_find_end(c, host);
	if (!why && !prev_interface(c, host->name, ""))
		why = "no veth peer of container interface found in host ns";
	return why ? fail(c->job, CNI_INTERNAL, "%s", why) : 0;
}

/* The name of the container's ifb by which the Go plugin can delete it; or that of
 * another interface of a container that has one in this network. */
static const char *bandwidth_ifb(struct call *c, bool another)
{
	const char *of = another ? attachment_owner(c)
				 : job_printf(c->job, "%s%s", c->net.name,
					      c->env.container);
	char digits[BANDWIDTH_DIGITS + 1];

	return job_printf(c->job, "bwp%s",
			  hash_text(of, BANDWIDTH_DIGITS, digits));
}

static int bandwidth_find_ifb(struct call *c, struct link *ifb, bool *found)
{
	if (link_find(&c->host, bandwidth_ifb(c, true), ifb, found) < 0)
		return -1;
	return *found ? 0
		      : link_find(&c->host, bandwidth_ifb(c, false), ifb,
				  found);
}

/* The Go plugin leaves no alias. */
static int bandwidth_del_ifb(struct call *c, bool noted)
{
	const char *name = bandwidth_ifb(c, false);
	struct link link;
	bool found;
	int ret = link_find(&c->host, name, &link, &found);

	if (found && (strcmp(link.alias, attachment_owner(c)) == 0 ||
		      (!*link.alias && !noted)))
		ret |= link_del(&c->host, name, NULL);
	return ret | link_del(&c->host, bandwidth_ifb(c, true), NULL);
}

/* Undoes by what is noted as kind what was made for the host's end, which is
 * there if this plugin is called alone. */
static int bandwidth_undo(struct call *c, const struct record_notes *notes,
			  const char *kind,
			  int (*del)(struct nl *nl, const struct link *link))
{
	const char *noted = record_text(notes, kind);
	struct link host;
	bool found;
	long index;

	if (!noted || !str_to_long(noted, 1, INT_MAX, &index))
		return 0;
	if (link_find_index(&c->host, (int)index, -1, &host, &found) < 0)
		return -1;
	return found && strcmp(host.kind, "veth") == 0 ? del(&c->host, &host)
						       : 0;
}

static int bandwidth_undo_noted(struct call *c,
				const struct record_notes *notes)
{
	return bandwidth_undo(c, notes, note_redirect, tc_del_redirect) |
	       bandwidth_undo(c, notes, note_tbf, tc_del_tbf);
}

/* The same without a whole record: a redirection is ours if it leads to ifb. */
static int bandwidth_undo_found(struct call *c)
{
	struct link host, ifb;
	bool found;

	if (c->netns.fd < 0 || bandwidth_find_end(c, &host))
		return c->job->msg ? -1 : 0;
	if (tc_del_tbf(&c->host, &host) < 0 ||
	    bandwidth_find_ifb(c, &ifb, &found) < 0 ||
	    (found && tc_is_redirected(&c->host, &host, &ifb, &found) < 0))
		return -1;
	return found ? tc_del_redirect(&c->host, &host) : 0;
}

static int bandwidth_del(struct call *c)
{
	const char *owner = attachment_owner(c);
	struct record_notes notes;
	int ret;

	noted_read(c, owner, &notes);
	ret = notes.found && !notes.damaged ? bandwidth_undo_noted(c, &notes)
					    : bandwidth_undo_found(c);
	ret |= bandwidth_del_ifb(c, notes.found);
	if (ret == 0 && notes.found)
		ret = record_del(c->job, c->applet->name, owner);
	return ret;
}

/* What is strange about the limits of one direction goes to stderr. */
static void bandwidth_warn(struct call *c, const char *direction,
			   const struct bandwidth_limit *limit,
			   const struct link *host)
{
	unsigned long long burst = limit->burst;

	if (burst >= BANDWIDTH_UNLIMITED)
		job_warn(
			c->job,
			"%sBurst %llu: the first %llu MB pass without a limit, and as many wait; maxBurst cuts it",
			direction, burst, burst / 8 / 1000000);
	if (burst / 8 < (unsigned)host->mtu + BANDWIDTH_FRAME)
		job_warn(
			c->job,
			"%sBurst %llu: packets of more than %llu bytes are dropped",
			direction, burst, burst / 8);
}

static int bandwidth_limit_ingress(struct call *c, struct record *record,
				   const struct link *host,
				   const struct bandwidth_limit *limit)
{
	const struct tc_tbf tbf = bandwidth_tbf(c, limit);

	bandwidth_warn(c, "ingress", limit, host);
	if (record_add(record, note_tbf,
		       job_printf(c->job, "%d", host->index)) < 0)
		return -1;
	return tc_add_tbf(&c->host, host, &tbf);
}

/* Makes the ifb through which the container's packets pass. */
static int bandwidth_add_ifb(struct call *c, const struct link *host,
			     struct link *ifb)
{
	uint8_t mac[1][MAC_LEN];
	struct link_spec spec = { .kind = "ifb",
				  .name = bandwidth_ifb(c, false),
				  .alias = attachment_owner(c),
				  .mac = mac[0],
				  .mtu = host->mtu };
	bool taken;

	if (link_find(&c->host, spec.name, ifb, &taken) < 0)
		return -1;
	if (taken)
		spec.name = bandwidth_ifb(c, true);
	if (link_random_macs(c->job, mac, 1) < 0 ||
	    link_add(&c->host, &spec, NULL) < 0)
		return -1;
	/* It needs no address, nor looks for routers. */
	sysctl_wish(c->job, -1, sysctl_ipv6(c->job, spec.name, "addr_gen_mode"),
		    "1");
	return link_get(&c->host, spec.name, ifb);
}

static int bandwidth_limit_egress(struct call *c, struct record *record,
				  const struct link *host,
				  const struct bandwidth_limit *limit)
{
	const struct tc_tbf tbf = bandwidth_tbf(c, limit);
	struct link ifb;

	bandwidth_warn(c, "egress", limit, host);
	if (record_add(record, note_redirect,
		       job_printf(c->job, "%d", host->index)) < 0 ||
	    bandwidth_add_ifb(c, host, &ifb) < 0 ||
	    tc_add_tbf(&c->host, &ifb, &tbf) < 0 ||
	    link_set_flags(&c->host, &ifb, IFF_UP, IFF_UP) < 0 ||
	    tc_redirect(&c->host, host, &ifb) < 0)
		return -1;
	call_tell_link(c, &ifb, NULL);
	return 0;
}

static int bandwidth_add(struct call *c)
{
	const struct bandwidth_conf *conf = c->conf;
	const struct bandwidth_limits limits = bandwidth_limits(c);
	struct record *record = job_alloc(c->job, sizeof(*record));
	struct link host;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "must be called as chained plugin");
	c->result = c->prev;
	if (!limits.ingress.rate && !limits.egress.rate)
		return 0;
	if (conf->subnets)
		job_warn(
			c->job,
			"shapedSubnets, unshapedSubnets: every packet is limited");
	if (bandwidth_find_host(c, &host) < 0 ||
	    attachment_begin(c, record, bandwidth_del) < 0 ||
	    life_note_host_end(c, record) < 0)
		return -1;
	if (limits.ingress.rate &&
	    bandwidth_limit_ingress(c, record, &host, &limits.ingress) < 0)
		return -1;
	return limits.egress.rate ? bandwidth_limit_egress(c, record, &host,
							   &limits.egress)
				  : 0;
}

/* link has this limit. Of a burst that is too large for the kernel, the Go plugin
 * makes a number by chance. */
static int bandwidth_check_tbf(struct call *c, const struct link *link,
			       const struct bandwidth_limit *limit)
{
	const struct tc_tbf want = bandwidth_tbf(c, limit);
	const char *what = NULL;
	struct tc_tbf has;
	bool found;

	if (tc_find_tbf(&c->host, link, &has, &found) < 0)
		return -1;
	if (!found)
		return fail(c->job, CNI_INTERNAL,
			    "Failed to find qdisc: %s has no tbf", link->name);
	if (has.rate != want.rate)
		what = "Rate";
	else if (has.limit != want.limit)
		what = "Limit";
	else if (has.buffer != want.buffer &&
		 (want.buffer != UINT32_MAX || attachment_is_noted(c)))
		what = "Buffer";
	return what ? fail(c->job, CNI_INTERNAL, "%s doesn't match: tbf of %s",
			   what, link->name)
		    : 0;
}

static int bandwidth_check_egress(struct call *c, const struct link *host,
				  const struct bandwidth_limit *limit)
{
	struct link ifb;
	bool found;

	if (bandwidth_find_ifb(c, &ifb, &found) < 0)
		return -1;
	if (!found)
		return fail(c->job, CNI_INTERNAL,
			    "get ifb device: %s is missing",
			    bandwidth_ifb(c, false));
	if (bandwidth_check_tbf(c, &ifb, limit) < 0 ||
	    tc_is_redirected(&c->host, host, &ifb, &found) < 0)
		return -1;
	if (!found)
		return fail(c->job, CNI_INTERNAL,
			    "packets of %s are not redirected to %s",
			    host->name, ifb.name);
	return ifb.flags & IFF_UP
		       ? 0
		       : fail(c->job, CNI_INTERNAL, "%s is down", ifb.name);
}

static int bandwidth_check(struct call *c)
{
	const struct bandwidth_limits limits = bandwidth_limits(c);
	struct link host;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "must be called as a chained plugin");
	if (!limits.ingress.rate && !limits.egress.rate)
		return 0;
	if (bandwidth_find_host(c, &host) < 0)
		return -1;
	if (limits.ingress.rate &&
	    bandwidth_check_tbf(c, &host, &limits.ingress) < 0)
		return -1;
	return limits.egress.rate
		       ? bandwidth_check_egress(c, &host, &limits.egress)
		       : 0;
}

static int bandwidth_status(struct call *c)
{
	record_status(c->job);
	if (tc_probe(&c->host) == 0 && link_probe(&c->host, "ifb") == 0)
		return 0;
	c->job->code = CNI_NOT_AVAILABLE;
	return -1;
}

/* What attachment_gc() asks for of an owner that has a record. */
static int bandwidth_drop(struct call *c, const char *owner)
{
	struct record_notes notes;

	noted_read(c, owner, &notes);
	return bandwidth_undo_noted(c, &notes);
}

static int bandwidth_gc(struct call *c)
{
	int ret = valid_drop_links(c, 0, "ifb");

	return attachment_gc(c, bandwidth_drop) | ret;
}

const struct applet bandwidth_applet = {
	.name = "bandwidth",
	.keys = bandwidth_keys,
	.conf_size = sizeof(struct bandwidth_conf),
	.defaults = &bandwidth_defaults,
	.defaults_size = sizeof(bandwidth_defaults),
	.since = "0.3.0",
	.needs_netns = true,
	.validate = bandwidth_validate,
	.add = bandwidth_add,
	.del = bandwidth_del,
	.check = IF_CHECK(bandwidth_check),
	.status = bandwidth_status,
	.gc = IF_GC(bandwidth_gc),
};
