/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/cni/attachment.h"
#include "core/cni/heir.h"
#include "core/cni/noted.h"
#include "core/cni/valid.h"

/* Removes what is left of an attachment whose entries are gone, but for its
 * record. The entries that the record names are added to gone. */
static int drop(struct call *c, const char *owner,
		int (*rest)(struct call *c, const char *owner),
		struct list *gone, bool gc)
{
	size_t before = gone->count;
	struct record_notes notes;

	if (IS_ENABLED(CONFIG_NAT)) {
		noted_read(c, owner, &notes);
		noted_entries(c, &notes, false, gone);
	}
	if (rest && rest(c, owner) < 0)
		return -1;
	return IS_ENABLED(CONFIG_NAT) && gone->count > before
		       ? heir_leave(c, owner, gc)
		       : 0;
}

int attachment_forget(struct call *c, const char *owner)
{
	struct list gone = { 0 };
	int ret = drop(c, owner, NULL, &gone, false);

	record_del(c->job, c->applet->name, owner);
	return ret;
}

static bool is_excluded(void *c, const char *owner)
{
	return valid_excludes(c, owner);
}

int attachment_gc(struct call *c,
		  int (*rest)(struct call *c, const char *owner))
{
	struct list owners, gone = { 0 };
	const char **owner;
	size_t dead = 0;
	int ret = 0;

	/* In a folder that cannot be read at all nothing of ours is found. */
	if (record_list(c->job, c->applet->name, &owners) < 0 &&
	    errno != EACCES && errno != ENOTDIR)
		return fail_errno(c->job, errno, "read %s", CONFIG_STATE_DIR);
	owner = owners.items;
	for (size_t i = 0; i < owners.count; i++) {
		if (!valid_excludes(c, owner[i]))
			continue;
		owner[dead++] = owner[i];
		record_leave(c->job, c->applet->name, owner[i]);
	}
	if (IS_ENABLED(CONFIG_NAT))
		ret = tables_gc(&c->nft, is_excluded, c);
	for (size_t i = 0; ret == 0 && i < dead; i++)
		ret = drop(c, owner[i], rest, &gone, true);
	if (IS_ENABLED(CONFIG_NAT))
		ret |= attachment_forget_connections(c, &gone);
	for (size_t i = 0; ret == 0 && i < dead; i++)
		record_del(c->job, c->applet->name, owner[i]);
	return ret;
}
