/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run - measures what a plan says
 *
 *	run [-n ROUNDS] [-j JOBS] [-s MS] [-t | -m] <PLAN >MEASURES
 *
 * A plan has a line for each contestant, and behind it one for each call:
 *
 *	contestant NAME NODE CNI_PATH
 *	call LABEL VERB CONTAINER POD PROGRAM CONFIGURATION
 *
 * NODE is a process in the network and mount namespaces to make the calls in.
 * CONTAINER gets the number of the round behind its name. Calls of one label
 * behind each other are measured as one: one after the other, as a runtime does
 * it for a list of plugins, or up to JOBS at a time. @PREV@ in a configuration
 * stands for the last result of an ADD.
 *
 * In each round every contestant has its turn, in an order that changes. Before
 * each measurement there are MS milliseconds for what the kernel does behind the
 * last one: it frees a deleted link when no CPU can see it any more; and up to a
 * tick more, by chance, since the last one has ended with one.
 *
 * A measure is a line "CONTESTANT LABEL MEASURE VALUE": wall and cpu in
 * microseconds, faults, and each, the wall time of each of many calls; with -t,
 * which slows all down, rss in KiB, syscalls and processes; with -m, memory in
 * KiB of all calls together.
 */
#define _GNU_SOURCE
#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	CONTESTANTS_MAX = 16,
	CALLS_MAX = 1024,
	JOBS_MAX = 64,
	TICK = 4000 /* microseconds */
};

struct call {
	char *label, *verb, *container, *pod, *program, *conf;
};

struct contestant {
	char *name, *path;
	int net, mount; /* namespaces */
	struct call calls[CALLS_MAX];
	int count;
	char prev[TEXT_MAX];
};

struct running {
	const struct call *call;
	pid_t pid;
	int out;
	double start;
};

struct sum {
	double wall, cpu, memory;
	long faults;
	struct traced traced;
};

static struct contestant contestants[CONTESTANTS_MAX];
static int contestant_count, rounds = 1, this_round, jobs = 1, settle;
static bool tracing, sampling;

