/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay - makes the files that a power failure leaves
 *
 *	replay COUNT FATE SCOPE DROP <TRACE
 *
 * Does the first COUNT of what step -r recorded, in the current folder, but for
 * number DROP (from 1; 0: none), and what cannot be done without it. FATE is
 * that of what was written: whole, empty, half, zeros (blocks that never reached
 * the disk) or unmarked (whole, but without its attribute); SCOPE is all, or
 * last: only what was written last meets it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { OPERATIONS_MAX = 4096, DATA_MAX = 4096 };

struct operation {
	char what[16], path[256], more[2 * DATA_MAX];
};

static struct operation all[OPERATIONS_MAX];
static bool failed;

static void complain(const struct operation *o)
{
	perror(o->path);
	failed = true;
}

static size_t read_hex(const char *text, char *out)
{
	size_t len = 0;
	unsigned byte;

	for (; sscanf(text, "%2x", &byte) == 1 && len < DATA_MAX; text += 2)
		out[len++] = (char)byte;
	return len;
}

/* Writes over the start of the file, as all is written that we write. */
static void do_write(const struct operation *o, const char *fate)
{
	char data[DATA_MAX];
	size_t len = read_hex(o->more, data);
	int fd = open(o->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (strcmp(fate, "empty") == 0)
		len = 0;
	else if (strcmp(fate, "half") == 0)
		len /= 2;
	else if (strcmp(fate, "zeros") == 0)
		memset(data, 0, len);
	if (write(fd, data, len) != (ssize_t)len)
		complain(o);
	close(fd);
}

static void do_mark(const struct operation *o, const char *fate)
{
	char data[DATA_MAX];
	size_t len = read_hex(o->more, data);

	if (strcmp(fate, "unmarked") == 0)
		return;
	if (setxattr(o->path, "user.cnibox.boot", data, len, 0) < 0 &&
	    errno != ENOENT)
		complain(o);
}

static void create(const struct operation *o, int flags)
{
	int fd = open(o->path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	if (fd >= 0)
		close(fd);
}

static void replay(const struct operation *o, const char *fate)
{
	if (strcmp(o->what, "write") == 0)
		do_write(o, fate);
	else if (strcmp(o->what, "mark") == 0)
		do_mark(o, fate);
	else if (strcmp(o->what, "create") == 0)
		create(o, 0);
	else if (strcmp(o->what, "truncate") == 0)
		create(o, O_TRUNC);
	else if (strcmp(o->what, "unlink") == 0)
		unlink(o->path);
	else if (strcmp(o->what, "link") == 0)
		(void)!link(o->path, o->more);
	else if (strcmp(o->what, "rename") == 0)
		(void)!rename(o->path, o->more);
	else if (strcmp(o->what, "mkdir") == 0)
		mkdir(o->path, 0755);
}

static bool is_data(const struct operation *o)
{
	return strcmp(o->what, "write") == 0 || strcmp(o->what, "mark") == 0;
}

int main(int argc, char **argv)
{
	int count, drop, last = -1, n = 0;
	char line[sizeof(struct operation)];

	if (argc != 5)
		return 2;
	count = atoi(argv[1]);
	drop = atoi(argv[4]);
	while (n < OPERATIONS_MAX && fgets(line, sizeof(line), stdin))
		n += sscanf(line, "%15s %255s %8191s", all[n].what, all[n].path,
			    all[n].more) >= 2;
	for (int i = 0; i < count && i < n; i++) {
		if (strcmp(all[i].what, "write") == 0)
			last = i;
	}
	for (int i = 0; i < count && i < n; i++) {
		/* A mark follows what was written to its file. */
		bool meets = strcmp(argv[3], "all") == 0 ||
			     (is_data(&all[i]) && i >= last);

		if (i != drop - 1)
			replay(&all[i], meets ? argv[2] : "whole");
	}
	return failed;
}
