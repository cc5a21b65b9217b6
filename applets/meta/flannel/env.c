/* SPDX-License-Identifier: GPL-2.0-or-later */
/* env - the file in which flanneld says what it has for this node */
#include "flannel.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/base/str.h"
#include "core/state/whole.h"

/* What has been seen of the file. */
struct flannel_reader {
	struct job *job;
	struct flannel_env *env;
	bool mtu, masq;
};

/* Adds the networks of a list with commas between, each once. */
static bool flannel_read_prefixes(struct flannel_reader *r, const char *text,
				  struct list *out)
{
	while (text) {
		size_t len = strcspn(text, ",");
		struct prefix prefix, *item = out->items;
		size_t i = 0;

		if (!prefix_parse(job_strndup(r->job, text, len), &prefix))
			return false;
		prefix = prefix_network(&prefix);
		while (i < out->count && !prefix_equal(&item[i], &prefix))
			i++;
		if (i == out->count) {
			item = list_add(r->job, out, sizeof(prefix));
			*item = prefix;
		}
		text = text[len] ? text + len + 1 : NULL;
	}
	return true;
}

static bool flannel_read_value(struct flannel_reader *r, const char *key,
			       const char *value)
{
	struct flannel_env *env = r->env;

	if (str_starts(key, "IPV6_"))
		key += 5;
	if (strcmp(key, "NETWORK") == 0)
		return flannel_read_prefixes(r, value, &env->networks);
	if (strcmp(key, "SUBNET") == 0)
		return flannel_read_prefixes(r, value, &env->subnets);
	if (strcmp(key, "MTU") == 0)
		return r->mtu = str_to_long(value, 0, INT_MAX, &env->mtu);
	if (strcmp(key, "IPMASQ") == 0) {
		r->masq = true;
		env->masq = strcmp(value, "true") == 0;
	}
	return true;
}

/* Lines that are not flanneld's do not matter. What is wrong, or NULL. */
static const char *flannel_read_lines(struct flannel_reader *r, char *text)
{
	static const char ours[] = "FLANNEL_";

	while (text) {
		char *end = strchr(text, '\n'), *value;

		if (end)
			*end++ = '\0';
		value = strchr(text, '=');
		if (value)
			*value++ = '\0';
		if (str_starts(text, ours) &&
		    (!value ||
		     !flannel_read_value(r, text + strlen(ours), value)))
			return job_printf(r->job, "%s: not complete: \"%s\"",
					  text, value ? value : "");
		text = end;
	}
	return NULL;
}

static const char *flannel_missing(const struct flannel_reader *r,
				   const char *path)
{
	struct str list = { .job = r->job };

	if (!r->env->networks.count)
		str_add(&list, ", FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK");
	if (!r->env->subnets.count)
		str_add(&list, ", FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET");
	if (!r->mtu)
		str_add(&list, ", FLANNEL_MTU");
	if (!r->masq)
		str_add(&list, ", FLANNEL_IPMASQ");
	return list.len ? job_printf(r->job, "%s is missing %s", path,
				     list.text + 2)
			: NULL;
}

const char *flannel_env_read(struct job *job, const char *path,
			     struct flannel_env *out)
{
	struct flannel_reader r = { job, out };
	char *text = (char *)whole_read(job, path);
	const char *wrong;

	*out = (struct flannel_env) { 0 };
	if (!text)
		return job_printf(job, "open %s: %s", path,
				  errno == ENOENT ? "no such file or directory"
						  : errno_text(job, errno));
	wrong = flannel_read_lines(&r, text);
	return wrong ? wrong : flannel_missing(&r, path);
}
