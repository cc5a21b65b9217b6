/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sort - puts items in order; the libc's qsort() would be 2 KB larger */
#ifndef CNIBOX_SORT_H
#define CNIBOX_SORT_H

#include <stddef.h>

/* Puts count items of size bytes in ascending order, by what compare() says of two:
 * <0, 0, >0. Equal ones may change places. items may be NULL if there are none. */
void sort_items(void *items, size_t count, size_t size,
		int (*compare)(const void *a, const void *b));

/* One of items in that order to which key is equal, or NULL. compare() is called with
 * key and an item; items may be NULL if there are none, which bsearch() does not like. */
void *sort_find(const void *items, size_t count, size_t size,
		int (*compare)(const void *key, const void *item),
		const void *key);

#endif
