/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link - interfaces of every kind (rtnetlink(7), linux/if_link.h)
 *
 * While requests are held (nl_hold()), only functions that say so may be called;
 * what they read is in *out after nl_release(). */
#ifndef CNIBOX_LINK_H
#define CNIBOX_LINK_H

#include <net/if.h>

#include "core/data/ip.h"
#include "core/kernel/nl.h"

struct link {
	int index;
	char name[IFNAMSIZ], kind[IFNAMSIZ]; /* kind "": none */
	uint8_t mac[MAC_LEN];
	int mtu, tx_queue;
	int master;  /* index, 0: none */
	int peer;    /* of a veth: index of the other end, in its namespace */
	int netnsid; /* the kernel's number for that namespace, if away */
	bool away;   /* the other end is in another namespace */
	unsigned flags, promiscuity;
	int operstate;		/* IF_OPER_UP, ... */
	bool hairpin, isolated; /* as a port of a bridge */
	bool deaf_to_ra; /* net.ipv6.conf.NAME.accept_ra is 0, and IPV6 built in */
	bool localnet;	  /* net.ipv4.conf.NAME.route_localnet is 1 */
	bool ll_learning; /* a bridge: no_linklocal_learn is known, and off */
	/* "" if there is none. Of link_list() it is the job's; otherwise it is
	 * overwritten by the next request. */
	const char *alias;
};

/* What to create; zero and NULL leave the kernel's default. */
struct link_spec {
	const char *kind, *name;
	const uint8_t *mac; /* NULL: the kernel's choice */
	const char *alias;  /* the owner, for people and GC */
	int mtu, master, queues;
	bool shared; /* others will use it: its removal is not registered */
	bool vlan_filtering;	      /* bridge */
	bool no_ll_learn;	      /* bridge: see link_set_no_ll_learn() */
	const struct link_spec *peer; /* veth: the other end */
	int netns; /* of peer: descriptor of its namespace, -1: this one */
	const struct vxlan *vxlan; /* of a vxlan */
	/* Or NULL: get the link, and its master, as they are then. */
	struct link *now, *master_now;
};

/* Reads the link of this name; link_get() fails if there is none. name must not
 * point into *out, which is overwritten. */
int link_find(struct nl *nl, const char *name, struct link *out, bool *found);
int link_get(struct nl *nl, const char *name, struct link *out);

/* Reads the link of this index; fails if there is none. Can be held. */
int link_get_index(struct nl *nl, int index, struct link *out);

/* Reads the link of this index in the namespace to which the kernel has given this
 * number; -1: in this namespace. A namespace ends a moment before its links, so a
 * link that is not found may still be there. If the namespace is another user's,
 * which the kernel does not let us look into, *found is true. */
int link_find_index(struct nl *nl, int index, int netnsid, struct link *out,
		    bool *found);

/* Creates a link. If its name is taken, that is an error, or sets *exists if
 * that is not NULL; the link that has the name gets the alias then. Its removal is
 * registered, unless it is shared. */
int link_add(struct nl *nl, const struct link_spec *spec, bool *exists);

/* Fails if the kernel cannot create links of this kind. Creates none. */
int link_probe(struct nl *nl, const char *kind);

/* Deletes the link of this name. An absent one is success, and *existed is false,
 * if that is not NULL. */
int link_del(struct nl *nl, const char *name, bool *existed);

/* Deletes those of a list of struct link that are still there, found by name, as a
 * group. All of them together take the time of a few. */
int link_del_all(struct nl *nl, const struct list *links);

/* Sets the alias of the link of this name; an absent one is success. Can be held. */
int link_set_alias(struct nl *nl, const char *name, const char *alias);

/* Moves the link of this name, if it is there, to a group (0: the usual one). */
int link_set_group(struct nl *nl, const char *name, uint32_t group);

/* Deletes all links of a group; there may be none. */
int link_del_group(struct nl *nl, uint32_t group);

/* Whether there is a link of this name, without waiting for those who change links,
 * as all requests do. False also if there is no socket. */
bool link_exists(struct nl *nl, const char *name);

/* Fills macs with count random MAC addresses, locally administered. */
int link_random_macs(struct job *job, uint8_t macs[][MAC_LEN], size_t count);

/* Sets the flags in mask (IFF_UP, IFF_PROMISC, ...) to flags. The link is found by its
 * index, or by its name if the index is 0. Can be held. */
int link_set_flags(struct nl *nl, const struct link *link, unsigned flags,
		   unsigned mask);

/* Sets the MAC address; a bridge keeps it then when ports come and go. Can be
 * held. */
int link_set_mac(struct nl *nl, const struct link *link,
		 const uint8_t mac[MAC_LEN]);

/* Sets the MTU, or the length of the transmit queue. Can be held. */
int link_set_mtu(struct nl *nl, const struct link *link, int mtu);
int link_set_tx_queue(struct nl *nl, const struct link *link, int len);

/* Sets hairpin mode and isolation of a bridge's port. Can be held. */
int link_set_port(struct nl *nl, const struct link *port, bool hairpin,
		  bool isolated);

/* Has the bridge learn no MAC addresses from frames to 01:80:c2:00:00:0X any more,
 * which nftables of family bridge do not see. Can be held. */
int link_set_no_ll_learn(struct nl *nl, const struct link *bridge);

/* Sets a setting of net.ipv4.conf.NAME or net.ipv6.conf.NAME to 1, without /proc. A
 * pod's link that was found by its route, to open it for 127.0.0.1, may have gone since.
 * With addr_gen_mode 1 a link that comes up gets no link-local address, if the kernel has
 * IPv6 at all. Can be held. */
enum link_setting { LINK_ARP_NOTIFY, LINK_ROUTE_LOCALNET, LINK_ADDR_GEN_NONE };
int link_set_conf(struct nl *nl, int index, enum link_setting setting);

/* Waits until the link of this index is operationally up, for at most ms
 * milliseconds, and reads it again. */
int link_wait_up(struct nl *nl, struct link *link, int ms);

/* Reads all links or, if master is not 0, those whose master has this index, such as
 * the ports of a bridge, to a list of struct link. */
int link_list(struct nl *nl, int master, struct list *out);

#endif
