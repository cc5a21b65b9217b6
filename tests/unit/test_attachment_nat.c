/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/noted.h"

#include "tests/unit/attachment_nat.h"

static void nat_is_noted_made_and_undone(void **state)
{
	static const char lines[] = MASQUERADE(POD1) PORT("8080", POD1);
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);

	assert_string_equal(notes_of(c, "nat"), lines);
	undo_run(&f->job);
	assert_no_error(&f->job);
	assert_false(has_nat(c, MASQUERADE(POD1)));
	assert_false(has_nat(c, PORT("8080", POD1)));
	assert_false(has_record(c));
}

static void nat_is_noted_before_it_is_made(void **state)
{
	static const char lines[] = MASQUERADE(POD1) PORT("8080", POD1);
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record;
	int fd;

	begun(c, &record);
	fd = record.fd;
	record.fd = -1;
	assert_int_equal(make(c, &record, lines), 0);
	assert_true(has_nat(c, MASQUERADE(POD1)));
	assert_string_equal(notes_of(c, "nat"), "");
	record.fd = fd;
	break_nat(c);
	assert_int_equal(make(c, &record, lines), -1);
	f->job.msg = NULL;
	assert_string_equal(notes_of(c, "nat"), lines);
}

static void release_removes_what_the_record_names(void **state)
{
	static const char lines[] = MASQUERADE(POD1) PORT("8080", POD1);
	static const char others[] =
		MASQUERADE("10.1.0.3/24") PORT("8081", "10.1.0.3/24");
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct call *other = attached(f, "c2", others);

	/* Whatever kinds, the record says more. */
	assert_int_equal(attachment_release(c, 0, NULL), 0);
	assert_no_error(&f->job);
	assert_false(has_nat(c, MASQUERADE(POD1)));
	assert_false(has_nat(c, PORT("8080", POD1)));
	assert_false(has_record(c));
	assert_true(has_nat(other, others));
	assert_true(has_record(other));
}

static void release_without_record_goes_by_owner_and_kind(void **state)
{
	static const char lines[] = MASQUERADE(POD1) PORT("8080", POD1);
	static const char others[] =
		MASQUERADE("10.1.0.3/24") PORT("8081", "10.1.0.3/24");
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct call *other = attached(f, "c2", others);

	assert_int_equal(record_del(&f->job, "bridge", "net/eth0/c1"), 0);
	assert_int_equal(attachment_release(c, 1 << ENTRY_PORT, NULL), 0);
	assert_no_error(&f->job);
	assert_true(has_nat(c, MASQUERADE(POD1)));
	assert_false(has_nat(c, PORT("8080", POD1)));
	assert_int_equal(attachment_release(c, 1 << ENTRY_MASQUERADE, NULL), 0);
	assert_false(has_nat(c, MASQUERADE(POD1)));
	assert_true(has_nat(other, others));
}

static void record_stays_until_all_is_removed(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", MASQUERADE(POD1));

	break_nat(c);
	assert_int_equal(attachment_release(c, 0, NULL), -1);
	assert_non_null(f->job.msg);
	f->job.msg = NULL;
	assert_true(has_record(c));
	nl_init(&c->nft, &f->job, -1, NETLINK_NETFILTER);
	assert_int_equal(attachment_release(c, 0, NULL), 0);
	assert_false(has_record(c));
	assert_false(has_nat(c, MASQUERADE(POD1)));
}

/* Without a record, or with one of a namespace that is gone, an owner is
 * dead. */
static void port_of_a_dead_attachment_is_taken_over(void **state)
{
	static const char port[] = PORT("8080", POD1);
	static const char *const others[] = { "c2", "c3" };
	struct folder *f = *state;
	struct call *first = attached(f, "c1", port);
	struct record records[COUNT(others)], gone;

	for (size_t i = 0; i < COUNT(others); i++) {
		struct call *c = call_of(f, others[i]);

		begun(c, &records[i]);
		assert_int_equal(make(c, &records[i], port), -1);
		assert_non_null(strstr(f->job.msg, attachment_owner(first)));
		f->job.msg = NULL;
		assert_true(has_nat(first, port));
		assert_int_equal(
			record_del(&f->job, "bridge", attachment_owner(first)),
			0);
		if (i == 1) {
			first->netns.ino++;
			begun(first, &gone);
		}
		assert_int_equal(make(c, &records[i], port), 0);
		assert_no_error(&f->job);
		assert_true(has_nat(c, port));
		assert_false(has_nat(first, port));
		first = c;
	}
}

