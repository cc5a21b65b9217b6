/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install - links by which the applets are called */
#ifndef CNIBOX_INSTALL_H
#define CNIBOX_INSTALL_H

#include "core/cni/call.h"

/* Makes a link to this binary in dir, which is made if missing, for each applet:
 * a hard one, or a symbolic one that is relative. What is there under an applet's name and is
 * something else is left alone, and an error, unless force. */
int install_links(struct job *job, const struct applet *const *applets,
		  const char *dir, bool symbolic, bool force);

#endif
