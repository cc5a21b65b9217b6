/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/str.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int tear_down(void **state)
{
	job_free(*state);
	return 0;
}

static int set_up(void **state)
{
	static struct job job;

	*state = &job;
	return 0;
}

/* clang-format off */
#define POD4 { { AF_INET, { 10, 1, 2, 3 } }, 24 }
#define POD6 { { AF_INET6, { 0xfd, [15] = 3 } }, 64 }
/* clang-format on */

static const struct {
	struct entry entry;
	const char *text, *description;
} table[] = {
	{ { ENTRY_MASQUERADE, POD4 },
	  "masquerade 10.1.2.3/24",
	  "address 10.1.2.3 is not masqueraded" },
	{ { ENTRY_MASQUERADE, POD6 },
	  "masquerade fd00::3/64",
	  "address fd00::3 is not masqueraded" },
	{ { ENTRY_HAIRPIN, POD4 },
	  "hairpin 10.1.2.3/24",
	  "address 10.1.2.3 is not masqueraded" },
	{ { ENTRY_HAIRPIN, POD6 },
	  "hairpin fd00::3/64",
	  "address fd00::3 is not masqueraded" },
	{ { ENTRY_PORT, POD4, IPPROTO_TCP, { 0 }, 1, UINT16_MAX },
	  "port tcp * 1 10.1.2.3/24 65535",
	  "host port 1/tcp is not published" },
	{ { ENTRY_PORT, POD6, IPPROTO_SCTP, { 0 }, 8080, 80 },
	  "port sctp * 8080 fd00::3/64 80",
	  "host port 8080/sctp is not published" },
	{ { ENTRY_PORT,
	    POD4,
	    IPPROTO_UDP,
	    { AF_INET, { 192, 0, 2, 1 } },
	    53,
	    5 },
	  "port udp 192.0.2.1 53 10.1.2.3/24 5",
	  "host port 192.0.2.1:53/udp is not published" },
	{ { ENTRY_PORT, POD6, IPPROTO_UDP, { AF_INET6, { 0xfd, 1 } }, 53, 5 },
	  "port udp fd01:: 53 fd00::3/64 5",
	  "host port [fd01::]:53/udp is not published" },
	{ { ENTRY_MASQUERADE, POD4, .exempt = "10.9.0.0/16 10.8.0.0/16" },
	  "masquerade 10.1.2.3/24 10.9.0.0/16 10.8.0.0/16",
	  "address 10.1.2.3 is not masqueraded" },
	{ { ENTRY_CONDITION, POD4, IPPROTO_TCP, { 0 }, 80, 81, "iifname eth0" },
	  "condition tcp * 80 10.1.2.3/24 81 iifname eth0",
	  "host port 80/tcp is not published" },
	{ { ENTRY_CONDITION,
	    POD6,
	    IPPROTO_UDP,
	    { AF_INET6, { 0xfd, 1 } },
	    53,
	    5,
	    " ip6 saddr != { fd00::/8, \"x\" }  " },
	  "condition udp fd01:: 53 fd00::3/64 5  ip6 saddr != { fd00::/8, "
	  "\"x\" }  ",
	  "host port [fd01::]:53/udp is not published" },
	{ { .kind = ENTRY_MACSPOOFCHK, .bridge_port = "veth0" },
	  "guarded veth0",
	  "macspoofchk of interface veth0 is not set" },
	{ { .kind = ENTRY_MACSPOOFCHK_MAC,
	    .bridge_port = "fifteen-letters",
	    .mac = { 2, 0, 0x5e, 0x10, 0, 0xff } },
	  "source fifteen-letters 02:00:5e:10:00:ff",
	  "macspoofchk of interface fifteen-letters is not set" },
};

static const char *print(struct job *job, const struct entry *entry)
{
	struct str out = { .job = job };

	entry_print(entry, &out);
	return out.text;
}

static void assert_same(const struct entry *a, const struct entry *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_true(prefix_equal(&a->pod, &b->pod));
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(ip_compare(&a->host, &b->host), 0);
	assert_int_equal(a->host_port, b->host_port);
	assert_int_equal(a->pod_port, b->pod_port);
	assert_string_equal(a->conditions ? a->conditions : "(none)",
			    b->conditions ? b->conditions : "(none)");
	assert_string_equal(a->exempt ? a->exempt : "(none)",
			    b->exempt ? b->exempt : "(none)");
	assert_string_equal(a->bridge_port, b->bridge_port);
	assert_memory_equal(a->mac, b->mac, MAC_LEN);
}

