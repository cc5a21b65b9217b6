/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/io.h"
#include "core/base/job.h"
#include "core/base/str.h"
#include "core/kernel/netns.h"

enum { VALUE_MAX = 64, WHOLE_MAX = 64 << 10 };

/* Opens the setting and, unless value is NULL, reads it, without the newline.
 * Returns the descriptor, or -1 with the reason in errno. */
static int sysctl_open(struct job *job, int netns, const char *name, int flags,
		       char value[VALUE_MAX])
{
	int fd =
		netns_open(netns, job_printf(job, "/proc/sys/%s", name), flags);
	ssize_t len;

	if (fd < 0 || !value)
		return fd;
	len = read(fd, value, VALUE_MAX - 1);
	if (len < 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	value[len] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return fd;
}

/* Sets the setting to value if it differs. Returns why that failed, or NULL;
 * *found says whether the kernel has the setting. */
static const char *set_if_differs(struct job *job, int netns, const char *name,
				  const char *value, bool *found)
{
	char now[VALUE_MAX];
	int fd = sysctl_open(job, netns, name, O_RDWR, now);
	int err = 0;

	/* A read-only /proc/sys is good enough if the value is right. */
	if (fd < 0 && (errno == EROFS || errno == EACCES || errno == EPERM)) {
		err = errno;
		fd = sysctl_open(job, netns, name, O_RDONLY, now);
	}
	*found = fd >= 0;
	if (fd < 0) {
		if (errno == ENOENT)
			return NULL;
		return job_printf(job, "read sysctl %s: %s", name,
				  errno_text(job, errno));
	}
	if (strcmp(now, value) == 0)
		err = 0;
	else if (!err && pwrite(fd, value, strlen(value), 0) < 0)
		err = errno;
	close(fd);
	trace(job, "sysctl %s: %s", name, now);
	if (!err)
		return NULL;
	return job_printf(job, "set sysctl %s from %s to %s: %s", name, now,
			  value, errno_text(job, err));
}

int sysctl_ensure_if_any(struct job *job, int netns, const char *name,
			 const char *value, bool *found)
{
	const char *why = set_if_differs(job, netns, name, value, found);

	return why ? fail(job, CNI_INTERNAL, "%s", why) : 0;
}

void sysctl_wish(struct job *job, int netns, const char *name,
		 const char *value)
{
	int fd = sysctl_open(job, netns, name, O_WRONLY, NULL);
	const char *why = NULL;
	bool found;

	if (fd < 0 || pwrite(fd, value, strlen(value), 0) < 0)
		why = set_if_differs(job, netns, name, value, &found);
	if (fd >= 0)
		close(fd);
	if (why)
		job_warn(job, "%s", why);
}

int sysctl_ensure(struct job *job, int netns, const char *name,
		  const char *value)
{
	struct stat st;
	bool found;

	if (sysctl_ensure_if_any(job, netns, name, value, &found) < 0)
		return -1;
	if (found)
		return 0;
	return fail(job, CNI_INTERNAL, "set sysctl %s to %s: %s", name, value,
		    str_starts(name, "net/ipv6/") &&
				    stat("/proc/sys/net/ipv6", &st) < 0
			    ? "the kernel has no IPv6"
			    : errno_text(job, ENOENT));
}

bool sysctl_is(struct job *job, int netns, const char *name, const char *value)
{
	char now[VALUE_MAX];
	int fd = sysctl_open(job, netns, name, O_RDONLY, now);

	if (fd < 0)
		return false;
	close(fd);
	return strcmp(now, value) == 0;
}

const char *sysctl_ipv6(struct job *job, const char *link, const char *setting)
{
	return job_printf(job, "net/ipv6/conf/%s/%s", link, setting);
}

const char *sysctl_get(struct job *job, int netns, const char *name)
{
	int fd = sysctl_open(job, netns, name, O_RDONLY, NULL);
	struct str value = { .job = job };
	int err;

	if (fd < 0)
		return NULL;
	err = io_read(fd, &value, WHOLE_MAX) < 0 ? errno : 0;
	close(fd);
	errno = err;
	if (err)
		return NULL;
	if (value.len && value.text[value.len - 1] == '\n')
		value.text[value.len - 1] = '\0';
	return value.text;
}

int sysctl_put(struct job *job, int netns, const char *name, const char *value)
{
	int fd = sysctl_open(job, netns, name, O_WRONLY, NULL);
	size_t len = strlen(value);
	ssize_t done;
	int err = 0;

	if (fd < 0)
		return -1;
	done = pwrite(fd, value, len, 0);
	if (done < 0)
		err = errno;
	else if ((size_t)done < len)
		err = EIO;
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

const char *sysctl_forwarding(int family)
{
	return IS_ENABLED(CONFIG_IPV6) && family == AF_INET6
		       ? "net/ipv6/conf/all/forwarding"
		       : "net/ipv4/ip_forward";
}

bool sysctl_can(struct job *job, int netns, const char *name, const char *value)
{
	int fd = sysctl_open(job, netns, name, O_WRONLY, NULL);

	if (fd < 0)
		return sysctl_is(job, netns, name, value);
	close(fd);
	return true;
}
