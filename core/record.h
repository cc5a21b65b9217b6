/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record - what an attachment is about to make, noted before it is made
 *
 * A file for each attachment and applet below STATE_DIR, on a file system that
 * lives as long as the kernel's state does. It begins with the lines "netns
 * DEV INO PATH" and goes on with one line "KIND TEXT" for each thing. DEL finds
 * by it what there is to remove; without it, everything is found by owner. */
#ifndef CNIBOX_RECORD_H
#define CNIBOX_RECORD_H

#include <stdbool.h>

#include "core/job.h"
#include "core/netns.h"

struct record {
	struct job *job;
	const char *applet;
	const char *owner; /* "network/interface/container" */
	int dir;	   /* STATE_DIR, under a shared lock; -1: not opened */
	int fd;		   /* the file, open for notes */
};

struct record_note {
	const char *kind, *text;
};

/* STATE_DIR, made if missing: a descriptor, or -1 with the reason in errno. */
int record_dir(struct job *job);

/* Who owns what an attachment makes: "network/interface/container", hashed
 * where that is longer than the kernel's comments and names can be. */
const char *record_owner(struct job *job, const char *network,
			 const char *ifname, const char *container);

/* Whether an owner made by record_owner() belongs to network. */
bool record_owner_is_of(struct job *job, const char *owner,
			const char *network);

/* Begins the record of owner, whose namespace was opened at path; *exists, and
 * nothing is done, if it has one. Its removal is registered. */
int record_begin(struct record *record, struct job *job, const char *applet,
		 const char *owner, const struct netns *netns, const char *path,
		 bool *exists);

/* Adds a line. */
int record_add(struct record *record, const char *kind, const char *text);

/* Adds a line to a record that another attachment has; *found is false if it
 * has none. */
int record_append(struct job *job, const char *applet, const char *owner,
		  const char *kind, const char *text, bool *found);

/* The lines of a record, as a list of struct record_note. *found is false if
 * there is none. */
int record_read(struct job *job, const char *applet, const char *owner,
		struct list *notes, bool *found);

/* The owners that have a record of applet, as a list of const char *. */
int record_list(struct job *job, const char *applet, struct list *owners);

/* Removes the record; absent is success. */
int record_del(struct job *job, const char *applet, const char *owner);

/* From now on the attachment is not alive, as its DEL has begun; nothing
 * happens if it has no record. */
void record_leave(struct job *job, const char *applet, const char *owner);

/* Whether the attachment has a record of applet, its network namespace is the
 * one it was made in, and it was not left. */
bool record_alive(struct job *job, const char *applet, const char *owner);

/* Whether no other ADD runs on this node, now and until this process ends:
 * what is shared may be taken back then. */
bool record_is_alone(struct record *record);

#endif
