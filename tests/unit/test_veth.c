/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/veth.h"

#include "core/kernel/sysctl.h"
#include "core/state/record.h"

#include "tests/unit/attachment.h"

/* ---- a plugin of a pair and nothing else, as ptp is */

static int pair_del(struct call *c)
{
	return attachment_release(c, 0, veth_del);
}

static const struct applet pair = { .name = "pair", .del = pair_del };

/* A call for a container with a fresh namespace. */
static struct call *pair_call(struct folder *f, const char *container)
{
	struct call *c = call_of(f, container);
	struct stat st;

	close(c->netns.fd);
	c->applet = &pair;
	c->netns.fd = new_netns(&f->job);
	assert_int_equal(fstat(c->netns.fd, &st), 0);
	c->netns.dev = st.st_dev;
	c->netns.ino = st.st_ino;
	nl_init(&c->guest, &f->job, c->netns.fd, NETLINK_ROUTE);
	return c;
}

static struct record *pair_add(struct call *c, const struct veth_spec *spec,
			       struct veth *veth)
{
	struct record *record = job_alloc(c->job, sizeof(*record));

	assert_int_equal(veth_begin(c, record), 0);
	assert_int_equal(veth_add(c, spec, veth), 0);
	assert_no_error(c->job);
	return record;
}

static bool has_link(struct nl *nl, const char *name)
{
	struct link link;
	bool found;

	assert_int_equal(link_find(nl, name, &link, &found), 0);
	return found;
}

static bool has_pair(struct call *c)
{
	bool has = has_link(&c->host, veth_host_name(c));

	assert_int_equal(has_link(&c->guest, "eth0"), has);
	return has;
}

/* ---- */

static void ends_are_where_they_belong_and_down(void **state)
{
	static const uint8_t mac[MAC_LEN] = { 2, [5] = 10 };
	const struct veth_spec spec = { .mtu = 1300, .mac = mac };
	struct call *c = pair_call(*state, "c1");
	struct veth veth;
	struct link host;

	pair_add(c, &spec, &veth);
	assert_string_equal(veth.host.name,
			    life_port_name(c->job, "net/eth0/c1"));
	assert_int_equal(link_get(&c->host, veth_host_name(c), &host), 0);
	assert_string_equal(host.alias, "net/eth0/c1");
	assert_string_equal(veth.guest.name, "eth0");
	assert_int_equal(veth.guest.peer, host.index);
	assert_memory_equal(veth.guest.mac, mac, MAC_LEN);
	assert_int_equal(veth.guest.mtu, 1300);
	assert_int_equal(host.mtu, 1300);
	assert_int_equal(host.master, 0);
	assert_false((veth.guest.flags | host.flags) & IFF_UP);
	if (IS_ENABLED(CONFIG_IPV6))
		assert_true(host.deaf_to_ra);
}

static void host_end_is_a_port_if_it_is_to_be(void **state)
{
	const struct link_spec bridge = { .kind = "bridge", .name = "br0" };
	struct call *c = pair_call(*state, "c1");
	struct veth_spec spec = { 0 };
	struct link br, now, host;
	struct veth veth;

	assert_int_equal(link_add(&c->host, &bridge, NULL), 0);
	assert_int_equal(link_get(&c->host, "br0", &br), 0);
	spec.master = br.index;
	spec.master_now = &now;
	pair_add(c, &spec, &veth);
	assert_int_equal(link_get(&c->host, veth_host_name(c), &host), 0);
	assert_int_equal(host.master, br.index);
	assert_int_equal(now.index, br.index);
}

static void failed_add_takes_the_pair_back(void **state)
{
	struct call *c = pair_call(*state, "c1");
	struct veth_spec spec = { 0 };
	struct record_notes notes;
	struct veth veth;

	pair_add(c, &spec, &veth);
	assert_true(has_pair(c));
	record_read(c->job, pair.name, "net/eth0/c1", &notes);
	assert_true(notes.found);
	undo_run(c->job);
	assert_false(has_pair(c));
	record_read(c->job, pair.name, "net/eth0/c1", &notes);
	assert_false(notes.found);
}

