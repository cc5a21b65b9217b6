/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dirs.h"
#include "core/hash.h"
#include "core/lock.h"
#include "core/str.h"

/* Room for the owner in a file name beside the applet's, and in a comment of an
 * element, of which the nft tool takes no more from a listing. */
enum { OWNER_MAX = 128, HASH_DIGITS = 32, RECORD_MAX = 64 << 20 };

static const char state_dir[] = CONFIG_STATE_DIR;

static const char *hashed_network(struct job *job, const char *network)
{
	char digits[HASH_DIGITS + 1];

	return job_printf(job, "=%s/", hash_text(network, HASH_DIGITS, digits));
}

const char *record_owner(struct job *job, const char *network,
			 const char *ifname, const char *container)
{
	const char *rest = job_printf(job, "%s/%s", ifname, container);
	char digits[HASH_DIGITS + 1];

	if (strlen(network) + 1 + strlen(rest) <= OWNER_MAX)
		return job_printf(job, "%s/%s", network, rest);
	return job_printf(job, "%s%s", hashed_network(job, network),
			  hash_text(rest, HASH_DIGITS, digits));
}

bool record_owner_is_of(struct job *job, const char *owner, const char *network)
{
	size_t len = strlen(network);

	if (*owner == '=')
		return str_starts(owner, hashed_network(job, network));
	return strncmp(owner, network, len) == 0 && owner[len] == '/';
}

/* "network:interface:container.applet": no part can hold a colon. */
static char *file_name(struct job *job, const char *applet, const char *owner)
{
	char *name = job_printf(job, "%s.%s", owner, applet);

	for (char *p = name; *p; p++) {
		if (*p == '/')
			*p = ':';
	}
	return name;
}

/* The owner in a file name of applet's, or NULL. */
static const char *owner_of(struct job *job, const char *applet,
			    const char *name)
{
	const char *end = job_printf(job, ".%s", applet);
	size_t len = strlen(name), rest = strlen(end);
	char *owner;

	if (len <= rest || strcmp(name + len - rest, end) != 0)
		return NULL;
	owner = job_strndup(job, name, len - rest);
	for (char *p = owner; *p; p++) {
		if (*p == ':')
			*p = '/';
	}
	return owner;
}

