/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocol.h"

#if IS_ENABLED(CONFIG_LEGACY_RESULTS)
#define OLDEST	      "0.1.0"
#define VERSIONS(sep) "0.1.0" sep "0.2.0" sep LATER_VERSIONS(sep)
#else
#define OLDEST	      NEWEST
#define VERSIONS(sep) LATER_VERSIONS(sep)
#endif
#define LATER_VERSIONS(sep)                                                    \
	"0.3.0" sep "0.3.1" sep "0.4.0" sep "1.0.0" sep "1.1.0"

static int noted_add(struct call *c)
{
	(void)c;
	note("add");
	return 0;
}

static int noted_check(struct call *c)
{
	(void)c;
	note("check");
	return 0;
}

static const struct applet plain = {
	.name = "plain",
	.add = noted_add,
	.check = noted_check,
};

static void about_is_told_where_there_is_no_command(void **state)
{
	static const struct trial table[] = {
		{ &plain, "x", { "CNI_COMMAND" } },
		{ &plain, "x", { "CNI_COMMAND=" } },
		{ &plain,
		  "",
		  { "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS",
		    "CNI_IFNAME" } },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct outcome o = call(&f->job, &table[i]);

		assert_int_equal(o.status, 0);
		assert_string_equal(o.out, "");
		assert_string_equal(
			o.err, "CNI plain plugin v" CNIBOX_VERSION "\n"
			       "CNI protocol versions supported: " VERSIONS(
				       ", ") "\n");
		assert_int_equal(o.read, 0);
		assert_string_equal(o.log, "");
	}
}

static const struct applet young = { .name = "young",
				     .since = "0.4.0",
				     .add = noted_add };

static void versions_before_since_are_unknown(void **state)
{
	static const struct trial ask = { &young,
					  "",
					  { "CNI_COMMAND=VERSION" } };
	static const struct trial about = { &young, "", { "CNI_COMMAND" } };
	struct folder *f = *state;
	struct outcome o = call(&f->job, &ask);

	assert_succeeded(&o,
			 "{\"cniVersion\":\"" NEWEST "\",\"supportedVersions\":"
			 "[\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n");
	o = call(&f->job, &about);
	assert_string_equal(
		o.err,
		"CNI young plugin v" CNIBOX_VERSION "\n"
		"CNI protocol versions supported: 0.4.0, 1.0.0, 1.1.0\n");
}

static void versions_are_told_without_reading_anything(void **state)
{
	static const struct trial trial = { &plain,
					    "{\"cniVersion\":\"0.3.1\"}",
					    { "CNI_COMMAND=VERSION",
					      "CNI_CONTAINERID=a b",
					      "CNI_NETNS", "CNI_IFNAME=.." } };
	struct folder *f = *state;
	struct outcome o = call(&f->job, &trial);

	assert_succeeded(
		&o, "{\"cniVersion\":\"" NEWEST "\","
		    "\"supportedVersions\":[\"" VERSIONS("\",\"") "\"]}\n");
	assert_int_equal(o.read, 0);
}

#define NOT_JSON     "error unmarshall network config: "
#define ID	     "invalid characters in containerID"
#define INCOMPATIBLE "incompatible CNI versions"
#define SUPPORTED(v)                                                           \
	"config is \"" v "\", plugin supports [\"" VERSIONS("\" \"") "\"]"
#define NAMED(version) "{\"cniVersion\":\"" version "\",\"name\":\"net\"}"

