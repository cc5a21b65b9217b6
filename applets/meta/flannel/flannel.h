/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flannel - what the files of the applet share */
#ifndef CNIBOX_FLANNEL_H
#define CNIBOX_FLANNEL_H

#include "core/cni/call.h"

struct flannel_conf {
	const char *subnet_file, *data_dir;
	const struct json *delegate, *runtime; /* or NULL */
};

extern const struct flannel_conf flannel_defaults;

/* What flanneld says of this node in its subnet file. */
struct flannel_env {
	struct list networks; /* of struct prefix, IPv4 first */
	struct list subnets;  /* of struct prefix: those of this node */
	long mtu;
	bool masq; /* flanneld masquerades */
};

/* Reads the subnet file. NULL, or what is wrong with it. */
const char *flannel_env_read(struct job *job, const char *path,
			     struct flannel_env *out);

/* The configuration of the delegate: an object of its own, to which more can be
 * added. Without env, for DEL, it has nothing of the subnet file. */
struct json *flannel_generate(struct call *c, const struct flannel_env *env);

/* Sets the member key of an object to value, which stays as it is. */
void flannel_set(struct job *job, struct json *object, const char *key,
		 const struct json *value);

/* The type of the plugin that a configuration is for. */
const char *flannel_type(const struct json *generated);

/* ADD: writes the configuration to the container's file, by which DEL finds it, and
 * so does that of the Go plugin. If there was none, its removal is registered. */
int flannel_save(struct call *c, const struct str *generated);

/* The configuration in that file, and its text. *out is NULL if there is none of this
 * network, and so is the text unless the file is torn. */
int flannel_saved(struct call *c, struct str *text, struct json **out);

/* Removes a container's file. */
int flannel_forget(struct call *c, const char *container);

/* GC: removes the files of the containers of this network that have no valid
 * attachment, and whose plugin is an applet of ours. */
int flannel_forget_invalid(struct call *c);

#endif
