/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state - tests that keep things in STATE_DIR, on a tmpfs of their own */
#ifndef CNIBOX_TESTS_STATE_H
#define CNIBOX_TESTS_STATE_H

#include "node.h"

/* Covers the machine's own STATE_DIR, from its first folder on. */
static inline int state_up(void **state)
{
	char top[] = CONFIG_STATE_DIR;

	if (node_up(state) < 0)
		return -1;
	top[1 + strcspn(top + 1, "/")] = '\0';
	mkdir(top, 0755);
	return mount("state", top, "tmpfs", 0, NULL);
}

#define STATE_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, state_up, folder_down)

#endif
