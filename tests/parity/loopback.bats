#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# loopback and Debian's loopback: the same kernel, the same answers.

# shellcheck disable=SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

LO='{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}'

@test "every version, by itself" {
	local version
	PODS=p1 STEPS="ADD:p1 ADD:p1 DEL:p1 DEL:p1"
	# For versions before 1.0.0 the reference prints the form of 1.0.0
	# (tests/e2e/loopback.bats has what is printed here).
	reword() {
		[[ $side$version == box0* && $step == ADD* ]] || {
			cat
			return
		}
		jq --indent 4 '{
			cniVersion,
			interfaces: (.interfaces // [{name: "lo",
				mac: "00:00:00:00:00:00",
				sandbox: "/run/netns/p1"}]),
			ips: [(.ips // [.ip4, .ip6 | {address: .ip}])[]
				| {interface: 0, address}],
			dns: {}
		}'
	}
	for version in $VERSIONS; do
		rows "$LO" <<<"\"$version\" {\"cniVersion\": \"$version\"}"
	done
}

@test "CHECK" {
	local version
	PODS=p1
	for version in 1.0.0 1.1.0; do
		STEPS="CHECK:p1 ADD:p1 CHECK:p1 DEL:p1 CHECK:p1"
		rows "$LO" <<<"\"$version\" {\"cniVersion\": \"$version\"}"
	done
}
