/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft_message - what messages of nft.c (changes) and nft_read.c (questions) have in
 * common */
#ifndef CNIBOX_NFT_MESSAGE_H
#define CNIBOX_NFT_MESSAGE_H

#include <stdbool.h>

struct job;
struct nlattr;
struct nft;
struct nft_element;

/* The kind of user data that the nft tool shows as comment. */
enum { NFT_COMMENT = 0 };

/* The part of the kernel that all of it needs. */
#define NF_TABLES "nf_tables (CONFIG_NF_TABLES)"

/* Begins a message of this type (NFT_MSG_*) with these flags (NLM_F_*); the second
 * one names nft's table. */
void nft_begin_request(struct nft *nft, int type, int flags);
void nft_begin_message(struct nft *nft, int type, int flags);

/* Adds the element's map and key to the message; of a whole one also its data and its
 * comment, of one that expires its data and when. */
enum nft_parts { NFT_KEY, NFT_WHOLE, NFT_EXPIRING };
void nft_put_element(struct nft *nft, const struct nft_element *element,
		     enum nft_parts parts);

/* The comment in user data; "" if there is none. */
const char *nft_read_comment(struct job *job, const struct nlattr *attr);

#endif
