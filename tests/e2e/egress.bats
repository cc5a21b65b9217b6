#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# firewall's egress: a container sends only where a list allows.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

# Without masquerading, and with DNS servers.
LIST=$(jq -c '.plugins[0] |= (.ipMasq = false
		| .dns = {"nameservers": ["192.0.2.2", "2001:db8:ffff::2"]})
	| .plugins += [{"type": "firewall"}]' <<<"$DUAL_LIST")
PTP=$(jq -c '.plugins[0] |= (.type = "ptp" | del(.bridge, .isGateway))' <<<"$LIST")
PUBLISHED='{"portMappings": [
	{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"},
	{"hostPort": 8053, "containerPort": 53, "protocol": "udp"}]}'
PEER6='[2001:0db8:0001:0000:0000:0000:0000:000'

# denying ENTRY...: the list that allows only these. BASE is another list.
BASE=$LIST
denying() {
	with_firewall "{\"egress\": $(denial "$@")}"
}

denial() {
	jq -cn '{default: "deny", allow: $ARGS.positional}' --args "$@"
}

with_firewall() {
	jq -c --argjson more "$1" '.plugins |= map(
		if .type == "firewall" then . + $more else . end)' <<<"$BASE"
}

# The configuration of firewall in LIST for a pod that has been added.
conf_of() {
	plugin_conf "$2" 2 "${results[$1]}" '{}'
}

routed_outside_up() {
	outside_up
	pod outside ip route add 10.1.0.0/16 via 192.0.2.1
	pod outside ip route add 2001:db8:1::/64 via 2001:db8:ffff::1
}

bridge_netfilter_off() {
	node sysctl -eqw net.bridge.bridge-nf-call-{ip,ip6}tables=0
}

gone_list() {
	del_list "$@"
	del_list "$@"
	nothing_left
	[ -z "$(lists)" ] || complain "$(lists)"
}

# Chains and sets of lists, of both tables.
lists() {
	node nft -j list ruleset | jq -r '.nftables[] | .chain // .set // empty
		| select(.name | test("^(egress|limited)[46]")) | "\(.table) \(.name)"'
}

# How many packets all rules of our tables have dropped.
dropped() {
	node nft -j list ruleset | jq '[.nftables[].rule // empty
		| select(.table == "cnibox-filter")
		| select(.expr | map(has("drop")) | any)
		| .expr[].counter.packets // 0] | add'
}

@test "what is allowed passes: a port, a subnet's port, a subnet; nothing else" {
	local list
	list=$(denying 192.0.2.2:443/tcp 192.0.2.0/24:53/udp \
		"[2001:db8:ffff::2]:443/tcp" "[2001:db8:ffff::/64]:53/udp")
	routed_outside_up
	pod_up p1
	serve outside 443
	serve outside 80
	serve outside 53 udp
	serve outside 54 udp
	add_list p1 "$list"
	check_list p1 "$list"
	answers p1 192.0.2.2 443 "outside sees 10.1.2.2"
	answers p1 192.0.2.2 53 "outside sees 10.1.2.2" udp
	answers p1 2001:db8:ffff::2 443 "outside sees ${PEER6}2]"
	answers p1 2001:db8:ffff::2 53 "outside sees ${PEER6}2]" udp
	[ "$(dropped)" = 0 ] # none of which it takes, such as ND
	no_answer p1 192.0.2.2 80
	no_answer p1 192.0.2.2 54 udp
	no_answer p1 2001:db8:ffff::2 80
	no_answer p1 2001:db8:ffff::2 54 udp
	cannot_ping p1 192.0.2.2
	cannot_ping p1 2001:db8:ffff::2
	[ "$(dropped)" -ge 6 ]
	del_list p1 "$list"
	# The kernel takes no range that begins in one that is there.
	list=$(denying 192.0.2.0/24 192.0.2.0/23:443/tcp 2001:db8:ffff::/64)
	pod_down p1
	pod_up p1
	add_list p1 "$list"
	check_list p1 "$list"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.3"
	answers p1 192.0.2.2 54 "outside sees 10.1.2.3" udp
	answers p1 2001:db8:ffff::2 80 "outside sees ${PEER6}3]"
	pings p1 192.0.2.2
	pings p1 2001:db8:ffff::2
	gone_list p1 "$list"
}

