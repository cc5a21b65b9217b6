/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

#define VETH0 "76657468300000000000000000000000"

static const struct row rows[] = {
	{ { .kind = ENTRY_SENDER, .bridge_port = "veth0" },
	  "sender veth0 *",
	  "interface veth0 is not kept to its addresses",
	  "2='guarded' 3={ 1={ 1={ 1=" VETH0 " }" },
	{ { .kind = ENTRY_SENDER, .bridge_port = "veth0", .pod = POD4 },
	  "sender veth0 10.1.2.3/24",
	  "interface veth0 is not kept to its addresses",
	  "2='senders4' 3={ 1={ 1={ 1=" VETH0 "0a010203 }" },
};

static const struct row bridge_rows[] = {
	{ { .kind = ENTRY_SENDER_BRIDGED, .bridge_port = "veth0", .pod = POD6 },
	  "sender-bridged veth0 fd00::3/64",
	  "interface veth0 is not kept to its addresses",
	  "2='senders6' 3={ 1={ 1={ 1=" VETH0
	  "fd000000000000000000000000000003 }" },
};

static const char *const no_texts[] = {
	"sender",
	"sender veth0",
	"sender veth0 ",
	"sender  *",
	"sender veth0 * x",
	"sender veth0 10.1.2.3",
	"sender sixteen-letters- *",
	"sender-bridged veth0",
};

static const struct rows tested[] = {
	{ rows, COUNT(rows) },
	{ bridge_rows, COUNT(bridge_rows) },
};

#include "tests/unit/kind_tests.h"

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
