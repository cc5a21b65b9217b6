/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/attachment.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/kernel/nft.h"
#include "core/tables/ct.h"
#include "core/tables/reference.h"

/* An entry; the owner of entries that were left out as they are here. */
static const char note_nat[] = "nat", note_heir[] = "heir";

const char *attachment_owner(struct call *c)
{
	return record_owner(c->job, c->net.name, c->env.ifname,
			    c->env.container);
}

static void read_record(struct call *c, const char *owner,
			struct record_notes *out)
{
	record_read(c->job, c->applet->name, owner, out);
}

/* Whether owner lives, or may, elsewhere than in CNI_NETNS. What another plugin
 * of the list has made for it here says that it does not. */
static int refuse_another_place(struct call *c, const char *owner)
{
	struct record_notes notes;
	struct netns netns;
	const char *path;

	read_record(c, owner, &notes);
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
		if (!i &&
		    (refuse_another_place(c, owner) < 0 || release(c) < 0))
			return -1;
	}
	/* Of a folder that became read-only it cannot be removed. */
	return record_is_kept(c->job)
		       ? fail(c->job, CNI_TRY_AGAIN,
			      "%s: another ADD of it is under way", owner)
		       : 0;
}

/* Attachments of one container ask for the same ports, as podman has it. */
static bool same_container(const char *owner, const char *other)
{
	const char *a = strrchr(owner, '/'), *b = strrchr(other, '/');

	return a && b && strcmp(a, b) == 0;
}

/* Who asks for what others may hold. */
struct asker {
	struct call *c;
	const char *owner;
	bool yields;   /* to the living */
	bool succeeds; /* the dead */
};

static enum holder tell_holder(void *arg, const char *owner)
{
	const struct asker *asker = arg;
	struct call *c = asker->c;
	struct record_notes notes;
	enum life life;

	read_record(c, owner, &notes);
	life = life_of(c, owner, &notes);
	if (life == LIFE_DEAD)
		return HOLDER_DEAD;
	if (asker->yields || same_container(asker->owner, owner))
		return HOLDER_SHARES;
	return life == LIFE_ALIVE ? HOLDER_ALIVE : HOLDER_UNKNOWN;
}

/* The holder's DEL is to leave the entries to the one who asks. */
static enum holder share_with_holder(void *arg, const char *owner)
{
	struct asker *asker = arg;
	struct call *c = asker->c;
	enum holder holder = tell_holder(arg, owner);
	bool found;

	asker->succeeds |= holder == HOLDER_DEAD;
	if (holder != HOLDER_SHARES ||
	    record_append(c->job, c->applet->name, owner, note_heir,
			  asker->owner, &found) < 0)
		return holder;
	return found ? HOLDER_SHARES : tell_holder(arg, owner);
}

static int add_nat(struct call *c, const char *owner,
		   const struct list *entries)
{
	struct asker asker = { c, owner };
	const struct holders holders = { share_with_holder, &asker };

	if (tables_add(&c->nft, owner, entries, &holders) < 0)
		return -1;
	/* No DEL has done it. */
	return asker.succeeds ? ct_flush(&c->nft, entries, CT_GONE) : 0;
}

struct made {
	struct call *c;
	struct list entries;
};

static void undo_nat(void *arg)
{
	struct made *made = arg;
	struct call *c = made->c;
	const char *owner = attachment_owner(c);
	bool missing;

	record_leave(c->job, c->applet->name, owner);
	tables_del(&c->nft, owner, &made->entries, &missing);
}

int attachment_nat(struct call *c, struct record *record,
		   const struct list *entries)
{
	const struct entry *entry = entries->items;
	struct made *made;

	if (!IS_ENABLED(CONFIG_NAT) || !entries->count)
		return 0;
	/* What is noted may be restored at once. */
	made = job_alloc(c->job, sizeof(*made));
	*made = (struct made) { c, *entries };
	undo_push(c->job, undo_nat, made);
	for (size_t i = 0; i < entries->count; i++) {
		struct str text = { .job = c->job };

		entry_print(&entry[i], &text);
		if (record_add(record, note_nat, text.text) < 0)
			return -1;
	}
	return add_nat(c, attachment_owner(c), entries);
}

bool attachment_is_noted(struct call *c)
{
	struct record_notes notes;

	read_record(c, attachment_owner(c), &notes);
	return notes.found;
}

int attachment_check_nat(struct call *c, const struct list *entries)
{
	struct asker asker = { c, attachment_owner(c) };
	struct holders holders = { tell_holder, &asker };

	if (!IS_ENABLED(CONFIG_NAT) || !entries->count)
		return 0;
	holders.lenient = !attachment_is_noted(c);
	if (tables_check(&c->nft, asker.owner, entries, &holders) < 0)
		return -1;
	return holders.lenient ? 0 : attachment_check_localhost(c, entries);
}

