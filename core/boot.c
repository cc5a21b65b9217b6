/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/boot.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/job.h"

static const char boot_attr[] = "user.cnibox.boot";

enum {
	BOOT_ID_LEN = 36,
	BOOT_MAX = BOOT_ID_LEN + sizeof((struct utsname *)0)->nodename + 1,
};

const char *boot_stamp(struct job *job)
{
	const char *stamp = "";
	char id[BOOT_ID_LEN];
	struct utsname node;
	int fd = openat(AT_FDCWD, "/proc/sys/kernel/random/boot_id",
			O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return stamp;
	if (read(fd, id, sizeof(id)) == sizeof(id) && uname(&node) == 0)
		stamp = job_printf(job, "%.*s %s", BOOT_ID_LEN, id,
				   node.nodename);
	close(fd);
	return stamp;
}

void boot_mark(int fd, const char *stamp)
{
	/* Worth having, not worth failing for. */
	(void)!fsetxattr(fd, boot_attr, stamp, strlen(stamp), 0);
}

bool boot_is_stale(int fd, const char *stamp)
{
	char mark[BOOT_MAX + 1];
	ssize_t len = fgetxattr(fd, boot_attr, mark, BOOT_MAX);

	if (len <= BOOT_ID_LEN || !*stamp)
		return false;
	mark[len] = '\0';
	return strncmp(mark, stamp, BOOT_ID_LEN) != 0 &&
	       strcmp(mark + BOOT_ID_LEN, stamp + BOOT_ID_LEN) == 0;
}
