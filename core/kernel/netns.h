/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netns - sockets and files opened inside a namespace */
#ifndef CNIBOX_NETNS_H
#define CNIBOX_NETNS_H

#include <stdbool.h>
#include <sys/types.h>

struct job;

/* A network namespace held open by fd; -1: our own. */
struct netns {
	int fd;
	dev_t dev;
	ino_t ino;
};

/* Opens the namespace at path. *found is false, and nothing is wrong, if there
 * is no namespace there: no such path, or a left-over file of another kind.
 * Never blocks, whatever lies at path. */
int netns_find(struct job *job, const char *path, struct netns *ns,
	       bool *found);

/* Whether ns is the namespace this process is in. */
int netns_is_own(struct job *job, const struct netns *ns, bool *own);

/* Makes a namespace that lives as long as what is opened in it, and returns its
 * descriptor, or -1 with the reason in errno. */
int netns_make(void);

/* Opens a netlink socket (socket(2)), or a file (open(2)), inside netns; -1 is
 * our own. Returns the descriptor, or -1 with the reason in errno. If it
 * cannot go back to our own namespace, the process ends. */
int netns_socket(int netns, int protocol);
int netns_open(int netns, const char *path, int flags);

#endif
