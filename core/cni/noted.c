/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/noted.h"

#include <string.h>
#include <sys/socket.h>

#include "core/tables/tables.h"

const char noted_nat[] = "nat", noted_heir[] = "heir", noted_host[] = "host";

void noted_read(struct call *c, const char *owner, struct record_notes *out)
{
	record_read(c->job, c->applet->name, owner, out);
}

/* Whether a note that is no entry is what it says, and not two lines in one. */
static bool is_sound(const struct record_note *note)
{
	int blanks = 0;

	for (const char *p = note->text; *p; p++)
		blanks += *p == ' ';
	if (strcmp(note->kind, "netns") == 0)
		return blanks == 2;
	return !blanks && (strcmp(note->kind, noted_heir) == 0 ||
			   strcmp(note->kind, noted_host) == 0);
}

bool noted_entries(struct call *c, const struct record_notes *notes,
		   bool possible, struct list *entries)
{
	const struct record_note *note = notes->list.items;
	struct entry entry;
	bool whole = true;

	for (size_t i = 0; i < notes->list.count; i++) {
		if (strcmp(note[i].kind, noted_nat) != 0)
			whole &= is_sound(&note[i]);
		else if (!IS_ENABLED(CONFIG_NAT) ||
			 !entry_parse(c->job, note[i].text, &entry))
			whole = false;
		else if (IS_ENABLED(CONFIG_IPV6) || !possible ||
			 entry.pod.ip.family != AF_INET6)
			list_copy(c->job, entries, &entry, sizeof(entry));
	}
	return whole;
}
