/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox - gives up what the rest of an invocation does not need */
#ifndef CNIBOX_SANDBOX_H
#define CNIBOX_SANDBOX_H

struct job;

/* From here on there are few capabilities and few system calls: none that
 * starts another program, or that looks into another process. For good. */
int sandbox_enter(struct job *job);

/* After sandbox_enter(): from here on files are changed, made and removed only
 * in the open directory store, in STATE_DIR, which is made if missing, and,
 * changed, in /proc/sys. For good. Without effect on a kernel that has no
 * Landlock (Documentation/userspace-api/landlock.rst). */
int sandbox_files(struct job *job, int store);

#endif
