/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot - files that tell in which boot of which node they were made */
#ifndef CNIBOX_BOOT_H
#define CNIBOX_BOOT_H

#include <stdbool.h>

struct job;

/* "<boot id> <node>", or "" where the kernel does not tell; several nodes may
 * share a directory. The node is its machine-id(5), which outlives a change of
 * name, or where there is none the host's name. The job's. */
const char *boot_stamp(struct job *job);

/* Puts the stamp on an open file, if the file system can. */
void boot_mark(int fd, const char *stamp);

/* Whether an open file was made on this node before the boot of the stamp. No
 * mark (the reference's files) and other nodes' marks tell nothing. */
bool boot_is_stale(int fd, const char *stamp);

#endif