static const char *taken(struct call *c)
{
	return job_printf(
		c->job,
		"container veth name (\"eth0\") peer provided (\"%s\") already exists",
		veth_host_name(c));
}

/* By another attachment's end, in the container or here. */
static void name_that_is_taken_is_refused(void **state)
{
	struct call *c = pair_call(*state, "c1");
	struct veth_spec spec = { 0 };
	struct link_spec other = { .kind = "bridge",
				   .name = veth_host_name(c) };
	struct record record;
	struct veth veth;

	assert_int_equal(link_add(&c->host, &other, NULL), 0);
	assert_int_equal(veth_begin(c, &record), -1);
	assert_failed(c->job, CNI_INTERNAL, taken(c), NULL);
	assert_int_equal(veth_add(c, &spec, &veth), -1);
	assert_failed(c->job, CNI_INTERNAL, taken(c), NULL);
	assert_int_equal(link_del(&c->host, other.name, NULL), 0);
	other.name = "eth0";
	assert_int_equal(link_add(&c->guest, &other, NULL), 0);
	assert_int_equal(veth_add(c, &spec, &veth), -1);
	assert_failed(c->job, CNI_INTERNAL, taken(c), NULL);
}

/* Its interface is gone, as a container is that was restarted. */
static void what_is_left_of_an_add_is_removed_by_the_next(void **state)
{
	struct call *c = pair_call(*state, "c1");
	struct veth_spec spec = { 0 };
	struct record record;
	struct veth veth;

	/* Its process has ended. */
	close(pair_add(c, &spec, &veth)->fd);
	assert_int_equal(veth_begin(c, &record), -1);
	assert_failed(c->job, CNI_INTERNAL, taken(c), NULL);
	assert_int_equal(link_del(&c->guest, "eth0", NULL), 0);
	pair_add(c, &spec, &veth);
	assert_true(has_pair(c));
}

static void del_finds_the_pair_at_either_end(void **state)
{
	struct call *c = pair_call(*state, "c1");
	struct veth_spec spec = { 0 };
	struct veth veth;

	pair_add(c, &spec, &veth);
	assert_int_equal(veth_del(c), 0);
	assert_false(has_pair(c));
	assert_int_equal(veth_del(c), 0);
	assert_int_equal(pair_del(c), 0);
	pair_add(c, &spec, &veth);
	assert_int_equal(system(job_printf(c->job, "ip link set %s name other",
					   veth_host_name(c))),
			 0);
	assert_int_equal(veth_del(c), 0);
	assert_false(has_pair(c));
	assert_false(has_link(&c->host, "other"));
	assert_no_error(c->job);
}

static void gc_drops_the_pairs_of_the_dead(void **state)
{
	const struct link_spec bridge = { .kind = "bridge", .name = "br0" };
	struct folder *f = *state;
	struct call *valid = pair_call(f, "c1"), *port = pair_call(f, "c2"),
		    *dead = pair_call(f, "c3"), *gc = collection(f, "c1");
	struct veth_spec spec = { 0 };
	struct veth veth;
	struct link br;

	pair_add(valid, &spec, &veth);
	pair_add(dead, &spec, &veth);
	assert_int_equal(link_add(&gc->host, &bridge, NULL), 0);
	assert_int_equal(link_get(&gc->host, "br0", &br), 0);
	spec.master = br.index;
	pair_add(port, &spec, &veth);
	assert_int_equal(veth_drop_dead(gc, br.index), 0);
	assert_false(has_pair(port));
	assert_true(has_pair(dead));
	assert_int_equal(veth_drop_dead(gc, 0), 0);
	assert_false(has_pair(dead));
	assert_true(has_pair(valid));
	assert_int_equal(veth_drop(gc, "net/eth0/c1"), 0);
	assert_false(has_pair(valid));
	assert_no_error(&f->job);
}

static void told(struct call *c, const char *name, const char *sandbox)
{
	struct result_interface *interface =
		list_add(c->job, &c->prev.interfaces, sizeof(*interface));

	interface->name = name;
	interface->sandbox = sandbox;
}

