/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/attachment.h"

#include <string.h>

#include "core/ct.h"
#include "core/link.h"
#include "core/nft.h"
#include "core/reference.h"
#include "core/route.h"

/* An entry; the owner of entries that were left out as they are here. */
static const char note_nat[] = "nat", note_heir[] = "heir";

const char *attachment_owner(struct call *c)
{
	return record_owner(c->job, c->net.name, c->env.ifname,
			    c->env.container);
}

int attachment_begin(struct call *c, struct record *record,
		     int (*release)(struct call *c))
{
	const char *owner = attachment_owner(c);
	bool exists;

	if (record_begin(record, c->job, c->applet->name, owner, &c->netns,
			 c->env.netns, &exists) < 0)
		return -1;
	if (!exists)
		return 0;
	if (release(c) < 0 ||
	    record_begin(record, c->job, c->applet->name, owner, &c->netns,
			 c->env.netns, &exists) < 0)
		return -1;
	if (exists)
		return fail(c->job, CNI_TRY_AGAIN,
			    "%s: another ADD of it is under way", owner);
	return 0;
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

static enum nat_holder tell_holder(void *arg, const char *owner)
{
	const struct asker *asker = arg;
	const struct call *c = asker->c;

	if (!record_alive(c->job, c->applet->name, owner))
		return NAT_DEAD;
	return asker->yields || same_container(asker->owner, owner) ? NAT_SHARES
								    : NAT_ALIVE;
}

/* The holder's DEL is to leave the entries to the one who asks. */
static enum nat_holder share_with_holder(void *arg, const char *owner)
{
	struct asker *asker = arg;
	struct call *c = asker->c;
	enum nat_holder holder = tell_holder(arg, owner);
	bool found;

	asker->succeeds |= holder == NAT_DEAD;
	if (holder != NAT_SHARES ||
	    record_append(c->job, c->applet->name, owner, note_heir,
			  asker->owner, &found) < 0)
		return holder;
	return found ? NAT_SHARES : NAT_DEAD;
}

static int add_nat(struct call *c, const char *owner,
		   const struct list *entries)
{
	struct asker asker = { c, owner };
	const struct nat_holders holders = { share_with_holder, &asker };

	if (nat_add(&c->nft, owner, entries, &holders) < 0)
		return -1;
	/* No DEL has done it. */
	return asker.succeeds ? ct_flush(&c->nft, entries, CT_GONE) : 0;
}

/* What is removed from now on is not to be restored. */
static void leave(struct call *c, const char *owner)
{
	if (IS_ENABLED(CONFIG_SYNC))
		record_leave(c->job, c->applet->name, owner);
}

struct made {
	struct call *c;
	struct list entries;
};

static void undo_nat(void *arg)
{
	struct made *made = arg;

	leave(made->c, attachment_owner(made->c));
	nat_del(&made->c->nft, attachment_owner(made->c), &made->entries);
}

int attachment_nat(struct call *c, struct record *record,
		   const struct list *entries)
{
	const struct nat_entry *entry = entries->items;
	struct made *made;

	if (!IS_ENABLED(CONFIG_NAT) || !entries->count)
		return 0;
	/* What is noted may be restored at once. */
	made = job_alloc(c->job, sizeof(*made));
	*made = (struct made) { c, *entries };
	undo_push(c->job, undo_nat, made);
	for (size_t i = 0; i < entries->count; i++) {
		struct str text = { .job = c->job };

		nat_entry_print(&entry[i], &text);
		if (record_add(record, note_nat, text.text) < 0)
			return -1;
	}
	return add_nat(c, attachment_owner(c), entries);
}

static int check_localnet(struct nl *nl, int index)
{
	struct link link;

	if (link_get_index(nl, index, &link) < 0)
		return -1;
	if (link.localnet)
		return 0;
	return fail(nl->job, CNI_INTERNAL, "route_localnet of %s is off",
		    link.name);
}

/* What 127.0.0.1 sends to a pod leaves by the link of its subnet, if any. */
static int localhost(struct call *c, const struct list *entries, bool check)
{
	const struct nat_entry *entry = entries->items;
	int index, ret = 0;

	for (size_t i = 0; ret == 0 && i < entries->count; i++, entry++) {
		if (entry->kind != NAT_HAIRPIN ||
		    entry->pod.ip.family != AF_INET)
			continue;
		ret = route_subnet_link(&c->host, &entry->pod.ip, &index);
		if (ret < 0 || !index)
			continue;
		ret = check ? check_localnet(&c->host, index)
			    : link_set_ipv4(&c->host, index,
					    LINK_ROUTE_LOCALNET);
	}
	return ret;
}

int attachment_open_localhost(struct call *c, const struct list *entries)
{
	return localhost(c, entries, false);
}

int attachment_check_nat(struct call *c, const struct list *entries)
{
	struct asker asker = { c, attachment_owner(c) };
	const struct nat_holders holders = { tell_holder, &asker };

	if (!IS_ENABLED(CONFIG_NAT) || !entries->count)
		return 0;
	if (nat_check(&c->nft, asker.owner, entries, &holders) < 0)
		return -1;
	return localhost(c, entries, true);
}

static void read_entries(struct call *c, const struct list *notes,
			 struct list *entries)
{
	const struct record_note *note = notes->items;
	struct nat_entry entry;

	for (size_t i = 0; i < notes->count; i++) {
		if (strcmp(note[i].kind, note_nat) == 0 &&
		    nat_entry_parse(c->job, note[i].text, &entry))
			*(struct nat_entry *)list_add(c->job, entries,
						      sizeof(entry)) = entry;
	}
}

/* What is not is no error of ours. */
static bool is_complete(struct call *c, const char *owner,
			const struct list *entries,
			const struct nat_holders *holders)
{
	bool complete = nat_check(&c->nft, owner, entries, holders) == 0;

	c->job->msg = NULL;
	return complete;
}

int attachment_restore(struct call *c, const char *owner, bool *changed,
		       bool *lame, struct list *restored)
{
	struct asker asker = { c, owner, true };
	const struct nat_holders look = { tell_holder, &asker };
	const struct nat_holders share = { share_with_holder, &asker };
	const char *applet = c->applet->name;
	struct list notes, entries = { 0 };
	bool found, complete;

	*changed = false;
	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	if (record_read(c->job, applet, owner, &notes, &found) < 0)
		return -1;
	read_entries(c, &notes, &entries);
	if (!entries.count || !record_alive(c->job, applet, owner))
		return 0;
	if (is_complete(c, owner, &entries, &look))
		return attachment_open_localhost(c, &entries);
	*changed = true;
	read_entries(c, &notes, restored);
	if (nat_add(&c->nft, owner, &entries, &share) < 0 ||
	    attachment_open_localhost(c, &entries) < 0)
		return -1;
	complete = is_complete(c, owner, &entries, &look);
	/* Its DEL may have looked for them before they were there. */
	if (!record_alive(c->job, applet, owner))
		return nat_del(&c->nft, owner, &entries);
	*lame |= !complete;
	return 0;
}

/* Makes what heirs left out when it was here. They may have come since the
 * record was read; GC has nothing for those that are dead, too. */
static int leave_to_heirs(struct call *c, const char *owner, bool gc)
{
	const struct record_note *note;
	const char *last = "";
	struct list notes;
	bool found;

	if (record_read(c->job, c->applet->name, owner, &notes, &found) < 0)
		return -1;
	note = notes.items;
	for (size_t i = 0; i < notes.count; i++) {
		struct list heirs_notes, entries = { 0 };
		const char *heir = note[i].text;

		/* It is noted once for each entry, in a row. */
		if (strcmp(note[i].kind, note_heir) != 0 ||
		    strcmp(heir, last) == 0 ||
		    (gc && attachment_is_dead(c, heir)))
			continue;
		last = heir;
		if (record_read(c->job, c->applet->name, heir, &heirs_notes,
				&found) < 0)
			return -1;
		read_entries(c, &heirs_notes, &entries);
		if (add_nat(c, heir, &entries) < 0)
			return -1;
		/* Its DEL may have looked for them before they were there. */
		if (!record_alive(c->job, c->applet->name, heir) &&
		    nat_del(&c->nft, heir, &entries) < 0)
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
	if (kinds & 1 << NAT_MASQUERADE)
		ret |= reference_del_masquerade(&c->nft, &of);
	if (kinds & 1 << NAT_PORT)
		ret |= reference_del_ports(&c->nft, &of);
	if (kinds & 1 << NAT_MASQUERADE)
		ret |= reference_del_spoof_check(&c->nft, &of);
	return ret;
}

/* What has no record, whether it ever had one or not. */
static int release_by_name(struct call *c, const char *owner, unsigned kinds)
{
	bool none;

	if (nft_find(&c->nft, &none) < 0)
		return -1;
	if (none)
		return 0;
	return nat_del_owner(&c->nft, owner, kinds) |
	       release_reference(c, kinds);
}

int attachment_release(struct call *c, unsigned kinds, struct list *entries,
		       int (*rest)(struct call *c))
{
	const char *owner = attachment_owner(c);
	struct list notes;
	bool found;
	int ret;

	*entries = (struct list) { 0 };
	ret = record_read(c->job, c->applet->name, owner, &notes, &found);
	if (IS_ENABLED(CONFIG_NAT) && found) {
		read_entries(c, &notes, entries);
		if (entries->count) {
			leave(c, owner);
			ret |= nat_del(&c->nft, owner, entries);
			ret |= leave_to_heirs(c, owner, false);
		}
	} else if (IS_ENABLED(CONFIG_NAT)) {
		ret |= release_by_name(c, owner, kinds);
	}
	if (rest)
		ret |= rest(c);
	/* Whoever has the address next gets no packets for this one. */
	if (IS_ENABLED(CONFIG_NAT))
		ret |= ct_flush(&c->nft, entries, CT_GONE);
	/* What could not be removed is still to be found. */
	if (ret == 0 && found)
		ret = record_del(c->job, c->applet->name, owner);
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
		       struct list *gone)
{
	struct list notes, entries = { 0 };
	bool found;

	if (record_read(c->job, c->applet->name, owner, &notes, &found) < 0)
		return -1;
	if (IS_ENABLED(CONFIG_NAT)) {
		read_entries(c, &notes, &entries);
		read_entries(c, &notes, gone);
	}
	if (drop && drop(c, owner, &entries) < 0)
		return -1;
	if (IS_ENABLED(CONFIG_NAT) && entries.count)
		return leave_to_heirs(c, owner, true);
	return 0;
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

	if (record_list(c->job, c->applet->name, &owners) < 0)
		return -1;
	owner = owners.items;
	for (size_t i = 0; i < owners.count; i++) {
		if (attachment_is_dead(c, owner[i]))
			leave(c, owner[i]);
	}
	if (IS_ENABLED(CONFIG_NAT))
		ret = nat_gc(&c->nft, nat_is_dead, c);
	for (size_t i = 0; i < owners.count; i++) {
		if (ret == 0 && attachment_is_dead(c, owner[i]))
			ret = drop_record(c, owner[i], drop, &gone);
	}
	if (IS_ENABLED(CONFIG_NAT))
		ret |= ct_flush(&c->nft, &gone, CT_GONE);
	for (size_t i = 0; i < owners.count; i++) {
		if (ret == 0 && attachment_is_dead(c, owner[i]))
			ret = record_del(c->job, c->applet->name, owner[i]);
	}
	return ret;
}
