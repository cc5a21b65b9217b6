/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/delegate.h"

#include <libgen.h>

#include "folder.h"

#define DOC "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"pool\":\"blue\"}"
#define ANSWER(ip)                                                             \
	"{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"" ip "\"}]}"

/* ---- this binary as an IPAM plugin: within a caller, and run by one */

static const struct applet self;

struct self_conf {
	const char *pool;
};

static const struct conf_key self_keys[] = {
	{ "pool", CONF_STRING, AT(self_conf, pool) }, CONF_END
};

static void log_line(const char *text)
{
	FILE *log = fopen("log", "a");

	if (log) {
		fprintf(log, "%s\n", text);
		fclose(log);
	}
}

static int self_note(struct call *c, const char *verb)
{
	const struct self_conf *conf = c->conf;

	if (c->applet != &self)
		log_line("called with another's applet");
	log_line(job_printf(c->job, "%s %s within", verb, conf->pool));
	return 0;
}

static void self_undo(void *arg)
{
	(void)arg;
	log_line("undone");
}

static int self_add(struct call *c)
{
	struct result_ip *ip = list_add(c->job, &c->result.ips, sizeof(*ip));

	self_note(c, "ADD");
	if (strcmp(c->env.container, "unlucky") == 0)
		return fail_details(c->job, 11, "all taken", "no address");
	undo_push(c->job, self_undo, NULL);
	return prefix_parse("10.0.0.9/24", &ip->address) ? 0 : -1;
}

static int self_del(struct call *c)
{
	return self_note(c, "DEL");
}

static int self_check(struct call *c)
{
	return self_note(c, "CHECK");
}

static const struct applet self = {
	.name = "self",
	.keys = self_keys,
	.conf_size = sizeof(struct self_conf),
	.add = self_add,
	.del = self_del,
	.check = self_check,
};

static int run_as_plugin(void)
{
	log_line("run");
	puts(ANSWER("10.0.0.8/24"));
	return 0;
}

/* ---- the caller */

static const struct applet caller = { .name = "caller" };
static const struct applet *const applets[] = { &caller, &self, NULL };

/* A call whose IPAM plugin is type, looked for in path. */
static struct call *call_to(struct folder *f, const char *type,
			    const char *path)
{
	struct call *c = job_alloc(&f->job, sizeof(*c));
	struct json *doc;

	*c = (struct call) {
		.job = &f->job,
		.applet = &caller,
		.applets = applets,
		.env = { "ADD", "c1", "", "eth0", "", path },
		.text = DOC,
		.len = strlen(DOC),
		.net = { .version = "1.0.0", .name = "net", .ipam = type },
		.netns.fd = -1,
	};
	assert_int_equal(json_parse(&f->job, "", c->text, c->len, &doc), 0);
	c->doc = doc;
	setenv("CNI_COMMAND", "ADD", 1);
	return c;
}

static void put_plugin(struct folder *f, const char *path, const char *script)
{
	put_file(path, job_printf(&f->job, "#!/bin/sh\n%s\n", script), 0700);
}

/* Puts a plugin that prints answer and ends with status. */
static void put_answer(struct folder *f, const char *path, const char *answer,
		       int status)
{
	put_file("answer", answer, 0600);
	put_plugin(f, path,
		   job_printf(&f->job,
			      "cat >stdin; echo $CNI_COMMAND >>log\n"
			      "cat answer; exit %d",
			      status));
}

/* What ipam_add(c, 2) has put into the result. */
static void assert_address(const struct call *c, const char *address)
{
	const struct result_ip *ips = c->result.ips.items;
	char text[PREFIX_TEXT];

	assert_int_equal(c->result.ips.count, 1);
	assert_true(ips->has_interface);
	assert_int_equal(ips->interface, 2);
	assert_string_equal(prefix_print(&ips->address, text), address);
}

