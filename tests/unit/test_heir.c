/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attachments of one container that ask for the same port. */
#include <sys/wait.h>
#include <unistd.h>

#include "core/cni/heir.h"
#include "tests/unit/attachment_nat.h"

#define POD2 "10.1.0.3/24"
#define POD3 "10.1.0.4/24"

static const char *const ports[] = {
	PORT("8080", POD1),
	PORT("8080", POD2),
	PORT("8080", POD3),
};

/* Each has something of its own beside it. */
static const char *const asked[] = {
	PORT("8080", POD1) MASQUERADE(POD1),
	PORT("8080", POD2) MASQUERADE(POD2),
	PORT("8080", POD3) MASQUERADE(POD3),
};

static void detach(struct call *c)
{
	assert_int_equal(attachment_release(c, 0, NULL), 0);
	assert_no_error(c->job);
	assert_false(has_record(c));
}

/* The port belongs to the one of them that has this number. */
static void assert_owner(struct call *const *calls, int owner)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(calls[i] && has_nat(calls[i], ports[i]),
				 i == owner);
}

/* As CHECK has it. */
static void assert_served(struct call *const *calls)
{
	for (int i = 0; i < 3; i++) {
		struct list entries;

		if (!calls[i] || !has_record(calls[i]))
			continue;
		entries = entries_of(calls[i], ports[i]);
		assert_int_equal(attachment_check_entries(calls[i], &entries),
				 0);
	}
}

static void port_is_shared_by_attachments_of_one_container(void **state)
{
	struct folder *f = *state;
	struct call *calls[3] = { attached(f, "c1", ports[0]) };
	struct call *other = call_of(f, "c2");
	struct list entries = entries_of(other, ports[2]);
	struct record record;

	calls[1] = attach(f, "eth1", "c1", asked[1]);
	assert_owner(calls, 0);
	assert_true(has_nat(calls[1], MASQUERADE(POD2)));
	assert_string_equal(notes_of(calls[0], "heir"), "net/eth1/c1\n");
	assert_string_equal(notes_of(calls[1], "heir"), "");
	begun(other, &record);
	assert_int_equal(make(other, &record, ports[2]), -1);
	assert_failed(&f->job, CNI_INTERNAL,
		      "host port 8080/tcp is already published for net/eth0/c1",
		      NULL);
	assert_int_equal(attachment_check_entries(other, &entries), -1);
	assert_failed(&f->job, CNI_INTERNAL,
		      "host port 8080/tcp is published for net/eth0/c1", NULL);
	assert_owner(calls, 0);
	assert_string_equal(notes_of(calls[0], "heir"), "net/eth1/c1\n");
}

/* Each leaves in each order, and what is left has the port. */
static void port_goes_to_who_is_left(void **state)
{
	static const struct {
		int leaves[3], owner[3]; /* after that; -1: none */
	} table[] = {
		{ { 0, 1, 2 }, { 1, 2, -1 } }, { { 0, 2, 1 }, { 1, 1, -1 } },
		{ { 1, 0, 2 }, { 0, 2, -1 } }, { { 1, 2, 0 }, { 0, 0, -1 } },
		{ { 2, 0, 1 }, { 0, 1, -1 } }, { { 2, 1, 0 }, { 0, 0, -1 } },
	};
	static const char *const ifnames[] = { "eth0", "eth1", "eth2" };
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct call *calls[3];

		for (int j = 0; j < 3; j++)
			calls[j] = attach(f, ifnames[j], "c1", asked[j]);
		assert_owner(calls, 0);
		for (int j = 0; j < 3; j++) {
			detach(calls[table[i].leaves[j]]);
			assert_owner(calls, table[i].owner[j]);
			assert_served(calls);
		}
	}
}

/* Another container can have it when all are gone, not before. */
static void port_is_free_when_all_are_gone(void **state)
{
	struct folder *f = *state;
	struct call *first = attached(f, "c1", ports[0]);
	struct call *second = attach(f, "eth1", "c1", asked[1]);
	struct call *other = call_of(f, "c2");
	struct record record;

	begun(other, &record);
	detach(first);
	assert_int_equal(make(other, &record, ports[2]), -1);
	assert_failed(&f->job, CNI_INTERNAL,
		      "host port 8080/tcp is already published for net/eth1/c1",
		      NULL);
	detach(second);
	assert_int_equal(make(other, &record, ports[2]), 0);
	assert_true(has_nat(other, ports[2]));
}

