/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node - tests that need a network and a file system of their own */
#ifndef CNIBOX_TESTS_NODE_H
#define CNIBOX_TESTS_NODE_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "folder.h"

/* This process moves to fresh namespaces and stays there. */
static inline int node_up(void **state)
{
	if (folder_up(state) < 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* Another network namespace, which lives as long as the descriptor. */
static inline int new_netns(struct job *job)
{
	int ready[2], fd;
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	fd = open(job_printf(job, "/proc/%d/ns/net", child),
		  O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	return fd;
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
