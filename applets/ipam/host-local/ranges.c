/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "applets/ipam/host-local/host-local.h"

#include <sys/socket.h>

#include "core/base/str.h"
#include "core/state/nodes_file.h"

const char *const range_auto[] = { "auto", NULL };

static const struct conf_key range_subnet_auto = { .type = CONF_STRING,
						   AT(range, subnet_auto),
						   .choices = range_auto };

const struct conf_key range_keys[] = {
	{ "subnet", CONF_PREFIX, AT(range, subnet), .other = &range_subnet_auto,
	  HELP("network that the addresses are in; auto: this node's part") },
	{ "rangeStart", CONF_IP, AT(range, start),
	  HELP("first address; default: the subnet's address plus 1") },
	{ "rangeEnd", CONF_IP, AT(range, end),
	  HELP("last address; default: the last before broadcast") },
	{ "gateway", CONF_IP, AT(range, gateway),
	  HELP("never given out; default: the subnet's address plus 1") },
	CONF_END
};

static int ranges_add_own(struct job *job, struct list *sets)
{
	size_t before = sets->count;
	struct nodes_file file;
	struct range *range;
	bool found;

	if (nodes_file_read_self(job, &file, &found) < 0)
		return -1;
	for (int i = 0; i < NODE_FAMILIES; i++) {
		if (!file.self.at[i].ip.family)
			continue;
		range = list_add(job, list_add(job, sets, sizeof(struct list)),
				 sizeof(*range));
		range->subnet = file.self.at[i];
	}
	if (sets->count > before)
		return 0;
	return fail(job, CNI_TRY_AGAIN, "subnet auto: %s",
		    found ? "the list of nodes has no pod subnet of this node"
			  : "not known before \"cnibox nodes apply\"");
}

int ranges_add(struct job *job, const struct list *set, struct list *sets)
{
	const struct range *range = set->items;
	bool automatic = false, more = set->count > 1;

	for (size_t i = 0; i < set->count; i++) {
		automatic |= range[i].subnet_auto != NULL;
		more |= range[i].start.family || range[i].end.family ||
			range[i].gateway.family;
	}
	if (!automatic) {
		list_copy(job, sets, set, sizeof(*set));
		return 0;
	}
	if (!IS_ENABLED(CONFIG_NODES))
		return fail_unbuilt(job, CNI_BAD_CONFIG, "subnet auto",
				    "NODES");
	if (more)
		return fail(job, CNI_BAD_CONFIG,
			    "subnet auto: rangeStart, rangeEnd, gateway and "
			    "other ranges cannot be beside it");
	return ranges_add_own(job, sets);
}

static bool range_contains(const struct range *range, const struct ip *ip)
{
	return prefix_contains(&range->subnet, ip) &&
	       (!range->start.family || ip_compare(&range->start, ip) <= 0) &&
	       (!range->end.family || ip_compare(ip, &range->end) <= 0);
}

/* Of two that overlap, one has the other's first address. */
static bool range_overlaps(const struct range *a, const struct range *b)
{
	return range_contains(a, &b->start) || range_contains(b, &a->start);
}

const struct range *ranges_find(const struct list *set, const struct ip *ip)
{
	const struct range *range = set->items;

	for (size_t i = 0; i < set->count; i++)
		if (range_contains(&range[i], ip))
			return &range[i];
	return NULL;
}

static const char *range_text(struct job *job, const struct range *range)
{
	char start[IP_TEXT], end[IP_TEXT];

	return job_printf(job, "%s-%s", ip_print(&range->start, start),
			  ip_print(&range->end, end));
}

const char *ranges_text(struct job *job, const struct list *set)
{
	const struct range *range = set->items;
	struct str text = { .job = job };

	for (size_t i = 0; i < set->count; i++) {
		if (i)
			str_add(&text, ",");
		str_add(&text, range_text(job, &range[i]));
	}
	return text.text;
}

/* What is wrong with the subnet, or NULL. */
static const char *range_check_subnet(struct job *job,
				      const struct prefix *subnet)
{
	const struct ip network = prefix_network(subnet).ip;
	char text[PREFIX_TEXT];
	struct ip read;

	if (!subnet->ip.family)
		return "IP <nil> not v4 nor v6";
	if (subnet->len > ip_bits(subnet->ip.family) - 2)
		return job_printf(job, "Network %s too small to allocate from",
				  prefix_print(subnet, text));
	/* A v4-mapped prefix: its address is read again as IPv4. */
	if (!ip_parse(ip_print(&subnet->ip, text), &read) ||
	    read.family != subnet->ip.family)
		return "IPNet IP and Mask version mismatch";
	if (ip_compare(&subnet->ip, &network) != 0)
		return job_printf(job,
				  "Network has host bits set. For a subnet "
				  "mask of length %d the network address is %s",
				  subnet->len, ip_print(&network, text));
	return NULL;
}

