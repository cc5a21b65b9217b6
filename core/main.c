/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main - argv[0] -> applet */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cni/cni.h"
#include "core/cni/install.h"
#include "core/cni/node.h"

#define APPLET(name) extern const struct applet name##_applet;
#include "applets.def"
#undef APPLET

static const struct applet *const applets[] = {
#define APPLET(name) &name##_applet,
#include "applets.def"
#undef APPLET
	NULL
};

/* Whoever looks for a version takes it for a word of its own. */
#define VERSION_LINE "cnibox v" CNIBOX_VERSION "\n"

static const char usage[] = VERSION_LINE
	"Every CNI plugin in one binary.\n"
	"\n"
	"    APPLET                     as a runtime calls it, by its name\n"
	"    cnibox APPLET              the same\n"
	"    APPLET --help              its configuration\n"
	"    cnibox --list              the applets built in\n"
#if IS_ENABLED(CONFIG_INSTALL)
	"    cnibox --install [-s] [-f] [DIR]\n"
	"                               links in DIR (/opt/cni/bin), hard or with\n"
	"                               -s symbolic; -f replaces other files\n"
#endif
	"    cnibox --help, --version\n";

static const char sync_usage[] =
	"    cnibox sync                puts NAT back that others removed\n";

static const char show_usage[] =
	"    cnibox show [--json]       the attachments of this node\n";

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

static void say_list(struct str *out)
{
	for (const struct applet *const *a = applets; *a; a++)
		str_printf(out, "%s\n", (*a)->name);
}

static void say_usage(struct str *out)
{
	str_add(out, usage);
	if (IS_ENABLED(CONFIG_SYNC))
		str_add(out, sync_usage);
	if (IS_ENABLED(CONFIG_SHOW))
		str_add(out, show_usage);
}

static void say_help(struct str *out, const struct applet *applet)
{
	cni_about(out, applet->name);
	if (!IS_ENABLED(CONFIG_HELP))
		return;
	if (applet->keys) {
		str_add(out, "\nConfiguration:\n");
		conf_help(out, applet->keys, applet->defaults);
	}
	str_add(out, "\nOf every plugin, beside cniVersion, name and type:\n");
	conf_help(out, call_keys, NULL);
}

static int finish(struct job *job)
{
	return job->msg ? cni_log_error(job) : 0;
}

static void fail_word(struct job *job, const char *command, const char *word)
{
	fail(job, CNI_INTERNAL, "%s: unknown word %s; see cnibox --help",
	     command, word);
}

static int install_main(struct job *job, char **argv)
{
	bool symbolic = false, force = false;
	const char *dir = "/opt/cni/bin";

	if (!IS_ENABLED(CONFIG_INSTALL)) {
		fail_unbuilt(job, CNI_INTERNAL, "--install", "INSTALL");
		return finish(job);
	}
	for (; *argv; argv++) {
		if (strcmp(*argv, "-s") == 0)
			symbolic = true;
		else if (strcmp(*argv, "-f") == 0)
			force = true;
		else if (**argv == '-')
			fail_word(job, "--install", *argv);
		else
			dir = *argv;
	}
	if (!job->msg)
		install_links(job, applets, dir, symbolic, force);
	return finish(job);
}

static int unknown(struct job *job, const char *name)
{
	struct str list = { .job = job };

	for (const struct applet *const *a = applets; *a; a++)
		str_printf(&list, " %s", (*a)->name);
	fail(job, CNI_INTERNAL, "%s: no such applet; built in:%s", name,
	     list.len ? list.text : " none");
	if (getenv("CNI_COMMAND"))
		return cni_print_error(job, NULL);
	return finish(job);
}

static bool is_built(const char *verb)
{
	return (IS_ENABLED(CONFIG_CHECK) || strcmp(verb, "CHECK") != 0) &&
	       (IS_ENABLED(CONFIG_GC) || strcmp(verb, "GC") != 0);
}

static int applet_main(struct job *job, const struct applet *applet,
		       char **argv)
{
	const char *verb = getenv("CNI_COMMAND");
	struct str text = { .job = job };

	if (verb && !is_built(verb)) {
		fail_unbuilt(job, CNI_BAD_ENVIRONMENT, "CNI_COMMAND", verb);
		return cni_print_error(job, NULL);
	}
	if (verb || !argv[1] || strcmp(argv[1], "--help") != 0)
		return cni_main(applets, applet);
	say_help(&text, applet);
	cni_print(job, text.text);
	return finish(job);
}

static void node_main(struct job *job, char **argv, struct str *out)
{
	bool sync = strcmp(argv[0], "sync") == 0;
	bool json = !sync && argv[1] && strcmp(argv[1], "--json") == 0;

	if (argv[1 + json])
		fail_word(job, argv[0], argv[1 + json]);
	else if (sync && IS_ENABLED(CONFIG_SYNC))
		node_sync(job, applets, out);
	else if (sync)
		fail_unbuilt(job, CNI_INTERNAL, argv[0], "SYNC");
	else if (IS_ENABLED(CONFIG_SHOW))
		node_show(job, applets, json, out);
	else
		fail_unbuilt(job, CNI_INTERNAL, argv[0], "SHOW");
}

static int box_main(struct job *job, char **argv)
{
	const char *word = argv[1] ? argv[1] : "--help";
	const struct applet *applet = applet_find(applets, word);
	struct str text = { .job = job };

	if (strcmp(word, "--install") == 0)
		return install_main(job, argv + 2);
	if (applet)
		return applet_main(job, applet, argv + 1);
	str_add(&text, "");
	if (strcmp(word, "--list") == 0)
		say_list(&text);
	else if (strcmp(word, "sync") == 0 || strcmp(word, "show") == 0)
		node_main(job, argv + 1, &text);
	else if (strcmp(word, "--version") == 0)
		str_add(&text, VERSION_LINE);
	else if (strcmp(word, "--help") == 0)
		say_usage(&text);
	else
		return unknown(job, word);
	cni_print(job, text.text);
	return finish(job);
}

/* Called by the name of the whole, without a word. */
static int nameless_main(struct job *job, const char *name, char **argv)
{
	const char *verb = getenv("CNI_COMMAND");

	if (verb && *verb)
		return unknown(job, name);
	if (str_starts(name, "cnibox"))
		return box_main(job, argv);
	cni_introduce(job, "plugins");
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .name = "cnibox" };
	const struct applet *applet;
	const char *name = "cnibox";

	if (argc > 0) {
		name = strrchr(argv[0], '/');
		name = name ? name + 1 : argv[0];
	}
	applet = applet_called(name);
	if (applet)
		return applet_main(&job, applet, argv);
	/* The latter is k3s' name, which it calls to learn the version. */
	if (!str_starts(name, "cnibox") && strcmp(name, "cni") != 0)
		return unknown(&job, name);
	return argv[1] ? box_main(&job, argv) : nameless_main(&job, name, argv);
}
