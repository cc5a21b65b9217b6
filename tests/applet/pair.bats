#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pair, of which tests/builds has one.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

NET='{
	"cniVersion": "1.1.0", "name": "net1", "type": "pair", "mtu": 1400,
	"ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}
}'

@test "ADD gives the container an end with an address, DEL takes all back" {
	pod_up p1
	add p1 "$NET"
	expect "$result" '.ips[0].interface == 1 and
		.interfaces[1].sandbox == "/run/netns/p1"'
	expect "$(link p1 eth0)" '.mtu == 1400 and (.flags | index("UP"))'
	[ "$(addresses p1 eth0)" = 10.1.2.2/24 ]
	check p1 "$NET"
	pod p1 ip address del 10.1.2.2/24 dev eth0
	cni CHECK pair p1 "$(with_prev "$NET" "$result")"
	failed_with 10.1.2.2
	del_twice p1 "$NET"
	nothing_left
}

@test "an ADD that fails leaves nothing" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/33"}}')" \
		ipam.subnet
	nothing_left
}

@test "an mtu that is none is refused" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"mtu": 65536}')" "0 to 65535"
}
