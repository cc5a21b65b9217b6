/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/format.h"
#include "core/base/str.h"
#include "core/state/boot.h"
#include "core/state/dirs.h"
#include "core/state/lock.h"

/* Only the holder of the lock writes, so one name is enough. A file that is
 * found under it was left by a process that died. */
static const char draft_name[] = ".cnibox.draft";

#define HAS_INDEX(s) (IS_ENABLED(CONFIG_HOST_LOCAL_INDEX) && (s)->indexed)

enum { OPEN_TRIES = 16 };

static int open_dir(struct store *s, bool create)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

	s->dir = openat(AT_FDCWD, s->path, FLAGS);
	if (s->dir >= 0 || (!create && (errno == ENOENT || errno == ENOTDIR ||
					errno == ENAMETOOLONG)))
		return 0;
	if (errno == ENOENT) {
		if (dirs_make(s->job, s->path, 0755) < 0)
			return fail_errno(s->job, errno, "create directory %s",
					  s->path);
		s->dir = openat(AT_FDCWD, s->path, FLAGS);
	}
	if (s->dir < 0)
		return fail_errno(s->job, errno, "open %s", s->path);
	return 0;
}

/* *gone: while we waited, the directory or its lock was removed; others may be
 * using new ones. */
static int lock_dir(struct store *s, int seconds, bool *gone)
{
	struct stat st;

	s->lock = openat(
		s->dir, "lock",
		O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0750);
	*gone = s->lock < 0 && errno == ENOENT;
	if (*gone)
		return 0;
	if (s->lock < 0)
		return fail_errno(s->job, errno, "open %s/lock", s->path);
	if (lock_within(s->lock, LOCK_EX, seconds) < 0)
		return lock_fail(s->job, s->path, seconds);
	trace(s->job, "lock %s", s->path);
	if (fstat(s->lock, &st) < 0)
		return fail_errno(s->job, errno, "stat %s/lock", s->path);
	*gone = st.st_nlink == 0;
	return 0;
}

int store_open(struct job *job, const char *path, bool create, int seconds,
	       struct store *s)
{
	*s = (struct store) { job, path, .dir = -1, .lock = -1, .last = -1 };
	for (int i = 0; i < OPEN_TRIES; i++) {
		bool gone;

		if (open_dir(s, create) < 0)
			return -1;
		if (s->dir < 0)
			return 0;
		if (lock_dir(s, seconds, &gone) < 0) {
			store_close(s);
			return -1;
		}
		if (!gone) {
			/* With create, write_draft() will find it. */
			if (!create)
				unlinkat(s->dir, draft_name, 0);
			return 0;
		}
		store_close(s);
	}
	return fail(job, CNI_TRY_AGAIN, "lock %s: its files keep disappearing",
		    path);
}

static void forget_last(struct store *s)
{
	if (s->last >= 0)
		close(s->last);
	s->last = -1;
}

void store_close(struct store *s)
{
	if (s->drafted)
		unlinkat(s->dir, draft_name, 0);
	if (HAS_INDEX(s)) {
		index_seal(&s->index);
		index_close(&s->index);
	}
	forget_last(s);
	if (s->lock >= 0)
		close(s->lock);
	if (s->dir >= 0) {
		close(s->dir);
		trace(s->job, "unlock %s", s->path);
	}
	s->dir = s->lock = -1;
	s->drafted = s->indexed = false;
}

static int open_file(const struct store *s, const char *name, int flags)
{
	return openat(s->dir, name, O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags,
		      0600);
}

/* Writes text at the start of an open file, and closes it. */
static int write_file(struct store *s, int fd, const char *name,
		      const char *text)
{
	size_t len = strlen(text);
	ssize_t done;

	if (fd < 0)
		return fail_errno(s->job, errno, "create %s/%s", s->path, name);
	done = pwrite(fd, text, len, 0);
	if (done >= 0 && (size_t)done < len)
		errno = ENOSPC;
	if (close(fd) < 0 || done < 0 || (size_t)done < len)
		return fail_errno(s->job, errno, "write %s/%s", s->path, name);
	return 0;
}