static void port_is_shared_across_networks(void **state)
{
	struct folder *f = *state;
	struct call *first = attached(f, "c1", ports[0]);
	struct call *second = call_of(f, "c1");
	struct record record;

	second->net.name = "net2";
	begun(second, &record);
	assert_int_equal(make(second, &record, asked[1]), 0);
	assert_string_equal(notes_of(first, "heir"), "net2/eth0/c1\n");
	detach(first);
	assert_true(has_nat(second, ports[1]));
}

/* Containers are the same only by their whole name. */
static void port_is_not_shared_by_others(void **state)
{
	static const char *const others[] = { "c", "c11", "C1", "xc1" };
	struct folder *f = *state;
	struct record record;

	attached(f, "c1", ports[0]);
	for (size_t i = 0; i < COUNT(others); i++) {
		struct call *c = call_of(f, others[i]);

		begun(c, &record);
		assert_int_equal(make(c, &record, ports[1]), -1);
		assert_non_null(strstr(f->job.msg, "for net/eth0/c1"));
		f->job.msg = NULL;
	}
}

/* Without a record, or with one of a namespace that is gone. */
static void port_of_a_dead_one_of_the_container_is_taken_over(void **state)
{
	struct folder *f = *state;
	struct call *calls[3] = { attached(f, "c1", ports[0]) };
	struct record gone;

	assert_int_equal(record_del(&f->job, "bridge", "net/eth0/c1"), 0);
	calls[1] = attach(f, "eth1", "c1", ports[1]);
	assert_owner(calls, 1);
	assert_int_equal(record_del(&f->job, "bridge", "net/eth1/c1"), 0);
	calls[1]->netns.ino++;
	begun(calls[1], &gone);
	calls[2] = attach(f, "eth2", "c1", ports[2]);
	assert_owner(calls, 2);
	assert_string_equal(notes_of(calls[1], "heir"), "");
}

/* The heir gets all that it asked for, and nothing that is only the other's. */
static void heir_gets_everything_it_asked_for(void **state)
{
	static const char shared[] =
		PORT("8080", POD1) CONDITION("8080", POD1, "iifname eth0");
	static const char lines[] = PORT("8080", POD2)
		CONDITION("8080", POD2, "iifname eth0") PORT("8081", POD2);
	struct folder *f = *state;
	struct call *first = attach(f, "eth0", "c1", shared);
	struct call *own = attach(f, "eth9", "c1", PORT("9090", POD1));
	struct call *second = attach(f, "eth1", "c1", lines);

	assert_true(has_nat(second, PORT("8081", POD2)));
	assert_true(has_nat(first, shared));
	detach(own);
	detach(first);
	assert_true(has_nat(second, lines));
	assert_false(has_nat(second, PORT("9090", POD1)));
	detach(second);
	assert_false(has_nat(second, PORT("8081", POD2)));
}

static void heir_that_has_begun_to_go_inherits_nothing(void **state)
{
	struct folder *f = *state;
	struct call *first = attached(f, "c1", ports[0]);
	struct call *second = attach(f, "eth1", "c1", ports[1]);

	record_leave(&f->job, applet.name, attachment_owner(second));
	detach(first);
	assert_false(has_nat(second, ports[1]));
}

/* While the holder goes, too, and may have read that it is there. */
static void heir_that_goes_meanwhile_inherits_nothing(void **state)
{
	enum { ROUNDS = 200 };
	struct folder *f = *state;

	for (int i = 0; i < ROUNDS; i++) {
		struct call *first = attached(f, "c1", ports[0]);
		struct call *second = attach(f, "eth1", "c1", ports[1]);
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (!child) {
			nl_init(&second->nft, second->job, -1,
				NETLINK_NETFILTER);
			usleep((unsigned)i * 10);
			detach(second);
			_exit(0);
		}
		detach(first);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_false(has_nat(second, ports[1]));
	}
}

