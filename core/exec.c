/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/exec.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/job.h"
#include "core/str.h"

enum { BUSY_TRIES = 50, BUSY_WAIT_NS = 20000000 };

extern char **environ;

/* Files in memory instead of pipes: neither side can wait for the other. */
static int memory_file(struct job *job, const char *text, size_t len)
{
	int fd = memfd_create("cnibox", MFD_CLOEXEC);

	if (fd < 0)
		return fail_errno(job, errno, "create a file in memory");
	while (len) {
		ssize_t done = write(fd, text, len);

		if (done < 0 && errno != EINTR) {
			fail_errno(job, errno, "write to a file in memory");
			close(fd);
			return -1;
		}
		if (done > 0) {
			text += done;
			len -= (size_t)done;
		}
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static char **environment(struct job *job, const char *verb)
{
	static const char command[] = "CNI_COMMAND=";
	struct list env = { 0 };
	char **var;

	for (var = environ; *var; var++) {
		if (!str_starts(*var, command))
			*(char **)list_add(job, &env, sizeof(char *)) = *var;
	}
	*(char **)list_add(job, &env, sizeof(char *)) =
		job_printf(job, "%s%s", command, verb);
	*(char **)list_add(job, &env, sizeof(char *)) = NULL;
	return env.items;
}

/* Starts the program; 0 or the errno of what refused it. */
static int spawn(const char *path, char **env, int in, int out, pid_t *pid)
{
	const struct timespec wait = { .tv_nsec = BUSY_WAIT_NS };
	char *argv[] = { (char *)path, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t pipe;
	int err;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &pipe);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	/* A plugin that is being replaced is busy for a moment. */
	for (int i = 0; i < BUSY_TRIES; i++) {
		err = posix_spawn(pid, path, &actions, &attr, argv, env);
		if (err != ETXTBSY)
			break;
		nanosleep(&wait, NULL);
	}
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return err;
}

static int read_back(struct job *job, int fd, struct exec_result *out)
{
	size_t got = 0;
	struct stat st;
	char *text;

	if (fstat(fd, &st) < 0)
		return fail_errno(job, errno, "look at a file in memory");
	text = job_alloc(job, (size_t)st.st_size + 1);
	while (got < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + got, (size_t)st.st_size - got,
				  (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	out->out = text;
	out->len = got;
	return 0;
}

static int run(struct job *job, const char *path, const char *verb, int in,
	       int out, struct exec_result *result)
{
	pid_t pid;
	int err = spawn(path, environment(job, verb), in, out, &pid);

	if (err)
		return fail_errno(job, err, "run %s", path);
	while (waitpid(pid, &result->status, 0) < 0) {
		if (errno != EINTR)
			return fail_errno(job, errno, "wait for %s", path);
	}
	return read_back(job, out, result);
}

int exec_plugin(struct job *job, const char *path, const char *verb,
		const char *text, size_t len, struct exec_result *out)
{
	int in, answer, ret = -1;

	in = memory_file(job, text, len);
	if (in < 0)
		return -1;
	answer = memory_file(job, "", 0);
	if (answer >= 0) {
		ret = run(job, path, verb, in, answer, out);
		close(answer);
	}
	close(in);
	return ret;
}