static const struct refusal {
	struct trial trial;
	int code;
	const char *msg, *details;
} refusals[] = {
	/* the environment comes first */
	{ { &plain, "x", { "CNI_CONTAINERID=a b", "CNI_NETNS" } },
	  4,
	  ID,
	  "a b" },
	{ { &plain, "", { "CNI_CONTAINERID", "CNI_NETNS=", "CNI_IFNAME" } },
	  4,
	  "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME] missing" },
	{ { &plain, "x", { "CNI_COMMAND=CHECK", "CNI_NETNS" } },
	  4,
	  "required env variables [CNI_NETNS] missing" },
	{ { &plain, "x", { "CNI_COMMAND=DEL", "CNI_NETNS", "CNI_IFNAME" } },
	  4,
	  "required env variables [CNI_IFNAME] missing" },
	{ { &plain, "x", { "CNI_IFNAME=.." } },
	  4,
	  "interface name is . or .." },
	/* what is older than the plugin */
	{ { &young, "{\"cniVersion\":\"0.3.1\",\"name\":\"net\"}" },
	  1,
	  "incompatible CNI versions",
	  "config is \"0.3.1\", plugin supports [\"0.4.0\" \"1.0.0\" \"1.1.0\"]" },
	{ { &young, "{\"name\":\"net\"}", { "CNI_COMMAND=DEL" } },
	  1,
	  "incompatible CNI versions",
	  "config is \"0.1.0\", plugin supports [\"0.4.0\" \"1.0.0\" \"1.1.0\"]" },
	/* then what every configuration has, even for an unknown verb */
	{ { &plain, "[]" }, 6, NOT_JSON "expected an object, got an array" },
	{ { &plain, "5", { "CNI_COMMAND=FOO" } },
	  6,
	  NOT_JSON "expected an object, got a number" },
	{ { &plain, "null" }, 7, "missing network name" },
	{ { &plain, "{}" }, 7, "missing network name" },
	{ { &plain, "{\"name\":\"\"}" }, 7, "missing network name" },
	{ { &plain, "{\"name\":null}" }, 7, "missing network name" },
	{ { &plain, "{\"name\":5}" },
	  6,
	  NOT_JSON "name: expected a string, got a number" },
	{ { &plain, "{\"name\":\"a/b\"}", { "CNI_COMMAND=STATUS" } },
	  7,
	  "invalid characters found in network name",
	  "a/b" },
	{ { &plain, "{\"name\":\"_\",\"cniVersion\":5}" },
	  7,
	  "invalid characters found in network name",
	  "_" },
	{ { &plain, "{\"cniVersion\":5,\"name\":\"net\"}" },
	  6,
	  "decoding version from network config: expected a string, got a number" },
	/* then the verb */
	{ { &plain, NAMED("9.0.0"), { "CNI_COMMAND=FOO" } },
	  4,
	  "unknown CNI_COMMAND: FOO" },
	{ { &plain, NAMED("1.1.0"), { "CNI_COMMAND=add" } },
	  4,
	  "unknown CNI_COMMAND: add" },
	{ { &plain, NAMED("1.1.0"), { "CNI_COMMAND=ADD " } },
	  4,
	  "unknown CNI_COMMAND: ADD " },
	/* then the version */
	{ { &plain, NAMED("2.0.0") }, 1, INCOMPATIBLE, SUPPORTED("2.0.0") },
	{ { &plain, NAMED("1.0"), { "CNI_COMMAND=DEL" } },
	  1,
	  INCOMPATIBLE,
	  SUPPORTED("1.0") },
	{ { &plain, NAMED("0.3.1"), { "CNI_COMMAND=CHECK" } },
	  1,
	  "config version does not allow CHECK" },
	{ { &plain, "{\"name\":\"net\"}", { "CNI_COMMAND=CHECK" } },
	  1,
	  "config version does not allow CHECK" },
	{ { &plain, NAMED("2.0.0"), { "CNI_COMMAND=CHECK" } },
	  1,
	  "plugin version does not allow CHECK" },
	{ { &plain, NAMED("0.9.0"), { "CNI_COMMAND=CHECK" } },
	  1,
	  INCOMPATIBLE,
	  SUPPORTED("0.9.0") },
	{ { &plain, NAMED("1.0.0.0"), { "CNI_COMMAND=CHECK" } },
	  6,
	  "invalid version \"1.0.0.0\": too many parts" },
	{ { &plain, NAMED("1.0.0"), { "CNI_COMMAND=GC" } },
	  1,
	  "config version does not allow GC" },
	{ { &plain, NAMED("1.1.1"), { "CNI_COMMAND=GC" } },
	  1,
	  "plugin version does not allow GC" },
	{ { &plain, NAMED("1.0.0"), { "CNI_COMMAND=STATUS" } },
	  1,
	  "config version does not allow STATUS" },
	{ { &plain, NAMED("1.2"), { "CNI_COMMAND=STATUS" } },
	  1,
	  "plugin version does not allow STATUS" },
	{ { &plain, NAMED("2.0.0"), { "CNI_NETNS=/proc/self/ns/net" } },
	  1,
	  INCOMPATIBLE,
	  SUPPORTED("2.0.0") },
	/* then the keys of all plugins, the namespace, the previous result */
	{ { &plain,
	    NET ",\"ipam\":{\"type\":5}}",
	    { "CNI_NETNS=/proc/self/ns/net" } },
	  7,
	  "ipam.type: expected a string, got 5" },
	{ { &plain,
	    NET ",\"prevResult\":5}",
	    { "CNI_NETNS=/proc/self/ns/net" } },
	  8,
	  "plugin's netns and netns from CNI_NETNS should not be the same" },
};

