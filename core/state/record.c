/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/state/dirs.h"
#include "core/state/lock.h"

enum { HASH_DIGITS = 32, RECORD_MAX = 64 << 20 };

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
	/* First the network's name is hashed, then, if need be, the rest. */
	if (HASH_DIGITS + 2 + strlen(rest) > OWNER_MAX)
		rest = hash_text(rest, HASH_DIGITS, digits);
	return job_printf(job, "%s%s", hashed_network(job, network), rest);
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

/* The owner that a file's name has in it; NULL if it is no record of applet. */
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

/* Tries to make a file without a name, which nobody has to remove. */
bool record_is_kept(struct job *job)
{
	int dir = record_dir(job), fd, err;

	if (dir < 0)
		return false;
	fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	err = errno;
	close(dir);
	if (fd >= 0)
		close(fd);
	errno = err;
	return fd >= 0 || err == EOPNOTSUPP;
}

/* Warns: says what could not be done to a record, and what that costs. */
static void warn_unusable(struct job *job, const char *what, const char *path)
{
	job_warn(job,
		 "%s %s: %s; DEL and GC work without it, sync and show do not",
		 what, path, errno_text(job, errno));
}

static const char *path_of(struct job *job, const char *applet,
			   const char *owner)
{
	return job_printf(job, "%s/%s", state_dir,
			  file_name(job, applet, owner));
}

void record_status(struct job *job)
{
	if (!record_is_kept(job))
		warn_unusable(job, "write to", state_dir);
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

	*record = (struct record) { job, applet, owner, record_dir(job), -1 };
	*exists = false;
	if (record->dir < 0) {
		warn_unusable(job, "open", state_dir);
		return 0;
	}
	/* ADDs share this lock and do not wait for each other;
	 * record_is_alone() asks whether anybody else has it. */
	if (lock_within(record->dir, LOCK_SH, LOCK_SECONDS) < 0)
		return lock_fail(job, state_dir, LOCK_SECONDS);
	record->fd = openat(record->dir, name, flags, 0600);
	*exists = record->fd < 0 && errno == EEXIST;
	if (*exists) {
		/* To record_is_alone(), this lock would look like that of
		 * another ADD. */
		close(record->dir);
		record->dir = -1;
		return 0;
	}
	if (record->fd < 0) {
		warn_unusable(job, "create", path_of(job, applet, owner));
		return 0;
	}
	if (IS_ENABLED(CONFIG_NAT))
		flock(record->fd, LOCK_EX | LOCK_NB);
	undo_push(job, undo_record, record);
	return record_add(record, "netns",
			  job_printf(job, "%llu %llu %s",
				     (unsigned long long)netns->dev,
				     (unsigned long long)netns->ino, path));
}

bool record_is_begun(struct job *job, const char *applet, const char *owner)
{
	int fd = openat(AT_FDCWD, path_of(job, applet, owner),
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool locked;

	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

/* If a note cannot be written, the file's mode marks the record as damaged
 * (S_IXUSR): that takes no room on a disk that is full. */
static int write_note(struct job *job, int fd, const char *applet,
		      const char *owner, const char *kind, const char *text)
{
	const char *line = job_printf(job, "%s %s\n", kind, text);
	const char *path = path_of(job, applet, owner);
	size_t len = strlen(line);
	ssize_t done;

	if (strchr(text, '\n'))
		return fail(job, CNI_BAD_ENVIRONMENT,
			    "record of %s: %s of more than one line", owner,
			    kind);
	done = write(fd, line, len);
	if (done != (ssize_t)len) {
		errno = done < 0 ? errno : ENOSPC;
		warn_unusable(job, "write", path);
		chmod(path, 0700);
	}
	return 0;
}

int record_add(struct record *record, const char *kind, const char *text)
{
	if (record->fd < 0)
		return 0;
	trace(record->job, "note in the record of %s: %s %s", record->owner,
	      kind, text);
	return write_note(record->job, record->fd, record->applet,
			  record->owner, kind, text);
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
	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			warn_unusable(job, "open", path);
		return 0;
	}
	ret = write_note(job, fd, applet, owner, kind, text);
	close(fd);
	return ret;
}

/* Reads the lines of text. false if one of them is no note, or if the last one
 * has no newline: it was not written to its end. */
static bool read_notes(struct job *job, char *text, struct list *notes)
{
	bool whole = true;
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		char *space = memchr(text, ' ', (size_t)(end - text));
		struct record_note *note;

		*end = '\0';
		if (!space) {
			whole = false;
			continue;
		}
		*space = '\0';
		note = list_add(job, notes, sizeof(*note));
		note->kind = text;
		note->text = space + 1;
	}
	return whole && !*text;
}

