/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft - nftables transactions (linux/netfilter/nf_tables.h) */
#ifndef CNIBOX_NFT_H
#define CNIBOX_NFT_H

#include "core/data/ip.h"
#include "core/kernel/nl.h"

/* A table, and the transaction on it that is being written. */
struct nft {
	struct nl *nl; /* a NETLINK_NETFILTER socket */
	int family;    /* NFPROTO_INET, ... */
	const char *table;
	bool dormant; /* its rules have no effect; set by nft_find_table() */
	bool stale;   /* the last transaction did nothing: what it adds is there
		     * already, what it names is not there, or the generation it
		     * is meant for has passed */
	/* Rules of this kernel cannot ask for IPsec; elements of this table do not
	 * expire, which nft_find_table() may set as well. Both are set when the
	 * kernel refused either, and the transaction is stale. */
	bool no_ipsec, no_expiry;
	bool refused;
	bool leaving; /* an element that was looked for expires; nobody sees it */
	struct nlmsghdr *last;	    /* the message being built, or built last */
	struct nlattr *expressions; /* of the rule being built */
	const char *module; /* of the kernel, that the rule needs; or NULL */
};

/* Types of keys and data, as the nft tool numbers them. The type of a
 * concatenation has six bits for each part, the first part's on top. */
enum nft_type {
	NFT_TYPE_IPV4 = 7,
	NFT_TYPE_IPV6 = 8,
	NFT_TYPE_MAC = 9,
	NFT_TYPE_PROTOCOL = 12,
	NFT_TYPE_PORT = 13,
	NFT_TYPE_IFNAME = 41,
};

/* A map or a set. A map with data_len 0 leads to verdicts. With prefixes a set has
 * these as elements: see nft_prefixes_add(). */
struct nft_map {
	const char *name;
	int key_type;
	uint8_t key_len;
	int data_type;
	uint8_t data_len;
	bool set, prefixes;
	bool ranges; /* of a concatenation: each part is one */
};

/* An element of a map: a key with data (none in a set) or, if chain is not NULL,
 * with the verdict NFT_JUMP or NFT_GOTO. Each part of a concatenation is padded
 * to four bytes. */
struct nft_element {
	const char *map;
	uint8_t key[32], data[20];
	size_t key_len, data_len;
	const uint8_t
		*key_end; /* of an interval: the end of each part; or NULL */
	int verdict;
	const char *chain;   /* or NULL */
	const char *comment; /* at most 253 bytes; "" if it has none */
};

/* What is read of a rule. */
struct nft_rule_info {
	const char *chain;
	uint64_t handle;
	const char *comment; /* "" if it has none */
	const char *jump;    /* the chain that its verdict names, or "" */
};

/* The hook that a base chain is attached to. */
struct nft_hook {
	const char *type; /* "nat", "filter" */
	int hook, priority;
};

enum nft_side { NFT_SOURCE, NFT_DESTINATION };

/* A transaction: the changes between nft_begin() and nft_commit() wait for the
 * latter; the kernel makes all of them or none. If generation is not 0, it makes
 * them only if no table has changed since nft_get_generation() returned that. A
 * transaction that does nothing because it is stale is a success. */
void nft_begin(struct nft *nft, uint32_t generation);
int nft_commit(struct nft *nft);

/* In place of nft_commit(): the kernel tries the changes, and takes them back. */
int nft_try(struct nft *nft);

/* Changes. A table, an element and a chain without hook must be new, or the
 * transaction is stale; maps and base chains may be there already. */
void nft_table_add(struct nft *nft);
void nft_table_wake(struct nft *nft); /* the table exists, maybe dormant */
void nft_map_add(struct nft *nft, const struct nft_map *map);
void nft_chain_add(struct nft *nft, const char *chain,
		   const struct nft_hook *hook);
void nft_element_add(struct nft *nft, const struct nft_element *element);
/* The same of one that may be there already. */
void nft_element_ensure(struct nft *nft, const struct nft_element *element);

