/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drain - DELs that meet delete their links together
 *
 * One link or sixty: the kernel takes nearly the same time, in which it does nothing
 * else. So who is not alone (a lock of .del tells) adds its owner to the file .queue
 * and waits for its lock. Who gets that moves the links of all in the file to a group,
 * removes the file, by which the round has ended, unlocks it, and deletes the group.
 * What holds:
 *
 * - A line is a hint. Only a link whose owner's record is left (its DEL has begun)
 *   stays in the group; when the round ends, nothing else is in it.
 * - Who gets the lock of a file that is still there does what is to be done; was
 *   it removed, whoever sees its link still there deletes the group. So nobody
 *   needs another to live. Locks end with their processes.
 * - A group belongs to an inode, which stays taken until its last waiter is through:
 *   no two rounds have the same.
 * - In the end each DEL looks for its own link. If that is there, as something
 *   has failed or a lock is held for too long, it deletes that alone, as ever. */
#ifndef CNIBOX_DRAIN_H
#define CNIBOX_DRAIN_H

#include "core/cni/call.h"

/* Deletes the host end of owner, whose DEL this is, and those of others whose DELs
 * wait. *existed is false if it was not there under its name. */
int drain_del(struct call *c, const char *owner, bool *existed);

#endif
