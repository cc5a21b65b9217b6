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

int valid_drop_links(struct call *c, int master, const char *kind)
{
	struct list links, dead = { 0 };
	const struct link *link;

	if (link_list(&c->host, master, &links) < 0)
		return -1;
	link = links.items;
	for (size_t i = 0; i < links.count; i++) {
		if (strcmp(link[i].kind, kind) == 0 &&
		    valid_excludes(c, link[i].alias))
			list_copy(c->job, &dead, &link[i], sizeof(*link));
	}
	return link_del_all(&c->host, &dead);
}
