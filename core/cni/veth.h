/* SPDX-License-Identifier: GPL-2.0-or-later */
/* veth - a pair of links: one end on the host, the other in the container
 * (veth(4)) */
#ifndef CNIBOX_VETH_H
#define CNIBOX_VETH_H

#include "core/cni/attachment.h"
#include "core/kernel/link.h"

/* What to create; zero is the kernel's default, NULL a random MAC address. */
struct veth_spec {
	int mtu;		 /* of both ends */
	const uint8_t *mac;	 /* of the container's end */
	int master;		 /* of the host's end: the index of a bridge */
	struct link *master_now; /* or NULL: gets the bridge as it is then */
};

struct veth {
	struct link host, guest;
};

/* The name of this attachment's host end; in the job's memory. */
const char *veth_host_name(struct call *c);

/* ADD: begins the attachment's record. What an ADD or a DEL that was cut short
 * has left is removed first, by the applet's DEL. If CNI_IFNAME is in the
 * container, or a host end still there, that is an error, and nothing has been asked
 * of the IPAM plugin, whose DEL would free the address that the attachment has. */
int veth_begin(struct call *c, struct record *record);

/* ADD: fails because a name of the pair is taken. */
int veth_fail_taken(struct call *c);

/* ADD: makes the pair, each end where it belongs, and down. The host's end
 * ignores router advertisements. Its removal is registered; a name that is taken
 * is an error. */
int veth_add(struct call *c, const struct veth_spec *spec, struct veth *out);

/* DEL: removes the pair, also one that the Go plugins have made. An absent one is
 * success. */
int veth_del(struct call *c);

/* GC: removes the pair of owner; for attachment_gc(). */
int veth_drop(struct call *c, const char *owner);

/* GC: removes the pairs of all attachments that are not valid, also of those whose
 * record was lost, in the time of one. Their host ends are looked for among the
 * ports of the bridge with this index, or with 0 among all links. */
int veth_drop_dead(struct call *c, int master);

/* CHECK: finds the host end among the interfaces of prevResult: its other end is
 * guest, and its master is this one (NULL: it has none). master is in prevResult,
 * too, and passed over. */
int veth_find_host(struct call *c, const struct link *guest,
		   const struct link *master, struct link *out, bool *found);

/* Has a link of the host, to which containers can send, ignore router
 * advertisements. If that fails, it is only logged. */
void veth_ignore_ra(struct call *c, const struct link *link);

/* Has the host forward packets of a family. Requests of c->host that are held go
 * out together with the question whether it does already. */
int veth_forward(struct call *c, int family);

/* CHECK: it does. */
int veth_check_forward(struct call *c, int family);

#endif
