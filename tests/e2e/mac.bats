#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bridge: the MAC address of a pod, and who is told when an address has another one.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

# Two addresses: the neighbour's and, one after another, the pods'.
RANGE='"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.10", "rangeEnd": "10.1.2.11"'
NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {"type": "host-local", '$RANGE'}
}'
NET6='{
	"cniVersion": "1.0.0", "name": "net6", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local", "subnet": "2001:db8:1::/64",
		"rangeStart": "2001:db8:1::10", "rangeEnd": "2001:db8:1::11"
	}
}'
# Two first addresses for the pods in turn, and one second address.
BESIDE='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {"type": "host-local", "ranges": [
		[{"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.10", "rangeEnd": "10.1.2.12"}]
	]}
}'
ASKED='{"runtimeConfig": {"mac": "02:00:5e:00:00:01"}}'
TUNED='{
	"cniVersion": "1.0.0", "name": "net1", "plugins": [
		'$NET', {"type": "tuning", "mac": "02:00:5e:00:00:01"}
	]
}'

setup() {
	node_up
	pod_up neighbour p1 p2
}

teardown() {
	node_down
}

mac() {
	link "$1" eth0 | jq -r .address
}

# The node and the neighbour talk to p1, and so know its MAC address.
known_by_all() {
	local who mac
	mac=$(mac p1)
	for who in node neighbour; do
		pings "$who" "$1"
		[[ $(within "$who" ip neigh show "$1") == *"lladdr $mac "* ]]
	done
}

# One packet of each comes to who has the address now.
reached_at_once() {
	pings node "$1"
	pings neighbour "$1"
}

# Listens at the neighbour, from now on.
listen() {
	exec {HEARD}< <(pod neighbour timeout 300 python3 \
		"$TOP/tests/e2e/announced.py" eth0 "${1:-10.1.2.11}")
	read -r word <&"$HEARD"
	[ "$word" = ready ]
}

# heard announced|asked POD: how the pod made itself known. Without an announcement
# that is the question for the neighbour's MAC.
heard() {
	pings "$2" 10.1.2.10
	read -r word <&"$HEARD"
	[ "$word" = "$1" ] || complain "$2: $word"
}

# So many neighbours of IPv6 have told the neighbour their MAC address.
told() {
	[ "$(pod neighbour awk '$1 == "Icmp6InNeighborAdvertisements" { print $2 }' \
		/proc/net/snmp6)" = "$1" ]
}

# first CONF: the neighbour has the first address of the network.
first() {
	add neighbour "$1"
	check neighbour "$1"
}

# succeeded_by_p2 WHAT: p2 gets the address of p1, which all know, and is reached at
# once; what the others hear of that.
succeeded_by_p2() {
	known_by_all 10.1.2.11
	del p1 "$NET"
	listen
	add p2 "$NET"
	[ "$(mac p2)" = 0a:58:0a:01:02:0b ]
	reached_at_once 10.1.2.11
	heard "$1" p2
	gone_all "$NET"
}

@test "a MAC follows from the address, and is the next pod's with it" {
	first "$NET"
	add p1 "$NET"
	[ "$(mac p1)" = 0a:58:0a:01:02:0b ]
	expect "$result" '.interfaces[2].mac == "0a:58:0a:01:02:0b"'
	check p1 "$NET"
	succeeded_by_p2 asked
}

gone_all() {
	del neighbour "$1"
	gone p2 "$1"
}

@test "so it does without IPv4" {
	local mac
	first "$NET6"
	add p1 "$NET6"
	mac=$(mac p1)
	[ "$mac" != "$(mac neighbour)" ]
	known_by_all 2001:db8:1::11
	told 1
	del p1 "$NET6"
	add p2 "$NET6"
	[ "$(mac p2)" = "$mac" ]
	reached_at_once 2001:db8:1::11
	told 1
	gone_all "$NET6"
}

@test "who comes behind a MAC that was asked for is announced" {
	first "$NET"
	listen
	add p1 "$(with "$NET" "$ASKED")"
	[ "$(mac p1)" = 02:00:5e:00:00:01 ]
	heard announced p1
	succeeded_by_p2 announced
}

@test "a MAC that tuning gives is announced, and so is who comes behind it" {
	first "$NET"
	add p1 "$NET"
	known_by_all 10.1.2.11
	del p1 "$NET"
	add_list p2 "$TUNED"
	[ "$(mac p2)" = 02:00:5e:00:00:01 ]
	reached_at_once 10.1.2.11
	del_list p2 "$TUNED"
	listen
	add p1 "$NET"
	reached_at_once 10.1.2.11
	heard announced p1
	del p1 "$NET"
	gone_all "$NET"
}