void die(const char *what)
{
	fprintf(stderr, "run: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void read_file(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, TEXT_MAX - 1);

	text[len > 0 ? len : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

long proc_number(pid_t pid, const char *file, const char *name)
{
	static char text[TEXT_MAX];
	char path[64];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	read_file(path, text);
	at = strstr(text, name);
	return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

/* ---- the plan */

static int open_namespace(const char *node, const char *kind)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", atoi(node), kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static char *load(const char *path)
{
	static char text[TEXT_MAX];

	read_file(path, text);
	if (!*text)
		die(path);
	return strdup(text);
}

static void read_plan(FILE *in)
{
	struct contestant *c = NULL;
	char word[7][256];
	int words;
	char line[2048];

	while (fgets(line, sizeof(line), in)) {
		words = sscanf(line, "%255s%255s%255s%255s%255s%255s%255s",
			       word[0], word[1], word[2], word[3], word[4],
			       word[5], word[6]);
		if (words == 4 && contestant_count < CONTESTANTS_MAX) {
			c = &contestants[contestant_count++];
			c->name = strdup(word[1]);
			c->net = open_namespace(word[2], "net");
			c->mount = open_namespace(word[2], "mnt");
			c->path = strdup(word[3]);
		} else if (words == 7 && c && c->count < CALLS_MAX) {
			c->calls[c->count++] = (struct call) {
				strdup(word[1]), strdup(word[2]),
				strdup(word[3]), strdup(word[4]),
				strdup(word[5]), load(word[6]),
			};
		} else {
			errno = EINVAL;
			die(line);
		}
	}
}

/* ---- one call */

static char *variable(const char *name, const char *value)
{
	char *text;

	if (asprintf(&text, "%s%s", name, value) < 0)
		die("memory");
	return text;
}

/* A container of each round, as no two on a node have the same name. */
static void fill_env(const struct contestant *c, const struct call *call,
		     char *env[ENV_COUNT])
{
	char container[256];

	snprintf(container, sizeof(container), "%s-%d", call->container,
		 this_round);
	env[0] = variable("CNI_COMMAND=", call->verb);
	env[1] = variable("CNI_CONTAINERID=", container);
	env[2] = variable("CNI_NETNS=/run/netns/", call->pod);
	env[3] = variable("CNI_IFNAME=", "eth0");
	env[4] = variable("CNI_PATH=", c->path);
	env[5] = variable("PATH=", "/usr/sbin:/usr/bin:/sbin:/bin");
	env[6] = NULL;
}

/* A pipe that holds the configuration; a pipe has room for it. */
static int fill_stdin(const struct contestant *c, const struct call *call)
{
	static const char mark[] = "@PREV@";
	const char *at = strstr(call->conf, mark);
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		die("pipe");
	if (at)
		dprintf(fds[1], "%.*s%s%s", (int)(at - call->conf), call->conf,
			c->prev, at + strlen(mark));
	else
		dprintf(fds[1], "%s", call->conf);
	close(fds[1]);
	return fds[0];
}

static pid_t spawn(const struct start *start)
{
	posix_spawn_file_actions_t files;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, start->in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, start->out, STDOUT_FILENO);
	errno = posix_spawn(&pid, start->program, &files, NULL,
			    (char *[]) { (char *)start->program, NULL },
			    start->env);
	if (errno)
		die(start->program);
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

static struct running begin(const struct contestant *c, const struct call *call,
			    struct sum *sum)
{
	char *env[ENV_COUNT];
	struct start start = { call->program, env, fill_stdin(c, call), -1 };
	struct running r = { .call = call };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		die("pipe");
	start.out = fds[1];
	r.out = fds[0];
	fill_env(c, call, env);
	if (tracing) {
		sum->traced = trace(&start);
	} else {
		r.start = now();
		r.pid = spawn(&start);
	}
	close(start.in);
	close(start.out);
	for (int i = 0; env[i]; i++)
		free(env[i]);
	return r;
}

/* Keeps what an ADD has printed. */
static void end(struct contestant *c, const struct running *r, int status)
{
	char text[TEXT_MAX];
	ssize_t len = read(r->out, text, sizeof(text) - 1);

	close(r->out);
	text[len > 0 ? len : 0] = '\0';
	if (status) {
		fprintf(stderr, "run: %s of %s (%s), %s: status %#x\n%s\n",
			r->call->verb, c->name, r->call->container,
			r->call->program, status, text);
		exit(1);
	}
	if (strcmp(r->call->verb, "ADD") == 0)
		memcpy(c->prev, text, strlen(text) + 1);
}

/* ---- many calls */

static double microseconds(struct timeval tv)
{
	return (double)tv.tv_sec * 1e6 + (double)tv.tv_usec;
}

/* The memory of all processes of our group, what they share counted once. */
static double sample(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	long sum = 0;

	while ((entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && pid != getpid() && getpgid(pid) == getpgrp())
			sum += proc_number(pid, "smaps_rollup", "Pss:");
	}
	closedir(dir);
	return (double)sum;
}

/* Waits for one of the running. */
static int wait_any(struct running *running, int count, struct sum *sum,
		    int *status)
{
	struct rusage usage;
	pid_t pid;

	while ((pid = wait4(-1, status, sampling ? WNOHANG : 0, &usage)) == 0) {
		double memory = sample();

		if (memory > sum->memory)
			sum->memory = memory;
	}
	for (int i = 0; i < count; i++) {
		if (running[i].pid != pid)
			continue;
		sum->wall += now() - running[i].start;
		sum->cpu += microseconds(usage.ru_utime) +
			    microseconds(usage.ru_stime);
		sum->faults += usage.ru_minflt;
		return i;
	}
	die("wait4");
}

static void tell(const struct contestant *c, const struct call *call,
		 const char *measure, double value)
{
	printf("%s\t%s\t%s\t%.0f\n", c->name, call->label, measure, value);
}

static void run_traced(struct contestant *c, const struct call *calls, int n)
{
	struct sum sum = { 0 };
	struct traced all = { 0 };

	for (int i = 0; i < n; i++) {
		struct running r = begin(c, &calls[i], &sum);

		end(c, &r, sum.traced.status);
		all.syscalls += sum.traced.syscalls;
		all.processes += sum.traced.processes;
		if (sum.traced.peak_kb > all.peak_kb)
			all.peak_kb = sum.traced.peak_kb;
	}
	tell(c, calls, "syscalls", (double)all.syscalls);
	tell(c, calls, "processes", (double)all.processes);
	tell(c, calls, "rss", (double)all.peak_kb);
}

static void run_timed(struct contestant *c, const struct call *calls, int n)
{
	struct running running[JOBS_MAX];
	struct sum sum = { 0 };
	double start = now();
	int next = 0, count = 0, status;

	while (next < n || count) {
		double before = sum.wall;
		int i;

		if (next < n && count < jobs) {
			running[count++] = begin(c, &calls[next++], &sum);
			continue;
		}
		i = wait_any(running, count, &sum, &status);
		if (jobs > 1 && !sampling)
			tell(c, calls, "each", sum.wall - before);
		end(c, &running[i], status);
		running[i] = running[--count];
	}
	if (sampling) {
		tell(c, calls, "memory", sum.memory);
		return;
	}
	tell(c, calls, "wall", jobs > 1 ? now() - start : sum.wall);
	tell(c, calls, "cpu", sum.cpu);
	tell(c, calls, "faults", (double)sum.faults);
}

static void take_turn(struct contestant *c)
{
	int next;

	if (setns(c->net, CLONE_NEWNET) < 0 || setns(c->mount, CLONE_NEWNS) < 0)
		die("setns");
	for (int i = 0; i < c->count; i = next) {
		next = i + 1;
		while (next < c->count &&
		       strcmp(c->calls[next].label, c->calls[i].label) == 0)
			next++;
		if (settle)
			usleep((useconds_t)(settle * 1000 + rand() % TICK));
		if (tracing)
			run_traced(c, &c->calls[i], next - i);
		else
			run_timed(c, &c->calls[i], next - i);
	}
}

/* Forward and backward by turns, beginning with another one each time. */
static void run_round(void)
{
	int step = this_round & 1 ? contestant_count - 1 : 1;

	for (int i = 0; i < contestant_count; i++)
		take_turn(&contestants[(this_round / 2 + i * step) %
				       contestant_count]);
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "n:j:s:tm")) != -1) {
		switch (opt) {
		case 's':
			settle = atoi(optarg);
			break;
		case 'n':
			rounds = atoi(optarg);
			break;
		case 'j':
			jobs = atoi(optarg);
			break;
		case 't':
			tracing = true;
			break;
		case 'm':
			sampling = true;
			break;
		default:
			return 2;
		}
	}
	if (jobs > JOBS_MAX)
		jobs = JOBS_MAX;
	setpgid(0, 0);
	read_plan(stdin);
	for (; this_round < rounds; this_round++)
		run_round();
	return 0;
}
