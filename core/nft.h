/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft - nftables transactions (linux/netfilter/nf_tables.h) */
#ifndef CNIBOX_NFT_H
#define CNIBOX_NFT_H

#include "core/nl.h"

#endif
