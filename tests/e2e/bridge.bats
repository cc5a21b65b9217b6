#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bridge: what the kernel and the packets say after each verb.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

L2='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge", "bridge": "br0"
}'
NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local", "subnet": "10.1.2.0/24",
		"routes": [{"dst": "0.0.0.0/0"}]
	}
}'
NET6='{
	"cniVersion": "1.0.0", "name": "net6", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local", "subnet": "2001:db8:1::/64",
		"routes": [{"dst": "::/0"}]
	}
}'
DUAL='{
	"cniVersion": "1.0.0", "name": "dual", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local",
		"ranges": [
			[{"subnet": "10.1.2.0/24"}],
			[{"subnet": "2001:db8:1::/64"}]
		],
		"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
	}
}'
MASQ=$(with "$NET" '{"ipMasq": true}')

# The host end of a pod's veth pair.
host_veth() {
	jq -r '.interfaces[1].name' <<<"${results[$1]}"
}

routes() {
	pod "$1" ip "$2" -j route show | jq -r '
		.[] | select(.protocol != "kernel")
		| "\(.dst) via \(.gateway) dev \(.dev)"'
}

# ---- layer 2

@test "without ipam pods are on one wire, and the node is not" {
	pod_up p1 p2
	add p1 "$L2"
	expect "$result" '.ips == null and (.interfaces | length) == 3'
	add p2 "$(with "$L2" '{"ipam": {}}')"
	pod p1 ip address add 10.1.2.2/24 dev eth0
	pod p2 ip address add 10.1.2.3/24 dev eth0
	pings p1 10.1.2.3
	[ -z "$(addresses node br0)" ]
	cannot_ping node 10.1.2.2
	del_twice p2 "$L2"
	gone p1 "$L2"
}

@test "ipam that names no plugin is none" {
	local ipam
	pod_up p1
	for ipam in null '{}' '{"type": null}'; do
		add p1 "$(jq --argjson ipam "$ipam" '.ipam = $ipam' <<<"$L2")"
		expect "$result" '.ips == null'
		gone p1 "$L2"
	done
}

@test "without ipam 0.1.0 and 0.2.0 have no words for the result" {
	local version
	pod_up p1
	for version in 0.1.0 0.2.0; do
		add_fails p1 "$(with "$L2" "{\"cniVersion\": \"$version\"}")" \
			"no valid IP addresses"
		nothing_left
	done
	gone p1 "$L2"
}

@test "disableContainerInterface leaves the container's end down" {
	local conf
	pod_up p1
	conf=$(with "$L2" '{"disableContainerInterface": true}')
	add p1 "$conf"
	expect "$(link p1 eth0)" '.flags | index("UP") | not'
	gone p1 "$conf"
}

@test "disableContainerInterface and ipam exclude each other" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"disableContainerInterface": true}')" \
		"cannot use IPAM when DisableContainerInterface flag is set"
	no_link node br0
}

# ---- gateways

@test "isGateway puts the gateway on the bridge and turns forwarding on" {
	pod_up p1
	add p1 "$NET"
	[ "$(addresses node br0)" = 10.1.2.1/24 ]
	[ "$(addresses p1 eth0)" = 10.1.2.2/24 ]
	[ "$(routes p1 -4)" = "default via 10.1.2.1 dev eth0" ]
	[ "$(node cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	pings p1 10.1.2.1
	pings node 10.1.2.2
	gone p1 "$NET"
	[ "$(addresses node br0)" = 10.1.2.1/24 ]
}

@test "the answer names bridge, host end and container end, in this order" {
	local veth
	pod_up p1
	add p1 "$NET"
	veth=$(host_veth p1)
	[[ $veth == veth* ]]
	expect "$result" '[.interfaces[].name] == ["br0", "'"$veth"'", "eth0"]'
	expect "$result" '[.interfaces[].sandbox] ==
		[null, null, "/run/netns/p1"]'
	expect "$(link node br0)" \
		".address == $(jq '.interfaces[0].mac' <<<"$result")"
	expect "$(link node "$veth")" ".master == \"br0\" and
		.address == $(jq '.interfaces[1].mac' <<<"$result")"
	expect "$(link p1 eth0)" \
		".address == $(jq '.interfaces[2].mac' <<<"$result")"
	expect "$result" '.ips == [{"address": "10.1.2.2/24",
		"gateway": "10.1.2.1", "interface": 2}]'
	expect "$result" '.routes == [{"dst": "0.0.0.0/0"}]'
	gone p1 "$NET"
}

@test "without isGateway the bridge has no address, the pods do" {
	local conf
	conf=$(with "$NET" '{"isGateway": false, "ipam": {"routes": []}}')
	pod_up p1 p2
	add p1 "$conf"
	add p2 "$conf"
	[ -z "$(addresses node br0)" ]
	[ "$(node cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	pings p1 10.1.2.3
	cannot_ping node 10.1.2.2
	del_twice p1 "$conf"
	gone p2 "$conf"
}

@test "isDefaultGateway adds the default route" {
	local conf
	conf=$(with "$NET" '{"isGateway": false, "isDefaultGateway": true,
		"ipam": {"routes": null}}')
	pod_up p1
	add p1 "$conf"
	expect "$result" '.routes ==
		[{"dst": "0.0.0.0/0", "gw": "10.1.2.1"}]'
	[ "$(addresses node br0)" = 10.1.2.1/24 ]
	[ "$(routes p1 -4)" = "default via 10.1.2.1 dev eth0" ]
	gone p1 "$conf"
}

@test "isDefaultGateway gets along with a default route from ipam" {
	local conf
	conf=$(with "$DUAL" '{"isDefaultGateway": true}')
	pod_up p1
	add p1 "$conf"
	expect "$result" '.routes == [{"dst": "0.0.0.0/0", "gw": "10.1.2.1"},
		{"dst": "::/0", "gw": "2001:db8:1::1"}]'
	[ "$(routes p1 -4)" = "default via 10.1.2.1 dev eth0" ]
	[ "$(routes p1 -6)" = "default via 2001:db8:1::1 dev eth0" ]
	check p1 "$conf"
	gone p1 "$conf"
}

@test "isDefaultGateway knows a default route with host bits, too" {
	local conf
	conf=$(with "$DUAL" '{"isDefaultGateway": true, "ipam": {"routes":
		[{"dst": "10.9.9.9/0"}, {"dst": "fdc4::5/0"}]}}')
	pod_up p1
	add p1 "$conf"
	[ "$(routes p1 -4)" = "default via 10.1.2.1 dev eth0" ]
	[ "$(routes p1 -6)" = "default via 2001:db8:1::1 dev eth0" ]
	check p1 "$conf"
	gone p1 "$conf"
}

@test "a route of ipam with a gateway of its own is set as it is" {
	local conf
	conf=$(with "$NET" '{"ipam": {"routes":
		[{"dst": "192.168.0.0/16", "gw": "10.1.2.77"}]}}')
	pod_up p1
	add p1 "$conf"
	[ "$(routes p1 -4)" = "192.168.0.0/16 via 10.1.2.77 dev eth0" ]
	check p1 "$conf"
	gone p1 "$conf"
}

@test "routes are set with all that they say" {
	local conf
	conf=$(with "$NET" '{"ipam": {"routes": [
		{"dst": "10.5.0.0/16", "table": 5000},
		{"dst": "10.6.0.0/16", "scope": 200, "table": 0},
		{"dst": "10.7.0.0/16", "scope": 253},
		{"dst": "10.8.0.5/16", "mtu": 1300, "advmss": 1200,
		 "priority": 77, "gw": "10.1.2.9"}]}}')
	pod_up p1
	add p1 "$conf"
	expect "$result" \
		".routes == $(jq '.ipam.routes' <<<"$conf")"
	[ "$(pod p1 ip route show table 5000)" = \
		"10.5.0.0/16 via 10.1.2.1 dev eth0 " ]
	[ "$(pod p1 ip route show proto boot)" = "$(printf '%s\n' \
		'10.6.0.0/16 via 10.1.2.1 dev eth0 scope site ' \
		'10.7.0.0/16 dev eth0 scope link ' \
		'10.8.0.0/16 via 10.1.2.9 dev eth0 metric 77 mtu 1300 advmss 1200 ')" ]
	check p1 "$conf"
	pod p1 ip route del 10.5.0.0/16 table 5000
	check_fails p1 "$conf" \
		"Expected Route 10.5.0.0/16 table 5000 not found"
	gone p1 "$conf"
}

@test "a route that the kernel refuses is an error, and leaves nothing" {
	local route
	pod_up p1
	for route in '{"dst": "10.9.0.0/16", "gw": "10.200.0.1"}' \
		'{"dst": "10.9.0.0/16", "gw": "2001:db8::1"}'; do
		add_fails p1 "$(jq --argjson route "$route" \
			'.ipam.routes += [$route]' <<<"$MASQ")" "10.9.0.0/16 via"
		no_link node br0
		nothing_left
	done
}

# A route that no kernel takes, once all else is done.
REFUSED='{"ipam": {"routes": [{"dst": "10.9.0.0/16", "gw": "10.200.0.1"}]}}'

@test "an ADD that fails leaves what another is about to use" {
	pod_up p1
	node mkdir -p /run/cni/cnibox
	WRAPPER=(flock -s /run/cni/cnibox)
	add_fails p1 "$(with "$MASQ" "$REFUSED")" "10.9.0.0/16 via"
	[ "$(addresses node br0)" = 10.1.2.1/24 ]
	nothing_left
}

# fails_while CMD...: an ADD of p1 fails at its last step; before it makes the
# node forward, which it does before it gives the bridge an address, CMD runs.
fails_while() {
	local adding
	node strace -qq -o /dev/null true || skip "no strace"
	node sysctl -qw net.ipv4.ip_forward=0
	WRAPPER=("${STOPPING[@]}" -P /proc/sys/net/ipv4/ip_forward
		-e inject=openat:signal=STOP:when=1)
	add_fails p1 "$(with "$MASQ" "$REFUSED")" "10.9.0.0/16 via" &
	adding=$!
	WRAPPER=()
	wait_until 5 is_stopped
	"$@"
	node kill -CONT "$STOPPED"
	wait $adding
}

