/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/sort.h"

struct heap {
	char *items;
	size_t count, size;
	int (*compare)(const void *a, const void *b);
};

static char *item(const struct heap *heap, size_t at)
{
	return heap->items + at * heap->size;
}

static void swap(const struct heap *heap, size_t a, size_t b)
{
	char *one = item(heap, a), *other = item(heap, b), byte;

	for (size_t i = 0; i < heap->size; i++) {
		byte = one[i];
		one[i] = other[i];
		other[i] = byte;
	}
}

/* Moves the item at this place down until none below it is larger. */
static void sink(const struct heap *heap, size_t at)
{
	for (size_t below; (below = 2 * at + 1) < heap->count; at = below) {
		if (below + 1 < heap->count &&
		    heap->compare(item(heap, below), item(heap, below + 1)) < 0)
			below++;
		if (heap->compare(item(heap, at), item(heap, below)) >= 0)
			return;
		swap(heap, at, below);
	}
}

void sort_items(void *items, size_t count, size_t size,
		int (*compare)(const void *a, const void *b))
{
	struct heap heap = { items, count, size, compare };

	for (size_t i = count / 2; i-- > 0;)
		sink(&heap, i);
	while (heap.count > 1) {
		heap.count--;
		swap(&heap, 0, heap.count);
		sink(&heap, 0);
	}
}

void *sort_find(const void *items, size_t count, size_t size,
		int (*compare)(const void *key, const void *item),
		const void *key)
{
	const char *low = items;

	for (; count; count /= 2) {
		const char *middle = low + count / 2 * size;
		int order = compare(key, middle);

		if (!order)
			return (void *)middle;
		if (order > 0) {
			low = middle + size;
			count--;
		}
	}
	return NULL;
}
