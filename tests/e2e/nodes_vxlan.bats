#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnibox nodes: packets through VXLAN, to nodes behind a router or to all.

# shellcheck disable=SC2030,SC2031,SC2034,SC2086,SC2154 # variables of helpers.bash
load nodes_helpers

FOUR="n1 n2 n3 n4 p1 p2 p3 p4"
AUTO='{"mtu": "auto"}'

four_nodes() {
	node_on_wire 1 2 3
	node_behind_router
}

four_pods() {
	local n
	for n in 1 2 3 4; do
		pod_on $n p$n "{}" "$AUTO"
	done
	echoes $FOUR
}

strict() {
	local machine
	for machine in n1 n2 n3 n4 router; do
		within $machine sysctl -qw net.ipv4.conf.{all,default,eth0}.rp_filter=1
	done
}

# Full packets pass between both, and a stream of them each way, all in one piece.
no_pieces() {
	local to from
	for to in "$1" "$2"; do
		from=$1
		[ "$to" = "$2" ] || from=$2
		full_size "$from" "${IP4[$to]}" "$3"
		full_size "$from" "${IP6[$to]}" "$3"
		streams "$from" "$to" "${IP4[$to]}"
		streams "$from" "$to" "${IP6[$to]}"
	done
	[ "$(pieces)" = 0 ] || complain "$(pieces) packets were in pieces"
}

# streams FROM TO ADDRESS: a megabyte arrives as it was.
streams() {
	local family=4 address=$3 bytes
	[[ $3 != *:* ]] || family=6 address="[$3]"
	within "$2" socat -u -T "$PATIENCE" "TCP$family-LISTEN:9,reuseaddr" - \
		>"$BATS_TEST_TMPDIR/stream" 2>/dev/null &
	wait_until 5 listening "$2" 9 tcp $family
	head -c 1000000 /dev/urandom >"$BATS_TEST_TMPDIR/sent"
	within "$1" socat -u -T "$PATIENCE" - "TCP:$address:9" \
		<"$BATS_TEST_TMPDIR/sent"
	wait_until 5 cmp -s "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/stream"
}

@test "the node behind the router is reached like the others" {
	four_nodes
	four_pods
	cannot_ping p1 "${IP4[p4]}"
	apply_all "1 2 3 4"
	all_reach_all $FOUR
	# The others not through the tunnel.
	[ "$(within n1 ip -j route get 10.1.2.2 | jq -r '.[0].dev')" = eth0 ]
	[ "$(within n1 ip -j route get 10.1.4.2 | jq -r '.[0].dev')" = cnibox-vxlan ]
}

@test "packets of full size pass to the node behind the router, in one piece" {
	four_nodes
	apply_all "1 2 3 4"
	four_pods
	[ "$(link p1 eth0 | jq .mtu)" = 1450 ]
	no_pieces p1 p4 1450
	no_pieces p1 p2 1450
	# The node itself knows no smaller MTU than the device's.
	no_pieces n1 p4 1450
}

@test "what drops foreign addresses, and strict rp_filter, let all pass through VXLAN" {
	four_nodes
	four_pods
	underlay_knows_addresses
	strict
	# It does drop them.
	apply_all "1 2"
	cannot_ping p1 "${IP4[p2]}"
	cannot_ping p1 "${IP6[p2]}"
	cannot_ping p1 192.0.2.2
	apply_all "1 2 3 4" --backend vxlan
	all_reach_all $FOUR
	[ "$(within n1 ip -j route get 10.1.2.2 | jq -r '.[0].dev')" = cnibox-vxlan ]
}

@test "the outside still sees the node's address" {
	four_nodes
	four_pods
	apply_all "1 2 3 4" --backend vxlan
	echoes outside
	for n in 1 4; do
		hears p$n <<-END
			192.0.2.99 outside sees ${IP4[n$n]}
			2001:db8:2::99 outside sees $(exploded "${IP6[n$n]}")
		END
	done
}

@test "a node leaves: its entries go, and the device with the last of them" {
	four_nodes
	four_pods
	apply_all "1 2 3 4"
	[ "$(within n1 bridge fdb show dev cnibox-vxlan | grep -c 198.51.100.4)" = 1 ]
	apply n1 "$(list 1 2 3)"
	no_link n1 cnibox-vxlan
	[ -z "$(within n1 ip rule show table 67)" ]
	[ -z "$(within n1 ip -6 rule show table 67)" ]
	all_reach_all n1 n2 n3 p1 p2 p3
	apply n1 "$(list 1 2 3 4)"
	all_reach_all $FOUR
}

@test "published ports of a node are reached through VXLAN" {
	four_nodes
	pod_on 1 p1 '{"portMappings": [
		{"hostPort": 8080, "containerPort": 7, "protocol": "tcp"}]}'
	pod_on 4
	echoes p1
	apply_all "1 2 3 4"
	answers p4 192.0.2.1 8080 "p1 sees ${IP4[p4]}"
	answers p4 2001:db8:2::1 8080 "p1 sees $(exploded "${IP6[p4]}")"
	answers n4 192.0.2.1 8080 "p1 sees 198.51.100.4"
}

@test "nodes that have IPv6 alone carry both families of pods" {
	node_on_wire 1 2
	for n in 1 2; do
		within n$n ip address flush dev eth0 scope global
		within n$n ip address add 2001:db8:2::$n/64 dev eth0
		pod_on $n p$n "{}" "$AUTO"
	done
	echoes p1 p2
	for n in n1 n2; do
		apply $n "$(entry 1 2001:db8:2::1)
			$(entry 2 2001:db8:2::2)" --backend vxlan
	done
	all_reach_all p1 p2
	full_size p1 "${IP4[p2]}" 1430
	full_size p1 "${IP6[p2]}" 1430
	[ "$(pieces)" = 0 ]
}

@test "nodes go over to VXLAN and back" {
	node_on_wire 1 2
	pods_up 1 2
	echoes n1 n2 p1 p2
	apply_all "1 2"
	all_reach_all n1 n2 p1 p2
	apply_all "1 2" --backend vxlan
	all_reach_all n1 n2 p1 p2
	apply_all "1 2"
	all_reach_all n1 n2 p1 p2
	no_link n1 cnibox-vxlan
}
