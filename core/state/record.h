/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record - what an attachment is about to make, noted before it is made
 *
 * There is a file for each attachment and applet below STATE_DIR, on a file
 * system that lives as long as the kernel's state does. Its first line is "netns
 * DEV INO PATH"; then there is a line "KIND TEXT" for each thing. By it DEL finds
 * what there is to remove; without it, everything is found by owner. So it is no
 * error if a record cannot be written or read: stderr says what is lost. */
#ifndef CNIBOX_RECORD_H
#define CNIBOX_RECORD_H

#include <stdbool.h>

#include "core/base/job.h"
#include "core/kernel/netns.h"

/* The longest owner: a file's name has room for it and the applet's name, and
 * the nft tool loads no longer comment of an element. */
enum { OWNER_MAX = 128 };

struct record {
	struct job *job;
	const char *applet;
	const char *owner; /* "network/interface/container" */
	int dir;	   /* STATE_DIR, under a shared lock; -1: not opened */
	int fd; /* the file, open for notes, locked; -1: there is none */
};

struct record_note {
	const char *kind, *text;
};

/* What a record says. */
struct record_notes {
	struct list list; /* of struct record_note */
	bool found;	  /* there is a record */
	bool damaged;	  /* and something is missing in it */
	bool left;	  /* its attachment's DEL has begun */
};

/* STATE_DIR, made if missing: a descriptor, or -1 with the reason in errno. */
int record_dir(struct job *job);

/* Whether STATE_DIR can be written to, so that whoever has no record never had
 * one; if not, errno says why. */
bool record_is_kept(struct job *job);

/* For STATUS: warns if STATE_DIR cannot be written to. */
void record_status(struct job *job);

/* The owner of what an attachment makes: "network/interface/container", or a
 * hash where that is longer than the comments and names of the kernel can
 * be. */
const char *record_owner(struct job *job, const char *network,
			 const char *ifname, const char *container);

/* Whether an owner made by record_owner() belongs to network. */
bool record_owner_is_of(struct job *job, const char *owner,
			const char *network);

/* Begins the record of owner, whose namespace was opened at path; undo_run()
 * will remove it. If owner has a record already, sets *exists and does
 * nothing. */
int record_begin(struct record *record, struct job *job, const char *applet,
		 const char *owner, const struct netns *netns, const char *path,
		 bool *exists);

/* Whether the ADD that has begun the record of owner is still at work. */
bool record_is_begun(struct job *job, const char *applet, const char *owner);

/* Adds a line; does nothing if there is no file. */
int record_add(struct record *record, const char *kind, const char *text);

/* Adds a line to the record of another attachment; *found is false if it has
 * none. */
int record_append(struct job *job, const char *applet, const char *owner,
		  const char *kind, const char *text, bool *found);

/* Reads a record, if there is one. */
void record_read(struct job *job, const char *applet, const char *owner,
		 struct record_notes *out);

/* The text of the first note of a kind, or NULL. */
const char *record_text(const struct record_notes *notes, const char *kind);

/* The namespace that the attachment was made in (fd is -1) and the path of it
 * then; false if the record does not have these. */
bool record_netns(const struct record_notes *notes, struct netns *netns,
		  const char **path);

/* The owners that have a record of applet, as a list of const char *; -1 with
 * the reason in errno. */
int record_list(struct job *job, const char *applet, struct list *owners);

/* Removes the record; absent is success, -1 if it is still there. */
int record_del(struct job *job, const char *applet, const char *owner);

/* Marks the attachment as dead, because its DEL has begun. Does nothing if it
 * has no record. */
void record_leave(struct job *job, const char *applet, const char *owner);

/* Whether owner has a record that is marked so. */
bool record_is_left(struct job *job, const char *applet, const char *owner);

/* Whether no other ADD is at work on this node, nor begins before record->dir is
 * closed: then what ADDs share may be removed. false also if that is not
 * known. */
bool record_is_alone(struct record *record);

#endif
