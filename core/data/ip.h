/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip - addresses and prefixes: parse, print, compare, step, contain */
#ifndef CNIBOX_IP_H
#define CNIBOX_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ip {
	int family;	   /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16]; /* network order; the first 4 for AF_INET */
};

/* An address with the length of its network; host bits are kept. */
struct prefix {
	struct ip ip; /* family 0: none */
	int len;
};

enum {
	IP_TEXT = 46, /* room for any address and its NUL */
	PREFIX_TEXT = 50,
	MAC_LEN = 6,
	MAC_TEXT = 18,
};

/* The size of an address of this family, in bytes and in bits. */
size_t ip_size(int family);
int ip_bits(int family);

/* Reads text as Go's net.ParseIP does: a dotted quad without leading zeros, or
 * IPv6 without zone. v4-mapped IPv6 becomes IPv4. false if it is neither. */
bool ip_parse(const char *text, struct ip *out);

/* Writes a dotted quad, or IPv6 by RFC 5952. Returns buf. The names of
 * host-local's files are these. */
const char *ip_print(const struct ip *ip, char buf[IP_TEXT]);

/* Reads "address/length" as Go's net.ParseCIDR does; host bits are kept. A
 * v4-mapped IPv6 prefix stays AF_INET6. */
bool prefix_parse(const char *text, struct prefix *out);
const char *prefix_print(const struct prefix *prefix, char buf[PREFIX_TEXT]);

/* Order by family, then by value: <0, 0, >0. Equality is 0. */
int ip_compare(const struct ip *a, const struct ip *b);
bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* Order of two struct prefix, as sort_items() wants it: by family, then by address, then
 * by length, so that what contains others comes before them. */
int prefix_compare(const void *a, const void *b);

/* The address that is step addresses further on, or back if step is negative;
 * after the last address of the family comes the first. */
struct ip ip_step(const struct ip *ip, int step);

/* Whether ip lies in the network of prefix; false across families. */
bool prefix_contains(const struct prefix *prefix, const struct ip *ip);

/* Whether the two networks share an address. */
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

/* First and last address of the network (v4: the network and broadcast). */
struct ip prefix_first(const struct prefix *prefix);
struct ip prefix_last(const struct prefix *prefix);

/* The prefix with its host bits cleared. */
struct prefix prefix_network(const struct prefix *prefix);

/* True for 0.0.0.0 and ::, and for no address at all. */
bool ip_is_unspecified(const struct ip *ip);

/* Whether ip is in ::ffff:0:0/96: IPv4 in the form of IPv6. ip_parse() makes
 * IPv4 of such addresses; only prefix_parse() keeps them. */
bool ip_is_mapped(const struct ip *ip);

/* Whether ip is in 127.0.0.0/8, or ::1. */
bool ip_is_loopback(const struct ip *ip);

/* Whether ip is in fe80::/10 or 169.254.0.0/16. */
bool ip_is_link_local(const struct ip *ip);

/* Reads a MAC address of six bytes, written with colons, dashes or Cisco's
 * dots. */
bool mac_parse(const char *text, uint8_t out[MAC_LEN]);
const char *mac_print(const uint8_t mac[MAC_LEN], char buf[MAC_TEXT]);

/* tcp, udp and sctp are IPPROTO_TCP, _UDP and _SCTP; -1 is no protocol of these.
 * Names are read without regard to case. */
int protocol_number(const char *name);
const char *protocol_name(int number);

#endif