static void plugin_is_the_first_regular_file_in_the_path(void **state)
{
	static const struct {
		const char *path;
		const char *address;
	} table[] = {
		{ "a", "10.0.0.1/24" },
		{ "a:b", "10.0.0.1/24" },
		{ "b:a", "10.0.0.2/24" },
		{ "b/:a", "10.0.0.2/24" },
		{ "nowhere:b", "10.0.0.2/24" },
		{ "folder:b:a", "10.0.0.2/24" },
		{ "fifo:b", "10.0.0.2/24" },
		{ "dangling:b", "10.0.0.2/24" },
		{ "link:b", "10.0.0.1/24" },
		{ "a/fake:b", "10.0.0.2/24" },
		{ "nowhere:", "10.0.0.3/24" },
		{ ":b", "10.0.0.3/24" },
		{ "nowhere::b", "10.0.0.3/24" },
		{ "::", "10.0.0.3/24" },
	};
	struct folder *f = *state;

	assert_int_equal(system("mkdir -p a b folder/fake fifo dangling link;"
				"mkfifo fifo/fake; ln -s no dangling/fake;"
				"ln -s ../a/fake link/fake"),
			 0);
	put_plugin(f, "a/fake", "echo '" ANSWER("10.0.0.1/24") "'");
	put_plugin(f, "b/fake", "echo '" ANSWER("10.0.0.2/24") "'");
	put_plugin(f, "fake", "echo '" ANSWER("10.0.0.3/24") "'");
	for (size_t i = 0; i < COUNT(table); i++) {
		struct call *c = call_to(f, "fake", table[i].path);

		assert_int_equal(ipam_add(c, 2), 0);
		assert_address(c, table[i].address);
	}
}

static void plugin_that_is_not_found_is_an_error(void **state)
{
	static const struct {
		const char *type, *path;
		int code;
		const char *msg;
	} table[] = {
		{ "a/fake", "a", 7, "invalid plugin name: a/fake" },
		{ "/bin/true", "", 7, "invalid plugin name: /bin/true" },
		{ "fake", "", 4, "required env variables [CNI_PATH] missing" },
		{ "fake", "a:nowhere", 7,
		  "failed to find plugin \"fake\" in path [a nowhere]" },
		{ "..", "a", 7, "failed to find plugin \"..\" in path [a]" },
		{ "plain", "a", 999, "run a/plain: Permission denied" },
	};
	static int (*const verbs[])(struct call *) = { ipam_del, ipam_check,
						       ipam_status, ipam_gc };
	struct folder *f = *state;

	assert_int_equal(mkdir("a", 0700), 0);
	put_file("a/plain", "#!/bin/sh\n", 0600);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct call *c = call_to(f, table[i].type, table[i].path);

		assert_int_equal(ipam_add(c, 2), -1);
		assert_failed(&f->job, table[i].code, table[i].msg, NULL);
		for (size_t j = 0; j < COUNT(verbs); j++) {
			assert_int_equal(verbs[j](c), -1);
			assert_failed(&f->job, table[i].code, table[i].msg,
				      NULL);
		}
	}
}

static void without_type_there_is_nothing_to_ask(void **state)
{
	struct folder *f = *state;

	struct call *c = call_to(f, NULL, "");

	assert_int_equal(ipam_del(c), 0);
	assert_int_equal(ipam_check(c), 0);
	assert_int_equal(ipam_status(c), 0);
	assert_int_equal(ipam_gc(c), 0);
	assert_no_error(&f->job);
	assert_int_equal(ipam_add(c, 2), -1);
	assert_failed(&f->job, CNI_INTERNAL,
		      "IPAM plugin returned missing IP config", NULL);
}

static void plugin_gets_every_verb_and_the_bytes(void **state)
{
	struct folder *f = *state;
	struct call *c = call_to(f, "fake", f->dir);

	put_answer(f, "fake", ANSWER("10.0.0.1/24"), 0);
	assert_int_equal(ipam_add(c, 2), 0);
	assert_int_equal(ipam_check(c), 0);
	assert_int_equal(ipam_status(c), 0);
	assert_int_equal(ipam_gc(c), 0);
	assert_int_equal(ipam_del(c), 0);
	assert_string_equal(file_text(&f->job, "log"),
			    "ADD\nCHECK\nSTATUS\nGC\nDEL\n");
	assert_string_equal(file_text(&f->job, "stdin"), DOC);
	assert_string_equal(getenv("CNI_COMMAND"), "ADD");
	assert_address(c, "10.0.0.1/24");
}

