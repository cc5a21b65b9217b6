/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job - memory, the first error and the undo list of one call */
#ifndef CNIBOX_JOB_H
#define CNIBOX_JOB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/trace.h"

struct job {
	const char *name;    /* of the applet; log lines begin with it */
	int code;	     /* of the error, by the CNI specification */
	const char *msg;     /* NULL: nothing has failed */
	const char *details; /* or NULL */
	struct job_chunk *chunks;
	struct undo *undo;
	struct trace trace;
};

/* A growing array of equal items; zeroed is empty. */
struct list {
	void *items;
	size_t count;
	bool present; /* the document has it, even if it is empty */
};

/* The codes the specification names (SPEC.md, "Error") and the reference's. */
enum cni_code {
	CNI_INCOMPATIBLE_VERSION = 1,
	CNI_UNSUPPORTED_FIELD = 2,
	CNI_UNKNOWN_CONTAINER = 3,
	CNI_BAD_ENVIRONMENT = 4,
	CNI_IO_FAILURE = 5,
	CNI_NOT_DECODED = 6,
	CNI_BAD_CONFIG = 7,
	CNI_BAD_NETNS = 8,
	CNI_TRY_AGAIN = 11,
	CNI_NOT_AVAILABLE = 50,
	CNI_LIMITED = 51,
	CNI_INTERNAL = 999,
};

/* Zeroed memory that lives as long as the job. If there is none left, prints
 * an error document and ends the process. */
void *job_alloc(struct job *job, size_t size) __attribute__((returns_nonnull));

/* A copy of the first len bytes of text, NUL-terminated, in the job's memory. */
char *job_strndup(struct job *job, const char *text, size_t len)
	__attribute__((returns_nonnull));

/* Formatted text in the job's memory. */
char *job_printf(struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));
char *job_vprintf(struct job *job, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0), returns_nonnull));

/* A new zeroed item of size bytes at the end of list; every item of one list
 * has the same size. Valid until the next list_add. */
void *list_add(struct job *job, struct list *list, size_t size)
	__attribute__((returns_nonnull));

/* The same, as a copy of item, which must not be of list itself. */
void *list_copy(struct job *job, struct list *list, const void *item,
		size_t size) __attribute__((returns_nonnull));

/* A warning: one line on stderr, prefixed with the applet's name. */
void job_warn(struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Records the error of the job, or, if the job has one already, only logs this
 * one. Returns -1. */
int fail(struct job *job, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with CNI_INTERNAL and with ": <errno_text() of err>" added to
 * msg. */
int fail_errno(struct job *job, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The text of an errno, or "error 512" for one that has no text. */
const char *errno_text(struct job *job, int err);

/* As fail(), with details (or NULL). */
int fail_details(struct job *job, int code, const char *details,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Fails because what was asked for needs this Kconfig option, which is off. */
int fail_unbuilt(struct job *job, int code, const char *what,
		 const char *option);

/* Registers the inverse of what was just done: if ADD fails, undo(arg) is
 * called. */
void undo_push(struct job *job, void (*undo)(void *arg), void *arg);

/* Calls the registered inverses, the last one first, and forgets them. */
void undo_run(struct job *job);

/* Ends the process at once with an error document that says why: for failures
 * that no caller could recover from. */
void job_abort(const char *why) __attribute__((noreturn));

/* Frees all memory; for tests and for processes that serve many jobs. */
void job_free(struct job *job);

#endif
