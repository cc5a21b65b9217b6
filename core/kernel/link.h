/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link - interfaces of every kind (rtnetlink(7), linux/if_link.h) */
#ifndef CNIBOX_LINK_H
#define CNIBOX_LINK_H

#include <net/if.h>

#include "core/data/ip.h"
#include "core/kernel/nl.h"

struct link {
	int index;
	char name[IFNAMSIZ], kind[IFNAMSIZ]; /* kind "": none */
	uint8_t mac[MAC_LEN];
	int mtu;
	int master;  /* index, 0: none */
	int peer;    /* index of a veth's other end, there; 0: none */
	int netnsid; /* where that is, by the kernel's number; */
	bool away;   /* unless it is in this namespace */
	unsigned flags, promiscuity;
	int operstate;		/* IF_OPER_UP, ... */
	bool hairpin, isolated; /* as a port of a bridge */
	bool deaf_to_ra; /* net.ipv6.conf.NAME.accept_ra is 0, and IPV6 built in */
	bool localnet;	  /* net.ipv4.conf.NAME.route_localnet is 1 */
	bool ll_learning; /* a bridge: could have no_linklocal_learn */
	const char
		*alias; /* "" if it has none; but for link_ports(), only until
			    * the next request */
};

/* What to create; zero and NULL leave the kernel's default. */
struct link_spec {
	const char *kind, *name;
	const uint8_t *mac; /* NULL: the kernel's choice */
	const char *alias;  /* whose it is, for people and GC */
	int mtu, master, queues;
	bool shared; /* others will use it: its removal is not registered */
	bool vlan_filtering; /* bridge */
	bool no_ll_learn; /* bridge: reserved groups' frames teach it nothing */
	const struct link_spec *peer; /* veth: the other end */
	int netns; /* peer only: where it is born; a descriptor, -1: here */
	struct link *master_now; /* or NULL: gets what the master is then */
};

/* The link of this name, which does not stand in *out, with all its attributes;
 * get fails if there is none. */
int link_find(struct nl *nl, const char *name, struct link *out, bool *found);
int link_get(struct nl *nl, const char *name, struct link *out);
int link_get_index(struct nl *nl, int index, struct link *out);

/* The same in the namespace that the kernel has this number for, which ends a
 * moment before its links do; -1: here. One that is another user's and cannot be
 * looked into has it. */
int link_find_index(struct nl *nl, int index, int netnsid, struct link *out,
		    bool *found);

/* Creates a link; EEXIST is an error, or sets *exists where that is not NULL.
 * Its inverse is registered. */
int link_add(struct nl *nl, const struct link_spec *spec, bool *exists);

/* Whether the kernel can make links of this kind, without making one. */
int link_probe(struct nl *nl, const char *kind);

/* Deletes; absent is success, and told if existed is not NULL. */
int link_del(struct nl *nl, const char *name, bool *existed);

/* Deletes those of a list of struct link that are still there, by their names:
 * many in the time that one takes. */
int link_del_all(struct nl *nl, const struct list *links);

/* So many MAC addresses of our own choice, locally administered. */
int link_random_macs(struct job *job, uint8_t macs[][MAC_LEN], size_t count);

/* Sets the flags in mask (IFF_UP, IFF_PROMISC) to flags; of the link of its name
 * where the index is 0. */
int link_set_flags(struct nl *nl, const struct link *link, unsigned flags,
		   unsigned mask);

/* Gives it a MAC address for good. */
int link_set_mac(struct nl *nl, const struct link *link,
		 const uint8_t mac[MAC_LEN]);

/* Settings of a bridge's port. */
int link_set_port(struct nl *nl, const struct link *port, bool hairpin,
		  bool isolated);

/* A bridge learns no MAC addresses from frames to 01:80:c2:00:00:0X any more,
 * which its prerouting hook does not see. */
int link_set_no_ll_learn(struct nl *nl, const struct link *bridge);

/* Sets net.ipv4.conf.NAME.SETTING to 1, without needing /proc. */
enum link_ipv4_setting { LINK_ARP_NOTIFY, LINK_ROUTE_LOCALNET };
int link_set_ipv4(struct nl *nl, int index, enum link_ipv4_setting setting);

/* Waits, at most ms milliseconds, until the link is operationally up, and reads
 * it again. */
int link_wait_up(struct nl *nl, struct link *link, int ms);

/* The ports of the bridge with this index, or with 0 all links, as a list of
 * struct link. */
int link_ports(struct nl *nl, int bridge, struct list *out);

#endif
