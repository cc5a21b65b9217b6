/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cni - a call from the environment to the one document on stdout
 * (SPEC.md 1.1.0, "CNI operations") */
#ifndef CNIBOX_CNI_H
#define CNIBOX_CNI_H

#include "core/base/str.h"
#include "core/cni/call.h"

/* Programs that look for a version in this line expect it as a word of its own. */
#define CNI_VERSION_LINE "cnibox v" CNIBOX_VERSION "\n"

/* Runs c->applet as the CNI plugin that the environment asks for: reads stdin,
 * writes one document, if any, to stdout. c has the job and the applets. The
 * exit status. */
int cni_main(struct call *c);

/* Adds the lines with a plugin's name and versions to out, or prints them on stderr.
 * Other programs parse them. NULL is all plugins. */
void cni_about(struct str *out, const struct applet *applet);
void cni_introduce(struct job *job, const struct applet *applet);

/* Writes text to stdout. */
int cni_print(struct job *job, const char *text);

/* The error of the job: as a document on stdout, and in words on stderr. Both
 * return the exit status, 1. */
int cni_print_error(struct job *job, const char *version);
int cni_log_error(struct job *job);

/* An error since the job had none (had_none) is one no more, and only logged. */
void cni_forgive(struct job *job, bool had_none);

#endif
