/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/log.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

void log_line(const char *name, const char *text)
{
	struct iovec line[] = {
		{ (void *)name, strlen(name) },
		{ (void *)": ", 2 },
		{ (void *)text, strlen(text) },
		{ (void *)"\n", 1 },
	};

	(void)!writev(STDERR_FILENO, line, 4);
}
