/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/index.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/record.h"

enum { SLOTS_MIN = 256, VERSION = 1 };

/* An owner by the start of its digest, and an address. family 0: empty. */
struct slot {
	uint64_t digest;
	uint8_t family, bytes[16];
};

struct index_file {
	uint64_t version, slots, used; /* slots: a power of two */
	int64_t seconds, nanoseconds;  /* of the directory when sealed */
	struct slot slot[];
};

static size_t size_of(uint64_t slots)
{
	return sizeof(struct index_file) + (size_t)slots * sizeof(struct slot);
}

static void unmap(struct index *index)
{
	if (index->file)
		munmap(index->file, index->size);
	index->file = NULL;
	index->valid = false;
}

static void map(struct index *index, size_t size)
{
	void *file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  index->fd, 0);

	index->file = file == MAP_FAILED ? NULL : file;
	index->size = size;
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

void index_open(struct index *index, struct job *job, int dir)
{
	struct stat st, own;
	int state;

	*index = (struct index) { .job = job, .dir = dir, .fd = -1 };
	if (fstat(dir, &st) < 0)
		return;
	state = record_dir(job);
	if (state < 0)
		return;
	index->fd = openat(
		state,
		job_printf(job, ".index:%llu:%llu",
			   (unsigned long long)st.st_dev,
			   (unsigned long long)st.st_ino),
		O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	close(state);
	if (index->fd < 0 || fstat(index->fd, &own) < 0 ||
	    (size_t)own.st_size < size_of(SLOTS_MIN))
		return;
	map(index, (size_t)own.st_size);
	if (!index->file)
		return;
	if (!is_sound(index)) {
		unmap(index);
		return;
	}
	index->valid = index->file->seconds == st.st_mtim.tv_sec &&
		       index->file->nanoseconds == st.st_mtim.tv_nsec;
}

void index_close(struct index *index)
{
	unmap(index);
	if (index->fd >= 0)
		close(index->fd);
	index->fd = -1;
}

void index_begin(struct index *index, size_t owners)
{
	uint64_t slots = SLOTS_MIN;

	unmap(index);
	if (index->fd < 0)
		return;
	while (slots / 4 < owners)
		slots *= 2;
	/* Emptied first, so that all of it is zeros then. Without room for it
	 * now, a write to it would end the process. */
	if (ftruncate(index->fd, 0) < 0 ||
	    posix_fallocate(index->fd, 0, (off_t)size_of(slots)) != 0)
		return;
	map(index, size_of(slots));
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

void index_add(struct index *index, const char *owner, const struct ip *ip)
{
	struct index_file *file = index->file;
	struct slot slot = { digest_of(owner),
			     ip->family == AF_INET ? 4 : 6,
			     { 0 } };
	uint64_t at;

	if (!index->valid)
		return;
	if (file->used >= file->slots / 2) {
		index->valid = false;
		return;
	}
	memcpy(slot.bytes, ip->bytes, ip_size(ip->family));
	at = slot.digest & (file->slots - 1);
	while (file->slot[at].family)
		at = (at + 1) & (file->slots - 1);
	file->slot[at] = slot;
	file->used++;
}

void index_find(const struct index *index, const char *owner, struct list *ips)
{
	const struct index_file *file = index->file;
	uint64_t digest = digest_of(owner), at;

	*ips = (struct list) { 0 };
	if (!index->valid)
		return;
	for (at = digest & (file->slots - 1); file->slot[at].family;
	     at = (at + 1) & (file->slots - 1)) {
		const struct slot *slot = &file->slot[at];
		struct ip *ip;

		if (slot->digest != digest)
			continue;
		ip = list_add(index->job, ips, sizeof(*ip));
		ip->family = slot->family == 4 ? AF_INET : AF_INET6;
		memcpy(ip->bytes, slot->bytes, ip_size(ip->family));
	}
}

void index_seal(struct index *index)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } }, before;
	struct stat st;

	if (!index->valid || fstat(index->dir, &st) < 0)
		return;
	if (index->file->seconds == st.st_mtim.tv_sec &&
	    index->file->nanoseconds == st.st_mtim.tv_nsec)
		return;
	before = times[1] = st.st_mtim;
	if (times[1].tv_nsec-- == 0) {
		times[1].tv_sec--;
		times[1].tv_nsec = 999999999;
	}
	/* A file system may keep coarser times. */
	if (futimens(index->dir, times) < 0 || fstat(index->dir, &st) < 0 ||
	    (st.st_mtim.tv_sec == before.tv_sec &&
	     st.st_mtim.tv_nsec == before.tv_nsec))
		return;
	index->file->seconds = st.st_mtim.tv_sec;
	index->file->nanoseconds = st.st_mtim.tv_nsec;
}
