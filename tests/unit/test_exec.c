/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "folder.h"

enum { MEGABYTE = 1 << 20, FD_MAX = 256 };

extern char **environ;

static const char own_program[] = "/proc/self/exe";

/* Which descriptors are open, up to FD_MAX. */
static const char *descriptors(struct job *job)
{
	const char *text = "";

	for (int fd = 0; fd < FD_MAX; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			text = job_printf(job, "%s %d", text, fd);
	}
	return text;
}

/* What this program does when it is run as a plugin. */
static int report(void)
{
	struct job job = { 0 };
	struct sigaction pipe;

	sigaction(SIGPIPE, NULL, &pipe);
	printf("descriptors%s, SIGPIPE %s\n", descriptors(&job),
	       pipe.sa_handler == SIG_DFL ? "default" : "not default");
	job_free(&job);
	return 0;
}

static struct exec_result ran(struct job *job, const char *path,
			      const char *text)
{
	struct exec_result out;

	assert_int_equal(
		exec_plugin(job, path, "DEL", text, strlen(text), &out), 0);
	assert_no_error(job);
	return out;
}

static struct exec_result ran_script(struct job *job, const char *script)
{
	put_file("plugin", job_printf(job, "#!/bin/sh\n%s\n", script), 0700);
	return ran(job, "./plugin", "");
}

static void assert_exited(const struct exec_result *result, int status)
{
	assert_true(WIFEXITED(result->status));
	assert_int_equal(WEXITSTATUS(result->status), status);
}

/* Every byte value, in no period of a buffer's size. */
static char *pattern(struct job *job, size_t len)
{
	char *text = job_alloc(job, len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(i % 256 + i / 4096);
	return text;
}

static void bytes_pass_through_verbatim(void **state)
{
	static const size_t lengths[] = { 0, 1, 4096, MEGABYTE, MEGABYTE + 7 };
	struct folder *f = *state;
	struct exec_result out;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *text = pattern(&f->job, lengths[i]);

		assert_int_equal(exec_plugin(&f->job, "/bin/cat", "ADD", text,
					     lengths[i], &out),
				 0);
		assert_exited(&out, 0);
		assert_int_equal(out.len, lengths[i]);
		assert_memory_equal(out.out, text, lengths[i]);
		assert_int_equal(out.out[out.len], '\0');
	}
}

static void environment_is_ours_with_another_command(void **state)
{
	static char *const table[][6] = {
		{ "CNI_COMMANDS=kept", "CNI_COMMAND=ADD",
		  "EMPTY=", "CNI_ARGS=IP=10.0.0.1;MAC=", "LAST=a b" },
		{ "CNI_COMMANDS=kept",
		  "EMPTY=", "CNI_ARGS=IP=10.0.0.1;MAC=", "LAST=a b" },
	};
	struct folder *f = *state;
	char **saved = environ;
	struct exec_result out;

	for (size_t i = 0; i < COUNT(table); i++) {
		environ = (char **)table[i];
		out = ran(&f->job, "/usr/bin/env", "");
		environ = saved;
		assert_exited(&out, 0);
		assert_string_equal(out.out,
				    "CNI_COMMANDS=kept\nEMPTY=\n"
				    "CNI_ARGS=IP=10.0.0.1;MAC=\nLAST=a b\n"
				    "CNI_COMMAND=DEL\n");
	}
}

static void status_tells_how_the_program_ended(void **state)
{
	struct folder *f = *state;
	struct exec_result out;

	out = ran_script(&f->job, "exit 0");
	assert_exited(&out, 0);
	assert_string_equal(out.out, "");
	out = ran_script(&f->job, "echo why; exit 77");
	assert_exited(&out, 77);
	assert_string_equal(out.out, "why\n");
	out = ran_script(&f->job, "echo partly; kill -KILL $$");
	assert_true(WIFSIGNALED(out.status));
	assert_int_equal(WTERMSIG(out.status), SIGKILL);
	assert_string_equal(out.out, "partly\n");
}

static void output_is_collected_whatever_becomes_of_stdin(void **state)
{
	struct folder *f = *state;
	char *input = pattern(&f->job, MEGABYTE);
	struct exec_result out;

	put_file("plugin",
		 "#!/bin/sh\nhead -c 1048576 /dev/zero | tr '\\0' x\n", 0700);
	assert_int_equal(
		exec_plugin(&f->job, "./plugin", "ADD", input, MEGABYTE, &out),
		0);
	assert_exited(&out, 0);
	assert_int_equal(out.len, MEGABYTE);
	assert_int_equal(strspn(out.out, "x"), MEGABYTE);
	out = ran_script(&f->job, "exec <&-; echo said; exec >&-; true");
	assert_exited(&out, 0);
	assert_string_equal(out.out, "said\n");
	out = ran_script(&f->job, "exec >&-; true");
	assert_exited(&out, 0);
	assert_int_equal(out.len, 0);
	assert_string_equal(out.out, "");
}

