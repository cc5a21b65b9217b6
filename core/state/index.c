/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/index.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/state/record.h"

enum { SLOTS_MIN = 256, VERSION = 2, AWAY_MAX = 1000000, PATH_LEN_MAX = 240 };

static const char prefix[] = ".index:";

/* An owner, by the first bytes of its digest, and an address of it. family 0:
 * never used, so that a search can end here; digest 0: removed. */
struct slot {
	uint64_t digest;
	uint8_t family, bytes[16];
};

struct index_file {
	uint64_t version, slots, used;	   /* slots: a power of two */
	struct timespec modified, changed; /* the directory, when sealed */
	struct slot slot[];
};

static size_t size_of(uint64_t slots)
{
	return sizeof(struct index_file) + (size_t)slots * sizeof(struct slot);
}

/* The file stays mapped: the process ends soon, and its memory with it. */
static void forget(struct index *index)
{
	index->file = NULL;
	index->valid = false;
}

static void map_file(struct index *index, size_t size)
{
	void *file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  index->fd, 0);

	index->file = file == MAP_FAILED ? NULL : file;
	index->size = size;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_sound(const struct index *index)
{
	const struct index_file *file = index->file;

	return file->version == VERSION && file->slots >= SLOTS_MIN &&
	       !(file->slots & (file->slots - 1)) &&
	       file->slots <= index->size / sizeof(struct slot) &&
	       size_of(file->slots) == index->size &&
	       file->used <= file->slots / 2;
}

/* Whether nobody has changed the directory since it was sealed. A change by
 * the kernel sets both times to the same. */
static bool is_sealed(const struct index_file *file, const struct stat *st)
{
	return same_time(&file->modified, &st->st_mtim) &&
	       same_time(&file->changed, &st->st_ctim) &&
	       !same_time(&st->st_mtim, &st->st_ctim);
}

static void replace_all(char *text, char from, char to)
{
	for (; (text = strchr(text, from)); text++)
		*text = to;
}

/* The path of the index of the directory at path. */
static const char *path_of(struct job *job, const char *path)
{
	size_t len = strlen(path);
	char *out;

	if (len > PATH_LEN_MAX)
		path += len - PATH_LEN_MAX;
	out = job_printf(job, "%s/%s%s", CONFIG_STATE_DIR, prefix, path);
	replace_all(out + sizeof(CONFIG_STATE_DIR), '/', ':');
	return out;
}

/* Removes the indexes of directories that are gone. Where the file's name does
 * not tell the directory's path, the index goes, too, and is made again. */
