#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ptp: what the kernel and the packets say after each verb.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "ptp",
	"ipam": {
		"type": "host-local", "subnet": "10.1.2.0/24",
		"routes": [{"dst": "0.0.0.0/0"}]
	}
}'
NET6='{
	"cniVersion": "1.0.0", "name": "net6", "type": "ptp",
	"ipam": {
		"type": "host-local", "subnet": "2001:db8:1::/64",
		"routes": [{"dst": "::/0"}]
	}
}'
DUAL='{
	"cniVersion": "1.1.0", "name": "dual", "type": "ptp",
	"ipam": {
		"type": "host-local",
		"ranges": [
			[{"subnet": "10.1.2.0/24"}],
			[{"subnet": "2001:db8:1::/64"}]
		],
		"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
	}
}'
PORTS='{"portMappings": [
	{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}
]}'

# The host end of a pod's veth pair.
host_veth() {
	jq -r '.interfaces[0].name' <<<"${results[$1]}"
}

# routes NAME -4|-6: those that somebody added, in the words of ip.
routes() {
	within "$1" ip "$2" route show | grep -v 'proto kernel' |
		sed 's/ *$//; s/ pref medium$//; s/ metric 1024//' | sort
}

# ---- what ADD makes

@test "the container reaches its subnet by the gateway, and that by its link" {
	pod_up p1
	add p1 "$NET"
	[ "$(addresses p1 eth0)" = 10.1.2.2/24 ]
	[ "$(routes p1 -4)" = "10.1.2.0/24 via 10.1.2.1 dev eth0 src 10.1.2.2
10.1.2.1 dev eth0 scope link src 10.1.2.2
default via 10.1.2.1 dev eth0" ]
	[ -z "$(pod p1 ip -4 route show proto kernel)" ]
	pings p1 10.1.2.1
	pings node 10.1.2.2
	# The kernel does not make the route to the subnet later, either.
	pod p1 ip link set eth0 down
	pod p1 ip link set eth0 up
	[ -z "$(pod p1 ip -4 route show proto kernel)" ]
	gone p1 "$NET"
}

@test "the host has the gateway's address, and a route to the container" {
	local veth
	pod_up p1 p2
	add p1 "$NET"
	veth=$(host_veth p1)
	[ "$(addresses node "$veth")" = 10.1.2.1/32 ]
	[ "$(routes node -4)" = "10.1.2.2 dev $veth scope host" ]
	[ "$(node cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ "$(node cat /proc/sys/net/ipv6/conf/all/forwarding)" = 0 ]
	add p2 "$NET"
	[ "$(addresses node "$(host_veth p2)")" = 10.1.2.1/32 ]
	del_twice p1 "$NET"
	[ "$(routes node -4)" = "10.1.2.3 dev $(host_veth p2) scope host" ]
	gone p2 "$NET"
	[ -z "$(routes node -4)" ]
}

@test "a route that another has left on the host is not taken" {
	pod_up p1
	node ip link add far type veth peer name near
	node ip link set far up
	node ip route add 10.1.2.2 dev far
	add p1 "$NET"
	pings p1 10.1.2.1
	pings node 10.1.2.2
	del_twice p1 "$NET"
	node ip link del far
	nothing_left
}

@test "an address may be alone in its subnet, its gateway anywhere" {
	mkdir "$BATS_TEST_TMPDIR/ipam"
	cat >"$BATS_TEST_TMPDIR/ipam/odd" <<-'END'
		#!/bin/sh
		[ $CNI_COMMAND != ADD ] || echo '{
			"ips": [
				{"address": "10.1.2.9/32", "gateway": "169.254.1.1"},
				{"address": "2001:db8:1::9/128",
					"gateway": "2001:db8:2::1"}
			],
			"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
		}'
	END
	chmod +x "$BATS_TEST_TMPDIR/ipam/odd"
	pod_up p1
	export CNI_PATH=$BATS_TEST_TMPDIR/ipam
	add p1 "$(with "$NET" '{"ipam": {"type": "odd"}}')"
	pings p1 169.254.1.1
	pings node 10.1.2.9
	pings node 2001:db8:1::9
	check p1 "$(with "$NET" '{"ipam": {"type": "odd"}}')"
	gone p1 "$(with "$NET" '{"ipam": {"type": "odd"}}')"
}

@test "the answer names host end and container end, in this order" {
	local veth
	pod_up p1
	add p1 "$NET"
	veth=$(host_veth p1)
	expect "$result" '[.interfaces[].name] == ["'"$veth"'", "eth0"]'
	expect "$result" '[.interfaces[].sandbox] == [null, "/run/netns/p1"]'
	expect "$(link node "$veth")" \
		".address == $(jq '.interfaces[0].mac' <<<"$result")
		and .num_tx_queues == 1 and .num_rx_queues == 1"
	expect "$(link p1 eth0)" \
		".address == $(jq '.interfaces[1].mac' <<<"$result")
		and .num_tx_queues == 1 and .num_rx_queues == 1"
	expect "$result" '.ips == [{"address": "10.1.2.2/24",
		"gateway": "10.1.2.1", "interface": 1}]'
	expect "$result" '.routes == [{"dst": "0.0.0.0/0"}]'
	gone p1 "$NET"
}

