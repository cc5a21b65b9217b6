/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/attachment.h"
#include "core/netns.h"

#include <netinet/in.h>

#include <linux/netlink.h>

#include "node.h"

static const struct applet applet = { .name = "bridge" };

/* A fresh tmpfs over the first folder of STATE_DIR. */
static int state_up(void **state)
{
	char top[] = CONFIG_STATE_DIR;
	char *end = strchr(top + 1, '/');

	if (node_up(state) < 0)
		return -1;
	if (end)
		*end = '\0';
	mkdir(top, 0755);
	return mount("state", top, "tmpfs", 0, NULL);
}

#define STATE_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, state_up, folder_down)

/* A call of container's eth0, whose namespace is ours; open until we exit. */
static struct call *call_of(struct folder *f, const char *container)
{
	struct call *c = job_alloc(&f->job, sizeof(*c));
	bool found;

	*c = (struct call) {
		.job = &f->job,
		.applet = &applet,
		.env = { .container = container,
			 .ifname = "eth0",
			 .netns = "/proc/self/ns/net" },
		.net.name = "net",
	};
	assert_int_equal(netns_find(&f->job, c->env.netns, &c->netns, &found),
			 0);
	assert_true(found);
	nl_init(&c->nft, &f->job, -1, NETLINK_NETFILTER);
	return c;
}

/* Kinds of release, for attachment_begin(). */
static int release_must_not_be_called(struct call *c)
{
	return fail(c->job, CNI_INTERNAL, "released");
}

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

/* The notes of one kind, one line each; NULL: there is no record. */
static const char *notes_of(struct call *c, const char *kind)
{
	const struct record_note *note;
	const char *all = "";
	struct list notes;
	bool found;

	assert_int_equal(record_read(c->job, applet.name, attachment_owner(c),
				     &notes, &found),
			 0);
	if (!found)
		return NULL;
	note = notes.items;
	for (size_t i = 0; i < notes.count; i++) {
		if (strcmp(note[i].kind, kind) == 0)
			all = job_printf(c->job, "%s%s\n", all, note[i].text);
	}
	return all;
}

static bool has_record(struct call *c)
{
	return notes_of(c, "");
}

