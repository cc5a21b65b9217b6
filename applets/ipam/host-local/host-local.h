/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-local's parts: range sets, giving out their addresses, resolv.conf */
#ifndef CNIBOX_HOST_LOCAL_H
#define CNIBOX_HOST_LOCAL_H

#include "core/data/conf.h"
#include "core/data/ip.h"
#include "core/data/result.h"
#include "core/state/store.h"

/* Part of a subnet. A set of them is a list. */
struct range {
	struct prefix subnet;
	struct ip start, end, gateway;
};

extern const struct conf_key range_keys[];

/* Checks sets, a list of lists of struct range, as a configuration of version
 * may have them, and fills in what they leave out. */
int ranges_check(struct job *job, const char *version, const struct list *sets);

/* The range of set that ip is in, or NULL. */
const struct range *ranges_find(const struct list *set, const struct ip *ip);

/* "10.1.2.1-10.1.2.254,10.1.3.1-10.1.3.9" */
const char *ranges_text(struct job *job, const struct list *set);

/* An address of a set. */
struct cursor {
	const struct list *set;
	const struct range *range;
	struct ip ip;
};

/* The address after last, or the first one if last is not in the set; stepping
 * on comes by all of them, gateways too, and begins anew. */
struct cursor cursor_after(const struct list *set, const struct ip *last);
void cursor_step(struct cursor *cursor);

/* Finds a free address of set number index; owner, unless it is NULL, has it
 * then. None is CNI_TRY_AGAIN. */
int grant_find_free(struct store *s, const struct owner *owner, size_t index,
		    const struct list *set, struct cursor *out);

/* One ADD. It outlives the call, as what undoes it may run later. */
struct grant {
	struct job *job;
	struct store store;
	struct owner owner;
	struct list owned;  /* of struct reservation, from before */
	struct list wanted; /* of struct ip; family 0: given */
	struct list taken;  /* of struct ip */
};

/* Gives the owner one address of every set, the wanted ones where they fit.
 * ips is a list of struct result_ip. */
int grant_all(struct grant *g, const struct list *sets, struct list *ips);

/* Gives back what was taken; arg is the grant. Locks the store itself. */
void grant_undo(void *arg);

/* Reads the DNS settings of a file such as /etc/resolv.conf. */
int resolv_read(struct job *job, const char *path, struct dns *out);

#endif
