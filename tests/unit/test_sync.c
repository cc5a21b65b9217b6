/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "core/cni/tool.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "tests/unit/attachment_nat.h"

extern const struct tool sync_tool;

static const struct applet *const applets[] = { &applet, NULL };

static const char lines[] = MASQUERADE(POD1) PORT("8080", POD1);
static const char others[] =
	MASQUERADE("10.1.0.3/24") PORT("8081", "10.1.0.3/24");

static int run(struct job *job, struct str *out)
{
	struct call c = { .job = job, .applets = applets };
	char *argv[] = { "sync", NULL };

	call_open(&c);
	return sync_tool.run(&c, argv, out);
}

static void syncs(struct folder *f, const char *expected)
{
	struct str out = { .job = &f->job };

	assert_int_equal(run(&f->job, &out), 0);
	assert_no_error(&f->job);
	assert_string_equal(out.text, expected);
}

/* As nft flush ruleset does. */
static void destroy_tables(struct call *c)
{
	for (int i = 0; i < TABLES; i++) {
		struct nft nft;

		table_init(&nft, &c->nft, i);
		nft_begin(&nft, 0);
		nft_table_del(&nft);
		assert_int_equal(nft_commit(&nft), 0);
	}
}

static void sync_of_nothing_makes_nothing(void **state)
{
	struct call *c = call_of(*state, "c1");
	struct nft nft = { .nl = &c->nft, .family = 1, .table = "cnibox" };
	bool missing;

	syncs(*state, "0 attachments, 0 restored, 0 gone\n");
	assert_int_equal(nft_find_table(&nft, &missing), 0);
	assert_true(missing);
}

static void sync_restores_what_is_missing(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct call *other = attached(f, "c2", others);
	struct list some = entries_of(c, PORT("8080", POD1));

	syncs(f, "2 attachments, 0 restored, 0 gone\n");
	assert_int_equal(
		tables_del(&c->nft, "net/eth0/c1", &some, &(bool) { false }),
		0);
	assert_false(has_nat(c, lines));
	syncs(f, "2 attachments, 1 restored, 0 gone\n");
	assert_true(has_nat(c, lines));
	destroy_tables(c);
	destroy_tables(c);
	syncs(f, "2 attachments, 2 restored, 0 gone\n");
	assert_true(has_nat(c, lines));
	assert_true(has_nat(other, others));
}

/* Between what DEL removes first and the record, which it removes last. */
static void sync_leaves_what_is_being_removed(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);

	attached(f, "c2", others);
	record_leave(&f->job, applet.name, "net/eth0/c1");
	destroy_tables(c);
	syncs(f, "2 attachments, 1 restored, 1 gone\n");
	assert_false(has_nat(c, MASQUERADE(POD1)));
}

static void sync_removes_what_the_dead_have(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct call *other = attached(f, "c2", others);

	record_leave(&f->job, applet.name, "net/eth0/c2");
	syncs(f, "2 attachments, 0 restored, 1 gone\n");
	assert_true(has_nat(c, lines));
	assert_false(has_nat(other, MASQUERADE("10.1.0.3/24")));
	assert_false(has_nat(other, PORT("8081", "10.1.0.3/24")));
}

/* Its record says so, whatever its links say. */
static void sync_removes_what_one_has_whose_links_are_still_there(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);

	make_host_end(c, attachment_owner(c), -1);
	record_leave(&f->job, applet.name, attachment_owner(c));
	syncs(f, "1 attachments, 0 restored, 1 gone\n");
	assert_false(has_nat(c, MASQUERADE(POD1)));
	assert_false(has_nat(c, PORT("8080", POD1)));
}

/* As after a ruleset of earlier times was loaded again. */
static void sync_removes_what_has_neither_record_nor_host_end(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct call *other = attached(f, "c2", others);

	make_host_end(c, attachment_owner(other), -1);
	assert_int_equal(record_del(&f->job, applet.name, "net/eth0/c1"), 0);
	assert_int_equal(record_del(&f->job, applet.name, "net/eth0/c2"), 0);
	syncs(f, "0 attachments, 0 restored, 0 gone\n");
	assert_false(has_nat(c, MASQUERADE(POD1)));
	assert_false(has_nat(c, PORT("8080", POD1)));
	assert_true(has_nat(other, others));
}

/* One whose DEL is under way is its DEL's. */
static void sync_removes_the_records_of_the_dead(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct call *heir = attach(f, "eth1", "c1", lines);
	struct call *left = attached(f, "c3", PORT("8083", POD1));

	record_leave(&f->job, applet.name, "net/eth0/c3");
	put_file(CONFIG_STATE_DIR "/net:eth0:c1.bridge",
		 job_printf(&f->job, "netns 1 1 /nowhere\nheir %s\nnat %s",
			    attachment_owner(heir), lines),
		 0600);
	syncs(f, "3 attachments, 1 restored, 2 gone\n");
	assert_false(has_record(c));
	assert_true(has_record(left));
	assert_true(has_nat(heir, PORT("8080", POD1)));
	syncs(f, "2 attachments, 0 restored, 1 gone\n");
}

