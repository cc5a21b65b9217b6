/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocol.h"

struct full_conf {
	int mtu;
	const char *mode;
};

static const struct conf_key full_keys[] = {
	{ "mtu", CONF_INT, AT(full_conf, mtu), .max = 9000 },
	{ "mode", CONF_STRING, AT(full_conf, mode) },
	CONF_END
};

static const struct full_conf full_defaults = { .mtu = 1500 };

static int validate(struct call *c)
{
	const struct full_conf *conf = c->conf;

	note("validate");
	if (conf->mtu == 1)
		return fail(c->job, CNI_BAD_CONFIG, "mtu is 1");
	return 0;
}

/* Everything a verb gets. */
static int tell(struct call *c, const char *verb)
{
	const struct full_conf *conf = c->conf;

	note(job_printf(c->job, "%s:%s:%s:%s:%s:%d:%d", verb, c->net.name,
			c->env.container, c->env.ifname,
			conf->mode ? conf->mode : "", conf->mtu,
			c->netns.fd >= 0));
	return 0;
}

static int full_add(struct call *c)
{
	struct result_interface *interface =
		list_add(c->job, &c->result.interfaces, sizeof(*interface));

	interface->name = c->env.ifname;
	return tell(c, "add");
}

static int full_del(struct call *c)
{
	return tell(c, "del");
}

static int full_check(struct call *c)
{
	return tell(c, "check");
}

static int full_status(struct call *c)
{
	return tell(c, "status");
}

static int full_gc(struct call *c)
{
	return tell(c, "gc");
}

static const struct applet full = {
	.name = "full",
	.keys = full_keys,
	.conf_size = sizeof(struct full_conf),
	.defaults = &full_defaults,
	.defaults_size = sizeof(full_defaults),
	.takes_args = true,
	.validate = validate,
	.add = full_add,
	.del = full_del,
	.check = full_check,
	.status = full_status,
	.gc = full_gc,
};

static const struct applet bare = { .name = "bare" };

/* The same, but of no use without a namespace. */
static const struct applet inside = {
	.name = "inside",
	.keys = full_keys,
	.conf_size = sizeof(struct full_conf),
	.needs_netns = true,
	.add = full_add,
	.del = full_del,
	.check = full_check,
};

#define ANSWER                                                                 \
	"{\n"                                                                  \
	"    \"cniVersion\": \"1.1.0\",\n"                                     \
	"    \"interfaces\": [\n"                                              \
	"        {\n"                                                          \
	"            \"name\": \"eth0\"\n"                                     \
	"        }\n"                                                          \
	"    ]\n"                                                              \
	"}"

static void verbs_get_what_they_are_given(void **state)
{
	static const struct {
		struct trial trial;
		const char *out, *log;
	} table[] = {
		{ { &full, NET ",\"mode\":\"m\"}" },
		  ANSWER,
		  "validate add:net:c1:eth0:m:1500:0 " },
		{ { &full, NET ",\"mtu\":9}", { "CNI_COMMAND=CHECK" } },
		  "",
		  "validate check:net:c1:eth0::9:0 " },
		{ { &full, NET "}", { "CNI_COMMAND=DEL" } },
		  "",
		  "del:net:c1:eth0::1500:0 " },
		{ { &full, NET "}", { "CNI_COMMAND=DEL", "CNI_NETNS" } },
		  "",
		  "del:net:c1:eth0::1500:0 " },
		{ { &full,
		    NET "}",
		    { "CNI_COMMAND=STATUS", "CNI_CONTAINERID=", "CNI_NETNS=",
		      "CNI_IFNAME=", "CNI_PATH=" } },
		  "",
		  "validate status:net::::1500:0 " },
		{ { &full,
		    NET VALID "[]}",
		    { "CNI_COMMAND=GC", "CNI_CONTAINERID", "CNI_NETNS",
		      "CNI_IFNAME" } },
		  "",
		  "validate gc:net::::1500:0 " },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct outcome o = call(&f->job, &table[i].trial);

		assert_succeeded(&o, table[i].out);
		assert_string_equal(o.log, table[i].log);
	}
}

static void verbs_left_out_succeed(void **state)
{
	static const char *const commands[] = { "CNI_COMMAND=DEL",
						"CNI_COMMAND=CHECK",
						"CNI_COMMAND=STATUS",
						"CNI_COMMAND=GC" };
	struct folder *f = *state;
	struct trial trial = { &bare, NET ",\"mtu\":[]}" };
	struct outcome o = call(&f->job, &trial);

	assert_succeeded(&o, "{\n    \"cniVersion\": \"1.1.0\"\n}");
	for (size_t i = 0; i < COUNT(commands); i++) {
		trial.env[0] = commands[i];
		o = call(&f->job, &trial);
		assert_succeeded(&o, "");
	}
}

