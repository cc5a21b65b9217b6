/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/drain.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/cni/life.h"
#include "core/kernel/link.h"
#include "core/state/lock.h"

/* A group is this with the inode of its queue. */
enum { GROUP = 1 << 30, PAUSE_MS = 1 };

static const char queue_path[] = CONFIG_STATE_DIR "/.queue";

static int open_file(const char *path)
{
	return openat(AT_FDCWD, path,
		      O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
			      O_CLOEXEC,
		      0600);
}

/* Whether nobody is at work; from now on, until work is closed, we are. */
static bool is_alone(int work)
{
	bool alone = flock(work, LOCK_EX | LOCK_NB) == 0;

	flock(work, LOCK_SH | LOCK_NB);
	return alone;
}

/* Moves the links of those in the queue to group, also of those that come while
 * it does. An ADD makes a record that is not left before it makes a link: so if
 * the record is left now, what was moved before is no new link. */
static int gather(struct call *c, int queue, uint32_t group)
{
	char owner[OWNER_MAX + 1];

	lseek(queue, 0, SEEK_SET);
	while (read(queue, owner, sizeof(owner)) == sizeof(owner)) {
		const char *name;

		owner[OWNER_MAX] = '\0';
		name = life_port_name(c->job, owner);
		link_set_group(&c->host, name, group);
		if (!record_is_left(c->job, c->applet->name, owner) &&
		    link_set_group(&c->host, name, 0) < 0)
			return -1;
	}
	return 0;
}

/* Ends the round of this queue: whoever comes from now on makes a new one. The
 * pause is for who ended the last round, to have begun to delete: then the first
 * request here waits for that, and others queue up meanwhile. */
static bool end_round(struct call *c, int queue, uint32_t group)
{
	poll(NULL, 0, PAUSE_MS);
	return gather(c, queue, group) == 0 && unlink(queue_path) == 0;
}

static void meet(struct call *c, const char *owner, const char *name)
{
	int queue = open_file(queue_path);
	char line[OWNER_MAX + 1] = { 0 };
	struct stat st;

	record_leave(c->job, c->applet->name, owner);
	str_copy(line, sizeof(line), owner);
	if (write(queue, line, sizeof(line)) > 0 &&
	    lock_within(queue, LOCK_EX, LOCK_SECONDS) == 0 &&
	    fstat(queue, &st) == 0) {
		uint32_t group = GROUP | (uint32_t)st.st_ino;
		bool ended = !st.st_nlink || end_round(c, queue, group);

		flock(queue, LOCK_UN);
		if (ended && link_exists(&c->host, name))
			link_del_group(&c->host, group);
	}
	/* Only now may another queue have this inode. */
	close(queue);
}

int drain_del(struct call *c, const char *owner, bool *existed)
{
	const char *name = life_port_name(c->job, owner);
	const char *msg = c->job->msg;
	int work = open_file(CONFIG_STATE_DIR "/.del"), ret = 0;

	*existed = work >= 0 && !is_alone(work) && link_exists(&c->host, name);
	if (!*existed) {
		ret = link_del(&c->host, name, existed);
	} else {
		meet(c, owner, name);
		/* What failed there matters only if it fails here as well. */
		c->job->msg = msg;
		if (link_exists(&c->host, name))
			ret = link_del(&c->host, name, NULL);
	}
	close(work);
	return ret;
}
