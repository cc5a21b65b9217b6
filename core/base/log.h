/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log - lines on stderr */
#ifndef CNIBOX_LOG_H
#define CNIBOX_LOG_H

/* One line "NAME: TEXT" on stderr, in one write; errors are ignored. */
void log_line(const char *name, const char *text);

#endif
