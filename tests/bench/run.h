/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run - what measuring a plan needs, for run.c and trace.c */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <sys/types.h>

enum { TEXT_MAX = 65536, ENV_COUNT = 7 };

/* One call of a plugin, ready to be started. */
struct start {
	const char *program;
	char *const *env;
	int in, out;
};

/* What tracing the tree of processes of one call has counted. */
struct traced {
	long syscalls, processes;
	long peak_kb; /* of all of them at one time */
	int status;
};

_Noreturn void die(const char *what);

/* The number behind NAME in a file of /proc, or 0. */
long proc_number(pid_t pid, const char *file, const char *name);

struct traced trace(const struct start *start);

#endif
