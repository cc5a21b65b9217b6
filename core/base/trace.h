/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace - where the time of a call goes, on stderr, if CNIBOX_TRACE=1 */
#ifndef CNIBOX_TRACE_H
#define CNIBOX_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* Of a job; all zero: nothing is told. */
struct trace {
	bool on;
	int64_t last, total; /* nanoseconds */
};

/* Looks at the environment; the time begins. */
void trace_begin(struct trace *trace);

/* One line "<microseconds> us <text>": how long it took since the line before,
 * without the time that the lines themselves take. Errors are ignored. */
void trace_step(struct trace *trace, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The last line: how long all steps took. */
void trace_end(struct trace *trace);

#define trace(job, ...)                                                        \
	do {                                                                   \
		if (IS_ENABLED(CONFIG_TRACE) && (job)->trace.on)               \
			trace_step(&(job)->trace, __VA_ARGS__);                \
	} while (0)

#endif
