/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result - results of every version, as prevResult and from IPAM plugins,
 * printed in every version
 *
 * An input is a result. */
#include <sys/socket.h>

#include "core/data/result.h"
#include "tests/fuzz/fuzz.h"

static bool read_text(struct job *job, const struct str *text,
		      const char *version, struct result *out)
{
	struct json *doc;
	int status;

	require(json_parse(job, "output", text->text, text->len, &doc) == 0);
	status = result_read(job, "output", doc, version, true, out);
	fuzz_told(job, status);
	return status == 0;
}

/* Addresses of IPv4 in IPv6 are printed as IPv4, as Go does. */
static bool is_mapped(const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	return prefix->ip.family == AF_INET6 &&
	       !strchr(prefix_print(prefix, text), ':');
}

static bool has_mapped(const struct result *result)
{
	const struct result_ip *ip = result->ips.items;
	const struct route *route = result->routes.items;

	for (size_t i = 0; i < result->ips.count; i++)
		if (is_mapped(&ip[i].address))
			return true;
	for (size_t i = 0; i < result->routes.count; i++)
		if (is_mapped(&route[i].dst))
			return true;
	return false;
}

/* What is printed in a version reads and prints the same. */
static void check_version(struct job *job, const struct result *result,
			  const char *version)
{
	struct str once = { .job = job }, twice = { .job = job };
	int status = result_print(job, result, version, &once);
	struct result again;

	fuzz_told(job, status);
	fuzz_forget_error(job);
	require(status == 0 || (result_family(version) == RESULT_01));
	if (status < 0)
		return;
	require(read_text(job, &once, version, &again));
	require(result_print(job, &again, version, &twice) == 0);
	require(has_mapped(result) || !strcmp(once.text, twice.text));
}

/* Loopback stays out, and every index that was right leads to the same. */
static void check_append(struct job *job, const struct result *result)
{
	const struct result_interface own = { .name = "own" }, *interface;
	struct result both = { 0 };
	const struct result_ip *ip;

	*(struct result_interface *)list_add(job, &both.interfaces,
					     sizeof(own)) = own;
	result_append(job, &both, result);
	interface = both.interfaces.items;
	ip = both.ips.items;
	require(!strcmp(interface->name, "own"));
	require(both.interfaces.count <= result->interfaces.count + 1);
	require(both.ips.count <= result->ips.count);
	for (size_t i = 0; i < both.ips.count; i++) {
		require(!ip_is_loopback(&ip[i].address.ip));
		require(!ip[i].has_interface ||
			(ip[i].interface > 0 &&
			 (size_t)ip[i].interface < both.interfaces.count));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = { 0 };
	struct json *doc;

	if (json_parse(&job, "input", (const char *)data, size, &doc) < 0) {
		job_free(&job);
		return 0;
	}
	for (const char *const *from = cni_versions; *from; from++) {
		struct result strict, result;
		int status =
			result_read(&job, "input", doc, *from, true, &strict);
		bool good = status == 0;

		fuzz_told(&job, status);
		fuzz_forget_error(&job);
		status = result_read(&job, "input", doc, *from, false, &result);
		fuzz_told(&job, status);
		fuzz_forget_error(&job);
		require(!good || status == 0);
		if (status < 0)
			continue;
		check_append(&job, &result);
		for (const char *const *to = cni_versions; *to; to++)
			check_version(&job, &result, *to);
	}
	job_free(&job);
	return 0;
}
