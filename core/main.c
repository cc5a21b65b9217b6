/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main - argv[0] -> applet */
#include <stdlib.h>
#include <string.h>

#include "core/cni/applet.h"
#include "core/cni/cni.h"
#include "core/cni/tool.h"

#define APPLET(name) extern const struct applet name##_applet;
#include "applets.def"
#undef APPLET

static const struct applet *const applets[] = {
#define APPLET(name) &name##_applet,
#include "applets.def"
	NULL
};

#define TOOL(name) extern const struct tool name##_tool;
#define UNBUILT(id, option)                                                    \
	static const struct tool id##_tool = { .name = #id, .usage = #option };
#include "tools.def"
#undef TOOL
#undef UNBUILT

static const struct tool *const tools[] = {
#define TOOL(name)	      &name##_tool,
#define UNBUILT(name, option) &name##_tool,
#include "tools.def"
	NULL
};

/* "/opt/cni/bin/buildkit-cni-bridge" is bridge, too. */
static const struct applet *applet_called(const char *name)
{
	const struct applet *applet = NULL;

	while (name && !applet) {
		applet = applet_find(applets, name);
		name = strchr(name, '-');
		if (name)
			name++;
	}
	return applet;
}

static int unknown(struct job *job, const char *name)
{
	bool runtime = getenv("CNI_COMMAND") != NULL;
	struct str list = { .job = job };

	for (const struct applet *const *a = applets; *a; a++)
		str_printf(&list, " %s", (*a)->name);
	fail(job, CNI_INTERNAL, "%s: no such plugin; built in:%s%s", name,
	     list.len ? list.text : " none",
	     runtime ? "" : "; commands: see cnibox --help");
	return runtime ? cni_print_error(job, NULL) : cni_log_error(job);
}

/* argv[0] is the word behind "cnibox". "help bridge" is "bridge --help". */
static int box_main(struct call *c, char **argv)
{
	const struct tool *tool = tool_find(tools, argv[0]);

	if (tool == &help_tool && argv[1]) {
		*argv = argv[1];
		argv[1] = "--help";
		tool = tool_find(tools, *argv);
	}
	c->applet = applet_find(applets, argv[0]);
	if (c->applet)
		return applet_main(c, argv);
	return tool ? tool_main(c, tool, argv) : unknown(c->job, argv[0]);
}

/* Called by the name of the binary itself, without a word behind it. */
static int nameless_main(struct call *c, const char *name)
{
	const char *verb = getenv("CNI_COMMAND");
	char *argv[] = { "--help", NULL };

	if (verb && *verb)
		return unknown(c->job, name);
	if (str_starts(name, "cnibox"))
		return box_main(c, argv);
	cni_introduce(c->job, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .name = "cnibox" };
	struct call c = { .job = &job, .applets = applets, .tools = tools };
	const char *name = "cnibox";

	if (argc > 0) {
		name = strrchr(argv[0], '/');
		name = name ? name + 1 : argv[0];
	}
	c.applet = applet_called(name);
	if (c.applet)
		return applet_main(&c, argv);
	/* The latter is k3s' name, which it calls to learn the version. */
	if (!str_starts(name, "cnibox") && strcmp(name, "cni") != 0)
		return unknown(&job, name);
	return argv[1] ? box_main(&c, argv + 1) : nameless_main(&c, name);
}
