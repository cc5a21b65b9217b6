/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resolv - host-local's reading of resolv.conf
 *
 * An input is such a file. */
#include "applets/ipam/host-local/host-local.h"
#include "tests/fuzz/fuzz.h"

enum { FD = 100 };

#define PATH "/proc/self/fd/100"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_file(FD);
	return 0;
}

static const char *const *words(const struct list *list)
{
	const char *const *word = list->items;

	for (size_t i = 0; i < list->count; i++)
		require(*word[i] && !strpbrk(word[i], " \t\r\v\f\n"));
	return word;
}

static void add_words(struct str *out, const char *keyword,
		      const struct list *list)
{
	const char *const *word = words(list);

	str_add(out, keyword);
	for (size_t i = 0; i < list->count; i++)
		str_printf(out, " %s", word[i]);
	str_add(out, "\n");
}

/* As a file that says the same. */
static struct str print(struct job *job, const struct dns *dns)
{
	const char *const *server = words(&dns->nameservers);
	struct str out = { .job = job };

	for (size_t i = 0; i < dns->nameservers.count; i++)
		str_printf(&out, "nameserver %s\n", server[i]);
	if (dns->domain)
		str_printf(&out, "domain %s\n", dns->domain);
	add_words(&out, "search", &dns->search);
	add_words(&out, "options", &dns->options);
	return out;
}

static struct str read_and_print(struct job *job, const void *text, size_t len)
{
	struct dns dns = { 0 };

	fuzz_fill(FD, text, len);
	require(resolv_read(job, PATH, &dns) == 0);
	return print(job, &dns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = { 0 };
	struct str once = read_and_print(&job, data, size);
	struct str twice = read_and_print(&job, once.text, once.len);

	require(!strcmp(once.text, twice.text));
	job_free(&job);
	return 0;
}
