#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole lists, as runtimes write them, with our firewall, and with what the
# reference's makes of our answers.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

BUILDKIT='{
	"cniVersion": "1.0.0", "name": "buildkit", "plugins": [
		{"type": "loopback"},
		{
			"type": "bridge", "bridge": "br0",
			"isDefaultGateway": true, "ipMasq": true,
			"ipam": {
				"type": "host-local",
				"ranges": [[{"subnet": "10.1.2.0/24"}]]
			}
		},
		{"type": "firewall", "ingressPolicy": "same-bridge"}
	]
}'
NOMAD='{
	"cniVersion": "0.4.0", "name": "nomad", "plugins": [
		{"type": "loopback"},
		{
			"type": "bridge", "bridge": "nomad",
			"ipMasq": true, "isGateway": true, "forceAddress": true,
			"hairpinMode": false,
			"ipam": {
				"type": "host-local",
				"ranges": [[{"subnet": "172.26.64.0/20"}]],
				"routes": [{"dst": "0.0.0.0/0"}]
			}
		},
		{
			"type": "firewall", "backend": "iptables",
			"ingressPolicy": "same-bridge",
			"iptablesAdminChainName": "NOMAD-ADMIN"
		},
		{
			"type": "portmap", "snat": true,
			"capabilities": {"portMappings": true}
		}
	]
}'

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

# list BRIDGE LIST: pods of one bridge reach each other, those of two do not.
isolates() {
	local other
	other=$(jq '.name = "other" | .plugins[1] |= (.bridge = "other0"
		| .ipam.ranges = [[{"subnet": "10.7.7.0/24"}]])' <<<"$2")
	pod_up p1 p2 p3
	add_list p1 "$2"
	expect "$result" '[.interfaces[].name] | .[0] == "'"$1"'"
		and .[2] == "eth0" and length == 3'
	expect "$result" '.ips | length == 1 and .[0].interface == 2'
	check_list p1 "$2"
	add_list p2 "$2"
	add_list p3 "$other"
	if [ -n "$PLUGIN_PATH" ]; then
		[[ $(isolation) == *"-i $1 ! -o $1 "* ]]
		[[ $(isolation) != *" lo "* ]]
	fi
	pings p1 127.0.0.1
	pings p1 "$(address_of p2)"
	pings node "$(address_of p1)"
	cannot_ping p3 "$(address_of p1)"
	cannot_ping p1 "$(address_of p3)"
	del_list p3 "$other"
	del_list p2 "$2"
	del_list p1 "$2"
	del_list p1 "$2"
	nothing_left
}

@test "BuildKit's list isolates bridges" {
	isolates br0 "$BUILDKIT"
	[ -z "$(node nft list tables | grep ' filter$')" ]
}

@test "BuildKit's list isolates bridges with the reference's firewall" {
	reference_firewall
	isolates br0 "$BUILDKIT"
}

@test "Nomad's list isolates bridges" {
	node iptables -P FORWARD DROP
	isolates nomad "$NOMAD"
	[[ $(node iptables -S) == *"-N NOMAD-ADMIN"* ]]
}

@test "Nomad's list isolates bridges with the reference's firewall" {
	reference_firewall
	isolates nomad "$NOMAD"
}

@test "in the oldest versions, too, the address is the pod's" {
	local version list
	pod_up p1
	for version in 0.1.0 0.2.0; do
		list=$(jq ".cniVersion = \"$version\" | del(.plugins[2])" \
			<<<"$BUILDKIT")
		add_list p1 "$list"
		expect "$result" '.ip4.ip | startswith("10.1.2.")'
		expect "$result" '.ip6 == null'
		del_list p1 "$list"
		nothing_left
	done
}
