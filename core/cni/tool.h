/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tool - an applet that is no plugin but a command for people */
#ifndef CNIBOX_TOOL_H
#define CNIBOX_TOOL_H

#include "core/base/str.h"
#include "core/cni/call.h"

struct tool {
	const char *name;
	/* As "cnibox --help" tells it: how it is typed and, from column 15 on,
	 * what it does. Where run is NULL, the option without which the tool is
	 * not built. */
	const char *usage;
	/* What its own --help says behind that, such as its options, or NULL. */
	const char *more;
	/* argv[0] is its name as it was typed. c has the job, the lists of what
	 * is built in, and the sockets of the host. What is added to out is
	 * printed. */
	int (*run)(struct call *c, char **argv, struct str *out);
};

/* The tool of this name, which may have dashes in front, or NULL. */
const struct tool *tool_find(const struct tool *const *tools, const char *name);

/* Runs tool, or tells how it is called if --help is among its words. c has the job
 * and the lists. The exit status. */
int tool_main(struct call *c, const struct tool *tool, char **argv);

/* Adds the usage of one that is built in. */
void tool_add_usage(struct str *out, const struct tool *tool);

/* The error that the tool argv[0] does not know word. */
int tool_unknown_word(struct call *c, char **argv, const char *word);

#endif
