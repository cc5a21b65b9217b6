/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/drain.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "tests/unit/attachment.h"

#define DIR	CONFIG_STATE_DIR
#define AT_WORK DIR "/.del"
#define QUEUE	DIR "/.queue"

/* The owner of container's link, which is a bridge here, as that has no other
 * end. */
static const char *owner_of(struct job *job, const char *container)
{
	return job_printf(job, "net/eth0/%s", container);
}

static void make_link(struct call *c, const char *container)
{
	const struct link_spec spec = {
		.kind = "bridge",
		.name = life_port_name(c->job, owner_of(c->job, container)),
	};

	assert_int_equal(link_add(&c->host, &spec, NULL), 0);
}

static bool has_link(struct call *c, const char *container)
{
	const char *name = life_port_name(c->job, owner_of(c->job, container));
	struct link link;
	bool found;

	assert_int_equal(link_find(&c->host, name, &link, &found), 0);
	return found;
}

/* A record, and with left one whose DEL has begun. */
static void make_record(struct call *c, const char *container, bool left)
{
	struct record record;
	bool exists;

	assert_int_equal(record_begin(&record, c->job, applet.name,
				      owner_of(c->job, container), &c->netns,
				      "path", &exists),
			 0);
	assert_false(exists);
	close(record.dir);
	close(record.fd);
	if (left)
		record_leave(c->job, applet.name, owner_of(c->job, container));
}

static int open_locked(const char *path, int lock)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, lock), 0);
	return fd;
}

/* Another DEL is at work. */
static int another(void)
{
	return open_locked(AT_WORK, LOCK_SH);
}

/* What another one has written there. */
static void queue(const char *owner)
{
	int fd = open(QUEUE, O_WRONLY | O_CREAT | O_APPEND, 0600);
	char line[OWNER_MAX + 1] = { 0 };

	assert_true(fd >= 0);
	memcpy(line, owner, strlen(owner));
	assert_int_equal(write(fd, line, sizeof(line)), sizeof(line));
	close(fd);
}

static bool has_queue(void)
{
	return access(QUEUE, F_OK) == 0;
}

static bool drain(struct call *c)
{
	bool existed;

	assert_int_equal(drain_del(c, attachment_owner(c), &existed), 0);
	assert_no_error(c->job);
	return existed;
}

/* ---- */

static void alone_it_deletes_its_own(void **state)
{
	struct call *c = call_of(*state, "c1");
	int fd;

	make_record(c, "c1", false);
	make_record(c, "c2", true);
	make_link(c, "c1");
	make_link(c, "c2");
	queue("net/eth0/c2");
	assert_true(drain(c));
	assert_false(has_link(c, "c1"));
	assert_true(has_link(c, "c2"));
	assert_true(has_queue());
	assert_false(drain(c));
	/* Nobody is at work any more. */
	fd = open_locked(AT_WORK, LOCK_EX | LOCK_NB);
	close(fd);
}

static void without_a_folder_it_deletes_its_own(void **state)
{
	struct call *c = call_of(*state, "c1");

	make_link(c, "c1");
	assert_true(drain(c));
	assert_false(has_link(c, "c1"));
}

static void it_deletes_those_that_wait(void **state)
{
	struct call *c = call_of(*state, "c1");

	for (int i = 1; i <= 3; i++) {
		const char *name = job_printf(c->job, "c%d", i);

		make_record(c, name, i > 1);
		make_link(c, name);
	}
	make_link(c, "c4");
	another();
	queue("net/eth0/c2");
	queue("net/eth0/gone");
	queue("net/eth0/c3");
	assert_true(drain(c));
	for (int i = 1; i <= 3; i++)
		assert_false(has_link(c, job_printf(c->job, "c%d", i)));
	assert_true(has_link(c, "c4"));
	assert_false(has_queue());
	/* There is nothing to do for the others. */
	assert_false(drain(c));
	assert_false(has_queue());
}

static uint32_t group;

static void on_group(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[IFLA_MAX + 1];

	(void)arg;
	nl_attrs(msg, sizeof(struct ifinfomsg), attrs, IFLA_MAX);
	group = nl_attr_u32(attrs[IFLA_GROUP]);
}

static uint32_t group_of(struct call *c, const char *container)
{
	struct ifinfomsg head = { 0 };

	nl_begin(&c->host, RTM_GETLINK, 0, &head, sizeof(head));
	nl_put_text(&c->host, IFLA_IFNAME,
		    life_port_name(c->job, owner_of(c->job, container)));
	nl_on_reply(&c->host, on_group, NULL);
	assert_int_equal(nl_talk(&c->host, "look"), 0);
	return group;
}

