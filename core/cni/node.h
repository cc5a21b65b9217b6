/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node - all attachments of this node, as their records tell */
#ifndef CNIBOX_NODE_H
#define CNIBOX_NODE_H

#include "core/cni/call.h"

/* Adds those that have records, of any plugin, to owners, which has const char *
 * of the job's, each once. */
int node_owners(struct call *c, struct list *owners);

/* Adds text, which is not copied, to a list of const char * that lacks it. */
void node_add_once(struct job *job, struct list *texts, const char *text);

#endif
