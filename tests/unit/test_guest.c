/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cni/delegate.h"
#include "core/cni/guest.h"
#include "core/kernel/addr.h"
#include "core/kernel/route.h"
#include "core/kernel/sysctl.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <linux/netlink.h>

#include "node.h"

/* A container's side: this process is in its namespace, where eth0 is half of
 * a pair whose other half is up. */
struct container {
	struct call c;
	struct link link;
};

static struct container *container_up(void **state)
{
	struct folder *f = *state;
	struct container *t = job_alloc(&f->job, sizeof(*t));
	struct link_spec peer = { .name = "eth0" }, spec = { .kind = "veth",
							     .name = "far",
							     .peer = &peer };
	static const struct link far = { .name = "far" };

	t->c.job = &f->job;
	t->c.env.ifname = "eth0";
	t->c.env.netns = "/netns";
	t->c.netns.fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	peer.netns = t->c.netns.fd;
	nl_init(&t->c.guest, &f->job, -1, NETLINK_ROUTE);
	assert_int_equal(link_add(&t->c.guest, &spec, NULL), 0);
	assert_int_equal(link_set_flags(&t->c.guest, &far, IFF_UP, IFF_UP), 0);
	assert_int_equal(link_get(&t->c.guest, "eth0", &t->link), 0);
	return t;
}

static void container_down(struct container *t)
{
	nl_close(&t->c.guest);
	close(t->c.netns.fd);
}

/* An address of interface index of a result; -1: of none that is named. */
static void add_ip(struct job *job, struct result *result, const char *address,
		   const char *gateway, int index)
{
	struct result_ip *ip = list_add(job, &result->ips, sizeof(*ip));

	assert_true(prefix_parse(address, &ip->address));
	if (gateway)
		assert_true(ip_parse(gateway, &ip->gateway));
	ip->has_interface = index >= 0;
	ip->interface = index;
}

static struct route route(const char *dst, const char *gw)
{
	struct route out = { 0 };

	assert_true(prefix_parse(dst, &out.dst));
	if (gw)
		assert_true(ip_parse(gw, &out.gw));
	return out;
}

static void add_route(struct job *job, struct result *result,
		      struct route route)
{
	*(struct route *)list_add(job, &result->routes, sizeof(route)) = route;
}

static bool has_route(struct container *t, struct route route)
{
	bool exists;

	assert_int_equal(route_exists(&t->c.guest, &t->link, &route, &exists),
			 0);
	return exists;
}

/* The addresses of eth0 that are not link-local. */
static const char *addresses(struct container *t, int family)
{
	const char *all = "";
	char text[PREFIX_TEXT];
	struct list list;
	struct addr *addr;

	assert_int_equal(addr_list(&t->c.guest, &t->link, family, &list), 0);
	addr = list.items;
	for (size_t i = 0; i < list.count; i++) {
		if (!addr[i].link_local)
			all = job_printf(t->c.job, "%s%s ", all,
					 prefix_print(&addr[i].prefix, text));
	}
	return all;
}

static bool is_up(struct container *t)
{
	struct link link;

	assert_int_equal(link_get(&t->c.guest, "eth0", &link), 0);
	return link.flags & IFF_UP;
}

static void apply_gives_the_links_own_addresses(void **state)
{
	struct container *t = container_up(state);
	struct result *result = &t->c.result;

	add_ip(t->c.job, result, "10.1.0.1/16", NULL, 0);
	add_ip(t->c.job, result, "10.2.0.2/16", NULL, 2);
	add_ip(t->c.job, result, "10.3.0.3/16", NULL, -1);
	add_ip(t->c.job, result, "10.4.0.4/16", NULL, 2);
	assert_int_equal(guest_apply(&t->c, &t->link, 2, 0), 0);
	assert_no_error(t->c.job);
	assert_string_equal(addresses(t, AF_INET), "10.2.0.2/16 10.4.0.4/16 ");
	assert_true(is_up(t));
	assert_true(
		sysctl_is(t->c.job, -1, "net/ipv4/conf/eth0/arp_notify", "1"));
	container_down(t);
}

