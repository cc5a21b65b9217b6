/* SPDX-License-Identifier: GPL-2.0-or-later */
/* noted - what the record of an attachment says */
#ifndef CNIBOX_NOTED_H
#define CNIBOX_NOTED_H

#include "core/cni/call.h"
#include "core/state/record.h"

/* Kinds of notes. nat: an entry of this attachment in the tables. heir: another owner
 * that wants some of these entries, and gets them when this one goes. host: the index
 * of the host end, if that is not one that we make; 0: none is known. */
extern const char noted_nat[], noted_heir[], noted_host[];

/* Reads the record that owner has of this applet, if it has one. */
void noted_read(struct call *c, const char *owner, struct record_notes *out);

/* Adds the entries of a record to a list of struct entry; with possible, only
 * those that this binary can make, as one that has IPv6 may have written them.
 * Whether every line of the record is what it says. */
bool noted_entries(struct call *c, const struct record_notes *notes,
		   bool possible, struct list *entries);

#endif