@test "every version of the configuration" {
	local version conf
	pod_up p1
	for version in $VERSIONS; do
		conf=$(with "$NET" "{\"cniVersion\": \"$version\"}")
		add p1 "$conf"
		expect "$result" ".cniVersion == \"$version\" and
			(.ip4.ip // .ips[0].address | test(\"^10.1.2.\"))"
		pings p1 10.1.2.1
		case $version in
		0.[123].*)
			check_fails p1 "$conf" "does not allow CHECK"
			;;
		*)
			check p1 "$conf"
			;;
		esac
		gone p1 "$conf"
	done
}

@test "mtu is that of both ends" {
	local conf
	conf=$(with "$NET" '{"mtu": 1400}')
	pod_up p1
	add p1 "$conf"
	expect "$(link p1 eth0)" '.mtu == 1400'
	expect "$(link node "$(host_veth p1)")" '.mtu == 1400'
	gone p1 "$conf"
}

@test "dns of the configuration comes in place of the IPAM plugin's" {
	local conf
	node sh -c 'echo nameserver 192.0.2.53 >/run/resolv.conf'
	conf=$(with "$NET" '{"ipam": {"resolvConf": "/run/resolv.conf"}}')
	pod_up p1
	add p1 "$conf"
	expect "$result" '.dns.nameservers == ["192.0.2.53"]'
	gone p1 "$conf"
	add p1 "$(with "$conf" '{"dns": {"domain": "example.org"}}')"
	expect "$result" '.dns == {"domain": "example.org"}'
	gone p1 "$conf"
	add p1 "$(with "$conf" '{"dns": {"search": []}}')"
	expect "$result" '.dns == null'
	gone p1 "$conf"
}

@test "routes of the IPAM plugin, by the gateway and by another router" {
	local conf
	conf=$(with "$NET" '{"ipam": {"routes": [
		{"dst": "192.168.0.0/16"},
		{"dst": "172.16.0.0/12", "gw": "10.1.2.1", "mtu": 1280},
		{"dst": "198.51.100.0/24", "gw": "10.1.2.9"}
	]}}')
	pod_up p1
	add p1 "$conf"
	[ "$(routes p1 -4 | grep -v '^10')" = \
		"172.16.0.0/12 via 10.1.2.1 dev eth0 mtu 1280
192.168.0.0/16 via 10.1.2.1 dev eth0
198.51.100.0/24 via 10.1.2.9 dev eth0 onlink" ]
	check p1 "$conf"
	gone p1 "$conf"
	add_fails p1 "$(with "$NET" '{"ipam": {"routes": [
		{"dst": "192.168.0.0/16", "gw": "10.9.9.9"}
	]}}')" "add route 192.168.0.0/16 via 10.9.9.9 to eth0"
	nothing_left
}

