/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/trace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/format.h"

enum {
	TEXT = 448,
	LINE = 512,
/* Seconds and nanoseconds of 64 bits each, on every machine. */
#ifdef SYS_clock_gettime64
	GET_TIME = SYS_clock_gettime64,
#else
	GET_TIME = SYS_clock_gettime,
#endif
};

/* clock_gettime(3) spares the system call, but is 1,000 bytes larger. */
static int64_t now(void)
{
	int64_t time[2] = { 0 };

	syscall(GET_TIME, CLOCK_MONOTONIC, time);
	return time[0] * 1000000000 + time[1];
}

static void print_line(int64_t spent, const char *text)
{
	char line[LINE];
	size_t len =
		format_print(line, sizeof(line), "cnibox: %6lu.%lu us  %s\n",
			     (unsigned long)(spent / 1000),
			     (unsigned long)(spent % 1000 / 100), text);

	(void)!write(STDERR_FILENO, line, len);
}

void trace_begin(struct trace *trace)
{
	const char *wish = getenv("CNIBOX_TRACE");

	trace->on = wish && strcmp(wish, "1") == 0;
	if (trace->on)
		trace->last = now();
}

void trace_step(struct trace *trace, const char *fmt, ...)
{
	int64_t spent = now() - trace->last;
	char text[TEXT];
	va_list args;

	va_start(args, fmt);
	format_vprint(text, sizeof(text), fmt, args);
	va_end(args);
	print_line(spent, text);
	trace->total += spent;
	trace->last = now();
}

void trace_end(struct trace *trace)
{
	if (trace->on)
		print_line(trace->total, "in all");
}