static int open_dir(void)
{
	return openat(AT_FDCWD, state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int record_dir(struct job *job)
{
	int dir = open_dir();

	if (dir >= 0 || errno != ENOENT)
		return dir;
	return dirs_make(job, state_dir, 0700) < 0 ? -1 : open_dir();
}

static void undo_record(void *arg)
{
	struct record *record = arg;

	record_del(record->job, record->applet, record->owner);
}

int record_begin(struct record *record, struct job *job, const char *applet,
		 const char *owner, const struct netns *netns, const char *path,
		 bool *exists)
{
	int flags =
		O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const char *name = file_name(job, applet, owner);

	*record = (struct record) { job, applet, owner, -1, -1 };
	record->dir = record_dir(job);
	if (record->dir < 0)
		return fail_errno(job, errno, "open %s", state_dir);
	/* Not for order among ADDs: for record_is_alone(). */
	if (lock_within(record->dir, LOCK_SH, LOCK_SECONDS) < 0)
		return lock_fail(job, state_dir, LOCK_SECONDS);
	record->fd = openat(record->dir, name, flags, 0600);
	*exists = record->fd < 0 && errno == EEXIST;
	if (*exists) {
		/* Our own lock would look like that of another ADD. */
		close(record->dir);
		record->dir = -1;
		return 0;
	}
	if (record->fd < 0)
		return fail_errno(job, errno, "create %s/%s", state_dir, name);
	undo_push(job, undo_record, record);
	if (netns->fd < 0)
		return 0;
	return record_add(record, "netns",
			  job_printf(job, "%llu %llu %s",
				     (unsigned long long)netns->dev,
				     (unsigned long long)netns->ino, path));
}

static int write_note(struct job *job, int fd, const char *owner,
		      const char *kind, const char *text)
{
	const char *line = job_printf(job, "%s %s\n", kind, text);
	size_t len = strlen(line);
	ssize_t done;

	if (strchr(text, '\n'))
		return fail(job, CNI_BAD_ENVIRONMENT,
			    "record of %s: %s of more than one line", owner,
			    kind);
	done = write(fd, line, len);
	if (done == (ssize_t)len)
		return 0;
	return fail_errno(job, done < 0 ? errno : ENOSPC,
			  "write record of %s in %s", owner, state_dir);
}

int record_add(struct record *record, const char *kind, const char *text)
{
	int ret =
		write_note(record->job, record->fd, record->owner, kind, text);

	trace(record->job, "note in the record of %s: %s %s", record->owner,
	      kind, text);
	return ret;
}

static const char *path_of(struct job *job, const char *applet,
			   const char *owner)
{
	return job_printf(job, "%s/%s", state_dir,
			  file_name(job, applet, owner));
}

int record_append(struct job *job, const char *applet, const char *owner,
		  const char *kind, const char *text, bool *found)
{
	const char *path = path_of(job, applet, owner);
	int fd = openat(AT_FDCWD, path,
			O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
				O_CLOEXEC);
	int ret;

	*found = fd >= 0;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return fail_errno(job, errno, "open %s", path);
	ret = write_note(job, fd, owner, kind, text);
	close(fd);
	return ret;
}

static void read_notes(struct job *job, char *text, struct list *notes)
{
	char *end;

	/* What has no newline was never finished, and so never begun. */
	for (; (end = strchr(text, '\n')); text = end + 1) {
		char *space = memchr(text, ' ', (size_t)(end - text));
		struct record_note *note;

		*end = '\0';
		if (!space)
			continue;
		*space = '\0';
		note = list_add(job, notes, sizeof(*note));
		note->kind = text;
		note->text = space + 1;
	}
}

/* The file's text, NULL if there is no such record. */
static int read_text(struct job *job, const char *applet, const char *owner,
		     char **out)
{
	const char *path = path_of(job, applet, owner);
	int fd = openat(AT_FDCWD, path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t len = 0;

	*out = NULL;
	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return fail_errno(job, errno, "open %s", path);
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size < RECORD_MAX) {
		*out = job_alloc(job, (size_t)st.st_size + 1);
		len = read(fd, *out, (size_t)st.st_size);
	}
	close(fd);
	if (!*out || len != st.st_size)
		return fail(job, CNI_INTERNAL, "read %s: not a record", path);
	return 0;
}

int record_read(struct job *job, const char *applet, const char *owner,
		struct list *notes, bool *found)
{
	char *text;

	*notes = (struct list) { 0 };
	*found = false;
	if (read_text(job, applet, owner, &text) < 0)
		return -1;
	*found = text;
	if (text)
		read_notes(job, text, notes);
	return 0;
}

int record_list(struct job *job, const char *applet, struct list *owners)
{
	const struct dirent *file;
	DIR *dir = opendir(state_dir);
	int ret = 0;

	*owners = (struct list) { 0 };
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return fail_errno(job, errno, "read %s", state_dir);
	for (errno = 0; (file = readdir(dir)); errno = 0) {
		const char *owner = owner_of(job, applet, file->d_name);

		if (owner)
			*(const char **)list_add(job, owners, sizeof(owner)) =
				owner;
	}
	if (errno)
		ret = fail_errno(job, errno, "read %s", state_dir);
	closedir(dir);
	return ret;
}

int record_del(struct job *job, const char *applet, const char *owner)
{
	const char *path = path_of(job, applet, owner);

	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return fail_errno(job, errno, "remove %s", path);
	trace(job, "remove %s", path);
	return 0;
}

/* By the file's mode, which takes no room on a disk that is full. */
void record_leave(struct job *job, const char *applet, const char *owner)
{
	chmod(path_of(job, applet, owner), 0400);
}

bool record_alive(struct job *job, const char *applet, const char *owner)
{
	struct list notes = { 0 };
	const struct record_note *note;
	uint64_t dev, ino;
	struct stat st;
	const char *at;
	char *text;

	if (stat(path_of(job, applet, owner), &st) < 0 ||
	    !(st.st_mode & S_IWUSR) ||
	    read_text(job, applet, owner, &text) < 0 || !text)
		return false;
	read_notes(job, text, &notes);
	note = notes.items;
	if (!notes.count || strcmp(note->kind, "netns") != 0)
		return true;
	at = note->text;
	return str_cut_number(&at, &dev) && *at++ == ' ' &&
	       str_cut_number(&at, &ino) && *at++ == ' ' &&
	       stat(at, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

bool record_is_alone(struct record *record)
{
	return flock(record->dir, LOCK_EX | LOCK_NB) == 0;
}