@test "IPv6 is on at once, without detection of duplicates" {
	pod_up p1 p2
	pod p1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	add p1 "$NET6"
	[ "$(addresses p1 eth0)" = 2001:db8:1::2/64 ]
	expect "$(link p1 eth0)" '[.addr_info[] | select(.scope == "global")
		| .nodad, .tentative] == [true, null]'
	expect "$(link node "$(host_veth p1)")" '[.addr_info[]
		| select(.scope == "global") | .nodad, .tentative]
		== [true, null]'
	[ "$(routes p1 -6)" = \
		"2001:db8:1::/64 via 2001:db8:1::1 dev eth0 src 2001:db8:1::2
2001:db8:1::1 dev eth0 src 2001:db8:1::2
default via 2001:db8:1::1 dev eth0" ]
	[ "$(routes node -6)" = "2001:db8:1::2 dev $(host_veth p1)" ]
	[ "$(node cat /proc/sys/net/ipv6/conf/all/forwarding)" = 1 ]
	[ "$(node cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	[ "$(node cat "/proc/sys/net/ipv6/conf/$(host_veth p1)/accept_ra")" \
		= 0 ]
	[ "$(pod p1 cat /proc/sys/net/ipv6/conf/eth0/keep_addr_on_down)" = 1 ]
	add p2 "$NET6"
	pings p1 2001:db8:1::1
	pings node 2001:db8:1::2
	pings p1 2001:db8:1::3
	check p1 "$(with "$NET6" '{"cniVersion": "1.0.0"}')"
	del_twice p2 "$NET6"
	gone p1 "$NET6"
}

# ---- packets

@test "pods reach each other by the host, in both families" {
	pod_up p1 p2
	add p1 "$DUAL"
	add p2 "$DUAL"
	pings p1 10.1.2.3
	pings p2 10.1.2.2
	pings p1 2001:db8:1::3
	serve p2 80
	answers p1 10.1.2.3 80 "p2 sees 10.1.2.2"
	answers p1 2001:db8:1::3 80 \
		"p2 sees [2001:0db8:0001:0000:0000:0000:0000:0002]"
	del_twice p2 "$DUAL"
	gone p1 "$DUAL"
}

@test "outside sees the node for what masquerades, and pods see pods" {
	local conf
	conf=$(with "$DUAL" '{"ipMasq": true, "ipMasqBackend": "iptables"}')
	outside_up
	pod_up p1 p2
	cannot_ping outside 10.1.2.2
	add p1 "$conf"
	[[ $stderr == *"ipMasqBackend iptables: nftables does it"* ]]
	add p2 "$conf"
	serve outside 80
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	answers p1 2001:db8:ffff::2 80 \
		"outside sees [2001:0db8:ffff:0000:0000:0000:0000:0001]"
	serve p2 80
	answers p1 10.1.2.3 80 "p2 sees 10.1.2.2"
	check p1 "$conf"
	node nft flush ruleset
	check_fails p1 "$conf" "masq"
	del_twice p2 "$conf"
	gone p1 "$conf"
}

@test "one family is masqueraded, and not what goes to some subnets or ways" {
	local conf
	conf=$(with "$DUAL" '{
		"ipMasq": "ipv4", "nonMasqueradeCIDRs": ["198.51.100.0/24"],
		"nonMasqueradeRealm": 7
	}')
	outside_up
	pod outside ip address add 198.51.100.2/24 dev eth0
	pod outside ip route add 10.1.2.0/24 via 192.0.2.1
	pod outside ip route add 2001:db8:1::/64 via 2001:db8:ffff::1
	pod outside ip address add 203.0.113.2/32 dev lo
	node ip route add 198.51.100.0/24 dev uplink0
	node ip route add 203.0.113.2/32 via 192.0.2.2 realm 7
	pod_up p1
	add p1 "$conf"
	serve outside 80
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	answers p1 198.51.100.2 80 "outside sees 10.1.2.2"
	answers p1 203.0.113.2 80 "outside sees 10.1.2.2"
	answers p1 2001:db8:ffff::2 80 \
		"outside sees [2001:0db8:0001:0000:0000:0000:0000:0002]"
	gone p1 "$conf"
}

@test "published ports are reached from outside, by 127.0.0.1 and by the pod" {
	local list
	list=$(jq '{cniVersion, name, plugins: [del(.cniVersion, .name),
		{"type": "portmap", "capabilities": {"portMappings": true}}]}' \
		<<<"$(with "$DUAL" '{"ipMasq": true}')")
	outside_up
	pod_up p1 p2
	add_list p1 "$list" "$PORTS"
	add_list p2 "$list"
	serve p1 80
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers outside 2001:db8:ffff::1 8080 \
		"p1 sees [2001:0db8:ffff:0000:0000:0000:0000:0002]"
	answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
	answers p1 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers p1 10.1.2.1 8080 "p1 sees 10.1.2.1"
	answers p2 192.0.2.1 8080 "p1 sees 10.1.2.1"
	check_list p1 "$list" "$PORTS"
	del_list p1 "$list" "$PORTS"
	no_answer outside 192.0.2.1 8080
	del_list p2 "$list"
	nothing_left
}

