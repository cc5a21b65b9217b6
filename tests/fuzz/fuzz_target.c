/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target - where packets may be sent, as text
 *
 * An input is two such texts with a newline between. */
#include "core/base/str.h"
#include "core/data/target.h"
#include "tests/fuzz/fuzz.h"

static bool read_target(struct job *job, const char *text, struct target *out)
{
	struct str printed = { .job = job };
	struct target again;

	if (!target_parse(job, text, out))
		return false;
	require(out->to.ip.family && !out->protocol == !out->port);
	target_print(out, &printed);
	/* A record has it as one word. */
	require(!strpbrk(printed.text, " \n"));
	require(target_parse(job, printed.text, &again));
	require(target_equal(out, &again));
	return true;
}

/* What is in both is in each. */
static void check_common(const struct target *a, const struct target *b)
{
	struct target common, again;

	if (!target_common(a, b, &common))
		return;
	require(target_common(b, a, &again) && target_equal(&common, &again));
	require(target_common(&common, a, &again) &&
		target_equal(&common, &again));
	require(target_common(&common, b, &again) &&
		target_equal(&common, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = { 0 };
	char *rest = fuzz_text(&job, data, size);
	const char *text[2] = { fuzz_cut(&rest, "\n"), rest ? rest : "" };
	bool both;
	struct target a, b;

	both = read_target(&job, text[0], &a);
	if (read_target(&job, text[1], &b) && both)
		check_common(&a, &b);
	job_free(&job);
	return 0;
}
