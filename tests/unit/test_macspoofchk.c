/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind.h"

static const struct row rows[] = {
	{ { .kind = ENTRY_MACSPOOFCHK, .bridge_port = "veth0" },
	  "guarded veth0",
	  "macspoofchk of interface veth0 is not set",
	  "2='guarded' 3={ 1={ 1={ 1=76657468300000000000000000000000 }" },
	{ { .kind = ENTRY_MACSPOOFCHK_MAC,
	    .bridge_port = "veth0",
	    .mac = { 2, 3, 4, 5, 6, 7 } },
	  "source veth0 02:03:04:05:06:07",
	  "macspoofchk of interface veth0 is not set",
	  "2='sources' 3={ 1={ 1={ 1=76657468300000000000000000000000"
	  "0203040506070000 }" },
	{ { .kind = ENTRY_MACSPOOFCHK_MAC,
	    .bridge_port = "fifteen-letters",
	    .mac = { 2, 0, 0x5e, 0x10, 0, 0xff } },
	  "source fifteen-letters 02:00:5e:10:00:ff",
	  "macspoofchk of interface fifteen-letters is not set" },
};

static const char *const no_texts[] = {
	"guarded",
	"guarded ",
	"guarded  veth0",
	"guarded veth0 ",
	"guarded veth0 02:00:5e:10:00:ff",
	"guarded sixteen-letters-",
	"source veth0",
	"source veth0 ",
	"source  02:00:5e:10:00:ff",
	"source veth0 02:00:5e:10:00",
	"source veth0 02:00:5e:10:00:ff x",
	"source sixteen-letters- 02:00:5e:10:00:ff",
};

static const struct rows tested[] = {
	{ rows, COUNT(rows) },
};

#include "tests/unit/kind_tests.h"

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KIND_TESTS,
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
