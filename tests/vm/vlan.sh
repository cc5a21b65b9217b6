#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# bridge: VLANs, as the kernel has them and as packets meet them.

L2='{"cniVersion": "1.0.0", "name": "net1", "type": "bridge", "bridge": "br0"}'
TRUNK='[{"id": 101}, {"minID": 200, "maxID": 210}]'
TRUNK_VIDS="101 200 201 202 203 204 205 206 207 208 209 210"
V4='[{"subnet": "10.1.2.0/24"}]'
V6='[{"subnet": "2001:db8:1::/64"}]'
OTHER_V6='[{"subnet": "2001:db8:2::/64"}]'

vlan() {
	with "$L2" "\"vlan\": $1"
}

trunk() {
	with "$L2" "\"vlanTrunk\": $1"
}

# gateway RANGES: a network with gateways, in VLAN 100.
gateway() {
	with "$(vlan 100)" "\"isGateway\": true,
		\"ipam\": {\"type\": \"host-local\", \"ranges\": [$1]}"
}

# The VLANs of a port in one line; native means that frames without a tag are
# of it, both ways.
vlans() {
	/usr/sbin/bridge vlan show dev "$1" | awk -v port="$1" '
	NR == 1 { next }
	$1 == port { sub(/^[^ \t]+/, "") }
	!NF { next }
	{
		flags = /PVID Egress Untagged/ ? "/native" :
			/Untagged/ ? "/untagged" : /PVID/ ? "/pvid" : ""
		printf "%s%s%s", separator, $1, flags
		separator = " "
	}'
}

port_has() {
	same "$(vlans "$(port "$1")")" "$2"
}

filtering() {
	same "$(cat /sys/class/net/br0/bridge/vlan_filtering)" "$1"
}

# ---- layer 2

# member CONF VLANS: the bridge filters, and the port of a pod has just these.
member() {
	pod_up p1
	add p1 "$1"
	filtering 1
	port_has p1 "$2"
	check p1 "$1"
	gone p1 "$1"
}

member_of_all() {
	local conf
	conf=$(trunk '[{"minID": 1, "maxID": 4094}]')
	pod_up p1
	add p1 "$conf"
	port_has p1 "1/native $(seq -s ' ' 2 4094)"
	gone p1 "$conf"
}

no_filter() {
	pod_up p1
	add p1 "$1"
	filtering 0
	gone p1 "$1"
}

not_switched() {
	ip link add br0 type bridge
	pod_up p1
	add p1 "$(vlan 100)"
	filtering 0
	port_has p1 100/native
	gone p1 "$(vlan 100)"
	[ -d /sys/class/net/br0 ]
}

it "a VLAN makes a bridge that filters, and the port is of no other" \
	member "$(vlan 100)" 100/native
it "preserveDefaultVlan keeps the port in VLAN 1" \
	member "$(with "$(vlan 100)" '"preserveDefaultVlan": true')" \
	"1/untagged 100/native"
it "a trunk has its VLANs, and VLAN 1 for frames without a tag" \
	member "$(trunk "$TRUNK")" "1/native $TRUNK_VIDS"
it "a trunk with a VLAN has that for frames without a tag" \
	member "$(with "$(vlan 100)" "\"vlanTrunk\": $TRUNK")" \
	"100/native $TRUNK_VIDS"
it "preserveDefaultVlan keeps VLAN 1 beside a trunk with a VLAN" \
	member "$(with "$(vlan 100)" \
		"\"vlanTrunk\": $TRUNK, \"preserveDefaultVlan\": true")" \
	"1/untagged 100/native $TRUNK_VIDS"
it "a trunk's VLANs may overlap, and be none" \
	member "$(trunk '[{"id": 6, "minID": 5, "maxID": 7}, {}, {"id": 5}]')" \
	"1/native 5 6 7"
it "an empty trunk makes a bridge that filters, and no more" \
	member "$(trunk '[]')" 1/native
it "a trunk can be of every VLAN" member_of_all
it "without a VLAN the bridge does not filter" no_filter "$L2"
it "VLAN 0 is no VLAN" no_filter "$(vlan 0)"
it "a bridge that does not filter is left so" not_switched

# ---- gateways

addresses() {
	/usr/sbin/ip -o address show dev "$1" scope global |
		awk '{ print $4 }' | xargs
}

