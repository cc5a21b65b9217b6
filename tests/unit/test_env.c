/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/env.h"

#include "folder.h"

enum {
	ADD = NEEDS_CONTAINER | NEEDS_NETNS | NEEDS_OTHER_NETNS,
	DEL = NEEDS_CONTAINER | NEEDS_OTHER_NETNS,
	CHECK = NEEDS_CONTAINER | NEEDS_NETNS,
	STATUS = 0,
};

static void read_takes_the_variables_and_unset_is_empty(void **state)
{
	static const char *const names[] = { "COMMAND", "CONTAINERID", "NETNS",
					     "IFNAME",	"ARGS",	       "PATH" };
	struct cni_env env;
	char name[32];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "CNI_%s", names[i]);
		unsetenv(name);
	}
	env_read(&env);
	assert_string_equal(env.command, "");
	assert_string_equal(env.container, "");
	assert_string_equal(env.netns, "");
	assert_string_equal(env.ifname, "");
	assert_string_equal(env.args, "");
	assert_string_equal(env.path, "");
	setenv("CNI_COMMAND", "ADD", 1);
	setenv("CNI_CONTAINERID", "c1", 1);
	setenv("CNI_NETNS", "/run/netns/a", 1);
	setenv("CNI_IFNAME", "eth0", 1);
	setenv("CNI_ARGS", "IP=10.0.0.1", 1);
	setenv("CNI_PATH", "/opt/cni/bin", 1);
	env_read(&env);
	assert_string_equal(env.command, "ADD");
	assert_string_equal(env.container, "c1");
	assert_string_equal(env.netns, "/run/netns/a");
	assert_string_equal(env.ifname, "eth0");
	assert_string_equal(env.args, "IP=10.0.0.1");
	assert_string_equal(env.path, "/opt/cni/bin");
}

static void check_names_the_first_wrong_or_all_missing(void **state)
{
	static const char id[] = "invalid characters in containerID";
	static const char name[] = "interface name is . or ..";
#define MISSING(names) "required env variables [" names "] missing"
	static const struct {
		unsigned needs;
		const char *container, *netns, *ifname;
		const char *msg, *details; /* msg NULL: good */
	} table[] = {
		{ ADD, "c", "/n", "eth0", NULL, NULL },
		{ ADD, "", "", "",
		  MISSING("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"), NULL },
		{ ADD, "", "/n", "", MISSING("CNI_CONTAINERID,CNI_IFNAME"),
		  NULL },
		{ ADD, "c", "", "eth0", MISSING("CNI_NETNS"), NULL },
		{ ADD, "c", "", "", MISSING("CNI_NETNS,CNI_IFNAME"), NULL },
		{ ADD, "a b", "", "", id, "a b" },
		{ ADD, "", "", "..", name, NULL },
		{ ADD, "a b", "/n", "..", id, "a b" },
		{ CHECK, "c", "/n", "eth0", NULL, NULL },
		{ CHECK, "", "", "",
		  MISSING("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"), NULL },
		{ CHECK, "c\n", "/n", "eth0", id, "c\n" },
		{ DEL, "c", "", "eth0", NULL, NULL },
		{ DEL, "c", "/n", "eth0", NULL, NULL },
		{ DEL, "", "", "", MISSING("CNI_CONTAINERID,CNI_IFNAME"),
		  NULL },
		{ DEL, "c", "", "..", name, NULL },
		{ STATUS, "", "", "", NULL, NULL },
		{ STATUS, "a b", "", "..", NULL, NULL },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct cni_env env = {
			"",
			table[i].container,
			table[i].netns,
			table[i].ifname,
			"",
			"",
		};
		int ret = env_check(&job, &env, table[i].needs);

		assert_int_equal(ret, table[i].msg ? -1 : 0);
		if (table[i].msg)
			assert_failed(&job, CNI_BAD_ENVIRONMENT, table[i].msg,
				      table[i].details);
		assert_no_error(&job);
	}
	job_free(&job);
}

static void check_knows_names_of_interfaces(void **state)
{
	static const char bad[] =
		"interface name contains / or : or whitespace characters";
	static const struct {
		const char *name, *msg, *details;
	} table[] = {
		{ "e", NULL, NULL },
		{ "...", NULL, NULL },
		{ ".eth", NULL, NULL },
		{ "eth0.100@x", NULL, NULL },
		{ "\xc3\xa9th0", NULL, NULL },
		{ "123456789012345", NULL, NULL },
		{ "1234567890123456", "interface name is too long",
		  "interface name should be less than 16 characters" },
		{ "12345678901234/6", "interface name is too long",
		  "interface name should be less than 16 characters" },
		{ ".", "interface name is . or ..", NULL },
		{ "..", "interface name is . or ..", NULL },
		{ "eth%d", "interface name contains %", NULL },
		{ "a/b", bad, NULL },
		{ "/", bad, NULL },
		{ "a:b", bad, NULL },
		{ "a b", bad, NULL },
		{ " ", bad, NULL },
		{ "a\t", bad, NULL },
		{ "a\n", bad, NULL },
		{ "\va", bad, NULL },
		{ "\fa", bad, NULL },
		{ "\ra", bad, NULL },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct cni_env env = {
			"", "c", "", table[i].name, "", ""
		};
		int ret = env_check(&job, &env, DEL);

		assert_int_equal(ret, table[i].msg ? -1 : 0);
		if (table[i].msg)
			assert_failed(&job, CNI_BAD_ENVIRONMENT, table[i].msg,
				      table[i].details);
		assert_no_error(&job);
	}
	job_free(&job);
}