@test "an ADD that fails leaves an address that came meanwhile" {
	pod_up p1
	node ip link add br0 type bridge
	fails_while node ip address add 10.1.2.1/24 dev br0
	[ "$(addresses node br0)" = 10.1.2.1/24 ]
	nothing_left
}

@test "an ADD that fails leaves a reservation that is another's by now" {
	local taken=/var/lib/cni/networks/net1/10.1.2.2
	pod_up p1
	fails_while node sh -c "rm $taken && printf 'p2\r\neth0' >$taken"
	[ "$(node cat $taken)" = $'p2\r\neth0' ]
}

@test "IPv6 works at once, without duplicate address detection" {
	pod_up p1 p2
	add p1 "$NET6"
	expect "$(link p1 eth0)" '[.addr_info[] | select(.scope == "global")
		| .tentative // false] == [false]'
	expect "$(link node br0)" '[.addr_info[] | select(.scope == "global")
		| .tentative // false] == [false]'
	[ "$(addresses p1 eth0)" = 2001:db8:1::2/64 ]
	[ "$(addresses node br0)" = 2001:db8:1::1/64 ]
	[ "$(routes p1 -6)" = "default via 2001:db8:1::1 dev eth0" ]
	[ "$(node cat /proc/sys/net/ipv6/conf/all/forwarding)" = 1 ]
	[ "$(node cat /proc/sys/net/ipv6/conf/br0/accept_dad)" = 0 ]
	add p2 "$NET6"
	pings p1 2001:db8:1::1
	pings p1 2001:db8:1::3
	del_twice p2 "$NET6"
	gone p1 "$NET6"
}

@test "enabledad verifies IPv6 addresses before ADD returns" {
	local conf
	conf=$(with "$NET6" '{"enabledad": true}')
	pod_up p1
	add p1 "$conf"
	expect "$(link p1 eth0)" '[.addr_info[] | select(.scope == "global")
		| .tentative // false] == [false]'
	[ "$(pod p1 cat /proc/sys/net/ipv6/conf/eth0/accept_dad)" = 1 ]
	pings p1 2001:db8:1::1
	gone p1 "$conf"
}

@test "a pod may have an address of each family" {
	pod_up p1 p2
	add p1 "$DUAL"
	add p2 "$DUAL"
	expect "$result" '[.ips[].address] ==
		["10.1.2.3/24", "2001:db8:1::3/64"]'
	[ "$(addresses p1 eth0 | sort | xargs)" = \
		"10.1.2.2/24 2001:db8:1::2/64" ]
	[ "$(addresses node br0 | sort | xargs)" = \
		"10.1.2.1/24 2001:db8:1::1/64" ]
	pings p1 10.1.2.3
	pings p1 2001:db8:1::3
	pings p1 2001:db8:1::1
	del_twice p2 "$DUAL"
	gone p1 "$DUAL"
}

@test "IPv6 addresses outlive that the interface goes down" {
	pod_up p1
	add p1 "$NET6"
	pod p1 ip link set eth0 down
	[ "$(addresses p1 eth0)" = 2001:db8:1::2/64 ]
	gone p1 "$NET6"
}

@test "a pod may have many addresses of a family" {
	local conf
	conf=$(with "$NET" '{"isDefaultGateway": true, "ipam": {
		"routes": null, "ranges": [
			[{"subnet": "10.1.3.0/24"}],
			[{"subnet": "2001:db8:1::/64"}],
			[{"subnet": "2001:db8:2::/64"}]]}}')
	pod_up p1
	add p1 "$conf"
	[ "$(addresses p1 eth0 | sort | xargs)" = \
		"10.1.2.2/24 10.1.3.2/24 2001:db8:1::2/64 2001:db8:2::2/64" ]
	[ "$(addresses node br0 | sort | xargs)" = \
		"10.1.2.1/24 10.1.3.1/24 2001:db8:1::1/64 2001:db8:2::1/64" ]
	expect "$result" '.routes == [{"dst": "0.0.0.0/0", "gw": "10.1.2.1"},
		{"dst": "::/0", "gw": "2001:db8:1::1"}]'
	check p1 "$conf"
	gone p1 "$conf"
}

