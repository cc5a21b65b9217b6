/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/valid.h"

#include <string.h>

#include "core/state/record.h"

/* The valid owners, made once: each may be compared with thousands. */
static const char *const *valid_owners(struct call *c)
{
	const struct attachment *valid = c->net.attachments.items;
	struct list *owners = &c->net.owners;

	for (size_t i = owners->count; i < c->net.attachments.count; i++)
		*(const char **)list_add(c->job, owners, sizeof(char *)) =
			record_owner(c->job, c->net.name, valid[i].ifname,
				     valid[i].container);
	return owners->items;
}

bool valid_excludes(struct call *c, const char *owner)
{
	const char *const *valid = valid_owners(c);

	if (!record_owner_is_of(c->job, owner, c->net.name))
		return false;
	for (size_t i = 0; i < c->net.attachments.count; i++) {
		if (strcmp(owner, valid[i]) == 0)
			return false;
	}
	return true;
}
