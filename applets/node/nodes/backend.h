/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend - what nodes.c, plan.c and the two overlays, vxlan.c and wireguard.c, share
 *
 * An apply is planned as a whole before anything is changed: each change is a step,
 * with its text and its inverse. Then the steps are carried out, phase by phase; or,
 * for --dry-run and check, only their texts are printed. So a backend reads what the
 * kernel has, compares it with what is wanted, and adds a step for each difference. */
#ifndef CNIBOX_BACKEND_H
#define CNIBOX_BACKEND_H

#include "core/cni/tool.h"
#include "core/data/nodes.h"
#include "core/kernel/link.h"
#include "core/state/nodes_file.h"

enum {
	/* Of our routes and rules; and the table with routes to nodes. */
	NODES_PROTOCOL = 67,
	NODES_TABLE = 67,
	NODES_RULE_PRIORITY = 6700,
};

/* The order of the steps. Requests of c->host are held (nl_hold()) in all phases but
 * those of devices and of the tables. */
enum nodes_phase {
	NODES_CLEAR_ROUTES, /* those over a device that is made anew */
	NODES_CLEAR_DEVICE,
	NODES_DEVICE,
	NODES_PEERS, /* peers, or FDB and neighbour entries */
	NODES_EXEMPT,
	NODES_ROUTES,
	NODES_DROP_ROUTES,
	NODES_DROP_PEERS,
	NODES_DROP_DEVICE,
	NODES_FILE,
	NODES_PHASES,
};

enum nodes_choice { NODES_AUTO, NODES_ROUTE, NODES_VXLAN, NODES_WIREGUARD };

struct nodes_options {
	enum nodes_choice backend;
	int vni, port;		 /* 0: not given */
	const char *interface;	 /* of WireGuard, another's; NULL: our own */
	const char *private_key; /* path of the file */
};

/* An entry of the list. */
struct nodes_entry {
	struct node node;
	int line;	  /* 0: an item of JSON */
	const char *name; /* of such an item; or NULL */
	/* By family: its CIDR, and its own address as pods reach it, is reached by
	 * the overlay. */
	bool overlay[NODE_FAMILIES], far[NODE_FAMILIES];
	/* Set by the backend: the gateway of these routes, which need not be of that
	 * family; family 0: they have none. */
	struct ip gateway[NODE_FAMILIES];
};

/* Hosts that a link reaches without a gateway. */
struct nodes_subnet {
	struct prefix prefix;
	const struct link *link;
	bool own; /* this node's address in the list is in it */
};

struct nodes {
	struct call *c;
	struct nodes_options options;
	const char *path;    /* of the list, for messages */
	bool flannel;	     /* which is flannel's file, without any nodes */
	struct list entries; /* of struct nodes_entry, in the list's order */
	struct nodes_entry *self; /* this node's among them; flannel's: NULL */
	struct list subnets;	  /* of struct nodes_subnet: of our addresses */
	struct link uplink;	  /* that has self's first address */
	bool needs_overlay;	  /* any entry has overlay or far */
	bool has_old;
	struct nodes_file old; /* what the last apply noted; empty: nothing */
	struct nodes_file new; /* what this one will; the backend adds its peers */
	/* All links as they were read once, of struct link. A route that is there
	 * refers to its link here: who plans to delete one, and to make it again if
	 * a later step fails, sets its new index here then. */
	struct list links;
	/* The overlay's device, by the backend: its name, MTU, and index, which is 0
	 * until a step has made it. Routes over it refer to it from here. */
	struct link device;
	/* The one of links that steps of NODES_CLEAR_DEVICE will delete, by the
	 * backend, so that routes over it are planned to go before; or NULL. */
	const struct link *cleared;
	struct list steps[NODES_PHASES]; /* of struct nodes_step */
};

/* One that is planned. */
struct nodes_step {
	int (*make)(struct nodes *nodes, void *arg); /* NULL: only a text */
	/* Called if a later step fails, or this one, which may have been done in
	 * part, or not at all; NULL: nothing to take back. */
	void (*undo)(struct nodes *nodes, void *arg);
	void *arg;
	/* "add route 10.1.2.0/24 via 192.0.2.2 dev eth0"; NULL: the steps before it
	 * have told it. */
	const char *text;
	struct nodes *nodes;
};

/* A kind of things that steps make, replace and delete. What is done may have been
 * done before. */
struct nodes_kind {
	/* Makes thing; replace: in place of one that differs. NULL: steps are only
	 * texts. */
	int (*put)(struct nodes *nodes, const void *thing, bool replace);
	/* NULL: it is never deleted, and what was made stays. */
	int (*del)(struct nodes *nodes, const void *thing);
	const char *(*text)(struct nodes *nodes,
			    const void *thing); /* or NULL */
	const char *verb; /* NULL: add, replace or delete */
	/* The rest is for nodes_add_changes(): the order, in which those are equal
	 * that replace each other; whether they are the same then, which wanted may
	 * note, NULL: always; the size of one. */
	int (*compare)(const void *a, const void *b);
	bool (*same)(const void *now, void *wanted);
	size_t size;
	enum nodes_phase put_phase, del_phase;
};

/* Adds the step that makes after out of before; NULL is nothing. Both are kept. */
void nodes_add_change(struct nodes *nodes, enum nodes_phase phase,
		      const struct nodes_kind *kind, const void *before,
		      const void *after);

/* Adds the steps that make what is wanted out of what there is now, two lists of things
 * in order. */
void nodes_add_changes(struct nodes *nodes, const struct nodes_kind *kind,
		       const struct list *now, const struct list *wanted);

/* Adds a step at the end of phase; text is the job's. */
void nodes_add_step(struct nodes *nodes, enum nodes_phase phase,
		    const struct nodes_step *step, const char *text);

/* Where an entry stands in the list, for messages: "/etc/cni/nodes:7" or "node
 * worker-1". In the job's memory. */
const char *nodes_where(const struct nodes *nodes,
			const struct nodes_entry *entry);

/* The one of links that has this name, or this index; NULL: none. */
struct link *nodes_link_named(const struct nodes *nodes, const char *name);
struct link *nodes_link(const struct nodes *nodes, int index);

/* An overlay. Either function is called once, after the list was read, overlay and
 * far are known, and old was read. plan() plans device and peers as wanted, and sets
 * device, cleared and each gateway; plan_none() plans the removal of all that
 * the backend has on this node, which may be nothing. Both change nothing. */
struct nodes_backend {
	int (*plan)(struct nodes *nodes);
	int (*plan_none)(struct nodes *nodes);
};

extern const struct nodes_backend nodes_vxlan, nodes_wireguard;

#endif