@test "0.1.0 and 0.2.0 have no words for many addresses of a family" {
	local version conf
	pod_up p1
	for version in 0.1.0 0.2.0; do
		conf=$(with "$NET" "{\"cniVersion\": \"$version\", \"ipam\":
			{\"ranges\": [[{\"subnet\": \"10.1.3.0/24\"}]]}}")
		add_fails p1 "$conf" "CNI version $version does not support more than 1 address per family"
		no_link node br0
		gone p1 "$conf"
	done
}

@test "IPv6 is turned on in a pod that has it off" {
	pod_up p1
	pod p1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	add p1 "$NET6"
	pings p1 2001:db8:1::1
	gone p1 "$NET6"
}

@test "another gateway on the bridge is a conflict" {
	pod_up p1
	node ip link add br0 type bridge
	node ip address add 10.1.0.1/16 dev br0
	add_fails p1 "$NET" 'failed to set bridge addr: "br0" already has an IP address different from 10.1.2.1/24'
	[ "$(addresses node br0)" = 10.1.0.1/16 ]
	nothing_left
	gone p1 "$NET"
}

@test "forceAddress replaces another gateway" {
	local conf
	conf=$(with "$NET" '{"forceAddress": true}')
	pod_up p1
	node ip link add br0 type bridge
	node ip address add 10.1.0.1/16 dev br0
	add p1 "$conf"
	[ "$(addresses node br0)" = 10.1.2.1/24 ]
	pings p1 10.1.2.1
	gone p1 "$conf"
}

@test "forceAddress replaces what overlaps in IPv6, and nothing else" {
	local conf
	conf=$(with "$NET6" '{"forceAddress": true}')
	pod_up p1
	node ip link add br0 type bridge
	node ip address add 2001:db8:1:0:1::1/48 dev br0 nodad
	node ip address add 2001:db8:2::1/64 dev br0 nodad
	node ip address add 10.1.2.1/24 dev br0
	add p1 "$conf"
	[ "$(addresses node br0 | sort | xargs)" = \
		"10.1.2.1/24 2001:db8:1::1/64 2001:db8:2::1/64" ]
	gone p1 "$conf"
}

@test "IPv6 gateways conflict only where their networks overlap" {
	pod_up p1 p2
	node ip link add br0 type bridge
	node ip address add 2001:db8:2::1/64 dev br0 nodad
	add p1 "$NET6"
	[ "$(addresses node br0 | sort | xargs)" = \
		"2001:db8:1::1/64 2001:db8:2::1/64" ]
	add_fails p2 "$(with "$NET6" \
		'{"name": "wide", "ipam": {"subnet": "2001:db8::/32"}}')" \
		'"br0" already has an IP address different from 2001:db8::1/32'
	pings p1 2001:db8:1::1
	gone p1 "$NET6"
}

@test "an address of another pod's reservation never returns with ADD" {
	pod_up p1 p2
	add p1 "$NET"
	del p1 "$NET"
	add p2 "$NET"
	[ "$(addresses p2 eth0)" = 10.1.2.3/24 ]
	gone p2 "$NET"
}

# ---- the bridge

@test "a bridge that is there is used" {
	local index
	pod_up p1
	node ip link add br0 type bridge
	index=$(link node br0 | jq .ifindex)
	add p1 "$NET"
	expect "$(link node br0)" ".ifindex == $index"
	pings p1 10.1.2.1
	gone p1 "$NET"
}

@test "a link that is no bridge is not used" {
	pod_up p1
	node ip link add br0 type veth peer name other
	add_fails p1 "$NET" '"br0" already exists but is not a bridge'
	expect "$(link node br0)" '.linkinfo.info_kind == "veth"'
	node ip link del br0
	nothing_left
	gone p1 "$NET"
}

@test "a name that no interface can have is refused before any change" {
	local name
	pod_up p1
	for name in "" a234567890123456 a/b; do
		add_fails p1 "$(with "$NET" "{\"bridge\": \"$name\"}")" \
			"bridge: expected an interface name"
		[ "$code" = 7 ]
		nothing_left
	done
}

@test "the default bridge is cni0" {
	local conf
	conf=$(jq 'del(.bridge)' <<<"$NET")
	pod_up p1
	add p1 "$conf"
	[ "$(addresses node cni0)" = 10.1.2.1/24 ]
	gone p1 "$conf"
}

@test "the bridge's MAC stays as pods come and go, and is its own" {
	local mac pod
	pod_up p1 p2 p3 p4
	add p1 "$L2"
	mac=$(link node br0 | jq .address)
	[ "$(node cat /sys/class/net/br0/addr_assign_type)" = 3 ]
	for pod in p2 p3 p4; do
		add "$pod" "$L2"
		expect "$(link node br0)" ".address == $mac"
		expect "$(link node "$(host_veth "$pod")")" ".address != $mac"
	done
	for pod in p1 p2 p3 p4; do
		del_twice "$pod" "$L2"
		expect "$(link node br0)" ".address == $mac"
	done
	add p1 "$NET"
	expect "$(link node br0)" ".address == $mac"
	gone p1 "$NET"
}

@test "mtu is that of the new bridge and of both ends" {
	local conf
	conf=$(with "$NET" '{"mtu": 1400}')
	pod_up p1
	add p1 "$conf"
	expect "$(link node br0)" '.mtu == 1400'
	expect "$(link node "$(host_veth p1)")" '.mtu == 1400'
	expect "$(link p1 eth0)" '.mtu == 1400'
	gone p1 "$conf"
}

# For IPv6 it is too small.
@test "a mtu of 1000 is one, too" {
	local conf
	conf=$(with "$NET" '{"mtu": 1000}')
	pod_up p1
	add p1 "$conf"
	expect "$(link "p1" eth0)" '.mtu == 1000'
	pings node "$(jq -r '.ips[0].address | split("/")[0]' <<<"$result")"
	gone p1 "$conf"
}

@test "a port has no IPv6 address of its own, pods and bridge do" {
	pod_up p1
	add p1 "$DUAL"
	expect "$(link node "$(host_veth p1)")" '.addr_info == []'
	[ -z "$(node ip -6 route show dev "$(host_veth p1)")" ]
	expect "$(link p1 eth0)" 'any(.addr_info[]; .scope == "link")'
	wait_until 5 bridge_has_link_local
	pings p1 2001:db8:1::1
	gone p1 "$DUAL"
}

bridge_has_link_local() {
	[ -n "$(node ip -6 address show dev br0 scope link)" ]
}

@test "a mtu that the kernel refuses leaves nothing, none is its choice" {
	local mtu
	pod_up p1
	for mtu in 10 70000; do
		add_fails p1 "$(with "$MASQ" "{\"mtu\": $mtu}")" \
			"Invalid argument"
		no_link node br0
		nothing_left
	done
	for mtu in 0 -5 null; do
		add p1 "$(with "$NET" "{\"mtu\": $mtu}")"
		expect "$(link p1 eth0)" '.mtu == 1500'
		gone p1 "$NET"
	done
}

@test "mtu auto is that of the way to the world" {
	local conf
	conf=$(with "$NET" '{"mtu": "auto"}')
	pod_up p1
	add p1 "$conf"
	expect "$(link p1 eth0)" '.mtu == 1500'
	[[ $stderr == *"no default route"* ]]
	gone p1 "$conf"
	node ip route add blackhole default
	node ip -6 route add blackhole default
	add p1 "$conf"
	[[ $stderr == *"no default route"* ]]
	gone p1 "$conf"
	node ip route del blackhole default
	outside_up
	node ip link set uplink0 mtu 1300
	node ip route add default via 192.0.2.2
	add p1 "$conf"
	expect "$(link p1 eth0)" '.mtu == 1300'
	expect "$(link node "$(host_veth p1)")" '.mtu == 1300'
	gone p1 "$conf"
	node ip route del default
	node ip -6 route del blackhole default
	node ip -6 route add default via 2001:db8:ffff::2
	add p1 "$conf"
	expect "$(link p1 eth0)" '.mtu == 1300'
	gone p1 "$conf"
	add_fails p1 "$(with "$NET" '{"mtu": "big"}')" \
		'mtu: expected auto, got "big"'
}

@test "the result of a plugin before comes behind the answer's own" {
	local conf
	conf=$(with_prev "$NET" '{"cniVersion": "1.0.0",
		"interfaces": [{"name": "net0", "sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.9.9.9/24", "interface": 0}],
		"dns": {"domain": "before.example"}}')
	pod_up p1
	add p1 "$conf"
	expect "$result" '[.interfaces[].name][0] == "br0" and
		[.interfaces[].name][2:] == ["eth0", "net0"] and
		[.ips[] | [.address, .interface]] ==
			[["10.1.2.2/24", 2], ["10.9.9.9/24", 3]] and
		.dns.domain == "before.example"'
	[ "$(addresses p1 eth0)" = 10.1.2.2/24 ]
	gone p1 "$conf"
}

# The MTU that "auto" gives the pod.
auto_mtu() {
	add p1 "$(with "$NET" '{"mtu": "auto"}')"
	said=$stderr
	expect "$(link p1 eth0)" ".mtu == $1"
	del_twice p1 "$NET"
}

@test "mtu auto takes the smallest of many ways" {
	local link
	pod_up p1
	node ip link add wide0 mtu 9000 type veth peer name wide1
	node ip link add mid0 mtu 1480 type veth peer name mid1
	for link in wide0 wide1 mid0 mid1; do
		node ip link set "$link" up
	done
	node ip address add 192.0.2.1/24 dev wide0
	node ip address add 203.0.113.1/24 dev mid0
	node ip route add default \
		nexthop via 192.0.2.2 nexthop via 203.0.113.2
	auto_mtu 1480
	node ip route del default
	node ip address add 2001:db8:a::1/64 dev wide0 nodad
	node ip address add 2001:db8:b::1/64 dev mid0 nodad
	node ip -6 route add default \
		nexthop via 2001:db8:a::2 nexthop via 2001:db8:b::2
	auto_mtu 1480
	node ip -6 route del default
	# The ways as objects of their own.
	node ip nexthop add id 1 via 192.0.2.2 dev wide0
	node ip route add default nhid 1
	auto_mtu 9000
	node sysctl -qw net.ipv4.nexthop_compat_mode=0
	auto_mtu 9000
}

@test "mtu auto is no more than what has room on the way to other nodes" {
	local self="self 10.1.2.0/24 192.0.2.1"
	needs_nodes
	pod_up p1
	noted "$self" "mtu 1450" "node 10.1.3.0/24 198.51.100.1"
	auto_mtu 1450
	[[ $said != *"no default route"* ]]
	outside_up
	node ip route add default via 192.0.2.2
	auto_mtu 1450
	node ip link set uplink0 mtu 1300
	auto_mtu 1300
	noted "$self"
	auto_mtu 1300
	# A number is what it is.
	noted "$self" "mtu 1280"
	add p1 "$(with "$NET" '{"mtu": 1400}')"
	expect "$(link p1 eth0)" '.mtu == 1400'
	unnoted
	gone p1 "$NET"
}

@test "mtu auto minds no way that ends on the node" {
	pod_up p1
	node ip route add default dev lo
	auto_mtu 1500
	[[ $said == *"no default route"* ]]
	node ip route del default dev lo
	outside_up
	node ip link set uplink0 mtu 1300
	node ip route add default via 192.0.2.2
	auto_mtu 1300
	node ip address add 198.51.100.1/32 dev lo
	auto_mtu 1500
	node ip -6 route add default via 2001:db8:ffff::2
	auto_mtu 1300
}

@test "hairpinMode lets a pod's packets come back to it" {
	local conf
	conf=$(with "$NET" '{"hairpinMode": true}')
	pod_up p1 p2
	add p1 "$conf"
	expect "$(link node "$(host_veth p1)")" \
		'.linkinfo.info_slave_data.hairpin'
	add p2 "$NET"
	expect "$(link node "$(host_veth p2)")" \
		'.linkinfo.info_slave_data.hairpin | not'
	del_twice p2 "$NET"
	gone p1 "$conf"
}

@test "promiscMode makes the bridge promiscuous" {
	local conf
	conf=$(with "$NET" '{"promiscMode": true}')
	pod_up p1
	add p1 "$conf"
	expect "$(link node br0)" '.promiscuity == 1'
	check p1 "$conf"
	check_fails p1 "$NET" "romisc"
	gone p1 "$conf"
}

@test "hairpinMode and promiscMode exclude each other" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"hairpinMode": true,
		"promiscMode": true}')" \
		"cannot set hairpin mode and promiscuous mode at the same time"
	no_link node br0
	nothing_left
}

@test "portIsolation keeps pods apart, not from the gateway" {
	local conf
	conf=$(with "$NET" '{"portIsolation": true}')
	pod_up p1 p2
	add p1 "$conf"
	add p2 "$conf"
	pings p1 10.1.2.1
	cannot_ping p1 10.1.2.3
	del_twice p1 "$conf"
	gone p2 "$conf"
}

@test "a vlan out of range is an error" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"vlan": 5000}')" \
		"invalid VLAN ID 5000 (must be between 0 and 4094)"
	add_fails p1 "$(with "$NET" '{"vlan": -100}')" \
		"invalid VLAN ID -100 (must be between 0 and 4094)"
	no_link node br0
}

@test "the MAC comes from CNI_ARGS, args, runtimeConfig, the later the better" {
	local conf=$NET
	pod_up p1
	CNI_ARGS="IgnoreUnknown=1;MAC=02:00:00:00:00:01" add p1 "$conf"
	expect "$(link p1 eth0)" '.address == "02:00:00:00:00:01"'
	del_twice p1 "$conf"
	conf=$(with "$conf" '{"args": {"cni": {"mac": "02:00:00:00:00:02"}}}')
	CNI_ARGS="IgnoreUnknown=1;MAC=02:00:00:00:00:01" add p1 "$conf"
	expect "$(link p1 eth0)" '.address == "02:00:00:00:00:02"'
	del_twice p1 "$conf"
	conf=$(with "$conf" '{"runtimeConfig": {"mac": "02:00:00:00:00:03"}}')
	CNI_ARGS="IgnoreUnknown=1;MAC=02:00:00:00:00:01" add p1 "$conf"
	expect "$(link p1 eth0)" '.address == "02:00:00:00:00:03"'
	gone p1 "$conf"
}

@test "a MAC may be spelled in three ways" {
	local mac
	pod_up p1
	for mac in 02:00:5E:00:00:0a 02-00-5e-00-00-0A 0200.5e00.000a; do
		CNI_ARGS="MAC=$mac" add p1 "$NET"
		expect "$(link p1 eth0)" '.address == "02:00:5e:00:00:0a"'
		gone p1 "$NET"
	done
}

@test "a MAC that no interface can have is refused, and leaves nothing" {
	local mac
	pod_up p1
	for mac in 01:00:5e:00:00:01 00:00:00:00:00:00 zz \
		02:00:00:00:00:00:00:01; do
		add_fails p1 "$(with "$MASQ" \
			"{\"runtimeConfig\": {\"mac\": \"$mac\"}}")" ""
		no_link node br0
		nothing_left
	done
	CNI_ARGS="MAC=zz" add_fails p1 "$NET" 'MAC: expected a MAC address, got "zz"'
	nothing_left
}

@test "the interface's name may have a dot" {
	pod_up p1
	CNI_IFNAME=eth0.5 add p1 "$DUAL"
	[ "$(pod p1 cat /proc/sys/net/ipv6/conf/eth0.5/keep_addr_on_down)" = 1 ]
	CNI_IFNAME=eth0.5 check p1 "$DUAL"
	CNI_IFNAME=eth0.5 del_twice p1 "$DUAL"
	nothing_left
}

