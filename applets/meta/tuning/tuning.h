/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tuning - what the parts of the plugin share */
#ifndef CNIBOX_TUNING_H
#define CNIBOX_TUNING_H

#include "core/cni/call.h"

#define TUNING_DATA_DIR "/run/cni/tuning"

/* What a link is to have, or has had. */
struct tuning_values {
	const char *mac; /* NULL or "": not given */
	int mtu;	 /* 0: not given */
	int tx_queue;
	bool promisc, allmulti;
	bool has_promisc, has_allmulti, has_tx_queue;
};

struct tuning_sysctl {
	const char *key; /* as it was given; conf.h wants it first */
	const char *value;
	const char *name; /* below /proc/sys */
};

struct tuning_conf {
	struct tuning_values values;
	struct list sysctls; /* of struct tuning_sysctl */
	const char *data_dir, *runtime_mac;
	const struct json *args; /* the same keys, and they prevail */
};

extern const struct conf_key tuning_keys[];

/* ADD: sets what is given of values. */
int tuning_apply(struct call *c, const struct link *link,
		 const struct tuning_values *values);

/* sysctl.c
 *
 * Names the settings, and takes those of more for those of own of the same name. A
 * setting of own that is there twice is an error. */
int tuning_name_sysctls(struct call *c, struct list *own,
			const struct list *more);

/* Whether the allowlist, if there is one, has every setting. */
int tuning_check_allowed(struct call *c);

/* ADD: writes the settings; what they were is registered for its return. CHECK:
 * they are as they were written. */
int tuning_set_sysctls(struct call *c);
int tuning_check_sysctls(struct call *c);

/* saved.c
 *
 * ADD: looks up the interface, and notes of it what the configuration will change,
 * in the file that the Go plugin has for it; its return is registered. A file that is
 * there already was left by an ADD that was cut short, or of an interface that is no
 * more: what it says of this one is restored first. */
int tuning_save(struct call *c, struct link *link);

/* DEL: restores what the file says, if the interface is there and is the one of which
 * it says that, and removes it. What cannot be restored is only logged. */
int tuning_restore(struct call *c);

/* GC: removes the files of this network's attachments that are not valid. A file of
 * the Go plugin does not say of which network it is: it stays. */
int tuning_forget_invalid(struct call *c);

/* STATUS: the file can be made. */
int tuning_probe(struct call *c);

#endif
