/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attachment_nat - attachments with NAT, told by lines as records have them */
#ifndef CNIBOX_TESTS_ATTACHMENT_NAT_H
#define CNIBOX_TESTS_ATTACHMENT_NAT_H

#include "tests/unit/attachment.h"

#define POD1		  "10.1.0.2/24"
#define MASQUERADE(pod)	  "masquerade " pod "\n"
#define PORT(number, pod) "port tcp * " number " " pod " 80\n"
#define CONDITION(number, pod, conditions)                                     \
	"condition tcp * " number " " pod " 80 " conditions "\n"

/* Entries that are told by lines as records have them. */
static inline struct list entries_of(struct call *c, const char *lines)
{
	struct list entries = { 0 };

	while (*lines) {
		size_t len = strcspn(lines, "\n");
		struct entry *entry =
			list_add(c->job, &entries, sizeof(*entry));

		assert_true(entry_parse(c->job, job_strndup(c->job, lines, len),
					entry));
		lines += len + 1;
	}
	return entries;
}

static inline enum holder everybody_is_dead(void *arg, const char *owner)
{
	(void)arg, (void)owner;
	return HOLDER_DEAD;
}

/* And it is its own. */
static inline bool has_nat(struct call *c, const char *lines)
{
	struct list entries = entries_of(c, lines);
	const char *owner = attachment_owner(c);
	const struct holders holders = { everybody_is_dead, NULL };
	bool has = tables_check(&c->nft, owner, &entries, &holders) == 0;

	c->job->msg = NULL;
	return has;
}

static inline int make(struct call *c, struct record *record, const char *lines)
{
	struct list entries = entries_of(c, lines);

	return attachment_add_entries(c, record, &entries);
}

/* An attachment that asks for these entries. */
static inline struct call *attach(struct folder *f, const char *ifname,
				  const char *container, const char *lines)
{
	struct record *record = job_alloc(&f->job, sizeof(*record));
	struct call *c = call_of(f, container);
	struct list entries;

	c->env.ifname = ifname;
	begun(c, record);
	assert_int_equal(make(c, record, lines), 0);
	/* As its process ends, so does its lock. */
	close(record->dir);
	entries = entries_of(c, lines);
	assert_int_equal(attachment_check_entries(c, &entries), 0);
	assert_no_error(&f->job);
	return c;
}

/* One that has them all. */
static inline struct call *attached(struct folder *f, const char *container,
				    const char *lines)
{
	struct call *c = attach(f, "eth0", container, lines);

	assert_true(has_nat(c, lines));
	return c;
}

/* From now on the kernel takes no changes of NAT. */
static inline void break_nat(struct call *c)
{
	nl_close(&c->nft);
	nl_init(&c->nft, c->job, -1, 1000);
}

#endif