@test "keys mean the same in any case" {
	local conf
	conf=$(with "$DUAL" '{"mtu": 1400, "hairpinMode": true, "ipMasq": true,
		"dns": {"nameservers": ["10.1.2.1"]},
		"runtimeConfig": {"mac": "02:00:00:00:00:07",
			"ips": ["10.1.2.7"]}}' |
		jq 'walk(if type == "object" then
			with_entries(.key |= ascii_upcase) else . end)')
	pod_up p1
	cni ADD bridge p1 "$conf"
	succeeded ADD
	expect "$output" '.cniVersion == "1.0.0" and
		[.ips[].address] == ["10.1.2.7/24", "2001:db8:1::2/64"] and
		.dns.nameservers == ["10.1.2.1"]'
	expect "$(link p1 eth0)" \
		'.address == "02:00:00:00:00:07" and .mtu == 1400'
	[ "$(nat_elements | wc -l)" = 2 ]
	cni CHECK bridge p1 "$(jq --argjson prev "$output" \
		'.PREVRESULT = $prev' <<<"$conf")"
	silent CHECK
	cni DEL bridge p1 "$conf"
	silent DEL
	nothing_left
}

@test "a pod may be on two networks" {
	local other
	other=$(with "$NET" '{"name": "net2", "bridge": "br1",
		"ipam": {"subnet": "10.1.3.0/24", "routes": []}}')
	pod_up p1
	add p1 "$NET"
	CNI_IFNAME=net1 add p1 "$other"
	pings p1 10.1.2.1
	pings p1 10.1.3.1
	del_twice p1 "$NET"
	pings p1 10.1.3.1
	CNI_IFNAME=net1 del_twice p1 "$other"
	nothing_left
}

@test "a pod may be on one network twice" {
	pod_up p1
	add p1 "$MASQ"
	CNI_IFNAME=eth1 add p1 "$(with "$MASQ" '{"ipam": {"routes": []}}')"
	CNI_IFNAME=eth1 del_twice p1 "$MASQ"
	[ "$(addresses p1 eth0)" = 10.1.2.2/24 ]
	[ "$(nat_elements | wc -l)" = 1 ]
	gone p1 "$MASQ"
}

# ---- dns (the plugin's own is taken whole, or ipam's is)

resolv_conf() {
	node tee /run/resolv.conf >/dev/null <<-EOT
		nameserver 192.0.2.53
		search example.org
	EOT
}

@test "dns comes from ipam if the configuration has none" {
	local conf
	conf=$(with "$NET" '{"ipam": {"resolvConf": "/run/resolv.conf"}}')
	resolv_conf
	pod_up p1
	add p1 "$conf"
	expect "$result" '.dns == {"nameservers": ["192.0.2.53"],
		"search": ["example.org"]}'
	gone p1 "$conf"
}

@test "dns of the configuration replaces all of ipam's" {
	local conf
	conf=$(with "$NET" '{"ipam": {"resolvConf": "/run/resolv.conf"},
		"dns": {"domain": "example.com"}}')
	resolv_conf
	pod_up p1
	add p1 "$conf"
	expect "$result" '.dns == {"domain": "example.com"}'
	gone p1 "$conf"
}

@test "an empty list in dns erases ipam's" {
	local conf
	conf=$(with "$NET" '{"ipam": {"resolvConf": "/run/resolv.conf"},
		"dns": {"nameservers": []}}')
	resolv_conf
	pod_up p1
	add p1 "$conf"
	expect "$result" '.dns == null'
	gone p1 "$conf"
}

# ---- masquerade

@test "ipMasq shows the node's address to the world, the pod's to pods" {
	local plain
	plain=$(with "$NET" '{"name": "net1"}')
	outside_up
	serve outside 80
	pod_up p1 p2
	add p1 "$plain"
	no_answer p1 192.0.2.2 80
	del_twice p1 "$plain"
	add p1 "$MASQ"
	add p2 "$MASQ"
	serve p2 80
	pings p1 192.0.2.2
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	answers p1 10.1.2.4 80 "p2 sees 10.1.2.3"
	answers node 10.1.2.4 80 "p2 sees 10.1.2.1"
	check p1 "$MASQ"
	del_twice p1 "$MASQ"
	gone p2 "$MASQ"
}

@test "ipMasq works for IPv6" {
	local conf
	conf=$(with "$DUAL" '{"ipMasq": true}')
	outside_up
	serve outside 80
	pod_up p1
	add p1 "$conf"
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	answers p1 2001:db8:ffff::2 80 \
		"outside sees [2001:0db8:ffff:0000:0000:0000:0000:0001]"
	gone p1 "$conf"
}

@test "one pod's DEL leaves the masquerade of the others" {
	outside_up
	serve outside 80
	pod_up p1 p2
	add p1 "$MASQ"
	add p2 "$MASQ"
	del_twice p1 "$MASQ"
	answers p2 192.0.2.2 80 "outside sees 192.0.2.1"
	gone p2 "$MASQ"
}

@test "ipMasq without ipam does nothing" {
	local conf
	conf=$(with "$L2" '{"ipMasq": true}')
	pod_up p1
	add p1 "$conf"
	[ -z "$(nat_elements)" ]
	gone p1 "$conf"
}

@test "a bridge hears no router, whoever made it" {
	local ra=/proc/sys/net/ipv6/conf/br0/accept_ra
	pod_up p1
	add p1 "$DUAL"
	[ "$(node cat $ra)" = 0 ]
	del p1 "$DUAL"
	node bash -c "echo 2 >$ra"
	add p1 "$DUAL"
	[ "$(node cat $ra)" = 0 ]
	gone p1 "$DUAL"
}

@test "a bridge that others made detects duplicates as it did" {
	pod_up p1
	node ip link add br0 type bridge
	add p1 "$DUAL"
	[ "$(node cat /proc/sys/net/ipv6/conf/br0/accept_dad)" = 1 ]
	gone p1 "$DUAL"
}

# accept_ra LINK: what the node has there.
accept_ra() {
	node cat "/proc/sys/net/ipv6/conf/$1/accept_ra"
}

# POD sends a frame, which has been taken in when the gateway has answered.
frame() {
	pod "$1" python3 "$TOP/tests/e2e/frame.py" "${@:2}"
	pings "$1" 10.1.2.1
}

# To nearest bridges, and to these links alone.
RESERVED=01:80:c2:00:00:0e

@test "a router in a frame for the port itself is not heard" {
	pod_up p1
	node sysctl -qw net.ipv6.conf.{all,default}.accept_ra=2
	add p1 "$NET"
	frame p1 eth0 $RESERVED 02:00:00:00:00:bd router
	[ -z "$(node ip -6 route show default)" ]
	# Such frames do reach it.
	node sysctl -qw "net.ipv6.conf.$(host_veth p1).accept_ra=1"
	frame p1 eth0 $RESERVED 02:00:00:00:00:bd router
	[[ $(node ip -6 route show default) == *"via fe80::bad"* ]]
	gone p1 "$NET"
}

# What hears routers while it is up says so.
@test "a port is never up before it is deaf to routers" {
	local conf
	pod_up p1
	for conf in "$NET" "$L2" "$(with "$NET" '{"hairpinMode": true}')" \
		"$(with "$L2" '{"disableContainerInterface": true}')"; do
		WRAPPER=(strace -o /run/trace -s 300 -e
			trace=sendto,openat,pwrite64)
		add p1 "$conf"
		WRAPPER=()
		[ "$(accept_ra "$(host_veth p1)")" = 0 ]
		expect "$(link node "$(host_veth p1)")" '.flags | index("UP")'
		# Made, told to be deaf, up: in this order.
		[ "$(node awk '
			/IFLA_INFO_KIND}, "veth"/ { print "made"; made = 1 }
			/conf\/veth.*accept_ra/ { print "deaf" }
			made && /ifi_flags=IFF_UP/ { print "up" }
			' /run/trace | xargs)" = "made deaf up" ]
		gone p1 "$conf"
	done
}

@test "a node that cannot be written to says what its ports hear" {
	pod_up p1 p2
	add p1 "$NET"
	node mount -o bind,ro /proc/sys /proc/sys
	add p2 "$NET"
	[[ $stderr == *"$(host_veth p2)/accept_ra from 1 to 0: Read-only"* ]]
	node umount /proc/sys
	del_twice p2 "$NET"
	node sysctl -qw net.ipv6.conf.default.accept_ra=0
	node mount -o bind,ro /proc/sys /proc/sys
	add p2 "$NET"
	[ -z "$stderr" ]
	del_twice p2 "$NET"
	gone p1 "$NET"
}

# The port that the bridge of the node has learned a MAC address at.
learned_at() {
	node bridge -j fdb show br br0 | jq -r --arg mac "$1" '
		.[] | select(.mac == $mac and .state != "permanent") | .ifname'
}

# p1 sends a frame for the port itself by this MAC address, and the bridge learns it there:
# until its owner sends one, too.
frame_teaches() {
	frame p1 eth0 $RESERVED "$1"
	[ "$(learned_at "$1")" = "$(host_veth p1)" ]
}

@test "a frame for the port itself teaches the bridge no MAC" {
	local mac conf made
	conf=$(with "$NET" '{"macspoofchk": true}')
	pod_up p1 p2
	for made in us others before; do
		case $made in
		us) node ip link del br0 2>/dev/null || true ;;
		others)
			node ip link del br0
			node ip link add br0 type bridge
			;;
		before)
			# By a network that did not ask for it.
			node ip link del br0
			add p1 "$NET"
			del p1 "$NET"
			;;
		esac
		add p1 "$conf"
		add p2 "$conf"
		mac=$(link p2 eth0 | jq -r .address)
		pings p2 10.1.2.1
		[ "$(learned_at "$mac")" = "$(host_veth p2)" ]
		frame p1 eth0 $RESERVED "$mac"
		[ "$(learned_at "$mac")" = "$(host_veth p2)" ]
		check p1 "$conf"
		node ip link set br0 type bridge no_linklocal_learn 0
		check_fails p1 "$conf" "br0: no_linklocal_learn is off"
		check p1 "$NET"
		# Such frames do teach.
		wait_until 5 frame_teaches "$mac"
		del_twice p2 "$conf"
		gone p1 "$conf"
	done
}

