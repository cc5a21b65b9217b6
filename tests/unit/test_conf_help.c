/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"
#include "core/data/conf.h"
#include "core/data/ip.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

struct range {
	struct prefix subnet;
	const char *name;
};

struct ipam {
	int level, depth;
	bool has_level, has_depth, strict;
	struct list ranges, servers;
	uint64_t rate;
	struct list labels;
};

struct sample {
	char bridge[IFNAMSIZ], master[IFNAMSIZ];
	int mtu;
	bool masq;
	const char *backend, *text, *family;
	struct ipam ipam;
};

static const char *const backends[] = { "iptables", "nftables", NULL };

static const char *const autos[] = { "auto", NULL };
static const struct conf_key automatic = { .type = CONF_STRING,
					   .choices = autos };

static const struct conf_key range_keys[] = {
	{ "subnet", CONF_PREFIX, AT(range, subnet), .required = true,
	  .other = &automatic, HELP("Network that addresses come from.") },
	{ "name", CONF_STRING, AT(range, name), HELP("Any.") },
	CONF_END
};
static const struct conf_key range = {
	.type = CONF_OBJECT,
	.keys = range_keys,
};
static const struct conf_key range_set = { .type = CONF_ARRAY, .item = &range };
static const struct conf_key address = { .type = CONF_IP };
static const struct conf_key label = { .type = CONF_STRING };

static const struct conf_key ipam_keys[] = {
	{ "level", CONF_INT, AT(ipam, level), .min = -3, .max = 3,
	  .has = offsetof(struct ipam, has_level), HELP("How far.") },
	{ "depth", CONF_INT, AT(ipam, depth),
	  .has = offsetof(struct ipam, has_depth), HELP("How deep.") },
	{ "strict", CONF_BOOL, AT(ipam, strict), HELP("Refuse strangers.") },
	{ "ranges", CONF_ARRAY, AT(ipam, ranges), .item = &range_set },
	{ "servers", CONF_ARRAY, AT(ipam, servers), .item = &address,
	  HELP("Name servers.") },
	{ "rate", CONF_UINT64, AT(ipam, rate), HELP("How fast.") },
	{ "labels", CONF_MAP, AT(ipam, labels), .item = &label,
	  HELP("What for.") },
	CONF_END
};

static const char *const families[] = { "ipv4", "ipv6", NULL };
static const struct conf_key mtu_text = { .type = CONF_STRING };
static const struct conf_key family = {
	.type = CONF_STRING,
	.choices = families,
};

static const struct conf_key keys[] = {
	{ "bridge", CONF_IFNAME, AT(sample, bridge), HELP("The bridge.") },
	{ "master", CONF_IFNAME, AT(sample, master), HELP("Its host link.") },
	{ "mtu", CONF_INT, AT(sample, mtu), .other = &mtu_text,
	  HELP("Size of packets.") },
	{ "masq", CONF_BOOL, AT(sample, masq), .other = &family,
	  HELP("Hide whom.") },
	{ "backend", CONF_STRING, AT(sample, backend), .choices = backends,
	  HELP("What translates addresses.") },
	{ "text", CONF_STRING, AT(sample, text) },
	{ "ipam", CONF_OBJECT, AT(sample, ipam), .keys = ipam_keys },
	CONF_END
};

static void assert_help(const void *defaults, const char *expected)
{
	struct job job = { 0 };
	struct str out = { .job = &job };

	conf_help(&out, keys, defaults);
	assert_string_equal(out.text, expected);
	job_free(&job);
}

/* clang-format off */
static void help_shows_defaults(void **state)
{
	static const struct sample defaults = {
		.bridge = "cni0", .mtu = 1500, .backend = "nftables",
		.ipam.level = 2, .ipam.strict = true, .masq = true,
	};

	(void)state;
	assert_help(&defaults,
"bridge                  ifname                cni0      The bridge.\n"
"master                  ifname                -         Its host link.\n"
"mtu                     int or string         1500      Size of packets.\n"
"masq                    bool or ipv4 or ipv6  true      Hide whom.\n"
"backend                 iptables or nftables  nftables  What translates addresses.\n"
"ipam.level              -3 to 3               2         How far.\n"
"ipam.depth              int                   -         How deep.\n"
"ipam.strict             bool                  true      Refuse strangers.\n"
"ipam.ranges[][].subnet  prefix or auto        required  Network that addresses come from.\n"
"ipam.ranges[][].name    string                -         Any.\n"
"ipam.servers[]          ip                    -         Name servers.\n"
"ipam.rate               uint64                -         How fast.\n"
"ipam.labels             map                   -         What for.\n");
}

static void help_without_defaults_shows_zeroes(void **state)
{
	(void)state;
	assert_help(NULL,
"bridge                  ifname                -         The bridge.\n"
"master                  ifname                -         Its host link.\n"
"mtu                     int or string         0         Size of packets.\n"
"masq                    bool or ipv4 or ipv6  false     Hide whom.\n"
"backend                 iptables or nftables  -         What translates addresses.\n"
"ipam.level              -3 to 3               -         How far.\n"
"ipam.depth              int                   -         How deep.\n"
"ipam.strict             bool                  false     Refuse strangers.\n"
"ipam.ranges[][].subnet  prefix or auto        required  Network that addresses come from.\n"
"ipam.ranges[][].name    string                -         Any.\n"
"ipam.servers[]          ip                    -         Name servers.\n"
"ipam.rate               uint64                -         How fast.\n"
"ipam.labels             map                   -         What for.\n");
}
/* clang-format on */

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_shows_defaults),
		cmocka_unit_test(help_without_defaults_shows_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