@test "the node itself is nowhere allowed, but by its addresses" {
	local list
	list=$(denying 10.1.2.1:80/tcp "[2001:db8:1::1]:80/tcp")
	outside_up
	pod_up p1
	serve node 80
	serve node 22
	add_list p1 "$list"
	answers p1 10.1.2.1 80 "node sees 10.1.2.2"
	answers p1 2001:db8:1::1 80 "node sees ${PEER6}2]"
	no_answer p1 10.1.2.1 22
	no_answer p1 192.0.2.1 80
	no_answer p1 2001:db8:1::1 22
	no_answer p1 2001:db8:ffff::1 80
	no_answer p1 "$(link node br0 | jq -r '.addr_info[]
		| select(.scope == "link").local')%eth0" 80
	# The node reaches the pod, and what it asks is answered.
	serve p1 80
	answers node 10.1.2.2 80 "p1 sees 10.1.2.1"
	answers node 2001:db8:1::2 80 "p1 sees ${PEER6}1]"
	gone_list p1 "$list"
}

@test "gateway and dns are these of prevResult" {
	local list
	list=$(denying gateway:53/udp dns:53/udp)
	routed_outside_up
	pod_up p1
	serve node 53 udp
	serve node 53
	serve outside 53 udp
	serve outside 54 udp
	add_list p1 "$list"
	check_list p1 "$list"
	answers p1 10.1.2.1 53 "node sees 10.1.2.2" udp
	answers p1 2001:db8:1::1 53 "node sees ${PEER6}2]" udp
	answers p1 192.0.2.2 53 "outside sees 10.1.2.2" udp
	answers p1 2001:db8:ffff::2 53 "outside sees ${PEER6}2]" udp
	no_answer p1 10.1.2.1 53
	no_answer p1 192.0.2.2 54 udp
	no_answer p1 192.0.2.1 53 udp
	gone_list p1 "$list"
	list=$(denying gateway)
	pod_down p1
	pod_up p1
	add_list p1 "$list"
	answers p1 10.1.2.1 53 "node sees 10.1.2.3"
	pings p1 2001:db8:1::1
	no_answer p1 192.0.2.2 53 udp
	gone_list p1 "$list"
}

@test "an empty list denies everything, default allow nothing" {
	local list
	routed_outside_up
	pod_up p1 p2 p3
	serve outside 80
	add_list p1 "$(denying)"
	list=$(with_firewall '{"egress": {"default": "allow", "allow": ["10.0.0.0/8"]}}')
	add_list p2 "$list"
	add_list p3 "$LIST"
	no_answer p1 192.0.2.2 80
	no_answer p1 2001:db8:ffff::2 80
	cannot_ping p1 10.1.2.1
	for pod in p2 p3; do
		pings $pod 192.0.2.2
		pings $pod 2001:db8:ffff::2
	done
	del_list p1 "$LIST"
	[ -z "$(lists)" ] || complain "$(lists)"
	check_list p2 "$list"
	del_list p3 "$LIST"
	gone_list p2 "$list"
}

@test "what others begin is answered, also by published ports" {
	local list
	list=$(denying)
	routed_outside_up
	pod_up p1
	serve p1 80
	serve p1 53 udp
	add_list p1 "$list" "$PUBLISHED"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers outside 192.0.2.1 8053 "p1 sees 192.0.2.2" udp
	answers outside 10.1.2.2 80 "p1 sees 192.0.2.2"
	answers outside 2001:db8:1::2 53 \
		"p1 sees [2001:0db8:ffff:0000:0000:0000:0000:0002]" udp
	pings outside 2001:db8:1::2
	no_answer p1 192.0.2.1 8080
	gone_list p1 "$list" "$PUBLISHED"
}

@test "the address behind another's DNAT is the one that counts" {
	local list
	list=$(denying 192.0.2.2:80/tcp 10.96.0.2:80/tcp)
	routed_outside_up
	pod_up p1
	serve outside 80
	serve outside 81
	node nft add table ip services
	node nft add chain ip services pre \
		'{ type nat hook prerouting priority dstnat; }'
	node nft add rule ip services pre ip daddr 10.96.0.1 dnat to 192.0.2.2
	node nft add rule ip services pre ip daddr 10.96.0.2 tcp dport 80 \
		dnat to 192.0.2.2:81
	add_list p1 "$list"
	answers p1 10.96.0.1 80 "outside sees 10.1.2.2"
	no_answer p1 10.96.0.2 80
	gone_list p1 "$list"
}

