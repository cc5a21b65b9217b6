/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl - /proc/sys of any namespace */
#ifndef CNIBOX_SYSCTL_H
#define CNIBOX_SYSCTL_H

#include <stdbool.h>

struct job;

/* The path of a setting of an interface for IPv6; link may be "all" or "default",
 * too. In the job's memory. */
const char *sysctl_ipv6(struct job *job, const char *link, const char *setting);

/* The path of the setting by which a host forwards packets of a family. */
const char *sysctl_forwarding(int family);

/* Sets the setting (a path below /proc/sys, such as "net/ipv4/ip_forward") to
 * value in the namespace netns (-1: ours). It is read first, and written only
 * if it differs. A setting that the kernel does not have is an error. */
int sysctl_ensure(struct job *job, int netns, const char *name,
		  const char *value);

/* The same, but a setting that the kernel does not have is success, with
 * *found false. */
int sysctl_ensure_if_any(struct job *job, int netns, const char *name,
			 const char *value, bool *found);

/* The same for a setting that is known to differ and that we can do without:
 * it is written at once, and read only if that fails. A failure is only
 * logged. */
void sysctl_wish(struct job *job, int netns, const char *name,
		 const char *value);

/* The setting as it is, without the newline at its end, in the job's memory; NULL
 * with the reason in errno. */
const char *sysctl_get(struct job *job, int netns, const char *name);

/* Writes value, even if that is what the setting is: a setting of "all" interfaces
 * is copied to each of them. 0, or -1 with errno. */
int sysctl_put(struct job *job, int netns, const char *name, const char *value);

/* Whether the setting is value, or could be set to it. */
bool sysctl_can(struct job *job, int netns, const char *name,
		const char *value);

/* Whether the setting is value; false also if it cannot be read. */
bool sysctl_is(struct job *job, int netns, const char *name, const char *value);

#endif
