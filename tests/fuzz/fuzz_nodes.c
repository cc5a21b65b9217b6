/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes - lists of nodes, in any of their forms, and what an apply notes of them
 *
 * An input is such a list. */
#include "applets/node/nodes/nodes.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_records();
	return 0;
}

static int read_list(struct call *c, const char *text, size_t len,
		     struct nodes *out)
{
	*out = (struct nodes) { .c = c, .job = c->job, .path = "list" };
	return nodes_read_text(out, job_strndup(c->job, text, len), len);
}

/* What the nodes are in our own form. */
static const char *print(const struct nodes *nodes)
{
	const struct nodes_entry *entry = nodes->entries.items;
	struct str out = { .job = nodes->c->job };

	str_add(&out, "");
	for (size_t i = 0; i < nodes->entries.count; i++) {
		node_print(&out, &entry[i].node);
		str_add(&out, "\n");
		require(*nodes_where(nodes, &entry[i]));
	}
	return out.text;
}

/* The file has it whole, and what is exempt is in order, none within another. */
static void check_file(struct job *job, const struct nodes *nodes)
{
	const struct nodes_entry *entry = nodes->entries.items;
	struct nodes_file file = nodes->new, again;
	const struct prefix *exempt;
	struct list prefixes;
	bool found;

	for (size_t i = 0; i < nodes->entries.count; i++)
		*(struct node *)list_add(job, &file.nodes,
					 sizeof(struct node)) = entry[i].node;
	require(nodes_file_write(job, &file) == 0);
	require(nodes_file_read(job, &again, &found) == 0 && found);
	require(!strcmp(nodes_file_text(job, &file),
			nodes_file_text(job, &again)));
	nodes_file_exempt(job, &file, &prefixes);
	exempt = prefixes.items;
	for (size_t i = 1; i < prefixes.count; i++)
		require(prefix_compare(&exempt[i - 1], &exempt[i]) < 0 &&
			!prefix_overlaps(&exempt[i - 1], &exempt[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = { 0 };
	struct call c = { .job = &job };
	struct nodes nodes, again;
	const char *text;
	int status = read_list(&c, (const char *)data, size, &nodes);

	fuzz_told(&job, status);
	if (status == 0) {
		text = print(&nodes);
		require(read_list(&c, text, strlen(text), &again) == 0);
		require(!strcmp(text, print(&again)));
		check_file(&job, &nodes);
	}
	job_free(&job);
	return 0;
}
