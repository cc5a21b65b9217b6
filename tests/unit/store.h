/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store - tests of the store net in the current directory */
#ifndef CNIBOX_TESTS_STORE_H
#define CNIBOX_TESTS_STORE_H

#include <errno.h>

#include "core/state/store.h"
#include "state.h"

enum { SECONDS = 60 };

static const struct owner a_eth0 = { "a", "eth0" };

/* Only root has a STATE_DIR, and has one to spare. */
static inline int store_up(void **state)
{
	return geteuid() == 0 ? state_up(state) : folder_up(state);
}

#define STORE_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, store_up, folder_down)

/* Open until the test closes it, or the process ends. */
static inline struct store *opened(void **state)
{
	struct folder *f = *state;
	struct store *s = job_alloc(&f->job, sizeof(*s));

	assert_int_equal(store_open(&f->job, "net", true, SECONDS, s), 0);
	return s;
}

static inline struct ip ip(const char *text)
{
	struct ip out;

	assert_true(ip_parse(text, &out));
	return out;
}

static inline void put_text(const char *path, const char *text)
{
	put_file(path, text, 0600);
}

static inline void assert_absent(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static inline bool reserve(struct store *s, const struct owner *owner,
			   const char *text)
{
	struct ip address = ip(text);
	bool taken;

	assert_int_equal(store_reserve(s, owner, &address, &taken), 0);
	return !taken;
}

static inline int compare_reservations(const void *a, const void *b)
{
	const struct reservation *left = a, *right = b;

	return ip_compare(&left->ip, &right->ip);
}

/* The reservations of owner, in order, as one text. */
static inline const char *found(struct store *s, const struct owner *owner)
{
	struct list list;
	struct reservation *r;
	const char *all = "";
	char text[IP_TEXT];

	assert_int_equal(store_find(s, owner, &list), 0);
	r = list.items;
	if (list.count)
		qsort(r, list.count, sizeof(*r), compare_reservations);
	for (size_t i = 0; i < list.count; i++)
		all = job_printf(s->job, "%s%s%s ", all,
				 ip_print(&r[i].ip, text),
				 r[i].stale ? "(stale)" : "");
	return all;
}

#endif
