/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf - whole calls of every applet, but for what they do to the node
 *
 * An input is a line "APPLET VERB [CNI_ARGS]", then what comes on stdin. What
 * stands in place of the applets' verbs takes the configuration apart as they
 * do. */
/* For serve(): cni_main() does not give its memory back. */
#include "core/cni/cni.c"

#include "tests/fuzz/conf/conf.h"

#define APPLET(name) extern const struct applet name##_applet;
#include "applets.def"
#undef APPLET

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_file(STDIN_FILENO);
	fuzz_file(STDOUT_FILENO);
	return 0;
}

static int use_none(struct call *c)
{
	c->result = c->prev;
	return 0;
}

/* The namespace is not there, and the IPAM plugins are not called. */
static struct applet harmless(const struct applet *applet,
			      int (*use)(struct call *c))
{
	struct applet out = *applet;

	out.needs_netns = false;
	out.add = out.check = out.status = out.gc = use ? use : use_none;
	out.del = NULL;
	return out;
}

/* A call that fails says so in one document; others may say nothing. */
static void check_output(struct job *job, int status)
{
	off_t len = lseek(STDOUT_FILENO, 0, SEEK_CUR);
	char *text = job_alloc(job, (size_t)len + 1);
	struct json *doc;

	require(pread(STDOUT_FILENO, text, (size_t)len, 0) == len);
	if (!len)
		require(status == 0);
	else
		require(json_parse(job, "out", text, (size_t)len, &doc) == 0 &&
			doc->type == JSON_OBJECT &&
			json_member(doc, "cniVersion"));
	require((status != 0) == (len && json_member(doc, "msg")));
}

static void run(struct job *job, const struct applet *applet, char *first)
{
	/* Nobody else has a record. */
	static const struct applet *const others[] = { NULL };
	struct call c = { .job = job, .applet = applet, .applets = others };
	int status;

	c.env = (struct cni_env) { .container = "a",
				   .ifname = "eth0",
				   .netns = "/nowhere",
				   .path = "" };
	c.env.command = fuzz_cut(&first, " ");
	c.env.args = first ? first : "";
	status = serve(&c);
	if (status < 0 || job->msg) {
		fuzz_told(job, -1);
		status = cni_print_error(job, c.net.version);
	}
	check_output(job, status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct applet applets[] = {
#define APPLET(name) harmless(&name##_applet, use_##name),
#include "applets.def"
		{ .name = NULL },
	};
	const uint8_t *end = memchr(data, '\n', size);
	struct job job = { 0 };
	char *first, *name;

	if (!end)
		return 0;
	first = fuzz_text(&job, data, (size_t)(end - data));
	end++;
	name = fuzz_cut(&first, " ");
	fuzz_fill(STDIN_FILENO, end, size - (size_t)(end - data));
	fuzz_fill(STDOUT_FILENO, "", 0);
	for (const struct applet *a = applets; first && a->name; a++)
		if (!strcmp(name, a->name))
			run(&job, a, first);
	job_free(&job);
	return 0;
}
