/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/data/conf.h"
#include "core/data/ip.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct range {
	struct prefix subnet;
	struct ip start;
	const char *name;
	bool has_start;
};

struct ipam {
	int level;
	bool strict, has_level;
	struct list ranges; /* of struct list of struct range */
};

struct sample {
	bool masq, has_vlan;
	char bridge[IFNAMSIZ];
	int mtu, vlan;
	const char *text, *backend;
	uint8_t mac[MAC_LEN];
	struct ip gateway;
	struct prefix dst;
	struct ipam ipam;
	struct list servers; /* of struct ip */
	struct list routes;  /* of struct range */
	struct list options; /* of const char * */
	struct list raws;    /* of const struct json * */
	const struct json *raw;
};

static const char *const backends[] = { "iptables", "nftables", NULL };

static const struct conf_key range_keys[] = {
	{ "subnet", CONF_PREFIX, AT(range, subnet), .required = true },
	{ "rangeStart", CONF_IP, AT(range, start),
	  .has = offsetof(struct range, has_start) },
	{ "name", CONF_STRING, AT(range, name) },
	CONF_END
};

static const struct conf_key range = {
	.type = CONF_OBJECT,
	.keys = range_keys,
};
static const struct conf_key range_set = {
	.type = CONF_ARRAY,
	.item = &range,
	.item_size = sizeof(struct range),
};
static const struct conf_key address = { .type = CONF_IP };
static const struct conf_key option = { .type = CONF_STRING };
static const struct conf_key value = { .type = CONF_RAW };

static const struct conf_key ipam_keys[] = {
	{ "level", CONF_INT, AT(ipam, level), .min = -3, .max = 3,
	  .has = offsetof(struct ipam, has_level) },
	{ "strict", CONF_BOOL, AT(ipam, strict) },
	{ "ranges", CONF_ARRAY, AT(ipam, ranges), .item = &range_set,
	  .item_size = sizeof(struct list) },
	CONF_END
};

static const struct conf_key keys[] = {
	{ "bridge", CONF_IFNAME, AT(sample, bridge), .required = true },
	{ "ipMasq", CONF_BOOL, AT(sample, masq) },
	{ "mtu", CONF_INT, AT(sample, mtu) },
	{ "vlan", CONF_INT, AT(sample, vlan), .max = 4094,
	  .has = offsetof(struct sample, has_vlan) },
	{ "text", CONF_STRING, AT(sample, text) },
	{ "backend", CONF_STRING, AT(sample, backend), .choices = backends },
	{ "mac", CONF_MAC, AT(sample, mac) },
	{ "gateway", CONF_IP, AT(sample, gateway) },
	{ "dst", CONF_PREFIX, AT(sample, dst) },
	{ "ipam", CONF_OBJECT, AT(sample, ipam), .keys = ipam_keys },
	{ "servers", CONF_ARRAY, AT(sample, servers), .item = &address,
	  .item_size = sizeof(struct ip) },
	{ "routes", CONF_ARRAY, AT(sample, routes), .item = &range,
	  .item_size = sizeof(struct range) },
	{ "options", CONF_ARRAY, AT(sample, options), .item = &option,
	  .item_size = sizeof(const char *) },
	{ "raw", CONF_RAW, AT(sample, raw) },
	{ "raws", CONF_ARRAY, AT(sample, raws), .item = &value,
	  .item_size = sizeof(const struct json *) },
	CONF_END
};

