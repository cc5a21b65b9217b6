/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node - tests that need a network and a file system of their own */
#ifndef CNIBOX_TESTS_NODE_H
#define CNIBOX_TESTS_NODE_H

#include <sched.h>
#include <sys/mount.h>

#include "folder.h"

/* This process moves to fresh namespaces and stays there. */
static inline int node_up(void **state)
{
	if (folder_up(state) < 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

#define NODE_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, node_up, folder_down)

static inline void nothing_without_root(void **state)
{
	(void)state;
	print_message("needs root\n");
	skip();
}

/* Runs the tests, or skips them in one. */
#define run_node_tests(tests)                                                  \
	(geteuid() == 0                                                        \
		 ? cmocka_run_group_tests(tests, NULL, NULL)                   \
		 : cmocka_run_group_tests(                                     \
			   ((const struct CMUnitTest[]) {                      \
				   cmocka_unit_test(nothing_without_root) }),  \
			   NULL, NULL))

#endif
