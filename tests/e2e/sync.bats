#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnibox sync: the NAT of all attachments of a node, made anew.

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

# syncs TEXT: prints that line and nothing else.
syncs() {
	run --separate-stderr -0 node env -i "$CNIBOX" sync
	[ "$output$stderr" = "$1" ] || complain "$output$stderr" "not: $1"
}

two_pods() {
	add_list p1 "$LIST" "$(port 8081)"
	add_list p2 "$LIST" "$(port 8082)"
}

both_are_whole() {
	check_list p1 "$LIST" "$(port 8081)"
	check_list p2 "$LIST" "$(port 8082)"
}

both_go() {
	del_list p1 "$LIST" "$(port 8081)"
	del_list p2 "$LIST" "$(port 8082)"
	nothing_left
}

ruleset() {
	node nft -a list ruleset
}

@test "a record that is damaged is told, and the others are restored" {
	two_pods
	# So a disk that is full marks it.
	node sh -c "chmod u+x $RECORDS/*:p1.bridge"
	node nft flush ruleset
	run --separate-stderr -1 node env -i "$CNIBOX" sync
	[[ $stderr == *p1*"record of bridge is damaged, or cannot be read"* ]]
	[[ $stderr == *"not all could be restored"* ]]
	both_are_whole
	both_go
}

@test "what nft flush ruleset took comes back" {
	local before
	two_pods
	outside_up
	serve p1 80
	before=$(nat_elements | sort)
	node nft flush ruleset
	no_answer outside 192.0.2.1 8081
	syncs "2 attachments, 2 restored, 0 gone"
	both_are_whole
	[ "$(nat_elements | sort)" = "$before" ]
	answers outside 192.0.2.1 8081 "p1 sees 192.0.2.2"
	both_go
}

@test "where nothing is missing nothing is done" {
	local before
	syncs "0 attachments, 0 restored, 0 gone"
	[ -z "$(ruleset)" ]
	two_pods
	before=$(ruleset)
	syncs "2 attachments, 0 restored, 0 gone"
	[ "$(ruleset)" = "$before" ]
	both_go
}

@test "one element comes back, and one pod's are restored" {
	two_pods
	node nft delete element inet cnibox hostport4 '{ tcp . 8081 }'
	syncs "2 attachments, 1 restored, 0 gone"
	both_are_whole
	both_go
}

@test "rules come back, of every chain" {
	local chain chains
	two_pods
	chains=$(node nft -j list table inet cnibox |
		jq -r '.nftables[].chain.name // empty')
	[ "$(wc -l <<<"$chains")" -ge 6 ]
	for chain in $chains; do
		node nft flush chain inet cnibox "$chain"
		syncs "2 attachments, 2 restored, 0 gone"
		both_are_whole
	done
	both_go
}

@test "what was switched off is on again" {
	two_pods
	outside_up
	serve p1 80
	node find $RECORDS -name '*:p2.*' -delete
	node nft add table inet cnibox '{ flags dormant; }'
	no_answer outside 192.0.2.1 8081
	syncs "1 attachments, 1 restored, 0 gone"
	answers outside 192.0.2.1 8081 "p1 sees 192.0.2.2"
	both_are_whole
	node sysctl -qw net.ipv4.conf.br0.route_localnet=0
	syncs "1 attachments, 0 restored, 0 gone"
	both_are_whole
	answers node 127.0.0.1 8081 "p1 sees 10.1.2.1"
	both_go
}

@test "what began without NAT goes on with it" {
	local udp='{"hostPort": 8053, "containerPort": 53, "protocol": "udp"}'
	add_list p1 "$LIST" "{\"portMappings\": [$udp]}"
	outside_up
	pod outside ip route add 10.1.2.2/32 via 192.0.2.1
	serve p1 53 udp
	serve outside 53 udp
	serve outside 80
	node nft flush ruleset
	# Conntrack goes on as long as somebody asks for it.
	node nft add table ip theirs
	node nft add chain ip theirs c \
		'{ type filter hook prerouting priority 0; }'
	node nft add rule ip theirs c ct state new accept
	answers p1 192.0.2.2 53 "outside sees 10.1.2.2" udp sourceport=5000
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2" tcp sourceport=5000
	no_answer outside 192.0.2.1 8053 udp sourceport=5000
	syncs "1 attachments, 1 restored, 0 gone"
	# What has worked is not broken.
	[ "$(node conntrack -L -p tcp -s 10.1.2.2 2>/dev/null | wc -l)" = 1 ]
	answers p1 192.0.2.2 53 "outside sees 192.0.2.1" udp sourceport=5000
	answers outside 192.0.2.1 8053 "p1 sees 192.0.2.2" udp sourceport=5000
	del_list p1 "$LIST"
	node nft delete table ip theirs
	nothing_left
}

@test "what others have stays" {
	two_pods
	node nft add table ip theirs
	node nft add chain ip theirs other
	syncs "2 attachments, 0 restored, 0 gone"
	node nft delete table inet cnibox
	syncs "2 attachments, 2 restored, 0 gone"
	node nft list chain ip theirs other
	node nft delete table ip theirs
	both_go
}

