/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record - files that note what an attachment has
 *
 * An input is such a file. */
#include "core/state/record.h"
#include "core/tables/tables.h"
#include "tests/fuzz/fuzz.h"

static const char owner[] = "net/eth0/a", heir[] = "net/eth1/a",
		  applet[] = "bridge";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_records();
	return 0;
}

static void make_file(const char *path, const void *data, size_t size)
{
	int fd = creat(path, 0600);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void check_entry(struct job *job, const char *text)
{
	struct str once = { .job = job }, twice = { .job = job };
	struct entry entry, again;

	if (!entry_parse(job, text, &entry))
		return;
	entry_print(&entry, &once);
	require(entry_parse(job, once.text, &again));
	entry_print(&again, &twice);
	require(again.kind == entry.kind && !strcmp(once.text, twice.text));
}

/* The notes written to another record are read as they are here. */
static void check_copy(struct job *job, const struct list *notes)
{
	const struct record_note *note = notes->items, *copied;
	struct record_notes copy;
	bool found;

	make_file(CONFIG_STATE_DIR "/net:eth1:a.bridge", "", 0);
	for (size_t i = 0; i < notes->count; i++) {
		require(!strpbrk(note[i].kind, " \n"));
		require(record_append(job, applet, heir, note[i].kind,
				      note[i].text, &found) == 0);
		require(found);
		check_entry(job, note[i].text);
	}
	record_read(job, applet, heir, &copy);
	copied = copy.list.items;
	require(copy.found && copy.list.count == notes->count);
	for (size_t i = 0; i < notes->count; i++)
		require(!strcmp(copied[i].kind, note[i].kind) &&
			!strcmp(copied[i].text, note[i].text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = { 0 };
	struct record_notes notes;
	struct list owners;
	struct netns netns;
	const char *path;

	make_file(CONFIG_STATE_DIR "/net:eth0:a.bridge", data, size);
	record_read(&job, applet, owner, &notes);
	require(notes.found && !notes.left);
	require(notes.damaged || record_text(&notes, "netns"));
	record_netns(&notes, &netns, &path);
	check_copy(&job, &notes.list);
	require(record_list(&job, applet, &owners) == 0 && owners.count == 2);
	require(record_del(&job, applet, owner) == 0 &&
		record_del(&job, applet, heir) == 0);
	record_read(&job, applet, owner, &notes);
	require(!notes.found);
	require(!job.msg);
	job_free(&job);
	return 0;
}
