/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sync - makes the node's nftables what the records of its attachments say

config SYNC
	bool "cnibox sync"
	default y
	depends on NAT
	help
	  "cnibox sync" puts the NAT and policy of all containers back when
	  somebody has flushed the ruleset, removes what is left of those that
	  are gone, and makes the tables of an older version anew. Costs 2 KB.
*/
#include <string.h>
#include <unistd.h>

#include "core/cni/tool.h"
#include "core/cni/attachment.h"
#include "core/cni/node.h"
#include "core/cni/noted.h"
#include "core/state/nodes_file.h"

struct sync {
	struct list owners;   /* of the attachments, const char * */
	struct list restored; /* those of them whose NAT was */
	struct list entries;  /* what that is, of struct entry */
	struct list exempt;   /* from masquerading, of struct prefix */
	bool broken;	      /* tables do not do what they should */
	bool failed;	      /* an attachment's NAT could not be restored */
	bool unread;	      /* nor could what is exempt from it */
};

/* Whether the attachment is dead; without left, not by the mere fact that its DEL
 * has begun. */
static bool is_dead(struct call *c, const char *owner, bool left)
{
	const struct record_notes none = { 0 };
	struct record_notes notes;
	bool any = false;

	for (const struct applet *const *a = c->applets; *a; a++) {
		record_read(c->job, (*a)->name, owner, &notes);
		if (!notes.found)
			continue;
		any = true;
		notes.left &= left;
		if (life_of(c, owner, &notes) != LIFE_DEAD)
			return false;
	}
	/* What others put into our tables has comments of other kinds. */
	return any ||
	       (strchr(owner, '/') && life_of(c, owner, &none) == LIFE_DEAD);
}

static bool is_gone(void *arg, const char *owner)
{
	return is_dead(arg, owner, true);
}

/* What the last "cnibox nodes apply" has made exempt; none is at work until we end. */
static void read_exempt(struct call *c, struct sync *sync)
{
	struct job *job = c->job;
	struct nodes_file file;
	bool found;

	if (nodes_file_read_self(job, &file, &found) == 0 &&
	    (!found || (nodes_file_lock(job) == 0 &&
			nodes_file_read(job, &file, &found) == 0))) {
		nodes_file_exempt(job, &file, &sync->exempt);
		return;
	}
	job_warn(job, "%s", job->msg);
	job->msg = job->details = NULL;
	sync->unread = true;
}

/* First of all, so that no packet to another node is masqueraded meanwhile. What is
 * refused is told when the tables are made anew. */
static void restore_exempt(struct call *c, struct sync *sync)
{
	if (!sync->exempt.count ||
	    tables_exempt_nodes(&c->nft, &sync->exempt) == 0)
		return;
	c->job->msg = c->job->details = NULL;
	sync->broken = true;
}

/* If an attachment cannot be restored, that is logged, and the next one is tried. */
static void restore_all(struct call *c, struct sync *sync)
{
	const char **owner = sync->owners.items;
	struct job *job = c->job;
	bool changed;

	sync->broken = sync->failed = false;
	if (IS_ENABLED(CONFIG_NODES))
		restore_exempt(c, sync);
	for (size_t i = 0; i < sync->owners.count; i++) {
		for (const struct applet *const *a = c->applets; *a; a++) {
			c->applet = *a;
			attachment_restore(c, owner[i], &changed, &sync->broken,
					   &sync->entries);
			if (changed)
				node_add_once(job, &sync->restored, owner[i]);
			if (!job->msg)
				continue;
			job_warn(job, "restore %s: %s", owner[i], job->msg);
			job->msg = job->details = NULL;
			sync->failed = true;
		}
	}
}

/* The entries of all records. */
static int list_entries(void *arg, struct list *out)
{
	struct call *c = arg;
	struct list owners = { 0 };
	struct record_notes notes;
	const char **owner;

	if (node_owners(c, &owners) < 0)
		return -1;
	owner = owners.items;
	for (size_t i = 0; i < owners.count; i++) {
		for (const struct applet *const *a = c->applets; *a; a++) {
			record_read(c->job, (*a)->name, owner[i], &notes);
			noted_entries(c, &notes, true, out);
		}
	}
	return 0;
}

/* Counts the dead and removes their records, unless an ADD is at work, which may
 * be of one of them: then they stay until the next time. */
static int forget_dead(struct call *c, const struct list *owners, size_t *gone)
{
	const char **owner = owners->items;
	struct record record = { .dir = record_dir(c->job) };
	bool alone = record_is_alone(&record);
	int ret = 0;

	for (size_t i = 0; i < owners->count; i++) {
		*gone += is_gone(c, owner[i]);
		if (!alone || !is_dead(c, owner[i], false))
			continue;
		for (const struct applet *const *a = c->applets; *a; a++) {
			c->applet = *a;
			ret |= attachment_forget(c, owner[i]);
		}
	}
	close(record.dir);
	return ret;
}

/* Entries of an attachment that has a host end but no record stay, unless a table
 * has lost its rules and has to be made anew. */
static int run(struct call *c, char **argv, struct str *out)
{
	struct sync sync = { 0 };
	size_t gone = 0;
	int ret;

	if (argv[1])
		return tool_unknown_word(c, argv, argv[1]);
	if (node_owners(c, &sync.owners) < 0 ||
	    tables_gc(&c->nft, is_gone, c) < 0)
		return -1;
	if (IS_ENABLED(CONFIG_NODES))
		read_exempt(c, &sync);
	restore_all(c, &sync);
	if (tables_find_old(&c->nft, &sync.broken) < 0)
		return -1;
	/* Attachments may have come meanwhile. */
	if (sync.broken && (tables_rebuild(&c->nft, list_entries, c) < 0 ||
			    node_owners(c, &sync.owners) < 0))
		return -1;
	if (sync.broken)
		restore_all(c, &sync);
	if (sync.broken)
		return fail(c->job, CNI_TRY_AGAIN,
			    "restore NAT: others keep changing it");
	if (tables_note_services(&c->nft, &c->host, true) < 0 ||
	    tables_flush_connections(&c->nft, &sync.entries, CT_RESTORED) < 0)
		return -1;
	ret = forget_dead(c, &sync.owners, &gone);
	str_printf(out, "%zu attachments, %zu restored, %zu gone\n",
		   sync.owners.count, sync.restored.count, gone);
	return sync.failed || sync.unread
		       ? fail(c->job, CNI_INTERNAL, "not all could be restored")
		       : ret;
}

const struct tool sync_tool = {
	.name = "sync",
	.usage = "sync           puts back NAT and policy that others removed",
	.run = run,
};