# LINK...: they are up, and hear no router.
up_and_deaf() {
	local link
	for link; do
		same "$(cat "/sys/class/net/$link/operstate")" up
		same "$(cat "/proc/sys/net/ipv6/conf/$link/accept_ra")" 0
	done
}

# gateway_of CONF VLANS ADDRESS...: the addresses are on a link that is in
# VLAN 100 by a port with these VLANs.
gateway_of() {
	local conf=$1 vlans=$2 address peer
	shift 2
	pod_up p1
	add p1 "$conf"
	same "$(interfaces p1 | xargs)" "br0 $(port p1) eth0 br0.100"
	grep -qi "\"mac\": *\"$(cat /sys/class/net/br0.100/address)\"" \
		/tmp/result.p1
	same "$(links | wc -l)" 5
	/usr/sbin/ip -d link show br0.100 | grep -w veth
	peer=$(/usr/sbin/ip -o link show br0.100 |
		sed 's/.*br0.100@\([^:]*\):.*/\1/')
	same "$(cat "/sys/class/net/$peer/master/ifindex")" \
		"$(cat /sys/class/net/br0/ifindex)"
	same "$(vlans "$peer")" "$vlans"
	up_and_deaf br0 br0.100 "$peer" "$(port p1)"
	port_has p1 "$vlans"
	same "$(addresses br0.100)" "$*"
	same "$(addresses br0)" ""
	for address; do
		pings p1 "${address%/*}"
	done
	check p1 "$conf"
	gone p1 "$conf"
}

gateways() {
	local text=$1 conf
	conf=$(gateway "$2")
	shift 2
	it "$text on a link of the VLAN" gateway_of "$conf" 100/native "$@"
	it "$text, the default VLAN preserved" gateway_of \
		"$(with "$conf" '"preserveDefaultVlan": true')" \
		"1/untagged 100/native" "$@"
}

shared() {
	local conf before
	conf=$(gateway "$V4, $V6")
	pod_up p1 p2
	add p1 "$conf"
	before=$(cat /sys/class/net/br0.100/ifindex)
	add p2 "$conf"
	same "$(cat /sys/class/net/br0.100/ifindex)" "$before"
	same "$(interfaces p2 | sed -n 4p)" br0.100
	same "$(links | wc -l)" 6
	del_twice p1 "$conf"
	pings p2 10.1.2.1
	pings p2 2001:db8:1::1
	check p2 "$conf"
	gone p2 "$conf"
}

# The first ADD was killed on the way.
completed() {
	local conf peer
	conf=$(gateway "$V4")
	pod_up p1 p2
	add p1 "$conf"
	peer=$(cat /sys/class/net/br0.100/iflink)
	peer=$(/usr/sbin/ip -o link | awk -F '[:@ ]+' "\$1 == $peer { print \$2 }")
	ip link set "$peer" down
	echo 1 >"/proc/sys/net/ipv6/conf/$peer/accept_ra"
	add p2 "$conf"
	up_and_deaf "$peer" br0.100
	pings p2 10.1.2.1
	del_twice p1 "$conf"
	gone p2 "$conf"
}

# The second pod gets no address.
fails_alone() {
	local conf
	conf=$(gateway '[{"subnet": "10.1.2.0/24",
		"rangeStart": "10.1.2.2", "rangeEnd": "10.1.2.2"}]')
	pod_up p1 p2
	add p1 "$conf"
	refused ADD p2 "$conf" "no IP addresses available in range set"
	same "$(links | wc -l)" 5
	pings p1 10.1.2.1
	gone p1 "$conf"
}

