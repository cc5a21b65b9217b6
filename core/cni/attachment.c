/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/attachment.h"

#include "core/cni/heir.h"
#include "core/cni/noted.h"
#include "core/kernel/nft.h"
#include "core/tables/reference.h"

const char *attachment_owner(struct call *c)
{
	return record_owner(c->job, c->net.name, c->env.ifname,
			    c->env.container);
}

/* Fails if owner is, or may be, alive in another namespace than CNI_NETNS. If
 * CNI_IFNAME there is owner's, by another plugin of the list, owner is there. */
static int refuse_another_place(struct call *c, const char *owner)
{
	struct record_notes notes;
	struct netns netns;
	const char *path;

	noted_read(c, owner, &notes);
	if (!record_netns(&notes, &netns, &path) ||
	    (netns.dev == c->netns.dev && netns.ino == c->netns.ino) ||
	    life_of(c, owner, &notes) == LIFE_DEAD || life_has_guest(c, owner))
		return c->job->msg ? -1 : 0;
	return fail(c->job, CNI_INTERNAL,
		    "%s: is attached to another network namespace, %s", owner,
		    path);
}

int attachment_begin(struct call *c, struct record *record,
		     int (*release)(struct call *c))
{
	const char *owner = attachment_owner(c);
	bool exists;

	for (int i = 0; i < 2; i++) {
		if (record_begin(record, c->job, c->applet->name, owner,
				 &c->netns, c->env.netns, &exists) < 0)
			return -1;
		if (!exists)
			return 0;
		/* No runtime should do that; the smallest binary leaves it out. */
		if (i || (IS_ENABLED(CONFIG_NAT) &&
			  record_is_begun(c->job, c->applet->name, owner)))
			break;
		if (refuse_another_place(c, owner) < 0 || release(c) < 0)
			return -1;
	}
	/* There still is a record: a new one or, in a folder that has become
	 * read-only, the old one, which could not be removed. */
	return record_is_kept(c->job)
		       ? fail(c->job, CNI_TRY_AGAIN,
			      "%s: another ADD of it is under way", owner)
		       : 0;
}

struct made {
	struct call *c;
	struct list entries;
};

static void undo_entries(void *arg)
{
	struct made *made = arg;
	struct call *c = made->c;
	const char *owner = attachment_owner(c);
	bool missing;

	record_leave(c->job, c->applet->name, owner);
	tables_del(&c->nft, owner, &made->entries, &missing);
}

int attachment_add_entries(struct call *c, struct record *record,
			   const struct list *entries)
{
	const struct entry *entry = entries->items;
	struct made *made;

	if (!IS_ENABLED(CONFIG_NAT) || !entries->count)
		return 0;
	/* Before the first note: what is noted, sync may make at any time. */
	made = job_alloc(c->job, sizeof(*made));
	*made = (struct made) { c, *entries };
	undo_push(c->job, undo_entries, made);
	for (size_t i = 0; i < entries->count; i++) {
		struct str text = { .job = c->job };

		entry_print(&entry[i], &text);
		if (record_add(record, noted_nat, text.text) < 0)
			return -1;
	}
	return heir_add(c, attachment_owner(c), entries);
}

bool attachment_is_noted(struct call *c)
{
	struct record_notes notes;

	noted_read(c, attachment_owner(c), &notes);
	return notes.found;
}

int attachment_check_entries(struct call *c, const struct list *entries)
{
	struct heir heir = { c, attachment_owner(c) };
	struct holders holders = { heir_tell, &heir };

	if (!IS_ENABLED(CONFIG_NAT) || !entries->count)
		return 0;
	holders.lenient = !attachment_is_noted(c);
	if (tables_check(&c->nft, heir.owner, entries, &holders) < 0)
		return -1;
	return holders.lenient ? 0 : attachment_check_localhost(c, entries);
}

/* tables_check() reports what is missing as an error; here it is only an
 * answer. */
static bool is_complete(struct call *c, const char *owner,
			const struct list *entries,
			const struct holders *holders)
{
	bool complete = tables_check(&c->nft, owner, entries, holders) == 0;

	c->job->msg = NULL;
	return complete;
}

