/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/published.h"

#include "core/cni/attachment.h"
#include "core/cni/noted.h"

/* Adds the entries of this kind that other plugins' records have. */
static void read_others(struct call *c, enum entry_kind kind, struct list *out)
{
	for (const struct applet *const *a = c->applets; *a; a++) {
		struct list entries = { 0 };
		struct record_notes notes;
		const struct entry *entry;

		if (*a == c->applet || !((*a)->kinds & 1U << kind))
			continue;
		record_read(c->job, (*a)->name, attachment_owner(c), &notes);
		noted_entries(c, &notes, true, &entries);
		entry = entries.items;
		for (size_t i = 0; !notes.left && i < entries.count; i++) {
			if (entry[i].kind == kind)
				list_copy(c->job, out, &entry[i],
					  sizeof(*entry));
		}
	}
}

static void add_published(struct call *c, const struct list *ports,
			  struct list *out)
{
	size_t count = ports->count;

	for (size_t i = 0; i < count; i++) {
		const struct entry *port = ports->items;
		struct entry entry = {
			.kind = ENTRY_PUBLISHED,
			.pod = port[i].pod,
			.protocol = port[i].protocol,
			.pod_port = port[i].pod_port,
		};

		if (port[i].kind == ENTRY_PORT)
			list_copy(c->job, out, &entry, sizeof(entry));
	}
}

void published_add(struct call *c, struct list *entries)
{
	struct list forwarded = { 0 };

	if (!IS_ENABLED(CONFIG_FIREWALL) || !entries->count)
		return;
	read_others(c, ENTRY_FORWARD, &forwarded);
	if (forwarded.count)
		add_published(c, entries, entries);
}

void published_add_others(struct call *c, struct list *entries)
{
	struct list ports = { 0 };

	read_others(c, ENTRY_PORT, &ports);
	add_published(c, &ports, entries);
}
