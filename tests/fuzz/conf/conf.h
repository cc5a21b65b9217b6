/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf - what stands in place of an applet's verbs in fuzz_conf.c
 *
 * conf/NAME.c takes the configuration of the applet NAME apart as its verbs do,
 * and holds it to what has to be so. It is built if it is there: of an applet
 * that has none, the keys are read, and it answers prevResult. */
#ifndef CNIBOX_TESTS_FUZZ_CONF_H
#define CNIBOX_TESTS_FUZZ_CONF_H

#include "core/cni/call.h"
#include "tests/fuzz/fuzz.h"

#define APPLET(name) int use_##name(struct call *c) __attribute__((weak));
#include "applets.def"
#undef APPLET

#endif
