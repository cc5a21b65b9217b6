/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args - the variables of the protocol, and CNI_ARGS
 *
 * An input is lines NAME=value of the environment. */
#include "core/cni/env.h"
#include "tests/fuzz/fuzz.h"

enum { VARIABLES_MAX = 16, NEEDS_ALL = 8 };

static void check_needs(struct job *job, const struct cni_env *env,
			unsigned needs)
{
	int status = env_check(job, env, needs);

	fuzz_told(job, status);
	require(status == 0 || job->code == CNI_BAD_ENVIRONMENT);
	fuzz_forget_error(job);
	if (status < 0)
		return;
	require(!(needs & NEEDS_NETNS) || *env->netns);
	if (!(needs & NEEDS_CONTAINER))
		return;
	require(env_is_valid_name(env->container));
	require(*env->ifname && strlen(env->ifname) < 16 &&
		!strpbrk(env->ifname, "/: \t\n\v\f\r"));
	/* Both become parts of paths. */
	require(strcmp(env->ifname, ".") && strcmp(env->ifname, "..") &&
		!strchr(env->container, '/') && *env->container != '.');
}

/* Good pairs have one "=" each. */
static void check_pairs(struct job *job, const struct cni_env *env)
{
	char *rest = job_printf(job, "%s", env->args), *pair;
	int status = env_check_args(job, env);

	fuzz_told(job, status);
	require(status == 0 || job->code == CNI_BAD_ENVIRONMENT);
	fuzz_forget_error(job);
	while ((pair = fuzz_cut(&rest, ";")))
		if (status == 0 && *pair)
			require(strchr(pair, '=') &&
				strchr(pair, '=') == strrchr(pair, '='));
}

static void check_values(struct job *job, const struct cni_env *env)
{
	static const char *const keys[] = { "IP", "IgnoreUnknown", "K8S", "" };

	for (int i = 0; i < 4; i++) {
		const char *value = env_arg(job, env, keys[i]);

		if (!value)
			continue;
		require(!strchr(value, ';'));
		require(strstr(env->args,
			       job_printf(job, "%s=%s", keys[i], value)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *variables[VARIABLES_MAX + 1] = { NULL }, **old = environ, *rest;
	struct job job = { 0 };
	struct cni_env env;

	/* glibc's getenv() reads two bytes even of an empty variable. */
	rest = strcpy(job_alloc(&job, size + 2), fuzz_text(&job, data, size));
	for (int i = 0; i < VARIABLES_MAX && rest; i++)
		variables[i] = fuzz_cut(&rest, "\n");
	environ = variables;
	env_read(&env);
	environ = old;
	for (unsigned needs = 0; needs < NEEDS_ALL; needs++)
		check_needs(&job, &env, needs);
	check_pairs(&job, &env);
	check_values(&job, &env);
	job_free(&job);
	return 0;
}