static void word_is_a_letter_or_digit_and_more(void **state)
{
	static const char *const good[] = { "a",       "Z",   "0",  "9_",
					    "a.b-c_d", "A..", "0--" };
	static const char *const bad[] = { "",	       "_a",  ".a",  "-a",
					   "a b",      "a\n", "a/b", "a:b",
					   "a\tb",     "a=",  "a+",  "\xc3\xa9",
					   "a\xc3\xa9" };
	char word[5000] = "";

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(env_is_valid_name(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(env_is_valid_name(bad[i]));
	assert_true(env_is_valid_name(memset(word, 'a', sizeof(word) - 1)));
}

#define PAIR(pair)     "CNI_ARGS: ARGS: invalid pair \"" pair "\""
#define UNKNOWN(pairs) "CNI_ARGS: ARGS: unknown args [" pairs "]"
#define NO_BOOL(text)                                                          \
	"CNI_ARGS: IgnoreUnknown: expected true or false, got \"" text "\""

static const struct {
	const char *args, *msg; /* msg NULL: good */
} arguments[] = {
	{ "", NULL },
	{ ";", NULL },
	{ "IP=10.0.0.1", NULL },
	{ "IP=10.0.0.1;", NULL },
	{ ";;IP=10.0.0.1;;MAC=02:00:00:00:00:01;;", NULL },
	{ "IP=;MAC=;GATEWAY=10.0.0.1", NULL },
	/* pairs */
	{ "none", PAIR("none") },
	{ "IP", PAIR("IP") },
	{ "IP=1=2", PAIR("IP=1=2") },
	{ "IP==", PAIR("IP==") },
	{ "IP=1;bare", PAIR("bare") },
	{ "bare;IP=1=2", PAIR("bare") },
	{ "IgnoreUnknown=1;bare", PAIR("bare") },
	{ " ", PAIR(" ") },
	{ "X=1;bare", PAIR("bare") },
	/* keys */
	{ "FOO=BAR", UNKNOWN("\"FOO=BAR\"") },
	{ "FOO=BAR;IP=1;K8S_POD_NAME=x;",
	  UNKNOWN("\"FOO=BAR\" \"K8S_POD_NAME=x\"") },
	{ "ip=1", UNKNOWN("\"ip=1\"") },
	{ "I=1;IPX=1", UNKNOWN("\"I=1\" \"IPX=1\"") },
	{ " IP=1", UNKNOWN("\" IP=1\"") },
	{ "=1", UNKNOWN("\"=1\"") },
	/* IgnoreUnknown */
	{ "IgnoreUnknown=1;FOO=BAR", NULL },
	{ "IgnoreUnknown=0;X=1;IgnoreUnknown=1", NULL },
	{ "FOO=BAR;IgnoreUnknown=1", NULL },
	{ "FOO=BAR;IgnoreUnknown=1;BAR=FOO", NULL },
	{ "IgnoreUnknown=true;X=1", NULL },
	{ "IgnoreUnknown=TRUE;X=1", NULL },
	{ "IgnoreUnknown=tRuE;X=1", NULL },
	{ "IgnoreUnknown=0", NULL },
	{ "IgnoreUnknown=False", NULL },
	{ "IgnoreUnknown=0;X=1", UNKNOWN("\"X=1\"") },
	{ "X=1;IgnoreUnknown=FALSE", UNKNOWN("\"X=1\"") },
	{ "IgnoreUnknown=yes", NO_BOOL("yes") },
	{ "IgnoreUnknown=", NO_BOOL("") },
	{ "IgnoreUnknown=11;X=1", NO_BOOL("11") },
	{ "IgnoreUnknown", PAIR("IgnoreUnknown") },
	{ "ignoreunknown=1;X=1", UNKNOWN("\"ignoreunknown=1\" \"X=1\"") },
	{ "IgnoreUnknownX=1", UNKNOWN("\"IgnoreUnknownX=1\"") },
};

static void check_args_tells_good_from_bad(void **state)
{
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(arguments); i++) {
		const struct cni_env env = { .args = arguments[i].args };
		int ret = env_check_args(&job, &env);

		assert_int_equal(ret, arguments[i].msg ? -1 : 0);
		if (arguments[i].msg)
			assert_failed(&job, CNI_BAD_ENVIRONMENT,
				      arguments[i].msg, NULL);
		assert_no_error(&job);
	}
	job_free(&job);
}

static void arg_is_found_by_its_exact_key(void **state)
{
	static const struct {
		const char *args, *value; /* of IP; NULL: not there */
	} table[] = {
		{ "", NULL },
		{ "IP=10.0.0.1", "10.0.0.1" },
		{ "MAC=02:00:00:00:00:01;IP=10.0.0.1;X=1", "10.0.0.1" },
		{ ";;IP=10.0.0.1;", "10.0.0.1" },
		{ "IP=", "" },
		{ "IP=;X=1", "" },
		{ "IP", NULL },
		{ "IPX=1", NULL },
		{ "XIP=1", NULL },
		{ "ip=1", NULL },
		{ "X=IP=1", NULL },
	};
	struct job job = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct cni_env env = { .args = table[i].args };
		const char *value = env_arg(&job, &env, "IP");

		assert_string_equal(value ? value : "(none)",
				    table[i].value ? table[i].value : "(none)");
	}
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_takes_the_variables_and_unset_is_empty),
		cmocka_unit_test(check_names_the_first_wrong_or_all_missing),
		cmocka_unit_test(check_knows_names_of_interfaces),
		cmocka_unit_test(word_is_a_letter_or_digit_and_more),
		cmocka_unit_test(check_args_tells_good_from_bad),
		cmocka_unit_test(arg_is_found_by_its_exact_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
