/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/job.h"
#include "core/data/json.h"
#include "core/data/result.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct prefix prefix(const char *text)
{
	struct prefix out;

	assert_true(prefix_parse(text, &out));
	return out;
}

static const char *golden(struct job *job, const char *version)
{
	const char *path =
		job_printf(job, "tests/data/result/%s.json", version);
	char *text = job_alloc(job, 4096);
	FILE *file = fopen(path, "r");
	size_t len;

	if (!file)
		fail_msg("cannot open %s", path);
	len = fread(text, 1, 4095, file);
	fclose(file);
	assert_in_range(len, 1, 4094);
	return text;
}

static const char *print(struct job *job, const struct result *result,
			 const char *version)
{
	struct str out = { .job = job };

	if (result_print(job, result, version, &out) < 0)
		fail_msg("%s: %s", version, job->msg);
	return out.text;
}

static int read_as(struct job *job, const char *text, const char *version,
		   bool same_family, struct result *out)
{
	struct json *json;

	assert_int_equal(json_parse(job, "test", text, strlen(text), &json), 0);
	return result_read(job, "prevResult", json, version, same_family, out);
}

/* Reads text, which must be right, and prints it. */
static const char *reprint(struct job *job, const char *text, const char *from,
			   const char *to)
{
	struct result result;

	if (read_as(job, text, from, false, &result) < 0)
		fail_msg("%s: %s", text, job->msg);
	return print(job, &result, to);
}

/* tests/data/result shows one result, which has all that there is, in every
 * version. A version says no more than its file does, so reading one and
 * printing an older one, or the same, gives the file of that. */
static void read_and_print_match_golden_files(void **state)
{
	(void)state;
	for (const char *const *from = cni_versions; *from; from++) {
		for (const char *const *to = cni_versions; to <= from; to++) {
			struct job job = { 0 };
			const char *text = golden(&job, *from);

			assert_string_equal(reprint(&job, text, *from, *to),
					    golden(&job, *to));
			job_free(&job);
		}
	}
}

static void read_fills_every_field(void **state)
{
	struct job job = { 0 };
	const struct result_interface *eth0;
	const struct route *route;
	const char *const *strings;
	struct result r;

	(void)state;
	assert_int_equal(
		read_as(&job, golden(&job, "1.1.0"), "1.1.0", true, &r), 0);
	eth0 = (const struct result_interface *)r.interfaces.items + 1;
	assert_string_equal(eth0->name, "eth0");
	assert_string_equal(eth0->mac, "02:00:0a:01:02:05");
	assert_string_equal(eth0->sandbox, "/run/netns/c1");
	assert_string_equal(eth0->socket_path, "/run/vhost/c1");
	assert_string_equal(eth0->pci_id, "0000:00:1f.6");
	assert_int_equal(eth0->mtu, 1450);
	route = (const struct route *)r.routes.items + 2;
	assert_int_equal(route->mtu, 1400);
	assert_int_equal(route->advmss, 1360);
	assert_int_equal(route->priority, 100);
	assert_int_equal(route->table, 77);
	assert_true(route->has_table);
	assert_true(route->has_scope);
	assert_int_equal(route[1].scope, 253);
	strings = r.dns.nameservers.items;
	assert_string_equal(strings[1], "2001:db8:1::1");
	strings = r.dns.search.items;
	assert_string_equal(strings[1], "example.org");
	strings = r.dns.options.items;
	assert_string_equal(strings[0], "ndots:5");
	assert_string_equal(r.dns.domain, "example.org");
	job_free(&job);
}

static void read_keeps_empty_and_zero_apart_from_absent(void **state)
{
	static const char text[] =
		"{\"ips\": [{\"address\": \"10.1.2.5/24\", \"interface\": 0},"
		" {\"address\": \"10.1.2.6/24\", \"gateway\": \"\"}],"
		" \"routes\": [{\"dst\": \"10.0.0.5/8\", \"table\": 0},"
		" {\"dst\": \"::/0\", \"gw\": null}],"
		" \"dns\": {\"search\": []}}";
	struct job job = { 0 };
	const struct result_ip *ips;
	const struct route *routes;
	struct result r;

	(void)state;
	assert_int_equal(read_as(&job, text, "1.1.0", true, &r), 0);
	ips = r.ips.items;
	routes = r.routes.items;
	assert_int_equal(r.ips.count, 2);
	assert_true(ips[0].has_interface);
	assert_false(ips[1].has_interface);
	assert_int_equal(ips[1].gateway.family, 0);
	assert_true(routes[0].has_table);
	assert_false(routes[0].has_scope);
	assert_false(routes[1].has_table);
	assert_int_equal(routes[1].gw.family, 0);
	assert_true(r.dns.search.present);
	assert_false(r.dns.options.present);
	assert_false(r.interfaces.present);
	job_free(&job);
}

