/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind_tests - what is tested of every kind of entry. To be included behind tested, the
 * rows by table (struct rows), and no_texts, what is no text of one. */
#ifndef CNIBOX_TESTS_KIND_TESTS_H
#define CNIBOX_TESTS_KIND_TESTS_H

#include "tests/unit/kind.h"

static void texts_and_words(void **state)
{
	struct kernel *k = *state;

	for (size_t i = 0; i < COUNT(tested); i++)
		assert_texts(&k->job, tested[i].rows, tested[i].count);
	assert_no_texts(&k->job, no_texts, COUNT(no_texts));
}

static void elements_are_encoded(void **state)
{
	for (size_t i = 0; i < COUNT(tested); i++)
		assert_elements(state, tested[i].rows, tested[i].count);
}

static void kernel_takes_the_tables_and_all_elements(void **state)
{
	for (size_t i = 0; i < COUNT(tested); i++)
		assert_kernel_takes(state, tested[i].rows, tested[i].count);
}

/* clang-format off */
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
#define KIND_TESTS                                                             \
	TEST(texts_and_words), TEST(elements_are_encoded),                     \
	TEST(kernel_takes_the_tables_and_all_elements)
/* clang-format on */

#endif