@test "what a dead pod had goes, and its DEL finds nothing amiss" {
	two_pods
	pod_down p1
	syncs "2 attachments, 0 restored, 1 gone"
	check_list p2 "$LIST" "$(port 8082)"
	[ "$(nat_elements | grep -c p1)" = 0 ]
	node nft flush ruleset
	syncs "1 attachments, 1 restored, 0 gone"
	[ "$(nat_elements | grep -c p1)" = 0 ]
	both_go
}

@test "tables of an older version are made anew, so that elements can expire" {
	local new before
	two_pods
	outside_up
	serve p1 80
	new=$(node nft list table inet cnibox)
	before=$(nat_elements | sort)
	[[ $new == *'comment "elements can expire"'* ]] || skip "elements do not expire"
	{
		echo "delete table inet cnibox"
		sed '/comment "elements can expire"/d; /flags timeout$/d' <<<"$new"
	} | node nft -f -
	syncs "2 attachments, 0 restored, 0 gone"
	[ "$(node nft list table inet cnibox)" = "$new" ]
	[ "$(nat_elements | sort)" = "$before" ]
	answers outside 192.0.2.1 8081 "p1 sees 192.0.2.2"
	syncs "2 attachments, 0 restored, 0 gone"
	both_go
}

@test "what has no record but its host end is left alone" {
	local before
	two_pods
	before=$(nat_elements)
	node find $RECORDS -name '*:p1.*' -delete
	syncs "1 attachments, 0 restored, 0 gone"
	[ "$(nat_elements)" = "$before" ]
	both_go
}

@test "a port that another has got since is its own until it goes" {
	add_list p1 "$LIST" "$(port 8081)"
	node nft flush ruleset
	add_list p2 "$LIST" "$(port 8081)"
	syncs "2 attachments, 1 restored, 0 gone"
	check_list p2 "$LIST" "$(port 8081)"
	syncs "2 attachments, 0 restored, 0 gone"
	del_list p2 "$LIST" "$(port 8081)"
	check_list p1 "$LIST" "$(port 8081)"
	del_list p1 "$LIST" "$(port 8081)"
	nothing_left
}

@test "networks of a container go on sharing a port" {
	local other first
	other=$(jq -c '.name = "net2" | .plugins[0].bridge = "br1"
		| .plugins[0].ipam.ranges = [[{"subnet": "10.1.3.0/24"}]]' \
		<<<"$LIST")
	for first in "$LIST" "$other"; do
		add_list p1 "$LIST" "$(port 8081)"
		CNI_IFNAME=eth1 add_list p1 "$other" "$(port 8081)"
		node nft flush ruleset
		syncs "2 attachments, 2 restored, 0 gone"
		if [ "$first" = "$LIST" ]; then
			del_list p1 "$LIST" "$(port 8081)"
			node nft get element inet cnibox hostport4 \
				'{ tcp . 8081 }' | grep net2
		fi
		CNI_IFNAME=eth1 del_list p1 "$other" "$(port 8081)"
		if [ "$first" = "$other" ]; then
			node nft get element inet cnibox hostport4 \
				'{ tcp . 8081 }' | grep net1
			del_list p1 "$LIST" "$(port 8081)"
		fi
		nothing_left
	done
}

@test "what a DEL has begun to remove does not come back" {
	node strace -qq -o /dev/null true || skip "no strace"
	add_list p1 "$LIST" "$(port 8081)"
	WRAPPER=(strace -qq -o /dev/null -e inject=unlink:signal=KILL)
	cni DEL portmap p1 "$(plugin_conf "$LIST" 1 null "{}")"
	WRAPPER=()
	[ "$status" = 137 ]
	node test -e "$RECORDS/net1:eth0:p1.portmap"
	syncs "1 attachments, 0 restored, 0 gone"
	[ "$(nat_elements | grep -c ^host)" = 0 ]
	del_list p1 "$LIST"
	nothing_left
}

@test "an error of sync is one line" {
	node mkdir -p /run/cni
	node touch $RECORDS
	run --separate-stderr -1 node env -i "$CNIBOX" sync
	[ -z "$output" ]
	[ "$stderr" = "cnibox: read $RECORDS: Not a directory" ] ||
		complain "$stderr"
}

@test "--help says what it does, and does it not; words it does not know are an error" {
	add_list p1 "$LIST" "$(port 8080)"
	node nft flush ruleset
	run -0 --separate-stderr node "$CNIBOX" sync --help
	[[ $output == "    cnibox sync  "* && -z $stderr ]]
	run -1 --separate-stderr node "$CNIBOX" sync now
	[ "$output$stderr" = "cnibox: sync: unknown word now; see cnibox sync --help" ]
	[ -z "$(node nft list ruleset)" ]
	syncs "1 attachments, 1 restored, 0 gone"
	del_list p1 "$LIST" "$(port 8080)"
	nothing_left
}