@test "a bridge learns as it likes where no network asks for macspoofchk" {
	pod_up p1
	add p1 "$NET"
	expect "$(link node br0)" \
		'.linkinfo.info_data.no_linklocal_learn // 0 == 0'
	gone p1 "$NET"
}

# Every socket takes its time, so that what is late is late for certain.
slowly() {
	WRAPPER=(strace -o /dev/null -e trace=socket
		-e inject=socket:delay_enter=200000)
	"$@"
	WRAPPER=()
}

@test "no flow of a program that already runs escapes the masquerading" {
	local conf
	conf=$(with "$MASQ" '{"name": "net2", "bridge": "br1",
		"ipam": {"subnet": "10.1.3.0/24"}}')
	outside_up
	pod_up p1 p2
	add p1 "$MASQ"
	for conf in "$MASQ" "$conf"; do
		send_to_outside p2 &
		wait_until 5 listening p2 4444 udp 4
		slowly add p2 "$conf"
		wait_until 5 sent_as 192.0.2.1
		[ "$(senders)" = 192.0.2.1 ]
		del_twice p2 "$conf"
		wait $!
		node conntrack -F 2>/dev/null
	done
	gone p1 "$MASQ"
}

@test "no frame by another MAC gets through before the guard is there" {
	local conf check
	pod_up p1 p2
	add p1 "$NET"
	for check in false true; do
		conf=$(with "$NET" "{\"macspoofchk\": $check}")
		# It brings its interface up itself, and never stops.
		pod p2 bash -c '
			until ip link set eth0 up; do :; done
			while python3 "$0" eth0 02:00:00:00:00:01 \
				02:00:00:00:00:bd; do :; done' \
			"$TOP/tests/e2e/frame.py" 2>/dev/null &
		slowly add p2 "$conf"
		pings p2 10.1.2.1
		case $check in
		false) wait_until 5 eval \
			'[ -n "$(learned_at 02:00:00:00:00:bd)" ]' ;;
		true) [ -z "$(learned_at 02:00:00:00:00:bd)" ] ;;
		esac
		del_twice p2 "$conf"
		wait $! || true
	done
	gone p1 "$NET"
}

@test "ipMasq may be of one family" {
	local conf
	pod_up p1
	conf=$(with "$DUAL" '{"ipMasq": "ipv6"}')
	add p1 "$conf"
	[[ $(nat_elements) == masq6-* ]]
	[ "$(nat_elements | wc -l)" = 1 ]
	check p1 "$conf"
	gone p1 "$conf"
	conf=$(with "$DUAL" '{"ipMasq": "ipv4"}')
	add p1 "$conf"
	[[ $(nat_elements) == masq4-* ]]
	gone p1 "$conf"
	add_fails p1 "$(with "$DUAL" '{"ipMasq": "ipv5"}')" \
		'ipMasq: expected ipv4 or ipv6, got "ipv5"'
}

@test "to nonMasqueradeCIDRs a pod keeps its address" {
	local conf
	conf=$(with "$MASQ" '{"nonMasqueradeCIDRs":
		["192.0.2.128/25", "2001:db8::/32", "10.0.0.0/8"]}')
	outside_up
	pod outside ip route add 10.1.2.0/24 via 192.0.2.1
	pod outside ip address add 192.0.2.129/24 dev eth0
	serve outside 80
	pod_up p1
	add p1 "$conf"
	answers p1 192.0.2.129 80 "outside sees 10.1.2.2"
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	check p1 "$conf"
	gone p1 "$conf"
}

@test "by routes of nonMasqueradeRealm a pod keeps its address" {
	local conf
	conf=$(with "$MASQ" '{"nonMasqueradeRealm": 7,
		"nonMasqueradeCIDRs": ["198.51.100.1/32"]}')
	outside_up
	pod outside ip route add 10.1.2.0/24 via 192.0.2.1
	for i in 1 2 3; do
		pod outside ip address add 198.51.100.$i/32 dev lo
	done
	node ip route add 198.51.100.0/24 via 192.0.2.2 realm 6
	node ip route add 198.51.100.2/32 via 192.0.2.2 realm 7
	serve outside 80
	pod_up p1 p2
	add p1 "$conf"
	answers p1 198.51.100.1 80 "outside sees 10.1.2.2"
	answers p1 198.51.100.2 80 "outside sees 10.1.2.2"
	answers p1 198.51.100.3 80 "outside sees 192.0.2.1"
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	# Learned: a way of this realm comes and goes.
	node ip route add 198.51.100.3/32 via 192.0.2.2 realm 7
	answers p1 198.51.100.3 80 "outside sees 10.1.2.2"
	node ip route del 198.51.100.3/32
	answers p1 198.51.100.3 80 "outside sees 192.0.2.1"
	# The way back may have a realm as well.
	node ip route change 10.1.2.0/24 dev br0 src 10.1.2.1 proto kernel \
		scope link realm 7
	answers p1 198.51.100.2 80 "outside sees 10.1.2.2"
	answers p1 198.51.100.3 80 "outside sees 192.0.2.1"
	# Another network, which does not ask for it.
	add p2 "$MASQ"
	answers p2 198.51.100.2 80 "outside sees 192.0.2.1"
	check p1 "$conf"
	del_twice p2 "$MASQ"
	gone p1 "$conf"
	add_fails p1 "$(with "$MASQ" '{"nonMasqueradeRealm": 256}')" \
		'nonMasqueradeRealm: expected an integer from 1 to 255, got 256'
}