/* Among those that prevResult names, not what its name would be. */
static void host_end_is_found_by_its_other_end(void **state)
{
	const struct link_spec bridge = { .kind = "bridge", .name = "br0" };
	struct folder *f = *state;
	struct call *c = pair_call(f, "c1"), *other = pair_call(f, "c2");
	struct veth_spec spec = { 0 };
	struct veth veth, others;
	struct link br, out;
	bool found;

	assert_int_equal(link_add(&c->host, &bridge, NULL), 0);
	assert_int_equal(link_get(&c->host, "br0", &br), 0);
	pair_add(other, &spec, &others);
	pair_add(c, &spec, &veth);
	told(c, "br0", "");
	told(c, others.host.name, NULL);
	told(c, "eth0", "/netns");
	assert_int_equal(veth_find_host(c, &veth.guest, NULL, &out, &found), 0);
	assert_false(found);
	told(c, veth.host.name, NULL);
	assert_int_equal(veth_find_host(c, &veth.guest, NULL, &out, &found), 0);
	assert_true(found);
	assert_string_equal(out.name, veth.host.name);
	assert_int_equal(veth_find_host(c, &veth.guest, &br, &out, &found), 0);
	assert_false(found);
	told(c, "gone", NULL);
	assert_int_equal(veth_find_host(c, &veth.guest, &br, &out, &found), -1);
	assert_failed(c->job, CNI_INTERNAL, "Interface name gone not found",
		      NULL);
}

static void forwarding_is_switched_on(void **state)
{
	struct call *c = pair_call(*state, "c1");

	assert_int_equal(sysctl_ensure(c->job, -1, "net/ipv4/ip_forward", "0"),
			 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(veth_forward(c, AF_INET), 0);
		assert_true(sysctl_is(c->job, -1, "net/ipv4/ip_forward", "1"));
		assert_int_equal(veth_check_forward(c, AF_INET), 0);
	}
	if (IS_ENABLED(CONFIG_IPV6)) {
		assert_int_equal(veth_forward(c, AF_INET6), 0);
		assert_true(sysctl_is(c->job, -1,
				      "net/ipv6/conf/all/forwarding", "1"));
	}
	assert_no_error(c->job);
}

/* What is held goes out with it. */
static void forwarding_that_was_switched_off_is_told(void **state)
{
	struct call *c = pair_call(*state, "c1");

	assert_int_equal(sysctl_ensure(c->job, -1, "net/ipv4/ip_forward", "0"),
			 0);
	assert_int_equal(veth_check_forward(c, AF_INET), -1);
	assert_string_equal(c->job->msg,
			    "sysctl net/ipv4/ip_forward: expected 1");
}

static void forwarding_sends_what_is_held(void **state)
{
	struct call *c = pair_call(*state, "c1");
	const struct link lo = { .index = 1, .name = "lo" };
	struct link now;

	nl_hold(&c->host);
	assert_int_equal(link_set_flags(&c->host, &lo, IFF_UP, IFF_UP), 0);
	assert_int_equal(veth_forward(c, AF_INET), 0);
	assert_int_equal(link_get(&c->host, "lo", &now), 0);
	assert_true(now.flags & IFF_UP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(ends_are_where_they_belong_and_down),
		STATE_TEST(host_end_is_a_port_if_it_is_to_be),
		STATE_TEST(failed_add_takes_the_pair_back),
		STATE_TEST(name_that_is_taken_is_refused),
		STATE_TEST(what_is_left_of_an_add_is_removed_by_the_next),
		STATE_TEST(del_finds_the_pair_at_either_end),
		STATE_TEST(gc_drops_the_pairs_of_the_dead),
		STATE_TEST(host_end_is_found_by_its_other_end),
		STATE_TEST(forwarding_is_switched_on),
		STATE_TEST(forwarding_that_was_switched_off_is_told),
		STATE_TEST(forwarding_sends_what_is_held),
	};

	return run_node_tests(tests);
}
