/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enabled - whether an option is on, for if () and for #if
 *
 * IS_ENABLED(CONFIG_X) is 1 if CONFIG_X is defined as 1, as in autoconf.h, and
 * 0 if it is not defined at all. */
#ifndef CNIBOX_ENABLED_H
#define CNIBOX_ENABLED_H

#define IS_ENABLED(option)	  ENABLED_PASTE(option)
#define ENABLED_PASTE(value)	  ENABLED_SPREAD(ENABLED_IF_##value 1, 0, 0)
#define ENABLED_SPREAD(...)	  ENABLED_SECOND(__VA_ARGS__)
#define ENABLED_SECOND(a, b, ...) b
/* The comma moves the 1 to second place. */
#define ENABLED_IF_1 0,

#endif