/* Removals. The transaction is stale if what is to go is not there, or is a chain
 * or set that is still in use. Handle 0 stands for all rules of the chain. */
void nft_table_del(struct nft *nft);
void nft_chain_del(struct nft *nft, const char *chain);
void nft_set_del(struct nft *nft, const char *set);
void nft_rule_del(struct nft *nft, const char *chain, uint64_t handle);
void nft_element_del(struct nft *nft, const struct nft_element *element);
/* In place of nft_element_del(), where nft_can_expire(), of an element as it is there:
 * it is gone when the kernel's clock ticks next, a hundredth of a second later at most.
 * Nobody has to wait until it is freed. Until then it counts as gone, but sets leaving
 * of who finds or lists it; for that nft_element_del() deletes what may be there. */
void nft_element_expire(struct nft *nft, const struct nft_element *element);
void nft_map_flush(struct nft *nft, const char *map);

/* Adds prefixes, a list of struct prefix in order, none within another, to sets[0],
 * those of IPv6 to sets[1]; deletes them. The transaction is stale if one of them, or a
 * part of it, is there already; is not there. */
void nft_prefixes_add(struct nft *nft, const struct nft_map sets[2],
		      const struct list *prefixes);
void nft_prefixes_del(struct nft *nft, const struct nft_map sets[2],
		      const struct list *prefixes);

/* Adds a part to an element's key or data, padded to four bytes. */
void nft_key_add(struct nft_element *element, const void *part, size_t size);
void nft_data_add(struct nft_element *element, const void *part, size_t size);

/* Adds a rule at the end of chain, or in front of all that are there. The calls up
 * to nft_rule_end() are its parts; a packet gets to a part only if all parts before
 * it have matched. */
void nft_rule(struct nft *nft, const char *chain);
void nft_rule_in_front(struct nft *nft, const char *chain);
void nft_rule_end(struct nft *nft);
void nft_rule_end_named(struct nft *nft, const char *comment);

/* These match a packet that is IPv4 or IPv6 (AF_INET, AF_INET6); is for an address
 * of this host; was redirected (DNAT); will be encrypted by IPsec; has all bits of
 * mark; has an address in prefix on this side. */
void nft_match_family(struct nft *nft, int family);
void nft_match_local(struct nft *nft);
void nft_match_redirected(struct nft *nft);
void nft_match_ipsec(struct nft *nft);
void nft_match_mark(struct nft *nft, uint32_t mark);
/* This one: IPv4 that leaves by a route of this realm. */
void nft_match_realm(struct nft *nft, uint32_t realm);
/* This one: of a connection that is established, or related to one that is. */
void nft_match_established(struct nft *nft);
void nft_match_address(struct nft *nft, enum nft_side side,
		       const struct prefix *prefix);
/* These two: a frame that is no ARP; ICMPv6 of this type with this hop limit. */
void nft_match_no_arp(struct nft *nft);
void nft_match_icmpv6(struct nft *nft, uint8_t type, uint8_t hop_limit);
/* These match a packet whose address on this side is outside prefix; that came in
 * by ifname (is), or by another interface (ifname NAME*: any whose name begins with
 * NAME); that came in by neither lo nor a VRF, which is its table's lo. */
void nft_match_no_address(struct nft *nft, enum nft_side side,
			  const struct prefix *prefix);
void nft_match_input(struct nft *nft, const char *ifname, bool is);
void nft_match_from_elsewhere(struct nft *nft);

/* These load a field of the packet into the registers, 16 words of four bytes,
 * from this word on. nft_load_network() keeps so many bits of an address, the first
 * ones, and clears the others. */
void nft_load_address(struct nft *nft, enum nft_side side, int family,
		      int word);
void nft_load_network(struct nft *nft, enum nft_side side, int family, int bits,
		      int word);
