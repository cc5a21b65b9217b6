#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The kernel, busybox and cnibox are a node: what a boot script would do, in
# order, and what comes of it.

PODS='{
	"cniVersion": "1.0.0", "name": "pods", "type": "bridge",
	"bridge": "pods0", "isGateway": true, "ipMasq": true,
	"ipam": {
		"type": "host-local", "subnet": "10.1.2.0/24",
		"routes": [{"dst": "0.0.0.0/0"}]
	}
}'
# Whoever is here knows no way to the pods.
OUTSIDE='{
	"cniVersion": "1.0.0", "name": "outside", "type": "bridge",
	"bridge": "outside0", "isGateway": true,
	"ipam": {"type": "host-local", "subnet": "192.0.2.0/24"}
}'
PORTS='{
	"cniVersion": "1.0.0", "name": "pods", "type": "portmap",
	"runtimeConfig": {
		"portMappings": [{"hostPort": 8080, "containerPort": 80}]
	}
}'

alone() {
	same "$(find / -xdev -type f -perm -1 ! -path '/opt/*' | sort | xargs)" \
		"/bin/busybox /bin/cnibox /init"
	same "$(ls /opt/cni/bin)" "$(cnibox --list | sort)"
}

# The namespace of a pod need not have a name, the one of a process will do.
unshare --net sleep 1000 &
P2=/proc/$!/ns/net

boot_pods() {
	pod_up p1 outside
	until [ "$(readlink $P2)" != "$(readlink /proc/1/ns/net)" ]; do
		usleep 20000
	done
	ln -s $P2 /run/netns/p2
	add outside "$OUTSIDE"
	add p1 "$PODS"
	cni ADD portmap p1 "$(with_prev p1 "$PORTS")"
	NETNS=$P2 add p2 "$PODS"
}

addresses_are_there() {
	pod p1 ip -o address show dev eth0 | grep -F "inet 10.1.2.2/24 "
	pod p2 ip -o address show dev eth0 | grep -F "inet 10.1.2.3/24 "
	ip -o address show dev pods0 | grep -F "inet 10.1.2.1/24 "
	pod p1 ip route | grep "^default via 10.1.2.1 dev eth0"
}

pods_meet() {
	pings p1 10.1.2.3
	pings p2 10.1.2.1
	ping -c 1 -W 60 10.1.2.2
}

masquerades() {
	same "$(pod outside ip route | grep -v ^192.0.2.0/24)" ""
	pings p1 192.0.2.2
	pings p2 192.0.2.2
}

hears_p1() {
	same "$(pod "$1" timeout 60 wget -q -O - "http://$2/")" "this is p1"
}

publishes() {
	mkdir /tmp/www
	echo "this is p1" >/tmp/www/index.html
	pod p1 httpd -p 80 -h /tmp/www
	hears_p1 outside 192.0.2.1:8080
	hears_p1 p2 10.1.2.1:8080
}

checks() {
	check p1 "$PODS"
	same "$(cni CHECK portmap p1 "$(with_prev p1 "$PORTS")")" ""
	pod p2 ip address del 10.1.2.3/24 dev eth0
	NETNS=$P2 refused CHECK p2 "$(with_prev p2 "$PODS")" 10.1.2.3
}

ends() {
	for _ in 1 2; do
		cni DEL portmap p1 "$PORTS"
		cni DEL bridge p1 "$PODS"
		NETNS=$P2 cni DEL bridge p2 "$PODS"
	done
	fails hears_p1 outside 192.0.2.1:8080
	gone outside "$OUTSIDE"
}

claim "the node has two programs, and the plugins are one of them" alone
claim "a boot script adds pods" boot_pods
claim "the pods have addresses and a default route" addresses_are_there
claim "the pods reach each other and the node" pods_meet
claim "the pods reach a host that does not know them" masquerades
claim "a published port is reached from outside, and by a pod" publishes
claim "CHECK tells a pod that is whole from one that is not" checks
claim "DEL, twice, leaves nothing" ends
killall httpd sleep
rm /run/netns/p2
