/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox - gives up what the rest of a call does not need */
#ifndef CNIBOX_SANDBOX_H
#define CNIBOX_SANDBOX_H

struct job;

/* From here on, and for good, this process has few capabilities and few system
 * calls: none that starts another program, or looks into another process. */
int sandbox_enter(struct job *job);

/* After sandbox_enter(). From here on, and for good, files are made, changed
 * and removed only in the open directory store and in STATE_DIR, which is made
 * if missing, and changed in /proc/sys. Without effect on a kernel that has no
 * Landlock (Documentation/userspace-api/landlock.rst). */
int sandbox_files(struct job *job, int store);

#endif
