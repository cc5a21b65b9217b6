/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/sysctl.h"

#include <errno.h>
#include <string.h>

#include "applets/meta/tuning/tuning.h"
#include "core/data/pattern.h"
#include "core/state/whole.h"

static const char tuning_allowlist[] = "/etc/cni/tuning/allowlist.conf";

/* The setting's path below /proc/sys. Fails unless it is below net. */
static int tuning_name_sysctl(struct call *c, struct tuning_sysctl *sysctl)
{
	static const char placeholder[] = "IFNAME";
	char *key = job_printf(c->job, "%s", sysctl->key), *name, *to, *at;

	for (at = key; (at = strchr(at, '.'));)
		*at = '/';
	at = strstr(key, placeholder);
	if (at)
		key = job_printf(c->job, "%.*s%s%s", (int)(at - key), key,
				 c->env.ifname, at + sizeof(placeholder) - 1);
	name = to = job_printf(c->job, "%s", key);
	for (at = name; *at; at++) {
		if (*at != '/' || (to > name && at[1] && at[1] != '/'))
			*to++ = *at;
	}
	*to = '\0';
	sysctl->name = name;
	if (str_starts(name, "net/"))
		return 0;
	return fail(c->job, CNI_BAD_CONFIG, "invalid net sysctl key: \"%s\"",
		    key);
}

static struct tuning_sysctl *tuning_find(const struct list *sysctls,
					 size_t count, const char *name)
{
	struct tuning_sysctl *sysctl = sysctls->items;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(sysctl[i].name, name) == 0)
			return &sysctl[i];
	}
	return NULL;
}

int tuning_name_sysctls(struct call *c, struct list *own,
			const struct list *more)
{
	struct tuning_sysctl *sysctl = own->items, *same;

	for (size_t i = 0; i < own->count; i++) {
		if (tuning_name_sysctl(c, &sysctl[i]) < 0)
			return -1;
		if (tuning_find(own, i, sysctl[i].name))
			return fail_details(
				c->job, CNI_BAD_CONFIG, sysctl[i].key,
				"duplicated sysctl keys are not allowed");
	}
	sysctl = more->items;
	for (size_t i = 0; i < more->count; i++) {
		if (tuning_name_sysctl(c, &sysctl[i]) < 0)
			return -1;
		same = tuning_find(own, own->count, sysctl[i].name);
		if (!same)
			same = list_add(c->job, own, sizeof(*same));
		*same = sysctl[i];
	}
	return 0;
}

/* The lines of text that are not empty, without space around them. */
static void tuning_lines(struct job *job, const char *text, struct list *lines)
{
	static const char space[] = " \t\v\f\r\n";

	while (*(text += strspn(text, space))) {
		size_t len = strcspn(text, "\n");
		const char *next = text + len;

		while (strchr(space, text[len - 1]))
			len--;
		*(const char **)list_add(job, lines, sizeof(text)) =
			job_strndup(job, text, len);
		text = next;
	}
}

/* Whether a line of the allowlist, a regular expression, matches key. */
static int tuning_check_key(struct call *c, const struct list *lines,
			    const char *key)
{
	const char *const *line = lines->items, *why;
	struct str all = { .job = c->job };

	for (size_t i = 0; i < lines->count; i++) {
		if (pattern_matches(line[i], key, &why))
			return 0;
		if (why)
			return fail_details(c->job, CNI_BAD_CONFIG, why,
					    "%s: not understood: %s",
					    tuning_allowlist, line[i]);
		str_printf(&all, "%s%s", i ? " " : "", line[i]);
	}
	return fail(
		c->job, CNI_BAD_CONFIG,
		"Sysctl %s is not allowed. Only the following sysctls are allowed: [%s]",
		key, all.text ? all.text : "");
}

int tuning_check_allowed(struct call *c)
{
	const struct tuning_conf *conf = c->conf;
	const struct tuning_sysctl *sysctl = conf->sysctls.items;
	struct list lines = { 0 };
	const char *text;

	if (!conf->sysctls.count)
		return 0;
	text = whole_read(c->job, tuning_allowlist);
	if (!text && errno == ENOENT)
		return 0;
	if (!text)
		return fail_errno(c->job, errno, "read %s", tuning_allowlist);
	tuning_lines(c->job, text, &lines);
	for (size_t i = 0; i < conf->sysctls.count; i++) {
		if (tuning_check_key(c, &lines, sysctl[i].key) < 0)
			return -1;
	}
	return 0;
}

/* The kernel puts tabs where "1024 65000" has a space. */
static bool tuning_same_words(const char *a, const char *b)
{
	static const char space[] = " \t\n";

	for (;;) {
		size_t len;

		a += strspn(a, space);
		b += strspn(b, space);
		len = strcspn(a, space);
		if (len != strcspn(b, space) || memcmp(a, b, len) != 0)
			return false;
		if (!len)
			return true;
		a += len;
		b += len;
	}
}

struct tuning_former {
	struct call *c;
	const char *name, *value;
};

static void tuning_undo_sysctl(void *arg)
{
	const struct tuning_former *former = arg;
	struct job *job = former->c->job;

	if (sysctl_put(job, former->c->netns.fd, former->name, former->value) <
	    0)
		job_warn(job, "set sysctl %s back to %s: %s", former->name,
			 former->value, errno_text(job, errno));
}

static int tuning_set_sysctl(struct call *c, const struct tuning_sysctl *sysctl)
{
	const char *now = sysctl_get(c->job, c->netns.fd, sysctl->name);
	struct tuning_former *former;

	if (now) {
		former = job_alloc(c->job, sizeof(*former));
		*former = (struct tuning_former) { c, sysctl->name, now };
		undo_push(c->job, tuning_undo_sysctl, former);
	}
	/* A read-only /proc/sys is good enough if the value is right. */
	if (sysctl_put(c->job, c->netns.fd, sysctl->name, sysctl->value) == 0 ||
	    ((errno == EROFS || errno == EACCES || errno == EPERM) && now &&
	     tuning_same_words(now, sysctl->value)))
		return 0;
	return fail_errno(c->job, errno, "set sysctl %s to %s", sysctl->name,
			  sysctl->value);
}

int tuning_set_sysctls(struct call *c)
{
	const struct tuning_conf *conf = c->conf;
	const struct tuning_sysctl *sysctl = conf->sysctls.items;

	for (size_t i = 0; i < conf->sysctls.count; i++) {
		if (tuning_set_sysctl(c, &sysctl[i]) < 0)
			return -1;
	}
	return 0;
}

static int tuning_check_sysctl(struct call *c,
			       const struct tuning_sysctl *sysctl)
{
	const char *now = sysctl_get(c->job, c->netns.fd, sysctl->name);

	/* Some can only be written. */
	if (!now && errno == EACCES)
		return 0;
	if (!now)
		return fail_errno(c->job, errno, "read sysctl %s",
				  sysctl->name);
	if (tuning_same_words(now, sysctl->value))
		return 0;
	return fail(
		c->job, CNI_INTERNAL,
		"Error: Tuning configured value of /proc/sys/%s is %s, current value is %s",
		sysctl->name, sysctl->value, now);
}

int tuning_check_sysctls(struct call *c)
{
	const struct tuning_conf *conf = c->conf;
	const struct tuning_sysctl *sysctl = conf->sysctls.items;

	for (size_t i = 0; i < conf->sysctls.count; i++) {
		if (tuning_check_sysctl(c, &sysctl[i]) < 0)
			return -1;
	}
	return 0;
}