static void checks_come_in_order(void **state)
{
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct outcome o = call(&f->job, &refusals[i].trial);

		assert_refused(&f->job, &o, refusals[i].code, refusals[i].msg,
			       refusals[i].details);
		assert_string_equal(o.err, "");
		assert_string_equal(o.log, "");
	}
}

static void stdin_that_is_no_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"", " ", "x", "{} x", NET, NET "}}"
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct trial trial = { &plain,
					     texts[i],
					     { "CNI_COMMAND=FOO" } };
		struct outcome o = call(&f->job, &trial);
		struct json *doc;

		assert_int_equal(o.status, 1);
		assert_int_equal(
			json_parse(&f->job, "out", o.out, strlen(o.out), &doc),
			0);
		assert_string_equal(member(doc, "code"), "6");
		assert_ptr_equal(strstr(member(doc, "msg"), NOT_JSON),
				 member(doc, "msg"));
	}
}

/* That of the configuration where we speak it, else our newest. */
static void refusal_names_a_version(void **state)
{
	static const struct {
		const char *conf, *version;
	} table[] = {
		{ "{\"cniVersion\":\"0.3.1\"}", "0.3.1" },
		{ "{\"cniVersion\":\"1.1.0\"}", "1.1.0" },
		{ "{\"cniVersion\":\"9.9.9\"}", NEWEST },
		{ "{\"cniVersion\":5}", OLDEST },
		{ "{\"cniVersion\":\"\"}", OLDEST },
		{ "{}", OLDEST },
		{ "x", NEWEST },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct trial trial = { &plain, table[i].conf };
		struct outcome o = call(&f->job, &trial);
		struct json *doc;

		assert_int_equal(
			json_parse(&f->job, "out", o.out, strlen(o.out), &doc),
			0);
		assert_string_equal(member(doc, "cniVersion"),
				    table[i].version);
	}
}

static void refusal_is_one_document_that_escapes(void **state)
{
	static const struct trial trial = {
		&plain, "{\"cniVersion\":\"1.0.0\",\"name\":"
			"\"\\\"<&>\\\\\\n\\u2028\\u00e9\"}"
	};
	struct folder *f = *state;
	struct outcome o = call(&f->job, &trial);

	assert_string_equal(
		o.out,
		"{\n"
		"    \"cniVersion\": \"1.0.0\",\n"
		"    \"code\": 7,\n"
		"    \"msg\": \"invalid characters found in network name\",\n"
		"    \"details\": \"\\\"\\u003c\\u0026\\u003e\\\\\\n\\u2028"
		"\xc3\xa9\"\n"
		"}");
}

static void bytes_that_are_no_text_are_refused_as_text(void **state)
{
	static const struct trial trial = { &plain,
					    NET "}",
					    { "CNI_CONTAINERID=a\xff" } };
	struct folder *f = *state;
	struct outcome o = call(&f->job, &trial);

	assert_refused(&f->job, &o, 4, ID, "a\xef\xbf\xbd");
}

