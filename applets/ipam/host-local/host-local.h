/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-local - what its files share: range sets, their addresses,
 * resolv.conf */
#ifndef CNIBOX_HOST_LOCAL_H
#define CNIBOX_HOST_LOCAL_H

#include "core/data/conf.h"
#include "core/data/ip.h"
#include "core/data/result.h"
#include "core/state/store.h"

/* A part of a subnet. A range set is a list of them. */
struct range {
	struct prefix subnet;
	const char *subnet_auto; /* "auto" in its place, or NULL */
	struct ip start, end, gateway;
};

extern const struct conf_key range_keys[];
extern const char *const range_auto[]; /* for conf_key.choices */

/* Adds a range set to sets, a list of lists of struct range; in place of one with
 * "auto" one for each family of this node's pods, as "cnibox nodes apply" has noted
 * them. CNI_TRY_AGAIN if it has not. */
int ranges_add(struct job *job, const struct list *set, struct list *sets);

/* Checks sets, a list of lists of struct range, for a configuration of this
 * version, and fills in what they leave out. */
int ranges_check(struct job *job, const char *version, const struct list *sets);

/* The range of set that ip is in, or NULL. */
const struct range *ranges_find(const struct list *set, const struct ip *ip);

/* "10.1.2.1-10.1.2.254,10.1.3.1-10.1.3.9" */
const char *ranges_text(struct job *job, const struct list *set);

/* A place in a range set: an address, and its range. */
struct cursor {
	const struct list *set;
	const struct range *range;
	struct ip ip;
};

/* cursor_after(): the address after last, or the first one if last is not in
 * the set. cursor_step() goes to the next address, gateways included; after
 * the set's last one comes its first. */
struct cursor cursor_after(const struct list *set, const struct ip *last);
void cursor_step(struct cursor *cursor);

/* Fails with CNI_TRY_AGAIN if set, which has this number, has no free address. */
int grant_has_free(struct store *s, size_t index, const struct list *set);

/* What one ADD takes. It is in the job's memory, as grant_undo() may run
 * later. */
struct grant {
	struct job *job;
	struct store store;
	struct owner owner;
	struct list owned;  /* of struct reservation: it had these before */
	struct list wanted; /* of struct ip; family 0: it was given */
	struct list taken;  /* of struct ip */
};

/* Gives the owner one address of every set: a wanted one, if one is in that
 * set. ips is a list of struct result_ip. */
int grant_all(struct grant *g, const struct list *sets, struct list *ips);

/* Releases what was taken; arg is the grant. Locks the store itself. */
void grant_undo(void *arg);

/* Reads the DNS settings of a file such as /etc/resolv.conf. */
int resolv_read(struct job *job, const char *path, struct dns *out);

#endif
