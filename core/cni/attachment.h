/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attachment - what a container's interface owns on this node: its record, and its
 * entries in the tables */
#ifndef CNIBOX_ATTACHMENT_H
#define CNIBOX_ATTACHMENT_H

#include "core/cni/call.h"
#include "core/cni/life.h"
#include "core/state/record.h"
#include "core/tables/tables.h"

/* The owner (record_owner()) of what this call's attachment makes; in the job's
 * memory. */
const char *attachment_owner(struct call *c);

/* ADD: begins the attachment's record, before anything else is made. If there is
 * a record, it may be of the same attachment to another namespace, which is an
 * error unless that one is dead; so is an ADD of it that is still at work. Otherwise an
 * ADD or a DEL that was cut short has left it: release(c) has to remove it, with what it
 * names. */
int attachment_begin(struct call *c, struct record *record,
		     int (*release)(struct call *c));

/* ADD: notes the entries (struct entry) in the record, then makes them. Their
 * removal is registered. */
int attachment_add_entries(struct call *c, struct record *record,
			   const struct list *entries);

/* CHECK: each of the entries is there, and is the attachment's or another one's of
 * the same container. Without a record the Go plugins may have made the
 * attachment, and nothing has to be there. */
int attachment_check_entries(struct call *c, const struct list *entries);

/* CHECK: whether there is a record; if not, the Go plugins may have made the
 * attachment. */
bool attachment_is_noted(struct call *c);

/* sync: makes what is missing of the entries in owner's record of this applet,
 * unless owner is dead. If something was missing, *changed is set and all its
 * entries are added to restored. What another attachment has by now it keeps, and
 * leaves to owner when it goes. *broken is set if the entries are not complete even
 * then. A damaged record is an error, once what it still has is made. */
int attachment_restore(struct call *c, const char *owner, bool *changed,
		       bool *broken, struct list *restored);

/* Lets packets from 127.0.0.1 leave by the links on which the pods of entries are,
 * if these have a hairpin entry, which masquerades them. */
int attachment_open_localhost(struct call *c, const struct list *entries);

/* CHECK: they may leave by these links. */
int attachment_check_localhost(struct call *c, const struct list *entries);

/* DEL: removes the entries; by rest(c), unless that is NULL, what else there is;
 * and then, unless something has failed, the record. Without a record, or if not
 * all of it can be read, everything of these kinds (a mask of 1 << ENTRY_*) that the
 * attachment owns. */
int attachment_release(struct call *c, unsigned kinds,
		       int (*rest)(struct call *c));

/* Forgets the connections of pods that are gone with these entries; but not where
 * another pod has the address or port by now. */
int attachment_forget_connections(struct call *c, const struct list *entries);

/* sync: removes owner's record of this applet, after its entries, which are gone,
 * were made for its heirs. */
int attachment_forget(struct call *c, const char *owner);

/* GC: removes the entries of the network's attachments that are not valid; by
 * rest(c, owner), unless that is NULL, what else each has that has a record of this
 * applet; and the records. */
int attachment_gc(struct call *c,
		  int (*rest)(struct call *c, const char *owner));

#endif
