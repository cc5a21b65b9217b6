/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change - steps: what is made, deleted, or replaced, and how that is taken back */
#include "backend.h"

void nodes_add_step(struct nodes *nodes, enum nodes_phase phase,
		    const struct nodes_step *step, const char *text)
{
	struct nodes_step *added =
		list_add(nodes->c->job, &nodes->steps[phase], sizeof(*added));

	*added = *step;
	added->nodes = nodes;
	added->text = text;
}

struct change {
	const struct nodes_kind *kind;
	const void *before, *after; /* NULL: nothing */
};

static int put_or_del(struct nodes *nodes, const struct nodes_kind *kind,
		      const void *before, const void *after)
{
	if (after)
		return kind->put(nodes, after, before);
	return kind->del ? kind->del(nodes, before) : 0;
}

static int make(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	return put_or_del(nodes, change->kind, change->before, change->after);
}

static void undo(struct nodes *nodes, void *arg)
{
	const struct change *change = arg;

	/* It may not have been made at all. */
	if (change->before)
		change->kind->put(nodes, change->before, true);
	else
		put_or_del(nodes, change->kind, change->after, NULL);
}

void nodes_add_change(struct nodes *nodes, enum nodes_phase phase,
		      const struct nodes_kind *kind, const void *before,
		      const void *after)
{
	struct change *change = job_alloc(nodes->c->job, sizeof(*change));
	const char *verb = !before ? "add" : after ? "replace" : "delete";
	const char *text = NULL;

	*change = (struct change) { kind, before, after };
	if (kind->text)
		text = job_printf(nodes->c->job, "%s %s",
				  kind->verb ? kind->verb : verb,
				  kind->text(nodes, after ? after : before));
	nodes_add_step(nodes, phase,
		       &(struct nodes_step) { kind->put ? make : NULL,
					      kind->put ? undo : NULL, change },
		       text);
}

void nodes_add_changes(struct nodes *nodes, const struct nodes_kind *kind,
		       const struct list *now, const struct list *wanted)
{
	const char *a = now->items;
	char *b = wanted->items;
	size_t i = now->count, j = wanted->count;

	while (i || j) {
		int order = !i ? 1 : !j ? -1 : kind->compare(a, b);

		if (order < 0)
			nodes_add_change(nodes, kind->del_phase, kind, a, NULL);
		else if (order > 0)
			nodes_add_change(nodes, kind->put_phase, kind, NULL, b);
		else if (kind->same && !kind->same(a, b))
			nodes_add_change(nodes, kind->put_phase, kind, a, b);
		if (order <= 0) {
			a += kind->size;
			i--;
		}
		if (order >= 0) {
			b += kind->size;
			j--;
		}
	}
}
