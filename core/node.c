/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/node.h"

#include <string.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/attachment.h"
#include "core/ct.h"
#include "core/json.h"
#include "core/link.h"

enum { NETLINK_ROUTE = 0, NETLINK_NETFILTER = 12 };

struct node {
	struct job *job;
	const struct applet *const *applets;
	struct list owners; /* of const char *, each once */
};

static bool is_listed(const struct list *texts, const char *text)
{
	const char *const *item = texts->items;

	for (size_t i = 0; i < texts->count; i++) {
		if (strcmp(item[i], text) == 0)
			return true;
	}
	return false;
}

static void list_once(struct job *job, struct list *texts, const char *text)
{
	if (!is_listed(texts, text))
		*(const char **)list_add(job, texts, sizeof(text)) = text;
}

static int read_owners(struct node *node)
{
	for (const struct applet *const *a = node->applets; *a; a++) {
		struct list owners;
		const char **owner;

		if (record_list(node->job, (*a)->name, &owners) < 0)
			return -1;
		owner = owners.items;
		for (size_t i = 0; i < owners.count; i++)
			list_once(node->job, &node->owners, owner[i]);
	}
	return 0;
}

/* ---- sync ---- */

/* Whether the owner has a record, and none that is alive. */
static bool is_gone(void *arg, const char *owner)
{
	const struct node *node = arg;
	struct list notes;
	bool any = false;

	for (const struct applet *const *a = node->applets; *a; a++) {
		bool found;

		if (record_alive(node->job, (*a)->name, owner))
			return false;
		any |= record_read(node->job, (*a)->name, owner, &notes,
				   &found) == 0 &&
		       found;
	}
	return any;
}

/* Adds to restored whose NAT was, and to entries what that is. *lame: the tables
 * do not do what they should, whatever is in them. */
static int restore_all(struct node *node, struct call *c, struct list *restored,
		       struct list *entries, bool *lame)
{
	const char **owner;

	*lame = false;
	if (read_owners(node) < 0)
		return -1;
	owner = node->owners.items;
	for (size_t i = 0; i < node->owners.count; i++) {
		for (const struct applet *const *a = node->applets; *a; a++) {
			bool changed;

			c->applet = *a;
			if (attachment_restore(c, owner[i], &changed, lame,
					       entries) < 0)
				return -1;
			if (changed)
				list_once(node->job, restored, owner[i]);
		}
	}
	return 0;
}

int node_sync(struct job *job, const struct applet *const *applets,
	      struct str *out)
{
	struct node node = { job, applets, { 0 } };
	struct call c = { .job = job, .applets = applets };
	struct list restored = { 0 }, entries = { 0 };
	const char **owner;
	size_t gone = 0;
	bool lame;

	nl_init(&c.host, job, -1, NETLINK_ROUTE);
	nl_init(&c.nft, job, -1, NETLINK_NETFILTER);
	if (nat_gc(&c.nft, is_gone, &node) < 0 ||
	    restore_all(&node, &c, &restored, &entries, &lame) < 0)
		return -1;
	if (lame && (nat_reset(&c.nft) < 0 ||
		     restore_all(&node, &c, &restored, &entries, &lame) < 0))
		return -1;
	if (lame)
		return fail(job, CNI_TRY_AGAIN,
			    "restore NAT: others keep changing it");
	if (nat_note_services(&c.nft, &c.host, true) < 0)
		return -1;
	if (IS_ENABLED(CONFIG_NAT) &&
	    ct_flush(&c.nft, &entries, CT_RESTORED) < 0)
		return -1;
	owner = node.owners.items;
	for (size_t i = 0; i < node.owners.count; i++)
		gone += is_gone(&node, owner[i]);
	str_printf(out, "%zu attachments, %zu restored, %zu gone\n",
		   node.owners.count, restored.count, gone);
	return 0;
}

/* ---- show ---- */

