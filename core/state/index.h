/* SPDX-License-Identifier: GPL-2.0-or-later */
/* index - which addresses an owner has in a directory, without reading every
 * file of it
 *
 * There is a file below STATE_DIR for each directory. It is used under that
 * directory's lock; when a new one is made, those of directories that are gone
 * are removed. It is believed only if nobody has changed the directory since it
 * was sealed: to seal is to set the directory's time of modification back by
 * less than a millisecond, so that it differs from the time of change; any change
 * by anybody else sets one of these anew. What the index says is a hint: it may
 * name addresses that were released since. */
#ifndef CNIBOX_INDEX_H
#define CNIBOX_INDEX_H

#include <stdbool.h>

#include "core/base/job.h"
#include "core/data/ip.h"

struct index {
	struct job *job;
	int dir;	  /* whose index this is */
	const char *path; /* of the index's file, or NULL */
	int fd;		  /* -1: there is none */
	struct index_file *file;
	size_t size;
	bool valid; /* it has all that is in the directory */
};

/* Opens the index of a locked directory, which is at path. If there is none,
 * or it cannot be used, it is not valid, and index_add() has no effect. */
void index_open(struct index *index, struct job *job, int dir,
		const char *path);
void index_close(struct index *index);

/* Makes a new, empty index with room for twice as many owners. After
 * index_add() of all there are, index_seal() makes it one that will be
 * believed. */
void index_begin(struct index *index, size_t owners);

/* Adds that owner has ip. If the index is full, it is no longer valid. */
void index_add(struct index *index, const char *owner, const struct ip *ip);

/* The addresses that owner may have, as a list of struct ip. */
void index_find(const struct index *index, const char *owner, struct list *ips);

/* Removes that owner has ip, from a valid index. */
void index_drop(struct index *index, const char *owner, const struct ip *ip);

/* Seals a valid index: it will be believed until the directory changes. */
void index_seal(struct index *index);

#endif