static void read_ignores_unknown_keys_and_case(void **state)
{
	static const char text[] =
		"{\"CNIVersion\": \"0.4.0\", \"more\": [1], \"IPs\": [{"
		"\"version\": \"6\", \"Address\": \"10.1.2.5/24\"}]}";
	struct job job = { 0 };

	(void)state;
	assert_non_null(strstr(reprint(&job, text, "0.4.0", "0.4.0"),
			       "\"version\": \"4\",\n            "
			       "\"address\": \"10.1.2.5/24\"\n"));
	job_free(&job);
}

static void print_of_empty_result(void **state)
{
	struct result empty = { .dns.nameservers.present = true };
	struct job job = { 0 };

	(void)state;
	assert_string_equal(print(&job, &empty, "1.1.0"),
			    "{\n    \"cniVersion\": \"1.1.0\"\n}");
	assert_string_equal(print(&job, &empty, "0.3.1"),
			    "{\n    \"cniVersion\": \"0.3.1\",\n"
			    "    \"dns\": {}\n}");
	job_free(&job);
}

static void print_always_has_the_name_of_an_interface(void **state)
{
	struct job job = { 0 };
	struct result r = { 0 };

	(void)state;
	list_add(&job, &r.interfaces, sizeof(struct result_interface));
	assert_non_null(strstr(print(&job, &r, "0.4.0"), "\"name\": \"\"\n"));
	assert_non_null(strstr(print(&job, &r, "1.0.0"), "\"name\": \"\"\n"));
	job_free(&job);
}

static void legacy_print_needs_an_address(void **state)
{
	struct job job = { 0 };
	struct str out = { .job = &job };
	struct result r = { 0 };

	(void)state;
	if (!IS_ENABLED(CONFIG_LEGACY_RESULTS))
		skip();
	r.dns.domain = "example.org";
	assert_int_equal(result_print(&job, &r, "0.2.0", &out), -1);
	assert_int_equal(job.code, CNI_INTERNAL);
	assert_string_equal(job.msg, "cannot convert: no valid IP addresses");
	assert_int_equal(out.len, 0);
	job_free(&job);
}

static void legacy_print_drops_routes_without_address(void **state)
{
	struct job job = { 0 };
	struct result r = { 0 };
	struct result_ip *ip;
	struct route *route;
	const char *text;

	(void)state;
	if (!IS_ENABLED(CONFIG_LEGACY_RESULTS))
		skip();
	ip = list_add(&job, &r.ips, sizeof(*ip));
	ip->address = prefix("fd00::5/64");
	route = list_add(&job, &r.routes, sizeof(*route));
	route->dst = prefix("10.0.0.0/8");
	text = print(&job, &r, "0.1.0");
	assert_non_null(strstr(text, "\"ip\": \"fd00::5/64\""));
	assert_null(strstr(text, "ip4"));
	assert_null(strstr(text, "routes"));
	job_free(&job);
}

static void legacy_read_puts_ip4_first(void **state)
{
	static const char text[] =
		"{\"cniVersion\": \"\", \"ip6\": {\"ip\": \"fd00::5/64\","
		" \"routes\": [{\"dst\": \"::/0\"}]},"
		" \"ip4\": {\"ip\": \"10.1.2.5/24\", \"gateway\": \"10.1.2.1\","
		" \"routes\": [{\"dst\": \"0.0.0.0/0\"}]}}";
	struct job job = { 0 };
	const struct route *routes;
	const struct result_ip *ips;
	struct result r;

	(void)state;
	if (!IS_ENABLED(CONFIG_LEGACY_RESULTS))
		skip();
	assert_int_equal(read_as(&job, text, "0.1.0", true, &r), 0);
	ips = r.ips.items;
	routes = r.routes.items;
	assert_int_equal(r.ips.count, 2);
	assert_int_equal(ips[0].address.ip.family, AF_INET);
	assert_int_equal(ips[0].gateway.family, AF_INET);
	assert_int_equal(ips[1].address.ip.family, AF_INET6);
	assert_int_equal(r.routes.count, 2);
	assert_int_equal(routes[0].dst.ip.family, AF_INET);
	job_free(&job);
}

