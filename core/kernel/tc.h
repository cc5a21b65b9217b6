/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tc - what leaves a link at a limited rate, and what comes in by it and takes
 * another way (tc(8), linux/pkt_sched.h) */
#ifndef CNIBOX_TC_H
#define CNIBOX_TC_H

#include "core/kernel/link.h"

/* A token bucket filter, in the kernel's units. */
struct tc_tbf {
	uint64_t rate;	 /* bytes a second */
	uint32_t limit;	 /* bytes that may wait */
	uint32_t buffer; /* the bucket: the time in which rate fills it, in
			  * ticks of 64 ns */
};

/* The filter for a rate and a burst in bits, of which as much may wait as passes
 * in latency milliseconds, and a burst more. The Go plugins have the same
 * numbers; what is too large for the kernel becomes the largest there is. rate is
 * 8 or more. */
struct tc_tbf tc_tbf_of(uint64_t rate, uint64_t burst, int latency);

/* ADD: limits what leaves link. Its removal is registered. A queueing discipline
 * that somebody else has given to the link is an error. */
int tc_add_tbf(struct nl *nl, const struct link *link,
	       const struct tc_tbf *tbf);

/* Reads the limit of what leaves link. */
int tc_find_tbf(struct nl *nl, const struct link *link, struct tc_tbf *out,
		bool *found);

/* ADD: what comes in by the link from, leaves by the link to, an ifb, first.
 * Its removal is registered. */
int tc_redirect(struct nl *nl, const struct link *from, const struct link *to);

/* Whether it does. */
int tc_is_redirected(struct nl *nl, const struct link *from,
		     const struct link *to, bool *found);

/* Remove the one or the other; absent is success. */
int tc_del_tbf(struct nl *nl, const struct link *link);
int tc_del_redirect(struct nl *nl, const struct link *from);

/* Fails, and names what is missing, if the kernel cannot limit. Changes
 * nothing. */
int tc_probe(struct nl *nl);

#endif
