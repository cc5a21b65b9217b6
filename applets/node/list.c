/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list - the plugins that are built in
 *
 * Always built in.
 */
#include "core/cni/tool.h"

static int run(struct call *c, char **argv, struct str *out)
{
	(void)argv;
	for (const struct applet *const *a = c->applets; *a; a++)
		str_printf(out, "%s\n", (*a)->name);
	return 0;
}

const struct tool list_tool = {
	.name = "list",
	.usage = "--list         the plugins built in",
	.run = run,
};
