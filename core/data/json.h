/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json - strict reader over jsmn tokens; writer that escapes (RFC 8259) */
#ifndef CNIBOX_JSON_H
#define CNIBOX_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* One value of a document. The members or items of an object or array are
 * child, child->next and so on, in their order. */
struct json {
	enum json_type type;
	const char *key; /* decoded name of a member, else NULL */
	const char *
		text; /* decoded string; number, true, false, null as written */
	const char *raw; /* as written in the document, raw_len bytes */
	size_t raw_len;
	struct json *child, *next;
};

enum { JSON_DEPTH_MAX = 32, JSON_SIZE_MAX = 16 << 20 };

/* Reads exactly one document of len bytes. If it is not JSON, deeper than
 * JSON_DEPTH_MAX or longer than JSON_SIZE_MAX, that is CNI_NOT_DECODED, and
 * msg is "<what>: <why> at line L column C". The tree is in the job's memory;
 * its raw pointers point into text. */
int json_parse(struct job *job, const char *what, const char *text, size_t len,
	       struct json **out);

/* The last member of object named key, exactly or, failing that, without
 * regard to case; NULL if there is none or object is no object. */
const struct json *json_member(const struct json *object, const char *key);

/* What the type is called in messages: "a string", "an object", ... */
const char *json_type_name(enum json_type type);

/* Writes a document as Go does: 4 spaces to a level, "key": value, no newline
 * at the end; <, >, &, U+2028 and U+2029 are escaped, invalid UTF-8 becomes
 * U+FFFD. */
struct json_writer {
	struct str out;
	int depth;
	bool some; /* the open object or array is not empty */
};

/* key is NULL for an item of an array and for the document itself. bracket is
 * the one to write: { or [, then } or ]. */
void json_open(struct json_writer *w, const char *key, char bracket);
void json_close(struct json_writer *w, char bracket);
void json_string(struct json_writer *w, const char *key, const char *text);
void json_int(struct json_writer *w, const char *key, long value);
void json_bool(struct json_writer *w, const char *key, bool value);

/* Adds text as a string of JSON, in quotes and escaped. */
void json_quote(struct str *out, const char *text);

/* Adds a value as Go's json.Marshal() writes a map: without blanks, the members of
 * an object in order of their names, of equal ones the last. Numbers stay as they
 * were written. */
void json_print(struct str *out, const struct json *value);

#endif
