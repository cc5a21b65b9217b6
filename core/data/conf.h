/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf - key tables -> structs */
#ifndef CNIBOX_CONF_H
#define CNIBOX_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/job.h"
#include "core/data/json.h"

struct str;

enum conf_type {
	CONF_BOOL,   /* bool */
	CONF_INT,    /* int, within min and max; both 0: any */
	CONF_UINT64, /* uint64_t */
	CONF_STRING, /* const char *; one of choices if there are any */
	CONF_IFNAME, /* char[IFNAMSIZ]: 1 to 15 bytes, no / : % or space */
	CONF_MAC,    /* uint8_t[6]; "" is absent */
	CONF_IP,     /* struct ip; "" is absent */
	CONF_PREFIX, /* struct prefix; null is an error, as in the reference */
	CONF_OBJECT, /* what keys says, below offset */
	CONF_ARRAY,  /* struct list of item, item_size bytes each */
	CONF_MAP,    /* the same of the members of an object, whatever their
		      * names; an item begins with its const char *name */
	CONF_RAW,    /* const struct json *, any value */
};

/* One key of an object: its name, type and place, and what else it needs. */
struct conf_key {
	const char *name;
	enum conf_type type : 8;
	bool required;
	uint16_t offset;
	uint16_t has; /* offset of a bool that becomes true, or 0 */
	uint16_t item_size;
	int min, max; /* CONF_INT */
	union {
		/* CONF_BOOL, CONF_INT: the row for strings; CONF_PREFIX: that
		 * for its choices; or NULL. */
		const struct conf_key *other;
		const char *const *choices;  /* CONF_STRING: ends with NULL */
		const struct conf_key *keys; /* CONF_OBJECT */
		/* CONF_ARRAY: at offset 0; CONF_MAP: behind the name. */
		const struct conf_key *item;
	};
#if IS_ENABLED(CONFIG_HELP)
	const char *help; /* one line; NULL keeps the key out of --help */
#endif
};

/* What --help says of a row, behind its other members. */
#if IS_ENABLED(CONFIG_HELP)
#define HELP(text) .help = text
#else
#define HELP(text)
#endif
#define AT(type, member) .offset = offsetof(struct type, member)
#define CONF_END                                                               \
	{                                                                      \
		.name = NULL                                                   \
	}

/* Fills dst from the members of object (NULL or null has none), by table.
 * Unknown members are passed over, null is absent except in an array or a map.
 * The last of equal keys wins, but objects are merged, and a map has all of its
 * own. Names match exactly or without regard to case. Wrong type, out of range or
 * missing is CNI_BAD_CONFIG with the path of the key (below path, "" at the top),
 * what was expected and what came; with tolerant (DEL) it is only logged, the key
 * keeps its default, and an array or a map goes without the item. Strings and
 * lists are the job's. */
int conf_read(struct job *job, const char *path, const struct json *object,
	      const struct conf_key *keys, bool tolerant, void *dst);

/* The choices of a string as "a or b", which is the job's. */
const char *conf_choices(struct job *job, const struct conf_key *key);

/* Describes the keys for --help, one line each: name, type, default, help.
 * defaults is the struct that conf_read starts from, or NULL for zeroes; those
 * of bools, ints, strings and interface names are shown. Only with HELP. */
void conf_help(struct str *out, const struct conf_key *keys,
	       const void *defaults);

#endif
