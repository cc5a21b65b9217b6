/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heap - malloc(3) for a process that lives for a moment, in place of the
 * libc's, which is larger than what is needed of all of the libc else: memory
 * comes from the kernel in large pieces, and only what was taken last is given
 * back. For a static binary with one thread. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 16, FIRST = 5 << 20, PIECE = 1 << 20 };

/* What stands before each block. */
struct block {
	size_t size;
	char data[] __attribute__((aligned(ALIGNMENT)));
};

/* Most calls need no more: it holds the first chunk of a job. Common, so that it
 * comes behind all other data. */
__attribute__((common)) _Alignas(ALIGNMENT) char heap_first[FIRST];

/* The piece in use: from at on it is free, from fresh on still all zeros. */
static struct {
	char *at, *fresh, *end;
} heap = { heap_first, heap_first, heap_first + FIRST };

/* What a block takes; 0 if there is no such number. */
static size_t room_of(size_t size)
{
	size_t room = size + offsetof(struct block, data) + ALIGNMENT - 1;

	return room < size ? 0 : room - room % ALIGNMENT;
}

static struct block *block_of(void *p)
{
	return (struct block *)((char *)p - offsetof(struct block, data));
}

void *malloc(size_t size)
{
	size_t room = room_of(size);
	struct block *block;

	if (!room) {
		errno = ENOMEM;
		return NULL;
	}
	if ((size_t)(heap.end - heap.at) < room) {
		size_t piece = room > PIECE ? room : PIECE;
		char *fresh = mmap(NULL, piece, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (fresh == MAP_FAILED)
			return NULL;
		heap.at = heap.fresh = fresh;
		heap.end = fresh + piece;
	}
	block = (struct block *)heap.at;
	heap.at += room;
	block->size = size;
	return block->data;
}

void *calloc(size_t count, size_t size)
{
	char *p;

	if (size && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	p = malloc(count * size);
	if (p && p < heap.fresh) {
		size_t used = (size_t)(heap.fresh - p);

		memset(p, 0, used < count * size ? used : count * size);
	}
	return p;
}

void free(void *p)
{
	struct block *block = p ? block_of(p) : NULL;

	if (heap.fresh < heap.at)
		heap.fresh = heap.at;
	if (block && (char *)block + room_of(block->size) == heap.at)
		heap.at = (char *)block;
}

void *realloc(void *p, size_t size)
{
	void *grown = malloc(size);

	if (p && grown) {
		size_t old = block_of(p)->size;

		memcpy(grown, p, old < size ? old : size);
	}
	return grown;
}

/* By these names musl's posix_spawn(3) calls them. */
void *__libc_malloc(size_t size);
void __libc_free(void *p);

void *__libc_malloc(size_t size)
{
	return malloc(size);
}

void __libc_free(void *p)
{
	free(p);
}
