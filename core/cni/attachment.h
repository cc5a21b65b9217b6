/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attachment - what a container's interface owns on this node: the record of
 * it and the NAT elements */
#ifndef CNIBOX_ATTACHMENT_H
#define CNIBOX_ATTACHMENT_H

#include "core/cni/call.h"
#include "core/cni/life.h"
#include "core/state/record.h"
#include "core/tables/tables.h"

/* Who owns what this call's attachment makes; in the job's memory. */
const char *attachment_owner(struct call *c);

/* Begins the attachment's record, before anything else is made. One that is
 * there already may be of the same attachment to another namespace, which is an
 * error unless that is dead. Otherwise it is what an ADD or a DEL that was cut
 * short has left: release(c) has to remove it and what it names. */
int attachment_begin(struct call *c, struct record *record,
		     int (*release)(struct call *c));

/* Notes the NAT entries in the record, then makes them. Their removal is
 * registered. */
int attachment_nat(struct call *c, struct record *record,
		   const struct list *entries);

/* Makes what is missing of the entries in owner's record of this applet, unless
 * it is dead; if something was, *changed, and all are added to restored. What
 * another one has by now it keeps, and leaves to owner when it goes. *broken is set
 * if entries do not do what they should all the same. */
int attachment_restore(struct call *c, const char *owner, bool *changed,
		       bool *broken, struct list *restored);

/* Lets 127.0.0.1 leave towards the container if it is masqueraded for it; where
 * no link holds its subnet there is no way to open. */
int attachment_open_localhost(struct call *c, const struct list *entries);

/* CHECK: it is open, where there is a way. */
int attachment_check_localhost(struct call *c, const struct list *entries);

/* Removes owner's record of this applet, after it has left its NAT elements,
 * which are gone, to those that asked for the same. */
int attachment_forget(struct call *c, const char *owner);

/* CHECK: whether there is a record; if not, the Go plugins may have made it. */
bool attachment_is_noted(struct call *c);

/* CHECK: each of them is there, and is the attachment's or another one's of the
 * same container. Without a record it may be one that the Go plugins made, and
 * nothing has to be there. */
int attachment_check_nat(struct call *c, const struct list *entries);

/* Removes the NAT entries, by rest(c), unless that is NULL, what else there is,
 * and then, unless something has failed, the record. Without a record, or if it
 * cannot be all of it, everything of these kinds (a mask of 1 << NAT_*) that the
 * attachment owns.
 * *entries is what the record named. */
int attachment_release(struct call *c, unsigned kinds, struct list *entries,
		       int (*rest)(struct call *c));

/* GC: removes the NAT elements of the network's attachments that are not valid,
 * and the records they have of this applet, after drop(c, owner, entries),
 * unless drop is NULL, has removed the rest. entries is what the record named. */
int attachment_gc(struct call *c, int (*drop)(struct call *c, const char *owner,
					      const struct list *entries));

/* GC: whether owner belongs to this network, and is not valid. */
bool attachment_is_dead(struct call *c, const char *owner);

#endif
