#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# flannel: what it has others do, and what their packets say.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317 # variables of helpers.bash
load helpers

NET='{"cniVersion": "1.0.0", "name": "net1", "type": "flannel"}'
NEW=$(with "$NET" '{"cniVersion": "1.1.0"}')
SAVED=/var/lib/cni/flannel/p1
# subnet_env LINE...: what flanneld has written.
subnet_env() {
	node mkdir -p /run/flannel
	printf '%s\n' "$@" >"$ROOT/run/flannel/subnet.env"
}

V4_ENV=(FLANNEL_NETWORK=10.1.0.0/16 FLANNEL_SUBNET=10.1.17.1/24
	FLANNEL_MTU=1472 FLANNEL_IPMASQ=true)
DUAL_ENV=("${V4_ENV[@]}" FLANNEL_IPV6_NETWORK=fc00::/48
	FLANNEL_IPV6_SUBNET=fc00::1/64)

# ---- the configuration that is made

# generates CONF TEXT: it is what the container's file says, after ADD.
generates() {
	local text
	add p1 "$1"
	text=$(node cat $SAVED)
	[ "$text" = "$2" ] || complain "is: $text" "not: $2"
	[ "$(node stat -c %a $SAVED /var/lib/cni/flannel | xargs)" = "600 700" ]
	del_twice p1 "$1"
	node [ ! -e $SAVED ]
	nothing_left
}

@test "a gateway, the subnet, and a route to the network" {
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	generates "$NET" '{"cniVersion":"1.0.0","ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16"}],"type":"host-local"},"isGateway":true,"mtu":1472,"name":"net1","type":"bridge"}'
}

@test "both families, networks once each, and more than one" {
	subnet_env '# not of flanneld' OTHER "" \
		FLANNEL_NETWORK=10.1.0.0/16,192.168.3.4/16,10.1.0.0/16 \
		"${DUAL_ENV[@]:1}"
	pod_up p1
	generates "$NET" '{"cniVersion":"1.0.0","ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.1.17.0/24"}],[{"subnet":"fc00::/64"}]],"routes":[{"dst":"10.1.0.0/16"},{"dst":"192.168.0.0/16"},{"dst":"fc00::/48"}],"type":"host-local"},"isGateway":true,"mtu":1472,"name":"net1","type":"bridge"}'
	subnet_env "${DUAL_ENV[@]:2}"
	generates "$NET" '{"cniVersion":"1.0.0","ipMasq":false,"ipam":{"ranges":[[{"subnet":"fc00::/64"}]],"routes":[{"dst":"fc00::/48"}],"type":"host-local"},"isGateway":true,"mtu":1472,"name":"net1","type":"bridge"}'
}

@test "what delegate, ipam and runtimeConfig say is kept" {
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	generates "$(jq '. + {
		"delegate": {"mtu": 1400, "isGateway": false, "bridge": "br0",
			"ipMasq": false, "dns": {"domain": "<b>"}},
		"ipam": {"routes": [{"dst": "10.96.0.0/12"}], "other": [null, 1.5e3],
			"ranges": []},
		"runtimeConfig": {"mac": "02:00:00:00:00:01"}}' \
		<<<"$(with "$NET" '{"cniVersion": "0.4.0"}')")" \
		'{"bridge":"br0","cniVersion":"0.4.0","dns":{"domain":"\u003cb\u003e"},"ipMasq":false,"ipam":{"other":[null,1500],"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.96.0.0/12"},{"dst":"10.1.0.0/16"}],"type":"host-local"},"isGateway":false,"mtu":1400,"name":"net1","runtimeConfig":{"mac":"02:00:00:00:00:01"},"type":"bridge"}'
}

@test "where flanneld does not masquerade bridge does, but in the network" {
	subnet_env "${V4_ENV[@]/IPMASQ=true/IPMASQ=false}"
	pod_up p1
	generates "$NET" '{"cniVersion":"1.0.0","ipMasq":true,"ipam":{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16"}],"type":"host-local"},"isGateway":true,"mtu":1472,"name":"net1","nonMasqueradeCIDRs":["10.1.0.0/16"],"type":"bridge"}'
}

@test "without cniVersion the delegate has none either" {
	local conf='{"name": "net1", "type": "flannel"}'
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	generates "$conf" '{"ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16"}],"type":"host-local"},"isGateway":true,"mtu":1472,"name":"net1","type":"bridge"}'
}

@test "another delegate, another file, another folder" {
	local conf
	node mkdir /run/other
	subnet_env "${V4_ENV[@]}"
	node mv /run/flannel/subnet.env /run/other/env
	conf=$(with "$NET" '{"subnetFile": "/run/other/env",
		"dataDir": "/run/other/saved", "delegate": {"type": "ptp"}}')
	pod_up p1
	add p1 "$conf"
	expect "$(node cat /run/other/saved/p1)" \
		'.type == "ptp" and .mtu == 1472 and (has("isGateway") | not)'
	expect "$result" '.interfaces | length == 2'
	pings p1 10.1.17.1
	check p1 "$conf"
	gone p1 "$conf"
	node [ ! -e /run/other/saved/p1 ]
}