# Each step of what is called takes its time.
slowly() {
	WRAPPER=(strace -o /dev/null -e trace=socket,sendmsg
		-e inject=socket,sendmsg:delay_enter=100000)
	"$@"
	WRAPPER=()
}

@test "no flow of a program that already runs escapes the masquerading" {
	local conf
	conf=$(with "$NET" '{"ipMasq": true}')
	outside_up
	pod_up p1
	send_to_outside p1 &
	wait_until 5 listening p1 4444 udp 4
	slowly add p1 "$conf"
	wait_until 5 sent_as 192.0.2.1
	[ "$(senders)" = 192.0.2.1 ]
	del_twice p1 "$conf"
	wait $!
	nothing_left
}

# ---- ADD that fails

@test "a pool without addresses fails with code 11 and leaves nothing" {
	local conf
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30"}}')
	pod_up p1 p2
	add p1 "$conf"
	add_fails p2 "$conf" "no IP addresses available in range set"
	[ "$code" = 11 ]
	no_link p2 eth0
	pings p1 10.1.2.1
	gone p1 "$conf"
}

@test "an address without a gateway is refused, and freed again" {
	local conf
	mkdir "$BATS_TEST_TMPDIR/ipam"
	cat >"$BATS_TEST_TMPDIR/ipam/odd" <<-'END'
		#!/bin/sh
		echo $CNI_COMMAND >>/run/calls
		[ $CNI_COMMAND != ADD ] ||
			echo '{"ips": [{"address": "10.1.2.9/24"}]}'
	END
	chmod +x "$BATS_TEST_TMPDIR/ipam/odd"
	conf=$(with "$NET" '{"ipam": {"type": "odd"}}')
	pod_up p1
	CNI_PATH=$BATS_TEST_TMPDIR/ipam add_fails p1 "$conf" \
		"ipam: 10.1.2.9/24 has no gateway"
	[ "$code" = 7 ]
	[ "$(xargs <"$ROOT/run/calls")" = "ADD DEL" ]
	no_link p1 eth0
	nothing_left
}

@test "without an IPAM plugin there is nothing to route" {
	pod_up p1
	add_fails p1 "$(jq 'del(.ipam)' <<<"$NET")" "no plugin name provided"
	[ "$code" = 7 ]
	del_twice p1 "$(jq 'del(.ipam)' <<<"$NET")"
}

@test "a second ADD is an error, and the pod keeps its address" {
	pod_up p1
	add p1 "$NET"
	add_fails p1 "$NET" 'container veth name ("eth0") peer provided'
	# Also where no record says that there is a first one.
	node rm -r /run/cni/cnibox
	add_fails p1 "$NET" 'container veth name ("eth0") peer provided'
	node [ -e /var/lib/cni/networks/net1/10.1.2.2 ]
	pings p1 10.1.2.1
	check p1 "$NET"
	gone p1 "$NET"
}

