/* SPDX-License-Identifier: GPL-2.0-or-later */
/* applet - a plugin, as a runtime or a person calls it */
#ifndef CNIBOX_APPLET_H
#define CNIBOX_APPLET_H

#include "core/cni/call.h"

/* Runs c->applet as the environment asks for, or prints the help that argv[1]
 * asks for. c has the job and the applets. The exit status. */
int applet_main(struct call *c, char **argv);

#endif
