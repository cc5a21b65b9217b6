/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfnetlink - messages of netfilter on one line each, and a kernel of one's own
 */
#ifndef CNIBOX_TESTS_NFNETLINK_H
#define CNIBOX_TESTS_NFNETLINK_H

#include <errno.h>
#include <sys/types.h>

#include "tests/unit/netlink.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum { NFT = NFNL_SUBSYS_NFTABLES << 8 };

/* Family, version and resource; everything else is in network order. */
static const struct layout nfnetlink = { "1111", " ", NULL };

/* Parts of what on_lines() says. */

/* What the kernel compares in its own byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST(byte)  byte "000000"
#define HOST2(a, b) b a "0000"
#define HALF(a, b)  b a
#define NOT1000	    "ffefffff"
#else
#define HOST(byte)  "000000" byte
#define HOST2(a, b) "0000" a b
#define HALF(a, b)  a b
#define NOT1000	    "ffffefff"
#endif

/* Of an expression: name, and attributes; most of them begin with word 0. */
#define EXPR(name, attrs) " 1={ 1='" name "' 2={" attrs " } }"
#define META(key, reg)	  EXPR("meta", " 2=000000" key " 1=000000" reg)
#define EQUAL(data)	  EXPR("cmp", " 1=00000008 2=00000000 3={ 1=" data " }")
#define UNEQUAL(data)	  EXPR("cmp", " 1=00000008 2=00000001 3={ 1=" data " }")
#define PAYLOAD(reg, base, at, len)                                            \
	EXPR("payload",                                                        \
	     " 1=000000" reg " 2=" base " 3=000000" at " 4=000000" len)
#define LINK	  "00000000"
#define NETWORK	  "00000001"
#define TRANSPORT "00000002"
#define MASK_AT(reg, len, bits, xor)                                           \
	EXPR("bitwise", " 1=000000" reg " 2=000000" reg " 3=000000" len        \
			" 4={ 1=" bits " } 5={ 1=" xor                         \
				" }")
#define MASK(len, bits, zero) MASK_AT("08", len, bits, zero)
#define FAMILY(family)	      META("0f", "08") EQUAL(family)
#define ZEROS		      "000000000000000000000000000000"
#define FROM4(reg)	      PAYLOAD(reg, NETWORK, "0c", "04")
#define TO4(reg)	      PAYLOAD(reg, NETWORK, "10", "04")
#define FROM6(reg)	      PAYLOAD(reg, NETWORK, "08", "10")
#define TO6(reg)	      PAYLOAD(reg, NETWORK, "18", "10")
#define FROM_MAC(reg)	      PAYLOAD(reg, LINK, "06", "06")
#define PROTOCOL(reg)	      META("10", reg)
#define PORT(reg)	      PAYLOAD(reg, TRANSPORT, "02", "02")
#define INPUT(reg)	      META("06", reg)
#define LOCAL		      EXPR("fib", " 3=00000002 2=00000003 1=00000008") EQUAL(HOST("02"))
#define REDIRECTED                                                             \
	EXPR("ct", " 2=00000002 1=00000008")                                   \
	MASK("04", HOST("20"), "00000000") UNEQUAL("00000000")
#define MARK   HOST2("10", "00")
#define MARKED META("03", "08") MASK("04", MARK, "00000000") EQUAL(MARK)
#define SET_MARK(xor)                                                          \
	META("03", "17")                                                       \
	MASK_AT("17", "04", NOT1000, xor)                                      \
	EXPR("meta", " 2=00000003 3=00000017")
#define FROM_ELSEWHERE                                                         \
	META("08", "08")                                                       \
	UNEQUAL(HALF("03", "04"))                                              \
	META("1a", "08") UNEQUAL("76726600000000000000000000000000")
