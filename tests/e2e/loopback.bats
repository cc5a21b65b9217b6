#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# loopback: lo is up after ADD and down after DEL.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LO='{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}'

is_up() {
	expect "$(link p1 lo)" '.flags | index("UP")'
}

is_down() {
	expect "$(link p1 lo)" '.flags | index("UP") | not'
}

@test "ADD brings lo up, DEL brings it down, in every version" {
	local version conf
	pod_up p1
	for version in $VERSIONS; do
		conf=$(with "$LO" "{\"cniVersion\": \"$version\"}")
		is_down
		CNI_ARGS=none CNI_PATH=/nowhere add p1 "$conf"
		is_up
		pings p1 127.0.0.1
		CNI_ARGS=none CNI_PATH=/nowhere del_twice p1 "$conf"
		is_down
		nothing_left
	done
}

@test "the answer has lo and its addresses, in the words of the version" {
	local version
	pod_up p1
	for version in $VERSIONS; do
		add p1 "$(with "$LO" "{\"cniVersion\": \"$version\"}")"
		expect "$result" ".cniVersion == \"$version\""
		case $version in
		0.[12].*) expect "$result" '.ip4.ip == "127.0.0.1/8"
			and .ip6.ip == "::1/128" and .interfaces == null' ;;
		0.*) expect "$result" '[.ips[] | [.version, .address]] ==
			[["4", "127.0.0.1/8"], ["6", "::1/128"]]' ;;
		1.*) expect "$result" '.ips == [
			{"address": "127.0.0.1/8", "interface": 0},
			{"address": "::1/128", "interface": 0}]' ;;
		esac
		[[ $version == 0.[12].* ]] || expect "$result" '.interfaces == [
			{"name": "lo", "mac": "00:00:00:00:00:00",
			"sandbox": "/run/netns/p1"}]'
		del_twice p1 "$LO"
	done
}

@test "the answer has the first address of each family" {
	pod_up p1
	pod p1 ip link set lo up
	pod p1 ip address add 127.0.0.2/8 dev lo
	add p1 "$LO"
	expect "$result" '[.ips[].address] == ["127.0.0.1/8", "::1/128"]'
	del_twice p1 "$LO"
}

@test "CNI_IFNAME does not matter" {
	pod_up p1
	CNI_IFNAME=eth0 add p1 "$LO"
	expect "$result" '.interfaces[0].name == "lo"'
	CNI_IFNAME=eth0 del_twice p1 "$LO"
	is_down
}

@test "lo that is up already is as good" {
	pod_up p1
	pod p1 ip link set lo up
	add p1 "$LO"
	is_up
	add p1 "$LO"
	del_twice p1 "$LO"
}

@test "without IPv6 the answer has no IPv6 address" {
	pod_up p1
	pod p1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.lo.disable_ipv6=1
	add p1 "$LO"
	expect "$result" '[.ips[].address] == ["127.0.0.1/8"]'
	del_twice p1 "$LO"
}

@test "an address on lo that is not loopback's is an error" {
	pod_up p1
	pod p1 ip address add 10.9.9.9/32 dev lo
	add_fails p1 "$LO" \
		'loopback interface found with non-loopback address "10.9.9.9"'
	is_down
	pod p1 ip link set lo up
	add_fails p1 "$LO" "non-loopback address"
	is_up
	del_twice p1 "$LO"
}

@test "a result from before is passed on" {
	pod_up p1
	add p1 "$(with_prev "$LO" '{"cniVersion": "1.0.0",
		"interfaces": [{"name": "eth0", "sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.1.2.2/24", "interface": 0}]}')"
	expect "$result" '[.ips[].address] == ["10.1.2.2/24"]'
	is_up
	del_twice p1 "$LO"
}

@test "DEL without a namespace is success, ADD and CHECK need one" {
	local path
	WRAPPER=(timeout 60)
	node touch /run/plain
	node mkfifo /run/fifo
	CNI_NETNS="" del_twice p1 "$LO"
	for path in /run/netns/p1 /run/plain /run/plain/x /run/fifo /run; do
		CNI_NETNS=$path del_twice p1 "$LO"
		CNI_NETNS=$path add_fails p1 "$LO" \
			"failed to open netns \"$path\""
		[ "$code" = 8 ]
		CNI_NETNS=$path check_fails p1 "$LO" "$path"
	done
	expect "$(link node lo)" '.flags | index("UP")'
}

@test "the plugin's own lo stays up" {
	CNI_NETNS=/proc/1/ns/net del_twice p1 "$LO"
	expect "$(link node lo)" '.flags | index("UP")'
}

@test "a result from before must be of the same kind" {
	local version prev lists
	pod_up p1
	while read -r version prev lists; do
		add_fails p1 "$(with_prev \
			"$(with "$LO" "{\"cniVersion\": \"$version\"}")" \
			"{\"cniVersion\": $prev}")" \
			"could not parse prevResult: result type supports [${lists/\~/ }] but unmarshalled CNIVersion is $prev"
		is_down
	done <<-'EOT'
		0.2.0 "0.3.1" ~0.1.0 0.2.0
		0.4.0 "1.0.0" 0.3.0 0.3.1 0.4.0
		1.0.0 "0.4.0" 1.0.0 1.1.0
		1.1.0 "" 1.0.0 1.1.0
	EOT
	for prev in null '{}' '{"cniVersion": "1.1.0"}'; do
		add p1 "$(with_prev "$LO" "$prev")"
		expect "$result" '.cniVersion == "1.0.0"'
	done
	del_twice p1 "$(with_prev "$LO" '{"cniVersion": "0.4.0"}')"
}

@test "CHECK says whether lo is up" {
	pod_up p1
	add p1 "$LO"
	check p1 "$LO"
	pod p1 ip link set lo down
	check_fails p1 "$LO" "loopback interface is down"
	del_twice p1 "$LO"
}