void nft_load_protocol(struct nft *nft, int word);
void nft_load_port(struct nft *nft, int word);	/* of the destination */
void nft_load_input(struct nft *nft, int word); /* name of the interface */
void nft_load_output(struct nft *nft, int word);
void nft_load_source_mac(struct nft *nft, int word);

/* Looks up the key that begins at word 0. Its data is loaded to word 0; its verdict
 * is carried out. Does not match if the key is not in the map. */
void nft_lookup(struct nft *nft, const char *map);
void nft_lookup_verdict(struct nft *nft, const char *map);

/* Matches if the key that begins at word 0 is in the set (is), or is not. */
void nft_match_set(struct nft *nft, const char *set, bool is);

/* Sets bits of the packet's mark (on), or clears them; overwrites the last word. */
void nft_set_mark(struct nft *nft, uint32_t mark, bool on);

/* Counts the packets that get here. */
void nft_counter(struct nft *nft);

/* The last part of a rule: redirect the packet to the address and port in the
 * registers; give it the address of the interface it leaves by; a verdict (NF_DROP,
 * NFT_RETURN; NFT_JUMP, NFT_GOTO to chain). */
void nft_dnat(struct nft *nft, int family, int address_word, int port_word);
void nft_masquerade(struct nft *nft);
void nft_verdict(struct nft *nft, int verdict, const char *chain);

/* Sets *missing if the kernel has no nf_tables, and so no table. Any other refusal
 * is an error. Can be held. */
int nft_is_missing(struct nl *nl, bool *missing);

/* Questions. A table, chain, map or element that is missing is no error. These
 * can be held; out parameters must live until nl_release(). */
int nft_get_generation(struct nft *nft, uint32_t *generation);
int nft_find_table(struct nft *nft, bool *missing);
int nft_find_chain(struct nft *nft, const char *chain, bool *missing);

/* Adds to out, a list of struct nft_element, the element that has the same key, if
 * there is one. Can be held. */
int nft_find_element(struct nft *nft, const struct nft_element *element,
		     struct list *out);

/* Whether nft_element_expire() works in nft's table, as nft_find_table() has found it. */
bool nft_can_expire(const struct nft *nft);

/* Adds to out all elements of a map (struct nft_element); the names of all chains
 * of the table (const char *); fills out with the rules of chain (struct
 * nft_rule_info). Cannot be held. */
int nft_list_elements(struct nft *nft, const char *map, struct list *out);
int nft_list_chains(struct nft *nft, struct list *out);
int nft_list_rules(struct nft *nft, const char *chain, struct list *out);

/* Adds to out all elements of a set with prefixes of this family (struct prefix), in
 * order. An interval that is no prefix is several. Cannot be held. */
int nft_list_prefixes(struct nft *nft, const char *set, int family,
		      struct list *out);

/* Whether a map has no element; its time depends on how many leave, and not on how
 * many it has. For that it takes a socket of its own, which stays open: to close one
 * behind a deletion takes the kernel milliseconds. Cannot be held. */
int nft_is_empty(struct nft *nft, const char *map, bool *empty);

/* What a rule does, as far as rules of iptables-nft are to be understood. */
struct nft_deed {
	uint64_t handle;
	uint32_t mark;	  /* all it asks is that a packet has these bits */
	bool conditional; /* it asks something else */
	/* That is only that this is the packet's source or destination, and maybe the
	 * state of its connection; family 0: it asks yet something else. */
	struct ip address;
	int verdict; /* NF_ACCEPT, NF_DROP (or it rejects), NFT_JUMP, ... */
	const char *chain;   /* that it jumps to, or "" */
	const char *comment; /* of nft or of iptables, or "" */
};

enum { NFT_NO_VERDICT = 1000 };

/* Fills out with the rules of chain (struct nft_deed), in order; sets *missing if
 * there is no such chain. Cannot be held. */
int nft_list_deeds(struct nft *nft, const char *chain, bool *missing,
		   struct list *out);

#endif