static void begun(struct call *c, struct record *record)
{
	assert_int_equal(
		attachment_begin(c, record, release_must_not_be_called), 0);
	assert_no_error(c->job);
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
	assert_true(record_alive(&f->job, "bridge", "net/eth0/c1"));
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

static void begin_gives_up_if_release_fails(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record, again;

	begun(c, &record);
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
	struct record record;
	struct list entries;

	assert_int_equal(attachment_release(c, ~0U, &entries), 0);
	begun(c, &record);
	assert_int_equal(attachment_nat(c, &record, &entries), 0);
	assert_int_equal(attachment_release(c, ~0U, &entries), 0);
	assert_no_error(&f->job);
	assert_int_equal(entries.count, 0);
	assert_false(has_record(c));
}

static const char *dropped;

static int drop(struct call *c, const char *owner, const struct list *entries)
{
	dropped =
		job_printf(c->job, "%s%s:%zu ", dropped, owner, entries->count);
	return 0;
}

static int drop_badly(struct call *c, const char *owner,
		      const struct list *entries)
{
	(void)owner, (void)entries;
	return fail(c->job, CNI_INTERNAL, "still in use");
}

/* A call of GC to which the interface eth0 of one container is valid. */
static struct call *collection(struct folder *f, const char *container)
{
	struct call *c = call_of(f, "");
	struct attachment *valid =
		list_add(&f->job, &c->net.attachments, sizeof(*valid));

	*valid = (struct attachment) { container, "eth0" };
	return c;
}

static void dead_is_what_the_network_has_and_gc_does_not_list(void **state)
{
	struct folder *f = *state;
	struct call *gc = collection(f, "c1");

	assert_false(attachment_is_dead(gc, "net/eth0/c1"));
	assert_true(attachment_is_dead(gc, "net/eth1/c1"));
	assert_true(attachment_is_dead(gc, "net/eth0/c2"));
	assert_false(attachment_is_dead(gc, "other/eth0/c2"));
	assert_false(attachment_is_dead(gc, "net2/eth0/c2"));
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
	assert_string_equal(dropped, "net/eth0/c2:0 ");
	assert_true(has_record(c1));
	assert_false(has_record(c2));
	assert_true(has_record(foreign));
	assert_true(record_alive(&f->job, "portmap", "net/eth0/c2"));
}

/* ---- with NAT */

#define POD1		  "10.1.0.2/24"
#define MASQUERADE(pod)	  "masquerade " pod "\n"
#define PORT(number, pod) "port tcp * " number " " pod " 80\n"

/* Entries that are told by lines as records have them. */
static struct list entries_of(struct call *c, const char *lines)
{
	struct list entries = { 0 };

	while (*lines) {
		size_t len = strcspn(lines, "\n");
		struct nat_entry *entry =
			list_add(c->job, &entries, sizeof(*entry));

		assert_true(nat_entry_parse(
			c->job, job_strndup(c->job, lines, len), entry));
		lines += len + 1;
	}
	return entries;
}

static bool has_nat(struct call *c, const char *lines)
{
	struct list entries = entries_of(c, lines);
	const char *owner = attachment_owner(c);
	bool has = nat_check(&c->nft, owner, &entries) == 0;

	c->job->msg = NULL;
	return has;
}

static int make(struct call *c, struct record *record, const char *lines)
{
	struct list entries = entries_of(c, lines);

	return attachment_nat(c, record, &entries);
}

/* An attachment with these entries. */
static struct call *attached(struct folder *f, const char *container,
			     const char *lines)
{
	struct record *record = job_alloc(&f->job, sizeof(*record));
	struct call *c = call_of(f, container);

	begun(c, record);
	assert_int_equal(make(c, record, lines), 0);
	assert_no_error(&f->job);
	assert_true(has_nat(c, lines));
	return c;
}

/* From now on the kernel takes no changes of NAT. */
static void break_nat(struct call *c)
{
	nl_close(&c->nft);
	nl_init(&c->nft, c->job, -1, 1000);
}

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
	assert_int_equal(make(c, &record, lines), -1);
	assert_non_null(strstr(f->job.msg, "write record of net/eth0/c1"));
	f->job.msg = NULL;
	assert_false(has_nat(c, MASQUERADE(POD1)));
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
	const struct nat_entry *entry;
	struct list entries;

	/* Whatever kinds, the record says more. */
	assert_int_equal(attachment_release(c, 0, &entries), 0);
	assert_no_error(&f->job);
	assert_int_equal(entries.count, 2);
	entry = entries.items;
	assert_int_equal(entry[0].kind, NAT_MASQUERADE);
	assert_int_equal(entry[1].kind, NAT_PORT);
	assert_int_equal(entry[1].host_port, 8080);
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
	struct list entries;

	assert_int_equal(record_del(&f->job, "bridge", "net/eth0/c1"), 0);
	assert_int_equal(attachment_release(c, 1 << NAT_PORT, &entries), 0);
	assert_no_error(&f->job);
	assert_int_equal(entries.count, 0);
	assert_true(has_nat(c, MASQUERADE(POD1)));
	assert_false(has_nat(c, PORT("8080", POD1)));
	assert_int_equal(attachment_release(c, 1 << NAT_MASQUERADE, &entries),
			 0);
	assert_false(has_nat(c, MASQUERADE(POD1)));
	assert_true(has_nat(other, others));
}

static void record_stays_until_all_is_removed(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", MASQUERADE(POD1));
	struct list entries;

	break_nat(c);
	assert_int_equal(attachment_release(c, 0, &entries), -1);
	assert_non_null(f->job.msg);
	f->job.msg = NULL;
	assert_true(has_record(c));
	nl_init(&c->nft, &f->job, -1, NETLINK_NETFILTER);
	assert_int_equal(attachment_release(c, 0, &entries), 0);
	assert_int_equal(entries.count, 1);
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
	assert_string_equal(dropped, "net/eth0/c2:1 ");
	assert_true(has_nat(c1, port1));
	assert_false(has_nat(c2, port2));
	assert_false(has_nat(c3, port3));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(begin_records_the_namespace),
		STATE_TEST(begin_releases_what_was_left),
		STATE_TEST(begin_after_release_is_alone),
		STATE_TEST(begin_gives_up_if_release_fails),
		STATE_TEST(release_of_what_never_was_is_success),
		STATE_TEST(dead_is_what_the_network_has_and_gc_does_not_list),
		STATE_TEST(gc_drops_the_records_of_the_dead),
	};
	static const struct CMUnitTest nat_tests[] = {
		STATE_TEST(nat_is_noted_made_and_undone),
		STATE_TEST(nat_is_noted_before_it_is_made),
		STATE_TEST(release_removes_what_the_record_names),
		STATE_TEST(release_without_record_goes_by_owner_and_kind),
		STATE_TEST(record_stays_until_all_is_removed),
		STATE_TEST(port_of_a_dead_attachment_is_taken_over),
		STATE_TEST(gc_removes_nat_with_and_without_record),
	};
	int failed = run_node_tests(tests);

	if (IS_ENABLED(CONFIG_NAT))
		failed += run_node_tests(nat_tests);
	return failed;
}