static void apply_gives_routes_the_first_gateway_of_their_family(void **state)
{
	struct container *t = container_up(state);
	struct result *result = &t->c.result;
	struct job *job = t->c.job;
	struct route near = route("10.9.0.0/24", NULL), table, metric;

	add_ip(job, result, "10.1.0.2/24", NULL, 0);
	add_ip(job, result, "10.2.0.2/24", "10.2.0.1", 0);
	add_ip(job, result, "10.3.0.2/24", "10.3.0.1", 0);
	add_route(job, result, route("0.0.0.0/0", NULL));
	add_route(job, result, route("10.8.0.5/16", "10.3.0.9"));
	near.has_scope = true;
	near.scope = 253;
	add_route(job, result, near);
	table = route("10.7.0.0/16", NULL);
	table.has_table = true;
	table.table = 1000;
	add_route(job, result, table);
	metric = route("10.6.0.0/16", NULL);
	metric.priority = 77;
	add_route(job, result, metric);
	assert_int_equal(guest_apply(&t->c, &t->link, 0, 0), 0);
	assert_no_error(job);
	assert_true(has_route(t, route("0.0.0.0/0", "10.2.0.1")));
	assert_true(has_route(t, route("10.8.0.0/16", "10.3.0.9")));
	assert_true(has_route(t, near));
	assert_false(has_route(t, route("10.9.0.0/24", "10.2.0.1")));
	assert_true(has_route(t, table));
	assert_false(has_route(t, route("10.7.0.0/16", NULL)));
	assert_true(has_route(t, route("10.6.0.0/16", "10.2.0.1")));
	assert_string_equal(addresses(t, AF_INET),
			    "10.1.0.2/24 10.2.0.2/24 10.3.0.2/24 ");
	container_down(t);
}

/* The IPv4 routes of the main table. */
static int count_routes(void)
{
	FILE *file = fopen("/proc/self/net/route", "r");
	int lines = 0, c;

	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines - 1; /* the first one is the heading */
}

static void apply_leaves_out_the_route_to_the_subnet(void **state)
{
	struct container *t = container_up(state);
	struct route near = route("10.1.0.1/32", NULL), far;
	struct job *job = t->c.job;

	near.has_scope = true;
	near.scope = 253;
	assert_true(ip_parse("10.1.0.2", &near.src));
	far = route("10.1.0.0/24", "10.1.0.1");
	add_route(job, &t->c.result, near);
	add_route(job, &t->c.result, far);
	add_ip(job, &t->c.result, "10.1.0.2/24", "10.1.0.1", 0);
	add_route(job, &t->c.result, route("0.0.0.0/0", NULL));
	assert_int_equal(guest_apply(&t->c, &t->link, 0, ADDR_NO_ROUTE), 0);
	assert_no_error(job);
	assert_true(has_route(t, near));
	assert_true(has_route(t, far));
	assert_true(has_route(t, route("0.0.0.0/0", "10.1.0.1")));
	assert_int_equal(count_routes(), 3);
	assert_true(sysctl_is(job, -1, "net/ipv4/conf/eth0/arp_notify", "0"));
	container_down(t);
}

static void apply_says_what_was_refused(void **state)
{
	struct container *t = container_up(state);
	struct job *job = t->c.job;

	add_ip(job, &t->c.result, "10.1.0.2/24", NULL, 0);
	add_route(job, &t->c.result, route("0.0.0.0/0", "10.99.0.1"));
	assert_int_equal(guest_apply(&t->c, &t->link, 0, 0), -1);
	assert_ptr_equal(
		strstr(job->msg, "add route 0.0.0.0/0 via 10.99.0.1 to eth0: "),
		job->msg);
	/* The next request is not held back. */
	job->msg = NULL;
	assert_string_equal(addresses(t, AF_INET), "10.1.0.2/24 ");
	assert_int_equal(guest_apply(&t->c, &t->link, 0, 0), -1);
	assert_ptr_equal(strstr(job->msg, "add address 10.1.0.2/24 to eth0: "),
			 job->msg);
	container_down(t);
}

/* The IFA_F_* flags of an address in 32 digits. */
static unsigned ipv6_flags(const char *address)
{
	FILE *file = fopen("/proc/self/net/if_inet6", "r");
	unsigned flags = 0, found;
	char text[33];

	assert_non_null(file);
	while (fscanf(file, "%32s %*x %*x %*x %x %*s", text, &found) == 2) {
		if (strcmp(text, address) == 0)
			flags = found;
	}
	fclose(file);
	return flags;
}

