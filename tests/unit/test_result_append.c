/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/str.h"
#include "core/data/json.h"
#include "core/data/result.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char own[] =
	"{\"interfaces\": [{\"name\": \"br0\"}, {\"name\": \"eth0\","
	" \"sandbox\": \"/n\"}],"
	" \"ips\": [{\"address\": \"10.1.2.2/24\", \"interface\": 1}],"
	" \"routes\": [{\"dst\": \"0.0.0.0/0\"}]}";

static void read_text(struct job *job, const char *text, struct result *out)
{
	struct json *json;

	assert_int_equal(json_parse(job, "test", text, strlen(text), &json), 0);
	assert_int_equal(
		result_read(job, "prevResult", json, "1.0.0", true, out), 0);
}

/* What is appended to own, in one line: interfaces, addresses, routes, dns. */
static const char *appended(struct job *job, const char *text, const char *more)
{
	struct str out = { .job = job };
	struct result to, from;
	const struct result_interface *interface;
	const struct result_ip *ip;
	const struct route *route;
	char buf[PREFIX_TEXT];

	read_text(job, text, &to);
	read_text(job, more, &from);
	result_append(job, &to, &from);
	interface = to.interfaces.items;
	for (size_t i = 0; i < to.interfaces.count; i++)
		str_printf(&out, "%s ", interface[i].name);
	ip = to.ips.items;
	for (size_t i = 0; i < to.ips.count; i++) {
		str_printf(&out, "%s", prefix_print(&ip[i].address, buf));
		if (ip[i].has_interface)
			str_printf(&out, "@%d", ip[i].interface);
		str_add(&out, " ");
	}
	route = to.routes.items;
	for (size_t i = 0; i < to.routes.count; i++)
		str_printf(&out, "%s ", prefix_print(&route[i].dst, buf));
	str_add(&out, to.dns.domain ? to.dns.domain : "-");
	return out.text;
}

#define LO  "{\"name\": \"lo\", \"sandbox\": \"/n\"}"
#define NET "{\"name\": \"net0\", \"sandbox\": \"/n\"}"

static void own_comes_first_and_loopback_not_at_all(void **state)
{
	static const struct {
		const char *more, *all;
	} table[] = {
		{ "{}", "br0 eth0 10.1.2.2/24@1 0.0.0.0/0 -" },
		{ "{\"interfaces\": [" LO "], \"ips\": ["
		  "{\"address\": \"127.0.0.1/8\", \"interface\": 0},"
		  "{\"address\": \"::1/128\", \"interface\": 0}]}",
		  "br0 eth0 10.1.2.2/24@1 0.0.0.0/0 -" },
		/* Also what says no interface, and what lo has beside. */
		{ "{\"interfaces\": [" LO "], \"ips\": ["
		  "{\"address\": \"127.0.0.1/8\"}, {\"address\": \"::1/128\"},"
		  "{\"address\": \"10.7.7.7/32\", \"interface\": 0}]}",
		  "br0 eth0 10.1.2.2/24@1 0.0.0.0/0 -" },
		{ "{\"interfaces\": [" NET "], \"ips\": ["
		  "{\"address\": \"10.9.9.9/24\", \"interface\": 0}],"
		  " \"routes\": [{\"dst\": \"10.9.0.0/16\"}],"
		  " \"dns\": {\"domain\": \"before\"}}",
		  "br0 eth0 net0 10.1.2.2/24@1 10.9.9.9/24@2 0.0.0.0/0 "
		  "10.9.0.0/16 before" },
		{ "{\"interfaces\": [{\"name\": \"a\"}, " LO ", " NET "],"
		  " \"ips\": [{\"address\": \"10.9.9.9/24\", \"interface\": 2},"
		  "{\"address\": \"127.0.0.1/8\", \"interface\": 1},"
		  "{\"address\": \"10.8.8.8/24\"}]}",
		  "br0 eth0 a net0 10.1.2.2/24@1 10.9.9.9/24@3 10.8.8.8/24 "
		  "0.0.0.0/0 -" },
		/* The node's, which is another thing. */
		{ "{\"interfaces\": [{\"name\": \"lo\"}, {\"name\": \"lo\","
		  " \"sandbox\": \"\"}]}",
		  "br0 eth0 lo lo 10.1.2.2/24@1 0.0.0.0/0 -" },
		/* No such interface: not to become one of ours. */
		{ "{\"ips\": [{\"address\": \"10.9.9.9/24\","
		  " \"interface\": 1}, {\"address\": \"10.8.8.8/24\","
		  " \"interface\": -1}]}",
		  "br0 eth0 10.1.2.2/24@1 10.9.9.9/24 10.8.8.8/24 "
		  "0.0.0.0/0 -" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };

		assert_string_equal(appended(&job, own, table[i].more),
				    table[i].all);
		job_free(&job);
	}
}

static void own_dns_stays_if_it_is_given(void **state)
{
	static const char before[] = "{\"dns\": {\"domain\": \"before\"}}";
	struct job job = { 0 };

	(void)state;
	assert_string_equal(
		appended(&job, "{\"dns\": {\"domain\": \"own\"}}", before),
		"own");
	assert_string_equal(appended(&job, "{\"dns\": {}}", before), "before");
	/* An empty list is a word, too. */
	assert_string_equal(
		appended(&job, "{\"dns\": {\"nameservers\": []}}", before),
		"-");
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_comes_first_and_loopback_not_at_all),
		cmocka_unit_test(own_dns_stays_if_it_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
