/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of rules, encoded by libnftnl. */
#include <endian.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <libnftnl/expr.h>

#include "core/base/str.h"
#include "core/kernel/nft.h"

enum {
	LAST_WORD = 15,
	HOP_LIMIT_AT = 7, /* in a header of IPv6 */
};

static struct nftnl_expr *expr_new(const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (!expr)
		job_abort("out of memory");
	return expr;
}

static void expr_put(struct nft *nft, struct nftnl_expr *expr)
{
	struct nlattr *item = nl_nest(nft->nl, NFTA_LIST_ELEM);

	nftnl_expr_build_payload(nft->last, expr);
	nl_nest_end(nft->nl, item);
	nftnl_expr_free(expr);
}

static uint32_t reg(int word)
{
	return (uint32_t)(NFT_REG32_00 + word);
}

/* Compares the registers from word 0 on with len bytes of data. */
static void compare(struct nft *nft, int op, const void *data, size_t len)
{
	struct nftnl_expr *expr = expr_new("cmp");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, reg(0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, (uint32_t)op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, (uint32_t)len);
	expr_put(nft, expr);
}

/* Of len bytes in the registers from word on: clears what is not set in bits, then
 * inverts what is set in flip. */
static void change(struct nft *nft, int word, const void *bits,
		   const void *flip, size_t len)
{
	struct nftnl_expr *expr = expr_new("bitwise");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, reg(word));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, reg(word));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, (uint32_t)len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, bits, (uint32_t)len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, flip, (uint32_t)len);
	expr_put(nft, expr);
}

static void mask(struct nft *nft, int word, const void *bits, size_t len)
{
	static const uint8_t zero[16];

	change(nft, word, bits, zero, len);
}

/* Clears the host bits of an address in the registers, whose prefix has so many
 * bits. */
static void mask_network(struct nft *nft, int family, int bits, int word)
{
	uint8_t mask_of[16] = { 0 };

	for (int i = 0; i < bits; i++)
		mask_of[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (bits < ip_bits(family))
		mask(nft, word, mask_of, ip_size(family));
}

static void load_meta(struct nft *nft, int key, int word)
{
	struct nftnl_expr *expr = expr_new("meta");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, (uint32_t)key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, reg(word));
	expr_put(nft, expr);
}

static void load_payload(struct nft *nft, int base, int offset, size_t len,
			 int word)
{
	struct nftnl_expr *expr = expr_new("payload");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, reg(word));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, (uint32_t)base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, (uint32_t)offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, (uint32_t)len);
	expr_put(nft, expr);
}

void nft_load_address(struct nft *nft, enum nft_side side, int family, int word)
{
	int offset = family == AF_INET ? 12 : 8;

	if (side == NFT_DESTINATION)
		offset += (int)ip_size(family);
	load_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, offset, ip_size(family),
		     word);
}

void nft_load_network(struct nft *nft, enum nft_side side, int family, int bits,
		      int word)
{
	nft_load_address(nft, side, family, word);
	mask_network(nft, family, bits, word);
}

void nft_load_protocol(struct nft *nft, int word)
{
	load_meta(nft, NFT_META_L4PROTO, word);
}

void nft_load_port(struct nft *nft, int word)
{
	load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, word);
}

void nft_load_input(struct nft *nft, int word)
{
	load_meta(nft, NFT_META_IIFNAME, word);
}

void nft_load_output(struct nft *nft, int word)
{
	load_meta(nft, NFT_META_OIFNAME, word);
}

void nft_load_source_mac(struct nft *nft, int word)
{
	load_payload(nft, NFT_PAYLOAD_LL_HEADER, MAC_LEN, MAC_LEN, word);
}

/* The EtherType of a frame is this (NFT_CMP_EQ), or is not. */
static void match_ethertype(struct nft *nft, int op, uint16_t type)
{
	uint16_t value = htobe16(type);

	load_meta(nft, NFT_META_PROTOCOL, 0);
	compare(nft, op, &value, sizeof(value));
}

void nft_match_no_arp(struct nft *nft)
{
	match_ethertype(nft, NFT_CMP_NEQ, ETH_P_ARP);
}

void nft_match_family(struct nft *nft, int family)
{
	uint8_t value = (uint8_t)family;

	if (IS_ENABLED(CONFIG_FIREWALL_EGRESS) &&
	    nft->family == NFPROTO_BRIDGE) {
		match_ethertype(nft, NFT_CMP_EQ,
				family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
		return;
	}
	load_meta(nft, NFT_META_NFPROTO, 0);
	compare(nft, NFT_CMP_EQ, &value, sizeof(value));
}

/* In the order in which nft shows the rule. */
void nft_match_icmpv6(struct nft *nft, uint8_t type, uint8_t hop_limit)
{
	static const uint8_t icmpv6 = IPPROTO_ICMPV6;

	nft_match_family(nft, AF_INET6);
	load_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, HOP_LIMIT_AT,
		     sizeof(hop_limit), 0);
	compare(nft, NFT_CMP_EQ, &hop_limit, sizeof(hop_limit));
	nft_load_protocol(nft, 0);
	compare(nft, NFT_CMP_EQ, &icmpv6, sizeof(icmpv6));
	load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof(type), 0);
	compare(nft, NFT_CMP_EQ, &type, sizeof(type));
}

