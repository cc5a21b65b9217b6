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
	/* Its CIDRs, and its own addresses as pods reach them, that the overlay
	 * leads to; and by family, what reaches it directly, or NULL. */
	bool overlay[NODE_PLACES];
	const struct link *direct[NODE_FAMILIES];
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
	struct job *job; /* of it, as is nl, for links and routes */
	struct nl *nl;
	const char *path;	  /* of the list, for messages */
	struct nodes_entry *self; /* this node's in the list; flannel's: NULL */
	struct nodes_options options;
	bool read;    /* entries are */
	bool flannel; /* the list is flannel's, without any nodes */
	bool overlay[NODE_PLACES]; /* any entry has it */
	bool needs_overlay;	   /* any has any */
	bool has_old;
	struct list entries; /* of struct nodes_entry, in the list's order */
	struct list subnets; /* of struct nodes_subnet: of our addresses */
	/* All links as they were read once, of struct link. A route that is there
	 * refers to its link here: who plans to delete one, and to make it again if
	 * a later step fails, sets its new index here then. */
	struct list links;
	/* The one of links that steps of NODES_CLEAR_DEVICE will delete, by the
	 * backend, so that routes over it are planned to go before; or NULL. */
	const struct link *cleared;
	struct link uplink; /* that has self's first address */
	/* The overlay's device, by the backend: its name, MTU, and index, which is 0
	 * until a step has made it. Routes over it refer to it from here. */
	struct link device;
	struct nodes_file old; /* what the last apply noted; empty: nothing */
	struct nodes_file new; /* what this one will; the backend adds its peers */
	struct list steps[NODES_PHASES]; /* of struct nodes_step */
};

/* A kind of things that steps make, replace and delete. */
struct nodes_kind {
	/* Does that; what is done may have been done before. NULL: steps are only
	 * texts. */
	int (*set)(struct nodes *nodes, enum nl_verb verb, const void *thing);
	const char *(*text)(struct nodes *nodes,
			    const void *thing); /* or NULL */
	const char *verb; /* NULL: add, replace or delete */
	/* The rest is for nodes_add_changes(): the order, in which those are equal
	 * that replace each other; whether they are the same then, which wanted may
	 * note, NULL: always; the size of one. */
	int (*compare)(const void *a, const void *b);
	bool (*same)(const void *now, void *wanted);
	uint16_t size;
	uint8_t put_phase, del_phase;
};

/* One that is planned: it makes after out of before; NULL is nothing. Its inverse is
 * called if a later step fails, or this one, which may have been done in part. */
struct nodes_step {
	struct nodes *nodes;
	const struct nodes_kind *kind;
	const void *before, *after;
	/* "add route 10.1.2.0/24 via 192.0.2.2 dev eth0"; NULL: the steps before it
	 * have told it. */
	const char *text;
};

/* Adds the step that makes after out of before, which are kept. */
void nodes_add_change(struct nodes *nodes, enum nodes_phase phase,
		      const struct nodes_kind *kind, const void *before,
		      const void *after);

/* Adds the steps that make what is wanted out of what there is now, two lists of things
 * in any order. */
void nodes_add_changes(struct nodes *nodes, const struct nodes_kind *kind,
		       struct list *now, struct list *wanted);

/* Carries out all steps or, if any of them fails, none. */
int nodes_run_steps(struct nodes *nodes);

/* Where an entry stands in the list, for messages: "/etc/cni/nodes:7" or "node
 * worker-1". In the job's memory. */
const char *nodes_where(const struct nodes *nodes,
			const struct nodes_entry *entry);

/* Fails because of an entry: where it stands, and what is wrong with it. */
int nodes_refuse(const struct nodes *nodes, const struct nodes_entry *entry,
		 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The one of links that has this name, or this index; NULL: none. */
struct link *nodes_link_named(const struct nodes *nodes, const char *name);
struct link *nodes_link(const struct nodes *nodes, int index);

/* An overlay's device as it is, or should be. */
struct nodes_device {
	const char *kind, *name;
	const uint8_t *mac;	   /* NULL: of no interest */
	const struct vxlan *vxlan; /* NULL: it is none */
	struct link *link; /* where its index is kept; NULL: there is none */
	int mtu;
	bool up;
	bool another; /* has made it: it may lack the alias, and is not made */
};

/* Finds the link of device's name: sets link, mtu and up. False if there is none, or it
 * is of another kind, or not made by us, which has this alias. */
bool nodes_find_device(struct nodes *nodes, struct nodes_device *device);
extern const char nodes_alias[];

/* Makes the device, gives it its MTU and state, and reads its link; or deletes it. */
int nodes_set_device(struct nodes *nodes, enum nl_verb verb,
		     const struct nodes_device *device);

/* Has routes refer to this device, of which now is what is there already, or NULL. */
void nodes_use_device(struct nodes *nodes, const struct nodes_device *device,
		      const struct link *now);

/* An overlay. One of both functions is called, after the list was read, overlay is
 * known, and old was read. plan() plans device and peers as wanted, and sets
 * device, cleared and each gateway; plan_none() plans the removal of all that
 * the backend has on this node, which may be nothing. Both change nothing. */
struct nodes_backend {
	int (*plan)(struct nodes *nodes);
	int (*plan_none)(struct nodes *nodes);
};

extern const struct nodes_backend nodes_vxlan, nodes_wireguard;

#endif
