/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes - an entry of a list of nodes: the subnets of its pods, its addresses */
#ifndef CNIBOX_NODES_H
#define CNIBOX_NODES_H

#include "core/base/str.h"
#include "core/data/ip.h"

/* Where an IPv4 and an IPv6 value of a node stands, as a subnet of its pods; as an
 * address of its own, NODE_IP behind that. */
enum {
	NODE_V4,
	NODE_V6,
	NODE_FAMILIES,
	NODE_CIDR = 0,
	NODE_IP = NODE_FAMILIES,
	NODE_PLACES = 2 * NODE_FAMILIES,
};

struct node {
	struct prefix at[NODE_PLACES]; /* family 0: none; an address is whole */
	const char *key; /* its public key of WireGuard in base64, or NULL */
};

/* The place of a family in a node, and the family of a place. */
int node_place(int family);
int node_family(int place);

/* The node's address of this place. */
const struct ip *node_ip(const struct node *node, int place);

/* Reads "CIDR[,CIDR] IP[,IP] [wg=KEY]", where "-" stands for no CIDR, or no IP; host
 * bits are cleared. text is cut into pieces, which out points into. NULL, or what is
 * wrong, in the job's memory. */
const char *node_parse(struct job *job, char *text, struct node *out);

/* Cuts the next word, which blanks end, off *at; NULL: there is none. */
char *node_cut_word(char **at);

/* Reads one of the columns, "CIDR[,CIDR]" or "IP[,IP]", or "-", to what column says:
 * NODE_CIDR or NODE_IP. */
const char *node_parse_column(struct job *job, char *text, int column,
			      struct node *out);

/* Reads a subnet that pods can have: not all addresses, nor loopback, link-local or
 * multicast ones. Host bits stay. */
bool node_parse_subnet(const char *text, struct prefix *out);

/* Reads the KEY of wg=. */
const char *node_parse_key(struct job *job, const char *text, struct node *out);

/* Adds the node as node_parse() reads it, without newline. */
void node_print(struct str *out, const struct node *node);

#endif