# pods_of_a_bridge ALLOWED...: p1 has a list, p2 has none.
pods_of_a_bridge() {
	pod_up p1 p2
	serve p1 80
	serve p1 53 udp
	serve p2 80
	serve p2 81
	add_list p1 "$(denying "$@")"
	add_list p2 "$LIST"
}

pods_of_a_bridge_gone() {
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "pods of one bridge are denied, too, whether the bridge asks netfilter or not" {
	local on
	for on in off on; do
		bridge_netfilter_$on
		pods_of_a_bridge 10.1.2.0/24:80/tcp "[2001:db8:1::/64]:80/tcp"
		answers p1 "$(address_of p2 4)" 80 "p2 sees $(address_of p1 4)"
		answers p1 "$(address_of p2 6)" 80 "p2 sees $(long_address_of p1)"
		no_answer p1 "$(address_of p2 4)" 81
		no_answer p1 "$(address_of p2 6)" 81
		cannot_ping p1 "$(address_of p2 4)"
		cannot_ping p1 "$(address_of p2 6)"
		cannot_ping p1 "$(pod p2 ip -j -6 address show dev eth0 scope link |
			jq -r '.[].addr_info[].local | values')%eth0"
		cannot_ping p1 ff02::1%eth0
		pods_of_a_bridge_gone
		pod_down p1 p2
	done
}

address_of() {
	jq -r --arg v "$2" '.ips[].address | select(contains(":") == ($v == "6"))
		| split("/")[0]' <<<"${results[$1]}"
}

long_address_of() {
	echo "$PEER6$(address_of "$1" 6 | tail -c 2)]"
}

@test "a pod of the bridge is answered where frames pass netfilter" {
	bridge_netfilter_on
	pods_of_a_bridge
	answers p2 "$(address_of p1 4)" 80 "p1 sees $(address_of p2 4)"
	answers p2 "$(address_of p1 4)" 53 "p1 sees $(address_of p2 4)" udp
	answers p2 "$(address_of p1 6)" 80 "p1 sees $(long_address_of p2)"
	pings p2 "$(address_of p1 6)"
	cannot_ping p1 "$(address_of p2 6)"
	pods_of_a_bridge_gone
}

@test "where frames pass no netfilter, a pod of the bridge has to be allowed" {
	bridge_netfilter_off
	pods_of_a_bridge
	no_answer p2 "$(address_of p1 4)" 80
	pods_of_a_bridge_gone
	pod_down p1 p2
	pods_of_a_bridge 10.1.2.0/24
	answers p2 "$(address_of p1 4)" 80 "p1 sees $(address_of p2 4)"
	answers p2 "$(address_of p1 4)" 53 "p1 sees $(address_of p2 4)" udp
	pods_of_a_bridge_gone
}

# Whatever p1 sends by other addresses than its own does not arrive.
forges() {
	local allowed=$1
	pod p1 ip address add 10.1.2.99/24 dev eth0
	pod p1 ip address add 2001:db8:1::99/64 dev eth0 nodad
	no_answer p1 192.0.2.2 80 tcp bind=10.1.2.99
	no_answer p1 2001:db8:ffff::2 80 tcp "bind=[2001:db8:1::99]"
	# That of a pod that is free, and that of one that is allowed.
	pod p1 ip address add 10.1.2.3/24 dev eth0
	no_answer p1 192.0.2.2 80 tcp bind=10.1.2.3
	no_answer p1 192.0.2.2 443 tcp bind=10.1.2.99
	no_answer p1 "$allowed" 53 udp bind=10.1.2.99
	answers p1 192.0.2.2 443 "outside sees 10.1.2.2" tcp bind=10.1.2.2
}

@test "a pod that forges its address does not get out, of a bridge or of a ptp" {
	local list
	routed_outside_up
	serve outside 80
	serve outside 443
	serve node 53 udp
	for BASE in "$LIST" "$PTP"; do
		list=$(denying 192.0.2.2:443/tcp 10.1.2.1:53/udp)
		pod_up p1 p2
		add_list p1 "$list"
		add_list p2 "$BASE"
		forges 10.1.2.1
		[ "$(dropped)" -gt 0 ]
		del_list p2 "$BASE"
		gone_list p1 "$list"
		pod_down p1 p2
		node rm -r /var/lib/cni/networks
	done
}

