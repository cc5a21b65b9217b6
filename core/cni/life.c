/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/life.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/cni/noted.h"
#include "core/kernel/link.h"

const char *life_port_name(struct job *job, const char *owner)
{
	char digits[12];

	return job_printf(job, "veth%s",
			  hash_text(owner, sizeof(digits) - 1, digits));
}

/* Finds the host end by its alias, if others have renamed it. */
static int find_alias(struct call *c, const char *owner, struct link *out,
		      bool *found)
{
	const struct link *link;

	if (!c->links.present && link_list(&c->host, 0, &c->links) < 0)
		return -1;
	link = c->links.items;
	for (size_t i = 0; i < c->links.count; i++) {
		/* Not every link of owner has another end. */
		if (link[i].peer && strcmp(link[i].alias, owner) == 0) {
			*out = link[i];
			*found = true;
		}
	}
	return 0;
}

static int find_host_end(struct call *c, const char *owner, long index,
			 struct link *out, bool *found)
{
	if (index > 0)
		return link_find_index(&c->host, (int)index, -1, out, found);
	if (link_find(&c->host, life_port_name(c->job, owner), out, found) < 0)
		return -1;
	return *found ? 0 : find_alias(c, owner, out, found);
}

/* Whether the path in the record leads to the namespace that it names. */
static bool leads_to_netns(const struct record_notes *notes)
{
	struct netns netns;
	const char *path;
	struct stat st;

	return record_netns(notes, &netns, &path) && stat(path, &st) == 0 &&
	       st.st_dev == netns.dev && st.st_ino == netns.ino;
}

/* Whether the namespace of the other end of link is still there. */
static int find_peer(struct call *c, const struct link *link, bool *found)
{
	struct link peer;

	*found = !link->away;
	if (*found || link->netnsid < 0)
		return 0;
	return link_find_index(&c->host, link->peer, link->netnsid, &peer,
			       found);
}

enum life life_of(struct call *c, const char *owner,
		  const struct record_notes *notes)
{
	const char *noted = record_text(notes, noted_host);
	bool found = false, lives = false;
	struct link link;
	long index = -1;

	if (notes->left)
		return LIFE_DEAD;
	if (leads_to_netns(notes))
		return LIFE_ALIVE;
	if ((noted && !str_to_long(noted, 1, INT_MAX, &index)) ||
	    find_host_end(c, owner, index, &link, &found) < 0 ||
	    (found && find_peer(c, &link, &lives) < 0) || lives)
		return LIFE_UNKNOWN;
	if (found)
		return LIFE_DEAD;
	/* No host end was found, but only the record may name it: so there has
	 * to be all of it or, if there is none, a folder where it would be. */
	return (notes->found ? !notes->damaged : record_is_kept(c->job))
		       ? LIFE_DEAD
		       : LIFE_UNKNOWN;
}

int life_note_host_end(struct call *c, struct record *record)
{
	const struct result_interface *interface = c->prev.interfaces.items;
	const char *own = life_port_name(c->job, record->owner);
	struct link link = { 0 };
	bool found = false;

	/* From the last one on: bridges, which are no host ends, come first. */
	for (size_t i = c->prev.interfaces.count; i-- && !found;) {
		const char *sandbox = interface[i].sandbox;

		if (sandbox && *sandbox)
			continue;
		if (strcmp(interface[i].name, own) == 0)
			return 0;
		if (link_find(&c->host, interface[i].name, &link, &found) < 0)
			return -1;
		found &= link.away;
	}
	return record_add(record, noted_host,
			  job_printf(c->job, "%d", found ? link.index : 0));
}

bool life_other_end(struct call *c, const struct link *guest, struct link *out)
{
	bool found;

	return guest->away && guest->peer &&
	       link_find_index(&c->host, guest->peer, -1, out, &found) == 0 &&
	       found && out->away && out->peer == guest->index;
}

/* Whether prevResult, which not every runtime gives to DEL, has another MAC address
 * for CNI_IFNAME. */
static bool differs_from_prev(struct call *c, const struct link *guest)
{
	const struct json *item = c->net.prev_result;
	uint8_t mac[MAC_LEN];

	item = item ? json_member(item, "interfaces") : NULL;
	for (item = item ? item->child : NULL; item; item = item->next) {
		const struct json *name = json_member(item, "name");
		const struct json *told = json_member(item, "mac");

		if (name && told && name->type == JSON_STRING &&
		    told->type == JSON_STRING && json_member(item, "sandbox") &&
		    strcmp(name->text, c->env.ifname) == 0 &&
		    mac_parse(told->text, mac))
			return memcmp(mac, guest->mac, MAC_LEN) != 0;
	}
	return false;
}

bool life_has_guest(struct call *c, const char *owner)
{
	struct record_notes notes;
	struct link guest, end;
	bool found;

	if (c->netns.fd < 0 ||
	    link_find(&c->guest, c->env.ifname, &guest, &found) < 0 || !found ||
	    !life_other_end(c, &guest, &end))
		return false;
	noted_read(c, owner, &notes);
	if (notes.found || *end.alias)
		return strcmp(end.alias, owner) == 0;
	return !differs_from_prev(c, &guest);
}

bool life_is_of_another(struct call *c)
{
	const struct link *guest;
	struct list guests;
	struct link end;

	if (link_list(&c->guest, 0, &guests) < 0)
		return false;
	guest = guests.items;
	for (size_t i = 0; i < guests.count; i++) {
		const char *container;

		if (!life_other_end(c, &guest[i], &end))
			continue;
		container = strrchr(end.alias, '/');
		if (container && strcmp(container + 1, c->env.container) != 0 &&
		    strcmp(end.name, life_port_name(c->job, end.alias)) == 0)
			return true;
	}
	return false;
}
