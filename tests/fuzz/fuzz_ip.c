/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip - addresses, prefixes and MAC addresses as text
 *
 * An input is two texts with a newline between. */
#include <arpa/inet.h>

#include "core/data/ip.h"
#include "tests/fuzz/fuzz.h"

static bool same_ip(const struct ip *a, const struct ip *b)
{
	return ip_compare(a, b) == 0;
}

static bool read_ip(const char *text, struct ip *out)
{
	char buf[IP_TEXT], libc[INET6_ADDRSTRLEN];
	struct ip again, next;

	if (!ip_parse(text, out))
		return false;
	require(ip_parse(ip_print(out, buf), &again) && same_ip(out, &again));
	require(inet_ntop(out->family, out->bytes, libc, sizeof(libc)));
	require(ip_parse(libc, &again) && same_ip(out, &again));
	next = ip_step(out, 1);
	require(!same_ip(out, &next));
	next = ip_step(&next, -1);
	require(same_ip(out, &next));
	require(!ip_is_loopback(out) || !ip_is_link_local(out));
	return true;
}

static bool read_prefix(const char *text, struct prefix *out)
{
	struct prefix again, network;
	char buf[PREFIX_TEXT];
	struct ip first, last;

	if (!prefix_parse(text, out))
		return false;
	require(out->len >= 0 && out->len <= ip_bits(out->ip.family));
	require(prefix_parse(prefix_print(out, buf), &again));
	/* One of IPv6 that holds an address of IPv4 is printed as that. */
	require(prefix_equal(out, &again) || again.ip.family != out->ip.family);
	network = prefix_network(out);
	first = prefix_first(out);
	last = prefix_last(out);
	require(same_ip(&network.ip, &first));
	require(prefix_contains(out, &out->ip) &&
		prefix_contains(out, &first) && prefix_contains(out, &last));
	require(ip_compare(&first, &out->ip) <= 0 &&
		ip_compare(&out->ip, &last) <= 0);
	require(same_ip(&first, &last) ==
		(out->len == ip_bits(out->ip.family)));
	first = ip_step(&first, -1);
	last = ip_step(&last, 1);
	require(prefix_contains(out, &first) == !out->len &&
		prefix_contains(out, &last) == !out->len);
	return true;
}

static void read_mac(const char *text)
{
	uint8_t mac[MAC_LEN], again[MAC_LEN];
	char buf[MAC_TEXT];

	if (!mac_parse(text, mac))
		return;
	require(mac_parse(mac_print(mac, buf), again));
	require(!memcmp(mac, again, sizeof(mac)));
}

/* Sharing an address is having the first one of the other. */
static bool have_common(const struct prefix *a, const struct prefix *b)
{
	struct ip first_a = prefix_first(a), first_b = prefix_first(b);

	return prefix_contains(a, &first_b) || prefix_contains(b, &first_a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = { 0 };
	char *rest = fuzz_text(&job, data, size);
	const char *text[2] = { fuzz_cut(&rest, "\n"), rest ? rest : "" };
	bool both;
	struct prefix a, b;
	struct ip x, y;

	read_mac(text[0]);
	both = read_ip(text[0], &x);
	if (read_ip(text[1], &y) && both) {
		int order = ip_compare(&x, &y), back = ip_compare(&y, &x);

		require((order < 0) == (back > 0) && !order == !back);
	}
	both = read_prefix(text[0], &a);
	if (read_prefix(text[1], &b) && both) {
		require(prefix_overlaps(&a, &b) == have_common(&a, &b));
		require(prefix_overlaps(&b, &a) == have_common(&a, &b));
	}
	job_free(&job);
	return 0;
}