static void gc_removes_nat_with_and_without_record(void **state)
{
	static const char port1[] = PORT("8080", POD1);
	static const char port2[] = PORT("8081", "10.1.0.3/24");
	static const char port3[] = PORT("8082", "10.1.0.4/24");
	struct folder *f = *state;
	struct call *c1 = attached(f, "c1", port1);
	struct call *c2 = attached(f, "c2", port2);
	struct call *c3 = attached(f, "c3", port3);
	struct call *gc = collection(f, "c1");

	assert_int_equal(record_del(&f->job, "bridge", "net/eth0/c3"), 0);
	dropped = "";
	assert_int_equal(attachment_gc(gc, drop), 0);
	assert_no_error(&f->job);
	assert_string_equal(dropped, "net/eth0/c2 ");
	assert_true(has_nat(c1, port1));
	assert_false(has_nat(c2, port2));
	assert_false(has_nat(c3, port3));
}

/* Else nobody would know of them any more. */
static void gc_keeps_the_records_of_what_it_cannot_remove(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c2", PORT("8081", POD1));
	struct call *gc = collection(f, "c1");

	/* No socket, so that nothing can be sent. */
	gc->nft.fd = c->netns.fd;
	dropped = "";
	assert_int_equal(attachment_gc(gc, drop), -1);
	assert_failed(&f->job, CNI_INTERNAL,
		      "send to netlink: Socket operation on non-socket", NULL);
	assert_string_equal(dropped, "");
	assert_true(has_record(c));
}

static int drop_of_one_that_leaves(struct call *c, const char *owner)
{
	assert_int_equal(life(c, applet.name, owner), LIFE_DEAD);
	return drop(c, owner);
}

/* From then on nobody restores it, or refuses a port on its behalf. */
static void gc_notes_that_one_goes_before_it_removes_anything(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c2", PORT("8081", POD1));
	struct call *gc = collection(f, "c1");

	assert_int_equal(life(c, applet.name, "net/eth0/c2"), LIFE_ALIVE);
	dropped = "";
	assert_int_equal(attachment_gc(gc, drop_of_one_that_leaves), 0);
	assert_no_error(&f->job);
	assert_string_equal(dropped, "net/eth0/c2 ");
}

static void exempt_subnets_and_conditions_survive_the_record(void **state)
{
	static const char lines[] =
		"masquerade 10.1.0.2/24 10.8.0.0/16 10.9.0.0/16\n"
		"condition tcp * 8080 10.1.0.2/24 80"
		"  ip saddr != { 10.1.2.3, 10.2.0.0/16 }\n"
		"guarded veth0\n"
		"source veth0 02:00:5e:10:00:01\n";
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct list entries = { 0 };
	struct record_notes notes;
	const struct entry *entry;

	assert_string_equal(notes_of(c, "nat"), lines);
	noted_read(c, "net/eth0/c1", &notes);
	assert_true(noted_entries(c, &notes, false, &entries));
	assert_int_equal(entries.count, 4);
	entry = entries.items;
	assert_string_equal(entry[0].exempt, "10.8.0.0/16 10.9.0.0/16");
	assert_string_equal(entry[1].conditions,
			    " ip saddr != { 10.1.2.3, 10.2.0.0/16 }");
	assert_string_equal(entry[2].bridge_port, "veth0");
	assert_memory_equal(entry[3].mac, "\2\0\x5e\x10\0\1", MAC_LEN);
	assert_int_equal(attachment_release(c, 0, NULL), 0);
	assert_no_error(&f->job);
	assert_false(has_nat(c, "guarded veth0\n"));
	assert_false(has_nat(c, "source veth0 02:00:5e:10:00:01\n"));
	assert_false(has_nat(c, CONDITION("8080", POD1, "x")));
}

/* A DEL that is repeated has no record to go by; GC looks at everything. */
static void without_nftables_there_is_nothing_to_remove(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");

	break_nat(c);
	assert_int_equal(attachment_release(c, ~0U, NULL), 0);
	assert_int_equal(attachment_gc(c, NULL), 0);
	assert_no_error(&f->job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(without_nftables_there_is_nothing_to_remove),
		STATE_TEST(nat_is_noted_made_and_undone),
		STATE_TEST(nat_is_noted_before_it_is_made),
		STATE_TEST(release_removes_what_the_record_names),
		STATE_TEST(release_without_record_goes_by_owner_and_kind),
		STATE_TEST(record_stays_until_all_is_removed),
		STATE_TEST(port_of_a_dead_attachment_is_taken_over),
		STATE_TEST(gc_removes_nat_with_and_without_record),
		STATE_TEST(gc_keeps_the_records_of_what_it_cannot_remove),
		STATE_TEST(gc_notes_that_one_goes_before_it_removes_anything),
		STATE_TEST(exempt_subnets_and_conditions_survive_the_record),
	};

	return run_node_tests(tests);
}
