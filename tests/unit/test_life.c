/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/attachment.h"

#define OWNER	  "net/eth0/c1"
#define FILE_NAME CONFIG_STATE_DIR "/net:eth0:c1.bridge"
#define ELSEWHERE "netns 1 1 /nowhere\n"

/* As it is asked by another process, each time. */
static enum life life_now(struct call *c)
{
	enum life answer;

	c->links = (struct list) { 0 };
	answer = life(c, applet.name, OWNER);
	assert_no_error(c->job);
	return answer;
}

/* A call of c1 whose record has these lines, with an empty folder of records if
 * they are NULL. */
static struct call *recorded(struct folder *f, const char *lines)
{
	struct call *c = call_of(f, "c1");
	int dir = record_dir(&f->job);

	assert_true(dir >= 0);
	close(dir);
	if (lines)
		put_file(FILE_NAME, lines, 0600);
	return c;
}

/* ---- dead or alive ---- */

static void lives_where_the_path_is_its_namespace(void **state)
{
	struct folder *f = *state;
	struct call *c = recorded(f, NULL);
	struct record record;

	c->env.netns = "/proc/self/cwd/netns";
	assert_int_equal(symlink("/proc/self/ns/net", "netns"), 0);
	begun(c, &record);
	assert_int_equal(life_now(c), LIFE_ALIVE);
	record_leave(&f->job, applet.name, OWNER);
	assert_int_equal(life_now(c), LIFE_DEAD);
	chmod(FILE_NAME, 0600);
	assert_int_equal(unlink("netns"), 0);
	assert_int_equal(life_now(c), LIFE_DEAD);
	assert_int_equal(symlink("/proc/self/ns/mnt", "netns"), 0);
	assert_int_equal(life_now(c), LIFE_DEAD);
	put_file("plain", "", 0600);
	assert_int_equal(unlink("netns"), 0);
	assert_int_equal(symlink("plain", "netns"), 0);
	make_host_end(c, OWNER, -1);
	assert_int_equal(life_now(c), LIFE_UNKNOWN);
}

static void is_not_dead_before_its_host_end(void **state)
{
	struct folder *f = *state;
	struct call *c = recorded(f, ELSEWHERE);
	struct link port;

	assert_int_equal(life_now(c), LIFE_DEAD);
	make_host_end(c, OWNER, -1);
	assert_int_equal(life_now(c), LIFE_UNKNOWN);
	assert_int_equal(
		link_get(&c->host, life_port_name(&f->job, OWNER), &port), 0);
	assert_string_equal(port.alias, OWNER);
	/* An administrator may rename it. */
	assert_int_equal(
		system(job_printf(&f->job, "ip link set %s name renamed",
				  port.name)),
		0);
	assert_int_equal(life_now(c), LIFE_UNKNOWN);
	assert_int_equal(link_del(&c->host, "renamed", NULL), 0);
	assert_int_equal(life_now(c), LIFE_DEAD);
}

static void is_dead_with_the_namespace_of_its_other_end(void **state)
{
	struct folder *f = *state;
	struct call *c = recorded(f, ELSEWHERE);
	int netns = new_netns(&f->job);

	make_host_end(c, OWNER, netns);
	assert_int_equal(life_now(c), LIFE_UNKNOWN);
	close(netns);
	assert_int_equal(life_now(c), LIFE_DEAD);
}

static void link_without_another_end_is_no_host_end(void **state)
{
	const struct link_spec bridge = { .kind = "bridge",
					  .name = "br0",
					  .alias = OWNER };
	struct folder *f = *state;
	struct call *c = recorded(f, ELSEWHERE);

	assert_int_equal(link_add(&c->host, &bridge, NULL), 0);
	assert_int_equal(life_now(c), LIFE_DEAD);
}

static void host_end_of_others_is_asked_for_by_its_index(void **state)
{
	struct folder *f = *state;
	struct call *c = recorded(f, ELSEWHERE);
	struct link end;

	make_host_end(c, "net/eth0/c2", -1);
	assert_int_equal(link_get(&c->host,
				  life_port_name(&f->job, "net/eth0/c2"), &end),
			 0);
	put_file(FILE_NAME,
		 job_printf(&f->job, ELSEWHERE "host %d\n", end.index), 0600);
	assert_int_equal(life_now(c), LIFE_UNKNOWN);
	assert_int_equal(link_del(&c->host, end.name, NULL), 0);
	assert_int_equal(life_now(c), LIFE_DEAD);
}

static void nothing_is_proven_without_a_host_end(void **state)
{
	static const char *const lines[] = { ELSEWHERE "host 0\n",
					     ELSEWHERE "host x\n",
					     ELSEWHERE "host", "", "x y\n" };
	struct call *c = recorded(*state, "");

	for (size_t i = 0; i < COUNT(lines); i++) {
		put_file(FILE_NAME, lines[i], 0600);
		assert_int_equal(life_now(c), LIFE_UNKNOWN);
	}
}

