/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the directory, read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/boot.h"
#include "core/log.h"
#include "core/store.h"
#include "core/str.h"

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

/* Reads what file names; false if it is no reservation. entry->fd is open, or
 * -1, and text holds the names. */
static bool read_entry(struct store *s, const struct dirent *file,
		       char text[STORE_OWNER_MAX + 1],
		       struct store_entry *entry)
{
	ssize_t len;

	open_entry(s, file, &entry->ip, &entry->fd);
	if (entry->fd < 0)
		return false;
	len = read(entry->fd, text, STORE_OWNER_MAX);
	if (len >= 0 && len < STORE_OWNER_MAX) {
		if (parse_owner(text, (size_t)len, &entry->owner))
			return true;
		store_release(s, &entry->ip);
	}
	close(entry->fd);
	return false;
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
	/* This very directory, whatever its path leads to by now. */
	dir = opendir(job_printf(s->job, "/proc/self/fd/%d", s->dir));
	if (!dir)
		return fail_errno(s->job, errno, "read %s", s->path);
	while ((file = readdir(dir))) {
		struct store_entry entry;

		if (!read_entry(s, file, text, &entry))
			continue;
		if (visit(s, &entry, arg) < 0)
			status = -1;
		close(entry.fd);
	}
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

/* Reads the files that the index names, of which some may be another's now. */
static void search_index(struct store *s, struct search *search,
			 const struct owner *owner)
{
	const char *name = store_text(s, owner);
	char text[STORE_OWNER_MAX + 1];
	const struct ip *ip;
	struct list ips;

	index_find(&s->index, name, &ips);
	ip = ips.items;
	for (size_t i = 0; i < ips.count; i++) {
		struct dirent file = { .d_type = DT_UNKNOWN };
		struct store_entry entry;

		ip_print(&ip[i], file.d_name);
		if (store_among(&search->exact, &ip[i]) ||
		    store_among(&search->old, &ip[i]))
			continue;
		if (!read_entry(s, &file, text, &entry)) {
			index_drop(&s->index, name, &ip[i]);
			continue;
		}
		match_owner(s, &entry, search);
		close(entry.fd);
	}
}

/* By the index, which is made if there is none. */
static int search_quickly(struct store *s, struct search *search)
{
	const struct owner old = { .container = search->owner->container };

	if (!s->indexed)
		index_open(&s->index, s->job, s->dir);
	s->indexed = true;
	if (!s->index.valid)
		return search_all(s, search);
	search_index(s, search, search->owner);
	if (!search->exact.count)
		search_index(s, search, &old);
	return 0;
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