#define NO_MESSAGE "netplugin fake failed with no error message: "

static void error_of_the_plugin_is_ours(void **state)
{
	static const struct {
		const char *answer;
		int code;
		const char *msg, *details;
	} table[] = {
		{ "{\"code\":11,\"msg\":\"full\",\"details\":\"of 2\"}", 11,
		  "full", "of 2" },
		{ "{\"cniVersion\":\"1.0.0\",\"code\":123,\"msg\":\"full\"}",
		  123, "full", NULL },
		{ "{\"code\":7,\"msg\":\"100%s %n\",\"details\":\"%s\"}", 7,
		  "100%s %n", "%s" },
		{ "", 999, NO_MESSAGE "exit status 3", NULL },
		{ "panic!", 999, NO_MESSAGE "exit status 3", "panic!" },
		{ "{\"code\":7}", 999, NO_MESSAGE "exit status 3",
		  "{\"code\":7}" },
		{ "[]", 999, NO_MESSAGE "exit status 3", "[]" },
		{ "{\"msg\":\"a\"}{\"msg\":\"b\"}", 999,
		  NO_MESSAGE "exit status 3",
		  "{\"msg\":\"a\"}{\"msg\":\"b\"}" },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct call *c = call_to(f, "fake", f->dir);

		put_answer(f, "fake", table[i].answer, 3);
		assert_int_equal(ipam_add(c, 2), -1);
		assert_failed(&f->job, table[i].code, table[i].msg,
			      table[i].details);
		assert_int_equal(ipam_del(c), -1);
		assert_failed(&f->job, table[i].code, table[i].msg,
			      table[i].details);
	}
}

static void plugin_that_was_killed_is_an_error(void **state)
{
	struct folder *f = *state;
	struct call *c = call_to(f, "fake", f->dir);

	put_plugin(f, "fake",
		   "echo '" ANSWER("10.0.0.1/24") "'; kill -KILL $$");
	assert_int_equal(ipam_add(c, 2), -1);
	assert_failed(&f->job, CNI_INTERNAL, NO_MESSAGE "signal 9",
		      ANSWER("10.0.0.1/24") "\n");
}

static void answer_that_is_no_result_fails_add_only(void **state)
{
	static const struct {
		const char *answer;
		int code;
	} table[] = {
		{ "", 6 },
		{ "garbage", 6 },
		{ ANSWER("10.0.0.1/24") "}", 6 },
		{ ANSWER("10.0.0.300/24"), 7 },
		{ "{\"cniVersion\":\"1.0.0\",\"ips\":5}", 7 },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct call *c = call_to(f, "fake", f->dir);

		put_answer(f, "fake", table[i].answer, 0);
		assert_int_equal(ipam_add(c, 2), -1);
		assert_int_equal(f->job.code, table[i].code);
		assert_non_null(strstr(f->job.msg, "result of fake"));
		f->job.msg = NULL;
		assert_int_equal(ipam_del(c), 0);
		assert_int_equal(ipam_check(c), 0);
		assert_no_error(&f->job);
	}
}

static void answer_may_have_any_version(void **state)
{
	static const char ip4[] = "{\"cniVersion\":\"0.2.0\","
				  "\"ip4\":{\"ip\":\"10.0.0.1/24\"}}";
	static const struct {
		const char *version, *answer;
		bool good;
	} table[] = {
		{ "1.1.0", ANSWER("10.0.0.1/24"), true },
		{ "0.3.1", ANSWER("10.0.0.1/24"), true },
		{ "1.0.0",
		  "{\"cniVersion\":\"0.4.0\",\"ips\":"
		  "[{\"version\":\"4\",\"address\":\"10.0.0.1/24\"}]}",
		  true },
		{ "1.0.0", "{\"ips\":[{\"address\":\"10.0.0.1/24\"}]}", true },
		{ "1.0.0", ip4, IS_ENABLED(CONFIG_LEGACY_RESULTS) },
		{ "1.0.0",
		  "{\"cniVersion\":\"9.0.0\",\"ips\":"
		  "[{\"address\":\"10.0.0.1/24\"}]}",
		  false },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct call *c = call_to(f, "fake", f->dir);

		c->net.version = table[i].version;
		put_answer(f, "fake", table[i].answer, 0);
		assert_int_equal(ipam_add(c, 2), table[i].good ? 0 : -1);
		if (table[i].good)
			assert_address(c, "10.0.0.1/24");
		f->job.msg = NULL;
	}
}