# beside SUBNET FIRST LAST: a pod gets the second address of another, known to all, and
# not its first.
beside() {
	local conf
	conf=$(jq -c ".ipam.ranges[1] = [{subnet: \"$1\", rangeStart: \"$2\",
		rangeEnd: \"$3\"}]" <<<"$BESIDE")
	first "$conf"
	add p1 "$conf"
	known_by_all 10.1.2.11
	known_by_all "$3"
	del p1 "$conf"
	add p2 "$conf"
	expect "$result" '.ips[0].address == "10.1.2.12/24"'
	reached_at_once "$3"
	del p2 "$conf"
	# Also for who has that one alone.
	conf=$(jq -c 'del(.ipam.ranges[0])' <<<"$conf")
	add p1 "$conf"
	reached_at_once "$3"
	del neighbour "$conf"
	gone p1 "$conf"
}

@test "an IPv6 address beside another IPv4 address is announced" {
	beside 2001:db8:1::/64 2001:db8:1::10 2001:db8:1::11
}

@test "an IPv4 address beside another one is announced" {
	beside 10.1.3.0/24 10.1.3.10 10.1.3.11
}

@test "an IPv6 address with a MAC that does not follow is announced" {
	first "$NET6"
	add p1 "$(with "$NET6" "$ASKED")"
	known_by_all 2001:db8:1::11
	del p1 "$NET6"
	add p2 "$NET6"
	reached_at_once 2001:db8:1::11
	pod p2 ip link set eth0 address 02:00:5e:00:00:02
	reached_at_once 2001:db8:1::11
	gone_all "$NET6"
}

@test "on a bridge that others made all are announced" {
	node ip link add br0 type bridge
	first "$NET"
	add p1 "$NET"
	# As another plugin would have it.
	pod p1 ip link set eth0 address 02:00:5e:00:00:01
	known_by_all 10.1.2.11
	del p1 "$NET"
	listen
	add p2 "$NET"
	reached_at_once 10.1.2.11
	heard announced p2
	gone_all "$NET"
}

# A node that has gone back to the Go plugins, and comes again.
@test "who comes behind a pod of the Go plugin is announced" {
	[ -x "$REFERENCE"/bridge ] || skip "no Go plugins"
	local conf
	conf=$(with "$NET" '{"cniVersion": "0.4.0"}')
	first "$conf"
	PLUGINS=$REFERENCE PLUGIN_PATH=$PATH add p1 "$conf"
	known_by_all 10.1.2.11
	del p1 "$conf"
	listen
	add p2 "$conf"
	reached_at_once 10.1.2.11
	heard announced p2
	gone_all "$conf"
}

@test "on a bridge that has an alias all are announced, and it stays" {
	first "$NET"
	node ip link set br0 alias "of the user's"
	listen
	add p1 "$(with "$NET" "$ASKED")"
	heard announced p1
	del p1 "$NET"
	listen
	add p2 "$NET"
	heard announced p2
	expect "$(link node br0)" '.ifalias == "of the user'\''s"'
	gone_all "$NET"
}

# Nobody says whether the address is another's, too.
@test "an address that is not lent has a random MAC" {
	local conf=$NET
	conf=$(with "$NET" '{"name": "net2", "ipam": {"type": "static",
		"addresses": [{"address": "10.1.2.11/24"}]}}')
	first "$NET"
	listen
	add p1 "$conf"
	[[ $(mac p1) != 0a:58:* ]]
	heard announced p1
	del p1 "$conf"
	listen
	add p2 "$NET"
	heard announced p2
	gone_all "$NET"
}

@test "without ipam a MAC is random, and who comes behind is announced" {
	local conf
	conf=$(jq -c 'del(.ipam, .isGateway)' <<<"$NET")
	first "$NET"
	add p1 "$conf"
	[[ $(mac p1) != 0a:58:* ]]
	del p1 "$conf"
	listen
	add p2 "$NET"
	heard announced p2
	gone_all "$NET"
}

@test "a later change of a MAC is announced" {
	first "$NET"
	add p2 "$NET"
	[ "$(pod p2 cat /proc/sys/net/ipv4/conf/eth0/arp_notify)" = 1 ]
	listen
	pod p2 ip link set eth0 address 02:00:5e:00:00:01
	heard announced p2
	gone_all "$NET"
}
