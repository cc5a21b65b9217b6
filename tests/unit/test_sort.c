/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 500 };

/* Of a size that is no power of two. */
struct sample {
	uint8_t key, mark, rest;
};

static int compare(const void *a, const void *b)
{
	const struct sample *one = a, *other = b;

	return (one->key > other->key) - (one->key < other->key);
}

static void put_in_order(size_t count, unsigned range)
{
	struct sample items[MANY + 1] = { 0 };
	size_t sum = 0, after = 0;

	for (size_t i = 0; i < count; i++) {
		items[i].key = (uint8_t)((unsigned)rand() % range);
		items[i].mark = items[i].rest = (uint8_t)~items[i].key;
		sum += items[i].key;
	}
	items[count] = (struct sample) { 1, 2, 3 };
	sort_items(items, count, sizeof(*items), compare);
	for (size_t i = 0; i < count; i++) {
		assert_true(!i || items[i - 1].key <= items[i].key);
		assert_int_equal(items[i].mark, (uint8_t)~items[i].key);
		assert_int_equal(items[i].rest, (uint8_t)~items[i].key);
		after += items[i].key;
	}
	assert_int_equal(after, sum);
	assert_memory_equal(&items[count], &((struct sample) { 1, 2, 3 }), 3);
}

static void any_number_is_put_in_order(void **state)
{
	(void)state;
	srand(1);
	for (size_t count = 0; count < MANY; count++) {
		put_in_order(count, 256);
		put_in_order(count, 3);
	}
	sort_items(NULL, 0, 1, compare);
}

/* Every even number is there, no odd one, and nothing in no items. */
static void what_is_there_is_found(void **state)
{
	struct sample items[100] = { 0 };
	struct sample key = { 0 };

	(void)state;
	for (size_t i = 0; i < 100; i++)
		items[i].key = (uint8_t)(2 * i);
	for (size_t count = 0; count <= 100; count++) {
		for (key.key = 0; key.key < 201; key.key++) {
			struct sample *found =
				sort_find(count ? items : NULL, count,
					  sizeof(key), compare, &key);

			if (key.key % 2 || key.key / 2 >= count)
				assert_null(found);
			else
				assert_ptr_equal(found, &items[key.key / 2]);
		}
	}
}

static size_t asked;

static int count_questions(const void *a, const void *b)
{
	asked++;
	return compare(a, b);
}

/* Whatever the order is: no squares. */
static void questions_are_few(void **state)
{
	static struct sample items[4096];

	(void)state;
	for (int way = 0; way < 3; way++) {
		for (size_t i = 0; i < 4096; i++)
			items[i].key = (uint8_t)(way ? way - 1 ? 0 : i / 16
						     : 255 - i / 16);
		asked = 0;
		sort_items(items, 4096, sizeof(*items), count_questions);
		assert_true(asked < 2 * 4096 * 12);
		for (size_t i = 1; i < 4096; i++)
			assert_true(items[i - 1].key <= items[i].key);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_is_put_in_order),
		cmocka_unit_test(what_is_there_is_found),
		cmocka_unit_test(questions_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
