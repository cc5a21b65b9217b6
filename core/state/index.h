/* SPDX-License-Identifier: GPL-2.0-or-later */
/* index - which addresses the owners in a directory have, told without reading
 * every file of it
 *
 * A file below STATE_DIR for each directory, used under that directory's lock;
 * when one is made, those of directories that are gone are removed.
 * It is believed only if nobody has changed the directory since it was sealed:
 * sealing sets the directory's time of modification back by less than a
 * millisecond, so that it differs from the time of change, and no change by
 * anybody else leaves both as they are. What the index tells is a hint: it may name
 * addresses that were released since. */
#ifndef CNIBOX_INDEX_H
#define CNIBOX_INDEX_H

#include <stdbool.h>

#include "core/base/job.h"
#include "core/data/ip.h"

struct index {
	struct job *job;
	int dir;	  /* the directory that it is about */
	const char *path; /* of the index's file, or NULL */
	int fd;		  /* -1: there is none */
	struct index_file *file;
	size_t size;
	bool valid; /* says all that is in the directory */
};

/* Opens the index of a locked directory, which is at path. Without one, or if it
 * cannot be had, index_add() has no effect and it is never valid. */
void index_open(struct index *index, struct job *job, int dir,
		const char *path);
void index_close(struct index *index);

/* Forgets everything, and makes room for twice as many owners; index_add() all
 * there are, and it is valid after index_seal(). */
void index_begin(struct index *index, size_t owners);

/* Notes that owner has ip; the index is no longer valid if it is full. */
void index_add(struct index *index, const char *owner, const struct ip *ip);

/* The addresses that owner may have, as a list of struct ip. */
void index_find(const struct index *index, const char *owner, struct list *ips);

/* Forgets that owner has ip; the index is valid. */
void index_drop(struct index *index, const char *owner, const struct ip *ip);

/* The directory is as the index says, from now until the next change. */
void index_seal(struct index *index);

#endif
