/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap of the binary that is shipped, by other names, as the host's own is
 * needed here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define malloc	      heap_malloc
#define calloc	      heap_calloc
#define realloc	      heap_realloc
#define free	      heap_free
#define __libc_malloc heap_libc_malloc
#define __libc_free   heap_libc_free

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *p, size_t size);
void free(void *p);

#include "build/heap.c"

static bool is_filled(const char *p, char value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (p[i] != value)
			return false;
	}
	return true;
}

/* Any order of calls, the same each time. */
static void blocks_keep_what_is_in_them(void **state)
{
	enum { SLOTS = 50, STEPS = 20000, LARGE = 3 << 20 };
	static struct {
		char *p;
		size_t size;
	} slots[SLOTS];
	unsigned random = 1;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		unsigned draw = (random = random * 1103515245U + 12345) >> 8;
		unsigned n = draw % SLOTS, what = draw / SLOTS % 4;
		size_t size = draw / SLOTS % (i % 1000 ? 3000 : LARGE);
		char value = (char)(n + 1), *p = slots[n].p;

		assert_true(is_filled(p, value, slots[n].size));
		if (what == 0) {
			free(p);
			p = NULL;
			size = 0;
		} else if (what == 1) {
			size_t old = slots[n].size;

			p = realloc(p, size);
			assert_true(
				is_filled(p, value, old < size ? old : size));
		} else if (what == 2) {
			free(p);
			p = calloc(size / 8, 8);
			size = size / 8 * 8;
			assert_true(is_filled(p, 0, size));
		} else {
			p = malloc(size);
		}
		assert_int_equal((uintptr_t)p % ALIGNMENT, 0);
		assert_true(p || !what);
		if (size)
			memset(p, value, size);
		slots[n].p = p;
		slots[n].size = size;
	}
	for (int n = 0; n < SLOTS; n++)
		assert_true(
			is_filled(slots[n].p, (char)(n + 1), slots[n].size));
}

static void what_was_taken_last_is_given_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 100000 };
	char *first = malloc(1), *last, *again;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		last = malloc(sizes[i]);
		memset(last, 1, sizes[i]);
		free(last);
		again = calloc(1, sizes[i]);
		assert_ptr_equal(again, last);
		assert_true(is_filled(again, 0, sizes[i]));
		free(again);
	}
	/* Not what others lie behind. */
	last = malloc(1);
	free(first);
	assert_true(malloc(1) > (void *)last);
	free(NULL);
}

/* What was written to, and what never was. */
static void calloc_clears_what_was_used_before(void **state)
{
	char *small = malloc(64), *large;

	(void)state;
	memset(small, 1, 64);
	free(small);
	large = calloc(1000, 3);
	assert_ptr_equal(large, small);
	assert_true(is_filled(large, 0, 3000));
	memset(large, 1, 3000);
	free(large);
	large = calloc(1, 64);
	assert_ptr_equal(large, small);
	assert_true(is_filled(large, 0, 64));
}

static void block_larger_than_a_piece_has_one_of_its_own(void **state)
{
	enum { LARGE = FIRST + PIECE };
	char *before = malloc(100), *large, *behind;

	(void)state;
	memset(before, 1, 100);
	large = calloc(1, LARGE);
	assert_true(is_filled(large, 0, LARGE));
	memset(large, 2, LARGE);
	behind = calloc(1, PIECE);
	assert_true(is_filled(behind, 0, PIECE));
	memset(behind, 3, PIECE);
	assert_true(is_filled(before, 1, 100));
	assert_true(is_filled(large, 2, LARGE));
}

static void assert_none(const void *p)
{
	assert_null(p);
	assert_int_equal(errno, ENOMEM);
	errno = 0;
}

static void too_much_is_refused(void **state)
{
	volatile size_t half = SIZE_MAX / 2, most = SIZE_MAX;
	char *p = malloc(16);

	(void)state;
	memset(p, 7, 16);
	assert_none(malloc(most));
	assert_none(malloc(most - 30));
	assert_none(malloc(half));
	assert_none(calloc(half, 3));
	assert_none(calloc(3, half));
	assert_none(calloc(half + 2, 2));
	assert_none(realloc(p, half));
	assert_true(is_filled(p, 7, 16));
	assert_non_null(calloc(half, 0));
	assert_non_null(malloc(0));
}

static void libc_calls_it_by_names_of_its_own(void **state)
{
	char *p = heap_libc_malloc(32);

	(void)state;
	memset(p, 1, 32);
	heap_libc_free(p);
	assert_ptr_equal(malloc(32), p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_last_is_given_back),
		cmocka_unit_test(calloc_clears_what_was_used_before),
		cmocka_unit_test(blocks_keep_what_is_in_them),
		cmocka_unit_test(block_larger_than_a_piece_has_one_of_its_own),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(libc_calls_it_by_names_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