/* Where a container has IPv6 switched off. */
static void apply_switches_ipv6_on_for_an_address(void **state)
{
	static const char off[] = "net/ipv6/conf/eth0/disable_ipv6";
	static const char lo_off[] = "net/ipv6/conf/lo/disable_ipv6";
	static const char detection[] = "net/ipv6/conf/eth0/accept_dad";
	static const char notify[] = "net/ipv6/conf/eth0/ndisc_notify";

	if (!IS_ENABLED(CONFIG_IPV6)) {
		print_message("built without IPv6\n");
		skip();
	}
	for (int dad = 0; dad < 2; dad++) {
		struct container *t = container_up(state);
		struct result *result = &t->c.result;
		struct job *job = t->c.job;
		struct route wanted = route("2001:db8::/32", "fd00::1");

		assert_int_equal(sysctl_ensure(job, -1, off, "1"), 0);
		assert_int_equal(sysctl_ensure(job, -1, lo_off, "1"), 0);
		assert_int_equal(sysctl_ensure(job, -1, detection, "0"), 0);
		add_ip(job, result, "10.1.0.2/24", "10.1.0.1", 0);
		assert_int_equal(guest_apply(&t->c, &t->link, 0, 0), 0);
		assert_true(sysctl_is(job, -1, off, "1"));
		assert_true(sysctl_is(job, -1, notify, "0"));
		result->ips = (struct list) { 0 };
		add_ip(job, result, "10.4.0.2/24", "10.4.0.1", 0);
		add_ip(job, result, "fd00::2/64", "fd00::1", 0);
		add_route(job, result, route("2001:db8::/32", NULL));
		assert_int_equal(
			guest_apply(&t->c, &t->link, 0, dad ? ADDR_DAD : 0), 0);
		assert_no_error(job);
		assert_true(sysctl_is(job, -1, off, "0"));
		assert_true(sysctl_is(job, -1, lo_off, "0"));
		assert_true(sysctl_is(
			job, -1, "net/ipv6/conf/eth0/keep_addr_on_down", "1"));
		assert_true(sysctl_is(job, -1, notify, "1"));
		assert_true(sysctl_is(job, -1, detection, dad ? "1" : "0"));
		assert_string_equal(addresses(t, AF_INET6), "fd00::2/64 ");
		assert_true(has_route(t, wanted));
		/* Permanent and, as it is said, without detection. */
		assert_int_equal(ipv6_flags("fd000000000000000000000000000002"),
				 dad ? 0x80 : 0x82);
		assert_int_equal(link_del(&t->c.guest, "eth0", NULL), 0);
		container_down(t);
	}
}

static void add_interface(struct job *job, struct result *result,
			  const char *name, const char *sandbox)
{
	struct result_interface *interface =
		list_add(job, &result->interfaces, sizeof(*interface));

	interface->name = name;
	interface->sandbox = sandbox;
}

/* A container that has 10.1.0.2/24, a default route and another one. */
static struct container *container_with_addresses(void **state)
{
	struct container *t = container_up(state);

	add_ip(t->c.job, &t->c.result, "10.1.0.2/24", "10.1.0.1", 0);
	add_route(t->c.job, &t->c.result, route("0.0.0.0/0", NULL));
	add_route(t->c.job, &t->c.result, route("10.8.0.0/16", "10.1.0.9"));
	assert_int_equal(guest_apply(&t->c, &t->link, 0, 0), 0);
	add_interface(t->c.job, &t->c.prev, "br0", NULL);
	add_interface(t->c.job, &t->c.prev, "eth0", "/netns");
	return t;
}

static void check_compares_the_interface_with_prev_result(void **state)
{
	static const struct {
		const char *name, *sandbox, *mac, *kind;
		bool up;
		const char *msg;
	} table[] = {
		{ "eth0", "/netns", NULL, "veth", false, NULL },
		{ "eth0", "/netns", "", "veth", false, NULL },
		{ "eth0", "/netns", "02:00:00:00:00:0A", "veth", false, NULL },
		{ "eth0", "/netns", "02:00:00:00:00:0b", "veth", false,
		  "Container interface eth0 Mac doesn't match: expected 02:00:00:00:00:0b, got 02:00:00:00:00:0a" },
		{ "eth0", "/netns", "none", "veth", false,
		  "Container interface eth0 Mac doesn't match: expected none, got 02:00:00:00:00:0a" },
		{ "eth0", "/netns", NULL, "veth", true,
		  "Interface eth0 is down" },
		{ "eth0", "/netns", NULL, "macvlan", false,
		  "Error: Container interface eth0 not of type macvlan" },
		{ "eth0", "/other", NULL, "veth", false,
		  "Sandbox in prevResult doesn't match configured netns: no interface eth0 in /netns" },
		{ "eth0", NULL, NULL, "veth", false,
		  "Sandbox in prevResult doesn't match configured netns: no interface eth0 in /netns" },
		{ "eth1", "/netns", NULL, "veth", false,
		  "Sandbox in prevResult doesn't match configured netns: no interface eth0 in /netns" },
	};
	static const uint8_t mac[MAC_LEN] = { 2, [5] = 10 };
	struct container *t = container_up(state);
	struct job *job = t->c.job;
	struct result_interface *interface;
	struct link link;

	assert_int_equal(link_set_mac(&t->c.guest, &t->link, mac), 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		t->c.prev.interfaces = (struct list) { 0 };
		interface = list_add(job, &t->c.prev.interfaces,
				     sizeof(*interface));
		interface->name = table[i].name;
		interface->sandbox = table[i].sandbox;
		interface->mac = table[i].mac;
		assert_int_equal(guest_check_link(&t->c, table[i].kind,
						  table[i].up, &link),
				 table[i].msg ? -1 : 0);
		if (table[i].msg)
			assert_failed(job, CNI_INTERNAL, table[i].msg, NULL);
		else
			assert_int_equal(link.index, t->link.index);
		assert_no_error(job);
	}
	container_down(t);
}

