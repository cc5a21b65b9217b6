/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port - the maps of published ports, and what else serves port.c */
#ifndef CNIBOX_PORT_H
#define CNIBOX_PORT_H

#include "core/tables/kind.h"

/* A map's place among those of ENTRY_PORT and of ENTRY_CONDITION, which is for
 * IPv4; the one for IPv6 follows. */
enum {
	PORT_BOUND = 0,	   /* host ports of a single address */
	PORT_UNBOUND = 2,  /* of all addresses */
	PORT_SERVICES = 4, /* of ENTRY_PORT only; see tables_note_services() */
};

/* A mapping of a port for all addresses stands against one for a single address
 * of the same port, and is found under another key. See list_rivals of struct
 * kind. */
int port_list_rivals(struct nft *nft, const struct list *entries,
		     struct list *out);

#endif
