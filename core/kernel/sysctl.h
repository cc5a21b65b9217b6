/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl - /proc/sys of any namespace */
#ifndef CNIBOX_SYSCTL_H
#define CNIBOX_SYSCTL_H

#include <stdbool.h>

struct job;

/* Makes the setting (a path below /proc/sys, such as "net/ipv4/ip_forward")
 * say value in the namespace netns (-1: ours). It is read first and written
 * only if it differs. A setting the kernel does not have is an error. */
int sysctl_ensure(struct job *job, int netns, const char *name,
		  const char *value);

/* The same; *found is false, and nothing is wrong, if the kernel lacks it. */
int sysctl_ensure_if_any(struct job *job, int netns, const char *name,
			 const char *value, bool *found);

/* The same for what can be done without, and is known to differ: it is written
 * first, and read only where that fails. A failure is only logged. */
void sysctl_wish(struct job *job, int netns, const char *name,
		 const char *value);

/* Whether the setting says value, or could be made to. */
bool sysctl_can(struct job *job, int netns, const char *name,
		const char *value);

/* Whether the setting says value; false also where it cannot be read. */
bool sysctl_is(struct job *job, int netns, const char *name, const char *value);

#endif
