/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "core/kernel/wg.h"

#include "tests/unit/netlink.h"

#include <linux/genetlink.h>
#include <linux/wireguard.h>

enum { FAMILY = 0x1f };

static const struct layout layout = { "112", " 6 8.0.3 8.0.9.0.1 8.0.9.0.3 " };

static const struct genlmsghdr head = { .cmd = WG_CMD_GET_DEVICE,
					.version = 1 };

static const uint8_t private_key[KEY_LEN] = { 0xa0, [31] = 0xaf };
static const uint8_t public_key[KEY_LEN] = { 0xb0, [31] = 0xbf };

#define PRIVATE                                                                \
	"a0000000000000000000000000000000000000000000000000000000000000af"
/* How a request to change the peer with key { 1 } begins. */
#define PEER1_ASKED                                                            \
	"type 31 flags 005: 01 01 0000\n"                                      \
	"attr 2: \"cnibox-wg\"\n"                                              \
	"attr 8:\n"                                                            \
	"  attr 0:\n"                                                          \
	"    attr 1: "                                                         \
	"0100000000000000000000000000000000000000000000000000000000000000\n"

static const struct prefix pods4 = { { AF_INET, { 10, 1, 2 } }, 24 };
static const struct prefix node4 = { { AF_INET, { 192, 0, 2, 2 } }, 32 };
static const struct prefix pods6 = { { AF_INET6, { 0xfd, [7] = 2 } }, 64 };

/* "cnibox-wg", as if the family had been looked up. */
static struct wg wg_of(struct kernel *k)
{
	return (struct wg) { &k->nl, "cnibox-wg", FAMILY };
}

static void add(struct kernel *k, struct wg_peer *peer,
		const struct prefix *prefix)
{
	*(struct prefix *)list_add(&k->job, &peer->allowed, sizeof(*prefix)) =
		*prefix;
}

/* ---- what is asked ---- */

static void interface_is_spoken_of(void **state)
{
	struct kernel *k = *state;
	struct nlmsghdr *msg;
	struct wg wg;

	msg = kernel_says(k, 1, GENL_ID_CTRL, 0, &head, sizeof(head));
	mnl_attr_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAMILY);
	kernel_sends(k);
	assert_int_equal(wg_init(&wg, &k->nl, "wg0"), 0);
	assert_asked(k, &layout,
		     "type 16 flags 001: 03 01 0000\n"
		     "attr 2: \"wireguard\"\n");
	assert_int_equal(wg.family, FAMILY);
	assert_string_equal(wg.name, "wg0");
}

static void key_and_port_are_set(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);

	kernel_answers(k, 1, 0);
	assert_int_equal(wg_set(&wg, private_key, 51820), 0);
	assert_asked(k, &layout,
		     "type 31 flags 005: 01 01 0000\n"
		     "attr 2: \"cnibox-wg\"\n"
		     "attr 3: " PRIVATE "\n"
		     "attr 6: ca6c\n");
}

static void port_that_is_taken_is_named(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);

	kernel_answers(k, 1, EADDRINUSE);
	assert_int_equal(wg_set(&wg, private_key, 51821), -1);
	assert_string_equal(k->job.msg, "set key and port 51821 of cnibox-wg: "
					"Address already in use");
}

static void peer_of_either_family_is_set(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	struct wg_peer peer = { .key = { 1 },
				.endpoint = node4.ip,
				.port = 0x1234 };

	add(k, &peer, &pods4);
	add(k, &peer, &pods6);
	kernel_answers(k, 1, 0);
	assert_int_equal(wg_set_peer(&wg, &peer), 0);
	assert_asked(k, &layout,
		     PEER1_ASKED
		     "    attr 3: 00000002\n"
		     "    attr 4: 02001234c00002020000000000000000\n"
		     "    attr 9:\n"
		     "      attr 0:\n"
		     "        attr 1: 0002\n"
		     "        attr 2: 0a010200\n"
		     "        attr 3: 18\n"
		     "      attr 0:\n"
		     "        attr 1: 000a\n"
		     "        attr 2: fd000000000000020000000000000000\n"
		     "        attr 3: 40\n");
	peer.endpoint = pods6.ip;
	peer.allowed.count = 0;
	kernel_answers(k, 2, 0);
	assert_int_equal(wg_set_peer(&wg, &peer), 0);
	assert_asked(
		k, &layout,
		PEER1_ASKED
		"    attr 3: 00000002\n"
		"    attr 4: 0a00123400000000fd00000000000002000000000000000000000000\n");
}

static void peer_without_endpoint_keeps_its_own(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	const struct wg_peer peer = { .key = { 1 } };

	kernel_answers(k, 1, 0);
	assert_int_equal(wg_set_peer(&wg, &peer), 0);
	assert_asked(k, &layout, PEER1_ASKED "    attr 3: 00000002\n");
}

