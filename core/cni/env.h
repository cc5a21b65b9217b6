/* SPDX-License-Identifier: GPL-2.0-or-later */
/* env - the variables of the protocol (SPEC.md 1.1.0, "Parameters") */
#ifndef CNIBOX_ENV_H
#define CNIBOX_ENV_H

#include <stdbool.h>

struct job;

/* The variables; "" for one that is not set. */
struct cni_env {
	const char *command, *container, *netns, *ifname, *args, *path;
};

/* What a verb needs of them. */
enum verb_need {
	NEEDS_CONTAINER = 1, /* CNI_CONTAINERID and CNI_IFNAME */
	NEEDS_NETNS = 2,
	NEEDS_OTHER_NETNS = 4, /* CNI_NETNS, if any, is not our own */
};

/* Reads the variables from the environment. */
void env_read(struct cni_env *env);

/* Checks the variables that needs (of enum verb_need) asks for. Fails
 * (CNI_BAD_ENVIRONMENT) with the first one that is wrong, or names all that
 * are missing. */
int env_check(struct job *job, const struct cni_env *env, unsigned needs);

/* Checks that CNI_ARGS is a list of KEY=VALUE, in which only
 * IgnoreUnknown=true allows keys that no plugin knows. */
int env_check_args(struct job *job, const struct cni_env *env);

/* The last value of exactly this key in CNI_ARGS; NULL if it is not there. */
const char *env_arg(struct job *job, const struct cni_env *env,
		    const char *key);

/* Whether text can name a network or a container: a letter or digit, then
 * letters, digits, "_", "." and "-". */
bool env_is_valid_name(const char *text);

#endif