/* Fills in what the range leaves out. Returns what is wrong with it, or
 * NULL. */
static const char *range_complete(struct job *job, struct range *range)
{
	const struct prefix *subnet = &range->subnet;
	const struct ip second = ip_step(&subnet->ip, 1);
	const char *wrong = range_check_subnet(job, subnet);
	char text[IP_TEXT], net[PREFIX_TEXT];

	if (wrong)
		return wrong;
	if (!range->gateway.family)
		range->gateway = second;
	if (!range->start.family)
		range->start = second;
	else if (!range_contains(range, &range->start))
		return job_printf(job, "RangeStart %s not in network %s",
				  ip_print(&range->start, text),
				  prefix_print(subnet, net));
	if (range->end.family)
		return range_contains(range, &range->end)
			       ? NULL
			       : job_printf(job,
					    "RangeEnd %s not in network %s",
					    ip_print(&range->end, text),
					    prefix_print(subnet, net));
	range->end = prefix_last(subnet);
	/* Broadcast is left out, unless the range starts there. */
	if (subnet->ip.family == AF_INET &&
	    ip_compare(&range->start, &range->end) < 0)
		range->end = ip_step(&range->end, -1);
	return NULL;
}

static const char *ranges_complete(struct job *job, const struct list *set)
{
	struct range *range = set->items;
	const char *wrong = set->count ? NULL : "empty range set";

	for (size_t i = 0; i < set->count && !wrong; i++) {
		wrong = range_complete(job, &range[i]);
		if (!wrong &&
		    range[i].subnet.ip.family != range[0].subnet.ip.family)
			wrong = "mixed address families";
	}
	for (size_t i = 1; i < set->count && !wrong; i++)
		for (size_t j = 0; j < i && !wrong; j++)
			if (range_overlaps(&range[j], &range[i]))
				wrong = job_printf(job,
						   "subnets %s and %s overlap",
						   range_text(job, &range[j]),
						   range_text(job, &range[i]));
	return wrong;
}

static bool ranges_overlap(const struct list *a, const struct list *b)
{
	const struct range *x = a->items, *y = b->items;

	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (range_overlaps(&x[i], &y[j]))
				return true;
	return false;
}

int ranges_check(struct job *job, const char *version, const struct list *sets)
{
	const struct list *set = sets->items;
	size_t v4 = 0;

	if (!sets->count)
		return fail(job, CNI_BAD_CONFIG, "no IP ranges specified");
	for (size_t i = 0; i < sets->count; i++) {
		const char *wrong = ranges_complete(job, &set[i]);

		if (wrong)
			return fail(job, CNI_BAD_CONFIG,
				    "invalid range set %zu: %s", i, wrong);
		v4 += ((struct range *)set[i].items)->start.family == AF_INET;
	}
	if ((v4 > 1 || sets->count - v4 > 1) &&
	    result_family(version) == RESULT_01)
		return fail(job, CNI_BAD_CONFIG,
			    "CNI version %s does not support more than 1 "
			    "address per family",
			    version);
	for (size_t i = 0; i < sets->count; i++)
		for (size_t j = i + 1; j < sets->count; j++)
			if (ranges_overlap(&set[i], &set[j]))
				return fail(job, CNI_BAD_CONFIG,
					    "range set %zu overlaps with %zu",
					    i, j);
	return 0;
}

struct cursor cursor_after(const struct list *set, const struct ip *last)
{
	const struct range *range = ranges_find(set, last);
	struct cursor cursor = { set, range, *last };

	if (range) {
		cursor_step(&cursor);
	} else {
		cursor.range = set->items;
		cursor.ip = cursor.range->start;
	}
	return cursor;
}

void cursor_step(struct cursor *cursor)
{
	const struct range *first = cursor->set->items;

	if (ip_compare(&cursor->ip, &cursor->range->end) != 0) {
		cursor->ip = ip_step(&cursor->ip, 1);
		return;
	}
	cursor->range++;
	if (cursor->range == first + cursor->set->count)
		cursor->range = first;
	cursor->ip = cursor->range->start;
}
