/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair - a veth pair between the container and the host
 *
 * For tests/builds, which adds it to a copy of the tree and takes it away again.

config PAIR
	bool "pair"
	default y
	help
	  Connects the container to the host, and to nothing else. Addresses
	  come from the IPAM plugin.
*/
#include "core/cni/attachment.h"
#include "core/cni/delegate.h"
#include "core/cni/guest.h"
#include "core/cni/veth.h"

enum {
	PAIR_GUEST = 1, /* its index among the interfaces of the result */
	PAIR_UP_MS = 5000,
};

struct pair_conf {
	int mtu;
};

static const struct conf_key pair_keys[] = {
	{ "mtu", CONF_INT, AT(pair_conf, mtu), .max = 65535,
	  HELP("of both ends; 0: the kernel's choice") },
	CONF_END
};

static int pair_add(struct call *c)
{
	const struct pair_conf *conf = c->conf;
	struct veth_spec spec = { .mtu = conf->mtu };
	struct record *record = job_alloc(c->job, sizeof(*record));
	struct veth pair;

	if (veth_begin(c, record) < 0 || veth_add(c, &spec, &pair) < 0 ||
	    link_set_flags(&c->host, &pair.host, IFF_UP, IFF_UP) < 0 ||
	    ipam_add(c, PAIR_GUEST) < 0 ||
	    guest_apply(c, &pair.guest, PAIR_GUEST, 0) < 0 ||
	    link_wait_up(&c->host, &pair.host, PAIR_UP_MS) < 0 ||
	    link_wait_up(&c->guest, &pair.guest, PAIR_UP_MS) < 0)
		return -1;
	call_tell_link(c, &pair.host, NULL);
	call_tell_link(c, &pair.guest, c->env.netns);
	return 0;
}

static int pair_del(struct call *c)
{
	int ret = attachment_release(c, 0, veth_del);

	return ipam_del(c) | ret;
}

static int pair_check(struct call *c)
{
	struct link guest;

	if (guest_check_link(c, "veth", true, &guest) < 0 ||
	    guest_verify(c, &guest) < 0)
		return -1;
	return ipam_check(c);
}

static int pair_gc(struct call *c)
{
	int ret = veth_drop_dead(c, 0);

	ret |= attachment_gc(c, veth_drop);
	return ipam_gc(c) | ret;
}

const struct applet pair_applet = {
	.name = "pair",
	.keys = pair_keys,
	.conf_size = sizeof(struct pair_conf),
	.needs_netns = true,
	.takes_args = true,
	.add = pair_add,
	.del = pair_del,
	.check = IF_CHECK(pair_check),
	.gc = IF_GC(pair_gc),
};
