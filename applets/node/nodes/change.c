/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change - steps: what is made, deleted, or replaced, and how that is taken back */
#include "backend.h"

#include <string.h>

#include "core/base/sort.h"

const char nodes_alias[] = "cnibox";

bool nodes_find_device(struct nodes *nodes, struct nodes_device *device)
{
	struct link *link = nodes_link_named(nodes, device->name);

	device->link = link;
	if (!link)
		return false;
	device->mtu = link->mtu;
	device->up = link->flags & IFF_UP;
	return strcmp(link->kind, device->kind) == 0 &&
	       (device->another || strcmp(link->alias, nodes_alias) == 0);
}

int nodes_set_device(struct nodes *nodes, enum nl_verb verb,
		     const struct nodes_device *device)
{
	const struct link_spec spec = {
		.kind = device->kind,
		.name = device->name,
		.mac = device->mac,
		.alias = nodes_alias,
		.mtu = device->mtu,
		.shared = true, /* its removal is this step's inverse */
		.vxlan = device->vxlan,
	};
	struct link *link = device->link;
	struct nl *nl = nodes->nl;
	bool exists;

	if (verb == NL_DELETE)
		return link_del(nl, spec.name, NULL);
	if (!device->another &&
	    link_add(nl, &spec, verb == NL_REPLACE ? &exists : NULL) < 0)
		return -1;
	return link_get(nl, spec.name, link) < 0 ||
			       link_set_mtu(nl, link, spec.mtu) < 0 ||
			       link_set_flags(nl, link, device->up ? IFF_UP : 0,
					      IFF_UP) < 0
		       ? -1
		       : 0;
}

void nodes_use_device(struct nodes *nodes, const struct nodes_device *device,
		      const struct link *now)
{
	if (now)
		nodes->device = *now;
	nodes->device.mtu = device->mtu;
	str_copy(nodes->device.name, IFNAMSIZ, device->name);
}

static enum nl_verb verb_of(const struct nodes_step *step)
{
	if (!step->before)
		return NL_ADD;
	return step->after ? NL_REPLACE : NL_DELETE;
}

void nodes_add_change(struct nodes *nodes, enum nodes_phase phase,
		      const struct nodes_kind *kind, const void *before,
		      const void *after)
{
	struct nodes_step *step =
		list_add(nodes->job, &nodes->steps[phase], sizeof(*step));

	*step = (struct nodes_step) { nodes, kind, before, after, NULL };
	if (kind->text)
		step->text = job_printf(
			nodes->job, "%s %s",
			kind->verb ? kind->verb : nl_verb_text(verb_of(step)),
			kind->text(nodes, after ? after : before));
}

void nodes_add_changes(struct nodes *nodes, const struct nodes_kind *kind,
		       struct list *now, struct list *wanted)
{
	size_t i = now->count, j = wanted->count, size = kind->size;
	const char *a;
	char *b;

	sort_items(now->items, i, size, kind->compare);
	sort_items(wanted->items, j, size, kind->compare);
	a = now->items;
	b = wanted->items;
	while (i || j) {
		int order = !i ? 1 : !j ? -1 : kind->compare(a, b);

		if (order || (kind->same && !kind->same(a, b)))
			nodes_add_change(nodes,
					 order < 0 ? kind->del_phase
						   : kind->put_phase,
					 kind, order > 0 ? NULL : a,
					 order < 0 ? NULL : b);
		if (order <= 0) {
			a += size;
			i--;
		}
		if (order >= 0) {
			b += size;
			j--;
		}
	}
}

static bool is_held(enum nodes_phase phase)
{
	return phase == NODES_CLEAR_ROUTES || phase == NODES_PEERS ||
	       phase == NODES_ROUTES || phase == NODES_DROP_ROUTES ||
	       phase == NODES_DROP_PEERS;
}

static void undo_step(void *arg)
{
	const struct nodes_step *step = arg;

	if (step->before)
		step->kind->set(step->nodes, NL_REPLACE, step->before);
	else
		step->kind->set(step->nodes, NL_DELETE, step->after);
}

static int run_step(struct nodes *nodes, struct nodes_step *step)
{
	if (!step->kind->set)
		return 0;
	undo_push(nodes->job, undo_step, step);
	return step->kind->set(nodes, verb_of(step),
			       step->after ? step->after : step->before);
}

static int run_phase(struct nodes *nodes, enum nodes_phase phase)
{
	struct nodes_step *step = nodes->steps[phase].items;
	bool held = is_held(phase);

	if (held)
		nl_hold(nodes->nl);
	for (size_t i = 0; i < nodes->steps[phase].count; i++, step++) {
		if (run_step(nodes, step) < 0 ||
		    (held && nl_flush_if_many(nodes->nl) < 0))
			return -1;
	}
	return held ? nl_release(nodes->nl) : 0;
}

int nodes_run_steps(struct nodes *nodes)
{
	for (int phase = 0; phase < NODES_PHASES; phase++) {
		if (run_phase(nodes, phase) == 0)
			continue;
		undo_run(nodes->job);
		return -1;
	}
	return 0;
}
