/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store - a locked directory of reservations, laid out as host-local's: a file
 * <address> holding "CONTAINER\r\nIFNAME" each, lock, last_reserved_ip.<N> */
#ifndef CNIBOX_STORE_H
#define CNIBOX_STORE_H

#include <stdbool.h>

#include "core/base/job.h"
#include "core/data/ip.h"
#include "core/state/index.h"

/* The directory, locked from store_open to store_close. */
struct store {
	struct job *job;
	const char *path;
	int dir, lock; /* -1: there is no such directory */
	int last;      /* the open last_reserved_ip of set last_set; or -1 */
	size_t last_set, last_len; /* its number; the file's length */
	bool drafted;		   /* the draft is there */
	const char *boot; /* this boot of this node; NULL until needed */
	bool indexed;	  /* index is open */
	struct index index;
};

struct owner {
	const char *container, *ifname; /* ifname NULL: in a file of old form */
};

/* The text in the file of an address: its owner, shorter than
 * STORE_OWNER_MAX. */
enum { STORE_OWNER_MAX = 4096 };
const char *store_text(const struct store *s, const struct owner *owner);
/* The stamp of this boot, as such a file is marked with it (boot.h). */
const char *store_boot(struct store *s);

struct reservation {
	struct ip ip;
	bool stale; /* made before this node's last boot */
};

/* What store_each() passes to visit: a reservation, its owner, its open
 * file. */
struct store_entry {
	struct ip ip;
	struct owner owner;
	int fd;
};

/* Opens the directory at path and locks it; waits at most so many seconds for
 * the lock (CNI_TRY_AGAIN). With create, a missing directory is made; without,
 * it is an empty store. store_close() unlocks it. */
int store_open(struct job *job, const char *path, bool create, int seconds,
	       struct store *out);
void store_close(struct store *s);

/* Whether a new reservation could be written now. */
int store_probe(struct store *s);

/* Reserves ip for owner, completely or not at all; *taken if somebody has it.
 * There must be a directory. */
int store_reserve(struct store *s, const struct owner *owner,
		  const struct ip *ip, bool *taken);

/* Whether ip has a file. */
bool store_taken(const struct store *s, const struct ip *ip);

/* Frees ip, whoever has it; absent is success. */
int store_release(struct store *s, const struct ip *ip);

/* The reservations of owner, or, if there are none, those of old form, which
 * name only the container. *out is a list of struct reservation; on failure it
 * has those that could be read. */
int store_find(struct store *s, const struct owner *owner, struct list *out);

/* Whether ip is in a list of struct reservation. */
bool store_among(const struct list *found, const struct ip *ip);

/* Calls visit for every reservation; -1 if any call failed. Files without an
 * owner, left by a crash, are no reservations; they are removed on the way. */
int store_each(struct store *s,
	       int (*visit)(struct store *s, const struct store_entry *entry,
			    void *arg),
	       void *arg);

/* Frees the addresses that were reserved before this node's last boot; *freed
 * is their number. */
int store_reclaim(struct store *s, size_t *freed);

/* The address given out last for range set index, as a hint where to go on;
 * family 0 if there is none. */
struct ip store_last(struct store *s, size_t index);
int store_set_last(struct store *s, size_t index, const struct ip *ip);

#endif
