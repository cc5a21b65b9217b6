/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "step.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DATA_MAX = 4096 };

/* A path of the process, from a folder that it has open; "" if it has none. */
static void path_of_fd(pid_t pid, __u64 fd, char out[PATH_MAX])
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, (int)fd);
	len = readlink(link, out, PATH_MAX - 1);
	out[len < 0 ? 0 : len] = '\0';
}

static void path_at(pid_t pid, __u64 dir, __u64 name, char out[PATH_MAX])
{
	char text[PATH_MAX] = "";
	size_t len;

	for (len = 0; len < sizeof(text) - 1; len++) {
		if (!tracee_read(pid, name + len, &text[len], 1) || !text[len])
			break;
	}
	*out = '\0';
	if (*text != '/')
		path_of_fd(pid, dir, out);
	len = strlen(out);
	snprintf(out + len, PATH_MAX - len, "%s%s", *text == '/' ? "" : "/",
		 text);
}

/* path without the folder it is to be in; NULL if it is elsewhere. */
static const char *inside(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/'
		       ? path + len + 1
		       : NULL;
}

static void put_data(FILE *out, pid_t pid, __u64 at, __u64 len)
{
	unsigned char data[DATA_MAX];

	if (len > sizeof(data) || !tracee_read(pid, at, data, len))
		len = 0;
	for (__u64 i = 0; i < len; i++)
		fprintf(out, "%02x", data[i]);
	fputs("\n", out);
}

static void record_fd(FILE *out, const char *folder, pid_t pid, long nr,
		      const __u64 args[6], long result)
{
	char path[PATH_MAX];
	const char *name;

	path_of_fd(pid, args[0], path);
	name = inside(path, folder);
	if (!name)
		return;
	if (nr == SYS_write || nr == SYS_pwrite64) {
		fprintf(out, "write %s ", name);
		put_data(out, pid, args[1], (__u64)result);
	} else if (nr == SYS_fsetxattr) {
		fprintf(out, "mark %s ", name);
		put_data(out, pid, args[2], args[3]);
	} else if (nr == SYS_fsync || nr == SYS_fdatasync) {
		fprintf(out, "sync %s\n", name);
	}
}

static void record_path(FILE *out, const char *folder, pid_t pid, long nr,
			const __u64 args[6])
{
	char path[PATH_MAX], to[PATH_MAX];
	const char *name;

#ifdef SYS_mkdir
	if (nr == SYS_mkdir)
		path_at(pid, (__u64)AT_FDCWD, args[0], path);
	else
#endif
		path_at(pid, args[0], args[1], path);
	name = inside(path, folder);
	if (!name)
		return;
	if (nr == SYS_openat) {
		if (args[2] & O_CREAT)
			fprintf(out, "%s %s\n",
				args[2] & O_TRUNC ? "truncate" : "create",
				name);
	} else if (nr == SYS_unlinkat) {
		fprintf(out, "unlink %s\n", name);
	} else if (nr == SYS_linkat || nr == SYS_renameat2) {
		path_at(pid, args[2], args[3], to);
		fprintf(out, "%s %s %s\n", nr == SYS_linkat ? "link" : "rename",
			name, inside(to, folder));
	} else {
		fprintf(out, "mkdir %s\n", name);
	}
}

void record_call(FILE *out, const char *folder, pid_t pid,
		 const struct call *call, const __u64 args[6], long result)
{
	if (result < 0)
		return;
	switch (call->nr) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_fsetxattr:
	case SYS_fsync:
	case SYS_fdatasync:
		record_fd(out, folder, pid, call->nr, args, result);
		break;
	case SYS_openat:
	case SYS_unlinkat:
	case SYS_linkat:
	case SYS_renameat2:
	case SYS_mkdirat:
#ifdef SYS_mkdir
	case SYS_mkdir:
#endif
		record_path(out, folder, pid, call->nr, args);
		break;
	}
}
