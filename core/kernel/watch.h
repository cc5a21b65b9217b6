/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch - waits until a file, or the network, has changed */
#ifndef CNIBOX_WATCH_H
#define CNIBOX_WATCH_H

#include <stdbool.h>

struct job;

struct watch {
	struct job *job;
	const char *name;	 /* of the file in its folder */
	int files, net, signals; /* descriptors */
};

/* Begins to watch the file at path, which need not be there, but its folder; links
 * that come up, and addresses that come. From now on SIGTERM and SIGINT only end
 * watch_wait(). */
int watch_begin(struct watch *watch, struct job *job, const char *path);

/* Waits until something has changed since watch_begin(), or since the last call.
 * *ended: a signal came. */
int watch_wait(struct watch *watch, bool *ended);

#endif