static void stdin_is_limited(void **state)
{
	static const struct trial trial = { &plain, NULL };
	struct folder *f = *state;
	struct outcome o;
	char *text;

	put_file("in", "", 0600);
	assert_int_equal(truncate("in", 17 << 20), 0);
	o = call(&f->job, &trial);
	assert_refused(&f->job, &o, 6,
		       "network configuration: longer than 16777216 bytes",
		       NULL);
	/* The limit itself is within. */
	text = job_alloc(&f->job, JSON_SIZE_MAX + 1);
	memset(text, ' ', JSON_SIZE_MAX);
	memcpy(text, NET "}", strlen(NET "}"));
	put_file("in", text, 0600);
	o = call(&f->job, &trial);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.log, "add ");
}

/* Gives the text byte by byte, from a process of its own. */
static void trickle(void)
{
	static const char text[] = NET "}";
	int ends[2];

	if (pipe(ends) < 0)
		_exit(99);
	if (fork() == 0) {
		for (size_t i = 0; i < strlen(text); i++)
			(void)!write(ends[1], &text[i], 1);
		_exit(0);
	}
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	close(ends[1]);
}

static void stdin_is_read_to_its_end(void **state)
{
	static const struct trial trial = { &plain, "", .before = trickle };
	struct folder *f = *state;
	struct outcome o = call(&f->job, &trial);

	assert_int_equal(o.status, 0);
	assert_string_equal(o.log, "add ");
}

static void close_stdin(void)
{
	close(STDIN_FILENO);
}

static void read_folder(void)
{
	dup2(open(".", O_RDONLY), STDIN_FILENO);
}

static void stdin_that_cannot_be_read_is_an_io_failure(void **state)
{
	static const struct trial closed = { &plain, "",
					     .before = close_stdin },
				  folder = { &plain, "",
					     .before = read_folder };
	struct folder *f = *state;
	struct outcome o = call(&f->job, &closed);

	assert_refused(&f->job, &o, 5,
		       "error reading from stdin: Bad file descriptor", NULL);
	o = call(&f->job, &folder);
	assert_refused(&f->job, &o, 5,
		       "error reading from stdin: Is a directory", NULL);
}

static int tell_prev(struct call *c)
{
	const struct result_ip *ip = c->prev.ips.items;
	char text[PREFIX_TEXT];

	note(!c->has_prev ? "no"
	     : ip	  ? prefix_print(&ip->address, text)
			  : "empty");
	return 0;
}

static const struct applet chained = { .name = "chained",
				       .add = tell_prev,
				       .del = tell_prev,
				       .check = tell_prev,
				       .gc = tell_prev };

#define PREV(version) "{\"cniVersion\":\"" version "\"," PREV_IPS
#define PREV_IPS      "\"ips\":[{\"version\":\"4\",\"address\":\"10.1.2.3/24\"}]}"
#define BAD_PREV      "{\"ips\":[{\"address\":\"10.1.2.3/99\"}]}"

static void previous_result_is_read_where_it_counts(void **state)
{
	static const struct {
		const char *command, *prev;
		const char *log; /* "": refused with code 7 */
	} table[] = {
		{ "CNI_COMMAND=ADD", "null", "no " },
		{ "CNI_COMMAND=ADD", "{}", "empty " },
		{ "CNI_COMMAND=ADD", PREV("1.1.0"), "10.1.2.3/24 " },
		{ "CNI_COMMAND=ADD", PREV("1.0.0"), "10.1.2.3/24 " },
		{ "CNI_COMMAND=CHECK", "{" PREV_IPS, "10.1.2.3/24 " },
		{ "CNI_COMMAND=ADD", PREV("0.4.0"), "" },
		{ "CNI_COMMAND=ADD", BAD_PREV, "" },
		{ "CNI_COMMAND=CHECK", BAD_PREV, "" },
		{ "CNI_COMMAND=ADD", "5", "" },
		{ "CNI_COMMAND=DEL", PREV("1.1.0"), "no " },
		{ "CNI_COMMAND=DEL", BAD_PREV, "no " },
		{ "CNI_COMMAND=GC", BAD_PREV, "no " },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct trial trial = {
			&chained,
			job_printf(&f->job, NET VALID "[],\"prevResult\":%s}",
				   table[i].prev),
			{ table[i].command }
		};
		bool refused =
			!*table[i].log || (!IS_ENABLED(CONFIG_CHAIN) &&
					   strcmp(table[i].log, "no ") != 0);
		struct outcome o = call(&f->job, &trial);

		assert_string_equal(o.log, refused ? "" : table[i].log);
		assert_int_equal(o.status, refused);
		assert_string_equal(o.err, "");
		if (o.status)
			assert_non_null(strstr(o.out, "prevResult"));
	}
}

