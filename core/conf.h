/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf - key tables -> structs */
#ifndef CNIBOX_CONF_H
#define CNIBOX_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/job.h"
#include "core/json.h"

struct str;

enum conf_type {
	CONF_BOOL,   /* bool */
	CONF_INT,    /* int, within min and max; both 0: any */
	CONF_STRING, /* const char *; one of choices if there are any */
	CONF_IFNAME, /* char[IFNAMSIZ]: 1 to 15 bytes, no / : or space */
	CONF_MAC,    /* uint8_t[6]; "" is absent */
	CONF_IP,     /* struct ip; "" is absent */
	CONF_PREFIX, /* struct prefix; null is an error, as in the reference */
	CONF_OBJECT, /* what keys says, below offset */
	CONF_ARRAY,  /* struct list of item, item_size bytes each */
	CONF_RAW,    /* const struct json *, any value */
};

/* One key of an object: its name, type and place, and what else it needs. */
struct conf_key {
	const char *name;
	enum conf_type type;
	size_t offset;
	int min, max; /* CONF_INT */
	bool required;
	size_t has; /* offset of a bool that becomes true, or 0 */
	const struct conf_key *other; /* the row for strings, where type is not
				       * written as one; or NULL */
	const char *const *choices;   /* NULL-terminated */
	const struct conf_key *keys;  /* CONF_OBJECT */
	const struct conf_key *item;  /* CONF_ARRAY: an item, at offset 0 */
	size_t item_size;
	const char *help; /* one line; NULL keeps the key out of --help */
};

#define AT(type, member) .offset = offsetof(struct type, member)
#define CONF_END                                                               \
	{                                                                      \
		.name = NULL                                                   \
	}

/* Fills dst from the members of object (NULL or null has none), by table.
 * Unknown members are passed over, null is absent except in an array, the last
 * of equal keys wins but objects are merged, names match exactly or without
 * regard to case. Wrong type, out of range or missing is CNI_BAD_CONFIG with
 * the path of the key (below path, "" at the top), what was expected and what
 * came; with tolerant (DEL) it is only logged, the key keeps its default, and an
 * array goes without the item. Strings and lists are the job's. */
int conf_read(struct job *job, const char *path, const struct json *object,
	      const struct conf_key *keys, bool tolerant, void *dst);

/* Describes the keys for --help, one line each: name, type, default, help.
 * defaults is the struct that conf_read starts from, or NULL for zeroes; those
 * of bools, ints, strings and interface names are shown. */
void conf_help(struct str *out, const struct conf_key *keys,
	       const void *defaults);

#endif