static void answer_without_address_is_an_error(void **state)
{
	static const char *const answers[] = {
		"{}", "{\"cniVersion\":\"1.0.0\"}",
		"{\"cniVersion\":\"1.0.0\",\"ips\":[],\"dns\":{}}"
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(answers); i++) {
		struct call *c = call_to(f, "fake", f->dir);

		put_answer(f, "fake", answers[i], 0);
		assert_int_equal(ipam_add(c, 2), -1);
		assert_failed(&f->job, CNI_INTERNAL,
			      "IPAM plugin returned missing IP config", NULL);
	}
}

static void del_is_registered_even_if_add_fails(void **state)
{
	struct folder *f = *state;

	for (int status = 0; status < 2; status++) {
		struct call *c = call_to(f, "fake", f->dir);

		remove("log");
		put_answer(f, "fake", ANSWER("10.0.0.1/24"), status);
		assert_int_equal(ipam_add(c, 2), -status);
		undo_run(&f->job);
		assert_string_equal(file_text(&f->job, "log"), "ADD\nDEL\n");
		f->job.msg = NULL;
	}
}

static void link_to_us(const char *name)
{
	char *exe = realpath("/proc/self/exe", NULL);

	assert_non_null(exe);
	assert_int_equal(symlink(exe, name), 0);
	free(exe);
}

static void this_binary_is_called_within_this_process(void **state)
{
	bool within = IS_ENABLED(CONFIG_IPAM_INPROCESS);
	struct folder *f = *state;
	struct call *c = call_to(f, "self", f->dir);

	link_to_us("self");
	assert_int_equal(ipam_add(c, 2), 0);
	assert_address(c, within ? "10.0.0.9/24" : "10.0.0.8/24");
	assert_int_equal(ipam_check(c), 0);
	assert_int_equal(ipam_status(c), 0);
	undo_run(&f->job);
	assert_string_equal(file_text(&f->job, "log"),
			    within ? "ADD blue within\nCHECK blue within\n"
				     "undone\nDEL blue within\n"
				   : "run\nrun\nrun\nrun\n");
	/* The call stays the caller's. */
	assert_ptr_equal(c->applet, &caller);
	assert_null(c->conf);
}

static void applet_that_fails_within_is_undone_by_its_del(void **state)
{
	struct folder *f = *state;
	struct call *c = call_to(f, "self", f->dir);

	if (!IS_ENABLED(CONFIG_IPAM_INPROCESS)) {
		print_message("IPAM applets are not called in this process\n");
		skip();
	}
	link_to_us("self");
	c->env.container = "unlucky";
	assert_int_equal(ipam_add(c, 2), -1);
	assert_failed(&f->job, 11, "no address", "all taken");
	undo_run(&f->job);
	assert_string_equal(file_text(&f->job, "log"),
			    "ADD blue within\nDEL blue within\n");
}

static void other_programs_of_an_applets_name_are_run(void **state)
{
	struct folder *f = *state;
	struct call *c = call_to(f, "self", f->dir);

	put_answer(f, "self", ANSWER("10.0.0.7/24"), 0);
	assert_int_equal(ipam_add(c, 2), 0);
	assert_address(c, "10.0.0.7/24");
	/* So is this binary under a name that is no applet's. */
	link_to_us("other");
	c->net.ipam = "other";
	assert_int_equal(ipam_add(c, 2), 0);
	assert_address(c, "10.0.0.8/24");
}

static int del_through_ipam(struct call *c)
{
	return ipam_del(c);
}

