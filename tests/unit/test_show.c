/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/tool.h"
#include "tests/unit/attachment_nat.h"

extern const struct tool show_tool;

static const struct applet *const applets[] = { &applet, NULL };

static void shows(struct folder *f, bool json, const char *expected)
{
	char *argv[] = { "show", json ? "--json" : NULL, NULL };
	struct call c = { .job = &f->job, .applets = applets };
	struct str out = { .job = &f->job };

	str_add(&out, "");
	call_open(&c);
	assert_int_equal(show_tool.run(&c, argv, &out), 0);
	assert_no_error(&f->job);
	assert_string_equal(out.text, expected);
}

static void show_tells_ports_once_and_whether_they_live(void **state)
{
	static const char udp[] = "port udp 192.0.2.1 53 " POD1 " 5353\n";
	struct folder *f = *state;
	const char *both;
	struct call *c;

	shows(f, false, "");
	shows(f, true, "[]\n");
	c = call_of(f, "c1");
	both = job_printf(
		&f->job, "%s%s%s", PORT("8080", POD1), udp,
		IS_ENABLED(CONFIG_IPV6) ? PORT("8080", "2001:db8::2/64") : "");
	attach(f, "eth0", "c1", both);
	shows(f, false,
	      "net/eth0/c1 - 8080/tcp->80,192.0.2.1:53/udp->5353 "
	      "/proc/self/ns/net\n");
	record_leave(&f->job, applet.name, attachment_owner(c));
	shows(f, true,
	      "[\n"
	      "    {\n"
	      "        \"network\": \"net\",\n"
	      "        \"interface\": \"eth0\",\n"
	      "        \"container\": \"c1\",\n"
	      "        \"addresses\": [],\n"
	      "        \"ports\": [\n"
	      "            \"8080/tcp-\\u003e80\",\n"
	      "            \"192.0.2.1:53/udp-\\u003e5353\"\n"
	      "        ],\n"
	      "        \"netns\": \"/proc/self/ns/net\",\n"
	      "        \"state\": \"gone\"\n"
	      "    }\n"
	      "]\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STATE_TEST(show_tells_ports_once_and_whether_they_live),
	};

	return run_node_tests(tests);
}
