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
	int last;      /* last_reserved_ip of a set that was read; or -1 */
	size_t last_set, last_len; /* which, and how long it is */
	bool drafted;		   /* the next reservation's file is written */
	const char *boot; /* this boot of this node; NULL until needed */
	bool indexed;	  /* index is open */
	struct index index;
};

struct owner {
	const char *container, *ifname; /* ifname NULL: a file of old form */
};

/* The text in the file of an address of owner, shorter than that; and this boot
 * of this node, as such a file is marked. */
enum { STORE_OWNER_MAX = 4096 };
const char *store_text(const struct store *s, const struct owner *owner);
const char *store_boot(struct store *s);

struct reservation {
	struct ip ip;
	bool stale; /* made before this node's last boot */
};

/* What store_each shows: a reservation, its owner, and its open file. */
struct store_entry {
	struct ip ip;
	struct owner owner;
	int fd;
};

/* Opens and locks the directory at path, waiting at most so many seconds
 * (CNI_TRY_AGAIN). With create it is made; without, a missing one is an empty
 * store. Closing unlocks. */
int store_open(struct job *job, const char *path, bool create, int seconds,
	       struct store *out);
void store_close(struct store *s);

/* Whether a new reservation could be written now. */
int store_probe(struct store *s);

/* Reserves ip for owner, completely or not at all; *taken if it is not free.
 * The directory must be there. */
int store_reserve(struct store *s, const struct owner *owner,
		  const struct ip *ip, bool *taken);

/* Whether ip has a file. */
bool store_taken(const struct store *s, const struct ip *ip);

/* Frees ip, whoever has it; absent is success. */
int store_release(struct store *s, const struct ip *ip);

/* The reservations of owner; if there are none, those of old form, which name
 * only the container. *out is a list of struct reservation, of those that could
 * be read where it fails. */
int store_find(struct store *s, const struct owner *owner, struct list *out);

/* Whether ip is in a list of struct reservation. */
bool store_among(const struct list *found, const struct ip *ip);

/* Calls visit for every reservation; -1 if any call failed. Files that name no
 * owner, left by a crash, are no reservations and removed on the way. */
int store_each(struct store *s,
	       int (*visit)(struct store *s, const struct store_entry *entry,
			    void *arg),
	       void *arg);

/* Frees what was reserved before this node's last boot; *freed counts it. */
int store_reclaim(struct store *s, size_t *freed);

/* The address given out last for range set index, a hint: family 0 if there
 * is none. */
struct ip store_last(struct store *s, size_t index);
int store_set_last(struct store *s, size_t index, const struct ip *ip);

#endif
