/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"

/* Only the holder of the lock writes, so one name is enough; what is found
 * under it was left by a process that died. */
static const char draft_name[] = ".cnibox.draft";

/* Attribute of a file: the boot it was made in, and the node, since several
 * nodes may share a directory. */
static const char boot_attr[] = "user.cnibox.boot";

enum {
	OPEN_TRIES = 16,
	OWNER_MAX = 4096,
	BOOT_ID_LEN = 36,
	BOOT_MAX = BOOT_ID_LEN + sizeof((struct utsname *)0)->nodename + 1,
};

static int make_dirs(struct job *job, const char *path)
{
	char *copy = job_strndup(job, path, strlen(path));

	for (char *slash = copy;;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return fail_errno(job, errno, "create directory %s",
					  copy);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int open_dir(struct store *s, bool create)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

	s->dir = open(s->path, FLAGS);
	if (s->dir >= 0 || (errno == ENOENT && !create))
		return 0;
	if (errno == ENOENT) {
		if (make_dirs(s->job, s->path) < 0)
			return -1;
		s->dir = open(s->path, FLAGS);
	}
	if (s->dir < 0)
		return fail_errno(s->job, errno, "open %s", s->path);
	return 0;
}

static void wake_up(int sig)
{
	(void)sig;
}

/* A blocking flock() wakes the waiters in turn and at once, which polling does
 * not; the timer ends it. */
static int flock_within(int fd, int seconds)
{
	struct sigaction action = { .sa_handler = wake_up }, old_action;
	/* Again each second, should the first come before flock() sleeps. */
	struct itimerval timer = { .it_value.tv_sec = seconds,
				   .it_interval.tv_sec = 1 };
	sigset_t set, old_set;
	int status, err;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -1;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, &old_action);
	sigprocmask(SIG_UNBLOCK, &set, &old_set);
	setitimer(ITIMER_REAL, &timer, NULL);
	status = flock(fd, LOCK_EX);
	err = errno;
	setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL);
	sigprocmask(SIG_SETMASK, &old_set, NULL);
	sigaction(SIGALRM, &old_action, NULL);
	errno = err;
	return status;
}

/* *gone: the directory or its lock was removed while we waited, and others may
 * be at work in new ones. */
static int lock_dir(struct store *s, int seconds, bool *gone)
{
	struct stat st;

	s->lock = openat(s->dir, "lock", O_RDONLY | O_CREAT | O_CLOEXEC, 0750);
	*gone = s->lock < 0 && errno == ENOENT;
	if (*gone)
		return 0;
	if (s->lock < 0)
		return fail_errno(s->job, errno, "open %s/lock", s->path);
	if (flock_within(s->lock, seconds) < 0) {
		if (errno == EINTR)
			return fail(s->job, CNI_TRY_AGAIN,
				    "lock %s: locked by another process for "
				    "%d seconds",
				    s->path, seconds);
		return fail_errno(s->job, errno, "lock %s", s->path);
	}
	if (fstat(s->lock, &st) < 0)
		return fail_errno(s->job, errno, "stat %s/lock", s->path);
	*gone = st.st_nlink == 0;
	return 0;
}

int store_open(struct job *job, const char *path, bool create, int seconds,
	       struct store *s)
{
	*s = (struct store) { job, path, .dir = -1, .lock = -1 };
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
			unlinkat(s->dir, draft_name, 0);
			return 0;
		}
		store_close(s);
	}
	return fail(job, CNI_TRY_AGAIN, "lock %s: its files keep disappearing",
		    path);
}

void store_close(struct store *s)
{
	if (s->drafted)
		unlinkat(s->dir, draft_name, 0);
	if (s->lock >= 0)
		close(s->lock);
	if (s->dir >= 0)
		close(s->dir);
	s->dir = s->lock = -1;
	s->drafted = false;
}