# ---- what flanneld has not written yet

# not_yet TEXT: ADD says so, with code 11, and STATUS with 50; DEL and the
# records need nothing of it.
not_yet() {
	add_fails p1 "$NET" "failed to load flannel 'subnet.env' file: $1. Check the flannel pod log for this node."
	[ "$code" = 11 ]
	cni STATUS flannel p1 "$NEW"
	failed_with "$1"
	[ "$code" = 50 ]
	gone p1 "$NET"
	node [ ! -e /var/lib/cni/flannel ]
}

@test "a subnet file that is not there, not complete, or nonsense" {
	local file=/run/flannel/subnet.env
	pod_up p1
	not_yet "open $file: no such file or directory"
	subnet_env ""
	not_yet "$file is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_MTU, FLANNEL_IPMASQ"
	subnet_env "${V4_ENV[@]:0:3}"
	not_yet "$file is missing FLANNEL_IPMASQ"
	subnet_env "${V4_ENV[@]:1}"
	not_yet "$file is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK"
	subnet_env FLANNEL_NETWORK
	not_yet "FLANNEL_NETWORK: not complete: \"\""
	subnet_env "${V4_ENV[@]}" FLANNEL_SUBNET=10.1.
	not_yet "FLANNEL_SUBNET: not complete: \"10.1.\""
	subnet_env "${V4_ENV[@]}" FLANNEL_MTU=14x2
	not_yet "FLANNEL_MTU: not complete: \"14x2\""
	node rm $file
	node mkdir $file
	not_yet "open $file: Is a directory"
	node rmdir $file
	# Nobody writes to it: that is no reason to wait.
	node mkfifo $file
	not_yet "$file is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_MTU, FLANNEL_IPMASQ"
}

@test "a delegate that makes no sense is refused" {
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	add_fails p1 "$(with "$NET" '{"delegate": []}')" \
		"delegate: expected an object, got an array"
	add_fails p1 "$(with "$NET" '{"delegate": {"type": 5}}')" \
		"'delegate' dictionary, if present, must have (string) 'type' field"
	add_fails p1 "$(with "$NET" '{"delegate": {"name": "x"}}')" \
		"'delegate' dictionary must not have 'name' field, it'll be set by flannel"
	add_fails p1 "$(with "$NET" '{"delegate": {"ipam": {}}}')" \
		"'delegate' dictionary must not have 'ipam' field, it'll be set by flannel"
	[ "$code" = 7 ]
	add_fails p1 "$(with "$NET" '{"ipam": {"routes": {}}}')" \
		"failed to parse ipam.routes"
	add_fails p1 "$(with "$NET" '{"delegate": {"type": "flannel"}}')" \
		"delegate.type: flannel cannot be its own delegate"
	add_fails p1 "$(with "$NET" '{"delegate": {"type": "nope"}}')" \
		'failed to find plugin "nope" in path'
	add_fails p1 "$(with "$NET" '{"delegate": {"type": "../bridge"}}')" \
		'invalid plugin name: ../bridge'
	add_fails p1 "$(with "$NET" '{"delegate": {"mtu": "large"}}')" \
		'mtu: expected'
	nothing_left
}

# ---- DEL

@test "DEL without the file, or with another's, finds everything" {
	local how
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	for how in "rm $SAVED" "truncate -s 20 $SAVED" "truncate -s 0 $SAVED"; do
		add p1 "$NET"
		node $how
		node mv /run/flannel/subnet.env /run/flannel/away
		del_twice p1 "$NET"
		no_link p1 eth0
		node mv /run/flannel/away /run/flannel/subnet.env
		node [ ! -e $SAVED ]
		nothing_left
	done
}

@test "a container may be in two networks" {
	local other
	other=$(with "$NET" '{"name": "net2", "delegate": {"bridge": "br1"}}')
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	add p1 "$NET"
	CNI_IFNAME=eth1 add p1 "$other"
	del_twice p1 "$NET"
	node [ -e $SAVED ]
	expect "$(link p1 eth1)" '.flags | index("UP")'
	CNI_IFNAME=eth1 del_twice p1 "$other"
	nothing_left
}

@test "a second ADD is an error, and the first one's file stays" {
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	add p1 "$NET"
	add_fails p1 "$NET" "already exists"
	node [ -e $SAVED ]
	pings p1 10.1.17.1
	gone p1 "$NET"
}

@test "an ADD that fails leaves no file" {
	subnet_env "${V4_ENV[@]/17.1\/24/17.1\/30}"
	pod_up p1 p2
	add p2 "$NET"
	add_fails p1 "$NET" "no IP addresses available"
	[ "$code" = 11 ]
	node [ ! -e $SAVED ]
	gone p2 "$NET"
}

