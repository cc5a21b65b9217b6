/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dirs - makes folders, with those above them */
#ifndef CNIBOX_DIRS_H
#define CNIBOX_DIRS_H

#include <sys/types.h>

struct job;

/* Makes the folder at path with this mode, and those above it that are
 * missing. A folder that exists is success. 0, or -1 with errno. */
int dirs_make(struct job *job, const char *path, mode_t mode);

#endif