/* A copy with " in the place of '. */
static char *quoted(struct job *job, const char *text)
{
	char *copy = job_strndup(job, text, strlen(text));

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

/* Reads {'bridge':'br0',<members>} over what out holds. */
static int read_members(struct job *job, const char *members, bool tolerant,
			struct sample *out)
{
	const char *text =
		quoted(job, job_printf(job, "{'bridge':'br0'%s%s}",
				       *members ? "," : "", members));
	struct json *root;

	if (json_parse(job, "input", text, strlen(text), &root) < 0)
		fail_msg("%s", job->msg);
	return conf_read(job, "", root, keys, tolerant, out);
}

static void read_ok(struct job *job, const char *members, struct sample *out)
{
	if (read_members(job, members, false, out) < 0)
		fail_msg("%s: %s", members, job->msg);
}

static void assert_prefix(const struct prefix *got, const char *expected)
{
	char buf[PREFIX_TEXT];

	assert_string_equal(prefix_print(got, buf), expected);
}

static void every_type_is_read(void **state)
{
	struct job job = { 0 };
	struct sample s = { .mtu = 7 };
	char buf[IP_TEXT];

	(void)state;
	read_ok(&job,
		"'ipMasq':true,'mtu':-2147483648,'vlan':4094,'text':'\\u0061',"
		"'backend':'nftables','mac':'02:00:5e:10:00:01',"
		"'gateway':'fd00::1','dst':'10.0.0.5/8',"
		"'raw':[1],'unknown':{'mtu':9}",
		&s);
	assert_string_equal(s.bridge, "br0");
	assert_true(s.masq);
	assert_int_equal(s.mtu, INT_MIN);
	assert_int_equal(s.vlan, 4094);
	assert_true(s.has_vlan);
	assert_string_equal(s.text, "a");
	assert_string_equal(s.backend, "nftables");
	assert_memory_equal(s.mac, "\x02\0\x5e\x10\0\x01", MAC_LEN);
	assert_string_equal(ip_print(&s.gateway, buf), "fd00::1");
	assert_prefix(&s.dst, "10.0.0.5/8");
	assert_int_equal(s.raw->type, JSON_ARRAY);
	assert_string_equal(s.raw->child->text, "1");
	read_ok(&job, "'mtu':2147483647", &s);
	assert_int_equal(s.mtu, INT_MAX);
	job_free(&job);
}

static void what_is_absent_keeps_its_default(void **state)
{
	static const char *const table[] = {
		"",
		"'ipMasq':null,'mtu':null,'vlan':null,'text':null,"
		"'backend':null,'mac':null,'gateway':null,'ipam':null,"
		"'servers':null,'raw':null,'bridge':null",
		"'mac':'','gateway':'','ipam':{'level':null}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct sample s = { .masq = true,
				    .bridge = "br0",
				    .mtu = 1400,
				    .vlan = 3,
				    .text = "t",
				    .mac = { 2 },
				    .ipam.level = 2,
				    .servers.count = 5 };
		const struct sample before = s;

		read_ok(&job, table[i], &s);
		assert_memory_equal(&s, &before, sizeof(s));
		job_free(&job);
	}
}