static void legacy_is_unknown_where_it_is_left_out(void **state)
{
	struct job job = { 0 };
	struct result r;

	(void)state;
	if (IS_ENABLED(CONFIG_LEGACY_RESULTS))
		skip();
	assert_string_equal(cni_versions[0], "0.3.0");
	assert_int_equal(result_family("0.1.0"), RESULT_UNKNOWN);
	assert_int_equal(read_as(&job, "{}", "0.2.0", false, &r), -1);
	job_free(&job);
}

static void read_takes_the_configurations_version_for_none(void **state)
{
	static const struct {
		const char *text, *version;
		bool same_family;
	} table[] = {
		{ "{}", "1.0.0", true },
		{ "{\"cniVersion\": null}", "0.4.0", true },
		{ "{\"cniVersion\": \"1.0.0\"}", "1.1.0", true },
		{ "{\"cniVersion\": \"0.3.1\"}", "0.4.0", true },
		{ "{\"cniVersion\": \"0.3.1\"}", "1.1.0", false },
		{ "{\"cniVersion\": \"\"}", "1.1.0", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct result r;

		if (read_as(&job, table[i].text, table[i].version,
			    table[i].same_family, &r) < 0)
			fail_msg("%s: %s", table[i].text, job.msg);
		job_free(&job);
	}
}

static void assert_refused(const char *text, const char *version,
			   bool same_family, const char *msg)
{
	struct job job = { 0 };
	struct result r;

	assert_int_equal(read_as(&job, text, version, same_family, &r), -1);
	assert_int_equal(job.code, CNI_BAD_CONFIG);
	assert_string_equal(job.msg, msg);
	job_free(&job);
}

static void read_refuses_another_family(void **state)
{
	(void)state;
	assert_refused("{\"cniVersion\": \"0.4.0\"}", "1.1.0", true,
		       "could not parse prevResult: result type supports "
		       "[1.0.0 1.1.0] but unmarshalled CNIVersion is "
		       "\"0.4.0\"");
	assert_refused("{\"cniVersion\": \"1.0.0\"}", "0.3.1", true,
		       "could not parse prevResult: result type supports "
		       "[0.3.0 0.3.1 0.4.0] but unmarshalled CNIVersion is "
		       "\"1.0.0\"");
	assert_refused("{\"cniVersion\": \"\"}", "0.4.0", true,
		       "could not parse prevResult: result type supports "
		       "[0.3.0 0.3.1 0.4.0] but unmarshalled CNIVersion is "
		       "\"\"");
	if (IS_ENABLED(CONFIG_LEGACY_RESULTS))
		assert_refused("{\"cniVersion\": \"0.3.0\"}", "0.1.0", true,
			       "could not parse prevResult: result type "
			       "supports [ 0.1.0 0.2.0] but unmarshalled "
			       "CNIVersion is \"0.3.0\"");
}

static void read_refuses_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *path;
	} table[] = {
		{ "[]", "prevResult: " },
		{ "{\"cniVersion\": 1}", "prevResult.cniVersion: " },
		{ "{\"ips\": {}}", "prevResult.ips: " },
		{ "{\"ips\": [{}]}", "prevResult.ips[0].address: " },
		{ "{\"ips\": [{\"address\": \"10.1.2.5\"}]}",
		  "prevResult.ips[0].address: " },
		{ "{\"ips\": [{\"address\": \"10.1.2.5/8\","
		  " \"interface\": \"0\"}]}",
		  "prevResult.ips[0].interface: " },
		{ "{\"ips\": [{\"address\": \"10.1.2.5/8\","
		  " \"interface\": 0.5}]}",
		  "prevResult.ips[0].interface: " },
		{ "{\"routes\": [{\"dst\": \"::/0\"}, {\"dst\": null}]}",
		  "prevResult.routes[1].dst: " },
		{ "{\"routes\": [{\"dst\": \"::/0\", \"gw\": \"10.1.2\"}]}",
		  "prevResult.routes[0].gw: " },
		{ "{\"interfaces\": [{\"mtu\": 1500.0}]}",
		  "prevResult.interfaces[0].mtu: " },
		{ "{\"dns\": {\"search\": [1]}}",
		  "prevResult.dns.search[0]: " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct result r;

		assert_int_equal(
			read_as(&job, table[i].text, "1.0.0", true, &r), -1);
		assert_int_equal(job.code, CNI_BAD_CONFIG);
		assert_memory_equal(job.msg, table[i].path,
				    strlen(table[i].path));
		job_free(&job);
	}
}

