/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/node.h"

#include <errno.h>
#include <string.h>

#include "core/state/record.h"

void node_add_once(struct job *job, struct list *texts, const char *text)
{
	const char *const *item = texts->items;

	for (size_t i = 0; i < texts->count; i++) {
		if (strcmp(item[i], text) == 0)
			return;
	}
	list_copy(job, texts, &text, sizeof(text));
}

int node_owners(struct call *c, struct list *owners)
{
	for (const struct applet *const *a = c->applets; *a; a++) {
		struct list list;
		const char **owner;

		if (record_list(c->job, (*a)->name, &list) < 0)
			return fail_errno(c->job, errno, "read %s",
					  CONFIG_STATE_DIR);
		owner = list.items;
		for (size_t i = 0; i < list.count; i++)
			node_add_once(c->job, owners, owner[i]);
	}
	return 0;
}