@test "so is one elsewhere, also without a record" {
	pod_up p1 p2
	add p1 "$NET"
	node find /run/cni/cnibox -type f -delete
	CNI_NETNS=/run/netns/p2 add_fails p1 "$NET" "already exists"
	node test -e /var/lib/cni/networks/net1/10.1.2.2
	pings node 10.1.2.2
	gone p1 "$NET"
}

@test "forwarding that cannot be turned on is an error, and leaves nothing" {
	pod_up p1
	node mount -o bind,ro /proc/sys /proc/sys
	add_fails p1 "$NET" "forward"
	no_link p1 eth0
	nothing_left
}

@test "values that make no sense are named" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"mtu": "large"}')" "mtu: expected"
	add_fails p1 "$(with "$NET" '{"ipMasq": "ipv5"}')" "ipMasq: expected"
	add_fails p1 "$(with "$NET" '{"ipMasqBackend": "ebtables"}')" \
		'ipMasqBackend: expected iptables or nftables, got "ebtables"'
	add_fails p1 "$(with "$NET" '{"mtu": 67}')" "create veth"
	nothing_left
}

# ---- a plugin before

@test "the result of a plugin before comes behind the answer's own" {
	local conf
	conf=$(with_prev "$NET" '{"cniVersion": "1.0.0",
		"interfaces": [{"name": "net0", "sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.9.9.9/24", "interface": 0}]}')
	pod_up p1
	add p1 "$conf"
	expect "$result" '[.interfaces[].name][1:] == ["eth0", "net0"] and
		[.ips[] | [.address, .interface]] ==
			[["10.1.2.2/24", 1], ["10.9.9.9/24", 2]]'
	[ "$(addresses p1 eth0)" = 10.1.2.2/24 ]
	check p1 "$NET"
	gone p1 "$conf"
}

# ---- DEL

@test "DEL removes everything without namespace, record or configuration" {
	local how conf
	conf=$(with "$DUAL" '{"ipMasq": true}')
	for how in "pod_down p1" "node rm -r /run/cni/cnibox" \
		"pod p1 ip link del eth0" "export CNI_NETNS="; do
		node ip netns add p1 2>/dev/null || true
		add p1 "$conf"
		$how
		del_twice p1 "$(with "$conf" '{"ipMasq": false}')"
		unset CNI_NETNS
		nothing_left
		[ -z "$(routes node -4)$(routes node -6)" ]
	done
}

@test "DEL of a pod that was never added is success" {
	pod_up p1
	gone p1 "$NET"
}

# ---- the Go plugin

# theirs CMD...: with the Go plugins, which call iptables.
theirs() {
	PLUGINS=$REFERENCE PLUGIN_PATH=$PATH "$@"
}

pod_rules() {
	node sh -c 'iptables-save; ip6tables-save' 2>/dev/null |
		grep -cE 'CNI-[0-9a-f]{24}' || true
}

@test "what the Go plugin made, CHECK accepts and DEL removes" {
	local conf
	[ -x "$REFERENCE/ptp" ] || skip "no Go plugins"
	conf=$(with "$DUAL" '{"cniVersion": "1.0.0", "ipMasq": true}')
	pod_up p1 p2 p3
	theirs add p1 "$conf"
	theirs add p2 "$conf"
	add p3 "$conf"
	[ "$(pod_rules)" -gt 10 ]
	pings p1 10.1.2.4
	check p1 "$conf"
	del_twice p1 "$conf"
	no_link p1 eth0
	pod_down p2
	del_twice p2 "$conf"
	[ "$(pod_rules)" = 0 ]
	gone p3 "$conf"
}

@test "what is ours, the Go plugin's CHECK accepts and DEL removes" {
	[ -x "$REFERENCE/ptp" ] || skip "no Go plugins"
	pod_up p1
	add p1 "$NET"
	theirs check p1 "$NET"
	theirs del p1 "$NET"
	theirs del p1 "$NET"
	no_link p1 eth0
	[ -z "$(routes node -4)" ]
	# By the record, the next ADD or GC knows that it is gone.
	gone p1 "$NET"
}

