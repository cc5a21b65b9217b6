/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show - the attachments of the node

config SHOW
	bool "cnibox show"
	default y
	help
	  "cnibox show" lists the attachments of the node. Costs 2 KB.
*/
#include <string.h>
#include <unistd.h>

#include "core/cni/tool.h"
#include "core/cni/attachment.h"
#include "core/cni/node.h"
#include "core/data/json.h"
#include "core/kernel/addr.h"
#include "core/kernel/link.h"

enum { NETLINK_ROUTE = 0 };

/* What all records of an attachment say. */
struct shown {
	const char *netns;
	enum life life;		      /* by the record that says most */
	struct list addresses, ports; /* of const char * */
};

/* The word of text that has n words before it. */
static const char *word(struct job *job, const char *text, int n)
{
	while (n--) {
		text += strcspn(text, " ");
		text += *text == ' ';
	}
	return job_strndup(job, text, strcspn(text, " "));
}

/* "port PROTOCOL HOST HOSTPORT POD PODPORT", for each of its addresses. */
static void note_port(struct job *job, struct shown *shown, const char *text)
{
	const char *host = word(job, text, 2);

	if (!str_starts(text, "port "))
		return;
	host = *host == '*' ? "" : job_printf(job, "%s:", host);
	node_add_once(job, &shown->ports,
		      job_printf(job, "%s%s/%s->%s", host, word(job, text, 3),
				 word(job, text, 1), word(job, text, 5)));
}

static int read_records(struct call *c, const char *owner, struct shown *shown)
{
	for (const struct applet *const *a = c->applets; *a; a++) {
		const struct record_note *note;
		struct record_notes notes;
		struct netns netns;
		const char *path;
		enum life life;

		record_read(c->job, (*a)->name, owner, &notes);
		if (!notes.found)
			continue;
		note = notes.list.items;
		for (size_t i = 0; i < notes.list.count; i++)
			note_port(c->job, shown, note[i].text);
		if (record_netns(&notes, &netns, &path))
			shown->netns = path;
		life = life_of(c, owner, &notes);
		if (shown->life == LIFE_DEAD || life == LIFE_ALIVE)
			shown->life = life;
	}
	return c->job->msg ? -1 : 0;
}

/* Reads the addresses that the interface has now. */
static int read_addresses(struct job *job, const char *ifname,
			  struct shown *shown)
{
	char text[PREFIX_TEXT];
	const struct addr *addr;
	struct netns netns;
	struct list addrs = { 0 };
	struct link link;
	struct nl nl;
	bool found;

	if (netns_find(job, shown->netns, &netns, &found) < 0 || !found)
		return job->msg ? -1 : 0;
	nl_init(&nl, job, netns.fd, NETLINK_ROUTE);
	if (link_find(&nl, ifname, &link, &found) < 0 ||
	    (found && addr_list(&nl, &link, 0, &addrs) < 0))
		return -1;
	addr = addrs.items;
	for (size_t i = 0; found && i < addrs.count; i++) {
		if (!addr[i].link_local)
			node_add_once(job, &shown->addresses,
				      job_printf(job, "%s",
						 prefix_print(&addr[i].prefix,
							      text)));
	}
	nl_close(&nl);
	close(netns.fd);
	return 0;
}

static void write_list(struct json_writer *w, const char *key,
		       const struct list *texts)
{
	const char *const *text = texts->items;

	json_open(w, key, '[');
	for (size_t i = 0; i < texts->count; i++)
		json_string(w, NULL, text[i]);
	json_close(w, ']');
}

static void say_list(struct str *out, const struct list *texts)
{
	const char *const *text = texts->items;

	for (size_t i = 0; i < texts->count; i++)
		str_printf(out, "%s%s", i ? "," : " ", text[i]);
	if (!texts->count)
		str_add(out, " -");
}

/* Adds the attachment to w as JSON or, if w is NULL, to out as a line of text. */
static int show_owner(struct call *c, const char *owner, struct json_writer *w,
		      struct str *out)
{
	static const char *const keys[] = { "network", "interface",
					    "container" };
	static const char *const lives[] = { "gone", "alive", "unknown" };
	struct shown shown = { .netns = "" };
	const char *part[3], *rest = owner;
	struct job *job = c->job;

	/* An owner that is a hash has only two parts. */
	for (int i = 0; i < 2; i++) {
		size_t len = strcspn(rest, "/");

		part[i] = rest[len] ? job_strndup(job, rest, len) : "";
		rest += rest[len] ? len + 1 : 0;
	}
	part[2] = rest;
	if (read_records(c, owner, &shown) < 0 ||
	    (shown.life == LIFE_ALIVE &&
	     read_addresses(job, part[1], &shown) < 0))
		return -1;
	if (!w) {
		str_add(out, owner);
		say_list(out, &shown.addresses);
		say_list(out, &shown.ports);
		str_printf(out, " %s", *shown.netns ? shown.netns : "-");
		if (shown.life != LIFE_ALIVE)
			str_printf(out, " (%s)", lives[shown.life]);
		str_add(out, "\n");
		return 0;
	}
	json_open(w, NULL, '{');
	for (int i = 0; i < 3; i++)
		json_string(w, keys[i], part[i]);
	write_list(w, "addresses", &shown.addresses);
	write_list(w, "ports", &shown.ports);
	json_string(w, "netns", shown.netns);
	json_string(w, "state", lives[shown.life]);
	json_close(w, '}');
	return 0;
}

static int run(struct call *c, char **argv, struct str *out)
{
	bool json = argv[1] && strcmp(argv[1], "--json") == 0;
	struct json_writer w = { .out.job = c->job };
	const char **owner;
	struct list owners = { 0 };

	if (argv[1 + json])
		return tool_unknown_word(c, argv, argv[1 + json]);
	if (node_owners(c, &owners) < 0)
		return -1;
	owner = owners.items;
	json_open(&w, NULL, '[');
	for (size_t i = 0; i < owners.count; i++) {
		if (show_owner(c, owner[i], json ? &w : NULL, out) < 0)
			return -1;
	}
	json_close(&w, ']');
	if (json)
		str_printf(out, "%s\n", w.out.text);
	return 0;
}

const struct tool show_tool = {
	.name = "show",
	.usage = "show [--json]  the attachments of this node",
	.run = run,
};
