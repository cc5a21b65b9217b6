/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/json.h"

#include <string.h>

/* The member whose name comes next behind that of after, or first if that is
 * NULL; NULL if there is none. */
static const struct json *next_member(const struct json *object,
				      const struct json *after)
{
	const struct json *next = NULL;

	for (const struct json *m = object->child; m; m = m->next) {
		if ((!after || strcmp(m->key, after->key) > 0) &&
		    (!next || strcmp(m->key, next->key) <= 0))
			next = m;
	}
	return next;
}

static void print_object(struct str *out, const struct json *object)
{
	const struct json *member = NULL;
	const char *before = "{";

	while ((member = next_member(object, member))) {
		str_add(out, before);
		json_quote(out, member->key);
		str_add(out, ":");
		json_print(out, member);
		before = ",";
	}
	str_add(out, *before == '{' ? "{}" : "}");
}

void json_print(struct str *out, const struct json *value)
{
	const char *before = "";

	if (value->type == JSON_OBJECT) {
		print_object(out, value);
	} else if (value->type == JSON_STRING) {
		json_quote(out, value->text);
	} else if (value->type != JSON_ARRAY) {
		str_add(out, value->text);
	} else {
		str_add(out, "[");
		for (value = value->child; value; value = value->next) {
			str_add(out, before);
			json_print(out, value);
			before = ",";
		}
		str_add(out, "]");
	}
}
