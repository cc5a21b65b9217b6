/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/heir.h"

#include <string.h>

#include "core/cni/cni.h"
#include "core/cni/life.h"
#include "core/cni/noted.h"
#include "core/cni/valid.h"

/* Whether two owners are attachments of one container. */
static bool same_container(const char *owner, const char *other)
{
	const char *a = strrchr(owner, '/'), *b = strrchr(other, '/');

	return a && b && strcmp(a, b) == 0;
}

enum holder heir_tell(void *arg, const char *holder)
{
	const struct heir *heir = arg;
	struct call *c = heir->c;
	struct record_notes notes;
	enum life life;

	noted_read(c, holder, &notes);
	life = life_of(c, holder, &notes);
	if (life == LIFE_DEAD)
		return HOLDER_DEAD;
	if (heir->yields || same_container(heir->owner, holder))
		return HOLDER_SHARES;
	return life == LIFE_ALIVE ? HOLDER_ALIVE : HOLDER_UNKNOWN;
}

enum holder heir_share(void *arg, const char *holder)
{
	struct heir *heir = arg;
	struct call *c = heir->c;
	enum holder is = heir_tell(arg, holder);
	bool found;

	heir->succeeds |= is == HOLDER_DEAD;
	if (is != HOLDER_SHARES ||
	    record_append(c->job, c->applet->name, holder, noted_heir,
			  heir->owner, &found) < 0)
		return is;
	/* If it has no record any more, its DEL has come in between. */
	return found ? HOLDER_SHARES : heir_tell(arg, holder);
}

int heir_add(struct call *c, const char *owner, const struct list *entries)
{
	struct heir heir = { c, owner };
	const struct holders holders = { heir_share, &heir };

	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	if (tables_add(&c->nft, owner, entries, &holders) < 0)
		return -1;
	/* The DEL of the dead, which has not come, would have done it. */
	return heir.succeeds
		       ? tables_flush_connections(&c->nft, entries, CT_GONE)
		       : 0;
}

int heir_take_back(struct call *c, const char *owner,
		   const struct list *entries)
{
	struct record_notes notes;
	bool missing;

	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	noted_read(c, owner, &notes);
	return !notes.found || life_of(c, owner, &notes) == LIFE_DEAD
		       ? tables_del(&c->nft, owner, entries, &missing)
		       : 0;
}

int heir_leave(struct call *c, const char *owner, bool gc)
{
	struct record_notes notes, heirs_notes;
	const struct record_note *note;
	const char *last = "";

	if (!IS_ENABLED(CONFIG_NAT))
		return 0;
	noted_read(c, owner, &notes);
	note = notes.list.items;
	for (size_t i = 0; i < notes.list.count; i++) {
		const char *heir = note[i].text;
		struct list entries = { 0 };
		bool had_none = !c->job->msg;

		/* An heir is noted once for each entry, in a row. */
		if (strcmp(note[i].kind, noted_heir) != 0 ||
		    strcmp(heir, last) == 0 || (gc && valid_excludes(c, heir)))
			continue;
		last = heir;
		noted_read(c, heir, &heirs_notes);
		noted_entries(c, &heirs_notes, true, &entries);
		if (!entries.count)
			continue;
		/* Others may have taken the keys, after the ruleset was flushed:
		 * then the heir goes without, but this is no error of a DEL. */
		if (heir_add(c, heir, &entries) < 0) {
			cni_forgive(c->job, had_none);
			job_warn(c->job, "%s goes without", heir);
			continue;
		}
		if (heir_take_back(c, heir, &entries) < 0)
			return -1;
		if (tables_flush_connections(&c->nft, &entries, CT_ADDED) < 0)
			return -1;
	}
	return 0;
}
