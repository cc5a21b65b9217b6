/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keyfile - the file with this node's private key of WireGuard */
#ifndef CNIBOX_KEYFILE_H
#define CNIBOX_KEYFILE_H

#include "core/base/str.h"
#include "core/data/key.h"

/* Where it is if nobody says otherwise. */
static const char keyfile_path[] = "/etc/cni/nodes.key";

/* Reads the key as the kernel would have it (RFC 7748, 5). A missing file is an
 * error, or *found is false, if that is not NULL. One that others may read is good,
 * and stderr says so. */
int keyfile_read(struct job *job, const char *path, uint8_t out[KEY_LEN],
		 bool *found);

/* "cnibox nodes key": makes the file with a new key, unless there is one, and adds
 * the public key to out. */
int keyfile_run(struct job *job, const char *path, struct str *out);

#endif
