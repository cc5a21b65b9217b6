#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnibox show: all attachments of a node.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LIST=$DUAL_LIST
RECORDS=/run/cni/cnibox

# port NUMBER: the capability argument.
port() {
	jq -cn --argjson n "$1" '{portMappings: [
		{hostPort: $n, containerPort: 80, protocol: "tcp"}]}'
}

setup() {
	node_up
	pod_up p1 p2
}

# shows TEXT [WORD...]: prints that and nothing else.
shows() {
	run --separate-stderr -0 node env -i "$CNIBOX" show "${@:2}"
	[ "$output$stderr" = "$1" ] || complain "$output$stderr" "not: $1"
}

@test "show has a line for each attachment" {
	shows ""
	add_list p1 "$LIST" "$(port 8081)"
	shows "net1/eth0/p1 10.1.2.2/24,2001:db8:1::2/64 8081/tcp->80 /run/netns/p1"
	pod p1 ip address del 2001:db8:1::2/64 dev eth0
	shows "net1/eth0/p1 10.1.2.2/24 8081/tcp->80 /run/netns/p1"
	pod p1 ip link del eth0
	shows "net1/eth0/p1 - 8081/tcp->80 /run/netns/p1"
	pod_down p1
	shows "net1/eth0/p1 - 8081/tcp->80 /run/netns/p1 (gone)"
	del_list p1 "$LIST" "$(port 8081)"
	shows ""
}

@test "show --json says the same" {
	local id
	shows "[]" --json
	id=$(printf '%0230d' 7)
	add_list p1 "$LIST" '{"portMappings": [
		{"hostPort": 8081, "containerPort": 80},
		{"hostPort": 53, "containerPort": 5353, "protocol": "udp",
			"hostIP": "127.0.0.1"}]}'
	CNI_CONTAINERID=$id add p2 "$(plugin_conf "$LIST" 0 null "{}")"
	run -0 node env -i "$CNIBOX" show --json
	expect "$output" 'sort_by(.container) | length == 2 and
		(map(select(.container == "p1")) == [{
			network: "net1", interface: "eth0", container: "p1",
			addresses: ["10.1.2.2/24", "2001:db8:1::2/64"],
			ports: ["8081/tcp->80", "127.0.0.1:53/udp->5353"],
			netns: "/run/netns/p1", state: "alive"
		}]) and (map(select(.container != "p1"))[0]
			| (.network | startswith("=")) and .interface == ""
			and .netns == "/run/netns/p2" and .addresses == [])'
}

@test "an error of show is one line" {
	node mkdir -p /run/cni
	node touch $RECORDS
	run --separate-stderr -1 node env -i "$CNIBOX" show
	[ -z "$output" ]
	[ "$stderr" = "cnibox: read $RECORDS: Not a directory" ]
}

@test "--help says what it does; words it does not know are an error" {
	local words
	run -0 node "$CNIBOX" show --help
	[[ $output == "    cnibox show [--json]  "* ]]
	for words in -x now "--json x"; do
		# shellcheck disable=SC2086 # several words
		run -1 --separate-stderr node "$CNIBOX" show $words
		[ "$output$stderr" = "cnibox: show: unknown word ${words##* }; see cnibox show --help" ]
	done
}
