/* SPDX-License-Identifier: GPL-2.0-or-later */
/* life - whether an attachment is alive
 *
 * It is alive if the path in its record leads to the network namespace that it was
 * made in. If the path leads elsewhere, that proves nothing: this process may see
 * another file there than the runtime does. An attachment is dead if, in addition,
 * its host end is gone, or the namespace of that link's other end: the host end is
 * the link of the host whose other end is in the container. */
#ifndef CNIBOX_LIFE_H
#define CNIBOX_LIFE_H

#include "core/cni/call.h"
#include "core/state/record.h"

enum life {
	LIFE_DEAD,
	LIFE_ALIVE,
	LIFE_UNKNOWN, /* nothing may be taken from it */
};

/* Whether owner is alive; notes is what record_read() has read of it. If the kernel
 * does not answer, that is an error, and LIFE_UNKNOWN. */
enum life life_of(struct call *c, const char *owner,
		  const struct record_notes *notes);

/* The name of the host end that we make for owner. It is made from owner alone, so
 * that DEL can find the link; the link's alias is owner. */
const char *life_port_name(struct job *job, const char *owner);

/* Notes the host end that prevResult names in the record, unless it is one that we
 * make. */
int life_note_host_end(struct call *c, struct record *record);

/* Whether CNI_IFNAME in CNI_NETNS is the interface of this attachment: CNI_NETNS may
 * have become another container's. It is if the alias of its other end is owner. If
 * there is neither a record nor an alias, the Go plugins may have made it: then it
 * is unless prevResult has another MAC address for it. */
bool life_has_guest(struct call *c, const char *owner);

/* Finds the host end of a link in CNI_NETNS; false if it has none here. */
bool life_other_end(struct call *c, const struct link *guest, struct link *out);

/* Whether CNI_NETNS has an interface that we have made for another container. */
bool life_is_of_another(struct call *c);

#endif
