/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/dirs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/job.h"

int dirs_make(struct job *job, const char *path, mode_t mode)
{
	char *copy = job_strndup(job, path, strlen(path));

	for (char *slash = copy;;) {
		slash = strchr(slash + !!*slash, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(copy, slash ? 0755 : mode) < 0 && errno != EEXIST)
			return -1;
		if (!slash)
			return 0;
		*slash = '/';
	}
}
