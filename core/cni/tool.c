/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/tool.h"

#include <string.h>

#include "core/cni/cni.h"

const struct tool *tool_find(const struct tool *const *tools, const char *name)
{
	if (str_starts(name, "--"))
		name += 2;
	while (*tools && strcmp((*tools)->name, name) != 0)
		tools++;
	return *tools;
}

void tool_add_usage(struct str *out, const struct tool *tool)
{
	if (tool->run)
		str_printf(out, "    cnibox %s\n", tool->usage);
}

static void add_help(struct str *out, const struct tool *tool)
{
	tool_add_usage(out, tool);
	if (tool->more)
		str_printf(out, "\n%s", tool->more);
}

static bool wants_help(char **argv)
{
	while (*++argv) {
		if (strcmp(*argv, "--help") == 0)
			return true;
	}
	return false;
}

int tool_main(struct call *c, const struct tool *tool, char **argv)
{
	struct str out = { .job = c->job };

	trace_begin(&c->job->trace);
	c->netns.fd = -1;
	call_open(c);
	str_add(&out, "");
	if (!tool->run)
		fail_unbuilt(c->job, CNI_INTERNAL, argv[0], tool->usage);
	else if (wants_help(argv))
		add_help(&out, tool);
	else
		tool->run(c, argv, &out);
	cni_print(c->job, out.text);
	return c->job->msg ? cni_log_error(c->job) : 0;
}

int tool_unknown_word(struct call *c, char **argv, const char *word)
{
	return fail(c->job, CNI_INTERNAL,
		    "%s: unknown word %s; see cnibox %s --help", argv[0], word,
		    argv[0]);
}
