#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# firewall's egress: another kernel takes the sets of ranges, in both families of
# tables, and means the same by them.

NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {"type": "host-local", "ranges": [
		[{"subnet": "10.1.2.0/24"}], [{"subnet": "2001:db8:1::/64"}]]}
}'
LIST='{
	"cniVersion": "1.0.0", "name": "net1", "type": "firewall",
	"egress": {"default": "deny", "allow": ["10.1.2.0/30", "10.1.2.0/24:80/tcp",
		"10.0.0.0/8:80/tcp", "2001:db8:1::/126", "[2001:db8::/32]:80/tcp"]}
}'

limited() {
	echo "$1" >/proc/sys/net/bridge/bridge-nf-call-iptables
	echo "$1" >/proc/sys/net/bridge/bridge-nf-call-ip6tables
	pod_up p1 p2 p3
	add p1 "$NET"
	add p2 "$NET"
	add p3 "$NET"
	cni ADD firewall p1 "$(with_prev p1 "$LIST")"
	same "$(cni CHECK firewall p1 "$(with_prev p1 "$LIST")")" ""
	for address in 10.1.2.1 10.1.2.3 2001:db8:1::1 2001:db8:1::3; do
		pings p1 $address
	done
	cannot_ping p1 10.1.2.4
	cannot_ping p1 2001:db8:1::4
	pings p3 10.1.2.3
	PLUGIN=firewall del_twice p1 "$LIST"
	pings p1 10.1.2.4
	for pod in p1 p2 p3; do
		del_twice $pod "$NET"
	done
	nothing_left
}

it "a list limits a pod where frames do not pass netfilter" limited 0
it "a list limits a pod where frames pass netfilter" limited 1
