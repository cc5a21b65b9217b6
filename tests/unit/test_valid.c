/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/valid.h"

#include "tests/unit/attachment.h"

static void excluded_is_what_the_network_has_and_gc_does_not_list(void **state)
{
	struct folder *f = *state;
	struct call *gc = collection(f, "c1");

	assert_false(valid_excludes(gc, "net/eth0/c1"));
	assert_true(valid_excludes(gc, "net/eth1/c1"));
	assert_true(valid_excludes(gc, "net/eth0/c2"));
	assert_false(valid_excludes(gc, "other/eth0/c2"));
	assert_false(valid_excludes(gc, "net2/eth0/c2"));
}

static size_t pieces_of_memory(const struct job *job)
{
	struct chunk_head {
		const struct chunk_head *next;
	} const *chunk = (const void *)job->chunks;
	size_t count = 0;

	for (; chunk; chunk = chunk->next)
		count++;
	return count;
}

/* GC asks for thousands of owners, and there may be thousands of attachments. */
static void asking_who_is_excluded_takes_no_memory(void **state)
{
	enum { MANY = 100 };
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	size_t before;

	for (int i = 0; i < MANY; i++) {
		struct attachment *valid =
			list_add(&f->job, &c->net.attachments, sizeof(*valid));

		valid->container = job_printf(&f->job, "c%d", i);
		valid->ifname = "eth0";
	}
	assert_false(valid_excludes(c, "net/eth0/c99"));
	before = pieces_of_memory(&f->job);
	for (int i = 0; i < MANY; i++) {
		assert_false(valid_excludes(c, "net/eth0/c99"));
		assert_false(valid_excludes(c, "net2/eth0/c100"));
		assert_true(valid_excludes(c, "net/eth0/c100"));
		assert_true(valid_excludes(c, "net/eth1/c1"));
	}
	assert_int_equal(pieces_of_memory(&f->job), before);
}

static void make_link(struct call *c, const char *kind, const char *name,
		      const char *alias)
{
	const struct link_spec spec = {
		.kind = kind, .name = name, .alias = alias, .shared = true
	};

	assert_int_equal(link_add(&c->host, &spec, NULL), 0);
}

static bool has_link(struct call *c, const char *name)
{
	struct link link;
	bool found;

	assert_int_equal(link_find(&c->host, name, &link, &found), 0);
	return found;
}

static void links_of_a_kind_go_with_their_owners(void **state)
{
	struct folder *f = *state;
	struct call *gc = collection(f, "c1");

	make_link(gc, "bridge", "valid", "net/eth0/c1");
	make_link(gc, "bridge", "dead", "net/eth0/c2");
	make_link(gc, "bridge", "gone", "net/eth1/c1");
	make_link(gc, "bridge", "others", "net2/eth0/c2");
	make_link(gc, "bridge", "nobodys", NULL);
	make_link(gc, "veth", "another", "net/eth0/c2");
	assert_int_equal(valid_drop_links(gc, 0, "bridge"), 0);
	assert_false(has_link(gc, "dead"));
	assert_false(has_link(gc, "gone"));
	assert_true(has_link(gc, "valid"));
	assert_true(has_link(gc, "others"));
	assert_true(has_link(gc, "nobodys"));
	assert_true(has_link(gc, "another"));
	assert_no_error(&f->job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(
			excluded_is_what_the_network_has_and_gc_does_not_list),
		STATE_TEST(asking_who_is_excluded_takes_no_memory),
		STATE_TEST(links_of_a_kind_go_with_their_owners),
	};

	return run_node_tests(tests);
}