static int write_draft(struct store *s, const char *text)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL;
	int fd = open_file(s, draft_name, flags);

	if (fd < 0 && errno == EEXIST) {
		unlinkat(s->dir, draft_name, 0);
		fd = open_file(s, draft_name, flags);
	}
	if (fd >= 0)
		boot_mark(fd, store_boot(s));
	/* Also if writing fails: then there is a part of it to remove. */
	s->drafted = fd >= 0;
	return write_file(s, fd, draft_name, text);
}

static void remove_draft(struct store *s)
{
	unlinkat(s->dir, draft_name, 0);
	s->drafted = false;
}

int store_probe(struct store *s)
{
	if (write_draft(s, "probe") < 0)
		return -1;
	remove_draft(s);
	return 0;
}

/* Gives the draft its name, and never replaces a file. For this FAT has only
 * the rename, NFS only hard links. */
static int publish(struct store *s, const char *name)
{
	if (syscall(SYS_renameat2, s->dir, draft_name, s->dir, name,
		    RENAME_NOREPLACE) == 0) {
		s->drafted = false;
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(s->dir, draft_name, s->dir, name, 0) < 0)
		return -1;
	remove_draft(s);
	return 0;
}

int store_reserve(struct store *s, const struct owner *owner,
		  const struct ip *ip, bool *taken)
{
	const char *text = store_text(s, owner);
	char name[IP_TEXT];

	if (!s->drafted) {
		if (strlen(text) >= STORE_OWNER_MAX)
			return fail(s->job, CNI_BAD_ENVIRONMENT,
				    "CNI_CONTAINERID: longer than %d bytes",
				    STORE_OWNER_MAX - 2 - 16);
		if (write_draft(s, text) < 0)
			return -1;
	}
	*taken = publish(s, ip_print(ip, name)) < 0;
	if (*taken)
		return errno == EEXIST
			       ? 0
			       : fail_errno(s->job, errno, "create %s/%s",
					    s->path, name);
	trace(s->job, "create %s/%s", s->path, name);
	if (HAS_INDEX(s))
		index_add(&s->index, text, ip);
	return 0;
}

bool store_taken(const struct store *s, const struct ip *ip)
{
	char name[IP_TEXT];
	struct stat st;

	return !fstatat(s->dir, ip_print(ip, name), &st, AT_SYMLINK_NOFOLLOW);
}

int store_release(struct store *s, const struct ip *ip)
{
	char name[IP_TEXT];

	if (unlinkat(s->dir, ip_print(ip, name), 0) < 0 && errno != ENOENT)
		return fail_errno(s->job, errno, "remove %s/%s", s->path, name);
	trace(s->job, "remove %s/%s", s->path, name);
	return 0;
}

static const char *last_name(size_t index, char buf[48])
{
	format_print(buf, 48, "last_reserved_ip.%zu", index);
	return buf;
}

struct ip store_last(struct store *s, size_t index)
{
	char name[48], text[IP_TEXT];
	struct ip ip = { 0 };
	ssize_t len;

	forget_last(s);
	s->last = open_file(s, last_name(index, name), O_RDWR);
	if (s->last < 0)
		return ip;
	s->last_set = index;
	len = read(s->last, text, sizeof(text) - 1);
	if (len > 0) {
		s->last_len = (size_t)len;
		text[len] = '\0';
		if (!ip_parse(text, &ip))
			ip.family = 0;
	}
	return ip;
}

int store_set_last(struct store *s, size_t index, const struct ip *ip)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC;
	char name[48], text[IP_TEXT];
	int fd = s->last;

	last_name(index, name);
	ip_print(ip, text);
	if (fd >= 0 && s->last_set == index && s->last_len <= strlen(text))
		s->last = -1;
	else
		fd = open_file(s, name, flags);
	return write_file(s, fd, name, text);
}