@test "macspoofchk drops what a pod sends by another MAC" {
	local conf list
	conf=$(with "$DUAL" '{"macspoofchk": true}')
	pod_up p1 p2
	add p1 "$conf"
	add p2 "$(with "$conf" '{"macspoofchk": false}')"
	check p1 "$conf"
	pings p1 10.1.2.1
	pings p1 2001:db8:1::3
	for p in p1 p2; do
		pod $p ip link set eth0 down
		pod $p ip link set eth0 address 02:00:00:00:00:0$((1 + ${p#p}))
		pod $p ip link set eth0 up
	done
	cannot_ping p1 10.1.2.1
	pings p2 10.1.2.1
	del_twice p2 "$conf"
	node nft flush ruleset
	gone p1 "$conf"
}

@test "CHECK notices that nobody guards the MAC any more" {
	local conf
	conf=$(with "$L2" '{"macspoofchk": true}')
	pod_up p1
	add p1 "$conf"
	check p1 "$conf"
	node nft flush ruleset
	check_fails p1 "$conf" "is not set"
	gone p1 "$conf"
}

@test "DEL with the namespace gone forgets the guard of the MAC" {
	local conf
	conf=$(with "$NET" '{"macspoofchk": true}')
	pod_up p1
	add p1 "$conf"
	[ "$(nat_elements | wc -l)" = 2 ]
	pod_down p1
	gone p1 "$conf"
}

@test "ipMasqBackend iptables is served by nftables, and says so" {
	local conf
	conf=$(with "$MASQ" '{"ipMasqBackend": "iptables"}')
	pod_up p1
	add p1 "$conf"
	[[ $stderr == *nftables* ]]
	[ "$(nat_elements | wc -l)" = 1 ]
	gone p1 "$conf"
}

@test "an unknown ipMasqBackend is refused before anything is done" {
	pod_up p1
	add_fails p1 "$(with "$MASQ" '{"ipMasqBackend": "foo"}')" foo
	[ "$code" = 7 ]
	no_link node br0
	nothing_left
}

# ---- results of each version

@test "0.1.0 and 0.2.0 answer with ip4 and ip6" {
	local version conf
	pod_up p1
	for version in 0.1.0 0.2.0; do
		conf=$(with "$DUAL" "{\"cniVersion\": \"$version\"}")
		add p1 "$conf"
		expect "$result" '.ip4.gateway == "10.1.2.1"
			and .ip6.gateway == "2001:db8:1::1"
			and .ip4.routes == [{"dst": "0.0.0.0/0"}]
			and .ip6.routes == [{"dst": "::/0"}]
			and keys == ["cniVersion", "dns", "ip4", "ip6"]
			and .cniVersion == "'"$version"'"'
		gone p1 "$conf"
	done
}

@test "0.3.0 to 0.4.0 answer with versioned ips" {
	local version conf
	pod_up p1
	for version in 0.3.0 0.3.1 0.4.0; do
		conf=$(with "$DUAL" "{\"cniVersion\": \"$version\"}")
		add p1 "$conf"
		expect "$result" '[.ips[] | [.version, .gateway, .interface]] ==
			[["4", "10.1.2.1", 2], ["6", "2001:db8:1::1", 2]]
			and (.interfaces | length) == 3 and .dns == {}
			and .cniVersion == "'"$version"'"'
		gone p1 "$conf"
	done
}

@test "1.0.0 and 1.1.0 answer with plain ips" {
	local version conf
	pod_up p1
	for version in 1.0.0 1.1.0; do
		conf=$(with "$DUAL" "{\"cniVersion\": \"$version\"}")
		add p1 "$conf"
		expect "$result" '[.ips[] | keys] ==
			[["address", "gateway", "interface"],
			["address", "gateway", "interface"]]
			and (.interfaces | length) == 3 and has("dns") == false
			and .cniVersion == "'"$version"'"'
		gone p1 "$conf"
	done
}

# ---- ADD that fails

@test "a pool without addresses fails with code 11 and leaves nothing" {
	local conf
	conf=$(with "$MASQ" '{"ipam": {"subnet": "10.1.2.0/30"}}')
	pod_up p1 p2
	add p1 "$conf"
	add_fails p2 "$conf" "no IP addresses available in range set"
	[ "$code" = 11 ]
	no_link p2 eth0
	pings p1 10.1.2.1
	gone p1 "$conf"
}

@test "an interface that exists is an error, and is left alone" {
	pod_up p1
	pod p1 ip link add eth0 type veth peer name other
	add_fails p1 "$NET" 'exists'
	expect "$(link p1 eth0)" '.link == "other"'
	pod p1 ip link del eth0
	nothing_left
}

@test "a kernel without VLANs of bridges is told, and nothing stays" {
	local conf
	conf=$(with "$NET" '{"vlan": 10}')
	pod_up p1
	node ip link add tagged type bridge vlan_filtering 1 2>/dev/null &&
		skip "the kernel has VLANs of bridges"
	add_fails p1 "$conf" "the kernel has no CONFIG_BRIDGE_VLAN_FILTERING"
	nothing_left
}

@test "a kernel without netfilter is told, and nothing stays" {
	local conf
	conf=$(with "$NET" '{"ipMasq": true}')
	pod_up p1
	WRAPPER=(strace -qq -o /dev/null
		-e inject=socket:error=EPROTONOSUPPORT:when=3+)
	add_fails p1 "$conf" "the kernel has no nf_tables (CONFIG_NF_TABLES)"
	WRAPPER=()
	no_link p1 eth0
	gone p1 "$conf"
}

@test "the port that is one too many is refused with the reason" {
	local i
	pod_up p1
	node ip link add br0 type bridge
	for ((i = 0; i < 1023; i++)); do
		((i % 2)) || echo "link add d$i type veth peer name d$((i + 1))"
		echo "link set d$i master br0"
	done | node ip -batch -
	add_fails p1 "$NET" "a bridge has 1023 ports"
	[[ $msg == "create veth "*": Exchange full"* ]]
	no_link p1 eth0
}

@test "a link of the node by the name of the host end is left alone" {
	local veth
	pod_up p1
	add p1 "$NET"
	veth=$(host_veth p1)
	gone p1 "$NET"
	node ip link add "$veth" type bridge
	add_fails p1 "$NET" "container veth name (\"eth0\") peer provided (\"$veth\") already exists"
	expect "$(link node "$veth")" '.linkinfo.info_kind == "bridge"'
	nothing_left
}

@test "a second ADD is an error, and the pod keeps working" {
	outside_up
	serve outside 80
	pod_up p1 p2
	add p1 "$MASQ"
	add_fails p1 "$MASQ" ""
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	check p1 "$MASQ"
	add p2 "$MASQ"
	[ "$(addresses p2 eth0)" = 10.1.2.3/24 ]
	del_twice p2 "$MASQ"
	gone p1 "$MASQ"
}

@test "a folder of reservations that cannot be written leaves nothing" {
	node mount -t tmpfs -o ro none /var/lib
	pod_up p1
	add_fails p1 "$MASQ" "ead-only file system"
	no_link p1 eth0
	nothing_left
	gone p1 "$MASQ"
}

@test "a namespace that is not there is an error before any change" {
	add_fails p1 "$NET" "/run/netns/p1"
	no_link node br0
	nothing_left
}

# What stands where a namespace is expected, or stood once.
not_namespaces() {
	node touch /run/plain
	node mkfifo /run/fifo
	node ln -s /run/loop /run/loop
	echo /run /run/plain /run/plain/x /run/fifo /run/loop /dev/null \
		/proc/self/ns/mnt nowhere
}

@test "what is no network namespace is an error before any change" {
	local path
	WRAPPER=(timeout 60)
	for path in $(not_namespaces); do
		CNI_NETNS=$path add_fails p1 "$NET" \
			"failed to open netns \"$path\""
		no_link node br0
		nothing_left
	done
}

@test "the plugin's own namespace is refused before any change" {
	CNI_NETNS=/proc/1/ns/net add_fails p1 "$NET" "plugin's netns and netns from CNI_NETNS should not be the same"
	[ "$code" = 8 ]
	no_link node br0
	nothing_left
}

@test "CNI_NETNS_OVERRIDE allows the plugin's own namespace" {
	PLUGIN_ENV=(CNI_NETNS_OVERRIDE=1)
	CNI_NETNS=/proc/1/ns/net add p1 "$NET"
	[ "$(addresses node eth0)" = 10.1.2.2/24 ]
	CNI_NETNS=/proc/1/ns/net del_twice p1 "$NET"
	nothing_left
}

@test "forwarding that cannot be turned on is an error, and leaves nothing" {
	pod_up p1
	node mount -o bind,ro /proc/sys /proc/sys
	add_fails p1 "$MASQ" "forward"
	no_link p1 eth0
	nothing_left
}

@test "forwarding that is on is not written" {
	pod_up p1
	node sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	node mount -o bind,ro /proc/sys /proc/sys
	add p1 "$NET"
	pings p1 10.1.2.1
	gone p1 "$NET"
}

# ---- DEL

@test "DEL of a pod that was never added is success" {
	pod_up p1
	gone p1 "$MASQ"
}

@test "DEL with the namespace gone releases everything" {
	pod_up p1
	add p1 "$MASQ"
	pod_down p1
	gone p1 "$MASQ"
}

@test "DEL with CNI_NETNS empty releases everything" {
	pod_up p1
	add p1 "$MASQ"
	CNI_NETNS="" del_twice p1 "$MASQ"
	nothing_left
}

@test "DEL with CNI_NETNS empty and a result releases everything" {
	pod_up p1
	add p1 "$MASQ"
	pod_down p1
	CNI_NETNS="" del_twice p1 "$(with_prev "$MASQ" "$result")"
	nothing_left
}

@test "DEL with what is no network namespace releases everything" {
	local path
	WRAPPER=(timeout 60)
	for path in $(not_namespaces); do
		pod_up p1
		add p1 "$MASQ"
		pod_down p1
		CNI_NETNS=$path del_twice p1 "$MASQ"
		nothing_left
	done
}

@test "DEL after the interface went releases everything" {
	local veth
	pod_up p1
	add p1 "$MASQ"
	veth=$(host_veth p1)
	pod p1 ip link del eth0
	no_link node "$veth"
	gone p1 "$MASQ"
}

@test "DEL after the pod gave another interface the name releases everything" {
	local veth
	pod_up p1
	add p1 "$MASQ"
	veth=$(host_veth p1)
	pod p1 ip link set eth0 down
	pod p1 ip link set eth0 name mine alias "$veth"
	pod p1 ip link add eth0 type bridge
	del_twice p1 "$MASQ"
	no_link p1 mine
	# Which is the pod's own.
	pod p1 ip link del eth0
	nothing_left
}

@test "DEL after the pod took the interface away releases everything" {
	pod_up p1
	add p1 "$MASQ"
	pod_up p2
	node ip -n p1 link set eth0 netns p2 name other
	gone p1 "$MASQ"
	no_link p2 other
}

@test "DEL with the record lost releases everything" {
	pod_up p1
	add p1 "$MASQ"
	node rm -r /run/cni/cnibox
	pod_down p1
	gone p1 "$MASQ"
}

@test "DEL after ipMasq went from the configuration releases everything" {
	pod_up p1
	add p1 "$MASQ"
	gone p1 "$NET"
}

@test "DEL after the bridge went releases everything" {
	pod_up p1
	add p1 "$MASQ"
	node ip link del br0
	gone p1 "$MASQ"
}

@test "DEL minds no key that it does not use" {
	pod_up p1
	add p1 "$MASQ"
	gone p1 "$(with "$MASQ" '{"vlan": 5000, "hairpinMode": true,
		"promiscMode": true, "mtu": "big", "ipMasqBackend": "foo"}')"
}

# ---- ipam plugins of others

# Writes to /run/ipam what it was called with; answers with /run/answer, or
# with /run/error and status 1.
foreign_ipam() {
	node mkdir -p /run/plugins
	node tee /run/plugins/foreign >/dev/null <<-'EOT'
		#!/bin/sh
		PATH=/usr/bin:/bin
		echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME" \
			>>/run/calls
		cat >/run/stdin
		echo "foreign says $CNI_COMMAND" >&2
		[ $CNI_COMMAND = ADD ] || exit 0
		cat /run/answer && exit 0
		cat /run/error
		exit 1
	EOT
	node chmod +x /run/plugins/foreign
	CNI_PATH=/run/nowhere:/run/plugins:$PLUGINS
	FOREIGN=$(with "$NET" '{"ipam": {"type": "foreign"}}')
}

@test "an ipam plugin of others is run, with our bytes and environment" {
	foreign_ipam
	node tee /run/answer >/dev/null <<<'{"cniVersion": "1.0.0", "ips":
		[{"address": "10.1.2.9/24", "gateway": "10.1.2.1"}],
		"routes": [{"dst": "0.0.0.0/0"}], "dns": {"domain": "a.example"}}'
	pod_up p1
	add p1 "$FOREIGN"
	[ "$(node cat /run/stdin)" = "$FOREIGN" ]
	[ "$(node cat /run/calls)" = "ADD p1 /run/netns/p1 eth0" ]
	[[ $stderr == *"foreign says ADD"* ]]
	expect "$result" '.dns.domain == "a.example"'
	pings p1 10.1.2.1
	check p1 "$FOREIGN"
	del p1 "$FOREIGN"
	[ "$(node cut -d ' ' -f 1 /run/calls | xargs)" = "ADD CHECK DEL" ]
	gone p1 "$FOREIGN"
}

@test "an ipam plugin of others may answer in any version" {
	local version answer
	foreign_ipam
	pod_up p1
	for version in $VERSIONS ""; do
		case $version in
		0.[12].*) answer='{"ip4": {"ip": "10.1.2.9/24",
			"gateway": "10.1.2.1",
			"routes": [{"dst": "10.9.0.0/16"}]}}' ;;
		*) answer='{"interfaces": [{"name": "other"}], "ips": [
			{"version": "4", "address": "10.1.2.9/24",
			"gateway": "10.1.2.1", "interface": 7}],
			"routes": [{"dst": "10.9.0.0/16"}]}' ;;
		esac
		[ -z "$version" ] || answer=$(jq --arg v "$version" \
			'.cniVersion = $v' <<<"$answer")
		node tee /run/answer >/dev/null <<<"$answer"
		add p1 "$FOREIGN"
		expect "$result" '.cniVersion == "1.0.0" and
			[.interfaces[].name][2] == "eth0" and
			.ips == [{"address": "10.1.2.9/24",
				"gateway": "10.1.2.1", "interface": 2}]'
		[ "$(routes p1 -4)" = "10.9.0.0/16 via 10.1.2.1 dev eth0" ]
		gone p1 "$FOREIGN"
	done
}