static void refused_peer_is_named(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	const struct wg_peer peer = { .key = { 1 } };

	kernel_answers(k, 1, ENODEV);
	assert_int_equal(wg_set_peer(&wg, &peer), -1);
	assert_string_equal(k->job.msg,
			    "set peer AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			    "AA= of cnibox-wg: No such device");
}

static void peer_is_removed(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	static const uint8_t key[KEY_LEN] = { 1 };

	kernel_answers(k, 1, 0);
	assert_int_equal(wg_del_peer(&wg, key), 0);
	assert_asked(k, &layout, PEER1_ASKED "    attr 3: 00000001\n");
}

/* How often text has part. */
static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static void many_prefixes_take_several_messages(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	struct wg_peer peer = { .key = { 1 } };
	const char *text;

	for (int i = 0; i < 257; i++)
		add(k, &peer, &pods6);
	nl_hold(&k->nl);
	assert_int_equal(wg_set_peer(&wg, &peer), 0);
	kernel_answers(k, 2, 0);
	assert_int_equal(nl_release(&k->nl), 0);
	text = asked(k, &layout);
	assert_int_equal(count(text, "type 31 "), 2);
	assert_int_equal(count(text, "attr 3: 40\n"), 257);
	/* Only the first one is in place of what there was. */
	assert_int_equal(count(text, "    attr 3: 00000002\n"), 1);
	text = strstr(text + 1, "type 31 ");
	assert_int_equal(count(text, "attr 3: 40\n"), 1);
	assert_int_equal(count(text, "    attr 3: 00000002\n"), 0);
}

/* ---- what is read ---- */

static struct nlmsghdr *device_says(struct kernel *k)
{
	return kernel_says(k, 1, FAMILY, NLM_F_MULTI, &head, sizeof(head));
}

static void put_allowed(struct nlmsghdr *msg, const struct prefix *prefix)
{
	struct nlattr *one = mnl_attr_nest_start(msg, 0);

	mnl_attr_put_u8(msg, WGALLOWEDIP_A_CIDR_MASK, (uint8_t)prefix->len);
	mnl_attr_put_u16(msg, WGALLOWEDIP_A_FAMILY,
			 (uint16_t)prefix->ip.family);
	mnl_attr_put(msg, WGALLOWEDIP_A_IPADDR, ip_size(prefix->ip.family),
		     prefix->ip.bytes);
	mnl_attr_nest_end(msg, one);
}

/* A peer whose key begins with id. */
static void put_peer(struct nlmsghdr *msg, uint8_t id, const void *endpoint,
		     size_t len, const struct prefix *allowed, size_t n)
{
	const uint8_t key[KEY_LEN] = { id };
	struct nlattr *peer = mnl_attr_nest_start(msg, 0), *nest;

	mnl_attr_put(msg, WGPEER_A_PUBLIC_KEY, KEY_LEN, key);
	if (len)
		mnl_attr_put(msg, WGPEER_A_ENDPOINT, len, endpoint);
	nest = mnl_attr_nest_start(msg, WGPEER_A_ALLOWEDIPS);
	for (; n; n--)
		put_allowed(msg, allowed++);
	mnl_attr_nest_end(msg, nest);
	mnl_attr_nest_end(msg, peer);
}

static void assert_peer(const struct wg_device *device, size_t i, uint8_t id,
			const struct prefix *allowed, size_t n)
{
	const struct wg_peer *peer = device->peers.items;
	const uint8_t key[KEY_LEN] = { id };

	assert_true(i < device->peers.count);
	peer += i;
	assert_memory_equal(peer->key, key, KEY_LEN);
	assert_int_equal(peer->allowed.count, n);
	for (size_t j = 0; j < n; j++)
		assert_true(prefix_equal(
			(struct prefix *)peer->allowed.items + j, allowed + j));
}

static void device_is_read_over_several_messages(void **state)
{
	static const struct prefix all[] = { { { AF_INET, { 10, 1, 2 } }, 24 },
					     { { AF_INET6, { 0xfd } }, 64 },
					     { { AF_INET, { 10, 1, 3 } },
					       24 } };
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
					.sin_port = htons(51820),
					.sin_addr.s_addr = htonl(0xc0000202) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
					 .sin6_port = htons(51821),
					 .sin6_addr.s6_addr = { 0xfd, 1 } };
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	struct wg_device device;
	const struct wg_peer *peer;
	struct nlmsghdr *msg = device_says(k);
	struct nlattr *peers;

	mnl_attr_put_u16(msg, WGDEVICE_A_LISTEN_PORT, 51820);
	mnl_attr_put(msg, WGDEVICE_A_PRIVATE_KEY, KEY_LEN, private_key);
	mnl_attr_put(msg, WGDEVICE_A_PUBLIC_KEY, KEY_LEN, public_key);
	peers = mnl_attr_nest_start(msg, WGDEVICE_A_PEERS);
	put_peer(msg, 1, &v4, sizeof(v4), all, 1);
	put_peer(msg, 2, &v6, sizeof(v6), all, 2);
	mnl_attr_nest_end(msg, peers);
	msg = device_says(k);
	peers = mnl_attr_nest_start(msg, WGDEVICE_A_PEERS);
	put_peer(msg, 2, NULL, 0, all + 2, 1);
	put_peer(msg, 3, NULL, 0, NULL, 0);
	mnl_attr_nest_end(msg, peers);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);

	assert_int_equal(wg_get(&wg, &device), 0);
	assert_asked(k, &layout,
		     "type 31 flags 301: 00 01 0000\n"
		     "attr 2: \"cnibox-wg\"\n");
	assert_true(device.has_key);
	assert_memory_equal(device.private_key, private_key, KEY_LEN);
	assert_memory_equal(device.public_key, public_key, KEY_LEN);
	assert_int_equal(device.port, 51820);
	assert_int_equal(device.peers.count, 3);
	assert_peer(&device, 0, 1, all, 1);
	assert_peer(&device, 1, 2, all, 3);
	assert_peer(&device, 2, 3, NULL, 0);
	peer = device.peers.items;
	assert_int_equal(ip_compare(&peer[0].endpoint, &node4.ip), 0);
	assert_int_equal(peer[0].port, 51820);
	assert_int_equal(peer[1].endpoint.family, AF_INET6);
	assert_memory_equal(peer[1].endpoint.bytes, &v6.sin6_addr, 16);
	assert_int_equal(peer[1].port, 51821);
	assert_int_equal(peer[2].endpoint.family, 0);
}

