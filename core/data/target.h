/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target - where packets may be sent, as text:
 *
 *	ADDRESS[/LENGTH]			IPv4 or IPv6
 *	ADDRESS[/LENGTH]:PORT/PROTOCOL		tcp, udp or sctp
 *
 * with IPv6 in brackets if there is a port. */
#ifndef CNIBOX_TARGET_H
#define CNIBOX_TARGET_H

#include "core/data/ip.h"

struct job;
struct str;

#define TARGET_FORM                                                            \
	"ADDRESS[/LENGTH] or ADDRESS[/LENGTH]:PORT/PROTOCOL (IPv6 in brackets)"

struct target {
	struct prefix to; /* without host bits */
	int protocol;	  /* IPPROTO_TCP, _UDP, _SCTP; 0: any */
	uint16_t port;	  /* host byte order */
};

/* false if text is not such a text. */
bool target_parse(struct job *job, const char *text, struct target *out);

/* Adds the text of target, always with the length. */
void target_print(const struct target *target, struct str *out);

bool target_equal(const struct target *a, const struct target *b);

/* For sort_items(), of struct target: what has more addresses is first, and without
 * a port before with one. */
int target_compare(const void *a, const void *b);

/* Makes out what is in both; false if nothing is. */
bool target_common(const struct target *a, const struct target *b,
		   struct target *out);

#endif
