/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node - all attachments of this node, as their records tell */
#ifndef CNIBOX_NODE_H
#define CNIBOX_NODE_H

#include "core/base/str.h"
#include "core/cni/call.h"

/* Puts back what NAT elements of attachments are missing, removes those of dead
 * ones and their records, and adds to out what was done, in a line. What has no
 * record but a host end is left alone, unless a table has lost its rules and has
 * to be made anew. */
int node_sync(struct job *job, const struct applet *const *applets,
	      struct str *out);

/* Adds the attachments to out, a line for each, or as a JSON document. */
int node_show(struct job *job, const struct applet *const *applets, bool json,
	      struct str *out);

#endif