static void entries_survive_being_text(void **state)
{
	struct entry parsed;

	for (size_t i = 0; i < COUNT(table); i++) {
		assert_string_equal(print(*state, &table[i].entry),
				    table[i].text);
		memset(&parsed, 0xff, sizeof(parsed));
		assert_true(entry_parse(*state, table[i].text, &parsed));
		assert_same(&parsed, &table[i].entry);
	}
}

static void addresses_that_mean_every_one_are_a_star(void **state)
{
	struct entry entry = table[5].entry;

	entry.host.family = AF_INET6;
	assert_string_equal(print(*state, &entry), table[5].text);
	entry = table[4].entry;
	entry.host.family = AF_INET;
	assert_string_equal(print(*state, &entry), table[4].text);
}

static void other_texts_are_none(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"masquerade",
		"masquerade ",
		"masquerade 10.1.2.3",
		"masquerade 10.1.2.3/33",
		"masquerade 10.1.2.3/-1",
		"masquerade 10.1.2/24",
		"masquerade  10.1.2.3/24",
		"masquerade 10.1.2.3/24 ",
		"masquerade 10.1.2.3 10.9.0.0/16",
		"masquerade 10.1.2.3/24\n",
		" masquerade 10.1.2.3/24",
		"Masquerade 10.1.2.3/24",
		"masq 10.1.2.3/24",
		"hairpin *",
		"hairpin 10.1.2.3/24 10.9.0.0/16",
		"condition",
		"condition tcp * 80 10.1.2.3/24",
		"condition tcp * 80 10.1.2.3/24 80",
		"condition tcp * 80 10.1.2.3/24 80 ",
		"condition tcp * 80 10.1.2.3/24 iifname eth0",
		"port tcp * 80 10.1.2.3/24 80 iifname eth0",
		"port tcp fd00::1 80 10.1.2.3/24 80",
		"condition tcp 192.0.2.1 80 fd00::3/64 80 iifname eth0",
		"guarded",
		"guarded ",
		"guarded  veth0",
		"guarded veth0 ",
		"guarded veth0 02:00:5e:10:00:ff",
		"guarded sixteen-letters-",
		"source veth0",
		"source veth0 ",
		"source  02:00:5e:10:00:ff",
		"source veth0 02:00:5e:10:00",
		"source veth0 02:00:5e:10:00:ff x",
		"source sixteen-letters- 02:00:5e:10:00:ff",
		"tcp * 80 10.1.2.3/24 80",
		"port",
		"port tcp * 80 10.1.2.3/24",
		"port tcp * 80 10.1.2.3/24 ",
		"port tcp * 80 10.1.2.3/24 80 ",
		"port tcp * 80 10.1.2.3/24 80 80",
		"port tcp * 80 10.1.2.3/24 80 80 80",
		"port tcp * 80 10.1.2.3 80",
		"port tcp  80 10.1.2.3/24 80",
		"port tcp ** 80 10.1.2.3/24 80",
		"port tcp 10.1.2 80 10.1.2.3/24 80",
		"port tcp * 0 10.1.2.3/24 80",
		"port tcp * 65536 10.1.2.3/24 80",
		"port tcp * -1 10.1.2.3/24 80",
		"port tcp * 80 10.1.2.3/24 0",
		"port tcp * 80 10.1.2.3/24 65536",
		"port tcp * 80x 10.1.2.3/24 80",
		"port tcp * 80 10.1.2.3/24 99999999999999999999",
		"port icmp * 80 10.1.2.3/24 80",
		"port 6 * 80 10.1.2.3/24 80",
	};
	struct entry out;

	for (size_t i = 0; i < COUNT(texts); i++) {
		if (!entry_parse(*state, texts[i], &out))
			continue;
		print_error("parsed: '%s'\n", texts[i]);
		assert_true(false);
	}
}

static void descriptions_are_sentences(void **state)
{
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
			entry_describe(*state, &table[i].entry, "not "),
			table[i].description);
	assert_string_equal(entry_describe(*state, &table[4].entry, ""),
			    "host port 1/tcp is published");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(entries_survive_being_text),
		TEST(addresses_that_mean_every_one_are_a_star),
		TEST(other_texts_are_none),
		TEST(descriptions_are_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
