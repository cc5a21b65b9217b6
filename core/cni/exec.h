/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec - run another plugin, with its stdin, stdout and status */
#ifndef CNIBOX_EXEC_H
#define CNIBOX_EXEC_H

#include <stddef.h>

struct job;

struct exec_result {
	int status;	 /* as from waitpid(2) */
	const char *out; /* its stdout, NUL-terminated; the job's */
	size_t len;
	const char *err; /* its stderr, likewise, which has gone to ours */
};

/* Runs the program at path with our environment, CNI_COMMAND replaced by verb,
 * and len bytes of text as its stdin; waits for its end. Fails if it could not be
 * run, not if it failed. */
int exec_plugin(struct job *job, const char *path, const char *verb,
		const char *text, size_t len, struct exec_result *out);

#endif