/* Its ADD may have come since its line was written: with another record. */
static void who_is_not_left_keeps_its_link(void **state)
{
	struct call *c = call_of(*state, "c1");
	char none[OWNER_MAX + 1];
	int fd;

	make_record(c, "c1", true);
	make_record(c, "c2", false);
	make_link(c, "c1");
	make_link(c, "c2");
	make_link(c, "c3"); /* has no record */
	another();
	queue("net/eth0/c2");
	queue("net/eth0/c3");
	queue("../../x");
	fd = open(QUEUE, O_WRONLY | O_APPEND);
	memset(none, 'x', sizeof(none));
	assert_int_equal(write(fd, none, sizeof(none)), sizeof(none));
	assert_int_equal(write(fd, none, 10), 10);
	close(fd);
	assert_true(drain(c));
	assert_false(has_link(c, "c1"));
	assert_int_equal(group_of(c, "c2"), 0);
	assert_int_equal(group_of(c, "c3"), 0);
}

/* The lines of those that wait, and their group, stay when the one that was to
 * delete them is killed. */
static void who_comes_next_ends_the_round(void **state)
{
	struct call *c = call_of(*state, "c1");
	struct stat st;

	make_record(c, "c2", true);
	make_record(c, "c3", false);
	make_link(c, "c1");
	make_link(c, "c2");
	make_link(c, "c3");
	another();
	queue("net/eth0/c2");
	queue("net/eth0/c3");
	assert_int_equal(stat(QUEUE, &st), 0);
	link_set_group(&c->host, life_port_name(c->job, "net/eth0/c3"),
		       1U << 30 | (uint32_t)st.st_ino);
	/* It has no record, and is deleted by its name. */
	assert_true(drain(c));
	assert_false(has_link(c, "c1"));
	assert_false(has_link(c, "c2"));
	assert_int_equal(group_of(c, "c3"), 0);
}

/* A round that has ended is done by any of those that waited for it. */
static void who_waited_deletes_what_is_still_there(void **state)
{
	struct call *c = call_of(*state, "c1");
	struct stat st;
	int held, status;
	pid_t child;

	make_record(c, "c1", true);
	make_link(c, "c1");
	make_link(c, "c2");
	make_link(c, "c3");
	another();
	held = open_locked(QUEUE, LOCK_EX);
	assert_int_equal(fstat(held, &st), 0);
	child = fork();
	if (!child) {
		close(held);
		nl_init(&c->host, c->job, -1, NETLINK_ROUTE);
		_exit(!drain(c));
	}
	while (fstat(held, &st) == 0 && !st.st_size)
		;
	for (int i = 1; i <= 2; i++)
		link_set_group(
			&c->host,
			life_port_name(c->job,
				       job_printf(c->job, "net/eth0/c%d", i)),
			1U << 30 | (uint32_t)st.st_ino);
	assert_int_equal(unlink(QUEUE), 0);
	close(held);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_false(has_link(c, "c1"));
	assert_false(has_link(c, "c2"));
	assert_true(has_link(c, "c3"));
}

/* Nobody can delete lo. */
static void who_is_in_a_group_that_is_refused_deletes_its_own(void **state)
{
	struct call *c = call_of(*state, "c1");
	struct stat st;

	make_record(c, "c1", true);
	make_record(c, "c2", true);
	make_link(c, "c1");
	make_link(c, "c2");
	another();
	queue("net/eth0/c2");
	assert_int_equal(stat(QUEUE, &st), 0);
	link_set_group(&c->host, "lo", 1U << 30 | (uint32_t)st.st_ino);
	assert_true(drain(c));
	assert_false(has_link(c, "c1"));
	assert_true(has_link(c, "c2"));
	c = call_of(*state, "c2");
	assert_true(drain(c));
	assert_false(has_link(c, "c2"));
	assert_false(has_queue());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(alone_it_deletes_its_own),
		STATE_TEST(without_a_folder_it_deletes_its_own),
		STATE_TEST(it_deletes_those_that_wait),
		STATE_TEST(who_is_not_left_keeps_its_link),
		STATE_TEST(who_comes_next_ends_the_round),
		STATE_TEST(who_waited_deletes_what_is_still_there),
		STATE_TEST(who_is_in_a_group_that_is_refused_deletes_its_own),
	};

	return run_node_tests(tests);
}