@test "an ipam plugin's error becomes ours, and it gets a DEL" {
	foreign_ipam
	node tee /run/error >/dev/null <<<'{"cniVersion": "1.0.0",
		"code": 11, "msg": "come back later", "details": "or never"}'
	pod_up p1
	add_fails p1 "$FOREIGN" "come back later; or never"
	[ "$code" = 11 ]
	[ "$(node cut -d ' ' -f 1 /run/calls | xargs)" = "ADD DEL" ]
	nothing_left
}

@test "an ipam plugin that dies without a word is an error" {
	foreign_ipam
	node tee /run/error </dev/null
	pod_up p1
	add_fails p1 "$FOREIGN" "foreign"
	nothing_left
}

@test "an ipam plugin that answers without an address is an error" {
	local answer
	foreign_ipam
	pod_up p1
	for answer in '{"cniVersion": "1.0.0"}' '{}' null; do
		node tee /run/answer >/dev/null <<<"$answer"
		add_fails p1 "$FOREIGN" "IPAM plugin returned missing IP config"
		nothing_left
	done
}

@test "an ipam plugin that answers nonsense is an error, and gets a DEL" {
	local answer text
	foreign_ipam
	pod_up p1
	while read -r answer text; do
		node tee /run/answer >/dev/null <<<"$answer"
		node rm -f /run/calls
		add_fails p1 "$FOREIGN" "result of foreign$text"
		[ "$(node cut -d ' ' -f 1 /run/calls | xargs)" = "ADD DEL" ]
		nothing_left
	done <<-'EOT'
		nonsense : expected a value at line 1
		[] : expected an object
		{"cniVersion":"9.0.0"} : unsupported CNI result version "9.0.0"
		{"ips":[{"address":"10.1.2.9"}]} .ips[0].address: expected
		{"ips":[{"gateway":"10.1.2.1"}]} .ips[0].address: missing
	EOT
}

@test "an ipam plugin's IPv4 in the form of IPv6 is refused" {
	local answer
	foreign_ipam
	pod_up p1
	for answer in \
		'"ips": [{"address": "::ffff:10.1.2.9/120"}]' \
		'"ips": [{"address": "::ffff:10.1.2.9/24"}]' \
		'"ips": [{"address": "10.1.2.9/24"}], "routes":
			[{"dst": "::ffff:10.9.0.0/112"}]'; do
		node tee /run/answer >/dev/null \
			<<<"{\"cniVersion\": \"1.0.0\", $answer}"
		add_fails p1 "$(with "$FOREIGN" '{"isGateway": false}')" \
			"in the form of IPv6"
		nothing_left
	done
}

@test "an ipam plugin of others may ask through the pod's interface" {
	foreign_ipam
	pod_up p1 p2
	add p2 "$(with "$NET" '{"macspoofchk": true}')"
	# As dhcp does, which has no other way to its server.
	node tee /run/plugins/foreign >/dev/null <<-'EOT'
		#!/bin/bash
		[ $CNI_COMMAND = ADD ] || exit 0
		PATH=/usr/sbin:/usr/bin:/sbin:/bin
		inside() { nsenter --net=$CNI_NETNS "$@" >&2; }
		inside ip link set eth0 up &&
			inside ip address add 10.1.2.99/24 dev eth0 &&
			inside ping -c 1 -W 60 10.1.2.1 &&
			inside ip address flush dev eth0 &&
			echo '{"cniVersion": "1.0.0",
				"ips": [{"address": "10.1.2.9/24"}]}'
	EOT
	add p1 "$(with "$FOREIGN" '{"macspoofchk": true, "ipMasq": true}')"
	[ "$(nat_elements | wc -l)" = 5 ]
	check p1 "$(with "$FOREIGN" '{"macspoofchk": true, "ipMasq": true}')"
	pings p1 10.1.2.1
	del_twice p2 "$NET"
	gone p1 "$FOREIGN"
}

@test "an ipam plugin that cannot be found is an error" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"ipam": {"type": "nope"}}')" \
		'failed to find plugin "nope" in path'
	nothing_left
}

@test "an ipam type with a slash is an error" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"ipam": {"type": "../host-local"}}')" \
		'invalid plugin name: ../host-local'
	nothing_left
}

@test "the reference's host-local serves our bridge, and ours can DEL" {
	[ -x "$REFERENCE"/host-local ] || skip "no reference plugins"
	pod_up p1 p2
	CNI_PATH=$REFERENCE add p1 "$MASQ"
	[ "$(addresses p1 eth0)" = 10.1.2.2/24 ]
	add p2 "$MASQ"
	[ "$(addresses p2 eth0)" = 10.1.2.3/24 ]
	CNI_PATH=$REFERENCE check p1 "$MASQ"
	del_twice p1 "$MASQ"
	CNI_PATH=$REFERENCE del_twice p2 "$MASQ"
	nothing_left
}

@test "the reference's static serves our bridge" {
	local conf
	[ -x "$REFERENCE"/static ] || skip "no reference plugins"
	conf=$(with "$NET" '{"ipam": {"type": "static", "subnet": null,
		"addresses": [{"address": "10.1.2.9/24",
		"gateway": "10.1.2.1"}]}}')
	pod_up p1
	CNI_PATH=$REFERENCE
	add p1 "$conf"
	pings p1 10.1.2.1
	gone p1 "$conf"
}

# ---- CHECK

@test "CHECK is content with what ADD did" {
	local conf
	pod_up p1
	for conf in "$L2" "$NET" "$DUAL" "$MASQ"; do
		add p1 "$conf"
		check p1 "$conf"
		gone p1 "$conf"
		node ip link del br0
	done
}

@test "CHECK is content with what others add" {
	local conf
	conf=$(with "$DUAL" '{"ipMasq": true}')
	pod_up p1
	add p1 "$conf"
	pod p1 ip address add 10.7.7.7/24 dev eth0
	pod p1 ip address add 2001:db8:7::7/64 dev eth0 nodad
	pod p1 ip route add 10.8.0.0/16 via 10.1.2.9
	pod p1 ip route add default via 10.1.2.9 metric 100
	pod p1 ip -6 route add default via 2001:db8:1::9 metric 100
	pod p1 ip link add other0 type bridge
	node ip link add other0 type veth peer name other1
	node ip link set other0 master br0
	node ip address add 10.7.7.1/24 dev br0
	check p1 "$conf"
	# As a plugin behind it may tell of more.
	results[p1]=$(jq '.interfaces += [{"name": "other0"},
		{"name": "eth0", "sandbox": "/run/netns/other"}]' <<<"$result")
	check p1 "$conf"
}

@test "CHECK notices what the result tells otherwise" {
	local change text
	pod_up p1
	add p1 "$NET"
	while read -r change text; do
		results[p1]=$(jq "$change" <<<"$result")
		check_fails p1 "$NET" "$text"
	done <<-'EOT'
		.cniVersion="0.4.0" could not parse prevResult: result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is "0.4.0"
		.interfaces[0].mac="02:00:00:00:00:01" Bridge interface br0 Mac doesn't match
		.interfaces[0].name="br1" Interface name missing
		.interfaces[0].sandbox="/other" Interface name missing
		.interfaces[1].mac="02:00:00:00:00:01" Mac doesn't match
		.interfaces[1].name="nowhere" Interface name nowhere not found
		del(.interfaces[1]) CNI veth created for bridge br0 was not found
		.interfaces[2].mac="02:00:00:00:00:01" Container interface eth0 Mac doesn't match
		.interfaces[2].sandbox="/other" Sandbox in prevResult doesn't match
		.ips[0].address="10.1.2.2/16" Failed to match addr 10.1.2.2/16 on interface eth0
		.ips[0].address="10.9.9.9/24" Failed to match addr 10.9.9.9/24 on interface eth0
		.routes[0].gw="10.1.2.9" Expected Route 0.0.0.0/0 via 10.1.2.9 not found
		.routes[0].dst="10.9.0.0/16" Expected Route 10.9.0.0/16 not found
	EOT
	results[p1]=$result
	check p1 "$NET"
	gone p1 "$NET"
}

# notices WHERE COMMAND...: once COMMAND has run there, CHECK fails; and that
# DEL works nevertheless.
notices() {
	local conf
	conf=$(with "$DUAL" '{"ipMasq": true}')
	pod_up p1
	add p1 "$conf"
	check p1 "$conf"
	within "$@"
	check_fails p1 "$conf" ""
	gone p1 "$conf"
}

@test "CHECK notices a missing interface" {
	notices p1 ip link del eth0
}

@test "CHECK notices another MAC" {
	notices p1 ip link set eth0 address 02:00:00:00:00:01
}

@test "CHECK notices a missing address" {
	notices p1 ip address del 10.1.2.2/24 dev eth0
}

@test "CHECK notices a missing IPv6 address" {
	notices p1 ip address del 2001:db8:1::2/64 dev eth0
}

@test "CHECK notices a missing route" {
	notices p1 ip route del default
}

@test "CHECK notices a missing IPv6 route" {
	notices p1 ip -6 route del default
}

@test "CHECK notices a missing bridge" {
	notices node ip link del br0
}

@test "CHECK notices a missing reservation" {
	notices node rm /var/lib/cni/networks/dual/10.1.2.2
}

@test "CHECK notices a missing masquerade" {
	notices node nft flush ruleset
}

@test "CHECK notices a host end that left the bridge" {
	pod_up p1
	add p1 "$NET"
	node ip link set "$(host_veth p1)" nomaster
	check_fails p1 "$NET" ""
	gone p1 "$NET"
}

@test "CHECK needs the result of ADD" {
	pod_up p1
	cni CHECK bridge p1 "$NET"
	failed_with "Required prevResult missing"
}

