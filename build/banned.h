/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banned - functions that must not compile: they write without a bound, give
 * no error, keep state, or are too large (format_print() will do)
 *
 * The headers that declare them come first, so that they still compile. */
#ifndef CNIBOX_BANNED_H
#define CNIBOX_BANNED_H

#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef alloca
#undef strncpy
#undef strcpy
#undef strcat

#pragma GCC poison strcpy stpcpy strcat strncpy strncat
#pragma GCC poison sprintf vsprintf snprintf vsnprintf gets
#pragma GCC poison atoi atol atoll
#pragma GCC poison strtok alloca
/* Not poisoned, as structures have such members, but kept out by build/lint:
 * open(). With O_CLOEXEC musl makes two system calls of it, openat() is one. */

#endif
