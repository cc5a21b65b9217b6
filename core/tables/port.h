/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port - what the files on published ports share: port.c (the kinds), rival.c,
 * service.c */
#ifndef CNIBOX_PORT_H
#define CNIBOX_PORT_H

#include "core/tables/kind.h"

/* Places of the maps for IPv4 among the maps of ENTRY_PORT and ENTRY_CONDITION;
 * behind each is that for IPv6. */
enum {
	PORT_BOUND = 0,	   /* host ports of a single address */
	PORT_UNBOUND = 2,  /* of all addresses */
	PORT_SERVICES = 4, /* of ENTRY_PORT only; see tables_note_services() */
};

/* The same port cannot be published for all addresses and for a single address by
 * different owners; the two elements have different keys. See list_rivals of struct
 * kind. */
int port_list_rivals(struct nft *nft, const struct list *entries,
		     struct list *out);

#endif
