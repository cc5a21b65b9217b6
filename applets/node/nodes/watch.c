/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch - applies whenever the list or the network has changed */
#include "nodes.h"

#include "core/cni/exec.h"
#include "core/kernel/watch.h"

/* Each apply is a process of its own, so that this one never grows. What is wrong is
 * said there, and what was there stays. */
int nodes_watch(struct call *c, const char *path, char **argv)
{
	struct list words = { 0 };
	struct watch watch;
	bool ended = false;
	char **word = argv;

	*(char **)list_add(c->job, &words, sizeof(*word)) = "cnibox";
	argv[1] = "apply";
	do
		list_copy(c->job, &words, word, sizeof(*word));
	while (*word++);
	if (watch_begin(&watch, c->job, path, nodes_alias) < 0)
		return -1;
	while (!ended) {
		if (exec_self(c->job, words.items) < 0 ||
		    watch_wait(&watch, &ended) < 0)
			return -1;
	}
	return 0;
}
