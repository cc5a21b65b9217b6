/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pattern - regular expressions, of which one asks only whether a text has a match
 *
 * The libc's regcomp() and regexec() would be 45 KB here, and this is 2. What both
 * POSIX (extended) and Go have, as they have it: letters, "." of any byte, sets as
 * [^a-z_], groups as (a|b) and (?:a|b), ? * + {2} {2,} {2,5}, ^ and $, and a
 * backslash before what is no letter. From Go alone \d \w \s, also in a set, and
 * their opposites in capitals. A search takes no longer with more ways to match. */
#ifndef CNIBOX_PATTERN_H
#define CNIBOX_PATTERN_H

#include <stdbool.h>

enum { PATTERN_TEXT_MAX = 255 };

/* Whether any part of text, of at most PATTERN_TEXT_MAX bytes, matches pattern. What
 * is not understood sets *why to the reason, and is no match; else it is NULL. */
bool pattern_matches(const char *pattern, const char *text, const char **why);

#endif