static void without_record_it_is_dead_if_there_should_be_one(void **state)
{
	char top[] = CONFIG_STATE_DIR;
	struct call *c = recorded(*state, NULL);

	assert_int_equal(life_now(c), LIFE_DEAD);
	make_host_end(c, OWNER, -1);
	assert_int_equal(life_now(c), LIFE_UNKNOWN);
	assert_int_equal(
		link_del(&c->host, life_port_name(c->job, OWNER), NULL), 0);
	top[1 + strcspn(top + 1, "/")] = '\0';
	assert_int_equal(
		mount("state", top, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(life_now(c), LIFE_UNKNOWN);
}

/* ---- what prevResult names ---- */

static void name_interface(struct call *c, const char *name,
			   const char *sandbox)
{
	struct result_interface *interface =
		list_add(c->job, &c->prev.interfaces, sizeof(*interface));

	interface->name = name;
	interface->sandbox = sandbox;
}

static void host_end_of_others_is_noted(void **state)
{
	struct folder *f = *state;
	struct call *c = recorded(f, NULL);
	const struct link_spec bridge = { .kind = "bridge", .name = "br" };
	int netns = new_netns(&f->job);
	struct record record;
	struct link end;

	begun(c, &record);
	name_interface(c, "br", NULL);
	name_interface(c, "none", "");
	name_interface(c, "eth0", "/run/netns/x");
	assert_int_equal(link_add(&c->host, &bridge, NULL), 0);
	assert_int_equal(life_note_host_end(c, &record), 0);
	assert_string_equal(notes_of(c, "host"), "0\n");
	make_host_end(c, "net/eth0/other", netns);
	name_interface(c, life_port_name(&f->job, "net/eth0/other"), NULL);
	assert_int_equal(life_note_host_end(c, &record), 0);
	assert_int_equal(link_get(&c->host,
				  life_port_name(&f->job, "net/eth0/other"),
				  &end),
			 0);
	assert_string_equal(notes_of(c, "host"),
			    job_printf(&f->job, "0\n%d\n", end.index));
	close(netns);
}

static void own_host_end_needs_no_note(void **state)
{
	struct folder *f = *state;
	struct call *c = recorded(f, NULL);
	struct record record;

	begun(c, &record);
	name_interface(c, "br", NULL);
	name_interface(c, life_port_name(&f->job, OWNER), NULL);
	assert_int_equal(life_note_host_end(c, &record), 0);
	assert_string_equal(notes_of(c, "host"), "");
}

/* ---- whose namespace it is ---- */

/* A call for a namespace where x is the other end of owner's host end. */
static struct call *called_for(struct folder *f, const char *owner,
			       const char *alias, int netns)
{
	struct call *c = recorded(f, NULL);
	struct link_spec peer = { .name = "x", .netns = netns };
	const struct link_spec spec = { .kind = "veth",
					.name = life_port_name(&f->job, owner),
					.alias = alias,
					.peer = &peer };

	c->env.ifname = "x";
	c->netns.fd = netns;
	nl_init(&c->guest, &f->job, netns, NETLINK_ROUTE);
	assert_int_equal(link_add(&c->host, &spec, NULL), 0);
	return c;
}

static void interface_is_known_by_its_other_end(void **state)
{
	static const struct {
		const char *alias;
		bool with_record, without;
	} table[] = {
		{ "net/x/c1", true, true },
		{ NULL, false, true }, /* as the Go plugins leave it */
		{ "net/x/c2", false, false },
		{ "other/x/c1", false, false },
		{ "theirs", false, false },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		int netns = new_netns(&f->job);
		struct call *c =
			called_for(f, "net/x/c", table[i].alias, netns);

		assert_int_equal(life_has_guest(c, "net/x/c1"),
				 table[i].without);
		put_file(CONFIG_STATE_DIR "/net:x:c1.bridge", ELSEWHERE, 0600);
		assert_int_equal(life_has_guest(c, "net/x/c1"),
				 table[i].with_record);
		unlink(CONFIG_STATE_DIR "/net:x:c1.bridge");
		c->env.ifname = "lo";
		assert_false(life_has_guest(c, "net/x/c1"));
		c->env.ifname = "none";
		assert_false(life_has_guest(c, "net/x/c1"));
		assert_no_error(&f->job);
		nl_close(&c->guest);
		assert_int_equal(link_del(&c->host,
					  life_port_name(&f->job, "net/x/c"),
					  NULL),
				 0);
		close(netns);
	}
}

static void namespace_is_known_by_whose_links_are_there(void **state)
{
	static const struct {
		const char *owner, *alias;
		bool another;
	} table[] = {
		{ "net/eth0/c1", "net/eth0/c1", false },
		{ "net/eth0/c2", "net/eth0/c2", true },
		{ "net/eth0/c", "net/eth0/c", true },
		{ "net/eth0/c2", NULL, false },
		{ "net/eth0/c2", "of/another/kind", false },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		int netns = new_netns(&f->job);
		struct call *c =
			called_for(f, table[i].owner, table[i].alias, netns);

		assert_int_equal(life_is_of_another(c), table[i].another);
		assert_no_error(&f->job);
		nl_close(&c->guest);
		assert_int_equal(
			link_del(&c->host,
				 life_port_name(&f->job, table[i].owner), NULL),
			0);
		close(netns);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(lives_where_the_path_is_its_namespace),
		STATE_TEST(is_not_dead_before_its_host_end),
		STATE_TEST(is_dead_with_the_namespace_of_its_other_end),
		STATE_TEST(link_without_another_end_is_no_host_end),
		STATE_TEST(host_end_of_others_is_asked_for_by_its_index),
		STATE_TEST(nothing_is_proven_without_a_host_end),
		STATE_TEST(without_record_it_is_dead_if_there_should_be_one),
		STATE_TEST(host_end_of_others_is_noted),
		STATE_TEST(own_host_end_needs_no_note),
		STATE_TEST(interface_is_known_by_its_other_end),
		STATE_TEST(namespace_is_known_by_whose_links_are_there),
	};

	return run_node_tests(tests);
}