static void check_of_an_interface_that_is_gone_is_an_error(void **state)
{
	struct container *t = container_up(state);
	struct link link;

	add_interface(t->c.job, &t->c.prev, "eth0", "/netns");
	assert_int_equal(link_del(&t->c.guest, "eth0", NULL), 0);
	assert_int_equal(guest_check_link(&t->c, "veth", false, &link), -1);
	assert_failed(t->c.job, CNI_INTERNAL, "Interface name eth0 not found",
		      NULL);
	container_down(t);
}

/* What other plugins made is theirs to check. */
static void verify_leaves_the_containers_addresses(void **state)
{
	struct container *t = container_with_addresses(state);
	const struct result_ip *ips;
	char text[PREFIX_TEXT];

	t->c.prev.ips = (struct list) { 0 };
	add_ip(t->c.job, &t->c.prev, "10.9.0.2/24", NULL, 0);
	add_ip(t->c.job, &t->c.prev, "10.1.0.2/24", NULL, 1);
	assert_int_equal(guest_verify(&t->c, &t->link), 0);
	ips = t->c.prev.ips.items;
	assert_int_equal(t->c.prev.ips.count, 1);
	assert_string_equal(prefix_print(&ips->address, text), "10.1.0.2/24");
	container_down(t);
}

static void verify_looks_for_the_links_addresses(void **state)
{
	static const struct {
		const char *address;
		int interface;
		bool found;
	} table[] = {
		{ "10.1.0.2/24", 1, true },  { "10.1.0.2/24", -1, true },
		{ "10.1.0.3/24", 1, false }, { "10.1.0.3/24", -1, false },
		{ "10.1.0.2/16", 1, false }, { "10.1.0.3/24", 0, true },
		{ "10.1.0.3/24", 2, false },
	};
	struct container *t = container_with_addresses(state);
	struct job *job = t->c.job;

	for (size_t i = 0; i < COUNT(table); i++) {
		t->c.prev.ips = (struct list) { 0 };
		add_ip(job, &t->c.prev, "10.1.0.2/24", NULL, 1);
		add_ip(job, &t->c.prev, table[i].address, NULL,
		       table[i].interface);
		assert_int_equal(guest_verify(&t->c, &t->link),
				 table[i].found ? 0 : -1);
		if (!table[i].found)
			assert_failed(
				job, CNI_INTERNAL,
				job_printf(
					job,
					"Failed to match addr %s on interface eth0",
					table[i].address),
				NULL);
		assert_no_error(job);
	}
	container_down(t);
}

static void verify_looks_for_routes(void **state)
{
	static const struct {
		const char *dst, *gw;
		bool found;
	} table[] = {
		{ "0.0.0.0/0", NULL, true },
		{ "0.0.0.0/0", "10.1.0.1", true },
		{ "0.0.0.0/0", "10.1.0.7", false },
		{ "10.8.0.0/16", "10.1.0.9", true },
		{ "10.8.0.0/17", NULL, false },
		{ "10.9.0.0/16", NULL, false },
	};
	struct container *t = container_with_addresses(state);
	struct job *job = t->c.job;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct route wanted = route(table[i].dst, table[i].gw);

		t->c.prev.routes = (struct list) { 0 };
		add_route(job, &t->c.prev, route("10.8.0.0/16", NULL));
		add_route(job, &t->c.prev, wanted);
		assert_int_equal(guest_verify(&t->c, &t->link),
				 table[i].found ? 0 : -1);
		if (!table[i].found)
			assert_failed(
				job, CNI_INTERNAL,
				job_printf(
					job,
					"Expected Route %s not found in routing table of interface eth0",
					route_text(job, &wanted)),
				NULL);
		assert_no_error(job);
	}
	container_down(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		NODE_TEST(apply_gives_the_links_own_addresses),
		NODE_TEST(apply_gives_routes_the_first_gateway_of_their_family),
		NODE_TEST(apply_leaves_out_the_route_to_the_subnet),
		NODE_TEST(apply_says_what_was_refused),
		NODE_TEST(check_compares_the_interface_with_prev_result),
		NODE_TEST(check_of_an_interface_that_is_gone_is_an_error),
		NODE_TEST(verify_leaves_the_containers_addresses),
		NODE_TEST(verify_looks_for_the_links_addresses),
		NODE_TEST(verify_looks_for_routes),
		NODE_TEST(apply_switches_ipv6_on_for_an_address),
	};

	return run_node_tests(tests);
}