# icmpv6 POD DESTINATION TYPE: one message.
icmpv6() {
	pod "$1" python3 -c '
import socket, sys
out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
out.sendto(bytes([int(sys.argv[2]), 0]) + bytes(62), (sys.argv[1], 0))' "$2" "$3"
}

@test "neighbour discovery carries nothing away" {
	local type
	routed_outside_up
	pod_up p1
	add_list p1 "$(denying)"
	pings outside 2001:db8:1::2 # the gateway is known to p1
	pod outside nft add table ip6 t
	pod outside nft add chain ip6 t in \
		'{ type filter hook prerouting priority 0; }'
	pod outside nft add rule ip6 t in ip6 saddr 2001:db8:1::2 counter
	pod outside nft add rule ip6 t in icmpv6 type '{ 134, 135, 143 }' \
		ip6 saddr 2001:db8:1::2 counter drop
	for type in 128 135 136 133 143; do
		icmpv6 p1 2001:db8:ffff::2 "$type"
	done
	[ "$(dropped)" = 5 ]
	pod outside nft list chain ip6 t in | grep -q 'counter packets 0'
	# On the link it is as it always was.
	pod p1 ip -6 neigh flush dev eth0
	node ip -6 neigh flush dev br0
	pings outside 2001:db8:1::2
	gone_list p1 "$LIST"
}

@test "neighbour discovery is not forwarded" {
	local type
	BASE=$PTP
	pod_up p1 p2
	add_list p1 "$(denying)"
	add_list p2 "$PTP"
	pod p2 nft add table ip6 t
	pod p2 nft add chain ip6 t in \
		'{ type filter hook prerouting priority 0; }'
	pod p2 nft add rule ip6 t in ip6 saddr "$(address_of p1 6)" counter
	pings node "$(address_of p2 6)"
	for type in 131 133 135 136 143; do
		icmpv6 p1 "$(address_of p2 6)" "$type"
	done
	pings node "$(address_of p2 6)" # comes behind them
	pod p2 nft list chain ip6 t in | grep -q 'counter packets 0'
	del_list p1 "$(denying)"
	gone_list p2 "$PTP"
}

@test "a pod behind ptp is limited, and its node is out of reach" {
	local list
	BASE=$PTP
	list=$(denying 192.0.2.2:443/tcp dns:53/udp)
	routed_outside_up
	pod_up p1 p2
	serve outside 443
	serve outside 80
	serve outside 53 udp
	serve node 80
	serve p1 80
	serve p2 80
	add_list p1 "$list" "$PUBLISHED"
	add_list p2 "$PTP"
	check_list p1 "$list"
	[ -z "$(node nft list tables bridge)" ]
	answers p1 192.0.2.2 443 "outside sees 10.1.2.2"
	answers p1 2001:db8:ffff::2 53 "outside sees ${PEER6}2]" udp
	no_answer p1 192.0.2.2 80
	no_answer p1 10.1.2.1 80
	no_answer p1 "$(address_of p2 4)" 80
	no_answer p1 "$(address_of p2 6)" 80
	no_answer p1 "$(node ip -j -6 address show scope link | jq -r --arg veth \
		"$(jq -r '.interfaces[0].name' <<<"${results[p1]}")" \
		'.[] | select(.ifname == $veth).addr_info[].local')%eth0" 80
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers p2 10.1.2.2 80 "p1 sees $(address_of p2 4)"
	answers p2 2001:db8:1::2 80 "p1 sees $(long_address_of p2)"
	del_list p2 "$PTP"
	gone_list p1 "$list" "$PUBLISHED"
}

@test "frames of other protocols do not leave a limited port" {
	local mac
	pod_up p1 p2
	add_list p1 "$(denying)"
	add_list p2 "$LIST"
	mac=$(link p2 eth0 | jq -r .address)
	pod p1 python3 "$TOP/tests/e2e/frame.py" eth0 "$mac" \
		"$(link p1 eth0 | jq -r .address)"
	[ "$(dropped)" = 1 ]
	pods_of_a_bridge_gone
}