/* Its ADD has failed, and the port was never its own. */
static void undone_heir_inherits_nothing(void **state)
{
	struct folder *f = *state;
	struct call *first = attached(f, "c1", ports[0]), *second;

	f->job.undo = NULL;
	second = attach(f, "eth1", "c1", asked[1]);
	undo_run(&f->job);
	assert_false(has_record(second));
	assert_true(has_nat(first, ports[0]));
	detach(first);
	assert_false(has_nat(first, ports[0]));
	assert_false(has_nat(second, ports[1]));
}

/* Another container has the port after somebody has flushed the tables. */
static void heir_that_goes_without_is_no_error(void **state)
{
	struct folder *f = *state;
	struct call *first = attached(f, "c1", ports[0]);
	struct call *other = call_of(f, "c2");
	struct list entries = entries_of(first, ports[0]);
	const char *owner = attachment_owner(first);
	struct record record;
	bool missing;

	attach(f, "eth1", "c1", ports[1]);
	assert_int_equal(tables_del(&first->nft, owner, &entries, &missing), 0);
	begun(other, &record);
	assert_int_equal(make(other, &record, ports[2]), 0);
	/* But what has failed before is one. */
	f->job.msg = "before";
	assert_int_equal(heir_leave(first, owner, false), 0);
	assert_string_equal(f->job.msg, "before");
	f->job.msg = NULL;
	detach(first);
	assert_true(has_nat(other, ports[2]));
}

static void record_stays_until_the_heir_has_the_port(void **state)
{
	struct folder *f = *state;
	struct call *first = attached(f, "c1", ports[0]);
	struct call *second = attach(f, "eth1", "c1", asked[1]);

	break_nat(first);
	assert_int_equal(attachment_release(first, 0, NULL), -1);
	f->job.msg = NULL;
	assert_true(has_record(first));
	nl_init(&first->nft, &f->job, -1, NETLINK_NETFILTER);
	detach(first);
	assert_true(has_nat(second, ports[1]));
}

/* With nothing else to do there is no transaction. */
static void port_may_be_all_that_is_asked_for(void **state)
{
	struct folder *f = *state;
	struct call *calls[3] = { attached(f, "c1", ports[0]) };

	calls[1] = attach(f, "eth1", "c1", ports[1]);
	calls[2] = attach(f, "eth2", "c1", ports[2]);
	assert_owner(calls, 0);
	for (int i = 0; i < 3; i++) {
		detach(calls[i]);
		assert_owner(calls, i < 2 ? i + 1 : -1);
	}
}

/* One heir is as dead as the holder. */
static void gc_of_the_holder_leaves_the_port_to_the_living_heir(void **state)
{
	static const char *const ifnames[] = { "eth0", "eth1", "eth2" };
	struct folder *f = *state;
	struct call *gc = collection(f, "c1"), *calls[3];
	struct attachment *valid = gc->net.attachments.items;

	for (int i = 0; i < 3; i++)
		calls[i] = attach(f, ifnames[i], "c1", asked[i]);
	valid->ifname = ifnames[2];
	assert_int_equal(attachment_gc(gc, NULL), 0);
	assert_no_error(&f->job);
	assert_owner(calls, 2);
	assert_false(has_nat(calls[1], MASQUERADE(POD2)));
	gc->net.attachments.count = 0;
	assert_int_equal(attachment_gc(gc, NULL), 0);
	assert_owner(calls, -1);
	assert_false(has_nat(calls[2], MASQUERADE(POD3)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(port_is_shared_by_attachments_of_one_container),
		STATE_TEST(port_goes_to_who_is_left),
		STATE_TEST(heir_that_has_begun_to_go_inherits_nothing),
		STATE_TEST(heir_that_goes_meanwhile_inherits_nothing),
		STATE_TEST(port_is_free_when_all_are_gone),
		STATE_TEST(port_is_shared_across_networks),
		STATE_TEST(port_is_not_shared_by_others),
		STATE_TEST(port_of_a_dead_one_of_the_container_is_taken_over),
		STATE_TEST(heir_gets_everything_it_asked_for),
		STATE_TEST(undone_heir_inherits_nothing),
		STATE_TEST(heir_that_goes_without_is_no_error),
		STATE_TEST(gc_of_the_holder_leaves_the_port_to_the_living_heir),
		STATE_TEST(port_may_be_all_that_is_asked_for),
		STATE_TEST(record_stays_until_the_heir_has_the_port),
	};

	return run_node_tests(tests);
}
