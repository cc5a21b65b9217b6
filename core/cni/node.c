/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/node.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/cni/attachment.h"
#include "core/data/json.h"
#include "core/kernel/addr.h"
#include "core/kernel/link.h"
#include "core/tables/ct.h"

enum { NETLINK_ROUTE = 0, NETLINK_NETFILTER = 12 };

struct node {
	struct job *job;
	const struct applet *const *applets;
	struct call call;   /* of none of them */
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

static void begin(struct node *node, struct job *job,
		  const struct applet *const *applets)
{
	*node = (struct node) { job,
				applets,
				{ .job = job, .applets = applets } };
	nl_init(&node->call.host, job, -1, NETLINK_ROUTE);
	nl_init(&node->call.nft, job, -1, NETLINK_NETFILTER);
}

static int read_owners(struct node *node)
{
	for (const struct applet *const *a = node->applets; *a; a++) {
		struct list owners;
		const char **owner;

		if (record_list(node->job, (*a)->name, &owners) < 0)
			return fail_errno(node->job, errno, "read %s",
					  CONFIG_STATE_DIR);
		owner = owners.items;
		for (size_t i = 0; i < owners.count; i++)
			list_once(node->job, &node->owners, owner[i]);
	}
	return 0;
}

/* ---- sync ---- */

/* Whether the attachment is dead. Left is whether one that a DEL has begun to
 * remove is, too. */
static bool is_dead(struct node *node, const char *owner, bool left)
{
	const struct record_notes none = { 0 };
	struct record_notes notes;
	bool any = false;

	for (const struct applet *const *a = node->applets; *a; a++) {
		record_read(node->job, (*a)->name, owner, &notes);
		if (!notes.found)
			continue;
		any = true;
		notes.left &= left;
		if (life_of(&node->call, owner, &notes) != LIFE_DEAD)
			return false;
	}
	/* What others put into our tables has comments of other kinds. */
	return any || (strchr(owner, '/') &&
		       life_of(&node->call, owner, &none) == LIFE_DEAD);
}

static bool is_gone(void *arg, const char *owner)
{
	return is_dead(arg, owner, true);
}

/* Adds to restored whose NAT was, and to entries what that is. *broken: the tables
 * do not do what they should, whatever is in them. What keeps one from being
 * restored is said, and no error for the next. */
static void restore_all(struct node *node, struct list *restored,
			struct list *entries, bool *broken, bool *failed)
{
	const char **owner = node->owners.items;
	struct job *job = node->job;
	bool changed;

	*broken = *failed = false;
	for (size_t i = 0; i < node->owners.count; i++) {
		for (const struct applet *const *a = node->applets; *a; a++) {
			node->call.applet = *a;
			attachment_restore(&node->call, owner[i], &changed,
					   broken, entries);
			if (changed)
				list_once(job, restored, owner[i]);
			if (!job->msg)
				continue;
			job_warn(job, "restore %s: %s", owner[i], job->msg);
			job->msg = job->details = NULL;
			*failed = true;
		}
	}
}

/* Counts the dead and removes their records, unless an ADD is at work, which may
 * be of one of them: then they stay until the next time. */
static int forget_dead(struct node *node, size_t *gone)
{
	const char **owner = node->owners.items;
	int dir = record_dir(node->job), ret = 0;
	bool alone = dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) == 0;

	for (size_t i = 0; i < node->owners.count; i++) {
		*gone += is_gone(node, owner[i]);
		if (!alone || !is_dead(node, owner[i], false))
			continue;
		for (const struct applet *const *a = node->applets; *a; a++) {
			node->call.applet = *a;
			ret |= attachment_forget(&node->call, owner[i]);
		}
	}
	close(dir);
	return ret;
}

int node_sync(struct job *job, const struct applet *const *applets,
	      struct str *out)
{
	struct list restored = { 0 }, entries = { 0 };
	size_t gone = 0;
	struct node node;
	bool broken, failed;
	int ret;

	begin(&node, job, applets);
	if (read_owners(&node) < 0 ||
	    tables_gc(&node.call.nft, is_gone, &node) < 0)
		return -1;
	restore_all(&node, &restored, &entries, &broken, &failed);
	/* Also those that have come meanwhile. */
	if (broken &&
	    (tables_rebuild(&node.call.nft) < 0 || read_owners(&node) < 0))
		return -1;
	if (broken)
		restore_all(&node, &restored, &entries, &broken, &failed);
	if (broken)
		return fail(job, CNI_TRY_AGAIN,
			    "restore NAT: others keep changing it");
	if (tables_note_services(&node.call.nft, &node.call.host, true) < 0)
		return -1;
	if (IS_ENABLED(CONFIG_NAT) &&
	    ct_flush(&node.call.nft, &entries, CT_RESTORED) < 0)
		return -1;
	ret = forget_dead(&node, &gone);
	str_printf(out, "%zu attachments, %zu restored, %zu gone\n",
		   node.owners.count, restored.count, gone);
	return failed ? fail(job, CNI_INTERNAL, "not all could be restored")
		      : ret;
}

/* ---- show ---- */

/* An attachment, of all of its records. */
struct shown {
	const char *netns;
	enum life life; /* of its records the one that says most */
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
		struct record_notes notes;
		enum life life;

		record_read(node->job, (*a)->name, owner, &notes);
		if (!notes.found)
			continue;
		note = notes.list.items;
		for (size_t i = 0; i < notes.list.count; i++) {
			if (strcmp(note[i].kind, "netns") == 0)
				shown->netns = behind(note[i].text, 2);
			else
				note_port(node->job, shown, note[i].text);
		}
		life = life_of(&node->call, owner, &notes);
		if (shown->life == LIFE_DEAD || life == LIFE_ALIVE)
			shown->life = life;
	}
	return node->job->msg ? -1 : 0;
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
	static const char *const lives[] = { "gone", "alive", "unknown" };
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
	for (int i = 0; i < 2; i++)
		json_string(w, keys[i], part[i]);
	json_string(w, "container", rest);
	write_list(w, "addresses", &shown.addresses);
	write_list(w, "ports", &shown.ports);
	json_string(w, "netns", shown.netns);
	json_string(w, "state", lives[shown.life]);
	json_close(w, '}');
	return 0;
}

int node_show(struct job *job, const struct applet *const *applets, bool json,
	      struct str *out)
{
	struct json_writer w = { .out.job = job };
	const char **owner;
	struct node node;

	begin(&node, job, applets);
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
