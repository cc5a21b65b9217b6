/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reservation - host-local's folder, files and index, as others left them
 *
 * An input is files with "\n--\n" between, each of which begins with a line that
 * names it. ".index@N" is what is written over the index from byte N on. */
#include <dirent.h>

#include "core/state/record.h"
#include "core/state/store.h"
#include "tests/fuzz/fuzz.h"

enum { FILES_MAX = 8, SECONDS = 5, NAME_MAX_LEN = 60, UNMAP_AFTER = 256 };

static const struct owner owner = { "a", "eth0" };
static const char folder[] = CONFIG_STATE_DIR "/net";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_records();
	return 0;
}

static void write_at(const char *path, const char *text, size_t len, off_t at)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	require(fd >= 0 && pwrite(fd, text, len, at) == (ssize_t)len);
	close(fd);
}

/* Removes the files in dir, an index or what is in a store. */
static void empty(const char *path, bool all)
{
	DIR *dir = opendir(path);
	const struct dirent *file;

	while (dir && (file = readdir(dir)))
		if (all || strncmp(file->d_name, ".index", 6) == 0)
			unlinkat(dirfd(dir), file->d_name, 0);
	if (dir)
		closedir(dir);
}

static const char *index_path(struct job *job)
{
	char *path = job_printf(job, CONFIG_STATE_DIR "/.index:%s", folder);

	for (char *p = path + sizeof(CONFIG_STATE_DIR); *p; p++) {
		if (*p == '/')
			*p = ':';
	}
	return path;
}

/* One file; false if it is for the index. */
static bool make_file(struct job *job, const char *text, size_t len, bool index)
{
	const char *end = memchr(text, '\n', len);
	size_t name_len = end ? (size_t)(end - text) : len;
	const char *name = job_strndup(job, text, name_len);
	bool is_index = !strncmp(name, ".index@", 7);

	text += name_len + !!end;
	len -= name_len + !!end;
	if (is_index && index)
		write_at(index_path(job), text, len,
			 (off_t)(strtoul(name + 7, NULL, 10) % (64 << 10)));
	if (is_index || index || !*name || *name == '.' || strchr(name, '/') ||
	    strlen(name) > NAME_MAX_LEN || !strcmp(name, "lock"))
		return is_index;
	write_at(job_printf(job, "%s/%s", folder, name), text, len, 0);
	return false;
}

/* Makes the files, or what is for the index, of which it tells whether there is
 * any. */
static bool make_files(struct job *job, const uint8_t *data, size_t size,
		       bool index)
{
	const char *text = (const char *)data, *end = text + size, *next;
	bool any = false;

	for (int i = 0; i < FILES_MAX && text < end; i++) {
		next = memmem(text, (size_t)(end - text), "\n--\n", 4);
		any |= make_file(job, text,
				 (size_t)((next ? next : end) - text), index);
		text = next ? next + 4 : end;
	}
	return any;
}

static int count(struct store *s, const struct store_entry *entry, void *arg)
{
	const struct owner *of = &entry->owner;

	(void)s;
	require(*of->container && entry->fd >= 0);
	*(size_t *)arg += !strcmp(of->container, owner.container) &&
			  of->ifname && !strcmp(of->ifname, owner.ifname);
	return 0;
}

/* What is found, and it is as many as a look at every file tells. */
static struct list find(struct job *job, struct store *s, bool whole)
{
	struct list found;
	const struct reservation *r;
	size_t exact = 0;

	require(store_open(job, folder, true, SECONDS, s) == 0);
	require(store_find(s, &owner, &found) == 0);
	r = found.items;
	for (size_t i = 0; i < found.count; i++)
		require(store_taken(s, &r[i].ip));
	require(store_each(s, count, &exact) == 0);
	require(whole ? !exact || found.count == exact
		      : found.count <= exact || !exact);
	return found;
}

static void check_change(struct store *s, const struct list *found,
			 const struct ip *ip)
{
	bool taken, free = !store_taken(s, ip);
	struct list now;
	struct ip last;

	require(store_reserve(s, &owner, ip, &taken) == 0);
	require(taken == !free && store_taken(s, ip));
	if (free) {
		require(store_set_last(s, 0, ip) == 0);
		last = store_last(s, 0);
		require(ip_compare(&last, ip) == 0);
		require(store_find(s, &owner, &now) == 0);
		require(store_among(&now, ip) && now.count <= found->count + 1);
	}
	require(store_release(s, ip) == 0 && !store_taken(s, ip));
	require(store_find(s, &owner, &now) == 0 && !store_among(&now, ip));
}

/* What a plugin leaves to its end: the indexes that it has mapped. Now and then,
 * as it takes longer than an input. */
static void unmap_indexes(void)
{
	static unsigned inputs;
	FILE *maps =
		inputs++ % UNMAP_AFTER ? NULL : fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (strstr(line, "/.index") &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2)
			require(munmap((void *)from, to - from) == 0);
	}
	if (maps)
		fclose(maps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ip ip = { 2 /* AF_INET */, { 10, 1, 2, 3 } };
	struct job job = { 0 };
	struct list once, twice;
	struct store s;
	bool spoilt;

	require(store_open(&job, folder, true, SECONDS, &s) == 0);
	store_close(&s);
	make_files(&job, data, size, false);
	once = find(&job, &s, true);
	store_close(&s);
	spoilt = make_files(&job, data, size, true);
	twice = find(&job, &s, !spoilt);
	require(spoilt || once.count == twice.count);
	check_change(&s, &twice, &ip);
	store_close(&s);
	require(!job.msg);
	empty(folder, true);
	empty(CONFIG_STATE_DIR, false);
	unmap_indexes();
	job_free(&job);
	return 0;
}
