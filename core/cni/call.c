/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/call.h"

#include <string.h>

enum { NETLINK_ROUTE = 0, NETLINK_NETFILTER = 12 };

static const struct conf_key ipam_keys[] = {
	{ "type", CONF_STRING, AT(net_conf, ipam),
	  HELP("the plugin that gives addresses; none: layer 2 only") },
	CONF_END
};

/* The key of GC, and its name in earlier drafts of the specification. */
static const char key_attachments[] = "cni.dev/valid-attachments",
		  key_former[] = "cni.dev/attachments";

static const struct conf_key attachment_keys[] = {
	{ "containerID", CONF_STRING, AT(attachment, container),
	  .required = true },
	{ "ifname", CONF_STRING, AT(attachment, ifname), .required = true },
	CONF_END
};

static const struct conf_key attachment_item = { .type = CONF_OBJECT,
						 .keys = attachment_keys };

const struct conf_key call_keys[] = {
	{ "ipam", CONF_OBJECT, .keys = ipam_keys },
	{ "prevResult", CONF_RAW, AT(net_conf, prev_result),
	  HELP("what the plugin before has answered, from the runtime") },
	{ key_attachments, CONF_ARRAY, AT(net_conf, attachments),
	  .item = &attachment_item, .item_size = sizeof(struct attachment),
	  HELP("GC removes what belongs to none of these") },
	{ key_former, CONF_ARRAY, AT(net_conf, former),
	  .item = &attachment_item, .item_size = sizeof(struct attachment) },
	CONF_END
};

const struct applet *applet_find(const struct applet *const *applets,
				 const char *name)
{
	for (; *applets; applets++) {
		if (strcmp((*applets)->name, name) == 0)
			return *applets;
	}
	return NULL;
}

void call_open(struct call *c)
{
	nl_init(&c->host, c->job, -1, NETLINK_ROUTE);
	nl_init(&c->guest, c->job, c->netns.fd, NETLINK_ROUTE);
	nl_init(&c->nft, c->job, -1, NETLINK_NETFILTER);
}

void *call_new_conf(struct job *job, const struct applet *applet)
{
	void *conf = job_alloc(job, applet->conf_size);

	if (applet->defaults)
		memcpy(conf, applet->defaults, applet->defaults_size);
	return conf;
}

static int read_conf(struct call *c, bool tolerant)
{
	const struct applet *applet = c->applet;
	void *conf = call_new_conf(c->job, applet);

	c->conf = conf;
	if (!applet->keys)
		return 0;
	return conf_read(c->job, "", c->doc, applet->keys, tolerant, conf);
}

int call_run(struct call *c, const char *verb, bool *left_out)
{
	const struct applet *applet = c->applet;
	bool del = *verb == 'D', own;
	int (*run)(struct call *) = NULL;

	*left_out = false;
	if (read_conf(c, del) < 0)
		return -1;
	if (applet->takes_args && !del && env_check_args(c->job, &c->env) < 0)
		return -1;
	if (applet->validate && !del && applet->validate(c) < 0)
		return -1;
	/* STATUS: without /proc, no namespace can be entered. */
	if (applet->needs_netns && *verb == 'S' &&
	    netns_is_own(c->job, &c->netns, &own) < 0) {
		c->job->code = CNI_NOT_AVAILABLE;
		return -1;
	}
	/* The verbs differ in their first letter. */
	switch (*verb) {
	case 'A':
		run = applet->add;
		break;
	case 'C':
		run = applet->check;
		break;
	case 'D':
		run = applet->del;
		break;
	case 'G':
		/* null is an empty list; without the key, everything may be
		 * valid. */
		if (json_member(c->doc, key_attachments) ||
		    json_member(c->doc, key_former))
			run = applet->gc;
		break;
	case 'S':
		run = applet->status;
		break;
	}
	*left_out = !run;
	return run ? run(c) : 0;
}

void call_tell_link(struct call *c, const struct link *link,
		    const char *sandbox)
{
	struct result_interface *interface =
		list_add(c->job, &c->result.interfaces, sizeof(*interface));
	char text[MAC_TEXT];

	interface->name = job_printf(c->job, "%s", link->name);
	interface->mac = job_printf(c->job, "%s", mac_print(link->mac, text));
	interface->sandbox = sandbox;
}
