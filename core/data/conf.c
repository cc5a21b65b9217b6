/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/conf.h"

#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "core/base/str.h"
#include "core/data/ip.h"

enum { SHOWN_MAX = 60 };

struct reader {
	struct job *job;
	bool tolerant;
};

/* Where a value stands, for messages: a member, or an item where name is NULL,
 * of what stands at up. */
struct place {
	const struct place *up;
	const char *name;
	size_t index;
};

static const char *const expectations[] = {
	[CONF_BOOL] = "true or false",
	[CONF_INT] = "an integer",
	[CONF_UINT64] = "an integer of 0 or more",
	[CONF_STRING] = "a string",
	[CONF_IFNAME] =
		"an interface name of 1 to 15 bytes without / : % or space",
	[CONF_MAC] = "a MAC address such as 02:00:5e:10:00:01",
	[CONF_IP] = "an address such as 10.1.0.1",
	[CONF_PREFIX] = "an address with prefix length such as 10.1.0.0/16",
	[CONF_OBJECT] = "an object",
	[CONF_ARRAY] = "an array",
	[CONF_MAP] = "an object",
	[CONF_RAW] = "a value",
};

/* Says what is wrong at a place: -1. */
static int complain(const struct reader *r, const struct place *at,
		    const char *what)
{
	const char *path = "";

	for (; at; at = at->up) {
		const char *dot = *path && *path != '[' ? "." : "";

		if (!at->name)
			path = job_printf(r->job, "[%zu]%s%s", at->index, dot,
					  path);
		else if (*at->name)
			path = job_printf(r->job, "%s%s%s", at->name, dot,
					  path);
	}
	if (*path)
		what = job_printf(r->job, "%s: %s", path, what);
	if (!r->tolerant)
		return fail(r->job, CNI_BAD_CONFIG, "%s", what);
	job_warn(r->job, "%s", what);
	return -1;
}

const char *conf_choices(struct job *job, const struct conf_key *key)
{
	struct str s = { .job = job };

	for (const char *const *choice = key->choices; *choice; choice++) {
		if (s.len)
			str_add(&s, " or ");
		str_add(&s, *choice);
	}
	return s.text;
}

static int wrong(const struct reader *r, const struct place *at,
		 const struct conf_key *key, const struct json *node)
{
	const char *expected = expectations[key->type];
	size_t len = 0;

	if (key->type == CONF_STRING && key->choices)
		expected = conf_choices(r->job, key);
	else if (key->min || key->max)
		expected = job_printf(r->job, "an integer from %d to %d",
				      key->min, key->max);
	/* As it was written, but on one line and of bounded length. */
	while (len < node->raw_len && len < SHOWN_MAX &&
	       !strchr("\r\n", node->raw[len]))
		len++;
	while (len < node->raw_len && (node->raw[len] & 0xc0) == 0x80)
		len--;
	return complain(r, at,
			job_printf(r->job, "expected %s, got %.*s%s", expected,
				   (int)len, node->raw,
				   len < node->raw_len ? "..." : ""));
}

static bool is_choice(const char *const *choices, const char *text)
{
	if (!choices)
		return true;
	while (*choices && strcmp(*choices, text) != 0)
		choices++;
	return *choices;
}

static bool read_number(const struct conf_key *key, const char *text, void *dst)
{
	bool any = !key->min && !key->max;
	uint64_t large;
	long value;

	if (key->type == CONF_UINT64)
		return str_cut_number(&text, &large) && !*text &&
		       memcpy(dst, &large, sizeof(large));
	if (key->type != CONF_INT ||
	    !str_to_long(text, any ? INT_MIN : key->min,
			 any ? INT_MAX : key->max, &value))
		return false;
	*(int *)dst = (int)value;
	return true;
}

/* Reads what is a string in JSON. What is wrong leaves dst alone. */
static bool read_text(const struct conf_key *key, const char *text, void *dst)
{
	struct prefix prefix;
	struct ip ip;
	uint8_t mac[MAC_LEN];

	switch (key->type) {
	case CONF_STRING:
		if (!is_choice(key->choices, text))
			return false;
		*(const char **)dst = text;
		return true;
	case CONF_IFNAME:
		return *text && strlen(text) < IFNAMSIZ &&
		       !strpbrk(text, "/:% \t\n\v\f\r") &&
		       str_copy(dst, IFNAMSIZ, text);
	case CONF_MAC:
		return mac_parse(text, mac) && memcpy(dst, mac, sizeof(mac));
	case CONF_IP:
		return ip_parse(text, &ip) && memcpy(dst, &ip, sizeof(ip));
	case CONF_PREFIX:
		return prefix_parse(text, &prefix) &&
		       memcpy(dst, &prefix, sizeof(prefix));
	default:
		return false;
	}
}

