/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/env.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/job.h"
#include "core/base/str.h"

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

void env_read(struct cni_env *env)
{
	*env = (struct cni_env) {
		.command = variable("CNI_COMMAND"),
		.container = variable("CNI_CONTAINERID"),
		.netns = variable("CNI_NETNS"),
		.ifname = variable("CNI_IFNAME"),
		.args = variable("CNI_ARGS"),
		.path = variable("CNI_PATH"),
	};
}

bool env_is_valid_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	if (!*text || !strchr(letters, *text))
		return false;
	for (; *text; text++) {
		if (!strchr(letters, *text) && !strchr("_.-", *text))
			return false;
	}
	return true;
}

static int check_ifname(struct job *job, const char *name)
{
	if (strlen(name) > 15)
		return fail_details(
			job, CNI_BAD_ENVIRONMENT,
			"interface name should be less than 16 characters",
			"interface name is too long");
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(job, CNI_BAD_ENVIRONMENT,
			    "interface name is . or ..");
	/* The kernel would take it for a pattern and put a number in its
	 * place. */
	if (strchr(name, '%'))
		return fail(job, CNI_BAD_ENVIRONMENT,
			    "interface name contains %%");
	if (strpbrk(name, "/: \t\n\v\f\r"))
		return fail(
			job, CNI_BAD_ENVIRONMENT,
			"interface name contains / or : or whitespace characters");
	return 0;
}

int env_check(struct job *job, const struct cni_env *env, unsigned needs)
{
	struct str missing = { .job = job };

	if (needs & NEEDS_CONTAINER && *env->container &&
	    !env_is_valid_name(env->container))
		return fail_details(job, CNI_BAD_ENVIRONMENT, env->container,
				    "invalid characters in containerID");
	if (needs & NEEDS_CONTAINER && *env->ifname &&
	    check_ifname(job, env->ifname) < 0)
		return -1;
	if (needs & NEEDS_CONTAINER && !*env->container)
		str_add(&missing, ",CNI_CONTAINERID");
	if (needs & NEEDS_NETNS && !*env->netns)
		str_add(&missing, ",CNI_NETNS");
	if (needs & NEEDS_CONTAINER && !*env->ifname)
		str_add(&missing, ",CNI_IFNAME");
	if (missing.len)
		return fail(job, CNI_BAD_ENVIRONMENT,
			    "required env variables [%s] missing",
			    missing.text + 1);
	return 0;
}

const char *env_arg(struct job *job, const struct cni_env *env, const char *key)
{
	size_t len = strlen(key);
	const char *arg = env->args, *value = NULL;

	while (*arg) {
		const char *end = arg + strcspn(arg, ";");

		if (strncmp(arg, key, len) == 0 && arg[len] == '=')
			value = job_strndup(job, arg + len + 1,
					    (size_t)(end - arg) - len - 1);
		arg = *end ? end + 1 : end;
	}
	return value;
}

/* Every plugin of a chain sees the arguments for all of them, so each knows
 * the keys that any of them takes. */
int env_check_args(struct job *job, const struct cni_env *env)
{
	static const char *const known[] = { "IgnoreUnknown", "IP", "MAC",
					     "GATEWAY" };
	const char *ignore = env_arg(job, env, "IgnoreUnknown");
	struct str unknown = { .job = job };
	const char *arg = env->args;

	while (*arg) {
		size_t len = strcspn(arg, ";"), i;
		const char *pair = job_strndup(job, arg, len);
		const char *equals = strchr(pair, '=');

		arg += len + (arg[len] == ';');
		if (!len)
			continue;
		if (!equals || strchr(equals + 1, '='))
			return fail(job, CNI_BAD_ENVIRONMENT,
				    "CNI_ARGS: ARGS: invalid pair \"%s\"",
				    pair);
		for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
			if (strlen(known[i]) == (size_t)(equals - pair) &&
			    str_starts(pair, known[i]))
				break;
		}
		if (i == sizeof(known) / sizeof(*known))
			str_printf(&unknown, " \"%s\"", pair);
	}
	if (ignore && (str_same(ignore, "1") || str_same(ignore, "true")))
		return 0;
	if (ignore && !str_same(ignore, "0") && !str_same(ignore, "false"))
		return fail(
			job, CNI_BAD_ENVIRONMENT,
			"CNI_ARGS: IgnoreUnknown: expected true or false, got \"%s\"",
			ignore);
	if (unknown.len)
		return fail(job, CNI_BAD_ENVIRONMENT,
			    "CNI_ARGS: ARGS: unknown args [%s]",
			    unknown.text + 1);
	return 0;
}
