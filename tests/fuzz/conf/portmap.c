/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For what is static there. */
#include "applets/meta/portmap.c"

#include "tests/fuzz/conf/conf.h"
#include "tests/fuzz/conf/entries.h"

int use_portmap(struct call *c)
{
	struct list entries;

	portmap_all_entries(c, &entries);
	check_entries(c, &entries);
	c->result = c->prev;
	return 0;
}
