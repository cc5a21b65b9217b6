/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link - interfaces of every kind (rtnetlink(7), linux/if_link.h) */
#ifndef CNIBOX_LINK_H
#define CNIBOX_LINK_H

#include <net/if.h>

#include "core/ip.h"
#include "core/nl.h"

struct link {
	int index;
	char name[IFNAMSIZ], kind[IFNAMSIZ]; /* kind "": none */
	uint8_t mac[MAC_LEN];
	int mtu;
	int master; /* index, 0: none */
	int peer;   /* index of a veth's other end, there; 0: none */
	unsigned flags, promiscuity;
	int operstate;		/* IF_OPER_UP, ... */
	bool hairpin, isolated; /* as a port of a bridge */
};

/* What to create; zero and NULL leave the kernel's default. */
struct link_spec {
	const char *kind, *name;
	const uint8_t *mac; /* NULL: the kernel's choice */
	int mtu, master;
	bool up;
	bool vlan_filtering;	      /* bridge */
	const struct link_spec *peer; /* veth: the other end */
	int netns; /* peer only: where it is born, a descriptor */
};

/* The link of this name, with all its attributes. */
int link_find(struct nl *nl, const char *name, struct link *out, bool *found);
int link_get(struct nl *nl, const char *name, struct link *out);

/* Creates a link; EEXIST is an error, or sets *exists where that is not NULL.
 * Its inverse is registered. */
int link_add(struct nl *nl, const struct link_spec *spec, bool *exists);

/* Deletes; absent is success. */
int link_del(struct nl *nl, const char *name);

/* Sets the flags in mask (IFF_UP, IFF_PROMISC) to flags. */
int link_set_flags(struct nl *nl, const char *name, int index, unsigned flags,
		   unsigned mask);

/* Settings of a bridge's port. */
int link_set_port(struct nl *nl, const struct link *port, bool hairpin,
		  bool isolated);

/* net.ipv4.conf.NAME settings without /proc: IPV4_DEVCONF_* = value. */
int link_set_ipv4_conf(struct nl *nl, const struct link *link, int setting,
		       int value);

/* Waits, at most ms milliseconds, until the link is operationally up. */
int link_wait_up(struct nl *nl, const char *name, int ms);

#endif