static void fresh_device_has_nothing(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	struct wg_device device;
	struct nlmsghdr *msg = device_says(k);

	mnl_attr_put_u16(msg, WGDEVICE_A_LISTEN_PORT, 0);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(wg_get(&wg, &device), 0);
	assert_false(device.has_key);
	assert_int_equal(device.port, 0);
	assert_int_equal(device.peers.count, 0);
}

static void link_of_another_kind_is_an_error(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	struct wg_device device;

	kernel_answers(k, 1, EOPNOTSUPP);
	assert_int_equal(wg_get(&wg, &device), -1);
	assert_string_equal(
		k->job.msg,
		"read the peers of cnibox-wg: Operation not supported");
}

/* As no kernel says it. */
static void what_is_malformed_is_not_read(void **state)
{
	struct kernel *k = *state;
	struct wg wg = wg_of(k);
	struct wg_device device;
	struct nlmsghdr *msg = device_says(k);
	struct nlattr *peers = mnl_attr_nest_start(msg, WGDEVICE_A_PEERS), *one;
	struct prefix wide = pods4, strange = pods4;

	one = mnl_attr_nest_start(msg, 0);
	mnl_attr_put(msg, WGPEER_A_PUBLIC_KEY, KEY_LEN - 1, public_key);
	mnl_attr_nest_end(msg, one);
	wide.len = 33;
	put_peer(msg, 1, &pods4, 15, &wide, 1);
	strange.ip.family = AF_UNIX;
	put_peer(msg, 2, NULL, 0, &strange, 1);
	mnl_attr_nest_end(msg, peers);
	mnl_attr_put(msg, WGDEVICE_A_PRIVATE_KEY, KEY_LEN, private_key);
	kernel_ends(k, 1, 0, 0);
	kernel_sends(k);
	assert_int_equal(wg_get(&wg, &device), 0);
	assert_false(device.has_key);
	assert_int_equal(device.peers.count, 2);
	assert_peer(&device, 0, 1, NULL, 0);
	assert_peer(&device, 1, 2, NULL, 0);
}

/* RFC 7748, 6.1: the keys of Alice. */
static void public_key_is_the_kernels(void **state)
{
	static const uint8_t alice[KEY_LEN] = {
		0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d,
		0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
		0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a,
		0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a
	};
	struct kernel *k = *state;
	uint8_t key[KEY_LEN];
	char text[KEY_TEXT];

	leave_network();
	if (wg_public_key(&k->job, alice, key) == 0)
		assert_string_equal(
			key_print(key, text),
			"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=");
	else
		assert_string_equal(
			k->job.msg,
			"create wireguard key: the kernel has no wireguard");
}

#define KERNEL_TEST(f)                                                         \
	cmocka_unit_test_setup_teardown(f, kernel_set_up, kernel_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KERNEL_TEST(interface_is_spoken_of),
		KERNEL_TEST(key_and_port_are_set),
		KERNEL_TEST(port_that_is_taken_is_named),
		KERNEL_TEST(peer_of_either_family_is_set),
		KERNEL_TEST(peer_without_endpoint_keeps_its_own),
		KERNEL_TEST(refused_peer_is_named),
		KERNEL_TEST(peer_is_removed),
		KERNEL_TEST(many_prefixes_take_several_messages),
		KERNEL_TEST(device_is_read_over_several_messages),
		KERNEL_TEST(fresh_device_has_nothing),
		KERNEL_TEST(link_of_another_kind_is_an_error),
		KERNEL_TEST(what_is_malformed_is_not_read),
		KERNEL_TEST(public_key_is_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