two_gateways() {
	local conf
	conf=$(with "$L2" '"vlan": 200, "isGateway": true, "ipam":
		{"type": "host-local", "ranges": [[{"subnet": "10.1.3.0/24"}]]}')
	pod_up p1 p2
	add p1 "$(gateway "$V4")"
	add p2 "$conf"
	same "$(addresses br0.100)" 10.1.2.1/24
	same "$(addresses br0.200)" 10.1.3.1/24
	pings p1 10.1.2.1
	pings p2 10.1.3.1
	del_twice p1 "$(gateway "$V4")"
	gone p2 "$conf"
}

gateways "an IPv4 gateway" "$V4" 10.1.2.1/24
gateways "an IPv6 gateway" "$V6" 2001:db8:1::1/64
gateways "gateways of both families" "$V4, $V6" 10.1.2.1/24 2001:db8:1::1/64
gateways "gateways of three subnets" "$V4, $V6, $OTHER_V6" \
	10.1.2.1/24 2001:db8:2::1/64 2001:db8:1::1/64
it "pods share the gateway of their VLAN" shared
it "a gateway that was left half made is completed" completed
it "an ADD that fails leaves the gateway to those who use it" fails_alone
it "VLANs of one bridge have a gateway each" two_gateways

# ---- packets

# wire POD CONF NUMBER: a pod without IPAM that gives itself an address.
wire() {
	pod_up "$1"
	add "$1" "$2"
	pod "$1" ip address add "10.1.2.$3/24" dev eth0
}

isolates() {
	wire p1 "$(vlan 100)" 1
	wire p2 "$(vlan 100)" 2
	wire p3 "$(vlan 200)" 3
	wire p4 "$(vlan 200)" 4
	pings p1 10.1.2.2
	pings p3 10.1.2.4
	cannot_ping p1 10.1.2.3
	cannot_ping p4 10.1.2.2
}

# Tagged frames reach the VLANs of the trunk, and untagged ones the native.
trunks() {
	local vid
	pod_up p1
	add p1 "$(with "$(vlan 100)" "\"vlanTrunk\": $TRUNK")"
	for vid in 101 102; do
		pod p1 /usr/sbin/ip link add link eth0 name eth0.$vid \
			type vlan id $vid
		pod p1 ip address add 10.$vid.2.1/24 dev eth0.$vid
		pod p1 ip link set eth0.$vid up
	done
	pod p1 ip address add 10.1.2.1/24 dev eth0
	for vid in 101 102; do
		wire p$vid "$(vlan $vid)" 2
		pod p$vid ip address add 10.$vid.2.2/24 dev eth0
	done
	wire p100 "$(vlan 100)" 100
	pings p1 10.101.2.2
	pings p1 10.1.2.100
	cannot_ping p1 10.102.2.2
	cannot_ping p101 10.1.2.1
}

it "pods meet in their VLAN, and nobody of another" isolates
it "a trunk reaches its VLANs by tagged frames, and no others" trunks

# ---- CHECK

# unchecked CONF VID: CHECK fails when the port has lost that VLAN.
unchecked() {
	pod_up p1
	add p1 "$1"
	check p1 "$1"
	/usr/sbin/bridge vlan del dev "$(port p1)" vid "$2"
	refused CHECK p1 "$(with_prev p1 "$1")" "$2"
	gone p1 "$1"
}

unchecked_gateway() {
	local conf
	conf=$(gateway "$V4")
	pod_up p1
	add p1 "$conf"
	/usr/sbin/ip address flush dev br0.100
	refused CHECK p1 "$(with_prev p1 "$conf")" 10.1.2.1
	gone p1 "$conf"
}

it "CHECK misses the VLAN" unchecked "$(vlan 100)" 100
it "CHECK misses a VLAN of the trunk" unchecked "$(trunk "$TRUNK")" 205
it "CHECK misses the gateway's address" unchecked_gateway

# ---- configurations that are none

# wrong CONF TEXT
wrong() {
	pod_up p1
	refused ADD p1 "$1" "$2"
	same "$(links)" lo
	nothing_left
}

# Every item of a trunk that is wrong, and what is said about it.
while IFS='|' read -r item text; do
	it "the trunk $item is refused" wrong "$(trunk "[$item]")" "$text"
done <<'END'
{"minID": 0, "maxID": 10}|incorrect trunk minID parameter
{"minID": 4095, "maxID": 4095}|incorrect trunk minID parameter
{"minID": 1, "maxID": 4095}|incorrect trunk maxID parameter
{"minID": 200, "maxID": 100}|minID is greater than maxID in trunk parameter
{"maxID": 10}|minID and maxID should be configured simultaneously, minID is missing
{"minID": 10}|minID and maxID should be configured simultaneously, maxID is missing
{"id": 0}|incorrect trunk id parameter
{"id": 4095}|incorrect trunk id parameter
null|vlanTrunk
"100"|vlanTrunk
END
for vid in -100 4095 5000; do
	it "VLAN $vid is refused" wrong "$(vlan $vid)" \
		"invalid VLAN ID $vid (must be between 0 and 4094)"
done
