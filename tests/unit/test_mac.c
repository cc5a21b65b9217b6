/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/mac.h"

#include "attachment.h"

static void add_ip(struct job *job, struct list *ips, const char *address)
{
	struct result_ip *ip = list_add(job, ips, sizeof(*ip));

	assert_true(prefix_parse(address, &ip->address));
}

/* The MAC address of a pod that has one or two addresses. */
static const char *mac_of(struct job *job, const char *first,
			  const char *second)
{
	char *text = job_alloc(job, MAC_TEXT);
	struct list ips = { 0 };
	uint8_t mac[MAC_LEN];

	add_ip(job, &ips, first);
	if (second)
		add_ip(job, &ips, second);
	mac_of_ips(&ips, mac);
	return mac_print(mac, text);
}

static void mac_follows_from_the_first_ipv4_address(void **state)
{
	struct folder *f = *state;

	assert_string_equal(mac_of(&f->job, "10.1.2.3/24", NULL),
			    "0a:58:0a:01:02:03");
	assert_string_equal(mac_of(&f->job, "10.1.2.3/16", "10.1.2.4/16"),
			    "0a:58:0a:01:02:03");
	assert_string_equal(mac_of(&f->job, "255.254.0.255/8", NULL),
			    "0a:58:ff:fe:00:ff");
	if (IS_ENABLED(CONFIG_IPV6))
		assert_string_equal(
			mac_of(&f->job, "fd00::2/64", "10.1.2.3/24"),
			"0a:58:0a:01:02:03");
}

/* The hashes are those of sha512sum(1). */
static void mac_without_ipv4_is_a_hash_of_the_address(void **state)
{
	struct folder *f = *state;

	if (!IS_ENABLED(CONFIG_IPV6)) {
		print_message("built without IPv6\n");
		skip();
	}
	assert_string_equal(mac_of(&f->job, "fd00::2/64", NULL),
			    "76:93:8f:15:9f:a7");
	assert_string_equal(mac_of(&f->job, "fd00::2/120", "fd00::3/64"),
			    "76:93:8f:15:9f:a7");
	assert_string_equal(mac_of(&f->job, "fd00::3/64", NULL),
			    "0a:35:54:70:3a:f3");
}

static struct link make_bridge(struct call *c, const char *name,
			       const uint8_t *mac)
{
	struct link_spec spec = { .kind = "bridge", .name = name, .mac = mac };
	struct link bridge;

	assert_int_equal(link_add(&c->host, &spec, NULL), 0);
	assert_int_equal(link_get(&c->host, name, &bridge), 0);
	return bridge;
}

static bool is_steady(struct call *c, const char *name)
{
	struct link bridge;

	assert_int_equal(link_get(&c->host, name, &bridge), 0);
	return mac_is_steady(&bridge);
}

static void bridge_of_ours_is_steady_until_that_ends(void **state)
{
	struct call *c = call_of(*state, "c1");
	uint8_t mac[2][MAC_LEN];
	struct link bridge;

	assert_int_equal(mac_of_bridge(c->job, mac[0]), 0);
	assert_int_equal(mac_of_bridge(c->job, mac[1]), 0);
	assert_memory_not_equal(mac[0], mac[1], MAC_LEN);
	bridge = make_bridge(c, "br0", mac[0]);
	make_bridge(c, "br1", mac[1]);
	assert_true(is_steady(c, "br0"));
	assert_int_equal(mac_end_steady(c, &bridge), 0);
	assert_false(is_steady(c, "br0"));
	assert_true(is_steady(c, "br1"));
}

static void bridge_of_others_is_not_steady(void **state)
{
	static const uint8_t foreign[MAC_LEN] = { 0x0a, 0x58, 10, 1, 2, 3 };
	struct call *c = call_of(*state, "c1");
	uint8_t mac[MAC_LEN];

	make_bridge(c, "br0", NULL);
	make_bridge(c, "br1", foreign);
	assert_int_equal(mac_of_bridge(c->job, mac), 0);
	make_bridge(c, "br2", mac);
	assert_int_equal(link_set_alias(&c->host, "br2", "of the user's"), 0);
	assert_false(is_steady(c, "br0"));
	assert_false(is_steady(c, "br1"));
	assert_false(is_steady(c, "br2"));
}

static void other_end_leads_to_the_bridge(void **state)
{
	struct call *c = call_of(*state, "c1");
	struct link bridge, guest;
	struct link_spec peer = { .name = "eth0", .netns = new_netns(c->job) };
	struct link_spec port = { .kind = "veth",
				  .name = "port",
				  .peer = &peer };
	uint8_t mac[MAC_LEN];

	nl_init(&c->guest, c->job, peer.netns, NETLINK_ROUTE);
	assert_int_equal(mac_of_bridge(c->job, mac), 0);
	bridge = make_bridge(c, "br0", mac);
	/* Without a bridge there is nothing to end. */
	assert_int_equal(link_add(&c->host, &port, NULL), 0);
	assert_int_equal(link_get(&c->guest, "eth0", &guest), 0);
	assert_int_equal(mac_end_steady_of(c, &guest), 0);
	assert_no_error(c->job);
	assert_true(is_steady(c, "br0"));
	assert_int_equal(link_del(&c->host, "port", NULL), 0);
	port.master = bridge.index;
	assert_int_equal(link_add(&c->host, &port, NULL), 0);
	assert_int_equal(link_get(&c->guest, "eth0", &guest), 0);
	assert_int_equal(mac_end_steady_of(c, &guest), 0);
	assert_false(is_steady(c, "br0"));
	/* What a user calls his bridge stays. */
	assert_int_equal(link_set_alias(&c->host, "br0", "of the user's"), 0);
	assert_int_equal(mac_end_steady_of(c, &guest), 0);
	assert_int_equal(link_get(&c->host, "br0", &bridge), 0);
	assert_string_equal(bridge.alias, "of the user's");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		NODE_TEST(mac_follows_from_the_first_ipv4_address),
		NODE_TEST(mac_without_ipv4_is_a_hash_of_the_address),
		NODE_TEST(bridge_of_ours_is_steady_until_that_ends),
		NODE_TEST(bridge_of_others_is_not_steady),
		NODE_TEST(other_end_leads_to_the_bridge),
	};

	return run_node_tests(tests);
}