static void remove_gone(void)
{
	DIR *dir = opendir(CONFIG_STATE_DIR);
	struct dirent *file;
	struct stat st;

	while (dir && (file = readdir(dir))) {
		char *path = file->d_name + sizeof(prefix) - 1;
		bool gone;

		if (!str_starts(file->d_name, prefix))
			continue;
		replace_all(path, ':', '/');
		gone = stat(path, &st) < 0;
		replace_all(path, '/', ':');
		if (gone)
			unlinkat(dirfd(dir), file->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* Opens the index's file; with O_EXCL in flags, a new one in its place. */
static void open_file(struct index *index, int flags)
{
	if (flags & O_EXCL) {
		int state = record_dir(index->job); /* makes it */

		if (state >= 0)
			close(state);
		unlinkat(AT_FDCWD, index->path, 0);
		remove_gone();
	}
	index->fd = openat(AT_FDCWD, index->path,
			   O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags,
			   0600);
}

void index_open(struct index *index, struct job *job, int dir, const char *path)
{
	struct stat st, own;

	*index = (struct index) { .job = job, .dir = dir, .fd = -1 };
	if (fstat(dir, &st) < 0)
		return;
	index->path = path_of(job, path);
	open_file(index, 0);
	if (index->fd < 0 || fstat(index->fd, &own) < 0 ||
	    !S_ISREG(own.st_mode) || (size_t)own.st_size < size_of(SLOTS_MIN))
		return;
	map_file(index, (size_t)own.st_size);
	if (!index->file)
		return;
	if (is_sound(index))
		index->valid = is_sealed(index->file, &st);
	else
		forget(index);
}

void index_close(struct index *index)
{
	forget(index);
	if (index->fd >= 0)
		close(index->fd);
	index->fd = -1;
}

void index_begin(struct index *index, size_t owners)
{
	uint64_t slots = SLOTS_MIN;

	index_close(index);
	if (!index->path)
		return;
	while (slots / 4 < owners)
		slots *= 2;
	/* A new file, as the old one may be mapped by a process whose lock was
	 * removed. Its room is allocated now: a write to a mapping without
	 * room ends the process (SIGBUS). */
	open_file(index, O_CREAT | O_EXCL);
	if (index->fd < 0 ||
	    posix_fallocate(index->fd, 0, (off_t)size_of(slots)) != 0)
		return;
	map_file(index, size_of(slots));
	if (!index->file)
		return;
	index->file->version = VERSION;
	index->file->slots = slots;
	index->valid = true;
}

static uint64_t digest_of(const char *owner)
{
	uint8_t digest[SHA512_LEN];
	uint64_t out;

	sha512(owner, strlen(owner), digest);
	memcpy(&out, digest, sizeof(out));
	return out;
}

/* The slots where the digest may be, in the order to look: step 0, 1, ... */
static struct slot *slot_at(struct index_file *file, uint64_t digest,
			    uint64_t step)
{
	return &file->slot[(digest + step) & (file->slots - 1)];
}

static struct slot slot_of(const char *owner, const struct ip *ip)
{
	struct slot slot = { digest_of(owner),
			     ip->family == AF_INET ? 4 : 6,
			     { 0 } };

	memcpy(slot.bytes, ip->bytes, ip_size(ip->family));
	return slot;
}

void index_add(struct index *index, const char *owner, const struct ip *ip)
{
	struct index_file *file = index->file;
	struct slot slot = slot_of(owner, ip);

	if (index->valid)
		index->valid = file->used < file->slots / 2;
	if (!index->valid)
		return;
	for (uint64_t step = 0; step < file->slots; step++) {
		struct slot *at = slot_at(file, slot.digest, step);

		if (at->family && at->digest)
			continue;
		file->used += !at->family;
		*at = slot;
		return;
	}
}

/* The next slot of a digest from *step on, or NULL. */
static struct slot *next_slot(struct index_file *file, uint64_t digest,
			      uint64_t *step)
{
	while (*step < file->slots) {
		struct slot *at = slot_at(file, digest, (*step)++);

		if (!at->family)
			break;
		if (at->digest == digest)
			return at;
	}
	return NULL;
}

void index_drop(struct index *index, const char *owner, const struct ip *ip)
{
	const struct slot dropped = slot_of(owner, ip);
	struct slot *slot;
	uint64_t step = 0;

	while ((slot = next_slot(index->file, dropped.digest, &step))) {
		if (slot->family == dropped.family &&
		    memcmp(slot->bytes, dropped.bytes, sizeof(slot->bytes)) ==
			    0)
			slot->digest = 0;
	}
}

void index_find(const struct index *index, const char *owner, struct list *ips)
{
	uint64_t digest = digest_of(owner), step = 0;
	const struct slot *slot;

	*ips = (struct list) { 0 };
	if (!index->valid)
		return;
	while ((slot = next_slot(index->file, digest, &step))) {
		struct ip *ip = list_add(index->job, ips, sizeof(*ip));

		ip->family = slot->family == 4 ? AF_INET : AF_INET6;
		memcpy(ip->bytes, slot->bytes, ip_size(ip->family));
	}
}

void index_seal(struct index *index)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	const char *random = (const char *)getauxval(AT_RANDOM);
	uint32_t away; /* random: another index gets another time */
	struct stat st;

	if (!index->valid || !random || fstat(index->dir, &st) < 0 ||
	    is_sealed(index->file, &st))
		return;
	/* The kernel gives each process 16 random bytes; the libc may use the
	 * first ones for its stack guard. */
	memcpy(&away, random + 12, sizeof(away));
	times[1] = st.st_mtim;
	times[1].tv_nsec -= 1 + away % AWAY_MAX;
	if (times[1].tv_nsec < 0) {
		times[1].tv_sec--;
		times[1].tv_nsec += 1000000000;
	}
	if (futimens(index->dir, times) < 0 || fstat(index->dir, &st) < 0)
		return;
	index->file->modified = st.st_mtim;
	index->file->changed = st.st_ctim;
}