/* An attachment, of all of its records. */
struct shown {
	const char *netns;
	bool alive;
	struct list addresses, ports; /* of const char * */
};

/* What is left of text behind n words. */
static const char *behind(const char *text, int n)
{
	while (n--) {
		text += strcspn(text, " ");
		text += *text == ' ';
	}
	return text;
}

static const char *word(struct job *job, const char *text, int n)
{
	text = behind(text, n);
	return job_strndup(job, text, strcspn(text, " "));
}

/* "port PROTOCOL HOST HOSTPORT POD PODPORT", for each of its addresses. */
static void note_port(struct job *job, struct shown *shown, const char *text)
{
	const char *host = word(job, text, 2);

	if (!str_starts(text, "port "))
		return;
	host = *host == '*' ? "" : job_printf(job, "%s:", host);
	list_once(job, &shown->ports,
		  job_printf(job, "%s%s/%s->%s", host, word(job, text, 3),
			     word(job, text, 1), word(job, text, 5)));
}

static int read_records(struct node *node, const char *owner,
			struct shown *shown)
{
	for (const struct applet *const *a = node->applets; *a; a++) {
		const struct record_note *note;
		struct list notes;
		bool found;

		if (record_read(node->job, (*a)->name, owner, &notes, &found) <
		    0)
			return -1;
		note = notes.items;
		for (size_t i = 0; i < notes.count; i++) {
			if (strcmp(note[i].kind, "netns") == 0)
				shown->netns = behind(note[i].text, 2);
			else
				note_port(node->job, shown, note[i].text);
		}
		shown->alive |= record_alive(node->job, (*a)->name, owner);
	}
	return 0;
}

/* Those that the interface has now. */
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
			list_once(job, &shown->addresses,
				  job_printf(
					  job, "%s",
					  prefix_print(&addr[i].prefix, text)));
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

/* w is NULL for a line of text. */
static int show_owner(struct node *node, const char *owner,
		      struct json_writer *w, struct str *out)
{
	static const char *const keys[] = { "network", "interface" };
	struct shown shown = { .netns = "" };
	const char *part[2], *rest = owner;
	struct job *job = node->job;

	/* Of a hashed one there are but two parts. */
	for (int i = 0; i < 2; i++) {
		size_t len = strcspn(rest, "/");

		part[i] = rest[len] ? job_strndup(job, rest, len) : "";
		rest += rest[len] ? len + 1 : 0;
	}
	if (read_records(node, owner, &shown) < 0 ||
	    (shown.alive && read_addresses(job, part[1], &shown) < 0))
		return -1;
	if (!w) {
		str_add(out, owner);
		say_list(out, &shown.addresses);
		say_list(out, &shown.ports);
		str_printf(out, " %s%s\n", *shown.netns ? shown.netns : "-",
			   shown.alive ? "" : " (gone)");
		return 0;
	}
	json_open(w, NULL, '{');
	for (int i = 0; i < 2; i++)
		json_string(w, keys[i], part[i]);
	json_string(w, "container", rest);
	write_list(w, "addresses", &shown.addresses);
	write_list(w, "ports", &shown.ports);
	json_string(w, "netns", shown.netns);
	json_string(w, "state", shown.alive ? "alive" : "gone");
	json_close(w, '}');
	return 0;
}

int node_show(struct job *job, const struct applet *const *applets, bool json,
	      struct str *out)
{
	struct node node = { job, applets, { 0 } };
	struct json_writer w = { .out.job = job };
	const char **owner;

	if (read_owners(&node) < 0)
		return -1;
	owner = node.owners.items;
	json_open(&w, NULL, '[');
	for (size_t i = 0; i < node.owners.count; i++) {
		if (show_owner(&node, owner[i], json ? &w : NULL, out) < 0)
			return -1;
	}
	json_close(&w, ']');
	if (json)
		str_printf(out, "%s\n", w.out.text);
	return 0;
}
