/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

static const struct row rows[] = {
	{ { ENTRY_PORT, POD4, IPPROTO_TCP, { 0 }, 8080, 80 },
	  "port tcp * 8080 10.1.2.3/24 80",
	  "host port 8080/tcp is not published",
	  "2='hostport4' 3={ 1={ 1={ 1=060000001f900000 }"
	  " 2={ 1=0a01020300500000 }" },
	{ { ENTRY_PORT, POD4, IPPROTO_SCTP, HOST4, 8080, 80 },
	  "port sctp 192.0.2.1 8080 10.1.2.3/24 80",
	  "host port 192.0.2.1:8080/sctp is not published",
	  "2='hostip4' 3={ 1={ 1={ 1=84000000c00002011f900000 }"
	  " 2={ 1=0a01020300500000 }" },
	{ { ENTRY_PORT, POD6, IPPROTO_TCP, { 0 }, 8080, 80 },
	  "port tcp * 8080 fd00::3/64 80",
	  "host port 8080/tcp is not published",
	  "2='hostport6' 3={ 1={ 1={ 1=060000001f900000 }"
	  " 2={ 1=fd00000000000000000000000000000300500000 }" },
	{ { ENTRY_PORT, POD6, IPPROTO_UDP, HOST6, 8080, 80 },
	  "port udp fd01:: 8080 fd00::3/64 80",
	  "host port [fd01::]:8080/udp is not published",
	  "2='hostip6' 3={ 1={ 1={ 1=11000000fd010000000000000000000000000000"
	  "1f900000 } 2={ 1=fd00000000000000000000000000000300500000 }" },
	{ { ENTRY_PORT, POD4, IPPROTO_TCP, { 0 }, 1, UINT16_MAX },
	  "port tcp * 1 10.1.2.3/24 65535",
	  "host port 1/tcp is not published" },
	{ { ENTRY_PORT, POD6, IPPROTO_SCTP, { 0 }, 8080, 80 },
	  "port sctp * 8080 fd00::3/64 80",
	  "host port 8080/sctp is not published" },
	{ { ENTRY_PORT, POD4, IPPROTO_UDP, HOST4, 53, 5 },
	  "port udp 192.0.2.1 53 10.1.2.3/24 5",
	  "host port 192.0.2.1:53/udp is not published" },
	{ { ENTRY_CONDITION,
	    POD4,
	    IPPROTO_TCP,
	    { 0 },
	    8080,
	    80,
	    "iifname eth0" },
	  "condition tcp * 8080 10.1.2.3/24 80 iifname eth0",
	  "host port 8080/tcp is not published",
	  "2='condport4' 3={ 1={ 1={ 1=060000001f900000 }"
	  " 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
	{ { ENTRY_CONDITION, POD4, IPPROTO_TCP, HOST4, 8080, 80,
	    "iifname eth0" },
	  "condition tcp 192.0.2.1 8080 10.1.2.3/24 80 iifname eth0",
	  "host port 192.0.2.1:8080/tcp is not published",
	  "2='condip4' 3={ 1={ 1={ 1=06000000c00002011f900000 }"
	  " 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
	{ { ENTRY_CONDITION,
	    POD6,
	    IPPROTO_UDP,
	    { 0 },
	    8080,
	    80,
	    "iifname eth0" },
	  "condition udp * 8080 fd00::3/64 80 iifname eth0",
	  "host port 8080/udp is not published",
	  "2='condport6' 3={ 1={ 1={ 1=110000001f900000 }"
	  " 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
	{ { ENTRY_CONDITION, POD6, IPPROTO_UDP, HOST6, 8080, 80,
	    "iifname eth0" },
	  "condition udp fd01:: 8080 fd00::3/64 80 iifname eth0",
	  "host port [fd01::]:8080/udp is not published",
	  "2='condip6' 3={ 1={ 1={ 1=11000000fd010000000000000000000000000000"
	  "1f900000 } 2={ 2={ 1=fffffffc 2='cond-823e4970abd968cc' } }",
	  "cond-823e4970abd968cc" },
	{ { ENTRY_CONDITION, POD6, IPPROTO_UDP, HOST6, 53, 5,
	    " ip6 saddr != { fd00::/8, \"x\" }  " },
	  "condition udp fd01:: 53 fd00::3/64 5  ip6 saddr != { fd00::/8, "
	  "\"x\" }  ",
	  "host port [fd01::]:53/udp is not published",
	  NULL,
	  "cond-35c79d7b31428d0a" },
};

static const char *const no_texts[] = {
	"condition",
	"condition tcp * 80 10.1.2.3/24",
	"condition tcp * 80 10.1.2.3/24 80",
	"condition tcp * 80 10.1.2.3/24 80 ",
	"condition tcp * 80 10.1.2.3/24 iifname eth0",
	"condition tcp 192.0.2.1 80 fd00::3/64 80 iifname eth0",
	"tcp * 80 10.1.2.3/24 80",
	"port",
	"port tcp * 80 10.1.2.3/24",
	"port tcp * 80 10.1.2.3/24 ",
	"port tcp * 80 10.1.2.3/24 80 ",
	"port tcp * 80 10.1.2.3/24 80 80",
	"port tcp * 80 10.1.2.3/24 80 80 80",
	"port tcp * 80 10.1.2.3/24 80 iifname eth0",
	"port tcp fd00::1 80 10.1.2.3/24 80",
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

/* clang-format off */
static const struct chain_row chains[] = {
	{ { ENTRY_CONDITION, POD4, .conditions = "ip saddr 10.1.2.0/24" }, {
		CHAIN("c"),
		RULE("c", V4 FROM4("08") SUBNET4("0a010200") GOTO("ports")),
	}, 1 },
	{ { ENTRY_CONDITION, POD4, .conditions = "iifname { a, b, c }" }, {
		CHAIN("c"),
		RULE("c", INPUT("08") EQUAL("6100" "0000000000000000000000000000") GOTO("ports")),
		RULE("c", INPUT("08") EQUAL("6200" "0000000000000000000000000000") GOTO("ports")),
		RULE("c", INPUT("08") EQUAL("6300" "0000000000000000000000000000") GOTO("ports")),
	}, 3 },
};
/* clang-format on */

static const struct rows tested[] = {
	{ rows, COUNT(rows) },
};

#include "tests/unit/kind_tests.h"

static void chains_are_encoded(void **state)
{
	assert_chains(state, chains, COUNT(chains));
}

static void kernel_takes_the_chains(void **state)
{
	assert_kernel_takes_chains(state, chains, COUNT(chains));
}

static void addresses_that_mean_every_one_are_a_star(void **state)
{
	struct kernel *k = *state;
	struct entry entry = rows[2].entry;
	struct nft_element element;

	entry.host.family = AF_INET6;
	assert_string_equal(text_of(&k->job, &entry), rows[2].text);
	entry = rows[0].entry;
	entry.host.family = AF_INET;
	assert_string_equal(text_of(&k->job, &entry), rows[0].text);
	entry_to_element(&k->job, &entry, "o", &element);
	assert_string_equal(element.map, "hostport4");
}

static void chains_are_shared_by_the_same_conditions(void **state)
{
	struct entry a = inner, b = inner;
	struct kernel *k = *state;

	b.host_port = 81;
	assert_same_chain(&k->job, &a, &b, true);
	b.conditions = "iifname eth1";
	assert_same_chain(&k->job, &a, &b, false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
		TEST(chains_are_encoded),
		TEST(kernel_takes_the_chains),
		TEST(addresses_that_mean_every_one_are_a_star),
		TEST(chains_are_shared_by_the_same_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