@test "a bridge that others made keeps its MAC, too" {
	local mac pod
	pod_up p1 p2 p3 p4
	node ip link add br0 type bridge
	mac=$(link node br0 | jq .address)
	for pod in p1 p2 p3 p4; do
		add "$pod" "$NET"
		expect "$result" ".interfaces[0].mac == $mac"
		check "$pod" "$NET"
	done
	for pod in p1 p2 p3 p4; do
		del_twice "$pod" "$NET"
		expect "$(link node br0)" ".address == $mac"
	done
}

@test "an ipam type of no letters is none" {
	pod_up p1
	add p1 "$(with "$L2" '{"ipam": {"type": ""},
		"disableContainerInterface": true}')"
	expect "$result" '.ips == null'
	gone p1 "$L2"
}

@test "CHECK takes an interface without a name" {
	pod_up p1
	add p1 "$NET"
	results[p1]=$(jq '.interfaces = [{"mac": "02:00:00:00:00:01"}]
		+ .interfaces' <<<"$result")
	check_fails p1 "$NET" "not found"
	gone p1 "$NET"
}

@test "CHECK finds an IPv6 route among many of equal rank" {
	pod_up p1
	add p1 "$NET6"
	pod p1 ip -6 route append default via 2001:db8:1::9 dev eth0
	check p1 "$NET6"
	pod p1 ip -6 route del default via 2001:db8:1::1 dev eth0
	results[p1]=$(jq '.routes[0].gw = "2001:db8:1::1"' <<<"${results[p1]}")
	check_fails p1 "$NET6" "Expected Route ::/0 via 2001:db8:1::1"
	gone p1 "$NET6"
}

@test "CHECK notices an interface that is down, without routes too" {
	local conf
	pod_up p1
	for conf in "$L2" "$(with "$NET" '{"ipam": {"routes": []}}')"; do
		add p1 "$conf"
		pod p1 ip link set eth0 down
		check_fails p1 "$conf" "Interface eth0 is down"
		gone p1 "$conf"
	done
}

@test "CHECK leaves to a plugin before what is its own" {
	pod_up p1
	add p1 "$(with_prev "$MASQ" '{"cniVersion": "1.0.0",
		"interfaces": [{"name": "net0", "sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.9.9.9/24", "gateway": "10.9.9.1",
			"interface": 0}]}')"
	check p1 "$MASQ"
	gone p1 "$MASQ"
}

@test "DEL takes a container id of any length" {
	pod_up p1
	CNI_CONTAINERID=$(printf '%0300d' 7) del_twice p1 "$MASQ"
}

@test "enabledad turns the detection on where it is off" {
	local conf
	conf=$(with "$NET6" '{"enabledad": true}')
	pod_up p1
	pod p1 sysctl -qw net.ipv6.conf.default.accept_dad=0
	add p1 "$conf"
	[ "$(pod p1 cat /proc/sys/net/ipv6/conf/eth0/accept_dad)" = 1 ]
	gone p1 "$conf"
}

@test "an ipam plugin may say that an address is of no interface" {
	node mkdir -p /run/plugins
	node tee /run/plugins/foreign >/dev/null <<-'EOT'
		#!/bin/sh
		[ $CNI_COMMAND = ADD ] || exit 0
		echo '{"cniVersion": "1.0.0", "ips":
			[{"address": "10.1.2.9/24", "interface": -1}]}'
	EOT
	node chmod +x /run/plugins/foreign
	pod_up p1
	CNI_PATH=/run/plugins add p1 "$(with "$NET" '{"ipam": {"type": "foreign"}}')"
	expect "$result" '.ips[0].interface == 2'
}

# ---- STATUS and GC

@test "STATUS is content, and passes on what ipam says" {
	local conf
	conf=$(with "$NET" '{"cniVersion": "1.1.0"}')
	cni STATUS bridge p1 "$conf"
	silent STATUS
	cni STATUS bridge p1 "$(with "$conf" '{"ipam": {"type": "nope"}}')"
	failed_with 'failed to find plugin "nope"'
}

# status_fails CONF TEXT: it is told, and true: ADD fails as well.
status_fails() {
	cni STATUS bridge p1 "$1"
	failed_with "$2"
	[ "$code" = 50 ]
	add_fails p1 "$1" ""
	nothing_left
}

status_is_content() {
	cni STATUS bridge p1 "$1"
	silent STATUS
	add p1 "$1"
	gone p1 "$1"
}

@test "STATUS changes nothing" {
	local before
	before=$(node ip -d link; node nft list ruleset)
	cni STATUS bridge p1 "$(with "$DUAL" '{"cniVersion": "1.1.0",
		"ipMasq": true, "macspoofchk": true}')"
	silent STATUS
	[ "$(node ip -d link; node nft list ruleset)" = "$before" ]
}

@test "STATUS notices that forwarding cannot be turned on" {
	local conf conf6
	conf=$(with "$NET" '{"cniVersion": "1.1.0"}')
	conf6=$(with "$NET6" '{"cniVersion": "1.1.0"}')
	pod_up p1
	status_is_content "$conf"
	node sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	node mount -o bind,ro /proc/sys /proc/sys
	status_fails "$conf" "sysctl net/ipv4/ip_forward cannot be set to 1"
	status_fails "$conf6" "cannot be set to 1"
	status_fails "$(with "$conf6" '{"isGateway": false}')" \
		"cannot be set to 1"
	status_is_content "$(with "$conf" '{"isGateway": false,
		"ipam": {"routes": []}}')"
	node umount /proc/sys
	node sysctl -qw net.ipv4.ip_forward=1
	node mount -o bind,ro /proc/sys /proc/sys
	status_is_content "$conf"
}

@test "STATUS notices that IPv6 is off" {
	local conf6
	conf6=$(with "$NET6" '{"cniVersion": "1.1.0"}')
	pod_up p1
	node sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	status_fails "$conf6" "sysctl net/ipv6/conf/default/disable_ipv6 is 1"
	status_is_content "$(with "$NET" '{"cniVersion": "1.1.0"}')"
	node ip link del br0
	node ip link add br0 type bridge
	status_fails "$conf6" "sysctl net/ipv6/conf/br0/disable_ipv6 is 1"
	node sysctl -qw net.ipv6.conf.br0.disable_ipv6=0
	status_is_content "$conf6"
}

@test "STATUS notices that there is no /proc" {
	local conf
	conf=$(with "$NET" '{"cniVersion": "1.1.0"}')
	pod_up p1
	node mount -t tmpfs none /proc
	cni STATUS bridge p1 "$conf"
	failed_with "/proc/thread-self/ns/net: No such file"
	[ "$code" = 50 ]
	add_fails p1 "$conf" "/proc/thread-self/ns/net: No such file"
	cni STATUS loopback p1 "$(with "$conf" '{"type": "loopback"}')"
	failed_with "/proc/thread-self/ns/net: No such file"
	node umount /proc
	status_is_content "$conf"
}

@test "GC takes down many dead attachments at once, and no other" {
	local pods=(p{1..12}) conf
	conf=$(with "$MASQ" '{"cniVersion": "1.1.0"}')
	pod_up "${pods[@]}"
	for pod in "${pods[@]}"; do
		add "$pod" "$conf"
	done
	# Without its record it is known by its alias.
	node rm /run/cni/cnibox/net1:eth0:p3.bridge
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC bridge p1 \
		"$(with "$conf" '{"cni.dev/valid-attachments": [
			{"containerID": "p2", "ifname": "eth0"},
			{"containerID": "p12", "ifname": "eth0"}]}')"
	silent GC
	[ "$(node ip -o link show type veth | wc -l)" = 2 ]
	[ "$(nat_elements | wc -l)" = 2 ]
	check p2 "$conf"
	check p12 "$conf"
	del p2 "$conf"
	gone p12 "$conf"
}

@test "GC removes what belongs to no valid attachment" {
	local conf
	conf=$(with "$MASQ" '{"cniVersion": "1.1.0"}')
	pod_up p1 p2
	add p1 "$conf"
	add p2 "$conf"
	pod_down p1
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC bridge p1 \
		"$(with "$conf" '{"cni.dev/valid-attachments":
			[{"containerID": "p2", "ifname": "eth0"}]}')"
	silent GC
	check p2 "$conf"
	[ "$(nat_elements | wc -l)" = 1 ]
	node [ ! -e /var/lib/cni/networks/net1/10.1.2.2 ]
	gone p2 "$conf"
}

@test "GC without valid attachments removes everything of its network" {
	local conf other
	conf=$(with "$MASQ" '{"cniVersion": "1.1.0"}')
	other=$(with "$conf" '{"name": "net2", "bridge": "br1",
		"ipam": {"subnet": "10.1.3.0/24"}}')
	pod_up p1 p2
	add p1 "$conf"
	add p2 "$other"
	pod_down p1
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC bridge p1 \
		"$(jq '."cni.dev/valid-attachments" = null' <<<"$conf")"
	silent GC
	check p2 "$other"
	gone p2 "$other"
}

# ---- many at once, and sudden death

# at_once CMD POD...: CMD POD CONF for all pods, in parallel.
at_once() {
	local cmd=$1 pod pids=()
	for pod in "${@:2}"; do
		"$cmd" "$pod" "$MASQ" &
		pids+=($!)
	done
	for pod in "${pids[@]}"; do
		wait "$pod"
	done
}

@test "32 pods, 16 at a time, all work, and leave nothing" {
	local pods=() i
	for i in {1..32}; do
		pods+=("p$i")
	done
	pod_up "${pods[@]}"
	at_once add "${pods[@]:0:16}"
	at_once add "${pods[@]:16}"
	[ "$(nat_elements | wc -l)" = 32 ]
	[ "$(node cat /sys/class/net/br0/addr_assign_type)" = 3 ]
	for i in "${pods[@]}"; do
		pings "$i" 10.1.2.1
	done
	[ "$(for i in "${pods[@]}"; do addresses "$i" eth0; done |
		sort -u | wc -l)" = 32 ]
	at_once del "${pods[@]:0:16}"
	at_once del "${pods[@]:16}"
	nothing_left
}