static void unknown_versions_are_refused(void **state)
{
	struct job job = { 0 };
	struct str out = { .job = &job };
	struct result r = { 0 };

	(void)state;
	assert_refused("{\"cniVersion\": \"9.0.0\"}", "1.0.0", false,
		       "prevResult: unsupported CNI result version \"9.0.0\"");
	assert_int_equal(result_print(&job, &r, "9.0.0", &out), -1);
	assert_string_equal(job.msg,
			    "unsupported CNI result version \"9.0.0\"");
	job_free(&job);
}

static void family_is_of_the_exact_version(void **state)
{
	(void)state;
	assert_int_equal(result_family("0.2.0"),
			 IS_ENABLED(CONFIG_LEGACY_RESULTS) ? RESULT_01
							   : RESULT_UNKNOWN);
	assert_int_equal(result_family("0.3.0"), RESULT_03);
	assert_int_equal(result_family("1.1.0"), RESULT_10);
	assert_int_equal(result_family("1.0"), RESULT_UNKNOWN);
	assert_int_equal(result_family("1.2.0"), RESULT_UNKNOWN);
	assert_int_equal(result_family(""), RESULT_UNKNOWN);
}

static void version_compare_goes_by_number(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} table[] = {
		{ "0.4.0", "0.4.0", 0 },   { "0.4.0", "0.3.1", 1 },
		{ "0.4.0", "0.10.0", -1 }, { "1.0", "1.0.0", 0 },
		{ "1", "0.4.0", 1 },	   { "1.0.1", "1.1.0", -1 },
		{ "", "0.1.0", 0 },	   { "2.0.0", "1.1.0", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		int order = 77;

		assert_int_equal(
			version_compare(&job, table[i].a, table[i].b, &order),
			0);
		assert_int_equal((order > 0) - (order < 0), table[i].order);
		job_free(&job);
	}
}

static void version_compare_refuses_what_is_no_version(void **state)
{
	static const char *const table[][2] = {
		{ "1.0.0.0", "invalid version \"1.0.0.0\": too many parts" },
		{ "abc", "failed to convert major version part \"abc\": "
			 "strconv.Atoi: parsing \"abc\": invalid syntax" },
		{ "1.x.0", "failed to convert minor version part \"x\": "
			   "strconv.Atoi: parsing \"x\": invalid syntax" },
		{ "1.0.", "failed to convert micro version part \"\": "
			  "strconv.Atoi: parsing \"\": invalid syntax" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		int order;

		assert_int_equal(
			version_compare(&job, "1.0.0", table[i][0], &order),
			-1);
		assert_int_equal(job.code, CNI_NOT_DECODED);
		assert_string_equal(job.msg, table[i][1]);
		job_free(&job);
	}
}

static void dns_is_given_by_any_list_or_a_domain(void **state)
{
	struct dns dns = { .domain = "" };

	(void)state;
	assert_false(dns_is_given(&dns));
	dns.options.present = true;
	assert_true(dns_is_given(&dns));
	dns = (struct dns) { .search.present = true };
	assert_true(dns_is_given(&dns));
	dns = (struct dns) { .nameservers.present = true };
	assert_true(dns_is_given(&dns));
	dns = (struct dns) { .domain = "example.org" };
	assert_true(dns_is_given(&dns));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_and_print_match_golden_files),
		cmocka_unit_test(read_fills_every_field),
		cmocka_unit_test(read_keeps_empty_and_zero_apart_from_absent),
		cmocka_unit_test(read_ignores_unknown_keys_and_case),
		cmocka_unit_test(print_of_empty_result),
		cmocka_unit_test(print_always_has_the_name_of_an_interface),
		cmocka_unit_test(legacy_print_needs_an_address),
		cmocka_unit_test(legacy_print_drops_routes_without_address),
		cmocka_unit_test(legacy_read_puts_ip4_first),
		cmocka_unit_test(legacy_is_unknown_where_it_is_left_out),
		cmocka_unit_test(
			read_takes_the_configurations_version_for_none),
		cmocka_unit_test(read_refuses_another_family),
		cmocka_unit_test(read_refuses_what_is_wrong),
		cmocka_unit_test(unknown_versions_are_refused),
		cmocka_unit_test(family_is_of_the_exact_version),
		cmocka_unit_test(version_compare_goes_by_number),
		cmocka_unit_test(version_compare_refuses_what_is_no_version),
		cmocka_unit_test(dns_is_given_by_any_list_or_a_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