/* What a record has lost, nobody can restore. One that is left is not to be. */
static int refuse_damaged(struct call *c, const struct record_notes *notes)
{
	return notes->damaged && !notes->left
		       ? fail(c->job, CNI_INTERNAL,
			      "its record of %s is damaged, or cannot be read",
			      c->applet->name)
		       : 0;
}

int attachment_restore(struct call *c, const char *owner, bool *changed,
		       bool *broken, struct list *restored)
{
	struct heir heir = { c, owner, true };
	const struct holders look = { heir_tell, &heir };
	const struct holders share = { heir_share, &heir };
	struct list entries = { 0 };
	struct record_notes notes;
	bool complete;

	*changed = false;
	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	noted_read(c, owner, &notes);
	noted_entries(c, &notes, true, &entries);
	if ((!entries.count && !notes.damaged) ||
	    life_of(c, owner, &notes) == LIFE_DEAD)
		return 0;
	if (!entries.count)
		return refuse_damaged(c, &notes);
	if (is_complete(c, owner, &entries, &look))
		return attachment_open_localhost(c, &entries) < 0
			       ? -1
			       : refuse_damaged(c, &notes);
	*changed = true;
	noted_entries(c, &notes, true, restored);
	if (tables_add(&c->nft, owner, &entries, &share) < 0 ||
	    attachment_open_localhost(c, &entries) < 0)
		return -1;
	complete = is_complete(c, owner, &entries, &look);
	/* A DEL that has begun meanwhile removes them: the tables are sound. */
	noted_read(c, owner, &notes);
	*broken |= !complete && notes.found && !notes.left;
	return heir_take_back(c, owner, &entries) < 0
		       ? -1
		       : refuse_damaged(c, &notes);
}

/* Removes what the Go plugins have made, if they made this attachment. */
static int release_reference(struct call *c, unsigned kinds)
{
	const struct reference of = { c->net.name, c->env.ifname,
				      c->env.container };
	int ret = 0;

	if (!IS_ENABLED(CONFIG_REFERENCE_DEL))
		return 0;
	if (kinds & 1 << ENTRY_MASQUERADE)
		ret |= reference_del_masquerade(&c->nft, &of);
	if (kinds & 1 << ENTRY_PORT)
		ret |= reference_del_ports(&c->nft, &of);
	if (kinds & 1 << ENTRY_MACSPOOFCHK)
		ret |= reference_del_macspoofchk(&c->nft, &of);
	return ret;
}

/* Without a record everything is found by the attachment's names. */
static int release_by_name(struct call *c, const char *owner, unsigned kinds)
{
	bool none;

	if (nft_is_missing(&c->nft, &none) < 0)
		return -1;
	if (none)
		return 0;
	return tables_del_owner(&c->nft, owner, kinds) |
	       release_reference(c, kinds);
}

int attachment_forget_connections(struct call *c, const struct list *entries)
{
	return IS_ENABLED(CONFIG_NAT) ? tables_flush_gone(&c->nft, entries) : 0;
}

int attachment_release(struct call *c, unsigned kinds,
		       int (*rest)(struct call *c))
{
	const char *owner = attachment_owner(c);
	bool whole, missing = false;
	struct list entries = { 0 };
	struct record_notes notes;
	int ret = 0;

	noted_read(c, owner, &notes);
	if (IS_ENABLED(CONFIG_NAT)) {
		whole = noted_entries(c, &notes, false, &entries) &&
			notes.found && !notes.damaged;
		if (notes.found && (entries.count || !whole))
			record_leave(c->job, c->applet->name, owner);
		ret = tables_del(&c->nft, owner, &entries, &missing);
		if (!whole || missing)
			ret |= release_by_name(c, owner, kinds);
		if (entries.count)
			ret |= heir_leave(c, owner, false);
	}
	if (rest)
		ret |= rest(c);
	/* Whoever has the address next gets no packets for this one. */
	ret |= attachment_forget_connections(c, &entries);
	/* By the record, the next DEL finds what could not be removed. */
	if (ret == 0 && notes.found)
		record_del(c->job, c->applet->name, owner);
	return ret;
}
