/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/watch.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "core/base/job.h"
#include "core/base/str.h"
#include "core/kernel/netns.h"
#include "core/kernel/nl.h"

/* Editors write a new file and rename it. */
static int watch_folder(struct watch *watch, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	const char *folder = slash ? job_strndup(watch->job, path, len) : ".";

	watch->path = path;
	watch->name = slash ? slash + 1 : path;
	watch->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->files < 0 ||
	    inotify_add_watch(watch->files, folder,
			      IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE |
				      IN_DELETE | IN_DELETE_SELF |
				      IN_MOVE_SELF) < 0)
		return fail_errno(watch->job, errno, "watch %s", folder);
	return 0;
}

static int watch_network(struct watch *watch)
{
	static const struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups =
			RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};

	watch->net = netns_socket(-1, NETLINK_ROUTE);
	if (watch->net < 0 || bind(watch->net, (const struct sockaddr *)&groups,
				   sizeof(groups)) < 0)
		return fail_errno(watch->job, errno, "watch the network");
	return 0;
}

int watch_begin(struct watch *watch, struct job *job, const char *path,
		const char *own_alias)
{
	sigset_t set;

	*watch = (struct watch) { .job = job, .own_alias = own_alias };
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	watch->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (watch->signals < 0)
		return fail_errno(job, errno, "watch signals");
	return watch_folder(watch, path) < 0 ? -1 : watch_network(watch);
}

/* One that is being written now, which is told once more when it is closed. */
static bool is_begun(const struct watch *watch)
{
	struct stat file;

	return lstat(watch->path, &file) == 0 && S_ISREG(file.st_mode) &&
	       file.st_nlink == 1;
}

/* Whether an event is of the file; one that is led to by links, as in a volume of
 * Kubernetes, has its folder renamed, whose name begins with two dots. */
static bool is_of_file(const struct watch *watch,
		       const struct inotify_event *event)
{
	if (event->mask & IN_CREATE && is_begun(watch))
		return false;
	return event->mask & IN_Q_OVERFLOW ||
	       (event->len && (strcmp(event->name, watch->name) == 0 ||
			       str_starts(event->name, "..")));
}

/* Reads all events that wait. *gone: the folder is elsewhere, or nowhere. */
static bool files_changed(const struct watch *watch, bool *gone)
{
	char buf[4096] __attribute__((aligned(8)));
	bool changed = false;
	ssize_t len;

	while ((len = read(watch->files, buf, sizeof(buf))) > 0) {
		const char *at = buf;

		while (at < buf + len) {
			const struct inotify_event *event = (const void *)at;

			changed |= is_of_file(watch, event);
			*gone |= event->mask &
				 (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED);
			at += sizeof(*event) + event->len;
		}
	}
	return changed;
}

/* Pods' links are ports of a bridge, or have no carrier when they come: neither they
 * nor what goes can make anything possible that was not. Nor does what an apply has
 * made itself; and if it has failed, it would never end. */
static bool matters(const struct watch *watch, const struct nlmsghdr *msg)
{
	const struct ifinfomsg *link = NLMSG_DATA(msg);
	const struct ifaddrmsg *addr = NLMSG_DATA(msg);
	const struct nlattr *attrs[IFLA_MAX + 1];

	if (msg->nlmsg_type == RTM_NEWADDR)
		return addr->ifa_scope == RT_SCOPE_UNIVERSE;
	if (msg->nlmsg_type != RTM_NEWLINK || !(link->ifi_flags & IFF_RUNNING))
		return false;
	nl_attrs(msg, sizeof(*link), attrs, IFLA_MAX);
	return !attrs[IFLA_MASTER] &&
	       strcmp(nl_attr_text(attrs[IFLA_IFALIAS]), watch->own_alias) != 0;
}

/* If some were lost, anything may have changed. */
static bool network_changed(const struct watch *watch)
{
	char buf[8192] __attribute__((aligned(8)));
	bool changed = false;
	ssize_t len;

	while ((len = recv(watch->net, buf, sizeof(buf), MSG_DONTWAIT)) > 0 ||
	       errno == ENOBUFS) {
		const struct nlmsghdr *msg = (const void *)buf;
		int left = (int)len;

		changed |= len < 0;
		for (; left > 0 && NLMSG_OK(msg, (unsigned)left);
		     msg = NLMSG_NEXT(msg, left))
			changed |= matters(watch, msg);
		errno = 0;
	}
	return changed;
}

int watch_wait(struct watch *watch, bool *ended)
{
	struct pollfd fds[] = {
		{ .fd = watch->signals, .events = POLLIN },
		{ .fd = watch->files, .events = POLLIN },
		{ .fd = watch->net, .events = POLLIN },
	};
	bool changed = false, gone = false;

	*ended = false;
	while (!changed && !*ended) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return fail_errno(watch->job, errno, "wait");
		*ended = fds[0].revents;
		changed = files_changed(watch, &gone);
		changed |= network_changed(watch);
		if (gone)
			return fail_errno(watch->job, ENOENT,
					  "watch the folder of %s",
					  watch->path);
	}
	return 0;
}