/* "<boot id> <node>", or "" where the kernel does not tell. */
static const char *boot_stamp(struct store *s)
{
	char id[BOOT_ID_LEN];
	struct utsname node;
	int fd;

	if (s->boot)
		return s->boot;
	s->boot = "";
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return s->boot;
	if (read(fd, id, sizeof(id)) == sizeof(id) && uname(&node) == 0)
		s->boot = job_printf(s->job, "%.*s %s", BOOT_ID_LEN, id,
				     node.nodename);
	close(fd);
	return s->boot;
}

/* No stamp (the reference's files, file systems without attributes) and other
 * nodes' stamps tell nothing. */
static bool is_stale(struct store *s, int fd)
{
	const char *boot = boot_stamp(s);
	char stamp[BOOT_MAX + 1];
	ssize_t len = fgetxattr(fd, boot_attr, stamp, BOOT_MAX);

	if (len <= BOOT_ID_LEN || !*boot)
		return false;
	stamp[len] = '\0';
	return strncmp(stamp, boot, BOOT_ID_LEN) != 0 &&
	       strcmp(stamp + BOOT_ID_LEN, boot + BOOT_ID_LEN) == 0;
}

static int write_file(struct store *s, const char *name, int flags,
		      const char *text)
{
	size_t len = strlen(text);
	int fd = openat(s->dir, name,
			O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
				O_CLOEXEC | flags,
			0600);
	ssize_t done;

	if (fd < 0)
		return fail_errno(s->job, errno, "create %s/%s", s->path, name);
	done = write(fd, text, len);
	if (done >= 0 && (size_t)done < len)
		errno = ENOSPC;
	if (flags & O_EXCL)
		/* Worth having, not worth failing for. */
		(void)!fsetxattr(fd, boot_attr, boot_stamp(s),
				 strlen(boot_stamp(s)), 0);
	if (close(fd) < 0 || done < 0 || (size_t)done < len)
		return fail_errno(s->job, errno, "write %s/%s", s->path, name);
	return 0;
}

