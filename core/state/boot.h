/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot - files that tell in which boot of which node they were made */
#ifndef CNIBOX_BOOT_H
#define CNIBOX_BOOT_H

#include <stdbool.h>

struct job;

/* "<boot id> <node>", or "" if the kernel does not tell the boot id. The node
 * is part of it because several nodes may share a directory: its
 * machine-id(5), which stays when the name changes, or the host's name if
 * there is none. In the job's memory. */
const char *boot_stamp(struct job *job);

/* Writes the stamp into an attribute of an open file, if the file system has
 * such. */
void boot_mark(int fd, const char *stamp);

/* Whether an open file was made on this node before the boot of the stamp;
 * false if it has no mark (the reference's files) or another node's. */
bool boot_is_stale(int fd, const char *stamp);

#endif
