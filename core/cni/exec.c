/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/exec.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/io.h"
#include "core/base/job.h"
#include "core/base/str.h"

enum { BUSY_TRIES = 50, BUSY_WAIT_NS = 20000000 };

/* A file in memory that holds text. With a pipe, each side could have to wait for
 * the other. */
static int memory_file(struct job *job, const char *text, size_t len)
{
	int fd = memfd_create("cnibox", MFD_CLOEXEC);

	if (fd < 0)
		return fail_errno(job, errno, "create a file in memory");
	if (io_write(fd, text, len) < 0) {
		fail_errno(job, errno, "write to a file in memory");
		close(fd);
		return -1;
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
			list_copy(job, &env, var, sizeof(char *));
	}
	*(char **)list_add(job, &env, sizeof(char *)) =
		job_printf(job, "%s%s", command, verb);
	*(char **)list_add(job, &env, sizeof(char *)) = NULL;
	return env.items;
}

/* Runs in the child, but in the memory of this process: if the program cannot be
 * run, the reason is in *err. */
static void become(const char *path, char **argv, char **env,
		   const int files[3], volatile int *err)
{
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++) {
		/* dup2() to itself would leave close-on-exec set. */
		if (files[i] == i)
			ioctl(i, FIONCLEX);
		else if (dup2(files[i], i) < 0)
			goto out;
	}
	execve(path, argv, env);
out:
	*err = errno;
	_exit(127);
}

/* vfork(2) in a function of its own, which has no variables that the child could
 * change. */
static pid_t start(const char *path, char **argv, char **env,
		   const int files[3], volatile int *err)
{
	pid_t pid = vfork();

	if (!pid)
		become(path, argv, env, files, err);
	return pid;
}

/* Starts the program with three files as stdin, stdout and stderr; 0 or an errno. */
static int spawn(const char *path, char **argv, char **env, const int files[3],
		 pid_t *pid)
{
	const struct timespec wait = { .tv_nsec = BUSY_WAIT_NS };
	volatile int err = ETXTBSY;

	/* A plugin is busy for a moment while another version replaces it. */
	for (int i = 0; i < BUSY_TRIES && err == ETXTBSY; i++) {
		if (i)
			nanosleep(&wait, NULL);
		err = 0;
		*pid = start(path, argv, env, files, &err);
		if (*pid < 0)
			return errno;
		if (err)
			waitpid(*pid, NULL, 0);
	}
	return err;
}

/* The whole text of a file, wherever its offset is; NULL if it cannot be read. */
static char *read_back(struct job *job, int fd, size_t *len)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st) < 0) {
		fail_errno(job, errno, "look at a file in memory");
		return NULL;
	}
	text = job_alloc(job, (size_t)st.st_size + 1);
	*len = 0;
	while (*len < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + *len, (size_t)st.st_size - *len,
				  (off_t)*len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	return text;
}

/* The same, and waits for its end. */
static int run_program(struct job *job, const char *path, char **argv,
		       char **env, const int files[3], int *status)
{
	pid_t pid = 0;
	int err;

	/* If the runtime ignores SIGCHLD, so do we, and waitpid() would fail. */
	signal(SIGCHLD, SIG_DFL);
	err = spawn(path, argv, env, files, &pid);
	if (err)
		return fail_errno(job, err, "run %s", path);
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return fail_errno(job, errno, "wait for %s", path);
	}
	trace(job, "run %s", path);
	return 0;
}

static int run_plugin(struct job *job, const char *path, const char *verb,
		      const int files[3], struct exec_result *result)
{
	char *argv[] = { (char *)path, NULL };
	size_t err_len;

	if (run_program(job, path, argv, environment(job, verb), files,
			&result->status) < 0)
		return -1;
	result->out = read_back(job, files[1], &result->len);
	result->err = read_back(job, files[2], &err_len);
	if (!result->out || !result->err)
		return -1;
	(void)!write(STDERR_FILENO, result->err, err_len);
	return 0;
}

int exec_plugin(struct job *job, const char *path, const char *verb,
		const char *text, size_t len, struct exec_result *out)
{
	int files[] = { memory_file(job, text, len), memory_file(job, "", 0),
			memory_file(job, "", 0) };
	int ret = -1;

	if (files[0] >= 0 && files[1] >= 0 && files[2] >= 0)
		ret = run_plugin(job, path, verb, files, out);
	for (int i = 0; i < 3; i++) {
		if (files[i] >= 0)
			close(files[i]);
	}
	return ret;
}

int exec_self(struct job *job, char **argv)
{
	static const int files[] = { 0, 1, 2 };
	int status;

	return run_program(job, "/proc/self/exe", argv, environ, files,
			   &status);
}