static void names_match_in_any_case_and_the_last_wins(void **state)
{
	static const struct {
		const char *members;
		int mtu;
	} table[] = {
		{ "'MTU':1", 1 },
		{ "'mtu':1,'Mtu':2", 2 },
		{ "'Mtu':2,'mtu':1", 1 },
		{ "'mtu':1,'mtu':2,'mtu':3", 3 },
		{ "'mtu':1,'mtu':null", 1 },
		{ "'m\\u0074u':4", 4 },
		{ "'mtu ':4", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct sample s = { 0 };

		read_ok(&job, table[i].members, &s);
		assert_int_equal(s.mtu, table[i].mtu);
		job_free(&job);
	}
}

static void objects_are_merged_and_arrays_replaced(void **state)
{
	struct job job = { 0 };
	struct sample s = { 0 };

	(void)state;
	read_ok(&job,
		"'ipam':{'level':1,'strict':true},'ipam':{'level':2},"
		"'options':['a','b','c'],'options':['d']",
		&s);
	assert_int_equal(s.ipam.level, 2);
	assert_true(s.ipam.strict);
	assert_true(s.ipam.has_level);
	assert_int_equal(s.options.count, 1);
	assert_string_equal(((const char **)s.options.items)[0], "d");
	job_free(&job);
}

static void arrays_hold_arrays_of_objects(void **state)
{
	struct job job = { 0 };
	struct sample s = { 0 };
	const struct list *sets;
	const struct range *ranges;

	(void)state;
	read_ok(&job,
		"'ipam':{'ranges':[[{'subnet':'10.1.0.0/16'},"
		"{'subnet':'10.2.0.0/16','rangeStart':'10.2.0.9'},"
		"{'subnet':'10.3.0.0/16','name':'x'}],[],"
		"[{'subnet':'fd00::/64'}]]},'servers':[]",
		&s);
	assert_true(s.servers.present && !s.options.present);
	assert_int_equal(s.servers.count, 0);
	assert_int_equal(s.ipam.ranges.count, 3);
	sets = s.ipam.ranges.items;
	assert_int_equal(sets[0].count, 3);
	assert_true(sets[1].present);
	assert_int_equal(sets[1].count, 0);
	assert_int_equal(sets[2].count, 1);
	ranges = sets[0].items;
	assert_prefix(&ranges[0].subnet, "10.1.0.0/16");
	assert_false(ranges[0].has_start);
	assert_true(ranges[1].has_start);
	assert_string_equal(ranges[2].name, "x");
	ranges = sets[2].items;
	assert_prefix(&ranges[0].subnet, "fd00::/64");
	job_free(&job);
}

static void assert_refused(const char *members, const char *message)
{
	struct job job = { 0 };
	struct sample s = { 0 };

	if (!read_members(&job, members, false, &s))
		fail_msg("accepted: %s", members);
	assert_string_equal(job.msg, quoted(&job, message));
	assert_int_equal(job.code, CNI_BAD_CONFIG);
	job_free(&job);
}

static void wrong_values_are_refused(void **state)
{
	static const struct {
		const char *key, *expected, *values[9];
	} table[] = {
		{ "ipMasq", "true or false", { "'true'", "1", "[]" } },
		{ "vlan", "an integer from 0 to 4094", { "-1", "4095" } },
		{ "mtu",
		  "an integer",
		  { "'5'", "1500.0", "1e3", "2147483648", "-2147483649",
		    "99999999999999999999", "true", "{}" } },
		{ "text", "a string", { "5", "['a']", "false" } },
		{ "backend", "iptables or nftables", { "'ipt'", "''", "1" } },
		{ "bridge",
		  "an interface name of 1 to 15 bytes without / : % or space",
		  { "''", "'sixteen-letters-'", "'a/b'", "'a:b'", "'a b'",
		    "'a\\tb'", "'a%d'", "{}" } },
		{ "mac",
		  "a MAC address such as 02:00:5e:10:00:01",
		  { "'02:00'", "'02:00:5e:10:00:01:02:03'", "1" } },
		{ "gateway",
		  "an address such as 10.1.0.1",
		  { "'10.1.0.256'", "'10.1.0.1/8'", "1" } },
		{ "dst",
		  "an address with prefix length such as 10.1.0.0/16",
		  { "'10.1.0.1'", "''", "null" } },
		{ "ipam", "an object", { "[]", "''" } },
		{ "servers", "an array", { "'10.0.0.1'", "{}" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *key = table[i].key;

		for (const char *const *v = table[i].values; *v; v++) {
			struct job job = { 0 };

			assert_refused(job_printf(&job, "'%s':%s", key, *v),
				       job_printf(&job,
						  "%s: expected %s, got %s",
						  key, table[i].expected, *v));
			job_free(&job);
		}
	}
}

static void wrong_values_are_named_by_path(void **state)
{
	static const char *const table[][2] = {
		{ "'VLAN':9999",
		  "vlan: expected an integer from 0 to 4094, got 9999" },
		{ "'ipam':{'level':4}",
		  "ipam.level: expected an integer from -3 to 3, got 4" },
		{ "'servers':['10.0.0.1','']",
		  "servers[1]: expected an address such as 10.1.0.1, got ''" },
		{ "'options':['a',null,'b']",
		  "options[1]: expected a string, got null" },
		{ "'routes':[null]",
		  "routes[0]: expected an object, got null" },
		{ "'routes':[{}]", "routes[0].subnet: missing" },
		{ "'raws':[0,null]", "raws[1]: expected a value, got null" },
		{ "'ipam':{'ranges':[[],null]}",
		  "ipam.ranges[1]: expected an array, got null" },
		{ "'ipam':{'ranges':[[{'subnet':'10.1.0.0/16'},"
		  "{'subnet':'10.1.2.5'}]]}",
		  "ipam.ranges[0][1].subnet: expected an address with prefix "
		  "length such as 10.1.0.0/16, got '10.1.2.5'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_refused(table[i][0], table[i][1]);
}

static void long_values_are_cut_in_messages(void **state)
{
#define FIFTY "12345678901234567890123456789012345678901234567890"
	/* the value, and what is shown: 60 bytes, one line, whole characters */
	static const char *const table[][2] = {
		{ "{\r\n 'a': 1}", "{..." },
		{ "'" FIFTY "12345678'", "'" FIFTY "12345678'" },
		{ "'" FIFTY "123456789'", "'" FIFTY "123456789..." },
		{ "'" FIFTY "12345678\xe2\x82\xac'", "'" FIFTY "12345678..." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };

		assert_refused(job_printf(&job, "'mtu':%s", table[i][0]),
			       job_printf(&job,
					  "mtu: expected an integer, got %s",
					  table[i][1]));
		job_free(&job);
	}
}

static void required_key_is_missed(void **state)
{
	static const char *const table[][3] = {
		{ "", "{}", "bridge: missing" },
		{ "", "{\"bridge\":null}", "bridge: missing" },
		{ "", "[]", "expected an object, got []" },
		{ "", "null", "bridge: missing" },
		{ "runtimeConfig", "{}", "runtimeConfig.bridge: missing" },
		{ "args.cni", "5", "args.cni: expected an object, got 5" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job job = { 0 };
		struct sample s = { 0 };
		struct json *root;

		json_parse(&job, "x", table[i][1], strlen(table[i][1]), &root);
		assert_int_equal(
			conf_read(&job, table[i][0], root, keys, false, &s),
			-1);
		assert_string_equal(job.msg, table[i][2]);
		job_free(&job);
	}
}

static void no_object_has_no_members(void **state)
{
	struct job job = { 0 };
	struct range s = { .name = "x" };

	(void)state;
	assert_int_equal(conf_read(&job, "ipam", NULL, ipam_keys, false, &s),
			 0);
	assert_int_equal(conf_read(&job, "", NULL, range_keys, false, &s), -1);
	assert_string_equal(job.msg, "subnet: missing");
	assert_string_equal(s.name, "x");
	job_free(&job);
}

/* As DEL reads: the good is taken, the bad has no effect. */
static void tolerant_reading_takes_what_is_right(void **state)
{
	static const char members[] =
		"'mtu':'x','vlan':9999,'text':{},'bridge':'a/b',"
		"'bridge':'sixteen-letters-','mac':'02:00:00:zz',"
		"'gateway':'10.1.0.256','dst':null,'ipMasq':true,"
		"'ipam':{'level':5,'strict':true},"
		"'servers':['x','10.0.0.1',null,'10.0.0.2'],"
		"'routes':[{'subnet':'10.0.0.0/8'},{'subnet':'11.0.0.0/8'},"
		"{'subnet':'12.0.0.0/8'},{'subnet':'13.0.0.0/8','name':5},"
		"{'name':'y'},{'subnet':'14.0.0.0/8'}]";
	struct job job = { .name = "conf" };
	struct sample s = { .mtu = 7, .text = "old" };
	const struct range *ranges;
	char buf[IP_TEXT];

	(void)state;
	assert_int_equal(read_members(&job, members, true, &s), 0);
	assert_null(job.msg);
	assert_int_equal(s.mtu, 7);
	assert_false(s.has_vlan);
	assert_string_equal(s.text, "old");
	assert_string_equal(s.bridge, "br0");
	assert_memory_equal(s.mac, "\0\0\0\0\0\0", MAC_LEN);
	assert_int_equal(s.gateway.family, 0);
	assert_int_equal(s.dst.ip.family, 0);
	assert_true(s.masq && s.ipam.strict);
	assert_int_equal(s.servers.count, 2);
	assert_string_equal(ip_print(s.servers.items, buf), "10.0.0.1");
	assert_int_equal(s.routes.count, 4);
	ranges = s.routes.items;
	assert_prefix(&ranges[3].subnet, "14.0.0.0/8");
	assert_null(ranges[3].name);
	job_free(&job);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(what_is_absent_keeps_its_default),
		cmocka_unit_test(names_match_in_any_case_and_the_last_wins),
		cmocka_unit_test(objects_are_merged_and_arrays_replaced),
		cmocka_unit_test(arrays_hold_arrays_of_objects),
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(wrong_values_are_named_by_path),
		cmocka_unit_test(long_values_are_cut_in_messages),
		cmocka_unit_test(required_key_is_missed),
		cmocka_unit_test(no_object_has_no_members),
		cmocka_unit_test(tolerant_reading_takes_what_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
