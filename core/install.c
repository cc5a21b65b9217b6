/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/install.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"

/* The way from the directory from to the file to, both absolute and free of
 * links and dots. */
static const char *relative(struct job *job, const char *from, const char *to)
{
	struct str out = { .job = job };
	size_t same = 0, i;

	for (i = 0; from[i] == to[i] && from[i]; i++) {
		if (from[i] == '/')
			same = i + 1;
	}
	/* All of from may lead to it. */
	if (!from[i] && to[i] == '/')
		return to + i + 1;
	for (const char *p = from + same; *p; p++) {
		if (p == from + same || (*p == '/' && p[1]))
			str_add(&out, "../");
	}
	str_add(&out, to + same);
	return out.text;
}

static int link_one(struct job *job, const char *self, const char *target,
		    const char *path, bool symbolic, bool force)
{
	const char *fresh = job_printf(job, "%s.%d", path, (int)getpid());
	struct stat there, own;

	if (stat(self, &own) < 0)
		return fail_errno(job, errno, "look at %s", self);
	if (lstat(path, &there) == 0 && !force) {
		bool same = stat(path, &there) == 0 &&
			    there.st_dev == own.st_dev &&
			    there.st_ino == own.st_ino;

		return same ? 0
			    : fail_errno(job, EEXIST, "link %s (-f replaces)",
					 path);
	}
	if (symbolic ? symlink(target, fresh) : link(self, fresh))
		return fail_errno(job, errno, "link %s to %s", path, self);
	if (rename(fresh, path) < 0)
		fail_errno(job, errno, "link %s to %s", path, self);
	/* Still there after a rename onto a link to the same file, too. */
	unlink(fresh);
	return job->msg ? -1 : 0;
}

int install_links(struct job *job, const struct applet *const *applets,
		  const char *dir, bool symbolic, bool force)
{
	char *self = job_alloc(job, PATH_MAX), *real = job_alloc(job, PATH_MAX);
	int ret = 0;

	if (!realpath("/proc/self/exe", self))
		return fail_errno(job, errno, "find this binary");
	if (!realpath(dir, real))
		return fail_errno(job, errno, "open %s", dir);
	for (; *applets; applets++)
		ret |= link_one(
			job, self, relative(job, real, self),
			job_printf(job, "%s/%s", real, (*applets)->name),
			symbolic, force);
	return ret;
}
