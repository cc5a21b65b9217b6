/* SPDX-License-Identifier: GPL-2.0-or-later */
/* life - whether an attachment is alive
 *
 * It is, where the path in its record is the network namespace that it was made
 * in. Where it is not, this process may but see another file there than the
 * runtime does. So dead is only what has lost its host end: the link on this
 * node whose other end is in the container, or was. */
#ifndef CNIBOX_LIFE_H
#define CNIBOX_LIFE_H

#include "core/cni/call.h"
#include "core/state/record.h"

enum life {
	LIFE_DEAD,
	LIFE_ALIVE,
	LIFE_UNKNOWN, /* to be left alone */
};

/* The life of owner, by what record_read() said of it. Unknown, too, where the
 * kernel fails to answer, which is an error. */
enum life life_of(struct call *c, const char *owner,
		  const struct record_notes *notes);

/* The name of owner's host end, if it is ours: the same each time, so that DEL
 * needs nothing else. Its alias is owner. */
const char *life_port_name(struct job *job, const char *owner);

/* Notes the host end that prevResult names, if it is not ours. */
int life_note_host_end(struct call *c, struct record *record);

/* Whether CNI_IFNAME in CNI_NETNS, which may have become another container's, is
 * what the attachment of c has there: its other end is owner's, or, if it has no
 * record, nobody's, as the Go plugins leave it, and has the MAC address that
 * prevResult tells, if any. */
bool life_has_guest(struct call *c, const char *owner);

/* Whether CNI_NETNS is known to be another container's. */
bool life_is_of_another(struct call *c);

#endif