/* Whether a note that is no entry is what it says, and not two lines in one. */
static bool is_sound(const struct record_note *note)
{
	int blanks = 0;

	for (const char *p = note->text; *p; p++)
		blanks += *p == ' ';
	if (strcmp(note->kind, "netns") == 0)
		return blanks == 2;
	return !blanks && (strcmp(note->kind, note_heir) == 0 ||
			   strcmp(note->kind, "host") == 0);
}

/* Adds a record's entries, or only those that this binary can make: one that has
 * IPv6 may have written them. False if not all lines are what they say. */
static bool read_entries(struct call *c, const struct record_notes *notes,
			 bool possible, struct list *entries)
{
	const struct record_note *note = notes->list.items;
	struct entry entry;
	bool whole = true;

	for (size_t i = 0; i < notes->list.count; i++) {
		if (strcmp(note[i].kind, note_nat) != 0)
			whole &= is_sound(&note[i]);
		else if (!entry_parse(c->job, note[i].text, &entry))
			whole = false;
		else if (IS_ENABLED(CONFIG_IPV6) || !possible ||
			 entry.pod.ip.family != AF_INET6)
			*(struct entry *)list_add(c->job, entries,
						  sizeof(entry)) = entry;
	}
	return whole;
}

/* What is not is no error of ours. */
static bool is_complete(struct call *c, const char *owner,
			const struct list *entries,
			const struct holders *holders)
{
	bool complete = tables_check(&c->nft, owner, entries, holders) == 0;

	c->job->msg = NULL;
	return complete;
}

/* Removes what was just made if its DEL has begun: that may have looked before
 * it was there. */
static int take_back(struct call *c, const char *owner,
		     const struct list *entries)
{
	struct record_notes notes;
	bool missing;

	read_record(c, owner, &notes);
	return !notes.found || life_of(c, owner, &notes) == LIFE_DEAD
		       ? tables_del(&c->nft, owner, entries, &missing)
		       : 0;
}

int attachment_restore(struct call *c, const char *owner, bool *changed,
		       bool *broken, struct list *restored)
{
	struct asker asker = { c, owner, true };
	const struct holders look = { tell_holder, &asker };
	const struct holders share = { share_with_holder, &asker };
	struct list entries = { 0 };
	struct record_notes notes;
	bool complete;

	*changed = false;
	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	read_record(c, owner, &notes);
	read_entries(c, &notes, true, &entries);
	if (!entries.count || life_of(c, owner, &notes) == LIFE_DEAD)
		return 0;
	if (is_complete(c, owner, &entries, &look))
		return attachment_open_localhost(c, &entries);
	*changed = true;
	read_entries(c, &notes, true, restored);
	if (tables_add(&c->nft, owner, &entries, &share) < 0 ||
	    attachment_open_localhost(c, &entries) < 0)
		return -1;
	complete = is_complete(c, owner, &entries, &look);
	*broken |= !complete;
	return take_back(c, owner, &entries);
}

/* Makes what heirs left out when it was here. They may have come since the
 * record was read; GC has nothing for those that are dead, too. */
static int leave_to_heirs(struct call *c, const char *owner, bool gc)
{
	struct record_notes notes, heirs_notes;
	const struct record_note *note;
	const char *last = "";

	read_record(c, owner, &notes);
	note = notes.list.items;
	for (size_t i = 0; i < notes.list.count; i++) {
		const char *heir = note[i].text;
		struct list entries = { 0 };

		/* It is noted once for each entry, in a row. */
		if (strcmp(note[i].kind, note_heir) != 0 ||
		    strcmp(heir, last) == 0 ||
		    (gc && attachment_is_dead(c, heir)))
			continue;
		last = heir;
		read_record(c, heir, &heirs_notes);
		read_entries(c, &heirs_notes, true, &entries);
		if (!entries.count)
			continue;
		/* Others were quicker, after the ruleset was flushed: that is
		 * the heir's loss, and keeps nothing from going. */
		if (add_nat(c, heir, &entries) < 0) {
			job_warn(c->job, "%s; %s goes without", c->job->msg,
				 heir);
			c->job->msg = NULL;
			continue;
		}
		if (take_back(c, heir, &entries) < 0)
			return -1;
		if (ct_flush(&c->nft, &entries, CT_ADDED) < 0)
			return -1;
	}
	return 0;
}

/* It may be one that the Go plugins made. */
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
	if (kinds & 1 << ENTRY_MASQUERADE)
		ret |= reference_del_spoof_check(&c->nft, &of);
	return ret;
}

/* What has no record, whether it ever had one or not. */
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

