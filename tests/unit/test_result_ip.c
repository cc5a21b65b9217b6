/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/data/result.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void address_is_of_the_interface_in_the_sandbox(void **state)
{
	static const struct {
		int interface; /* -1: none is named */
		bool is_of;
	} table[] = {
		{ 0, false }, { 1, false }, { 2, false }, { 3, true },
		{ 4, false }, { -1, true }, { 5, true }, /* the result does not have so many */
		{ -2, true },
	};
	struct result_interface interfaces[] = {
		{ .name = "eth0" }, /* the host's */
		{ .name = "eth0", .sandbox = "" },
		{ .name = "cni0" },
		{ .name = "eth0", .sandbox = "/netns" },
		{ .name = "eth1", .sandbox = "/netns" },
	};
	const struct result result = { .interfaces = { interfaces,
						       COUNT(interfaces) } };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct result_ip ip = {
			.interface = table[i].interface,
			.has_interface = table[i].interface != -1,
		};

		if (result_ip_is_of(&result, &ip, "eth0") != table[i].is_of)
			fail_msg("interface %d", table[i].interface);
	}
}

static void address_is_of_any_where_no_interface_is_told(void **state)
{
	const struct result_ip none = { 0 }, first = { .has_interface = true };
	const struct result result = { 0 };

	(void)state;
	assert_true(result_ip_is_of(&result, &none, "eth0"));
	assert_true(result_ip_is_of(&result, &first, "eth0"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_is_of_the_interface_in_the_sandbox),
		cmocka_unit_test(address_is_of_any_where_no_interface_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
