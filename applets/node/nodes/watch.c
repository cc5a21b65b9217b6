/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch - applies whenever the list or the network has changed */
#include "nodes.h"

#include "core/cni/exec.h"
#include "core/kernel/watch.h"

/* Each apply is a process of its own, so that this one never grows. What is wrong is
 * said there, and what was there stays. */
int nodes_watch(struct call *c, const char *path, int (*apply)(void *arg),
		void *arg)
{
	struct watch watch;
	bool ended = false;

	if (watch_begin(&watch, c->job, path) < 0)
		return -1;
	while (!ended) {
		if (exec_child(c->job, apply, arg) < 0 ||
		    watch_wait(&watch, &ended) < 0)
			return -1;
	}
	return 0;
}
