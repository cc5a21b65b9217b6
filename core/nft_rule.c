/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules are made of, encoded by libnftnl. */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <libnftnl/expr.h>

#include "core/nft.h"
#include "core/str.h"

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

/* Compares word 0 and on with len bytes of data. */
static void compare(struct nft *nft, int op, const void *data, size_t len)
{
	struct nftnl_expr *expr = expr_new("cmp");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, reg(0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, (uint32_t)op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, (uint32_t)len);
	expr_put(nft, expr);
}

/* Keeps of word 0 and on what is set in the mask of len bytes. */
static void mask(struct nft *nft, const void *bits, size_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *expr = expr_new("bitwise");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, reg(0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, reg(0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, (uint32_t)len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, bits, (uint32_t)len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, zero, (uint32_t)len);
	expr_put(nft, expr);
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

void nft_load_source_mac(struct nft *nft, int word)
{
	load_payload(nft, NFT_PAYLOAD_LL_HEADER, MAC_LEN, MAC_LEN, word);
}

void nft_match_family(struct nft *nft, int family)
{
	uint8_t value = (uint8_t)family;

	load_meta(nft, NFT_META_NFPROTO, 0);
	compare(nft, NFT_CMP_EQ, &value, sizeof(value));
}

void nft_match_local(struct nft *nft)
{
	static const uint32_t local = RTN_LOCAL;
	struct nftnl_expr *expr = expr_new("fib");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, reg(0));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT,
			   NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	expr_put(nft, expr);
	compare(nft, NFT_CMP_EQ, &local, sizeof(local));
}

/* dir -1: what has no direction. */
static void load_ct(struct nft *nft, int key, int dir, int word)
{
	struct nftnl_expr *expr = expr_new("ct");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, (uint32_t)key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, reg(word));
	if (dir >= 0)
		nftnl_expr_set_u8(expr, NFTNL_EXPR_CT_DIR, (uint8_t)dir);
	expr_put(nft, expr);
}

void nft_load_first_address(struct nft *nft, int family, int word)
{
	load_ct(nft, family == AF_INET ? NFT_CT_DST_IP : NFT_CT_DST_IP6,
		IP_CT_DIR_ORIGINAL, word);
}

void nft_load_first_port(struct nft *nft, int word)
{
	load_ct(nft, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, word);
}

void nft_match_redirected(struct nft *nft)
{
	static const uint32_t redirected = IPS_DST_NAT, none;

	load_ct(nft, NFT_CT_STATUS, -1, 0);
	mask(nft, &redirected, sizeof(redirected));
	compare(nft, NFT_CMP_NEQ, &none, sizeof(none));
}

static void match_address(struct nft *nft, enum nft_side side,
			  const struct prefix *prefix, int op)
{
	struct ip network = prefix_network(prefix).ip;
	size_t len = ip_size(network.family);
	uint8_t bits[16] = { 0 };

	nft_match_family(nft, network.family);
	nft_load_address(nft, side, network.family, 0);
	for (int i = 0; i < prefix->len; i++)
		bits[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (prefix->len < ip_bits(network.family))
		mask(nft, bits, len);
	compare(nft, op, network.bytes, len);
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

void nft_match_input(struct nft *nft, const char *ifname, bool is)
{
	char name[IFNAMSIZ] = "";

	str_copy(name, sizeof(name), ifname);
	nft_load_input(nft, 0);
	compare(nft, is ? NFT_CMP_EQ : NFT_CMP_NEQ, name, sizeof(name));
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

	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_FAMILY, (uint32_t)family);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_ADDR_MIN,
			   reg(address_word));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_PROTO_MIN, reg(port_word));
	expr_put(nft, expr);
}

void nft_masquerade(struct nft *nft)
{
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
