/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/ip.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/str.h"

size_t ip_size(int family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

int ip_bits(int family)
{
	return 8 * (int)ip_size(family);
}

/* Reads the address as it is written: v4-mapped stays AF_INET6. */
static bool parse(const char *text, struct ip *out)
{
	struct ip ip = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(ip.family, text, ip.bytes) != 1)
		return false;
	*out = ip;
	return true;
}

bool ip_is_mapped(const struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return ip->family == AF_INET6 &&
	       memcmp(ip->bytes, mapped, sizeof(mapped)) == 0;
}

/* The IPv4 address of a v4-mapped one; any other as it is. */
static struct ip unmapped(const struct ip *ip)
{
	struct ip out = { .family = AF_INET };

	if (!ip_is_mapped(ip))
		return *ip;
	memcpy(out.bytes, ip->bytes + 12, 4);
	return out;
}

bool ip_parse(const char *text, struct ip *out)
{
	if (!parse(text, out))
		return false;
	*out = unmapped(out);
	return true;
}

/* Not inet_ntop(3): which zeros that leaves out depends on the libc, and the
 * names of files on disk must not. */
static void print_v6(const uint8_t *bytes, char buf[IP_TEXT])
{
	int start = -1, len = 1;
	unsigned group[8];
	size_t at = 0;

	for (int i = 0; i < 8; i++)
		group[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
	for (int i = 0; i < 8; i++) {
		int run = 0;

		while (i + run < 8 && !group[i + run])
			run++;
		if (run > len) {
			start = i;
			len = run;
		}
	}
	for (int i = 0; i < 8; i++) {
		const char *colon = i && i != start + len ? ":" : "";

		if (i == start) {
			at += format_print(buf + at, IP_TEXT - at, "::");
			i += len - 1;
			continue;
		}
		at += format_print(buf + at, IP_TEXT - at, "%s%x", colon,
				   group[i]);
	}
}

const char *ip_print(const struct ip *ip, char buf[IP_TEXT])
{
	struct ip plain = unmapped(ip);
	const uint8_t *b = plain.bytes;

	buf[0] = '\0';
	if (plain.family == AF_INET)
		format_print(buf, IP_TEXT, "%d.%d.%d.%d", b[0], b[1], b[2],
			     b[3]);
	else if (plain.family == AF_INET6)
		print_v6(b, buf);
	return buf;
}

bool prefix_parse(const char *text, struct prefix *out)
{
	size_t at = strcspn(text, "/");
	char address[IP_TEXT];
	struct ip ip;
	long len;

	if (text[at] != '/' || at >= sizeof(address) || text[at + 1] == '-')
		return false;
	memcpy(address, text, at);
	address[at] = '\0';
	if (!parse(address, &ip) ||
	    !str_to_long(text + at + 1, 0, ip_bits(ip.family), &len))
		return false;
	*out = (struct prefix) { .ip = ip, .len = (int)len };
	return true;
}

const char *prefix_print(const struct prefix *prefix, char buf[PREFIX_TEXT])
{
	int len = prefix->len;
	size_t at;

	if (ip_is_mapped(&prefix->ip))
		len = len > 96 ? len - 96 : 0;
	at = strlen(ip_print(&prefix->ip, buf));
	format_print(buf + at, PREFIX_TEXT - at, "/%d", len);
	return buf;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, ip_size(a->family));
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && ip_compare(&a->ip, &b->ip) == 0;
}

int prefix_compare(const void *a, const void *b)
{
	const struct prefix *one = a, *two = b;
	int order = ip_compare(&one->ip, &two->ip);

	return order ? order : one->len - two->len;
}

struct ip ip_step(const struct ip *ip, int step)
{
	struct ip out = *ip;
	int64_t carry = step;

	for (size_t i = ip_size(ip->family); i > 0; i--) {
		carry += out.bytes[i - 1];
		out.bytes[i - 1] = (uint8_t)carry;
		carry >>= 8;
	}
	return out;
}

/* Byte i of the netmask of a prefix of len bits. */
static uint8_t mask_byte(int len, size_t i)
{
	int bits = len - 8 * (int)i;

	return bits <= 0 ? 0 : bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);
}

struct ip prefix_first(const struct prefix *prefix)
{
	struct ip ip = prefix->ip;

	for (size_t i = 0; i < ip_size(ip.family); i++)
		ip.bytes[i] &= mask_byte(prefix->len, i);
	return ip;
}

struct ip prefix_last(const struct prefix *prefix)
{
	struct ip ip = prefix->ip;

	for (size_t i = 0; i < ip_size(ip.family); i++)
		ip.bytes[i] |= (uint8_t)~mask_byte(prefix->len, i);
	return ip;
}

struct prefix prefix_network(const struct prefix *prefix)
{
	return (struct prefix) { .ip = prefix_first(prefix),
				 .len = prefix->len };
}

bool prefix_contains(const struct prefix *prefix, const struct ip *ip)
{
	struct prefix other = { .ip = *ip, .len = prefix->len };
	struct ip a = prefix_first(prefix), b = prefix_first(&other);

	return ip->family && ip_compare(&a, &b) == 0;
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_contains(a, &b->ip)
				: prefix_contains(b, &a->ip);
}

bool ip_is_unspecified(const struct ip *ip)
{
	static const uint8_t none[16];

	return memcmp(ip->bytes, none, ip_size(ip->family)) == 0;
}

bool ip_is_loopback(const struct ip *ip)
{
	static const struct ip one = { AF_INET6, { [15] = 1 } };

	if (ip->family == AF_INET)
		return ip->bytes[0] == 127;
	return ip_compare(ip, &one) == 0;
}

bool ip_is_link_local(const struct ip *ip)
{
	const uint8_t *b = ip->bytes;

	if (ip->family == AF_INET)
		return b[0] == 169 && b[1] == 254;
	return ip->family == AF_INET6 && b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_parse(const char *text, uint8_t out[MAC_LEN])
{
	size_t len = strlen(text), group = len == 17 ? 2 : 4, digits = 0;
	uint8_t mac[MAC_LEN] = { 0 };

	if (len != 17 && len != 14)
		return false;
	if (!strchr(group == 2 ? ":-" : ".", text[group]))
		return false;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(text[i]);

		if (i % (group + 1) == group) {
			if (text[i] != text[group])
				return false;
			continue;
		}
		if (digit < 0)
			return false;
		mac[digits / 2] = (uint8_t)(mac[digits / 2] << 4 | digit);
		digits++;
	}
	memcpy(out, mac, sizeof(mac));
	return true;
}

const char *mac_print(const uint8_t mac[MAC_LEN], char buf[MAC_TEXT])
{
	format_print(buf, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		     mac[1], mac[2], mac[3], mac[4], mac[5]);
	return buf;
}

static const struct {
	char name[5];
	uint8_t number;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(*protocols) };

int protocol_number(const char *name)
{
	for (int i = 0; i < PROTOCOLS; i++) {
		if (str_same(name, protocols[i].name))
			return protocols[i].number;
	}
	return -1;
}

const char *protocol_name(int number)
{
	int i = 0;

	while (i < PROTOCOLS - 1 && protocols[i].number != number)
		i++;
	return protocols[i].name;
}
