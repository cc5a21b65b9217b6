/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch - waits until a file, or the network, has changed */
#ifndef CNIBOX_WATCH_H
#define CNIBOX_WATCH_H

#include <stdbool.h>

struct job;

struct watch {
	struct job *job;
	const char *path, *name; /* of the file; in its folder */
	const char *own_alias;
	int files, net, signals; /* descriptors */
};

/* Begins to watch the file at path, which need not be there, but its folder; links
 * that come up, but none of own_alias, and addresses that come. From now on SIGTERM and
 * SIGINT only end watch_wait(). */
int watch_begin(struct watch *watch, struct job *job, const char *path,
		const char *own_alias);

/* Waits until something has changed since watch_begin(), or since the last call; it is
 * an error if the folder is moved or removed. *ended: a signal came. */
int watch_wait(struct watch *watch, bool *ended);

#endif
