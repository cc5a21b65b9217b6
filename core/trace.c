/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/trace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/job.h"
#include "core/str.h"

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

/* clock_gettime(3) would take 1,000 bytes to spare a system call. */
static int64_t now(void)
{
	int64_t time[2] = { 0 };

	syscall(GET_TIME, CLOCK_MONOTONIC, time);
	return time[0] * 1000000000 + time[1];
}

static void say(int64_t spent, const char *text)
{
	char line[LINE];
	size_t len = str_format(line, sizeof(line), "cnibox: %6lu.%lu us  %s\n",
				(unsigned long)(spent / 1000),
				(unsigned long)(spent % 1000 / 100), text);

	(void)!write(STDERR_FILENO, line, len);
}

void trace_begin(struct job *job)
{
	const char *wish = getenv("CNIBOX_TRACE");

	job->trace.on = wish && strcmp(wish, "1") == 0;
	if (job->trace.on)
		job->trace.last = now();
}

void trace_step(struct job *job, const char *fmt, ...)
{
	int64_t spent = now() - job->trace.last;
	char text[TEXT];
	va_list args;

	va_start(args, fmt);
	str_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	say(spent, text);
	job->trace.total += spent;
	job->trace.last = now();
}

void trace_end(struct job *job)
{
	if (job->trace.on)
		say(job->trace.total, "in all");
}
