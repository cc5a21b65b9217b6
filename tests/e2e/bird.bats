#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The files of applets/node/BIRD.md: OSPF and BGP carry the bridges' subnets.

# shellcheck disable=SC2030,SC2031,SC2034,SC2086,SC2154 # variables of helpers.bash
load nodes_helpers

PAGE=$TOP/applets/node/BIRD.md
THREE="p1 p2 p4"

# block SECTION N: the Nth indented block of a section of the page, as a file.
block() {
	awk -v section="## $1" -v n="$2" '
		/^## / { inside = $0 == section; next }
		!inside { next }
		/^    / { if (!open) { open = 1; i++ } }
		/^[^ ]/ { open = 0 }
		i == n && open { print substr($0, 5) }' "$PAGE"
}

# pods_conf N: the page's list of plugins, with the subnets of node N.
pods_conf() {
	block "The list of plugins" 1 |
		sed "s/10\.1\.1\./10.1.$1./; s/fd01:1:/fd01:$1:/"
}

# n1 and n2 on one wire, n4 on another, two routers between them.
setup() {
	command -v bird >/dev/null || skip "no bird"
	wire_up
	node_on_wire 1 2
	machine_up router router2 n4
	within wire ip link add seg1 up type bridge mcast_snooping 0
	on_wire router eth0 192.0.2.254/24 2001:db8:2::254/64
	on_wire router2 eth0 192.0.2.253/24 2001:db8:2::253/64
	on_wire_of seg1 n4 eth0 198.51.100.4/24 2001:db8:3::4/64
	on_wire_of seg1 router eth1 198.51.100.254/24 2001:db8:3::254/64
	on_wire_of seg1 router2 eth1 198.51.100.253/24 2001:db8:3::253/64
	for router in router router2; do
		within $router sysctl -qw net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1
	done
	for n in 1 2 4; do
		pod_on $n
	done
	echoes $THREE outside
}

# bird_conf MACHINE SECTION N [SED]: that block, with its own id.
bird_conf() {
	local conf=/proc/${MACHINE[$1]}/root/run/bird.conf
	block "$2" "$3" | sed -E "s/^router id [^;]*/router id ${IP4[$1]}/;${4-}" \
		>"$conf"
	[ "$(grep -c . "$conf")" -gt 10 ]
}

# bird_up MACHINE SECTION N [SED]: the daemon with it.
bird_up() {
	bird_conf "$@"
	within "$1" bird -c /run/bird.conf -s /run/bird.ctl -P /run/bird.pid
}

# others_known MACHINE: it has routes to the pods of two other nodes, in both
# families.
others_known() {
	[ "$(within "$1" ip route show proto bird | grep -c '^10\.1\.')" -ge 2 ] &&
		[ "$(within "$1" ip -6 route show proto bird |
			grep -c '^fd01:')" -ge 2 ]
}

all_known() {
	local machine
	for machine in n1 n2 n4; do
		wait_until 5 others_known $machine
	done
}

# by_way_of ROUTER: n1 reaches n4's pods through it; not_by says not.
by_way_of() {
	[ "$(within n1 ip -j route get 10.1.4.2 2>/dev/null | jq -r '.[0].gateway')" = \
		"192.0.2.$1" ]
}

# Whichever router carries n1's packets fails, the other takes over; then it comes
# back, and the other fails.
one_router_fails() {
	local one=router other=router2
	by_way_of 254 || one=router2 other=router
	within wire ip link set "to-$one-eth0" down
	wait_until 5 by_way_of_router $other
	wait_until 5 all_do
	within wire ip link set "to-$one-eth0" up
	wait_until 5 pings $one 192.0.2.1 1
	within wire ip link set "to-$other-eth0" down
	wait_until 5 by_way_of_router $one
	wait_until 5 all_do
}

by_way_of_router() {
	case $1 in
	router) by_way_of 254 ;;
	router2) by_way_of 253 ;;
	esac
}

# What routing protocols come to after a while.
all_do() {
	local PATIENCE=2
	all_reach_all $THREE >/dev/null
}

works() {
	all_known
	wait_until 5 all_do
	# On one wire no router is asked.
	[ "$(within n1 ip -j route get 10.1.2.2 | jq -r '.[0].gateway')" = 192.0.2.2 ]
	one_router_fails
	hears p1 <<<"192.0.2.99 outside sees 192.0.2.1"
}

@test "OSPF: all pods reach all as themselves, also when a link fails" {
	local machine
	cannot_ping p1 "${IP4[p2]}"
	for machine in n2 n4 router router2; do
		bird_up $machine OSPF 1
	done
	# Its routes are of no realm at first.
	bird_up n1 OSPF 1 '/krt_realm/d'
	all_known
	wait_until 5 all_of_node_1 "192.0.2.1"
	bird_conf n1 OSPF 1
	within n1 birdc -s /run/bird.ctl configure >/dev/null
	works
}

# all_of_node_1 ADDRESS: whatever p1 sends to p4 comes from there.
all_of_node_1() {
	local PATIENCE=2
	hears p1 <<<"${IP4[p4]} p4 sees $1" >/dev/null
}

@test "BGP: all pods reach all as themselves, also when a link fails" {
	cannot_ping p1 "${IP4[p2]}"
	bird_up router BGP 2
	bird_up router2 BGP 2
	bird_up n1 BGP 1
	bird_up n2 BGP 1 's/OWN_AS = 65001/OWN_AS = 65002/'
	bird_up n4 BGP 1 's/OWN_AS = 65001/OWN_AS = 65004/
		s/192\.0\.2\.(25[34]) as/198.51.100.\1 as/
		s/2001:db8:2:/2001:db8:3:/'
	works
}
