#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# NAT beside IPsec, VRFs and IPVS' link, which not every kernel has.

CONF='{"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true, "ipMasq": true,
	"ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}],
		"ranges": [[{"subnet": "10.1.2.0/24"}]]}}'

# A host 192.0.2.2 behind the node's 192.0.2.1, which counts by whose address it
# is pinged.
outside_up() {
	pod_up outside
	/usr/sbin/ip link add uplink0 type veth peer name eth0
	/usr/sbin/ip link set eth0 netns /run/netns/outside
	/usr/sbin/ip address add 192.0.2.1/24 dev uplink0
	/usr/sbin/ip link set uplink0 up
	pod outside /usr/sbin/ip address add 192.0.2.2/24 dev eth0
	pod outside /usr/sbin/ip link set eth0 up
	pod outside /usr/sbin/ip route add 10.1.2.0/24 via 192.0.2.1
	pod outside /usr/sbin/nft 'table ip seen { chain in {
		type filter hook input priority 0;
		icmp type echo-request ip saddr 10.1.2.2 counter;
	}; }'
}

# How many came from the pod's own address.
seen() {
	pod outside /usr/sbin/nft list table ip seen |
		sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}

KEY=0x000102030405060708090a0b0c0d0e0f

# Tunnels both ways, of the host that is called by a command or of the node.
tunnels() {
	"$@" /usr/sbin/ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 \
		mode tunnel enc 'ecb(cipher_null)' '' auth 'hmac(sha1)' $KEY
	"$@" /usr/sbin/ip xfrm state add src 192.0.2.2 dst 192.0.2.1 proto esp spi 2 \
		mode tunnel enc 'ecb(cipher_null)' '' auth 'hmac(sha1)' $KEY
}

to_outside="src 10.1.2.0/24 dst 192.0.2.2
	tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel"
to_pods="src 192.0.2.2 dst 10.1.2.0/24
	tmpl src 192.0.2.2 dst 192.0.2.1 proto esp mode tunnel"

# shellcheck disable=SC2086 # several words
ipsec() {
	outside_up
	pod_up p1
	add p1 "$CONF"
	pings p1 192.0.2.2
	same "$(seen)" 0
	tunnels env
	tunnels pod outside
	/usr/sbin/ip xfrm policy add dir out $to_outside
	/usr/sbin/ip xfrm policy add dir fwd $to_pods
	pod outside /usr/sbin/ip xfrm policy add dir in $to_outside
	pod outside /usr/sbin/ip xfrm policy add dir out $to_pods
	pings p1 192.0.2.2
	same "$(seen)" 1
	/usr/sbin/ip xfrm policy flush
	/usr/sbin/ip xfrm state flush
	/usr/sbin/ip link del uplink0
	pod_down outside
	gone p1 "$CONF"
}

vrf() {
	/usr/sbin/ip link add blue type vrf table 10
	/usr/sbin/ip address add 127.0.0.1/8 dev blue
	/usr/sbin/ip link set blue up
	/usr/sbin/ip rule add pref 32765 table local
	/usr/sbin/ip rule del pref 0
	pod_up p1
	add p1 "$CONF"
	ping -c 1 -W 60 -I blue 127.0.0.1
	/usr/sbin/ip rule add pref 0 table local
	/usr/sbin/ip rule del pref 32765
	/usr/sbin/ip link del blue
	gone p1 "$CONF"
}

it "what goes through IPsec keeps the pod's address" ipsec
it "127.0.0.1 of a VRF is there for whoever is in it" vrf