# ---- CHECK

@test "CHECK notices what is gone on either side" {
	local what conf veth
	conf=$(with "$DUAL" '{"ipMasq": true, "ipam": {"ranges": [
		[{"subnet": "10.1.2.0/24", "rangeEnd": "10.1.2.2"}],
		[{"subnet": "2001:db8:1::/64", "rangeEnd": "2001:db8:1::2"}]
	]}}')
	pod_up p1
	while read -r what; do
		add p1 "$conf"
		check p1 "$conf"
		veth=$(host_veth p1)
		eval "${what%%: *}"
		check_fails p1 "$conf" "${what##*: }"
		del p1 "$conf"
	done <<-'END'
	pod p1 ip address del 10.1.2.2/24 dev eth0: Failed to match addr
	pod p1 ip route del default: Expected Route 0.0.0.0/0
	pod p1 ip route del 10.1.2.0/24: Expected Route 10.1.2.0/24 via 10.1.2.1
	pod p1 ip -6 route del 2001:db8:1::1: Expected Route 2001:db8:1::1/128
	pod p1 ip link set eth0 down: Interface eth0 is down
	pod p1 ip link set eth0 address 02:00:00:00:00:01: Mac doesn't match
	node ip address del 10.1.2.1/32 dev $veth: Failed to find Gateway 10.1.2.1/32
	node ip route del 10.1.2.2 scope host: Expected Route 10.1.2.2/32
	node ip -6 route del 2001:db8:1::2: Expected Route 2001:db8:1::2/128
	node sysctl -qw net.ipv4.ip_forward=0: sysctl net/ipv4/ip_forward
	node ip link del $veth: Interface name eth0 not found
	node rm /var/lib/cni/networks/dual/10.1.2.2: Failed to find address 10.1.2.2
	node nft flush ruleset: masq
	END
	add p1 "$conf"
	cni CHECK ptp p1 "$conf"
	failed_with "ptp: Required prevResult missing"
	gone p1 "$conf"
}

# ---- STATUS and GC

# status_fails CONF TEXT: it is told, and true: ADD fails as well.
status_fails() {
	cni STATUS ptp p1 "$1"
	failed_with "$2"
	[ "$code" = 50 ]
	add_fails p1 "$1" ""
	nothing_left
}

@test "STATUS notices what no ADD could do without, and changes nothing" {
	local before conf
	conf=$(with "$DUAL" '{"ipMasq": true}')
	before=$(node ip -d link; node nft list ruleset)
	pod_up p1
	cni STATUS ptp p1 "$conf"
	silent STATUS
	cni STATUS ptp p1 "$(with "$conf" '{"ipam": {"type": "nope"}}')"
	failed_with 'failed to find plugin "nope"'
	[ "$(node ip -d link; node nft list ruleset)" = "$before" ]
	node sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	status_fails "$conf" "sysctl net/ipv6/conf/default/disable_ipv6 is 1"
	node sysctl -qw net.ipv6.conf.default.disable_ipv6=0
	node sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	node mount -o bind,ro /proc/sys /proc/sys
	status_fails "$conf" "sysctl net/ipv4/ip_forward cannot be set to 1"
}

@test "GC removes what belongs to no valid attachment" {
	local conf pod
	conf=$(with "$DUAL" '{"ipMasq": true}')
	pod_up p1 p2 p3
	for pod in p1 p2 p3; do
		add $pod "$conf"
	done
	pod_down p1
	# Of this one only the link tells.
	node sh -c 'rm /run/cni/cnibox/*p3*'
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC ptp p1 \
		"$(with "$conf" '{"cni.dev/valid-attachments":
			[{"containerID": "p2", "ifname": "eth0"}]}')"
	silent GC
	no_link p3 eth0
	check p2 "$conf"
	pings p2 10.1.2.1
	gone p2 "$conf"
}
