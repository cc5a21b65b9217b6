/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace - where the time of a call goes, on stderr, if CNIBOX_TRACE=1 */
#ifndef CNIBOX_TRACE_H
#define CNIBOX_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* The trace of a job; if it is all zero, nothing is printed. */
struct trace {
	bool on;
	int64_t last, total; /* nanoseconds */
};

/* Switches the trace on if CNIBOX_TRACE=1 is in the environment, and starts
 * the clock. */
void trace_begin(struct trace *trace);

/* Prints "<microseconds> us <text>": the time since the line before, without
 * the time that printing takes. Errors are ignored. */
void trace_step(struct trace *trace, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints the last line: how long all steps took. */
void trace_end(struct trace *trace);

/* A step, if the trace is built in and on. */
#define trace(job, ...)                                                        \
	do {                                                                   \
		if (IS_ENABLED(CONFIG_TRACE) && (job)->trace.on)               \
			trace_step(&(job)->trace, __VA_ARGS__);                \
	} while (0)

#endif