static void keys_arguments_and_validate_refuse_all_but_del(void **state)
{
	static const struct {
		const char *conf, *args, *log;
		int code;
		const char *msg;
	} table[] = {
		{ NET ",\"mtu\":9001}", "CNI_ARGS=", "", 7,
		  "mtu: expected an integer from 0 to 9000, got 9001" },
		{ NET "}", "CNI_ARGS=FOO=BAR", "", 4,
		  "CNI_ARGS: ARGS: unknown args [\"FOO=BAR\"]" },
		{ NET ",\"mtu\":1}", "CNI_ARGS=", "validate ", 7, "mtu is 1" },
	};
	static const char *const commands[] = { "CNI_COMMAND=ADD",
						"CNI_COMMAND=CHECK",
						"CNI_COMMAND=STATUS",
						"CNI_COMMAND=GC" };
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct trial trial = { &full,
				       table[i].conf,
				       { NULL, table[i].args } };
		struct outcome o;

		for (size_t j = 0; j < COUNT(commands); j++) {
			trial.env[0] = commands[j];
			o = call(&f->job, &trial);
			assert_refused(&f->job, &o, table[i].code, table[i].msg,
				       NULL);
			assert_string_equal(o.log, table[i].log);
		}
		trial.env[0] = "CNI_COMMAND=DEL";
		o = call(&f->job, &trial);
		assert_int_equal(o.status, 0);
		assert_string_equal(o.out, "");
		assert_ptr_equal(strstr(o.log, "del:net:c1:eth0::"), o.log);
	}
}

static void arguments_are_for_those_who_take_them(void **state)
{
	static const struct trial trial = { &bare,
					    NET "}",
					    { "CNI_ARGS=none" } };
	struct folder *f = *state;
	struct outcome o = call(&f->job, &trial);

	assert_int_equal(o.status, 0);
}

static void del_warns_of_keys_and_takes_defaults(void **state)
{
	static const struct trial trial = {
		&full,
		NET ",\"mtu\":\"x\",\"mode\":\"m\",\"ipam\":5}",
		{ "CNI_COMMAND=DEL" }
	};
	struct folder *f = *state;
	struct outcome o = call(&f->job, &trial);

	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "");
	assert_string_equal(o.log, "del:net:c1:eth0:m:1500:0 ");
	assert_string_equal(
		o.err,
		"full: ipam: expected an object, got 5\n"
		"full: mtu: expected an integer from 0 to 9000, got \"x\"\n");
}

/* ---- failing */

static void noted_undo(void *arg)
{
	note(arg);
}

static int undoable(struct call *c)
{
	undo_push(c->job, noted_undo, (void *)"undo1");
	undo_push(c->job, noted_undo, (void *)"undo2");
	undo_push(c->job, noted_undo, (void *)"undo3");
	note("done");
	return 0;
}

static int undoable_fails(struct call *c)
{
	undoable(c);
	fail_details(c->job, 123, "and why", "it failed");
	fail(c->job, 124, "later");
	return -1;
}

static int undoable_says_it_succeeds(struct call *c)
{
	undoable_fails(c);
	return 0;
}

static const struct applet good = { .name = "good",
				    .add = undoable,
				    .del = undoable };
static const struct applet failing = { .name = "failing",
				       .add = undoable_fails,
				       .del = undoable_fails,
				       .check = undoable_says_it_succeeds };
static const struct applet lying = { .name = "lying",
				     .add = undoable_says_it_succeeds };

static void failed_add_is_undone_in_reverse(void **state)
{
	static const struct {
		struct trial trial;
		bool fails;
		const char *log;
	} table[] = {
		{ { &good, NET "}" }, false, "done " },
		{ { &good, NET "}", { "CNI_COMMAND=DEL" } }, false, "done " },
		{ { &failing, NET "}" }, true, "done undo3 undo2 undo1 " },
		{ { &lying, NET "}" }, true, "done undo3 undo2 undo1 " },
		{ { &failing, NET "}", { "CNI_COMMAND=DEL" } }, true, "done " },
		{ { &failing, NET "}", { "CNI_COMMAND=CHECK" } },
		  true,
		  "done " },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct outcome o = call(&f->job, &table[i].trial);

		assert_string_equal(o.log, table[i].log);
		assert_int_equal(o.status, table[i].fails);
		if (!table[i].fails)
			continue;
		assert_refused(&f->job, &o, 123, "it failed", "and why");
		assert_non_null(strstr(o.err, ": later\n"));
	}
}

static void full_stdout(void)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
}

static void broken_stdout(void)
{
	int ends[2];

	if (pipe(ends) < 0)
		_exit(99);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
}

static void close_stdout(void)
{
	close(STDOUT_FILENO);
}

static void add_whose_answer_cannot_be_written_is_undone(void **state)
{
	static const struct {
		void (*before)(void);
		const char *why;
	} table[] = {
		{ full_stdout, "No space left on device" },
		{ broken_stdout, "Broken pipe" },
		{ close_stdout, "Bad file descriptor" },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct trial trial = { &good, NET "}",
					     .before = table[i].before };
		struct outcome o = call(&f->job, &trial);

		assert_int_equal(o.status, 1);
		assert_string_equal(o.log, "done undo3 undo2 undo1 ");
		assert_non_null(
			strstr(o.err, job_printf(&f->job,
						 "good: write to stdout: %s\n",
						 table[i].why)));
	}
}

