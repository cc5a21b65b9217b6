/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heir - entries that several attachments want
 *
 * The tables hold an entry once. Attachments of one container may want the same,
 * as podman has it for ports: then the first one has it, and notes the others in
 * its record as its heirs. When it goes, their entries are made anew. */
#ifndef CNIBOX_HEIR_H
#define CNIBOX_HEIR_H

#include "core/cni/call.h"
#include "core/tables/tables.h"

/* Who asks for entries that others may hold. */
struct heir {
	struct call *c;
	const char *owner;
	bool yields;   /* what any living one holds is left to it */
	bool succeeds; /* set if a dead one held something */
};

/* For struct holders, whose arg is a struct heir: what the holder of an entry is
 * to it; heir_share() also notes it in the record of a holder that shares. */
enum holder heir_tell(void *heir, const char *holder);
enum holder heir_share(void *heir, const char *holder);

/* Makes entries of owner's, and forgets the connections of the dead that held
 * some of them. */
int heir_add(struct call *c, const char *owner, const struct list *entries);

/* Removes entries that were just made if owner's DEL has begun: it may have looked
 * before they were there. */
int heir_take_back(struct call *c, const char *owner,
		   const struct list *entries);

/* Makes what the heirs in owner's record want, after its own entries are gone.
 * With gc, those that are not valid get nothing. */
int heir_leave(struct call *c, const char *owner, bool gc);

#endif