/* Of pods that are gone; but where another one has the address or port by now,
 * they may be that one's. */
static int forget_connections(struct call *c, const struct list *entries)
{
	struct list unowned = { 0 };

	return tables_list_free(&c->nft, entries, &unowned) < 0
		       ? -1
		       : ct_flush(&c->nft, &unowned, CT_GONE);
}

int attachment_release(struct call *c, unsigned kinds, struct list *entries,
		       int (*rest)(struct call *c))
{
	const char *owner = attachment_owner(c);
	bool whole, missing = false;
	struct record_notes notes;
	int ret = 0;

	*entries = (struct list) { 0 };
	read_record(c, owner, &notes);
	if (IS_ENABLED(CONFIG_NAT)) {
		whole = read_entries(c, &notes, false, entries) &&
			notes.found && !notes.damaged;
		if (notes.found && (entries->count || !whole))
			record_leave(c->job, c->applet->name, owner);
		ret = tables_del(&c->nft, owner, entries, &missing);
		if (!whole || missing)
			ret |= release_by_name(c, owner, kinds);
		if (entries->count)
			ret |= leave_to_heirs(c, owner, false);
	}
	if (rest)
		ret |= rest(c);
	/* Whoever has the address next gets no packets for this one. */
	if (IS_ENABLED(CONFIG_NAT))
		ret |= forget_connections(c, entries);
	/* What could not be removed is still to be found. */
	if (ret == 0 && notes.found)
		record_del(c->job, c->applet->name, owner);
	return ret;
}

/* Those that are valid, made once: each may be compared with thousands. */
static const char *const *valid_owners(struct call *c)
{
	const struct attachment *valid = c->net.attachments.items;
	struct list *owners = &c->net.owners;

	for (size_t i = owners->count; i < c->net.attachments.count; i++)
		*(const char **)list_add(c->job, owners, sizeof(char *)) =
			record_owner(c->job, c->net.name, valid[i].ifname,
				     valid[i].container);
	return owners->items;
}

bool attachment_is_dead(struct call *c, const char *owner)
{
	const char *const *valid = valid_owners(c);

	if (!record_owner_is_of(c->job, owner, c->net.name))
		return false;
	for (size_t i = 0; i < c->net.attachments.count; i++) {
		if (strcmp(owner, valid[i]) == 0)
			return false;
	}
	return true;
}

/* Adds the entries to gone. */
static int drop_record(struct call *c, const char *owner,
		       int (*drop)(struct call *c, const char *owner,
				   const struct list *entries),
		       struct list *gone, bool gc)
{
	struct list entries = { 0 };
	struct record_notes notes;

	if (IS_ENABLED(CONFIG_NAT)) {
		read_record(c, owner, &notes);
		read_entries(c, &notes, false, &entries);
		read_entries(c, &notes, false, gone);
	}
	if (drop && drop(c, owner, &entries) < 0)
		return -1;
	return IS_ENABLED(CONFIG_NAT) && entries.count
		       ? leave_to_heirs(c, owner, gc)
		       : 0;
}

int attachment_forget(struct call *c, const char *owner)
{
	struct list gone = { 0 };
	int ret = drop_record(c, owner, NULL, &gone, false);

	record_del(c->job, c->applet->name, owner);
	return ret;
}

static bool nat_is_dead(void *arg, const char *owner)
{
	return attachment_is_dead(arg, owner);
}

int attachment_gc(struct call *c, int (*drop)(struct call *c, const char *owner,
					      const struct list *entries))
{
	struct list owners, gone = { 0 };
	const char **owner;
	int ret = 0;

	/* In a folder that cannot be read at all nothing of ours is found. */
	if (record_list(c->job, c->applet->name, &owners) < 0 &&
	    errno != EACCES && errno != ENOTDIR)
		return fail_errno(c->job, errno, "read %s", CONFIG_STATE_DIR);
	owner = owners.items;
	for (size_t i = 0; i < owners.count; i++) {
		if (attachment_is_dead(c, owner[i]))
			record_leave(c->job, c->applet->name, owner[i]);
	}
	if (IS_ENABLED(CONFIG_NAT))
		ret = tables_gc(&c->nft, nat_is_dead, c);
	for (size_t i = 0; i < owners.count; i++) {
		if (ret == 0 && attachment_is_dead(c, owner[i]))
			ret = drop_record(c, owner[i], drop, &gone, true);
	}
	if (IS_ENABLED(CONFIG_NAT))
		ret |= forget_connections(c, &gone);
	for (size_t i = 0; i < owners.count; i++) {
		if (ret == 0 && attachment_is_dead(c, owner[i]))
			record_del(c->job, c->applet->name, owner[i]);
	}
	return ret;
}
