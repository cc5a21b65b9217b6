/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/io.h"
#include "core/base/job.h"
#include "core/base/str.h"
#include "core/state/dirs.h"

enum { SIZE_MAX_READ = 64 << 10 };

/* A file in dir that has no name, and that nobody has to remove. */
static int open_nameless(const char *dir)
{
	return openat(AT_FDCWD, dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

/* Writes the text and closes the file, which is at path, or gets there if nameless.
 * 0, or -1 with errno. */
static int fill(struct job *job, int fd, const char *text, const char *path,
		bool nameless)
{
	int err = 0;

	if (io_write(fd, text, strlen(text)) < 0 ||
	    (nameless &&
	     linkat(AT_FDCWD, job_printf(job, "/proc/self/fd/%d", fd), AT_FDCWD,
		    path, AT_SYMLINK_FOLLOW) < 0))
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	if (err && (!nameless || err != EEXIST))
		unlink(path);
	errno = err;
	return err ? -1 : 0;
}

int whole_create(struct job *job, const char *dir, const char *name,
		 const char *text)
{
	const char *path = job_printf(job, "%s/%s", dir, name);
	bool nameless = true;
	int fd = -1;

	if (dirs_make(job, dir, 0700) == 0)
		fd = open_nameless(dir);
	if (fd < 0 && errno == EOPNOTSUPP) {
		nameless = false;
		fd = openat(AT_FDCWD, path,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (fd < 0 || fill(job, fd, text, path, nameless) < 0)
		return fail_errno(job, errno, "create %s", path);
	trace(job, "create %s", path);
	return 0;
}

int whole_replace(struct job *job, const char *dir, const char *name,
		  const char *text)
{
	const char *fresh = job_printf(job, "%s.new", name);
	const char *from = job_printf(job, "%s/%s", dir, fresh);
	const char *path = job_printf(job, "%s/%s", dir, name);

	unlink(from);
	if (whole_create(job, dir, fresh, text) < 0)
		return -1;
	if (rename(from, path) < 0)
		return fail_errno(job, errno, "replace %s", path);
	trace(job, "replace %s", path);
	return 0;
}

int whole_probe(struct job *job, const char *dir)
{
	int fd = -1;

	if (dirs_make(job, dir, 0700) == 0)
		fd = open_nameless(dir);
	if (fd < 0 && errno != EOPNOTSUPP)
		return fail_errno(job, errno, "write to %s", dir);
	if (fd >= 0)
		close(fd);
	return 0;
}

/* Of a name that is too long there is no file. */
static bool is_absent(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ENAMETOOLONG;
}

const char *whole_read(struct job *job, const char *path)
{
	struct str text = { .job = job };

	if (io_read_file(path, &text, SIZE_MAX_READ) == 0)
		return text.text;
	if (is_absent(errno))
		errno = ENOENT;
	return NULL;
}

/* Tries twice: what refuses it may last only a moment. */
int whole_remove(struct job *job, const char *path)
{
	int tries = 2;

	while (unlink(path) < 0 && !is_absent(errno)) {
		if (!--tries)
			return fail_errno(job, errno, "remove %s", path);
	}
	trace(job, "remove %s", path);
	return 0;
}