static int tell_valid(struct call *c)
{
	const struct attachment *valid = c->net.attachments.items;

	note("gc");
	for (size_t i = 0; i < c->net.attachments.count; i++)
		note(job_printf(c->job, "%s/%s", valid[i].container,
				valid[i].ifname));
	return 0;
}

static const struct applet collector = { .name = "collector",
					 .gc = tell_valid };

#define A      "{\"containerID\":\"a\",\"ifname\":\"eth0\"}"
#define B      "{\"containerID\":\"b\",\"ifname\":\"eth1\"}"
#define FORMER ",\"cni.dev/attachments\":"

static void gc_takes_what_any_list_has_as_valid(void **state)
{
	static const struct {
		const char *conf, *log;
		const char *why; /* it is refused; or NULL */
	} table[] = {
		{ NET VALID "[]}", "gc ", NULL },
		{ NET VALID "null}", "gc ", NULL },
		{ NET VALID "[" A "," B "]}", "gc a/eth0 b/eth1 ", NULL },
		{ NET FORMER "[" A "]}", "gc a/eth0 ", NULL },
		{ NET FORMER "null}", "gc ", NULL },
		{ NET VALID "null" FORMER "null}", "gc ", NULL },
		{ NET VALID "[" A "]" FORMER "[" B "," A "]}",
		  "gc a/eth0 b/eth1 a/eth0 ", NULL },
		{ NET VALID "null" FORMER "[" B "]}", "gc b/eth1 ", NULL },
		{ NET "}", "", NULL },
		{ NET VALID "5}", "",
		  "cni.dev/valid-attachments: expected an array, got 5" },
		{ NET FORMER "5}", "",
		  "cni.dev/attachments: expected an array, got 5" },
		{ NET VALID "[{\"containerID\":\"a\"}]}", "",
		  "cni.dev/valid-attachments[0].ifname: missing" },
	};
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct trial trial = { &collector,
					     table[i].conf,
					     { "CNI_COMMAND=GC" } };
		struct outcome o = call(&f->job, &trial);

		assert_string_equal(o.log, table[i].log);
		if (table[i].why)
			assert_refused(&f->job, &o, 7, table[i].why, NULL);
		else
			assert_succeeded(&o, "");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FOLDER_TEST(about_is_told_where_there_is_no_command),
		FOLDER_TEST(versions_are_told_without_reading_anything),
		FOLDER_TEST(versions_before_since_are_unknown),
		FOLDER_TEST(checks_come_in_order),
		FOLDER_TEST(stdin_that_is_no_json_is_refused),
		FOLDER_TEST(refusal_names_a_version),
		FOLDER_TEST(refusal_is_one_document_that_escapes),
		FOLDER_TEST(bytes_that_are_no_text_are_refused_as_text),
		FOLDER_TEST(stdin_is_limited),
		FOLDER_TEST(stdin_is_read_to_its_end),
		FOLDER_TEST(stdin_that_cannot_be_read_is_an_io_failure),
		FOLDER_TEST(previous_result_is_read_where_it_counts),
		FOLDER_TEST(gc_takes_what_any_list_has_as_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