void nft_match_local(struct nft *nft)
{
	static const uint32_t local = RTN_LOCAL;
	struct nftnl_expr *expr = expr_new("fib");

	nft->module = "nft_fib_inet";
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, reg(0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT,
			   NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	expr_put(nft, expr);
	compare(nft, NFT_CMP_EQ, &local, sizeof(local));
}

/* Of a connection that has any of these bits. */
static void match_connection(struct nft *nft, int key, uint32_t bits)
{
	static const uint32_t none;
	struct nftnl_expr *expr = expr_new("ct");

	nft->module = "nft_ct";
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, (uint32_t)key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, reg(0));
	expr_put(nft, expr);
	mask(nft, 0, &bits, sizeof(bits));
	compare(nft, NFT_CMP_NEQ, &none, sizeof(none));
}

void nft_match_redirected(struct nft *nft)
{
	match_connection(nft, NFT_CT_STATUS, IPS_DST_NAT);
}

void nft_match_established(struct nft *nft)
{
	if (IS_ENABLED(CONFIG_FIREWALL))
		match_connection(nft, NFT_CT_STATE,
				 NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
					 NF_CT_STATE_BIT(IP_CT_RELATED));
}

static void load_route(struct nft *nft, int key)
{
	struct nftnl_expr *expr = expr_new("rt");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_RT_KEY, (uint32_t)key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_RT_DREG, reg(0));
	expr_put(nft, expr);
}

void nft_match_ipsec(struct nft *nft)
{
	static const uint8_t yes = 1;

	nl_allow(nft->nl, EOPNOTSUPP, &nft->refused);
	nl_allow(nft->nl, ENOENT, &nft->refused);
	load_route(nft, NFT_RT_XFRM);
	compare(nft, NFT_CMP_EQ, &yes, sizeof(yes));
}

void nft_match_realm(struct nft *nft, uint32_t realm)
{
	/* The other half is the realm of the route back. */
	static const uint32_t half = UINT16_MAX;

	nl_needs(nft->nl, EOPNOTSUPP, "CONFIG_IP_ROUTE_CLASSID");
	load_route(nft, NFT_RT_CLASSID);
	mask(nft, 0, &half, sizeof(half));
	compare(nft, NFT_CMP_EQ, &realm, sizeof(realm));
}

void nft_match_mark(struct nft *nft, uint32_t mark)
{
	load_meta(nft, NFT_META_MARK, 0);
	mask(nft, 0, &mark, sizeof(mark));
	compare(nft, NFT_CMP_EQ, &mark, sizeof(mark));
}

void nft_set_mark(struct nft *nft, uint32_t mark, bool on)
{
	uint32_t others = ~mark, bits = on ? mark : 0;
	struct nftnl_expr *expr = expr_new("meta");

	load_meta(nft, NFT_META_MARK, LAST_WORD);
	change(nft, LAST_WORD, &others, &bits, sizeof(others));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_SREG, reg(LAST_WORD));
	expr_put(nft, expr);
}

static void match_address(struct nft *nft, enum nft_side side,
			  const struct prefix *prefix, int op)
{
	struct ip network = prefix_network(prefix).ip;

	nft_match_family(nft, network.family);
	nft_load_network(nft, side, network.family, prefix->len, 0);
	compare(nft, op, network.bytes, ip_size(network.family));
}

void nft_match_address(struct nft *nft, enum nft_side side,
		       const struct prefix *prefix)
{
	match_address(nft, side, prefix, NFT_CMP_EQ);
}

void nft_match_no_address(struct nft *nft, enum nft_side side,
			  const struct prefix *prefix)
{
	match_address(nft, side, prefix, NFT_CMP_NEQ);
}

static void compare_name(struct nft *nft, int op, const char *text)
{
	char name[IFNAMSIZ] = "";
	size_t len = strcspn(text, "*");

	str_copy(name, sizeof(name), text);
	compare(nft, op, name, name[len] ? len : sizeof(name));
}

void nft_match_input(struct nft *nft, const char *ifname, bool is)
{
	nft_load_input(nft, 0);
	compare_name(nft, is ? NFT_CMP_EQ : NFT_CMP_NEQ, ifname);
}

void nft_match_from_elsewhere(struct nft *nft)
{
	static const uint16_t loopback = ARPHRD_LOOPBACK;

	load_meta(nft, NFT_META_IIFTYPE, 0);
	compare(nft, NFT_CMP_NEQ, &loopback, sizeof(loopback));
	load_meta(nft, NFT_META_IIFKIND, 0);
	compare_name(nft, NFT_CMP_NEQ, "vrf");
}

static void lookup(struct nft *nft, const char *map, uint32_t to)
{
	struct nftnl_expr *expr = expr_new("lookup");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, reg(0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_DREG, to);
	nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, map);
	expr_put(nft, expr);
}

void nft_lookup(struct nft *nft, const char *map)
{
	lookup(nft, map, reg(0));
}

void nft_lookup_verdict(struct nft *nft, const char *map)
{
	lookup(nft, map, NFT_REG_VERDICT);
}

void nft_match_set(struct nft *nft, const char *set, bool is)
{
	struct nftnl_expr *expr = expr_new("lookup");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, reg(0));
	nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, set);
	if (!is)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS,
				   NFT_LOOKUP_F_INV);
	expr_put(nft, expr);
}

void nft_dnat(struct nft *nft, int family, int address_word, int port_word)
{
	struct nftnl_expr *expr = expr_new("nat");

	nft->module = "nft_nat";
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_FAMILY, (uint32_t)family);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_ADDR_MIN,
			   reg(address_word));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_PROTO_MIN, reg(port_word));
	expr_put(nft, expr);
}

void nft_masquerade(struct nft *nft)
{
	nft->module = "nft_masq";
	expr_put(nft, expr_new("masq"));
}

void nft_verdict(struct nft *nft, int verdict, const char *chain)
{
	struct nftnl_expr *expr = expr_new("immediate");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, chain);
	expr_put(nft, expr);
}
