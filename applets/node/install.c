/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * install - makes the links by which the plugins are called

config INSTALL
	bool "cnibox --install"
	default y
	help
	  Makes the links by which the plugins are called. Costs 1.5 KB.
	  Without it ln -s has to make them.
*/
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cni/tool.h"
#include "core/state/dirs.h"

/* The relative path that leads from folder from to file to, both absolute and free
 * of links and dots. */
static const char *relative(struct job *job, const char *from, const char *to)
{
	struct str out = { .job = job };
	size_t same = 0, i;

	for (i = 0; from[i] == to[i] && from[i]; i++) {
		if (from[i] == '/')
			same = i + 1;
	}
	/* The folder may be one of those above the file. */
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
		return fail_errno(job, errno, "link %s to %s%s", path, self,
				  errno == EXDEV ? " (-s may)" : "");
	if (rename(fresh, path) < 0)
		fail_errno(job, errno, "link %s to %s", path, self);
	/* Still there after a rename onto a link to the same file, too. */
	unlink(fresh);
	return job->msg ? -1 : 0;
}

/* Where a link of the kernel's leads to, which is absolute and free of links,
 * or NULL. */
static const char *kernel_path(struct job *job, const char *link)
{
	char *path = job_alloc(job, PATH_MAX);

	return readlink(link, path, PATH_MAX - 1) < 0 ? NULL : path;
}

/* A link in dir, which is made if missing, for each plugin: a hard one, or a
 * symbolic one that is relative. What is there under a plugin's name and is
 * something else is left alone, and an error, unless force. */
static int link_all(struct job *job, const struct applet *const *applets,
		    const char *dir, bool symbolic, bool force)
{
	const char *self = kernel_path(job, "/proc/self/exe"), *real;
	struct stat st;
	int fd, ret = 0;

	if (!self)
		return fail_errno(job, errno, "find this binary");
	if (stat(dir, &st) < 0 && dirs_make(job, dir, 0755) < 0)
		return fail_errno(job, errno, "create directory %s", dir);
	fd = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(job, errno, "open %s", dir);
	real = kernel_path(job, job_printf(job, "/proc/self/fd/%d", fd));
	close(fd);
	if (!real)
		return fail_errno(job, errno, "find %s", dir);
	for (; *applets; applets++)
		ret |= link_one(
			job, self, relative(job, real, self),
			job_printf(job, "%s/%s", real, (*applets)->name),
			symbolic, force);
	return ret;
}

static int run(struct call *c, char **argv, struct str *out)
{
	bool symbolic = false, force = false;
	const char *dir = "/opt/cni/bin";

	(void)out;
	for (char **word = argv + 1; *word; word++) {
		if (strcmp(*word, "-s") == 0)
			symbolic = true;
		else if (strcmp(*word, "-f") == 0)
			force = true;
		else if (**word == '-')
			return tool_unknown_word(c, argv, *word);
		else
			dir = *word;
	}
	return link_all(c->job, c->applets, dir, symbolic, force);
}

const struct tool install_tool = {
	.name = "install",
	.usage =
		"--install [-s] [-f] [DIR]\n"
		"                          links in DIR (/opt/cni/bin), hard or with\n"
		"                          -s symbolic; -f replaces other files",
	.run = run,
};
