/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/boot.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/job.h"

static const char boot_attr[] = "user.cnibox.boot";

enum {
	BOOT_ID_LEN = 36,
	MACHINE_ID_LEN = 32,
	BOOT_MAX = BOOT_ID_LEN + sizeof((struct utsname *)0)->nodename + 1,
};

/* Reads the first size bytes of the file at path; false if it has fewer. */
static bool read_start(const char *path, char *buf, size_t size)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	bool whole;

	if (fd < 0)
		return false;
	whole = read(fd, buf, size) == (ssize_t)size;
	close(fd);
	return whole;
}

const char *boot_stamp(struct job *job)
{
	char id[BOOT_ID_LEN], machine[MACHINE_ID_LEN];
	struct utsname node;

	if (!read_start("/proc/sys/kernel/random/boot_id", id, sizeof(id)))
		return "";
	if (read_start("/etc/machine-id", machine, sizeof(machine)))
		return job_printf(job, "%.*s %.*s", BOOT_ID_LEN, id,
				  MACHINE_ID_LEN, machine);
	uname(&node);
	return job_printf(job, "%.*s %s", BOOT_ID_LEN, id, node.nodename);
}

void boot_mark(int fd, const char *stamp)
{
	/* No mark is no error: then the file is not reclaimed after a boot. */
	(void)!fsetxattr(fd, boot_attr, stamp, strlen(stamp), 0);
}

/* Marks that older versions made have the host's name. */
static bool is_ours(const char *node, const char *ours)
{
	struct utsname host;

	return strcmp(node, ours) == 0 ||
	       (uname(&host) == 0 && strcmp(node, host.nodename) == 0);
}

bool boot_is_stale(int fd, const char *stamp)
{
	char mark[BOOT_MAX + 1];
	ssize_t len = fgetxattr(fd, boot_attr, mark, BOOT_MAX);

	if (len <= BOOT_ID_LEN || !*stamp || mark[BOOT_ID_LEN] != ' ')
		return false;
	mark[len] = '\0';
	return strncmp(mark, stamp, BOOT_ID_LEN) != 0 &&
	       is_ours(mark + BOOT_ID_LEN + 1, stamp + BOOT_ID_LEN + 1);
}
