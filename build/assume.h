/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assume - what build/analyze tells the analysers, which see one file at a
 * time: what fails returns -1 */
#ifndef CNIBOX_ASSUME_H
#define CNIBOX_ASSUME_H

#include "core/base/job.h"

#define fail(...)	  ((void)fail(__VA_ARGS__), -1)
#define fail_errno(...)	  ((void)fail_errno(__VA_ARGS__), -1)
#define fail_details(...) ((void)fail_details(__VA_ARGS__), -1)
#define fail_unbuilt(...) ((void)fail_unbuilt(__VA_ARGS__), -1)

#endif