static void add_whose_answer_cannot_be_told_is_undone(void **state)
{
	static const struct trial trial = {
		&good, "{\"cniVersion\":\"0.2.0\",\"name\":\"net\"}"
	};
	struct folder *f = *state;
	struct outcome o;

	if (!IS_ENABLED(CONFIG_LEGACY_RESULTS)) {
		print_message("every result can be told without 0.2.0\n");
		skip();
	}
	o = call(&f->job, &trial);
	assert_refused(&f->job, &o, 999,
		       "cannot convert: no valid IP addresses", NULL);
	assert_string_equal(o.log, "done undo3 undo2 undo1 ");
}

/* ---- the namespace */

#define OWN "CNI_NETNS=/proc/self/ns/net"

static void own_namespace_is_refused_before_anything(void **state)
{
	static const struct {
		const char *command, *override;
		bool refused;
	} table[] = {
		{ "CNI_COMMAND=ADD", "X=", true },
		{ "CNI_COMMAND=DEL", "X=", false },
		{ "CNI_COMMAND=CHECK", "X=", false },
		{ "CNI_COMMAND=STATUS", "X=", false },
		{ "CNI_COMMAND=GC", "X=", false },
		{ "CNI_COMMAND=ADD", "CNI_NETNS_OVERRIDE=1", false },
		{ "CNI_COMMAND=DEL", "CNI_NETNS_OVERRIDE=tRue", false },
		{ "CNI_COMMAND=ADD", "CNI_NETNS_OVERRIDE=", true },
		{ "CNI_COMMAND=ADD", "CNI_NETNS_OVERRIDE=0", true },
		{ "CNI_COMMAND=ADD", "CNI_NETNS_OVERRIDE=yes", true },
		{ "CNI_COMMAND=ADD", "CNI_NETNS_OVERRIDE=11", true },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct trial trial = { &full,
					     NET VALID "[]}",
					     { OWN, table[i].command,
					       table[i].override } };
		struct outcome o = call(&f->job, &trial);

		assert_int_equal(!*o.log, table[i].refused);
		if (table[i].refused)
			assert_refused(
				&f->job, &o, 8,
				"plugin's netns and netns from CNI_NETNS should not be the same",
				NULL);
		else
			assert_int_equal(o.status, 0);
	}
}

static void missing_namespace_is_refused_where_it_is_used(void **state)
{
	static const struct {
		const char *netns;
		const char *command;
		bool refused;
	} table[] = {
		{ "/nowhere", "CNI_COMMAND=ADD", true },
		{ "/nowhere", "CNI_COMMAND=CHECK", true },
		{ "/nowhere", "CNI_COMMAND=DEL", false },
		{ "in/below", "CNI_COMMAND=ADD", true },
		{ "in", "CNI_COMMAND=ADD", true },
		{ "in", "CNI_COMMAND=DEL", false },
		{ "/proc/self/ns/mnt", "CNI_COMMAND=ADD", true },
		{ "", "CNI_COMMAND=DEL", false },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct trial trial = {
			&inside,
			NET "}",
			{ table[i].command,
			  job_printf(&f->job, "CNI_NETNS=%s", table[i].netns) }
		};
		struct outcome o = call(&f->job, &trial);

		assert_int_equal(!*o.log, table[i].refused);
		if (table[i].refused)
			assert_refused(
				&f->job, &o, 8,
				job_printf(
					&f->job,
					"failed to open netns \"%s\": there is no network namespace",
					table[i].netns),
				NULL);
	}
}

static void other_namespace_is_open_for_every_verb(void **state)
{
	static const char *const verbs[] = { "ADD", "DEL", "CHECK" };
	struct folder *f = *state;

	if (geteuid() != 0) {
		print_message("needs root\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(verbs); i++) {
		const struct trial trial = {
			&inside,
			NET "}",
			{ job_printf(&f->job, "CNI_COMMAND=%s", verbs[i]) },
			.elsewhere = true
		};
		struct outcome o = call(&f->job, &trial);

		assert_int_equal(o.status, 0);
		assert_non_null(strstr(o.log, ":net:c1:eth0::0:1 "));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(verbs_get_what_they_are_given),
		FOLDER_TEST(verbs_left_out_succeed),
		FOLDER_TEST(keys_arguments_and_validate_refuse_all_but_del),
		FOLDER_TEST(arguments_are_for_those_who_take_them),
		FOLDER_TEST(del_warns_of_keys_and_takes_defaults),
		FOLDER_TEST(failed_add_is_undone_in_reverse),
		FOLDER_TEST(add_whose_answer_cannot_be_written_is_undone),
		FOLDER_TEST(add_whose_answer_cannot_be_told_is_undone),
		FOLDER_TEST(own_namespace_is_refused_before_anything),
		FOLDER_TEST(missing_namespace_is_refused_where_it_is_used),
		FOLDER_TEST(other_namespace_is_open_for_every_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
