/* SPDX-License-Identifier: GPL-2.0-or-later */
/* genl - generic netlink: parts of the kernel that are asked by name
 * (linux/genetlink.h) */
#ifndef CNIBOX_GENL_H
#define CNIBOX_GENL_H

#include "core/kernel/nl.h"

enum { GENL_HEAD = 4 }; /* the size of a message's fixed header */

/* A socket of generic netlink in netns (-1: ours); costs nothing until it is used. */
void genl_init(struct nl *nl, struct job *job, int netns);

/* Finds the number of the family of this name, for which the kernel loads a module
 * if there is one. Without it: "the kernel has no <name>". nl is a socket of
 * genl_init(). */
int genl_family(struct nl *nl, const char *name, int *number);

/* Begins a request to a family, as nl_begin() does. */
void genl_begin(struct nl *nl, int family, int command, int version, int flags);

#endif
