#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The binary of tiny_defconfig: what it is for works, and what it is built
# without it refuses by name.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

GOAL=75776

NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local", "ranges": [[{"subnet": "10.1.2.0/24"}]],
		"routes": [{"dst": "0.0.0.0/0"}]
	}
}'
LO='{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}'

setup_file() {
	build_own tiny_defconfig
}

# refuses CONF WHAT OPTION: ADD says so, and nothing is left behind.
refuses() {
	add_fails p1 "$1" "$2: this binary is built without $3"
	[ "$code" = 7 ] || complain "code $code"
	nothing_left
}

@test "it is as small as it is said to be" {
	[ "$(uname -m)" = x86_64 ] || skip "other machines have other sizes"
	[ "$(stat -c %s "$CNIBOX")" -le $GOAL ] ||
		complain "$(stat -c %s "$CNIBOX") bytes"
	run -0 "$CNIBOX" --list
	[ "$output" = $'bridge\nhost-local\nloopback' ]
}

@test "the node has IPv6, and hears no router from pods" {
	local link
	pod_up p1
	add p1 "$NET"
	for link in br0 "$(jq -r '.interfaces[1].name' <<<"$result")"; do
		[ "$(node cat "/proc/sys/net/ipv6/conf/$link/accept_ra")" = 0 ]
	done
	gone p1 "$NET"
}

@test "pods get addresses and reach each other, in every version" {
	local version conf
	for version in 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		conf=$(with "$NET" "{\"cniVersion\": \"$version\"}")
		pod_up p1 p2
		add p1 "$(with "$LO" "{\"cniVersion\": \"$version\"}")"
		add p1 "$conf"
		expect "$result" ".cniVersion == \"$version\" and
			(.interfaces | length) == 3 and
			.ips[0].interface == 2 and
			.ips[0].gateway == \"10.1.2.1\" and
			.routes == [{\"dst\": \"0.0.0.0/0\"}]"
		[[ $version == 1.* ]] || expect "$result" '.ips[0].version == "4"'
		add p2 "$conf"
		pings p1 "$(jq -r '.ips[0].address | split("/")[0]' <<<"$result")"
		pings p1 10.1.2.1
		del_twice p1 "$conf"
		gone p2 "$conf"
		pod_down p1 p2
	done
}

@test "VERSION lists the versions of results that it has" {
	cni VERSION bridge p1 '{"cniVersion": "1.1.0"}'
	succeeded VERSION
	expect "$output" '.supportedVersions ==
		["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]'
}

@test "STATUS is there, CHECK and GC are refused" {
	local conf verb
	conf=$(with "$NET" '{"cniVersion": "1.1.0",
		"cni.dev/valid-attachments": []}')
	pod_up p1
	cni STATUS bridge p1 "$conf"
	silent STATUS
	for verb in CHECK GC; do
		cni "$verb" bridge p1 "$conf"
		failed_with "CNI_COMMAND: this binary is built without $verb"
		[ "$code" = 4 ]
	done
}

@test "what it is built without is refused by name, and DEL is not" {
	local conf
	pod_up p1
	refuses "$(with "$NET" '{"ipMasq": true}')" ipMasq NAT
	refuses "$(with "$NET" '{"macspoofchk": true}')" macspoofchk NAT
	refuses "$(with "$NET" '{"vlan": 5}')" vlan BRIDGE_VLAN
	refuses "$(with "$NET" '{"vlanTrunk": [{"id": 5}]}')" \
		vlanTrunk BRIDGE_VLAN
	refuses "$(with "$NET" '{"ipam": {"resolvConf": "/etc/resolv.conf"}}')" \
		ipam.resolvConf HOST_LOCAL_DNS
	refuses "$(with "$NET" '{"ipam": {"ranges": [[
		{"subnet": "fd00::/64"}]], "routes": []}}')" \
		"ipam: fd00::2/64" IPV6
	refuses "$(with "$NET" '{"ipam": {"routes": [{"dst": "fd01::/64"}]}}')" \
		"ipam: fd01::/64" IPV6
	refuses "$(with "$NET" '{"ipam": {"type": "static"}}')" \
		"ipam.type: static" IPAM_EXEC
	refuses "$(with_prev "$NET" '{"cniVersion": "1.0.0"}')" prevResult CHAIN
	refuses "$(with_prev "$LO" '{"cniVersion": "1.0.0"}')" prevResult CHAIN
	add p1 "$NET"
	conf=$(with "$NET" '{"ipMasq": true, "vlan": 5}')
	gone p1 "$(with_prev "$conf" "$result")"
}

@test "commands that it is built without are refused, by their options" {
	local name
	run -1 "$CNIBOX" --install "$BATS_TEST_TMPDIR"
	[[ $output == "cnibox: --install: this binary is built without INSTALL" ]]
	for name in install show sync; do
		run -1 "$CNIBOX" $name
		[[ $output == "cnibox: $name: this binary is built without ${name^^}" ]]
	done
	run -0 "$CNIBOX" --help
	[[ $output == *--list* && $output != *install* && $output != *sync* ]]
	[ -z "$(ls "$BATS_TEST_TMPDIR")" ]
}
