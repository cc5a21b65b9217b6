/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/applet.h"

#include <stdlib.h>
#include <string.h>

#include "core/cni/cni.h"

static bool is_built(const char *verb)
{
	return (IS_ENABLED(CONFIG_CHECK) || strcmp(verb, "CHECK") != 0) &&
	       (IS_ENABLED(CONFIG_GC) || strcmp(verb, "GC") != 0);
}

static int help(struct job *job, const struct applet *applet)
{
	struct str out = { .job = job };

	cni_about(&out, applet);
	if (IS_ENABLED(CONFIG_HELP) && applet->keys) {
		str_add(&out, "\nConfiguration:\n");
		conf_help(&out, applet->keys, call_new_conf(job, applet));
	}
	if (IS_ENABLED(CONFIG_HELP)) {
		str_add(&out,
			"\nOf every plugin, beside cniVersion, name and type:\n");
		conf_help(&out, call_keys, NULL);
	}
	return cni_print(job, out.text) < 0 ? cni_log_error(job) : 0;
}

int applet_main(struct call *c, char **argv)
{
	const char *verb = getenv("CNI_COMMAND");

	if (verb && !is_built(verb)) {
		fail_unbuilt(c->job, CNI_BAD_ENVIRONMENT, "CNI_COMMAND", verb);
		return cni_print_error(c->job, NULL);
	}
	if (!verb && argv[1] && strcmp(argv[1], "--help") == 0)
		return help(c->job, c->applet);
	return cni_main(c);
}
