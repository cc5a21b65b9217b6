/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/job.h"

void log_warn(struct job *job, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = job_vprintf(job, fmt, args);
	va_end(args);
	text = job_printf(job, "%s: %s\n", job->name ? job->name : "cnibox",
			  text);
	(void)!write(STDERR_FILENO, text, strlen(text));
}
