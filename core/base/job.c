/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/job.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/format.h"
#include "core/base/log.h"

/* One chunk is enough for any ADD, except one of thousands of ports. So an ADD
 * has no memory to begin with, or enough to undo everything. Pages that are
 * never written to cost nothing. If this is 0, each allocation is a chunk of
 * its own, so that a sanitizer sees its end. */
#ifndef JOB_CHUNK_SIZE
#define JOB_CHUNK_SIZE (4 * 1024 * 1024)
#endif

enum { ALIGNMENT = 16 };

struct job_chunk {
	struct job_chunk *next;
	size_t used, size;
	char data[] __attribute__((aligned(ALIGNMENT)));
};

struct undo {
	struct undo *next;
	void (*undo)(void *arg);
	void *arg;
};

void job_abort(const char *why)
{
	static const char head[] = "{\n    \"cniVersion\": \"1.1.0\",\n"
				   "    \"code\": 999,\n    \"msg\": \"";
	struct iovec document[] = {
		{ (void *)head, sizeof(head) - 1 },
		{ (void *)why, strlen(why) },
		{ (void *)"\"\n}\n", 4 },
	};

	(void)!writev(STDOUT_FILENO, document, 3);
	_exit(1);
}

void *job_alloc(struct job *job, size_t size)
{
	struct job_chunk *chunk = job->chunks;
	size_t room = JOB_CHUNK_SIZE;
	void *p;

	if (size > SIZE_MAX / 2)
		job_abort("out of memory");
	if (JOB_CHUNK_SIZE)
		size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!chunk || !JOB_CHUNK_SIZE || chunk->size - chunk->used < size) {
		if (room < size)
			room = size;
		chunk = calloc(1, sizeof(*chunk) + room);
		if (!chunk)
			job_abort("out of memory");
		chunk->size = room;
		chunk->next = job->chunks;
		job->chunks = chunk;
	}
	p = chunk->data + chunk->used;
	chunk->used += size;
	return p;
}

char *job_strndup(struct job *job, const char *text, size_t len)
{
	char *copy = job_alloc(job, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *job_vprintf(struct job *job, const char *fmt, va_list args)
{
	struct job_chunk *chunk = job->chunks;
	size_t room = chunk ? chunk->size - chunk->used : 0, size;
	char *text = chunk ? chunk->data + chunk->used : NULL;

	/* Usually the text fits into the rest of the chunk: it is formatted
	 * there at once. */
	size = format_vprint(text, room, fmt, args) + 1;
	if (size <= room)
		return job_alloc(job, size);
	text = job_alloc(job, size);
	format_vprint(text, size, fmt, args);
	return text;
}

char *job_printf(struct job *job, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = job_vprintf(job, fmt, args);
	va_end(args);
	return text;
}

void *list_add(struct job *job, struct list *list, size_t size)
{
	/* The array grows at each power of two, so its size follows from
	 * count. */
	if (!(list->count & (list->count - 1))) {
		size_t room = list->count ? 2 * list->count : 1;
		void *items = job_alloc(job, room * size);

		if (list->count)
			memcpy(items, list->items, list->count * size);
		list->items = items;
	}
	list->present = true;
	return (char *)list->items + list->count++ * size;
}

void *list_copy(struct job *job, struct list *list, const void *item,
		size_t size)
{
	return memcpy(list_add(job, list, size), item, size);
}

void job_warn(struct job *job, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(job->name ? job->name : "cnibox", job_vprintf(job, fmt, args));
	va_end(args);
}

static int set_error(struct job *job, int code, const char *details,
		     const char *msg)
{
	if (job->msg) {
		job_warn(job, details ? "%s; %s" : "%s", msg, details);
		return -1;
	}
	job->code = code;
	job->msg = msg;
	job->details = details;
	return -1;
}

int fail(struct job *job, int code, const char *fmt, ...)
{
	va_list args;
	char *msg;

	va_start(args, fmt);
	msg = job_vprintf(job, fmt, args);
	va_end(args);
	return set_error(job, code, NULL, msg);
}

const char *errno_text(struct job *job, int err)
{
	const char *text = strerror(err);

	if (err == EXFULL)
		return "Exchange full (a bridge has 1023 ports)";
	/* musl has one text for 0 and for all numbers that it does not know. */
	return text == strerror(0) ? job_printf(job, "error %d", err) : text;
}

int fail_errno(struct job *job, int err, const char *fmt, ...)
{
	va_list args;
	char *msg;

	va_start(args, fmt);
	msg = job_vprintf(job, fmt, args);
	va_end(args);
	return set_error(job, CNI_INTERNAL, NULL,
			 job_printf(job, "%s: %s", msg, errno_text(job, err)));
}

int fail_details(struct job *job, int code, const char *details,
		 const char *fmt, ...)
{
	va_list args;
	char *msg;

	va_start(args, fmt);
	msg = job_vprintf(job, fmt, args);
	va_end(args);
	return set_error(job, code, details, msg);
}

int fail_unbuilt(struct job *job, int code, const char *what,
		 const char *option)
{
	return fail(job, code, "%s: this binary is built without %s", what,
		    option);
}

void undo_push(struct job *job, void (*undo)(void *arg), void *arg)
{
	struct undo *u = job_alloc(job, sizeof(*u));

	u->undo = undo;
	u->arg = arg;
	u->next = job->undo;
	job->undo = u;
}

void undo_run(struct job *job)
{
	while (job->undo) {
		struct undo *u = job->undo;

		job->undo = u->next;
		u->undo(u->arg);
	}
}

void job_free(struct job *job)
{
	while (job->chunks) {
		struct job_chunk *chunk = job->chunks;

		job->chunks = chunk->next;
		free(chunk);
	}
	*job = (struct job) { .name = job->name };
}
