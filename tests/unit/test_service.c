/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With the kernel itself. */
#include "core/kernel/addr.h"
#include "core/kernel/link.h"
#include "tests/unit/tables.h"

static void list_services(struct world *world, struct list *out)
{
	*out = (struct list) { 0 };
	list_set(world, ENTRY_PORT, "services4", out);
	if (IS_ENABLED(CONFIG_IPV6))
		list_set(world, ENTRY_PORT, "services6", out);
}

static void add_address(struct nl *nl, const char *link, const char *text)
{
	struct prefix prefix;
	struct link found;

	assert_true(prefix_parse(text, &prefix));
	assert_int_equal(link_get(nl, link, &found), 0);
	assert_int_equal(addr_add(nl, &found, &prefix, 0, NULL), 0);
}

static void services_are_noted_while_there_are_some(void **state)
{
	struct world world = begun(state);
	struct job *job = &world.k->job;
	struct link_spec spec = { .kind = "bridge" };
	const struct nft_element *element;
	struct list services;
	struct nl host;

	nl_init(&host, job, -1, NETLINK_ROUTE);
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(tables_note_services(&world.k->nl, &host, false), 0);
	list_services(&world, &services);
	assert_int_equal(services.count, 0);
	spec.name = "kube-ipvs0";
	assert_int_equal(link_add(&host, &spec, NULL), 0);
	spec.name = "br0";
	assert_int_equal(link_add(&host, &spec, NULL), 0);
	add_address(&host, "kube-ipvs0", "10.96.0.1/32");
	add_address(&host, "kube-ipvs0", "192.0.2.1/32");
	add_address(&host, "br0", "192.0.2.1/24");
	add_address(&host, "br0", "10.96.0.2/32");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			tables_note_services(&world.k->nl, &host, false), 0);
		list_services(&world, &services);
		assert_int_equal(services.count, 1);
		element = services.items;
		assert_memory_equal(element->key, "\x0a\x60\x00\x01", 4);
		assert_string_equal(element->comment, "kube-ipvs0");
	}
	assert_int_equal(link_del(&host, "kube-ipvs0", NULL), 0);
	assert_int_equal(tables_note_services(&world.k->nl, &host, false), 0);
	list_services(&world, &services);
	assert_int_equal(services.count, 1);
	assert_int_equal(tables_note_services(&world.k->nl, &host, true), 0);
	list_services(&world, &services);
	assert_int_equal(services.count, 0);
	nl_close(&host);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(services_are_noted_while_there_are_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
