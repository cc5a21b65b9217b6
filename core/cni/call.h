/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call - a plugin, what one call of it was given, and what it answers */
#ifndef CNIBOX_CALL_H
#define CNIBOX_CALL_H

#include "core/base/job.h"
#include "core/cni/env.h"
#include "core/data/conf.h"
#include "core/data/result.h"
#include "core/kernel/link.h"
#include "core/kernel/netns.h"
#include "core/kernel/nl.h"

/* What identifies the interface of a container. */
struct attachment {
	const char *container, *ifname;
};

/* The part of a network configuration that every plugin understands. */
struct net_conf {
	const char *version; /* cniVersion, "0.1.0" if missing */
	const char *name;
	const char *ipam;		/* ipam.type, or NULL */
	const struct json *prev_result; /* or NULL */
	struct list attachments; /* GC: the valid ones, of struct attachment */
	struct list former;	 /* the same, from the key's former name */
	struct list owners;	 /* of these, of char *; see valid_excludes() */
};

/* One call of one plugin: what it was given, what it answers. */
struct call {
	struct job *job;
	const struct applet *applet;
	const struct applet *const *applets; /* all plugins built in */
	const struct tool *const *tools; /* all tools; a tool's calls only */
	struct cni_env env;
	const char *text; /* the configuration as it came, len bytes */
	size_t len;
	const struct json *doc; /* the same, read */
	struct net_conf net;
	const void *conf; /* the applet's, filled from its keys */
	bool unconfined;  /* with SANDBOX: this process may still do anything */
	bool has_prev;
	struct result prev;    /* prevResult */
	struct netns netns;    /* fd -1: CNI_NETNS is empty or gone */
	struct nl host, guest; /* rtnetlink here and in CNI_NETNS */
	struct nl nft;	       /* nfnetlink here */
	struct list links;     /* all of the host, once life_of() needs them */
	struct result result;  /* what ADD answers */
};

/* A plugin. A verb that is NULL succeeds; STATUS and GC are passed on to the IPAM
 * plugin then. */
struct applet {
	const char *name;
	const struct conf_key *keys;
	unsigned conf_size, defaults_size;
	/* How the struct that keys are read into begins, before that; the rest is
	 * zeroes. */
	const void *defaults;
	const char *since; /* the oldest version it speaks; NULL: all */
	bool needs_netns; /* ADD and CHECK fail if CNI_NETNS cannot be opened */
	unsigned kinds; /* of entries (1 << ENTRY_*) that others look for in its
			 * records */
	bool lends;	/* IPAM: an address is one attachment's at a time */
	bool takes_args; /* reads CNI_ARGS, which is checked before */
	bool delegates;	 /* may start programs, and write where it likes */
	int (*validate)(struct call *c); /* before every verb but DEL */
	int (*add)(struct call *c);
	int (*del)(struct call *c);
	int (*check)(struct call *c);
	int (*status)(struct call *c);
	int (*gc)(struct call *c);
};

/* What a descriptor has for a verb that is an option; where the verb is not built
 * in, applet_main() refuses it. */
#define IF_CHECK(verb) (IS_ENABLED(CONFIG_CHECK) ? (verb) : NULL)
#define IF_GC(verb)    (IS_ENABLED(CONFIG_GC) ? (verb) : NULL)

/* The keys that every plugin understands, beside cniVersion, name and type. */
extern const struct conf_key call_keys[];

/* The applet of this name, or NULL. */
const struct applet *applet_find(const struct applet *const *applets,
				 const char *name);

/* Makes the netlink sockets ready, to be opened when they are first used; guest
 * in c->netns. */
void call_open(struct call *c);

/* The applet's struct that keys are read into, as it is before. */
void *call_new_conf(struct job *job, const struct applet *applet);

/* Runs verb ("ADD", ...) of c->applet: reads its keys, validates, calls its
 * function. ADD's answer is in c->result; if ADD fails, the caller runs the undo
 * list. If the applet has no function for the verb, that is a success, and
 * *left_out is true. */
int call_run(struct call *c, const char *verb, bool *left_out);

/* ADD: names a link in the result, as its next interface; sandbox is CNI_NETNS if
 * the link is in the container, NULL if it is on the host. */
void call_tell_link(struct call *c, const struct link *link,
		    const char *sandbox);

#endif
