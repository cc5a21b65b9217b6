/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log - warnings to stderr, prefixed with the applet's name */
#ifndef CNIBOX_LOG_H
#define CNIBOX_LOG_H

struct job;

/* One line "<applet>: <text>" on stderr, in one write. */
void log_warn(struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
