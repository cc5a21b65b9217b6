#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes to other nodes and their pods keeps its address, whatever network it
# comes from, if that is one of those that the other nodes know.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

PORTS='{"portMappings": [
	{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}
]}'
OTHER='{
	"cniVersion": "1.0.0", "name": "net2", "type": "bridge", "bridge": "br1",
	"isGateway": true, "ipMasq": true,
	"ipam": {"type": "host-local", "subnet": "10.9.0.0/24",
		"routes": [{"dst": "0.0.0.0/0"}]}
}'
SELF="self 10.1.2.0/24,2001:db8:1::/64 192.0.2.1,2001:db8:ffff::1"
LINE="node 198.51.100.0/24,2001:db8:2::/64 192.0.2.2,2001:db8:ffff::2"

# Another node, at 192.0.2.2, whose pod has 198.51.100.2; and 203.0.113.2 behind it
# is nobody's.
setup() {
	node_up
	needs_nodes
	outside_up
	pod outside ip address add 198.51.100.2/32 dev lo
	pod outside ip address add 203.0.113.2/32 dev lo
	pod outside ip address add 2001:db8:2::2/128 dev lo nodad
	pod outside ip route add 10.1.2.0/24 via 192.0.2.1
	pod outside ip route add 2001:db8:1::/64 via 2001:db8:ffff::1
	node ip route add default via 192.0.2.2
	node ip route add default via 2001:db8:ffff::2
	serve outside 80
	pod_up p1
}

syncs() {
	run --separate-stderr -0 node env -i "$CNIBOX" sync
}

# exempt ELEMENT...: these are in the sets, and no others.
exempt() {
	[ "$(node nft -j list table inet cnibox | jq -r '[.nftables[].set // empty
		| select(.name | test("^nodes[46]$")) | .elem[]?
		| if type == "object" then "\(.prefix.addr)/\(.prefix.len)" else . end]
		| join(" ")')" = "$*" ] ||
		complain "$(node nft list table inet cnibox)"
}

own_address_to() {
	answers "$1" 198.51.100.2 80 "outside sees $2"
	answers "$1" 192.0.2.2 80 "outside sees $2"
	answers "$1" 203.0.113.2 80 "outside sees 192.0.2.1"
}

@test "pods that are there already keep their addresses to a node that joins" {
	add_list p1 "$DUAL_LIST"
	answers p1 198.51.100.2 80 "outside sees 192.0.2.1"
	noted "$SELF" "$LINE"
	syncs
	exempt 10.1.2.0/24 192.0.2.1 192.0.2.2 198.51.100.0/24 \
		2001:db8:1::/64 2001:db8:2::/64 2001:db8:ffff::1 \
		2001:db8:ffff::2
	own_address_to p1 10.1.2.2
	answers p1 2001:db8:2::2 80 \
		"outside sees [2001:0db8:0001:0000:0000:0000:0000:0002]"
	check_list p1 "$DUAL_LIST"
	# It leaves.
	noted "$SELF"
	syncs
	answers p1 198.51.100.2 80 "outside sees 192.0.2.1"
	unnoted
	del_list p1 "$DUAL_LIST"
}

@test "networks that the other nodes do not know are masqueraded as before" {
	noted "$SELF" "$LINE"
	syncs
	pod_up p2
	add_list p1 "$DUAL_LIST"
	add p2 "$OTHER"
	own_address_to p1 10.1.2.2
	answers p2 198.51.100.2 80 "outside sees 192.0.2.1"
	answers p2 192.0.2.2 80 "outside sees 192.0.2.1"
	unnoted
	del_twice p2 "$OTHER"
	del_list p1 "$DUAL_LIST"
}

@test "published ports and the ways back to them stay as they are" {
	pod_up p2
	noted "$SELF" "$LINE"
	syncs
	add_list p1 "$DUAL_LIST" "$PORTS"
	add_list p2 "$DUAL_LIST"
	serve p1 80
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers p1 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers p2 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
	answers p2 10.1.2.2 80 "p1 sees 10.1.2.3"
	answers outside 10.1.2.2 80 "p1 sees 192.0.2.2"
	unnoted
	del_list p1 "$DUAL_LIST" "$PORTS"
	del_list p2 "$DUAL_LIST"
}

@test "what nft flush ruleset took, sync brings back, pods or not" {
	noted "$SELF" "$LINE"
	syncs
	node nft flush ruleset
	syncs
	add_list p1 "$DUAL_LIST"
	own_address_to p1 10.1.2.2
	node nft flush ruleset
	syncs
	own_address_to p1 10.1.2.2
	# Of the chain that looks the sets up.
	node nft flush chain inet cnibox masq
	syncs
	own_address_to p1 10.1.2.2
	check_list p1 "$DUAL_LIST"
	unnoted
	del_list p1 "$DUAL_LIST"
}

@test "GC, DEL, and a sync without a list leave it alone" {
	noted "$SELF" "$LINE"
	syncs
	add_list p1 "$DUAL_LIST"
	unnoted
	syncs
	own_address_to p1 10.1.2.2
	node nft add rule inet cnibox postrouting accept
	syncs
	own_address_to p1 10.1.2.2
	cni GC bridge p1 "$(jq -c '{cniVersion: "1.1.0", name} + .plugins[0] +
		{"cni.dev/valid-attachments": []}' <<<"$DUAL_LIST")"
	silent GC
	del_list p1 "$DUAL_LIST"
	exempt 10.1.2.0/24 192.0.2.1 192.0.2.2 198.51.100.0/24 \
		2001:db8:1::/64 2001:db8:2::/64 2001:db8:ffff::1 \
		2001:db8:ffff::2
}

@test "a file that cannot be read is told, and the pods are restored" {
	add_list p1 "$DUAL_LIST"
	noted "nonsense"
	node nft flush ruleset
	run --separate-stderr -1 node env -i "$CNIBOX" sync
	[[ $stderr == *'"nonsense" that is not ours'* ]]
	check_list p1 "$DUAL_LIST"
	unnoted
	del_list p1 "$DUAL_LIST"
}

# It would put back what the apply has just changed.
@test "sync leaves the exemption to an apply that is at work" {
	add_list p1 "$DUAL_LIST"
	noted "$SELF" "$LINE"
	node flock /run/cni/cnibox/nodes.lock sleep 100 &
	wait_until 5 lock_held
	node nft flush ruleset
	run --separate-stderr -1 node env -i "$CNIBOX" sync
	[[ $stderr == *"nodes.lock: locked by another process"* ]]
	exempt
	check_list p1 "$DUAL_LIST"
	kill $!
	unnoted
	del_list p1 "$DUAL_LIST"
}

lock_held() {
	! node flock -n /run/cni/cnibox/nodes.lock true
}