static void process_left_behind_is_not_waited_for(void **state)
{
	struct folder *f = *state;
	struct exec_result out;
	int fifo;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	out = ran_script(&f->job, "(read end <fifo) & echo done");
	assert_string_equal(out.out, "done\n");
	fifo = open("fifo", O_WRONLY);
	assert_true(fifo >= 0);
	close(fifo);
}

static void stderr_is_ours(void **state)
{
	struct folder *f = *state;
	int saved = dup(STDERR_FILENO), fd = creat("errors", 0600);
	struct exec_result out;

	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	out = ran_script(&f->job, "echo noise >&2; echo answer");
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	close(fd);
	assert_string_equal(out.out, "answer\n");
	assert_string_equal(file_text(&f->job, "errors"), "noise\n");
}

static void what_cannot_be_run_is_an_error(void **state)
{
	static const struct {
		const char *path, *why;
	} table[] = {
		{ "./missing", "No such file or directory" },
		{ "./missing/plugin", "No such file or directory" },
		{ "./plain", "Permission denied" },
		{ "./plain/plugin", "Not a directory" },
		{ "./garbage", "Exec format error" },
		{ "./empty", "Exec format error" },
		{ "./dangling", "No such file or directory" },
		{ ".", "Permission denied" },
	};
	struct folder *f = *state;
	struct exec_result out;

	put_file("plain", "#!/bin/sh\necho yes\n", 0600);
	put_file("garbage", "echo yes\n", 0700);
	put_file("empty", "", 0700);
	put_file("dangling", "#!/nowhere/sh\n", 0700);
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *before = descriptors(&f->job);

		assert_int_equal(exec_plugin(&f->job, table[i].path, "ADD",
					     "{}", 2, &out),
				 -1);
		assert_failed(&f->job, CNI_INTERNAL,
			      job_printf(&f->job, "run %s: %s", table[i].path,
					 table[i].why),
			      NULL);
		assert_string_equal(descriptors(&f->job), before);
	}
}

static int busy;

static void end_busy(int signal)
{
	(void)signal;
	close(busy);
}

static void program_being_written_is_waited_for(void **state)
{
	const struct itimerval soon = { .it_value.tv_usec = 100000 };
	struct folder *f = *state;
	struct exec_result out;

	assert_int_equal(system("cp /bin/cat plugin"), 0);
	busy = open("plugin", O_WRONLY | O_CLOEXEC);
	assert_true(busy >= 0);
	assert_int_equal(exec_plugin(&f->job, "./plugin", "ADD", "", 0, &out),
			 -1);
	assert_failed(&f->job, CNI_INTERNAL, "run ./plugin: Text file busy",
		      NULL);
	assert_ptr_not_equal(signal(SIGALRM, end_busy), SIG_ERR);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	out = ran(&f->job, "./plugin", "now");
	assert_string_equal(out.out, "now");
}

static void child_gets_three_descriptors_and_default_sigpipe(void **state)
{
	struct folder *f = *state;
	struct exec_result out;
	const char *before;

	for (int fd = 3; fd < FD_MAX; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	before = descriptors(&f->job);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(
		exec_plugin(&f->job, own_program, "ADD", "{}", 2, &out), 0);
	signal(SIGPIPE, SIG_DFL);
	assert_exited(&out, 0);
	assert_string_equal(out.out, "descriptors 0 1 2, SIGPIPE default\n");
	assert_string_equal(descriptors(&f->job), before);
}

static void child_gets_stdin_and_stdout_even_if_we_have_none(void **state)
{
	struct folder *f = *state;
	int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10), ret;
	struct exec_result result = { 0 };

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	ret = exec_plugin(&f->job, "/bin/cat", "ADD", "through", 7, &result);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close(in);
	close(out);
	assert_int_equal(ret, 0);
	assert_exited(&result, 0);
	assert_string_equal(result.out, "through");
}

/* Who runs us may have no wish to wait for its own. */
static void child_is_waited_for_where_children_are_ignored(void **state)
{
	struct folder *f = *state;
	struct exec_result out;

	assert_ptr_not_equal(signal(SIGCHLD, SIG_IGN), SIG_ERR);
	out = ran_script(&f->job, "exit 3");
	assert_exited(&out, 3);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(bytes_pass_through_verbatim),
		FOLDER_TEST(status_tells_how_the_program_ended),
		FOLDER_TEST(output_is_collected_whatever_becomes_of_stdin),
		FOLDER_TEST(process_left_behind_is_not_waited_for),
		FOLDER_TEST(stderr_is_ours),
		FOLDER_TEST(what_cannot_be_run_is_an_error),
		FOLDER_TEST(program_being_written_is_waited_for),
		FOLDER_TEST(child_gets_three_descriptors_and_default_sigpipe),
		FOLDER_TEST(child_gets_stdin_and_stdout_even_if_we_have_none),
		FOLDER_TEST(child_is_waited_for_where_children_are_ignored),
		FOLDER_TEST(environment_is_ours_with_another_command),
	};

	if (argc > 0 && strcmp(argv[0], own_program) == 0)
		return report();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
