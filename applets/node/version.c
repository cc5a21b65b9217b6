/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version - which plugins these are, and which cnibox
 *
 * Always built in.
 */
#include "core/cni/tool.h"
#include "core/cni/cni.h"

static int run(struct call *c, char **argv, struct str *out)
{
	(void)c, (void)argv;
	str_add(out, CNI_VERSION_LINE);
	return 0;
}

const struct tool version_tool = {
	.name = "version",
	.usage = "--version      the version",
	.run = run,
};