# udp_frame POD MAC SOURCE DESTINATION PORT: one packet in a frame to MAC, of both
# addresses' family.
udp_frame() {
	pod "$1" python3 -c '
import socket, struct, sys
mac, source, destination, port = sys.argv[1:]
family = socket.AF_INET6 if ":" in source else socket.AF_INET
both = socket.inet_pton(family, source) + socket.inet_pton(family, destination)

def total(data):
    sum_of = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while sum_of >> 16:
        sum_of = (sum_of & 0xFFFF) + (sum_of >> 16)
    return 0xFFFF - sum_of

said = struct.pack("!HHHH", 9999, int(port), 12, 0) + b"here"
said = said[:6] + struct.pack("!H", total(
    both + struct.pack("!HH", 17, len(said)) + said)) + said[8:]
if family == socket.AF_INET:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(said), 0, 0, 64, 17, 0)
    head = head[:10] + struct.pack("!H", total(head + both))
else:
    head = struct.pack("!IHBB", 6 << 28, len(said), 17, 64)
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth0", 0))
out.send(bytes.fromhex(mac.replace(":", "")) + b"\x02hello"
    + struct.pack("!H", 0x0800 if family == socket.AF_INET else 0x86DD)
    + head + both + said)' "${@:2}"
}

@test "a frame that is for the port itself brings nothing to the node" {
	local pod
	pod_up p1 p2
	add_list p1 "$(denying)"
	add_list p2 "$LIST"
	node sysctl -qw net.ipv4.conf.all.rp_filter=0
	for pod in p1 p2; do
		node sysctl -qw "net.ipv4.conf.$(jq -r \
			'.interfaces[1].name' <<<"${results[$pod]}").rp_filter=0"
	done
	node nft add table inet t
	node nft add chain inet t in '{ type filter hook input priority 0; }'
	node nft add rule inet t in udp dport 7 counter
	for pod in p2 p1; do
		udp_frame $pod 01:80:c2:00:00:0e 10.1.2.99 10.1.2.1 7
		udp_frame $pod 01:80:c2:00:00:0e "$(address_of $pod 4)" 10.1.2.1 7
		udp_frame $pod 01:80:c2:00:00:0e 2001:db8:1::99 2001:db8:1::1 7
		# What a pod without a list may do, p1 may not.
		wait_until 1 counted 3
	done
	[ "$(dropped)" = 3 ]
	pods_of_a_bridge_gone
}

counted() {
	node nft list chain inet t in | grep -q "counter packets $1 "
}

@test "of two lists, the network's and the container's, what both allow is allowed" {
	local list
	list=$(with_firewall "{
		\"egress\": $(denial 192.0.2.0/24:80/tcp 192.0.2.2:443/tcp 2001:db8:ffff::2),
		\"args\": {\"cni\": {\"egress\": $(denial 192.0.2.2 10.1.2.1 \
		"[2001:db8::/32]:80/tcp")}}}")
	routed_outside_up
	pod_up p1
	serve outside 80
	serve outside 443
	serve node 80
	add_list p1 "$list"
	check_list p1 "$list"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	answers p1 192.0.2.2 443 "outside sees 10.1.2.2"
	answers p1 2001:db8:ffff::2 80 "outside sees ${PEER6}2]"
	no_answer p1 192.0.2.1 80
	no_answer p1 10.1.2.1 80
	no_answer p1 2001:db8:ffff::2 443
	cannot_ping p1 192.0.2.2
	gone_list p1 "$list"
}

@test "a container's list holds without one of the network, and cannot lift that" {
	local list
	routed_outside_up
	pod_up p1 p2
	serve outside 80
	list=$(with_firewall "{\"args\": {\"cni\": {\"egress\": $(denial)}}}")
	add_list p1 "$list"
	no_answer p1 192.0.2.2 80
	add_list p2 "$(with_firewall "{\"egress\": $(denial),
		\"args\": {\"cni\": {\"egress\": {\"default\": \"allow\",
		\"allow\": [\"192.0.2.2\"]}}}}")"
	no_answer p2 192.0.2.2 80
	del_list p2 "$list"
	gone_list p1 "$list"
}

