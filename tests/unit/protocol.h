/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protocol - cni_main() as a runtime sees it */
#ifndef CNIBOX_TESTS_PROTOCOL_H
#define CNIBOX_TESTS_PROTOCOL_H

#include "core/cni/cni.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

#include "folder.h"

#define NET   "{\"cniVersion\":\"1.1.0\",\"name\":\"net\""
#define VALID ",\"cni.dev/valid-attachments\":"

/* The newest version, which refusals name where the configuration's is none. */
#define NEWEST "1.1.0"

/* One call: what differs from an ADD of interface eth0 of container c1, whose
 * namespace is gone. conf NULL leaves stdin, the file "in", as it is. */
struct trial {
	const struct applet *applet;
	const char *conf;
	const char *env[5];   /* NAME=value, or NAME to unset it */
	bool elsewhere;	      /* in a namespace of its own; CNI_NETNS is ours */
	void (*before)(void); /* in the child */
};

struct outcome {
	int status;
	const char *out, *err, *log;
	off_t read; /* bytes of stdin */
};

/* For plugins to tell what they are called with. */
static inline void note(const char *word)
{
	FILE *log = fopen("log", "a");

	if (log) {
		fprintf(log, "%s ", word);
		fclose(log);
	}
}

static inline void become(const struct trial *trial, int in)
{
	clearenv();
	setenv("CNI_COMMAND", "ADD", 1);
	setenv("CNI_CONTAINERID", "c1", 1);
	setenv("CNI_IFNAME", "eth0", 1);
	setenv("CNI_NETNS", "/nowhere", 1);
	if (trial->elsewhere) {
		char netns[64];

		snprintf(netns, sizeof(netns), "/proc/%d/ns/net", getppid());
		setenv("CNI_NETNS", netns, 1);
		if (unshare(CLONE_NEWNET) < 0)
			_exit(99);
	}
	for (size_t i = 0; i < COUNT(trial->env) && trial->env[i]; i++)
		putenv((char *)trial->env[i]);
	dup2(in, STDIN_FILENO);
	dup2(creat("out", 0600), STDOUT_FILENO);
	dup2(creat("err", 0600), STDERR_FILENO);
	if (trial->before)
		trial->before();
}

/* Calls cni_main() in a child. */
static inline struct outcome call(struct job *job, const struct trial *trial)
{
	const struct applet *const applets[] = { trial->applet, NULL };
	struct job own = { 0 };
	struct call c = { .job = &own,
			  .applet = trial->applet,
			  .applets = applets };
	struct outcome o = { 0 };
	pid_t child;
	int in;

	if (trial->conf)
		put_file("in", trial->conf, 0600);
	in = open("in", O_RDONLY);
	assert_true(in >= 0);
	remove("log");
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		become(trial, in);
		_exit(cni_main(&c));
	}
	assert_int_equal(waitpid(child, &o.status, 0), child);
	assert_true(WIFEXITED(o.status));
	o.status = WEXITSTATUS(o.status);
	o.out = file_text(job, "out");
	o.err = file_text(job, "err");
	o.log = file_text(job, "log");
	o.read = lseek(in, 0, SEEK_CUR);
	close(in);
	return o;
}

static inline const char *member(const struct json *doc, const char *key)
{
	const struct json *value = json_member(doc, key);

	return value ? value->text : "(none)";
}

/* The call was refused with this document, and nothing else on stdout. */
static inline void assert_refused(struct job *job, const struct outcome *o,
				  int code, const char *msg,
				  const char *details)
{
	struct json *doc;

	assert_int_equal(o->status, 1);
	assert_int_equal(json_parse(job, "out", o->out, strlen(o->out), &doc),
			 0);
	assert_string_equal(member(doc, "msg"), msg);
	assert_string_equal(member(doc, "code"), job_printf(job, "%d", code));
	assert_string_equal(member(doc, "details"),
			    details ? details : "(none)");
}

static inline void assert_succeeded(const struct outcome *o, const char *out)
{
	assert_string_equal(o->out, out);
	assert_string_equal(o->err, "");
	assert_int_equal(o->status, 0);
}

#endif
