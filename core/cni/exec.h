/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec - runs another plugin */
#ifndef CNIBOX_EXEC_H
#define CNIBOX_EXEC_H

#include <stddef.h>

struct job;

struct exec_result {
	int status;	 /* as from waitpid(2) */
	const char *out; /* its stdout, NUL-terminated; the job's */
	size_t len;
	const char *err; /* its stderr, likewise; it was copied to ours */
};

/* Runs the program at path, and waits for its end: with our environment, in which
 * CNI_COMMAND is verb, and with len bytes of text as its stdin. Fails if the program
 * could not be run; if it failed itself, out->status says so. */
int exec_plugin(struct job *job, const char *path, const char *verb,
		const char *text, size_t len, struct exec_result *out);

/* Runs this program with these words, NULL behind the last, and waits for its end,
 * however that is. */
int exec_self(struct job *job, char **argv);

#endif