@test "what a list that allows everything names does not have to be there" {
	local allow='{"default": "allow", "allow": ["dns:53/udp"]}'
	pod_up p1
	BASE=$(jq -c '.plugins[0] |= del(.dns)' <<<"$LIST")
	add_list p1 "$(with_firewall "{\"egress\": $allow,
		\"args\": {\"cni\": {\"egress\": $(denial 192.0.2.2)}}}")"
	check_list p1 "$(denying 192.0.2.2)"
	del_list p1 "$LIST"
	pod_down p1
	pod_up p1
	add_list p1 "$(with_firewall "{\"egress\": $(denial 192.0.2.2),
		\"args\": {\"cni\": {\"egress\": $allow}}}")"
	check_list p1 "$(denying 192.0.2.2)"
	gone_list p1 "$LIST"
}

@test "pods of one list share its chains, and any number of lists goes with its pods" {
	local one i
	pod_up p1 p2 p3
	add_list p1 "$(denying 192.0.2.2)"
	one=$(lists | wc -l)
	add_list p2 "$(denying 192.0.2.2)"
	[ "$(lists | wc -l)" = "$one" ] || complain "$(lists)"
	add_list p3 "$(denying 192.0.2.3)"
	[ "$(lists | wc -l)" = $((one + 6)) ] || complain "$(lists)"
	check_list p2 "$(denying 192.0.2.2)"
	del_list p1 "$LIST"
	del_list p3 "$LIST"
	[ "$(lists | wc -l)" = "$one" ] || complain "$(lists)"
	check_list p2 "$(denying 192.0.2.2)"
	gone_list p2 "$LIST"
}

@test "many that come and go at once have their lists, then leave none" {
	local i round
	pod_up p0 p1 p2 p3 p4 p5
	for round in 1 2 3; do
		for i in 0 1 2 3 4 5; do
			(add_list p$i "$(denying 192.0.2.$((i % 3)))") &
		done
		wait $(jobs -p)
		[ "$(lists | wc -l)" = 32 ] || complain "$(lists)"
		for i in 0 1 2 3 4 5; do
			results[p$i]=$(<"$BATS_TEST_TMPDIR/p$i.out")
			check_list p$i "$(denying 192.0.2.$((i % 3)))"
		done
		for i in 0 1 2 3 4 5; do
			(del_list p$i "$LIST") &
		done
		wait $(jobs -p)
		nothing_left
		[ -z "$(lists)" ] || complain "$(lists)"
	done
}

@test "where iptables drops, what is allowed passes, with any bit of the mark" {
	local list
	list=$(with_firewall "{\"egress\": $(denial 192.0.2.2:80/tcp "[2001:db8:ffff::2]:80/tcp"),
		\"forwardMarkBit\": 20}")
	bridge_netfilter_on
	routed_outside_up
	node iptables -P FORWARD DROP
	node ip6tables -P FORWARD DROP
	pod_up p1 p2
	serve outside 80
	serve outside 81
	serve p1 80
	add_list p1 "$list"
	add_list p2 "$LIST"
	check_list p1 "$list"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	answers p1 2001:db8:ffff::2 80 "outside sees ${PEER6}2]"
	no_answer p1 192.0.2.2 81
	answers p2 10.1.2.2 80 "p1 sees 10.1.2.3"
	answers p2 2001:db8:1::2 80 "p1 sees ${PEER6}3]"
	cannot_ping p1 10.1.2.3
	pods_of_a_bridge_gone
}

@test "what is wrong in a list is said by its place" {
	local entry form='expected gateway or dns'
	pod_up p1
	for entry in 10.0.0.0/33 10.0.0.1:443 10.0.0.1:0/tcp 10.0.0.1:65536/tcp \
		10.0.0.1:80/icmp 2001:db8::1:53/udp "[2001:db8::1]" "[::1]:80/tcp x" \
		"[2001:db8::1" fe80::1 "[fe80::/10]:80/tcp" ::ffff:10.0.0.0/104 \
		gateways dns:53 "gateway/24" example.org "" ":80/tcp" "[]:80/tcp"; do
		cni ADD firewall p1 "$(jq -c '. + {cniVersion, name} + .plugins[2]' \
			<<<"$(denying 10.0.0.0/8 "$entry")")"
		failed_with "egress.allow[1]: $form"
		[[ $msg == *"got \"$entry\"" ]] || complain "$msg"
		[ "$code" = 7 ]
	done
	BASE=$(with_firewall "{\"args\": {\"cni\": {\"egress\": $(denial x)}}}")
	cni STATUS firewall p1 "$(jq -c '{cniVersion, name} + .plugins[2]
		| .cniVersion = "1.1.0"' <<<"$BASE")"
	failed_with "args.cni.egress.allow[0]: $form"
	BASE=$LIST
	for entry in '{}' '{"default": "drop"}' '{"default": "deny", "allow": [1]}'; do
		cni ADD firewall p1 "$(jq -c '{cniVersion, name} + .plugins[2]' \
			<<<"$(with_firewall "{\"egress\": $entry}")")"
		failed_with egress
		[ "$code" = 7 ]
	done
	nothing_left
}

