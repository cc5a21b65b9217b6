/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "core/base/job.h"

enum { LEAVE_TRIES = 1000 };

static const char own_netns[] = "/proc/thread-self/ns/net";

int netns_find(struct job *job, const char *path, struct netns *ns, bool *found)
{
	struct stat st;
	int ret = 0;

	*found = false;
	ns->fd = openat(AT_FDCWD, path,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (ns->fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ENXIO ||
		    errno == ELOOP)
			return 0;
		return fail_errno(job, errno, "open netns %s", path);
	}
	if (ioctl(ns->fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		job_warn(job, "%s is not a network namespace", path);
	} else if (fstat(ns->fd, &st) < 0) {
		ret = fail_errno(job, errno, "look at netns %s", path);
	} else {
		ns->dev = st.st_dev;
		ns->ino = st.st_ino;
		*found = true;
		return 0;
	}
	close(ns->fd);
	ns->fd = -1;
	return ret;
}

int netns_is_own(struct job *job, const struct netns *ns, bool *own)
{
	struct stat st;

	if (stat(own_netns, &st) < 0)
		return fail_errno(job, errno, "look at %s", own_netns);
	*own = st.st_dev == ns->dev && st.st_ino == ns->ino;
	return 0;
}

/* Enters netns. Returns the descriptor of the namespace to go back to, or -1
 * with the reason in errno. */
static int enter(int netns)
{
	int own = openat(AT_FDCWD, own_netns, O_RDONLY | O_CLOEXEC);
	int err;

	if (own < 0 || setns(netns, CLONE_NEWNET) == 0)
		return own;
	err = errno;
	close(own);
	errno = err;
	return -1;
}

/* Goes back to the namespace own, and closes it. errno stays as it was. */
static void leave(int own)
{
	int err = errno, tries = 1;

	/* To go on would change the wrong namespace; to end at once would
	 * leave behind what ADD has made. So it tries again first. */
	while (setns(own, CLONE_NEWNET) < 0) {
		if (tries++ == LEAVE_TRIES)
			job_abort(
				"return from the container's network namespace");
	}
	close(own);
	errno = err;
}

int netns_make(void)
{
	int own = openat(AT_FDCWD, own_netns, O_RDONLY | O_CLOEXEC);
	int fd, err;

	if (own < 0)
		return -1;
	if (unshare(CLONE_NEWNET) < 0) {
		err = errno;
		close(own);
		errno = err;
		return -1;
	}
	fd = openat(AT_FDCWD, own_netns, O_RDONLY | O_CLOEXEC);
	leave(own);
	return fd;
}

int netns_socket(int netns, int protocol)
{
	int own = -1, fd;

	if (netns >= 0) {
		own = enter(netns);
		if (own < 0)
			return -1;
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (own >= 0)
		leave(own);
	return fd;
}

int netns_open(int netns, const char *path, int flags)
{
	int own = -1, fd;

	if (netns >= 0) {
		own = enter(netns);
		if (own < 0)
			return -1;
	}
	fd = openat(AT_FDCWD, path, flags | O_CLOEXEC);
	if (own >= 0)
		leave(own);
	return fd;
}