static void plugin_is_not_its_own_ipam(void **state)
{
	static const struct applet own = { .name = "self",
					   .del = del_through_ipam };
	const struct applet *const all[] = { &own, NULL };
	struct call *c = call_to(*state, "self", ".");

	c->applet = &own;
	c->applets = all;
	assert_int_equal(ipam_del(c), -1);
	assert_failed(c->job, 7, "ipam.type: self cannot be its own delegate",
		      NULL);
}

/* ---- delegates with a configuration of their own */

static struct str conf_of(struct call *c, const char *text)
{
	struct str conf = { .job = c->job };

	str_add(&conf, text);
	return conf;
}

static void delegate_gets_the_configuration_that_is_given(void **state)
{
	static const char text[] = "{\"name\":\"net\",\"pool\":\"green\"}";
	bool within = IS_ENABLED(CONFIG_IPAM_INPROCESS);
	struct folder *f = *state;
	struct call *c = call_to(f, NULL, f->dir);
	struct str conf = conf_of(c, text);
	struct result result = { 0 };

	link_to_us("self");
	put_answer(f, "fake", ANSWER("10.0.0.7/24"), 0);
	assert_int_equal(delegate_run(c, "self", "ADD", &conf, &result), 0);
	assert_int_equal(result.ips.count, 1);
	assert_int_equal(delegate_run(c, "self", "DEL", &conf, NULL), 0);
	if (within)
		assert_string_equal(file_text(&f->job, "log"),
				    "ADD green within\nDEL green within\n");
	assert_int_equal(delegate_run(c, "fake", "ADD", &conf, &result), 0);
	assert_string_equal(file_text(&f->job, "stdin"), text);
	assert_no_error(&f->job);
	/* What the caller itself was given stays. */
	assert_string_equal(c->text, DOC);
	assert_null(c->net.ipam);
	assert_int_equal(delegate_run(c, "caller", "DEL", &conf, NULL), -1);
	assert_failed(&f->job, 7,
		      "delegate.type: caller cannot be its own delegate", NULL);
}

static void delegate_of_our_own_is_told_from_others(void **state)
{
	static const struct {
		const char *type, *path;
		bool own;
	} table[] = {
		{ "self", "ours", true },
		{ "self", "nowhere:ours", true },
		{ "self", "theirs:ours", false },
		{ "other", "ours", false },
		{ "self", "nowhere", false },
		{ "self", "ours/self", false },
	};
	struct folder *f = *state;

	assert_int_equal(system("mkdir ours theirs"), 0);
	put_answer(f, "theirs/self", ANSWER("10.0.0.7/24"), 0);
	link_to_us("ours/self");
	link_to_us("ours/other");
	for (size_t i = 0; i < COUNT(table); i++) {
		struct call *c = call_to(f, NULL, table[i].path);
		bool own;

		assert_int_equal(delegate_is_own(c, table[i].type, &own), 0);
		assert_int_equal(own, table[i].own);
	}
	assert_no_error(&f->job);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(plugin_is_the_first_regular_file_in_the_path),
		FOLDER_TEST(plugin_that_is_not_found_is_an_error),
		FOLDER_TEST(without_type_there_is_nothing_to_ask),
		FOLDER_TEST(plugin_gets_every_verb_and_the_bytes),
		FOLDER_TEST(error_of_the_plugin_is_ours),
		FOLDER_TEST(plugin_that_was_killed_is_an_error),
		FOLDER_TEST(answer_that_is_no_result_fails_add_only),
		FOLDER_TEST(answer_may_have_any_version),
		FOLDER_TEST(answer_without_address_is_an_error),
		FOLDER_TEST(del_is_registered_even_if_add_fails),
		FOLDER_TEST(this_binary_is_called_within_this_process),
		FOLDER_TEST(applet_that_fails_within_is_undone_by_its_del),
		FOLDER_TEST(plugin_is_not_its_own_ipam),
		FOLDER_TEST(delegate_gets_the_configuration_that_is_given),
		FOLDER_TEST(delegate_of_our_own_is_told_from_others),
		FOLDER_TEST(other_programs_of_an_applets_name_are_run),
	};

	if (argc > 0 && (strcmp(basename(argv[0]), "self") == 0 ||
			 strcmp(basename(argv[0]), "other") == 0))
		return run_as_plugin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
