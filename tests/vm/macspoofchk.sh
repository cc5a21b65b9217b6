#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# bridge: macspoofchk, as packets meet it.

NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}
}'
CHECKED=$(with "$NET" '"macspoofchk": true')
OTHER_MAC=02:00:00:00:00:01

own_mac() {
	grep -o '"mac": *"[^"]*"' "/tmp/result.$1" | cut -d '"' -f 4 |
		sed -n 3p
}

change_mac() {
	pod "$1" ip link set eth0 address "$2"
}

# The ruleset names neither the pod, nor its port, nor its address.
forgotten() {
	same "$(nft list ruleset | grep -e "\b$1\b" -e "$(port "$1")" \
		-e "$(own_mac "$1")")" ""
}

unchecked_pod() {
	pod_up p1
	add p1 "$NET"
	pings p1 10.1.2.1
	change_mac p1 $OTHER_MAC
	pings p1 10.1.2.1
	gone p1 "$NET"
}

# As long as the pod has another address it is mute, and it alone.
mute() {
	pod_up p1 p2
	add p1 "$1"
	add p2 "$1"
	pings p1 10.1.2.1
	pings p1 10.1.2.3
	change_mac p1 $OTHER_MAC
	cannot_ping p1 10.1.2.1
	cannot_ping p1 10.1.2.3
	pings p2 10.1.2.1
	change_mac p1 "$(own_mac p1)"
	pings p1 10.1.2.1
	pings p1 10.1.2.3
	check p1 "$1"
	del_twice p1 "$1"
	forgotten p1
	change_mac p2 $OTHER_MAC
	cannot_ping p2 10.1.2.1
	gone p2 "$1"
	forgotten p2
}

without_namespace() {
	pod_up p1
	add p1 "$CHECKED"
	nft list ruleset | grep "$(own_mac p1)"
	pod_down p1
	gone p1 "$CHECKED"
	forgotten p1
}

it "without macspoofchk a pod may change its MAC address" unchecked_pod
it "with macspoofchk a pod with another MAC address is mute" mute "$CHECKED"
it "macspoofchk works in a VLAN" mute "$(with "$CHECKED" '"vlan": 100')"
it "DEL forgets the MAC address of a pod whose namespace is gone" \
	without_namespace