/* The whole text of a file, or NULL with the reason in errno. One read() of the size
 * that fstat() told: a line that comes meanwhile is for the next reader. */
static char *read_text(struct job *job, int fd, const struct stat *st)
{
	size_t size = (size_t)st->st_size;
	char *text;
	ssize_t len;

	errno = EINVAL;
	if (!S_ISREG(st->st_mode) || st->st_size >= RECORD_MAX)
		return NULL;
	text = job_alloc(job, size + 1);
	len = read(fd, text, size);
	/* A NUL byte would hide what is behind it. */
	return len == st->st_size && strlen(text) == size ? text : NULL;
}

void record_read(struct job *job, const char *applet, const char *owner,
		 struct record_notes *out)
{
	const char *path = path_of(job, applet, owner);
	int fd = openat(AT_FDCWD, path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st = { 0 };
	char *text = NULL;
	bool whole;

	*out = (struct record_notes) { 0 };
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	out->found = true;
	if (fd >= 0 && fstat(fd, &st) == 0)
		text = read_text(job, fd, &st);
	if (!text)
		warn_unusable(job, "read", path);
	if (fd >= 0)
		close(fd);
	whole = text && read_notes(job, text, &out->list);
	out->damaged =
		!whole || st.st_mode & S_IXUSR || !record_text(out, "netns");
	out->left = text && !(st.st_mode & S_IWUSR);
}

const char *record_text(const struct record_notes *notes, const char *kind)
{
	const struct record_note *note = notes->list.items;

	for (size_t i = 0; i < notes->list.count; i++) {
		if (strcmp(note[i].kind, kind) == 0)
			return note[i].text;
	}
	return NULL;
}

bool record_netns(const struct record_notes *notes, struct netns *netns,
		  const char **path)
{
	uint64_t dev, ino;

	*path = record_text(notes, "netns");
	if (!*path || !str_cut_number(path, &dev) || *(*path)++ != ' ' ||
	    !str_cut_number(path, &ino) || *(*path)++ != ' ')
		return false;
	*netns = (struct netns) { -1, dev, ino };
	return true;
}

int record_list(struct job *job, const char *applet, struct list *owners)
{
	const struct dirent *file;
	DIR *dir = opendir(state_dir);
	int err;

	*owners = (struct list) { 0 };
	if (!dir)
		return errno == ENOENT ? 0 : -1;
	for (errno = 0; (file = readdir(dir)); errno = 0) {
		const char *owner = owner_of(job, applet, file->d_name);

		if (owner)
			list_copy(job, owners, &owner, sizeof(owner));
	}
	err = errno;
	closedir(dir);
	errno = err;
	return err ? -1 : 0;
}

/* Tries twice: what refuses it may last only a moment. */
int record_del(struct job *job, const char *applet, const char *owner)
{
	const char *path = path_of(job, applet, owner);
	int tries = 2;

	while (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR) {
		if (!--tries) {
			warn_unusable(job, "remove", path);
			return -1;
		}
	}
	trace(job, "remove %s", path);
	return 0;
}

/* The file's mode marks it as left (no S_IWUSR), and as damaged: if this DEL
 * is cut short, the next one reads all tables. */
void record_leave(struct job *job, const char *applet, const char *owner)
{
	chmod(path_of(job, applet, owner), 0500);
}

bool record_is_left(struct job *job, const char *applet, const char *owner)
{
	struct stat st;

	return stat(path_of(job, applet, owner), &st) == 0 &&
	       !(st.st_mode & S_IWUSR);
}

bool record_is_alone(struct record *record)
{
	return record->dir >= 0 && flock(record->dir, LOCK_EX | LOCK_NB) == 0;
}