static int read_object(const struct reader *r, const struct place *up,
		       const struct json *object, const struct conf_key *keys,
		       void *dst);

static int read_list(const struct reader *r, const struct place *up,
		     const struct conf_key *key, const struct json *all,
		     struct list *list);

static int read_value(const struct reader *r, const struct place *at,
		      const struct conf_key *key, const struct json *node,
		      void *dst)
{
	bool ok = false;

	switch (node->type) {
	case JSON_NULL:
		break;
	case JSON_BOOL:
		ok = key->type == CONF_BOOL;
		if (ok)
			*(bool *)dst = *node->text == 't';
		break;
	case JSON_NUMBER:
		ok = read_number(key, node->text, dst);
		break;
	case JSON_STRING:
		ok = read_text(key, node->text, dst);
		break;
	case JSON_ARRAY:
		if (key->type == CONF_ARRAY)
			return read_list(r, at, key, node, dst);
		break;
	case JSON_OBJECT:
		if (key->type == CONF_OBJECT)
			return read_object(r, at, node, key->keys, dst);
		if (key->type == CONF_MAP)
			return read_list(r, at, key, node, dst);
		break;
	}
	if (key->type == CONF_RAW && node->type != JSON_NULL) {
		*(const struct json **)dst = node;
		ok = true;
	}
	return ok ? 0 : wrong(r, at, key, node);
}

/* Reads an array or, of CONF_MAP, an object. */
static int read_list(const struct reader *r, const struct place *up,
		     const struct conf_key *key, const struct json *all,
		     struct list *list)
{
	struct place at = { .up = up };

	*list = (struct list) { .present = true };
	for (const struct json *node = all->child; node; node = node->next) {
		char *item = list_add(r->job, list, key->item_size);

		at.name = node->key;
		if (key->type == CONF_MAP)
			*(const char **)(void *)item = node->key;
		if (read_value(r, &at, key->item, node,
			       item + key->item->offset) < 0) {
			if (!r->tolerant)
				return -1;
			memset(item, 0, key->item_size);
			list->count--;
		}
		at.index++;
	}
	return 0;
}

static const struct conf_key *find_key(const struct conf_key *keys,
				       const char *name)
{
	const struct conf_key *same = NULL;

	for (; keys->name; keys++) {
		if (!strcmp(keys->name, name))
			return keys;
		if (str_same(keys->name, name))
			same = keys;
	}
	return same;
}

static bool is_absent(const struct conf_key *key, const struct json *node)
{
	if (node->type == JSON_STRING)
		return (key->type == CONF_IP || key->type == CONF_MAC) &&
		       !*node->text;
	return node->type == JSON_NULL && key->type != CONF_PREFIX;
}

static bool is_for_other(const struct conf_key *key, const struct json *node)
{
	if (node->type != JSON_STRING)
		return false;
	if (key->type == CONF_PREFIX)
		return key->other && is_choice(key->other->choices, node->text);
	return (key->type == CONF_BOOL || key->type == CONF_INT) && key->other;
}

static int read_object(const struct reader *r, const struct place *up,
		       const struct json *object, const struct conf_key *keys,
		       void *dst)
{
	struct place at = { .up = up };
	const struct conf_key *key;
	size_t count = 0;
	bool *seen;
	int result = 0;

	while (keys[count].name)
		count++;
	seen = job_alloc(r->job, count);
	for (const struct json *m = object->child; m; m = m->next) {
		key = find_key(keys, m->key);
		if (!key || is_absent(key, m))
			continue;
		at.name = key->name;
		seen[key - keys] = true;
		if (is_for_other(key, m))
			key = key->other;
		if (read_value(r, &at, key, m, (char *)dst + key->offset) < 0) {
			if (!r->tolerant)
				return -1;
			result = -1;
		} else if (key->has) {
			*(bool *)((char *)dst + key->has) = true;
		}
	}
	for (key = keys; key->name; key++) {
		at.name = key->name;
		if (!key->required || seen[key - keys])
			continue;
		result = complain(r, &at, "missing");
		if (!r->tolerant)
			break;
	}
	return result;
}

int conf_read(struct job *job, const char *path, const struct json *object,
	      const struct conf_key *keys, bool tolerant, void *dst)
{
	static const struct json none = { .type = JSON_OBJECT };
	static const struct conf_key whole = { .type = CONF_OBJECT };
	const struct reader r = { .job = job, .tolerant = tolerant };
	const struct place at = { .name = path };
	int result;

	if (!object || object->type == JSON_NULL)
		object = &none;
	if (object->type == JSON_OBJECT)
		result = read_object(&r, &at, object, keys, dst);
	else
		result = wrong(&r, &at, &whole, object);
	return tolerant ? 0 : result;
}
