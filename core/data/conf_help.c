/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/conf.h"

#include <string.h>

#include "core/base/str.h"

/* One line of --help: name, type, default, help. */
enum { COLUMNS = 4 };

struct row {
	const char *text[COLUMNS];
};

static const char *default_of(struct job *job, const struct conf_key *key,
			      const void *at)
{
	const char *text = NULL;

	if (key->required)
		return "required";
	if (at && key->type == CONF_IFNAME)
		text = at;
	else if (at && key->type == CONF_STRING)
		text = *(const char *const *)at;
	else if (at && key->type == CONF_BOOL && *(const bool *)at)
		text = "true";
	else if (at && key->type == CONF_INT && *(const int *)at)
		text = job_printf(job, "%d", *(const int *)at);
	if (text && *text)
		return text;
	if (key->type == CONF_BOOL && !key->has)
		return "false";
	return key->type == CONF_INT && !key->has ? "0" : "-";
}

static const char *type_of(struct job *job, const struct conf_key *key)
{
	static const char *const names[] = {
		[CONF_BOOL] = "bool",	  [CONF_INT] = "int",
		[CONF_STRING] = "string", [CONF_IFNAME] = "ifname",
		[CONF_MAC] = "mac",	  [CONF_IP] = "ip",
		[CONF_PREFIX] = "prefix", [CONF_OBJECT] = "object",
		[CONF_ARRAY] = "array",	  [CONF_RAW] = "any",
		[CONF_UINT64] = "uint64", [CONF_MAP] = "map",
	};
	bool scalar = key->type == CONF_BOOL || key->type == CONF_INT ||
		      key->type == CONF_PREFIX;

	if (scalar && key->other)
		return job_printf(job, "%s or %s", names[key->type],
				  type_of(job, key->other));
	if (key->type == CONF_STRING && key->choices)
		return conf_choices(job, key);
	if (key->min || key->max)
		return job_printf(job, "%d to %d", key->min, key->max);
	return names[key->type];
}

/* Adds the rows of keys, and of the keys below them, to rows. */
static void collect(struct job *job, struct list *rows, const char *path,
		    const struct conf_key *keys, const void *defaults)
{
	for (; keys->name; keys++) {
		const struct conf_key *key = keys;
		const void *at = NULL;
		const char *name = job_printf(job, *path ? "%s.%s" : "%s%s",
					      path, keys->name);

		if (defaults && key->type != CONF_ARRAY)
			at = (const char *)defaults + key->offset;
		for (; key->type == CONF_ARRAY; key = key->item)
			name = job_printf(job, "%s[]", name);
		if (keys->help) {
			struct row *row = list_add(job, rows, sizeof(*row));

			*row = (struct row) { { name, type_of(job, key),
						default_of(job, key, at),
						keys->help } };
		}
		if (key->type == CONF_OBJECT)
			collect(job, rows, name, key->keys, at);
	}
}

void conf_help(struct str *out, const struct conf_key *keys,
	       const void *defaults)
{
	struct list list = { 0 };
	const struct row *rows;
	int width[COLUMNS] = { 0 };

	collect(out->job, &list, "", keys, defaults);
	rows = list.items;
	for (size_t i = 0; i < list.count; i++)
		for (int c = 0; c < COLUMNS - 1; c++)
			if (width[c] < (int)strlen(rows[i].text[c]))
				width[c] = (int)strlen(rows[i].text[c]);
	for (size_t i = 0; i < list.count; i++) {
		for (int c = 0; c < COLUMNS - 1; c++)
			str_printf(out, "%-*s  ", width[c], rows[i].text[c]);
		str_printf(out, "%s\n", rows[i].text[COLUMNS - 1]);
	}
}
