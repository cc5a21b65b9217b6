/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes_file - what the last "cnibox nodes apply" has made true
 *
 * It is STATE_DIR/nodes, which is there whole or not at all:
 *
 *     self 10.1.1.0/24,fd01::/64 192.0.2.1
 *     mtu 1450
 *     exempt 10.244.0.0/16
 *     peer wg0 KEY
 *     node 10.1.2.0/24 192.0.2.2 wg=KEY
 *
 * with one self, before all others, and any number of exempt, peer and node. */
#ifndef CNIBOX_NODES_FILE_H
#define CNIBOX_NODES_FILE_H

#include "core/base/job.h"
#include "core/data/nodes.h"

/* A peer of a WireGuard interface that is another's. */
struct nodes_peer {
	const char *link, *key;
};

struct nodes_file {
	struct node self;   /* this node; its own pod CIDRs, if it has any */
	int mtu;	    /* of the way to the farthest node; 0: any */
	struct list exempt; /* of struct prefix: from masquerading, beside the
			     * nodes' CIDRs and addresses */
	struct list peers;  /* of struct nodes_peer, which we have added */
	struct list nodes;  /* of struct node: the others */
};

/* Reads only self and mtu: a few lines, however many nodes there are. *found is
 * false if there is no file, because there was no apply since the boot. */
int nodes_file_read_self(struct job *job, struct nodes_file *out, bool *found);

/* Reads all of it. */
int nodes_file_read(struct job *job, struct nodes_file *out, bool *found);

/* What nodes_file_write() would write. */
const char *nodes_file_text(struct job *job, const struct nodes_file *file);

/* Locks out others that make true what the file says, until this process ends;
 * CNI_TRY_AGAIN if one of them takes too long. */
int nodes_file_lock(struct job *job);

/* Makes it the file, in place of an older one. */
int nodes_file_write(struct job *job, const struct nodes_file *file);

/* Removes it; absent is success. */
int nodes_file_remove(struct job *job);

/* All that is exempt from masquerading: the CIDRs and addresses of all nodes, self
 * among them, and what is exempt beside; to a list of struct prefix in order, each
 * once, none within another. */
void nodes_file_exempt(struct job *job, const struct nodes_file *file,
		       struct list *prefixes);

#endif
