/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entries - what holds for each entry that an applet makes */
#ifndef CNIBOX_TESTS_FUZZ_CONF_ENTRIES_H
#define CNIBOX_TESTS_FUZZ_CONF_ENTRIES_H

#include "core/cni/call.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"
#include "tests/fuzz/fuzz.h"

/* Each entry is one line of a record, which tells it. */
static inline void check_entries(struct call *c, const struct list *list)
{
	const struct entry *entry = list->items;

	for (size_t i = 0; IS_ENABLED(CONFIG_NAT) && i < list->count; i++) {
		struct str once = { .job = c->job }, twice = { .job = c->job };
		struct entry again;
		struct nft_element element;

		entry_to_element(c->job, &entry[i], "net/eth0/a", &element);
		require(element.key_len <= sizeof(element.key));
		entry_print(&entry[i], &once);
		require(entry_parse(c->job, once.text, &again));
		entry_print(&again, &twice);
		require(!strcmp(once.text, twice.text));
	}
}

#endif