# ---- other programs

# A delegate that writes down how it is called.
stranger_up() {
	cp -r "$PLUGINS" "$BATS_TEST_TMPDIR/path"
	cat >"$BATS_TEST_TMPDIR/path/stranger" <<-'END'
		#!/bin/sh
		read -r conf
		echo "$CNI_COMMAND $conf" >>/run/calls
		[ $CNI_COMMAND != ADD ] || echo '{
			"cniVersion": "0.4.0",
			"ips": [{"version": "4", "address": "10.1.17.9/24"}]
		}'
	END
	chmod +x "$BATS_TEST_TMPDIR/path/stranger"
	export CNI_PATH=$BATS_TEST_TMPDIR/path
}

@test "a delegate that is another program gets what was made" {
	local conf saved prev='{"cniVersion": "1.0.0", "dns": {"domain": "x"}}'
	conf=$(with "$NEW" '{"delegate": {"type": "stranger"}}')
	subnet_env "${V4_ENV[@]}"
	stranger_up
	pod_up p1
	add p1 "$(with_prev "$conf" "$prev")"
	expect "$result" '.ips[0].address == "10.1.17.9/24"'
	saved=$(node cat $SAVED)
	check p1 "$conf"
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC flannel p1 \
		"$(with "$conf" '{"cni.dev/valid-attachments": []}')"
	silent GC
	# A later DEL finds it still.
	node [ -e $SAVED ]
	cni STATUS flannel p1 "$conf"
	silent STATUS
	del_twice p1 "$conf"
	[ "$(cut -d' ' -f1 "$ROOT/run/calls" | xargs)" = \
		"ADD GC STATUS DEL" ]
	expect "$(sed -n 's/^ADD //p' "$ROOT/run/calls")" \
		". == ($saved | .prevResult = $prev)"
	expect "$(sed -n 's/^GC //p' "$ROOT/run/calls")" \
		'."cni.dev/valid-attachments" == []'
	[ "$(sed -n 's/^DEL //p' "$ROOT/run/calls")" = "$saved" ]
	nothing_left
}

@test "a bridge of others works for it, and ours takes its pods over" {
	[ -x "$REFERENCE/bridge" ] || skip "no Go plugins"
	subnet_env "${V4_ENV[@]/IPMASQ=true/IPMASQ=false}"
	pod_up p1 p2
	export CNI_PATH=$REFERENCE
	PLUGIN_PATH=$PATH add p1 "$NET"
	PLUGIN_PATH=$PATH check p1 "$NET"
	unset CNI_PATH
	add p2 "$NET"
	pings p1 10.1.17.3
	del_twice p1 "$NET"
	no_link p1 eth0
	# As the Go plugin of flannel calls it, with what is in the file.
	PLUGINS=$REFERENCE PLUGIN_PATH=$PATH cni DEL bridge p2 \
		"$(node cat /var/lib/cni/flannel/p2)" || true
	no_link p2 eth0
	gone p2 "$NET"
}

# ---- CHECK, STATUS and GC

@test "CHECK is the delegate's, with or without the file" {
	subnet_env "${V4_ENV[@]}"
	pod_up p1
	add p1 "$NET"
	check p1 "$NET"
	node rm $SAVED
	check p1 "$NET"
	pod p1 ip route del 10.1.0.0/16
	check_fails p1 "$NET" "Expected Route 10.1.0.0/16"
	gone p1 "$NET"
}

@test "STATUS is the delegate's, too, and changes nothing" {
	subnet_env "${V4_ENV[@]}"
	cni STATUS flannel p1 "$NEW"
	silent STATUS
	cni STATUS flannel p1 "$(with "$NEW" '{"ipam": {"type": "nope"}}')"
	failed_with 'failed to find plugin "nope"'
	node ip link add cni0 type veth peer name other
	cni STATUS flannel p1 "$NEW"
	failed_with '"cni0" already exists but is not a bridge'
	[ "$code" = 50 ]
	node ip link del cni0
	nothing_left
}

@test "GC removes what belongs to no valid attachment" {
	local other
	other=$(with "$NEW" '{"name": "net2", "delegate": {"bridge": "br1"}}')
	subnet_env "${V4_ENV[@]}"
	pod_up p1 p2 p3
	add p1 "$NEW"
	add p2 "$NEW"
	add p3 "$other"
	pod_down p1
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC flannel p1 \
		"$(with "$NEW" '{"cni.dev/valid-attachments":
			[{"containerID": "p2", "ifname": "eth0"}]}')"
	silent GC
	[ "$(node ls /var/lib/cni/flannel | xargs)" = "p2 p3" ]
	node [ ! -e /var/lib/cni/networks/net1/10.1.17.2 ]
	check p2 "$NEW"
	check p3 "$other"
	del_twice p3 "$other"
	gone p2 "$NEW"
}
