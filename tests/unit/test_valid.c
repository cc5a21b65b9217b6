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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(
			excluded_is_what_the_network_has_and_gc_does_not_list),
		STATE_TEST(asking_who_is_excluded_takes_no_memory),
	};

	return run_node_tests(tests);
}
