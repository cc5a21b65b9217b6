/* SPDX-License-Identifier: GPL-2.0-or-later */
/* index - tests of the index of the folder net in the current directory */
#ifndef CNIBOX_TESTS_INDEX_H
#define CNIBOX_TESTS_INDEX_H

#include <fcntl.h>
#include <glob.h>

#include "core/state/index.h"
#include "state.h"

static inline struct index index_of(struct job *job, const char *path)
{
	struct index index;
	int dir;

	mkdir(path, 0700);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	index_open(&index, job, dir, path);
	return index;
}

static inline void done_with(struct index *index)
{
	index_close(index);
	close(index->dir);
}

static inline void add_to(struct index *index, const char *owner,
			  const char *text)
{
	struct ip ip;

	assert_true(ip_parse(text, &ip));
	index_add(index, owner, &ip);
}

/* The addresses of owner, in the order they were added, as one text. */
static inline const char *found_in(const struct index *index, const char *owner)
{
	const char *all = "";
	char text[IP_TEXT];
	const struct ip *ip;
	struct list list;

	index_find(index, owner, &list);
	ip = list.items;
	for (size_t i = 0; i < list.count; i++)
		all = job_printf(index->job, "%s%s ", all,
				 ip_print(&ip[i], text));
	return all;
}

static inline bool net_is_believed(struct job *job)
{
	struct index index = index_of(job, "net");
	bool valid = index.valid;

	assert_string_equal(found_in(&index, "a"), valid ? "10.1.2.3 " : "");
	done_with(&index);
	return valid;
}

/* Makes the index of net, which has 10.1.2.3 for "a"; false if it is not
 * believed then. */
static inline bool seal_net(struct job *job)
{
	struct index index = index_of(job, "net");

	index_begin(&index, 1);
	add_to(&index, "a", "10.1.2.3");
	index_seal(&index);
	done_with(&index);
	return net_is_believed(job);
}

/* The path of the only index there is. */
static inline const char *index_path(struct job *job)
{
	const char *path;
	glob_t found;

	assert_int_equal(glob(CONFIG_STATE_DIR "/.index:*", 0, NULL, &found),
			 0);
	assert_int_equal(found.gl_pathc, 1);
	path = job_printf(job, "%s", found.gl_pathv[0]);
	globfree(&found);
	return path;
}

#endif
