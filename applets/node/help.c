/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help - how cnibox is called
 *
 * Always built in.
 */
#include "core/cni/tool.h"
#include "core/cni/cni.h"

static int run(struct call *c, char **argv, struct str *out)
{
	(void)argv;
	str_add(out, CNI_VERSION_LINE);
	str_add(out,
		"CNI plugins in one binary.\n"
		"\n"
		"    PLUGIN                as a runtime calls it, by its name\n"
		"    cnibox PLUGIN         the same\n"
		"    PLUGIN --help         its configuration\n");
	for (const struct tool *const *tool = c->tools; *tool; tool++)
		tool_add_usage(out, *tool);
	return 0;
}

const struct tool help_tool = {
	.name = "help",
	.usage = "--help [NAME]  this text, or NAME's own",
	.run = run,
};
