/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/attachment.h"

/* Kinds of release, for attachment_begin(). */
static int released;

static int release_all(struct call *c)
{
	released++;
	return record_del(c->job, applet.name, attachment_owner(c));
}

static int release_badly(struct call *c)
{
	release_all(c);
	return fail(c->job, CNI_INTERNAL, "still in use");
}

static int release_nothing(struct call *c)
{
	(void)c;
	released++;
	return 0;
}

static void begin_records_the_namespace(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record;

	assert_string_equal(attachment_owner(c), "net/eth0/c1");
	begun(c, &record);
	assert_string_equal(notes_of(c, "netns"),
			    job_printf(&f->job, "%llu %llu /proc/self/ns/net\n",
				       (unsigned long long)c->netns.dev,
				       (unsigned long long)c->netns.ino));
	assert_int_equal(life(c, "bridge", "net/eth0/c1"), LIFE_ALIVE);
	undo_run(&f->job);
	assert_false(has_record(c));
}

static void begin_releases_what_was_left(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record, again;

	begun(c, &record);
	assert_int_equal(record_add(&record, "old", "thing"), 0);
	close(record.fd);
	released = 0;
	assert_int_equal(attachment_begin(c, &again, release_all), 0);
	assert_int_equal(released, 1);
	assert_no_error(&f->job);
	assert_true(has_record(c));
	assert_string_equal(notes_of(c, "old"), "");
	/* Other containers' records are none of its business. */
	c->env.container = "c2";
	begun(c, &record);
}

static void begin_after_release_is_alone(void **state)
{
	struct call *c = call_of(*state, "c1");
	struct record first, again;

	begun(c, &first);
	close(first.dir);
	close(first.fd);
	assert_int_equal(attachment_begin(c, &again, release_all), 0);
	assert_true(record_is_alone(&again));
	close(again.dir);
	close(again.fd);
}

static void begin_leaves_one_that_is_at_work(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record, again;

	if (!IS_ENABLED(CONFIG_NAT))
		skip();
	begun(c, &record);
	released = 0;
	assert_int_equal(attachment_begin(c, &again, release_all), -1);
	assert_int_equal(released, 0);
	assert_failed(&f->job, CNI_TRY_AGAIN,
		      "net/eth0/c1: another ADD of it is under way", NULL);
	assert_true(has_record(c));
}

static void begin_gives_up_if_release_fails(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record, again;

	begun(c, &record);
	close(record.fd);
	released = 0;
	assert_int_equal(attachment_begin(c, &again, release_nothing), -1);
	assert_int_equal(released, 1);
	assert_failed(&f->job, CNI_TRY_AGAIN,
		      "net/eth0/c1: another ADD of it is under way", NULL);
	assert_true(has_record(c));
	assert_int_equal(attachment_begin(c, &again, release_badly), -1);
	assert_failed(&f->job, CNI_INTERNAL, "still in use", NULL);
	assert_false(has_record(c));
}

static void release_of_what_never_was_is_success(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	const struct list entries = { 0 };
	struct record record;

	assert_int_equal(attachment_release(c, ~0U, NULL), 0);
	begun(c, &record);
	assert_int_equal(attachment_add_entries(c, &record, &entries), 0);
	assert_int_equal(attachment_release(c, ~0U, NULL), 0);
	assert_no_error(&f->job);
	assert_false(has_record(c));
}

static int drop_badly(struct call *c, const char *owner)
{
	(void)owner;
	return fail(c->job, CNI_INTERNAL, "still in use");
}

static void gc_drops_the_records_of_the_dead(void **state)
{
	struct folder *f = *state;
	struct call *c1 = call_of(f, "c1"), *c2 = call_of(f, "c2");
	struct call *foreign = call_of(f, "c2"), *gc = collection(f, "c1");
	struct record record;
	bool exists;

	foreign->net.name = "other";
	begun(c1, &record);
	begun(c2, &record);
	begun(foreign, &record);
	assert_int_equal(record_begin(&record, &f->job, "portmap",
				      "net/eth0/c2", &gc->netns, gc->env.netns,
				      &exists),
			 0);
	assert_int_equal(attachment_gc(gc, drop_badly), -1);
	assert_failed(&f->job, CNI_INTERNAL, "still in use", NULL);
	assert_true(has_record(c2));
	dropped = "";
	assert_int_equal(attachment_gc(gc, drop), 0);
	assert_no_error(&f->job);
	assert_string_equal(dropped, "net/eth0/c2 ");
	assert_true(has_record(c1));
	assert_false(has_record(c2));
	assert_true(has_record(foreign));
	assert_int_equal(life(gc, "portmap", "net/eth0/c2"), LIFE_ALIVE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(begin_records_the_namespace),
		STATE_TEST(begin_releases_what_was_left),
		STATE_TEST(begin_after_release_is_alone),
		STATE_TEST(begin_leaves_one_that_is_at_work),
		STATE_TEST(begin_gives_up_if_release_fails),
		STATE_TEST(release_of_what_never_was_is_success),
		STATE_TEST(gc_drops_the_records_of_the_dead),
	};

	return run_node_tests(tests);
}
