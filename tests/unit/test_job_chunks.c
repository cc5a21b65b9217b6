/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test_job.c tests, with memory as it is shipped: in large chunks, which
 * the other tests do without, so that a sanitizer sees where each piece ends. */
#undef JOB_CHUNK_SIZE
#include "core/base/job.c"
#include "tests/unit/test_job.c"