#define IPSEC		EXPR("rt", " 2=00000004 1=00000008") EQUAL("01")
#define LOOKUP(map, to) EXPR("lookup", " 2=00000008 3=000000" to " 1='" map "'")
#define IN(set)		EXPR("lookup", " 2=00000008 1='" set "'")
#define NOT_IN(set)	EXPR("lookup", " 2=00000008 1='" set "' 5=00000001")
#define DNAT(family, port)                                                     \
	EXPR("nat", " 1=00000001 2=000000" family " 3=00000008 5=000000" port)
#define MASQUERADE EXPR("masq", "")
#define VERDICT(code, chain)                                                   \
	EXPR("immediate", " 1=00000000 2={ 2={ 1=" code chain " } }")
#define JUMP(chain) VERDICT("fffffffd", " 2='" chain "'")
#define GOTO(chain) VERDICT("fffffffc", " 2='" chain "'")
#define RETURN	    VERDICT("fffffffb", "")
#define DROP	    VERDICT("00000000", "")
#define REQUEST_OF(family, type, flags, attrs)                                 \
	"type " type " flags " flags ": " family " 00 00 00 1='cnibox'" attrs  \
	"\n"
#define REQUEST(type, flags, attrs) REQUEST_OF("01", type, flags, attrs)
#define CHAIN(name)		    REQUEST("2563", "601", " 3='" name "'")
#define RULE_OF(family, chain, exprs)                                          \
	REQUEST_OF(family, "2566", "c01", " 2='" chain "' 4={" exprs " }")
#define RULE(chain, exprs) RULE_OF("01", chain, exprs)

/* What asked() says, each message on one line; a nest is " N={ ... }". */
static inline const char *on_lines(struct job *job, const char *text)
{
	struct str out = { .job = job };
	int open = 0, indent, type, eaten;
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		indent = (int)strspn(text, " ");
		for (; open > indent / 2; open--)
			str_add(&out, " }");
		eaten = 0;
		if (sscanf(text, " attr %d:%n", &type, &eaten) != 1 || !eaten) {
			str_add(&out, out.len ? "\n" : "");
			str_add_len(&out, text, len);
		} else if ((size_t)eaten == len) {
			str_printf(&out, " %d={", type);
			open = indent / 2 + 1;
		} else {
			eaten++;
			str_printf(&out, " %d=", type);
			str_add_len(&out, text + eaten, len - (size_t)eaten);
		}
	}
	for (; open; open--)
		str_add(&out, " }");
	str_add(&out, "\n");
	for (char *p = out.text; *p; p++) {
		if (*p == '"')
			*p = '\'';
	}
	return out.text;
}

static inline const char *asked_lines(struct kernel *k)
{
	return on_lines(&k->job, asked(k, &nfnetlink));
}

/* What waits to be sent, from offset at on. */
static inline const char *held_lines(struct kernel *k, size_t at)
{
	size_t len = k->nl.len - at;

	assert_int_equal(send(k->nl.fd, k->nl.buf + at, len, 0), len);
	return asked_lines(k);
}

/* The first count texts, one behind the other. */
static inline const char *joined(struct job *job, const char *const *texts,
				 size_t count)
{
	struct str out = { .job = job };

	for (size_t i = 0; i < count; i++)
		str_add(&out, texts[i]);
	return out.text;
}

static inline struct nlmsghdr *kernel_tells(struct kernel *k, uint32_t seq,
					    int type)
{
	struct nfgenmsg head = { 0 };

	return kernel_says(k, seq, type, 0, &head, sizeof(head));
}

/* The socket becomes one to the kernel itself, in an empty network namespace;
 * skips where there is no nftables. */
static inline struct nl *real_kernel(void **state)
{
	struct kernel *k = *state;
	struct nfgenmsg head = { 0 };

	leave_network();
	nl_close(&k->nl);
	nl_init(&k->nl, &k->job, -1, NETLINK_NETFILTER);
	nl_begin(&k->nl, NFT | NFT_MSG_GETGEN, NLM_F_ACK, &head, sizeof(head));
	if (nl_talk(&k->nl, "find nftables") < 0) {
		print_message("%s\n", k->job.msg);
		skip();
	}
	return &k->nl;
}

#endif