@test "a word that stands for nothing, and a pod without host end, are refused" {
	local prev='{"cniVersion": "1.0.0", "interfaces": [
		{"name": "eth0", "sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.1.2.2/24", "interface": 0}]}'
	pod_up p1
	add_fails p1 "$(plugin_conf "$(denying 10.0.0.0/8)" 2 "$prev" '{}')" \
		'make sure to chain "firewall" plugin with "bridge" or "ptp"'
	add_list p1 "$(jq -c '.plugins |= .[:1] | .plugins[0] |= del(.dns)' <<<"$LIST")"
	add_fails p1 "$(conf_of p1 "$(denying dns:53/udp)")" \
		'egress: prevResult has no address for "dns:53/udp"'
	add_fails p1 "$(conf_of p1 "$(denying gateway)" |
		jq -c 'del(.prevResult.ips[].gateway)')" \
		'egress: prevResult has no address for "gateway"'
	gone_list p1 "$LIST"
}

@test "a list may have 256 entries that no other one has" {
	local -a entries
	local i
	pod_up p1
	for ((i = 0; i < 256; i++)); do
		entries+=("10.7.$i.0/24" "10.7.$i.0/24:80/tcp")
	done
	add_list p1 "$(denying "${entries[@]}")"
	check_list p1 "$(denying "${entries[@]}")"
	del_list p1 "$LIST"
	# One that has all of them makes them one, wherever it stands.
	pod_down p1
	pod_up p1
	add_list p1 "$(denying "${entries[@]}" 10.8.0.0/24 10.0.0.0/8)"
	check_list p1 "$(denying 10.0.0.0/8)"
	del_list p1 "$LIST"
	pod_down p1
	pod_up p1
	entries+=(10.8.0.0/24)
	add_list p1 "$(jq -c '.plugins |= .[:1]' <<<"$LIST")"
	add_fails p1 "$(conf_of p1 "$(denying "${entries[@]}")")" \
		"egress: expected at most 256 entries"
	gone_list p1 "$LIST"
}

@test "a list of many thousand entries takes little memory" {
	local conf
	pod_up p1
	add_list p1 "$(jq -c '.plugins |= .[:1]' <<<"$LIST")"
	conf=$BATS_TEST_TMPDIR/conf
	plugin_conf "$LIST" 2 "${results[p1]}" '{}' | jq -c '.egress = {
		default: "deny", allow: ([range(255) | "10.\(.).0.0/16"]
			+ [range(30000) | "192.0.2.7"])}' >"$conf"
	node bash -c 'ulimit -v 65536; exec env -i CNI_COMMAND=ADD \
		CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 CNI_IFNAME=eth0 \
		CNI_PATH=/ "$1" <"$2"' - "$PLUGINS/firewall" "$conf"
	[ "$(node nft -j list set inet cnibox-filter "$(lists | grep -m 1 -o \
		'egress4-.*-allowed')" | jq '.nftables[1].set.elem | length')" = 1024 ]
	gone_list p1 "$LIST"
}

@test "an entry with the last port leaves room for others that overlap" {
	local list
	list=$(denying 192.0.0.0/16:65535/tcp 192.0.2.2 192.0.2.0/24:65535/udp)
	routed_outside_up
	pod_up p1
	serve outside 65535
	serve outside 65535 udp
	serve outside 65534
	add_list p1 "$list"
	check_list p1 "$list"
	answers p1 192.0.2.2 65535 "outside sees 10.1.2.2"
	answers p1 192.0.2.2 65535 "outside sees 10.1.2.2" udp
	answers p1 192.0.2.2 65534 "outside sees 10.1.2.2"
	gone_list p1 "$list"
}