static int write_draft(struct store *s, const char *text)
{
	/* Also where writing fails: then a part of it is there. */
	s->drafted = true;
	return write_file(s, draft_name, O_EXCL, text);
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

int store_reserve(struct store *s, const struct owner *owner,
		  const struct ip *ip, bool *taken)
{
	char name[IP_TEXT];

	if (!s->drafted) {
		const char *text = job_printf(s->job, "%s\r\n%s",
					      owner->container, owner->ifname);

		if (strlen(text) >= OWNER_MAX)
			return fail(s->job, CNI_BAD_ENVIRONMENT,
				    "CNI_CONTAINERID: longer than %d bytes",
				    OWNER_MAX - 2 - 16);
		if (write_draft(s, text) < 0)
			return -1;
	}
	*taken = linkat(s->dir, draft_name, s->dir, ip_print(ip, name), 0) < 0;
	if (*taken)
		return errno == EEXIST
			       ? 0
			       : fail_errno(s->job, errno, "create %s/%s",
					    s->path, name);
	remove_draft(s);
	return 0;
}

bool store_taken(const struct store *s, const struct ip *ip)
{
	char name[IP_TEXT];

	return faccessat(s->dir, ip_print(ip, name), F_OK,
			 AT_SYMLINK_NOFOLLOW) == 0;
}

int store_release(struct store *s, const struct ip *ip)
{
	char name[IP_TEXT];

	if (unlinkat(s->dir, ip_print(ip, name), 0) < 0 && errno != ENOENT)
		return fail_errno(s->job, errno, "remove %s/%s", s->path, name);
	return 0;
}

/* Splits what a file holds into the owner it names, blanks at both ends aside;
 * false if it names none. text has room for a NUL at len. */
static bool parse_owner(char *text, size_t len, struct owner *owner)
{
	char *end;

	while (len && (unsigned char)text[len - 1] <= ' ')
		len--;
	while (len && (unsigned char)*text <= ' ') {
		text++;
		len--;
	}
	text[len] = '\0';
	/* A NUL inside: blocks that never reached the disk. */
	if (!len || strlen(text) != len)
		return false;
	owner->container = text;
	owner->ifname = NULL;
	for (end = text; (end = strchr(end, '\r')); end++) {
		if (end[1] == '\n') {
			*end = '\0';
			owner->ifname = end + 2;
			break;
		}
	}
	return true;
}

/* Opens an address's file, in *fd; -1 there if it is none or unreadable. Only
 * regular files: opening others may block or do things. */
static void open_entry(struct store *s, const struct dirent *entry,
		       struct ip *ip, int *fd)
{
	char name[IP_TEXT];
	struct stat st;

	*fd = -1;
	if ((entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN) ||
	    !ip_parse(entry->d_name, ip) ||
	    strcmp(ip_print(ip, name), entry->d_name) != 0)
		return;
	if (entry->d_type == DT_UNKNOWN &&
	    (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	     !S_ISREG(st.st_mode)))
		return;
	*fd = openat(s->dir, name,
		     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 && errno != ENOENT)
		log_warn(s->job, "read %s/%s: %s", s->path, name,
			 strerror(errno));
}

int store_each(struct store *s,
	       int (*visit)(struct store *s, const struct store_entry *entry,
			    void *arg),
	       void *arg)
{
	const struct dirent *file;
	char text[OWNER_MAX + 1];
	int fd, status = 0;
	DIR *dir;

	if (s->dir < 0)
		return 0;
	fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail_errno(s->job, errno, "read %s", s->path);
	while ((file = readdir(dir))) {
		struct store_entry entry;
		ssize_t len;

		open_entry(s, file, &entry.ip, &entry.fd);
		if (entry.fd < 0)
			continue;
		len = read(entry.fd, text, OWNER_MAX);
		if (len >= 0 && len < OWNER_MAX) {
			if (parse_owner(text, (size_t)len, &entry.owner)
				    ? visit(s, &entry, arg) < 0
				    : store_release(s, &entry.ip) < 0)
				status = -1;
		}
		close(entry.fd);
	}
	closedir(dir);
	return status;
}

struct search {
	const struct owner *owner;
	struct list exact, old;
};

static int match_owner(struct store *s, const struct store_entry *entry,
		       void *arg)
{
	struct search *search = arg;
	const struct owner *owner = &entry->owner;
	struct reservation *found;

	if (strcmp(owner->container, search->owner->container) != 0)
		return 0;
	if (owner->ifname && strcmp(owner->ifname, search->owner->ifname) != 0)
		return 0;
	found = list_add(s->job, owner->ifname ? &search->exact : &search->old,
			 sizeof(*found));
	found->ip = entry->ip;
	found->stale = is_stale(s, entry->fd);
	return 0;
}

int store_find(struct store *s, const struct owner *owner, struct list *out)
{
	struct search search = { .owner = owner };

	if (store_each(s, match_owner, &search) < 0)
		return -1;
	*out = search.exact.count ? search.exact : search.old;
	return 0;
}

static int release_stale(struct store *s, const struct store_entry *entry,
			 void *arg)
{
	size_t *freed = arg;

	if (!is_stale(s, entry->fd))
		return 0;
	++*freed;
	return store_release(s, &entry->ip);
}

int store_reclaim(struct store *s, size_t *freed)
{
	*freed = 0;
	return store_each(s, release_stale, freed);
}

static const char *last_name(size_t index, char buf[48])
{
	str_format(buf, 48, "last_reserved_ip.%zu", index);
	return buf;
}

struct ip store_last(const struct store *s, size_t index)
{
	char name[48], text[IP_TEXT];
	struct ip ip = { 0 };
	ssize_t len;
	int fd = openat(s->dir, last_name(index, name),
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return ip;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len > 0) {
		text[len] = '\0';
		if (!ip_parse(text, &ip))
			ip.family = 0;
	}
	return ip;
}

int store_set_last(struct store *s, size_t index, const struct ip *ip)
{
	char name[48], text[IP_TEXT];

	return write_file(s, last_name(index, name), O_TRUNC,
			  ip_print(ip, text));
}
