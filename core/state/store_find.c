/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what is in the directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/state/boot.h"
#include "core/state/store.h"

const char *store_boot(struct store *s)
{
	if (!s->boot)
		s->boot = boot_stamp(s->job);
	return s->boot;
}

const char *store_text(const struct store *s, const struct owner *owner)
{
	if (!owner->ifname)
		return owner->container;
	return job_printf(s->job, "%s\r\n%s", owner->container, owner->ifname);
}

/* Splits the len bytes of a file into the names of its owner, without blanks
 * at both ends; false if there are none. text has room for a NUL at len. */
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
	/* A NUL inside is of blocks that never reached the disk. */
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

/* Opens the file of an address: a descriptor, or -1 with the reason in errno;
 * ENOENT if file is not an address's. Only regular files are opened: to open
 * others may block, or have effects. */
static int open_entry(const struct store *s, const struct dirent *file,
		      struct ip *ip)
{
	char name[IP_TEXT];
	struct stat st;

	if (!ip_parse(file->d_name, ip) ||
	    strcmp(ip_print(ip, name), file->d_name) != 0) {
		errno = ENOENT;
		return -1;
	}
	st.st_mode = (mode_t)DTTOIF(file->d_type);
	if (file->d_type == DT_UNKNOWN &&
	    fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = ENOENT;
		return -1;
	}
	return openat(s->dir, name,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Reads all of fd, at most STORE_OWNER_MAX bytes. Not by io_read(), whose memory
 * would be kept for each of what can be 65,000 files. */
static ssize_t read_all(int fd, char *text)
{
	size_t len = 0;

	while (len < STORE_OWNER_MAX) {
		ssize_t got = read(fd, text + len, STORE_OWNER_MAX - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

/* Reads file into entry. entry->fd is left open; it is -1 if the file is no
 * reservation, or could not be read. The names are in text. */
static int read_entry(struct store *s, const struct dirent *file,
		      char text[STORE_OWNER_MAX + 1], struct store_entry *entry)
{
	int status = 0;
	ssize_t len;

	entry->fd = open_entry(s, file, &entry->ip);
	if (entry->fd < 0 && errno == ENOENT)
		return 0;
	len = entry->fd < 0 ? -1 : read_all(entry->fd, text);
	if (len < 0)
		status = fail_errno(s->job, errno, "read %s/%s", s->path,
				    file->d_name);
	else if (len < STORE_OWNER_MAX &&
		 parse_owner(text, (size_t)len, &entry->owner))
		return 0;
	else if (len < STORE_OWNER_MAX)
		status = store_release(s, &entry->ip);
	if (entry->fd >= 0)
		close(entry->fd);
	entry->fd = -1;
	return status;
}

int store_each(struct store *s,
	       int (*visit)(struct store *s, const struct store_entry *entry,
			    void *arg),
	       void *arg)
{
	const struct dirent *file;
	char text[STORE_OWNER_MAX + 1];
	int status = 0;
	DIR *dir;

	if (s->dir < 0)
		return 0;
	/* The directory that s has open, even if its path leads to another one
	 * now. */
	dir = opendir(job_printf(s->job, "/proc/self/fd/%d", s->dir));
	if (!dir)
		return fail_errno(s->job, errno, "read %s", s->path);
	for (errno = 0; (file = readdir(dir)); errno = 0) {
		struct store_entry entry;

		status |= read_entry(s, file, text, &entry);
		if (entry.fd < 0)
			continue;
		status |= visit(s, &entry, arg);
		close(entry.fd);
	}
	if (errno)
		status = fail_errno(s->job, errno, "read %s", s->path);
	closedir(dir);
	return status;
}

struct search {
	const struct owner *owner;
	struct list exact, old;
	struct list all; /* of struct known, for the index */
};

struct known {
	const char *owner;
	struct ip ip;
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
	found->stale = boot_is_stale(entry->fd, store_boot(s));
	return 0;
}

static int match_and_note(struct store *s, const struct store_entry *entry,
			  void *arg)
{
	struct search *search = arg;
	struct known *known = list_add(s->job, &search->all, sizeof(*known));

	known->owner = job_printf(s->job, "%s", store_text(s, &entry->owner));
	known->ip = entry->ip;
	return match_owner(s, entry, search);
}

/* Reads every file, and makes an index of them. */
static int search_all(struct store *s, struct search *search)
{
	const struct known *known;

	if (store_each(s, match_and_note, search) < 0)
		return -1;
	index_begin(&s->index, search->all.count);
	known = search->all.items;
	for (size_t i = 0; i < search->all.count; i++)
		index_add(&s->index, known[i].owner, &known[i].ip);
	return 0;
}

bool store_among(const struct list *found, const struct ip *ip)
{
	const struct reservation *r = found->items;

	for (size_t i = 0; i < found->count; i++) {
		if (ip_compare(&r[i].ip, ip) == 0)
			return true;
	}
	return false;
}

/* Reads the files that the index has for owner. Some may be another's by
 * now. */
static int search_index(struct store *s, struct search *search,
			const struct owner *owner)
{
	const char *name = store_text(s, owner);
	char text[STORE_OWNER_MAX + 1];
	const struct ip *ip;
	struct list ips;
	int status = 0;

	index_find(&s->index, name, &ips);
	ip = ips.items;
	for (size_t i = 0; i < ips.count; i++) {
		struct dirent file = { .d_type = DT_UNKNOWN };
		struct store_entry entry;

		ip_print(&ip[i], file.d_name);
		if (store_among(&search->exact, &ip[i]) ||
		    store_among(&search->old, &ip[i]))
			continue;
		if (read_entry(s, &file, text, &entry) < 0) {
			status = -1;
			continue;
		}
		if (entry.fd < 0) {
			index_drop(&s->index, name, &ip[i]);
			continue;
		}
		match_owner(s, &entry, search);
		close(entry.fd);
	}
	return status;
}

/* Searches by the index; if there is none, makes it. */
static int search_quickly(struct store *s, struct search *search)
{
	const struct owner old = { .container = search->owner->container };
	int status;

	if (!s->indexed)
		index_open(&s->index, s->job, s->dir, s->path);
	s->indexed = true;
	if (!s->index.valid)
		return search_all(s, search);
	status = search_index(s, search, search->owner);
	if (!search->exact.count)
		status |= search_index(s, search, &old);
	return status;
}

int store_find(struct store *s, const struct owner *owner, struct list *out)
{
	struct search search = { .owner = owner };
	int status;

	*out = (struct list) { 0 };
	if (s->dir < 0)
		return 0;
	status = IS_ENABLED(CONFIG_HOST_LOCAL_INDEX)
			 ? search_quickly(s, &search)
			 : store_each(s, match_owner, &search);
	*out = search.exact.count ? search.exact : search.old;
	trace(s->job, "find what %s has in %s", owner->container, s->path);
	return status;
}

static int release_stale(struct store *s, const struct store_entry *entry,
			 void *arg)
{
	size_t *freed = arg;

	if (!boot_is_stale(entry->fd, store_boot(s)))
		return 0;
	++*freed;
	return store_release(s, &entry->ip);
}

int store_reclaim(struct store *s, size_t *freed)
{
	*freed = 0;
	return store_each(s, release_stale, freed);
}