@test "equal lists in another order share their chains" {
	local one
	pod_up p1 p2
	add_list p1 "$(denying 192.0.2.2 10.0.0.0/8:80/tcp 192.0.2.3)"
	one=$(lists | wc -l)
	add_list p2 "$(denying 10.0.0.0/8:80/tcp 192.0.2.3 192.0.2.2)"
	[ "$(lists | wc -l)" = "$one" ] || complain "$(lists)"
	del_list p1 "$LIST"
	gone_list p2 "$LIST"
}

@test "a firewall behind another in the list does not lift its limit" {
	local list limited before
	pod_up p1
	list=$(denying 192.0.2.2)
	limited=$(jq -c '.plugins[2]' <<<"$list")
	before=$(jq -c --argjson more "$limited" '.plugins |= .[:2] + [
		{"type": "firewall"}, $more]' <<<"$LIST")
	add_list p1 "$before"
	check_list p1 "$list"
	# Without egress, with another list, for one that gives it none.
	for list in "$LIST" "$(denying 192.0.2.2 192.0.2.3)" \
		"$(with_firewall '{"egress": {"default": "allow"}}')"; do
		add_fails p1 "$(conf_of p1 "$list")" \
			"egress: the container is limited by an ADD before"
		[ "$code" = 7 ]
		check_list p1 "$(denying 192.0.2.2)"
	done
	add p1 "$(conf_of p1 "$(denying 192.0.2.2)")"
	check_list p1 "$(denying 192.0.2.2)"
	del p1 "$(conf_of p1 "$LIST")"
	add p1 "$(conf_of p1 "$LIST")"
	[ -z "$(lists)" ] || complain "$(lists)"
	gone_list p1 "$LIST"
}

@test "what somebody has taken out is noticed by CHECK, and put back by sync" {
	local list cmd hash
	list=$(denying 192.0.2.2:443/tcp)
	routed_outside_up
	pod_up p1
	serve outside 80
	serve outside 443
	add_list p1 "$list"
	hash=$(lists | grep -o 'egress4-[0-9a-f]*$' | head -1)
	for cmd in "flush chain inet cnibox-filter egress" \
		"flush chain inet cnibox-filter lists" \
		"flush chain inet cnibox-filter limited4-4" \
		"flush set inet cnibox-filter limited4-4" \
		"flush chain inet cnibox-filter $hash" \
		"flush set inet cnibox-filter $hash" \
		"flush set inet cnibox-filter $hash-allowed" \
		"add element inet cnibox-filter $hash-allowed { 0.0.0.0/0 . tcp . 80 }" \
		"flush chain inet cnibox-filter senders" \
		"flush chain inet cnibox-filter nd" \
		"flush chain bridge cnibox-filter guard" \
		"flush chain bridge cnibox-filter egress" \
		"flush set bridge cnibox-filter guarded" \
		"flush set bridge cnibox-filter senders6" \
		"flush set bridge cnibox-filter $hash-allowed" \
		"delete table bridge cnibox-filter" \
		"flush ruleset"; do
		# shellcheck disable=SC2086 # several words
		node nft $cmd
		cni CHECK firewall p1 "$(conf_of p1 "$list")"
		failed_with ""
		node "$CNIBOX" sync
		check_list p1 "$list"
	done
	answers p1 192.0.2.2 443 "outside sees 10.1.2.2"
	no_answer p1 192.0.2.2 80
	gone_list p1 "$list"
}

@test "GC, and DEL without a record, remove all of it" {
	local conf
	pod_up p1 p2
	add_list p1 "$(denying 192.0.2.2)"
	add_list p2 "$(denying 192.0.2.3)"
	conf='{"cniVersion": "1.1.0", "name": "net1", "type": "firewall",
		"cni.dev/valid-attachments": [{"containerID": "p1", "ifname": "eth0"}]}'
	cni GC firewall p1 "$conf"
	silent GC
	[ "$(lists | wc -l)" = 20 ] || complain "$(lists)"
	check_list p1 "$(denying 192.0.2.2)"
	node rm -r /run/cni/cnibox
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}
