#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the reference's firewall makes of our answers, and the oldest versions.
# tests/lists has what whole lists promise.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

BUILDKIT=$(<"$TOP/tests/lists/buildkit.conflist")
NOMAD=$(<"$TOP/tests/lists/nomad.conflist")

setup() {
	node_up
	PLUGINS=$BATS_TEST_TMPDIR/plugins
	mkdir "$PLUGINS"
	"$CNIBOX" --install -s "$PLUGINS" >/dev/null
}

# The reference's firewall needs iptables.
reference_firewall() {
	[ -x "$REFERENCE"/firewall ] || skip "no reference plugins"
	PLUGIN_PATH=$PATH
	ln -sf "$REFERENCE"/firewall "$PLUGINS"
}

# The address that the last ADD of POD gave.
address_of() {
	jq -r '.ips[0].address | split("/")[0]' <<<"${results[$1]}"
}

isolation() {
	node iptables -S CNI-ISOLATION-STAGE-1
}

@test "BuildKit's list isolates bridges with the reference's firewall" {
	local other
	reference_firewall
	other=$(jq '.name = "other" | .plugins[1] |= (.bridge = "other0"
		| .ipam.ranges = [[{"subnet": "10.7.7.0/24"}]])' <<<"$BUILDKIT")
	pod_up p1 p2 p3
	add_list p1 "$BUILDKIT"
	expect "$result" '[.interfaces[].name] | .[0] == "buildkit0"
		and .[2] == "eth0" and length == 3'
	expect "$result" '.ips | length == 1 and .[0].interface == 2'
	check_list p1 "$BUILDKIT"
	add_list p2 "$BUILDKIT"
	add_list p3 "$other"
	[[ $(isolation) == *"-i buildkit0 ! -o buildkit0 "* ]]
	[[ $(isolation) != *" lo "* ]]
	pings p1 127.0.0.1
	pings p1 "$(address_of p2)"
	pings node "$(address_of p1)"
	cannot_ping p3 "$(address_of p1)"
	cannot_ping p1 "$(address_of p3)"
	del_list p3 "$other"
	del_list p2 "$BUILDKIT"
	del_list p1 "$BUILDKIT"
	del_list p1 "$BUILDKIT"
	nothing_left
}

@test "Nomad's list lets pass what is dropped with the reference's firewall" {
	reference_firewall
	outside_up
	node iptables -P FORWARD DROP
	serve outside 80
	pod_up p1
	add_list p1 "$NOMAD"
	check_list p1 "$NOMAD"
	[[ $(node iptables -S) == *"-A CNI-FORWARD "*"-j NOMAD-ADMIN"* ]]
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	del_list p1 "$NOMAD"
	del_list p1 "$NOMAD"
	nothing_left
}

@test "in the oldest versions, too, the address is the pod's" {
	local version list
	pod_up p1
	for version in 0.1.0 0.2.0; do
		list=$(jq ".cniVersion = \"$version\" | del(.plugins[2])" \
			<<<"$BUILDKIT")
		add_list p1 "$list"
		expect "$result" '.ip4.ip | startswith("10.10.0.")'
		expect "$result" '.ip6 == null'
		del_list p1 "$list"
		nothing_left
	done
}
