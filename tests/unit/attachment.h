/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attachment - calls of a plugin on a node of its own, and their records */
#ifndef CNIBOX_TESTS_ATTACHMENT_H
#define CNIBOX_TESTS_ATTACHMENT_H

#include "core/cni/attachment.h"
#include "core/kernel/link.h"
#include "core/kernel/netns.h"

#include <netinet/in.h>

#include <linux/netlink.h>

#include "node.h"

static const struct applet applet = { .name = "bridge" };

/* A fresh tmpfs over the first folder of STATE_DIR. */
static inline int state_up(void **state)
{
	char top[] = CONFIG_STATE_DIR;
	char *end = strchr(top + 1, '/');

	if (node_up(state) < 0)
		return -1;
	if (end)
		*end = '\0';
	mkdir(top, 0755);
	return mount("state", top, "tmpfs", 0, NULL);
}

#define STATE_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, state_up, folder_down)

/* A call of container's eth0, whose namespace is ours; open until we exit. */
static inline struct call *call_of(struct folder *f, const char *container)
{
	struct call *c = job_alloc(&f->job, sizeof(*c));
	bool found;

	*c = (struct call) {
		.job = &f->job,
		.applet = &applet,
		.env = { .container = container,
			 .ifname = "eth0",
			 .netns = "/proc/self/ns/net" },
		.net.name = "net",
	};
	assert_int_equal(netns_find(&f->job, c->env.netns, &c->netns, &found),
			 0);
	assert_true(found);
	nl_init(&c->host, &f->job, -1, NETLINK_ROUTE);
	nl_init(&c->nft, &f->job, -1, NETLINK_NETFILTER);
	return c;
}

/* The host end that bridge would make for owner, with the other one, x, in
 * netns; -1: here. */
static inline void make_host_end(struct call *c, const char *owner, int netns)
{
	struct link_spec peer = { .name = "x", .netns = netns };
	const struct link_spec spec = { .kind = "veth",
					.name = life_port_name(c->job, owner),
					.alias = owner,
					.peer = &peer };

	assert_int_equal(link_add(&c->host, &spec, NULL), 0);
}

/* For attachment_begin(). */
static inline int release_must_not_be_called(struct call *c)
{
	return fail(c->job, CNI_INTERNAL, "released");
}

/* The notes of one kind, one line each; NULL: there is no record. */
static inline const char *notes_of(struct call *c, const char *kind)
{
	const struct record_note *note;
	struct record_notes notes;
	const char *all = "";

	record_read(c->job, applet.name, attachment_owner(c), &notes);
	if (!notes.found)
		return NULL;
	note = notes.list.items;
	for (size_t i = 0; i < notes.list.count; i++) {
		if (strcmp(note[i].kind, kind) == 0)
			all = job_printf(c->job, "%s%s\n", all, note[i].text);
	}
	return all;
}

static inline bool has_record(struct call *c)
{
	return notes_of(c, "");
}

static inline enum life life(struct call *c, const char *applet_name,
			     const char *owner)
{
	struct record_notes notes;

	record_read(c->job, applet_name, owner, &notes);
	return life_of(c, owner, &notes);
}

static inline void begun(struct call *c, struct record *record)
{
	assert_int_equal(
		attachment_begin(c, record, release_must_not_be_called), 0);
	assert_no_error(c->job);
}

static const char *dropped;

static inline int drop(struct call *c, const char *owner)
{
	dropped = job_printf(c->job, "%s%s ", dropped, owner);
	return 0;
}

/* A call of GC to which the interface eth0 of one container is valid. */
static inline struct call *collection(struct folder *f, const char *container)
{
	struct call *c = call_of(f, "");
	struct attachment *valid =
		list_add(&f->job, &c->net.attachments, sizeof(*valid));

	*valid = (struct attachment) { container, "eth0" };
	return c;
}

#endif
