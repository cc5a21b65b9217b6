/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "applets/meta/flannel/flannel.h"
#include "tests/fuzz/conf/conf.h"

enum { ENV_FD = 100 };

/* What is in place of the subnet file's name is what it has. */
static const char *read_env(struct call *c, struct flannel_env *env)
{
	const struct flannel_conf *conf = c->conf;

	if (fcntl(ENV_FD, F_GETFD) < 0)
		fuzz_file(ENV_FD);
	fuzz_fill(ENV_FD, conf->subnet_file, strlen(conf->subnet_file));
	return flannel_env_read(
		c->job, job_printf(c->job, "/proc/self/fd/%d", ENV_FD), env);
}

static size_t count(const struct json *array)
{
	size_t items = 0;

	require(array && array->type == JSON_ARRAY);
	for (array = array->child; array; array = array->next)
		items++;
	return items;
}

/* What is made is one document that says whose it is, and that is made of it again
 * when DEL reads it. */
static void check_generated(struct call *c, const struct flannel_env *env)
{
	struct str once = { .job = c->job }, twice = { .job = c->job };
	const struct json *ipam;
	struct json *again;

	json_print(&once, flannel_generate(c, env));
	require(json_parse(c->job, "", once.text, once.len, &again) == 0);
	json_print(&twice, again);
	require(strcmp(once.text, twice.text) == 0);
	require(strcmp(json_member(again, "name")->text, c->net.name) == 0);
	require(flannel_type(again));
	ipam = json_member(again, "ipam");
	require(ipam && json_member(ipam, "type"));
	if (!env)
		return;
	require(env->networks.count && env->subnets.count && env->mtu >= 0);
	require(count(json_member(ipam, "ranges")) == env->subnets.count);
	require(count(json_member(ipam, "routes")) >= env->networks.count);
}

int use_flannel(struct call *c)
{
	struct flannel_env env;
	const char *wrong = read_env(c, &env);

	require(!wrong || *wrong);
	check_generated(c, wrong ? NULL : &env);
	c->result = c->prev;
	return 0;
}
