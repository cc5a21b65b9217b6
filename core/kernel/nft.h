/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft - nftables transactions (linux/netfilter/nf_tables.h) */
#ifndef CNIBOX_NFT_H
#define CNIBOX_NFT_H

#include "core/data/ip.h"
#include "core/kernel/nl.h"

/* A table, and the transaction that is being written for it. */
struct nft {
	struct nl *nl; /* a NETLINK_NETFILTER socket */
	int family;    /* NFPROTO_INET, ... */
	const char *table;
	bool dormant; /* it has no effect: nft_find_table() has told */
	bool stale; /* the last transaction did nothing: what it adds is there,
		     * what it names is not, or its generation has passed */
	bool no_ipsec; /* rules of this kernel cannot ask for IPsec: found out by
			* one that did, for which the transaction is stale */
	bool ipsec_refused;
	struct nlmsghdr *last;	    /* the message being built, or built last */
	struct nlattr *expressions; /* of the rule being built */
	const char *module;	    /* what it needs of the kernel, or NULL */
};

/* The types of keys and data as the nft tool numbers them; those of a
 * concatenation are six bits each, the first on top. */
enum nft_type {
	NFT_TYPE_IPV4 = 7,
	NFT_TYPE_IPV6 = 8,
	NFT_TYPE_MAC = 9,
	NFT_TYPE_PROTOCOL = 12,
	NFT_TYPE_PORT = 13,
	NFT_TYPE_IFNAME = 41,
};

/* A map, or a set; data_len 0: to verdicts. */
struct nft_map {
	const char *name;
	int key_type;
	uint8_t key_len;
	int data_type;
	uint8_t data_len;
	bool set;
};

/* An element of a map: from a key to data (none in a set) or, where there is a
 * chain, to the verdict NFT_JUMP or NFT_GOTO. The parts of a concatenation are padded to
 * four bytes each. */
struct nft_element {
	const char *map;
	uint8_t key[32], data[20];
	size_t key_len, data_len;
	int verdict;
	const char *chain;   /* or NULL */
	const char *comment; /* at most 253 bytes; "" if it has none */
};

/* What can be told of a rule that is there. */
struct nft_rule_info {
	const char *chain;
	uint64_t handle;
	const char *comment; /* "" if it has none */
	const char *jump;    /* the chain it leads to at its end, or "" */
};

/* Where a base chain sits. */
struct nft_hook {
	const char *type; /* "nat", "filter" */
	int hook, priority;
};

enum nft_side { NFT_SOURCE, NFT_DESTINATION };

/* From nft_begin() to nft_commit() changes wait, then all are made or none. If
 * generation is not 0, they are made only if nothing changed since. Where
 * nft->stale may become true, that is success. */
void nft_begin(struct nft *nft, uint32_t generation);
int nft_commit(struct nft *nft);

/* In place of nft_commit(): the kernel tries the changes and takes them back. */
int nft_try(struct nft *nft);

/* Changes. A table, a chain without hook and an element must be new (else
 * stale); maps and base chains may be there already. */
void nft_table_add(struct nft *nft);
void nft_table_wake(struct nft *nft); /* it is there, and may be dormant */
void nft_map_add(struct nft *nft, const struct nft_map *map);
void nft_chain_add(struct nft *nft, const char *chain,
		   const struct nft_hook *hook);
void nft_element_add(struct nft *nft, const struct nft_element *element);

/* Removals; stale if it is not there, or if the chain or set is still in use. */
void nft_table_del(struct nft *nft);
void nft_chain_del(struct nft *nft, const char *chain);
void nft_set_del(struct nft *nft, const char *set);
void nft_rule_del(struct nft *nft, const char *chain,
		  uint64_t handle); /* 0: all */
void nft_element_del(struct nft *nft, const struct nft_element *element);
void nft_map_flush(struct nft *nft, const char *map);

/* Adds a part to an element's key or data, and what pads it to four bytes. */
void nft_key_add(struct nft_element *element, const void *part, size_t size);
void nft_data_add(struct nft_element *element, const void *part, size_t size);

/* A rule at the end of chain; what follows up to nft_rule_end() is its content,
 * and each part of it is done only if the parts before it matched. */
void nft_rule(struct nft *nft, const char *chain);
void nft_rule_end(struct nft *nft);

/* The packet is IPv4 or IPv6 (AF_INET, AF_INET6); goes to an address of this
 * host; was redirected; will be encrypted by IPsec; has all bits of mark; is from
 * or to an address in prefix. */
void nft_match_family(struct nft *nft, int family);
void nft_match_local(struct nft *nft);
void nft_match_redirected(struct nft *nft);
void nft_match_ipsec(struct nft *nft);
void nft_match_mark(struct nft *nft, uint32_t mark);
void nft_match_address(struct nft *nft, enum nft_side side,
		       const struct prefix *prefix);
/* Is not; came in by this interface (NAME*: whose name begins so), or did not;
 * came in by neither lo nor a VRF, which is the lo of its table. */
void nft_match_no_address(struct nft *nft, enum nft_side side,
			  const struct prefix *prefix);
void nft_match_input(struct nft *nft, const char *ifname, bool is);
void nft_match_from_elsewhere(struct nft *nft);

/* Loads into the registers, which are 16 words of four bytes, from word on. */
void nft_load_address(struct nft *nft, enum nft_side side, int family,
		      int word);
/* The network of it, whose prefix has so many bits. */
void nft_load_network(struct nft *nft, enum nft_side side, int family, int bits,
		      int word);
void nft_load_protocol(struct nft *nft, int word);
void nft_load_port(struct nft *nft, int word);	/* of the destination */
void nft_load_input(struct nft *nft, int word); /* name of the interface */
void nft_load_source_mac(struct nft *nft, int word);

/* Looks up the key from word 0 on: its data comes to word 0, its verdict is
 * carried out. The rule ends here if the key is not in the map. */
void nft_lookup(struct nft *nft, const char *map);
void nft_lookup_verdict(struct nft *nft, const char *map);

/* The key from word 0 on is in the set, or is not. */
void nft_match_set(struct nft *nft, const char *set, bool is);

/* Sets, or clears, bits of the packet's mark; spoils the last word. */
void nft_set_mark(struct nft *nft, uint32_t mark, bool on);

/* Ends: redirect to the address and port in the registers; use the address of
 * the interface it leaves by; a verdict (NFT_JUMP, NFT_RETURN, ...). */
void nft_dnat(struct nft *nft, int family, int address_word, int port_word);
void nft_masquerade(struct nft *nft);
void nft_verdict(struct nft *nft, int verdict, const char *chain);

/* *missing: the kernel has no nf_tables, and so nothing in them. A request of its
 * own, or held. Any other refusal is an error. */
int nft_is_missing(struct nl *nl, bool *missing);

/* What is there. These are requests of their own, or held; a table, chain, map
 * or element that is missing is an answer. Out parameters must live until
 * then. */
int nft_get_generation(struct nft *nft, uint32_t *generation);
int nft_find_table(struct nft *nft, bool *missing);
int nft_find_chain(struct nft *nft, const char *chain, bool *missing);

/* Adds the element with the key of that one, if there is one, to out, a list of
 * struct nft_element. */
int nft_find_element(struct nft *nft, const struct nft_element *element,
		     struct list *out);

/* All elements of a map; the names of all chains of the table (a list of const
 * char *); the rules of chain (of struct nft_rule_info). Cannot be held. */
int nft_list_elements(struct nft *nft, const char *map, struct list *out);
int nft_list_chains(struct nft *nft, struct list *out);
int nft_list_rules(struct nft *nft, const char *chain, struct list *out);

#endif
