/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "applets/ipam/host-local/host-local.h"

#include "core/state/lock.h"

/* The lock was released meanwhile, so an address may be another's by now. */
void grant_undo(void *arg)
{
	const struct grant *g = arg;
	const struct ip *ip = g->taken.items;
	struct list owned;
	struct store s;

	if (!g->taken.count ||
	    store_open(g->job, g->store.path, false, LOCK_SECONDS, &s) < 0)
		return;
	if (store_find(&s, &g->owner, &owned) == 0)
		for (size_t i = 0; i < g->taken.count; i++)
			if (store_among(&owned, &ip[i]))
				store_release(&s, &ip[i]);
	store_close(&s);
}

/* Moves *at on to the first free address, its own included, and reserves that
 * for owner unless owner is NULL. *found is false if there is none. */
static int grant_next_free(struct store *s, const struct owner *owner,
			   struct cursor *at, bool *found)
{
	const struct ip first = at->ip;
	bool taken;

	*found = true;
	do {
		if (ip_compare(&at->ip, &at->range->gateway) != 0) {
			if (!owner)
				taken = store_taken(s, &at->ip);
			else if (store_reserve(s, owner, &at->ip, &taken) < 0)
				return -1;
			if (!taken)
				return 0;
		}
		cursor_step(at);
	} while (ip_compare(&at->ip, &first) != 0);
	*found = false;
	return 0;
}

/* Reserves a free address of set, which has this number, for owner; with NULL
 * only looks for one. If there is none, first frees those of earlier boots. */
static int grant_take_free(struct store *s, const struct owner *owner,
			   size_t index, const struct list *set,
			   struct cursor *at)
{
	const struct ip last = store_last(s, index);
	size_t freed;
	bool found;

	*at = cursor_after(set, &last);
	if (grant_next_free(s, owner, at, &found) < 0)
		return -1;
	if (!found) {
		if (store_reclaim(s, &freed) < 0 ||
		    grant_next_free(s, owner, at, &found) < 0)
			return -1;
		if (freed)
			job_warn(s->job,
				 "%s: freed %zu addresses of earlier boots",
				 s->path, freed);
	}
	if (!found)
		return fail(s->job, CNI_TRY_AGAIN,
			    "failed to allocate for range %zu: no IP addresses "
			    "available in range set: %s",
			    index, ranges_text(s->job, set));
	return 0;
}

int grant_has_free(struct store *s, size_t index, const struct list *set)
{
	struct cursor at;

	return grant_take_free(s, NULL, index, set, &at);
}

static int grant_take_wanted(struct grant *g, size_t index,
			     const struct list *set, const struct cursor *at)
{
	char text[IP_TEXT];
	size_t freed;
	bool taken;

	ip_print(&at->ip, text);
	if (ip_compare(&at->ip, &at->range->gateway) == 0)
		return fail(g->job, CNI_BAD_CONFIG,
			    "failed to allocate for range %zu: requested ip %s "
			    "is subnet's gateway",
			    index, text);
	if (store_reserve(&g->store, &g->owner, &at->ip, &taken) < 0)
		return -1;
	if (taken && (store_reclaim(&g->store, &freed) < 0 ||
		      store_reserve(&g->store, &g->owner, &at->ip, &taken) < 0))
		return -1;
	if (taken)
		return fail(g->job, CNI_INTERNAL,
			    "failed to allocate for range %zu: requested IP "
			    "address %s is not available in range set %s",
			    index, text, ranges_text(g->job, set));
	return 0;
}

/* Finds the first wanted address that is in set, and marks it as given. */
static bool grant_next_wanted(struct grant *g, const struct list *set,
			      struct cursor *at)
{
	struct ip *ip = g->wanted.items;

	for (size_t i = 0; i < g->wanted.count; i++) {
		at->range = ranges_find(set, &ip[i]);
		if (at->range) {
			at->ip = ip[i];
			ip[i].family = 0;
			return true;
		}
	}
	return false;
}

/* Another address than except that the container holds in this set; NULL if
 * there is none. except may be NULL. */
static const struct ip *grant_find_other(const struct grant *g,
					 const struct list *set,
					 const struct ip *except)
{
	const struct reservation *r = g->owned.items;

	for (size_t i = 0; i < g->owned.count; i++)
		if (ranges_find(set, &r[i].ip) &&
		    (!except || ip_compare(&r[i].ip, except) != 0))
			return &r[i].ip;
	return NULL;
}

static int grant_from_set(struct grant *g, size_t index, const struct list *set,
			  struct result_ip *out)
{
	struct cursor at;
	bool wanted = grant_next_wanted(g, set, &at);
	const struct ip *have =
		grant_find_other(g, set, wanted ? &at.ip : NULL);
	char text[IP_TEXT];

	if (have)
		return fail(g->job, CNI_INTERNAL,
			    "failed to allocate for range %zu: %s has been "
			    "allocated to %s, duplicate allocation is not "
			    "allowed",
			    index, ip_print(have, text), g->owner.container);
	/* An ADD that is repeated, and asks for the address it has, gets it
	 * again. */
	if (!wanted || !store_among(&g->owned, &at.ip)) {
		int status = wanted ? grant_take_wanted(g, index, set, &at)
				    : grant_take_free(&g->store, &g->owner,
						      index, set, &at);

		if (status < 0)
			return -1;
		list_copy(g->job, &g->taken, &at.ip, sizeof(at.ip));
		if (store_set_last(&g->store, index, &at.ip) < 0)
			return -1;
	}
	out->address = (struct prefix) { at.ip, at.range->subnet.len };
	out->gateway = at.range->gateway;
	return 0;
}

static int grant_check_all_given(struct grant *g)
{
	const struct ip *ip = g->wanted.items;
	struct str text = { .job = g->job };
	char buf[IP_TEXT];

	for (size_t i = 0; i < g->wanted.count; i++)
		if (ip[i].family)
			str_printf(&text, " %s", ip_print(&ip[i], buf));
	if (!text.len)
		return 0;
	return fail(g->job, CNI_BAD_CONFIG,
		    "failed to allocate all requested IPs:%s", text.text);
}

/* Releases what the container had in an earlier boot, which ended it. */
static int grant_drop_stale(struct grant *g)
{
	const struct reservation *r = g->owned.items;
	struct list live = { 0 };

	for (size_t i = 0; i < g->owned.count; i++) {
		if (!r[i].stale)
			list_copy(g->job, &live, &r[i], sizeof(*r));
		else if (store_release(&g->store, &r[i].ip) < 0)
			return -1;
	}
	g->owned = live;
	return 0;
}

int grant_all(struct grant *g, const struct list *sets, struct list *ips)
{
	const struct list *set = sets->items;

	if (store_find(&g->store, &g->owner, &g->owned) < 0 ||
	    grant_drop_stale(g) < 0)
		return -1;
	for (size_t i = 0; i < sets->count; i++) {
		struct result_ip *ip = list_add(g->job, ips, sizeof(*ip));

		if (grant_from_set(g, i, &set[i], ip) < 0)
			return -1;
	}
	return grant_check_all_given(g);
}