static void sync_restores_the_others_of_one_that_it_cannot(void **state)
{
	struct folder *f = *state;
	struct str out = { .job = &f->job };
	struct call *c = attached(f, "c1", lines);
	struct call *other = attached(f, "c2", others);

	put_file(CONFIG_STATE_DIR "/net:eth0:c1.bridge",
		 job_printf(&f->job, "%s%s",
			    file_text(&f->job,
				      CONFIG_STATE_DIR "/net:eth0:c1.bridge"),
			    "nat port tcp * 8080 10.1.0.9/24 80\n"),
		 0600);
	destroy_tables(c);
	assert_int_equal(run(&f->job, &out), -1);
	assert_failed(&f->job, CNI_INTERNAL, "not all could be restored", NULL);
	assert_true(has_nat(other, others));
}

/* A binary that has IPv6 may have written the record. */
static void sync_restores_what_this_binary_can(void **state)
{
	static const char v6[] =
		MASQUERADE("2001:db8::2/64") PORT("8080", "2001:db8::2/64");
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record;

	begun(c, &record);
	assert_int_equal(record_add(&record, "nat", "masquerade " POD1), 0);
	assert_int_equal(
		record_add(&record, "nat", "masquerade 2001:db8::2/64"), 0);
	assert_int_equal(
		record_add(&record, "nat", "port tcp * 8080 2001:db8::2/64 80"),
		0);
	syncs(f, "1 attachments, 1 restored, 0 gone\n");
	assert_true(has_nat(c, MASQUERADE(POD1)));
	if (IS_ENABLED(CONFIG_IPV6))
		assert_true(has_nat(c, v6));
	syncs(f, "1 attachments, 0 restored, 0 gone\n");
}

static void nothing_is_restored(void *arg)
{
	struct call *c = arg;
	bool changed, broken = false;

	assert_true(has_record(c));
	assert_int_equal(attachment_restore(c, attachment_owner(c), &changed,
					    &broken, NULL),
			 0);
	assert_false(changed || broken);
}

/* What somebody else does behind the next transaction. */
static void (*behind)(struct job *job);

/* In place of the libc's: all that goes to the kernel comes through here. */
ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const struct nlmsghdr *msg = buf;
	void (*happens)(struct job * job) = behind;
	ssize_t sent = sendto(fd, buf, len, flags, NULL, 0);
	struct job job = { 0 };

	if (happens && msg->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
		behind = NULL;
		happens(&job);
		job_free(&job);
	}
	return sent;
}

static void elements_go(struct job *job)
{
	struct nl nl;

	nl_init(&nl, job, -1, NETLINK_NETFILTER);
	assert_int_equal(tables_del_owner(&nl, "net/eth0/c1", ~0U), 0);
	nl_close(&nl);
}

static void del_begins(struct job *job)
{
	record_leave(job, applet.name, "net/eth0/c1");
	elements_go(job);
}

static void a_del_meanwhile_is_no_broken_table(void **state)
{
	struct {
		void (*happens)(struct job *job);
		bool broken;
	} cases[] = { { elements_go, true }, { del_begins, false } };
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct list restored = { 0 };
		bool changed, broken = false;

		elements_go(&f->job);
		behind = cases[i].happens;
		assert_int_equal(attachment_restore(c, "net/eth0/c1", &changed,
						    &broken, &restored),
				 0);
		assert_null(behind);
		assert_true(changed);
		assert_int_equal(broken, cases[i].broken);
		assert_false(has_nat(c, MASQUERADE(POD1)));
	}
}

static void what_a_failed_add_takes_back_is_not_restored(void **state)
{
	struct folder *f = *state;
	struct call *c = call_of(f, "c1");
	struct record record;

	begun(c, &record);
	undo_push(&f->job, nothing_is_restored, c);
	assert_int_equal(make(c, &record, lines), 0);
	undo_run(&f->job);
	assert_no_error(&f->job);
	assert_false(has_nat(c, MASQUERADE(POD1)));
	assert_false(has_record(c));
}

static void a_port_is_left_to_its_new_holder(void **state)
{
	struct folder *f = *state;
	struct call *c = attached(f, "c1", lines);
	struct call *other;

	destroy_tables(c);
	other = attached(f, "c2", PORT("8080", "10.1.0.3/24"));
	syncs(f, "2 attachments, 1 restored, 0 gone\n");
	assert_true(has_nat(other, PORT("8080", "10.1.0.3/24")));
	assert_true(has_nat(c, MASQUERADE(POD1)));
	syncs(f, "2 attachments, 0 restored, 0 gone\n");
	assert_int_equal(attachment_release(other, 0, NULL), 0);
	assert_true(has_nat(c, lines));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(sync_of_nothing_makes_nothing),
		STATE_TEST(sync_restores_what_is_missing),
		STATE_TEST(sync_leaves_what_is_being_removed),
		STATE_TEST(sync_removes_what_the_dead_have),
		STATE_TEST(
			sync_removes_what_one_has_whose_links_are_still_there),
		STATE_TEST(sync_removes_what_has_neither_record_nor_host_end),
		STATE_TEST(sync_removes_the_records_of_the_dead),
		STATE_TEST(sync_restores_the_others_of_one_that_it_cannot),
		STATE_TEST(sync_restores_what_this_binary_can),
		STATE_TEST(a_del_meanwhile_is_no_broken_table),
		STATE_TEST(what_a_failed_add_takes_back_is_not_restored),
		STATE_TEST(a_port_is_left_to_its_new_holder),
	};

	return run_node_tests(tests);
}
