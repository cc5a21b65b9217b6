/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf - whole calls of every applet, but for what they do to the node
 *
 * An input is a line "APPLET VERB [CNI_ARGS]", then what comes on stdin. What
 * stands in place of the applets' verbs takes the configuration apart as they
 * do. */
/* For serve(): cni_main() does not give its memory back. */
#include "core/cni/cni.c"

#include "applets/main/bridge/bridge.h"
#define ipam_keys host_local_ipam_keys
#include "applets/ipam/host-local/host-local.c"
#undef ipam_keys
#include "applets/main/loopback.c"
#include "applets/meta/portmap.c"
#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "tests/fuzz/fuzz.h"

extern const struct applet bridge_applet;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_file(STDIN_FILENO);
	fuzz_file(STDOUT_FILENO);
	return 0;
}

/* Each entry is one line of a record, which tells it. */
static void check_entries(struct call *c, const struct list *list)
{
	const struct entry *entry = list->items;

	for (size_t i = 0; i < list->count; i++) {
		struct str once = { .job = c->job }, twice = { .job = c->job };
		struct entry again;
		struct nft_element element;

		entry_to_element(c->job, &entry[i], "net/eth0/a", &element);
		require(element.key_len <= sizeof(element.key));
		entry_print(&entry[i], &once);
		require(entry_parse(c->job, once.text, &again));
		entry_print(&again, &twice);
		require(!strcmp(once.text, twice.text));
	}
}

static int use_bridge(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	const struct result_ip *ip = c->prev.ips.items;
	struct list entries = { 0 };
	struct brvlan vlans;
	bool any;

	require(*conf->bridge && strlen(conf->bridge) < IFNAMSIZ);
	require(bridge_vlans(c, &vlans, &any) == 0);
	require(any == !!vlans.native && (!any || bridge_has_vlans(conf)));
	require(*bridge_vlan_name(c));
	for (size_t i = 0; i < c->prev.ips.count; i++)
		bridge_gateway(&ip[i]);
	bridge_masq_entries(c, &c->prev, &entries);
	check_entries(c, &entries);
	c->result = c->prev;
	return 0;
}

static void check_range(const struct range *range)
{
	require(prefix_contains(&range->subnet, &range->start) &&
		prefix_contains(&range->subnet, &range->end));
}

/* Walking on from an address that was given out, one comes by those of the set
 * and no others. */
static void check_set(struct call *c, const struct list *set,
		      const struct ip *last)
{
	struct cursor at = cursor_after(set, last);

	for (int i = 0; i < 40; i++) {
		require(ranges_find(set, &at.ip));
		cursor_step(&at);
	}
	require(*ranges_text(c->job, set));
}

static int use_host_local(struct call *c)
{
	struct list sets = { 0 }, wanted = { 0 };
	const struct list *set;
	const struct ip none = { 0 };

	if (read_sets(c, &sets) < 0 ||
	    ranges_check(c->job, c->net.version, &sets) < 0 ||
	    read_wanted(c, &wanted) < 0)
		return -1;
	set = sets.items;
	for (size_t i = 0; i < sets.count; i++) {
		const struct range *range = set[i].items;
		const struct ip *ip = wanted.items;
		struct result_ip *out =
			list_add(c->job, &c->result.ips, sizeof(*out));

		for (size_t j = 0; j < set[i].count; j++)
			check_range(&range[j]);
		check_set(c, &set[i], wanted.count ? ip : &none);
		check_set(c, &set[i], &range->end);
		out->address.ip = range->start;
		out->address.len = range->subnet.len;
		out->gateway = range->gateway;
	}
	c->result.routes = ((const struct host_local_conf *)c->conf)->routes;
	return 0;
}

static int use_portmap(struct call *c)
{
	struct list entries;

	portmap_all_entries(c, &entries);
	check_entries(c, &entries);
	c->result = c->prev;
	return 0;
}

static int use_loopback(struct call *c)
{
	c->result = c->prev;
	return 0;
}

/* The namespace is not there, and the IPAM plugins are not called. */
static struct applet harmless(const struct applet *applet,
			      int (*use)(struct call *c))
{
	struct applet out = *applet;

	out.needs_netns = false;
	out.add = out.check = out.status = out.gc = use;
	out.del = NULL;
	return out;
}

/* A call that fails says so in one document; others may say nothing. */
static void check_output(struct job *job, int status)
{
	off_t len = lseek(STDOUT_FILENO, 0, SEEK_CUR);
	char *text = job_alloc(job, (size_t)len + 1);
	struct json *doc;

	require(pread(STDOUT_FILENO, text, (size_t)len, 0) == len);
	if (!len)
		require(status == 0);
	else
		require(json_parse(job, "out", text, (size_t)len, &doc) == 0 &&
			doc->type == JSON_OBJECT &&
			json_member(doc, "cniVersion"));
	require((status != 0) == (len && json_member(doc, "msg")));
}

static void run(struct job *job, const struct applet *applet, char *first)
{
	struct call c = { .job = job, .applet = applet };
	int status;

	c.env = (struct cni_env) { .container = "a",
				   .ifname = "eth0",
				   .netns = "/nowhere",
				   .path = "" };
	c.env.command = fuzz_cut(&first, " ");
	c.env.args = first ? first : "";
	status = serve(&c);
	if (status < 0 || job->msg) {
		fuzz_told(job, -1);
		status = cni_print_error(job, c.net.version);
	}
	check_output(job, status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct applet applets[] = {
		harmless(&bridge_applet, use_bridge),
		harmless(&host_local_applet, use_host_local),
		harmless(&portmap_applet, use_portmap),
		harmless(&loopback_applet, use_loopback),
	};
	const uint8_t *end = memchr(data, '\n', size);
	struct job job = { 0 };
	char *first, *name;

	if (!end)
		return 0;
	first = fuzz_text(&job, data, (size_t)(end - data));
	end++;
	name = fuzz_cut(&first, " ");
	fuzz_fill(STDIN_FILENO, end, size - (size_t)(end - data));
	fuzz_fill(STDOUT_FILENO, "", 0);
	for (size_t i = 0; first && i < 4; i++)
		if (!strcmp(name, applets[i].name))
			run(&job, &applets[i], first);
	job_free(&job);
	return 0;
}
