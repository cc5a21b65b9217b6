#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# portmap: ports of the node lead to pods, whoever asks from wherever.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LIST=$DUAL_LIST

# As seen by socat.
NODE6="[2001:0db8:ffff:0000:0000:0000:0000:0001]"
OUTSIDE6="[2001:0db8:ffff:0000:0000:0000:0000:0002]"
GATEWAY6="[2001:0db8:0001:0000:0000:0000:0000:0001]"

# port HOST CONTAINER [PROTOCOL [HOSTIP]]: the capability argument.
port() {
	jq -cn --argjson h "$1" --argjson c "$2" --arg p "${3:-tcp}" \
		--arg i "${4:-}" '{portMappings: [
		{hostPort: $h, containerPort: $c, protocol: $p, hostIP: $i}]}'
}

# The configuration that portmap alone gets, for a pod at 10.1.2.2.
portmap_conf() {
	jq -c --argjson caps "$1" '{cniVersion, name, type: "portmap",
		runtimeConfig: $caps, prevResult: {
			cniVersion: "1.0.0",
			interfaces: [{name: "eth0", sandbox: "/run/netns/p1"}],
			ips: [{address: "10.1.2.2/24", interface: 0}]
		}}' <<<"$LIST"
}

# portmap without its plugin options.
with_option() {
	jq -c --argjson more "$1" '.plugins[1] += $more' <<<"$LIST"
}

gone_list() {
	del_list "$@"
	del_list "$@"
	nothing_left
}

# Connections that the node remembers: flows OPTIONS OF CONNTRACK.
flows() {
	node conntrack -L "$@" 2>/dev/null | wc -l
}

# The list for pods that get the same address, one after the other.
one_address() {
	jq -c '.plugins[0].ipam |= (.routes |= [.[0]] | .ranges = [[{
		"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.2",
		"rangeEnd": "10.1.2.2"}]])' <<<"$LIST"
}

localnet() {
	node cat "/proc/sys/net/ipv4/conf/$1/route_localnet"
}

mapped() {
	nat_elements | grep -c ^host || true
}

# ---- who reaches the pod

@test "the outside reaches the pod by TCP, and keeps its own address" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	no_answer outside 192.0.2.1 80
	gone_list p1 "$LIST" "$(port 8080 80)"
	no_answer outside 192.0.2.1 8080
}

@test "the outside reaches the pod by UDP" {
	outside_up
	pod_up p1
	serve p1 53 udp
	add_list p1 "$LIST" "$(port 8053 53 udp)"
	answers outside 192.0.2.1 8053 "p1 sees 192.0.2.2" udp
	gone_list p1 "$LIST"
}

@test "the outside reaches the pod by IPv6" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	answers outside 2001:db8:ffff::1 8080 "p1 sees $OUTSIDE6"
	gone_list p1 "$LIST"
}

@test "the node reaches the pod over 127.0.0.1" {
	pod_up p1
	serve p1 80
	serve p1 53 udp
	add_list p1 "$LIST" "$(port 8080 80)"
	answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
	gone_list p1 "$LIST"
	add_list p1 "$LIST" "$(port 8053 53 udp)"
	answers node 127.0.0.1 8053 "p1 sees 10.1.2.1" udp
	gone_list p1 "$LIST"
}

@test "127.0.0.1 gets a way over the link of the pod's subnet only" {
	local way
	outside_up
	pod_up p1
	for way in "default via 192.0.2.2" "10.1.2.0/24 via 192.0.2.2" \
		"default dev uplink0"; do
		# shellcheck disable=SC2086 # several words
		node ip route add $way
		add p1 "$(portmap_conf "$(port 8080 80)")"
		check p1 "$(portmap_conf "$(port 8080 80)")"
		[ "$(localnet uplink0)" = 0 ]
		del p1 "$(portmap_conf "$(port 8080 80)")"
		# shellcheck disable=SC2086 # several words
		node ip route del $way
	done
	node ip route add 10.1.2.2/32 dev uplink0
	add p1 "$(portmap_conf "$(port 8080 80)")"
	[ "$(localnet uplink0)" = 1 ]
	gone p1 "$(portmap_conf "$(port 8080 80)")"
}

@test "the node reaches the pod by its own addresses" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	answers node 192.0.2.1 8080 "p1 sees 192.0.2.1"
	answers node 2001:db8:ffff::1 8080 "p1 sees $NODE6"
	gone_list p1 "$LIST"
}

@test "the pod reaches itself by the node's port" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	answers p1 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers p1 10.1.2.1 8080 "p1 sees 10.1.2.1"
	answers p1 2001:db8:ffff::1 8080 "p1 sees $GATEWAY6"
	gone_list p1 "$LIST"
}

@test "another pod of the subnet reaches the pod by the node's port" {
	outside_up
	pod_up p1 p2
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	add_list p2 "$LIST"
	answers p2 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers p2 2001:db8:ffff::1 8080 "p1 sees $GATEWAY6"
	answers p2 10.1.2.2 80 "p1 sees 10.1.2.3"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "all of them do where bridged packets pass through netfilter" {
	local list
	list=$(jq -c '.plugins[0].hairpinMode = true' <<<"$LIST")
	bridge_netfilter_on
	outside_up
	pod_up p1 p2
	serve p1 80
	add_list p1 "$list" "$(port 8080 80)"
	add_list p2 "$list"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
	answers p1 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers p2 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers p2 10.1.2.2 80 "p1 sees 10.1.2.3"
	answers p1 2001:db8:ffff::1 8080 "p1 sees $GATEWAY6"
	answers p2 2001:db8:ffff::1 8080 "p1 sees $GATEWAY6"
	del_list p2 "$list"
	gone_list p1 "$list"
}

@test "a pod of another network reaches the pod by the node's port" {
	local other
	other=$(jq -c '.name = "net2" | .plugins[0].bridge = "br1"
		| .plugins[0].ipam.ranges = [[{"subnet": "10.1.3.0/24"}]]
		| .plugins[0].ipam.routes = [{"dst": "0.0.0.0/0"}]' <<<"$LIST")
	pod_up p1 p2
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	add_list p2 "$other"
	[[ $(ask p2 10.1.2.1 8080) == "p1 sees "* ]]
	del_list p2 "$other"
	gone_list p1 "$LIST"
}

@test "connections that only pass through the node are left alone" {
	outside_up
	serve outside 8080
	pod_up p1 p2
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	add_list p2 "$LIST"
	answers p2 192.0.2.2 8080 "outside sees 192.0.2.1"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "a port of one protocol is free in the other" {
	outside_up
	serve node 8080 udp
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "node sees 192.0.2.2" udp
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	gone_list p1 "$LIST"
}

@test "one pod may have many ports" {
	local caps
	caps=$(jq -cs '{portMappings: map(.portMappings[])}' <<<"
		$(port 8080 80) $(port 8081 80) $(port 8053 53 udp)")
	outside_up
	pod_up p1
	serve p1 80
	serve p1 53 udp
	add_list p1 "$LIST" "$caps"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers outside 192.0.2.1 8081 "p1 sees 192.0.2.2"
	answers outside 192.0.2.1 8053 "p1 sees 192.0.2.2" udp
	gone_list p1 "$LIST"
}

# As many as relays of calls have.
@test "one pod may have 12,500 ports" {
	local conf
	conf=$(jq -c '{
		cniVersion: "1.0.0", name: "net1", type: "portmap",
		prevResult: .,
		runtimeConfig: {portMappings: [range(12500) + 20000
			| {hostPort: ., containerPort: .}]}
	}' <<<'{"cniVersion": "1.0.0", "ips": [
		{"address": "10.1.2.3/24"}, {"address": "fd00::3/64"}]}')
	pod_up p1
	add p1 "$conf"
	[ "$(mapped)" = 25000 ]
	check p1 "$conf"
	gone p1 "$conf"
}

@test "SCTP ports are mapped" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80 sctp)"
	[[ $(nat_elements) == *sctp*8080* ]]
	gone_list p1 "$LIST"
}

# ---- hostIP

@test "hostIP binds the port to one address" {
	outside_up
	node ip address add 192.0.2.11/24 dev uplink0
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80 tcp 192.0.2.11)"
	answers outside 192.0.2.11 8080 "p1 sees 192.0.2.2"
	no_answer outside 192.0.2.1 8080
	no_answer outside 2001:db8:ffff::1 8080
	gone_list p1 "$LIST"
}

@test "hostIP may be of IPv6" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80 tcp 2001:db8:ffff::1)"
	answers outside 2001:db8:ffff::1 8080 "p1 sees $OUTSIDE6"
	no_answer outside 192.0.2.1 8080
	gone_list p1 "$LIST"
}

@test "hostIP 0.0.0.0 is every address of IPv4 and none of IPv6" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80 tcp 0.0.0.0)"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
	no_answer outside 2001:db8:ffff::1 8080
	gone_list p1 "$LIST"
}

@test "hostIP 127.0.0.1 is for the node alone" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80 tcp 127.0.0.1)"
	answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
	no_answer outside 192.0.2.1 8080
	gone_list p1 "$LIST"
}

@test "pods may share a port at different addresses" {
	outside_up
	node ip address add 192.0.2.11/24 dev uplink0
	pod_up p1 p2
	serve p1 80
	serve p2 80
	add_list p1 "$LIST" "$(port 8080 80 tcp 192.0.2.1)"
	add_list p2 "$LIST" "$(port 8080 80 tcp 192.0.2.11)"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers outside 192.0.2.11 8080 "p2 sees 192.0.2.2"
	del_list p1 "$LIST"
	no_answer outside 192.0.2.1 8080
	answers outside 192.0.2.11 8080 "p2 sees 192.0.2.2"
	gone_list p2 "$LIST"
}

# ---- options

@test "without snat the outside reaches the pod, 127.0.0.1 does not" {
	local list
	list=$(with_option '{"snat": false}')
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$list" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	no_answer node 127.0.0.1 8080
	no_answer p1 192.0.2.1 8080
	gone_list p1 "$list"
}

@test "backend iptables is served by nftables, and says so" {
	local list
	list=$(with_option '{"backend": "iptables"}')
	pod_up p1
	add_list p1 "$list" "$(port 8080 80)"
	[[ $stderr == *nftables* ]]
	[ "$(mapped)" = 2 ]
	gone_list p1 "$list"
}

@test "conditions may have the words of iptables" {
	local list more
	outside_up
	pod outside ip address add 192.0.2.3/24 dev eth0
	pod_up p1
	serve p1 80
	for more in '["-d", "192.0.2.1/32,192.0.2.9/32", "!", "-s", "192.0.2.3"]' \
		'["--source", "192.0.2.2", "--in-interface", "up+"]' \
		'["!", "-s", "192.0.2.3", "! -i lo"]'; do
		list=$(with_option "{\"conditionsV4\": $more}")
		add_list p1 "$list" "$(port 8080 80)"
		check_list p1 "$list" "$(port 8080 80)"
		answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
		no_answer outside 192.0.2.1 8080 tcp bind=192.0.2.3
		node nft flush ruleset
		node "$CNIBOX" sync
		no_answer outside 192.0.2.1 8080 tcp bind=192.0.2.3
		answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
		gone_list p1 "$list" "$(port 8080 80)"
	done
}

@test "a pod without ports starts whatever the conditions" {
	local list
	list=$(with_option '{"conditionsV4": ["-m", "comment", "nonsense"]}')
	pod_up p1
	add_list p1 "$list"
	check_list p1 "$list"
	del_list p1 "$list"
	nothing_left
}

@test "options of the other backend than the one asked for are named" {
	local conf
	conf=$(portmap_conf "$(port 8080 80)")
	add_fails p1 "$(with "$conf" '{"backend": "iptables",
		"conditionsV4": ["ip saddr 10.0.0.0/8"],
		"conditionsV6": ["ip6 saddr fd00::/8"]}')" \
		"iptables backend was requested but configuration contains nftables-specific options [conditionsV4 conditionsV6]"
	add_fails p1 "$(with "$conf" '{"backend": "nftables",
		"externalSetMarkChain": "A", "conditionsV4": ["!", "-s", "::1"]}')" \
		"nftables backend was requested but configuration contains iptables-specific options [externalSetMarkChain conditionsV4]"
	add_fails p1 "$(with "$conf" '{"externalSetMarkChain": "A",
		"markMasqBit": 1}')" \
		"Cannot specify externalSetMarkChain and markMasqBit"
	add_fails p1 "$(with "$conf" '{"markMasqBit": 32}')" \
		"MasqMarkBit must be between 0 and 31"
	nothing_left
}

@test "marks are accepted, and not needed" {
	local more list
	pod_up p1
	serve p1 80
	for more in '{"markMasqBit": 5}' '{"externalSetMarkChain": "A"}'; do
		list=$(with_option "$more")
		add_list p1 "$list" "$(port 8080 80)"
		check_list p1 "$list" "$(port 8080 80)"
		answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
		gone_list p1 "$list"
		add_list p1 "$LIST"
		del_list p1 "$LIST"
	done
}

@test "masqAll hides the address of whoever asks" {
	local list
	list=$(with_option '{"masqAll": true}')
	outside_up
	pod_up p1 p2
	serve p1 80
	add_list p1 "$list" "$(port 8080 80)"
	add_list p2 "$list"
	answers outside 192.0.2.1 8080 "p1 sees 10.1.2.1"
	answers outside 2001:db8:ffff::1 8080 "p1 sees $GATEWAY6"
	answers p2 10.1.2.2 80 "p1 sees 10.1.2.3"
	check_list p1 "$list" "$(port 8080 80)"
	del_list p2 "$list"
	gone_list p1 "$list"
}

@test "conditions say who may use the ports, each network its own" {
	local list other
	list=$(with_option '{
		"conditionsV4": ["ip saddr", "{ 192.0.2.3, 192.0.2.4/31 }"],
		"conditionsV6": ["ip6 saddr != 2001:db8:ffff::2"]}')
	other=$(jq -c '.name = "net2" | .plugins[0].bridge = "br1"
		| .plugins[0].ipam.ranges = [[{"subnet": "10.1.3.0/24"}]]
		| .plugins[0].ipam.routes = [{"dst": "0.0.0.0/0"}]
		| .plugins[1].conditionsV4 = ["iifname", "!=", "uplink0"]' \
		<<<"$LIST")
	outside_up
	pod outside ip address add 192.0.2.3/24 dev eth0
	pod outside ip address add 192.0.2.5/24 dev eth0
	pod_up p1 p2
	serve p1 80
	serve p2 80
	add_list p1 "$list" "$(port 8080 80)"
	add_list p2 "$other" "$(port 8081 80)"
	check_list p1 "$list" "$(port 8080 80)"
	results[p2]=$result
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.3" tcp bind=192.0.2.3
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.5" tcp bind=192.0.2.5
	no_answer outside 192.0.2.1 8080 tcp bind=192.0.2.2
	no_answer outside 2001:db8:ffff::1 8080
	answers node 2001:db8:ffff::1 8080 "p1 sees $NODE6"
	no_answer outside 192.0.2.1 8081
	[[ $(ask p1 10.1.2.1 8081) == "p2 sees "* ]]
	del_list p2 "$other"
	gone_list p1 "$list"
}

@test "conditions that are not understood are refused, word by word" {
	local words text
	while IFS='|' read -r words text; do
		add_fails p1 "$(portmap_conf "$(port 8080 80)" | jq \
			--arg words "$words" '.conditionsV4 = [$words]')" "$text"
		[ "$code" = 7 ]
		[[ $msg == *conditionsV4*"$words"* ]]
	done <<-'EOT'
		tcp dport 80|expected ip or iifname, got "tcp"
		ip protocol tcp|expected saddr or daddr, got "protocol"
		ip saddr fd00::1|expected an IPv4 address or subnet, got "fd00::1"
		ip saddr { 10.0.0.1|expected "}", got ""
		meta mark 1|expected ip or iifname, got "mark"
		-p tcp|expected -s, -d or -i, each once, got "-p"
		-s 10.0.0.0/8 -s 10.0.0.1|expected -s, -d or -i, each once, got "-s"
		! -d 10.0.0.1,10.0.0.2|expected one address behind !, got ","
		-i +|expected the name of an interface, got "+"
	EOT
	nothing_left
}

@test "an unknown backend is refused" {
	add_fails p1 "$(portmap_conf "$(port 8080 80)" |
		jq '.backend = "foo"')" foo
	[ "$code" = 7 ]
	nothing_left
}

@test "keys in containerd's spelling mean the same" {
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" '{"portMappings": [{"HostPort": 8080,
		"ContainerPort": 80, "Protocol": "tcp", "HostIP": ""}]}'
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	gone_list p1 "$LIST"
}

# ---- whose port it is

@test "a port that a living pod has is refused, by name of the pod" {
	local conf
	outside_up
	pod_up p1 p2
	serve p1 80
	serve p2 80
	add_list p1 "$LIST" "$(port 8080 80)"
	add_list p2 "$LIST"
	conf=$(plugin_conf "$LIST" 1 "$result" "$(port 8080 80)")
	add_fails p2 "$conf" p1
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	[ "$(mapped)" = 2 ]
	del_list p1 "$LIST"
	add p2 "$conf"
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	gone_list p2 "$LIST"
}

@test "of several ports none is mapped if one cannot be" {
	local conf caps
	caps=$(jq -cs '{portMappings: map(.portMappings[])}' <<<"
		$(port 8079 80) $(port 8080 80) $(port 8081 80)")
	pod_up p1 p2
	add_list p1 "$LIST" "$(port 8080 80)"
	add_list p2 "$LIST"
	conf=$(plugin_conf "$LIST" 1 "$result" "$caps")
	add_fails p2 "$conf" p1
	[ "$(mapped)" = 2 ]
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "the port of a pod that died without DEL is taken over" {
	outside_up
	pod_up p1 p2
	serve p2 80
	add_list p1 "$LIST" "$(port 8080 80)"
	pod_down p1
	add_list p2 "$LIST" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	del_list p1 "$LIST"
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	gone_list p2 "$LIST"
}

@test "two networks of a container ask for one port, as podman has it" {
	local other
	other=$(jq -c '.name = "net2" | .plugins[0].bridge = "br1"
		| .plugins[0].ipam.ranges = [[{"subnet": "10.1.3.0/24"}]]
		| .plugins[0].ipam.routes = []' <<<"$LIST")
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	CNI_IFNAME=eth1 add_list p1 "$other" "$(port 8080 80)"
	CNI_IFNAME=eth1 check_list p1 "$other" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	# The port outlives whichever network goes first.
	CNI_IFNAME=eth1 del_list p1 "$other"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	CNI_IFNAME=eth1 add_list p1 "$other" "$(port 8080 80)"
	results[p1]=null
	del_list p1 "$LIST"
	[[ $(nat_elements) == *hostport4*8080*10.1.3.3* ]]
	CNI_IFNAME=eth1 del_list p1 "$other"
	gone_list p1 "$LIST"
}

@test "the heir of many ports is looked after once" {
	local one two trace=$BATS_TEST_TMPDIR/trace
	node strace -qq -o /dev/null true || skip "no strace"
	pod_up p1
	one=$(portmap_conf null | jq -c '.runtimeConfig.portMappings = [
		range(1; 300) | {hostPort: ., containerPort: .}]')
	two=$(jq -c '.name = "net2" | .prevResult.interfaces[0].name = "eth1"
		| .prevResult.ips[0].address = "10.1.3.2/24"' <<<"$one")
	add p1 "$one"
	CNI_IFNAME=eth1 add p1 "$two"
	WRAPPER=(strace -qq -o "$trace" -e trace=openat,open)
	del p1 "$one"
	WRAPPER=()
	# To read its record, and to see that it is still there.
	[ "$(grep -c net2:eth1:p1 "$trace")" = 2 ]
	[ "$(mapped)" = 299 ]
	CNI_IFNAME=eth1 gone p1 "$two"
}

@test "DEL of one network leaves the container's ports of another" {
	local other
	other=$(jq -c '.name = "net2" | .plugins[0].bridge = "br1"
		| .plugins[0].ipam.ranges = [[{"subnet": "10.1.3.0/24"}]]
		| .plugins[0].ipam.routes = []' <<<"$LIST")
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST" "$(port 8080 80)"
	CNI_IFNAME=eth1 add_list p1 "$other" "$(port 8081 80)"
	CNI_IFNAME=eth1 del_list p1 "$other"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	[ "$(mapped)" = 2 ]
	gone_list p1 "$LIST"
}

@test "a second pod on a UDP port gets the flows of the first" {
	outside_up
	pod_up p1 p2
	serve p1 53 udp
	serve p2 53 udp
	add_list p1 "$LIST" "$(port 8053 53 udp)"
	answers outside 192.0.2.1 8053 "p1 sees 192.0.2.2" udp sourceport=5000
	del_list p1 "$LIST"
	add_list p2 "$LIST" "$(port 8053 53 udp)"
	answers outside 192.0.2.1 8053 "p2 sees 192.0.2.2" udp sourceport=5000
	gone_list p2 "$LIST"
}

@test "a UDP flow that was there before the mapping finds the pod" {
	outside_up
	serve node 8053 udp
	pod_up p1
	serve p1 53 udp
	answers outside 192.0.2.1 8053 "node sees 192.0.2.2" udp \
		sourceport=5000
	add_list p1 "$LIST" "$(port 8053 53 udp)"
	answers outside 192.0.2.1 8053 "p1 sees 192.0.2.2" udp sourceport=5000
	gone_list p1 "$LIST"
}

@test "each of many UDP ports gets its flows" {
	local caps n
	caps=$(jq -cn '{portMappings: [range(8000; 8300) | {hostPort: .,
		containerPort: 53, protocol: "udp"}]}')
	outside_up
	pod_up p1 p2
	serve p1 53 udp
	# The node remembers connections from the first rule on.
	add_list p2 "$LIST"
	# Two that are published, and a neighbour.
	for n in 8000 8299 8300; do
		no_answer outside 192.0.2.1 $n udp sourceport=5000
	done
	[ "$(flows -p udp --orig-port-src 5000)" = 3 ]
	add_list p1 "$LIST" "$caps"
	[ "$(flows -p udp --orig-port-src 5000)" = 1 ]
	for n in 8000 8299; do
		answers outside 192.0.2.1 $n "p1 sees 192.0.2.2" udp \
			sourceport=5000
	done
	del_list p1 "$LIST" "$caps"
	[ "$(flows -p udp --orig-port-src 5000)" = 1 ]
	gone_list p2 "$LIST"
}

@test "UDP flows to other machines on the same port are not forgotten" {
	outside_up
	serve outside 8053 udp
	pod_up p1 p2
	add_list p2 "$LIST"
	answers p2 192.0.2.2 8053 "outside sees 192.0.2.1" udp sourceport=5000
	[ "$(node conntrack -L -p udp --dport 8053 2>/dev/null | wc -l)" = 1 ]
	add_list p1 "$LIST" "$(port 8053 53 udp)"
	del_list p1 "$LIST"
	[ "$(node conntrack -L -p udp --dport 8053 2>/dev/null | wc -l)" = 1 ]
	gone_list p2 "$LIST"
}

@test "UDP flows that were there before the mapping may be many" {
	pod_up p1 p2
	add_list p2 "$LIST" "$(port 8080 80)"
	# shellcheck disable=SC2016 # the node's bash expands it
	node bash -c 'for ((i = 0; i < 25000; i++)); do
		echo >/dev/udp/127.0.0.$((i % 100 + 1))/8053
	done' 2>/dev/null
	(($(node conntrack -C) > 24000))
	add_list p1 "$LIST" "$(port 8053 53 udp)"
	(($(node conntrack -C) < 100))
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "connections are only listed where there are any" {
	local conf trace=$BATS_TEST_TMPDIR/trace n
	node strace -qq -o /dev/null true || skip "no strace"
	conf=$(portmap_conf "$(port 8053 53 udp)")
	pod_up p1
	# shellcheck disable=SC2016 # the node's bash expands it
	for n in 0 1; do
		((n == 0)) || node bash -c 'echo >/dev/udp/127.0.0.1/53'
		[ "$(node conntrack -C)" = $n ]
		WRAPPER=(strace -qq -o "$trace" -e trace=sendto)
		add p1 "$conf"
		WRAPPER=()
		[ "$(grep -c CT_GET_STATS "$trace")" = 1 ]
		[ "$(grep -c "CT_GET, .*NLM_F_DUMP" "$trace")" = $n ]
		gone p1 "$conf"
	done
}

@test "a route that leads nowhere is none" {
	local kind conf
	conf=$(plugin_conf "$LIST" 1 '{
		"cniVersion": "1.0.0", "ips": [{"address": "192.0.2.7/24"}]
	}' "$(port 8080 80)")
	pod_up p1
	for kind in blackhole prohibit unreachable; do
		node ip route add "$kind" 192.0.2.0/24
		add p1 "$conf"
		gone p1 "$conf"
		node ip route del "$kind" 192.0.2.0/24
	done
}

# ---- DEL

@test "who gets a pod's address gets no packets for that pod" {
	local list
	list=$(one_address)
	outside_up
	pod_up p1 p2
	serve p2 5000 udp
	add_list p1 "$list"
	no_answer p1 192.0.2.2 8053 udp sourceport=5000
	[ "$(flows -s 10.1.2.2)" = 1 ]
	del_list p1 "$list"
	add_list p2 "$list"
	no_answer outside 192.0.2.1 5000 udp sourceport=8053
	gone_list p2 "$list"
}

@test "who gets a pod's IPv6 address gets no packets for that pod" {
	local list masqueraded
	# The bridge's own masquerading only: no port is published.
	list=$(one_address | jq -c '.plugins |= .[:1]
		| .plugins[0].ipam |= (.routes = [{"dst": "::/0"}] | .ranges = [[{
			"subnet": "2001:db8:1::/64",
			"rangeStart": "2001:db8:1::2",
			"rangeEnd": "2001:db8:1::2"}]])')
	outside_up
	pod_up p1 p2
	serve p2 5000 udp
	add_list p1 "$list"
	no_answer p1 2001:db8:ffff::2 8053 udp sourceport=5000
	masqueraded=$(node conntrack -L -f ipv6 -p udp 2>/dev/null)
	[[ $masqueraded == *src=2001:db8:1::2*dst=2001:db8:ffff::1* ]]
	del_list p1 "$list"
	[ "$(flows -f ipv6 -s 2001:db8:1::2)" = 0 ]
	add_list p2 "$list"
	no_answer outside 2001:db8:ffff::1 5000 udp sourceport=8053
	gone_list p2 "$list"
}

# remembered IPV4 IPV6 PORT: connections from the addresses and to the port.
remembered() {
	local proto to=""
	for proto in tcp udp; do
		to+=" $(flows -f ipv4 -p $proto --dport "$3")"
		to+=" $(flows -f ipv6 -p $proto --dport "$3")"
	done
	echo "$(flows -f ipv4 -s "$1") $(flows -f ipv6 -s "$2")$to"
}

@test "DEL forgets the connections of the pod, and no others" {
	local caps pod n
	outside_up
	pod_up p1 p2
	serve outside 80
	serve outside 53 udp
	serve p1 80
	serve p1 80 udp
	serve p2 80
	serve p2 80 udp
	n=8080
	for pod in p1 p2; do
		((++n))
		caps=$(jq -cs '{portMappings: map(.portMappings[])}' <<<"
			$(port $n 80) $(port $n 80 udp)")
		add_list $pod "$LIST" "$caps"
		answers $pod 192.0.2.2 80 "outside sees 192.0.2.1"
		answers $pod 192.0.2.2 53 "outside sees 192.0.2.1" udp
		answers $pod 2001:db8:ffff::2 53 "outside sees $NODE6" udp
		answers outside 192.0.2.1 $n "$pod sees 192.0.2.2"
		answers outside 192.0.2.1 $n "$pod sees 192.0.2.2" udp
		answers outside 2001:db8:ffff::1 $n "$pod sees $OUTSIDE6" udp
	done
	[ "$(remembered 10.1.2.2 2001:db8:1::2 8081)" = "2 1 1 0 1 1" ]
	del_list p1 "$LIST"
	[ "$(remembered 10.1.2.2 2001:db8:1::2 8081)" = "0 0 0 0 0 0" ]
	[ "$(remembered 10.1.2.3 2001:db8:1::3 8082)" = "2 1 1 0 1 1" ]
	gone_list p2 "$LIST"
}

# What is closed has a moment to go in the kernel.
@test "a port that DEL has closed is there at once for whoever wants it" {
	local pod conf
	outside_up
	pod_up p1 p2
	for pod in p1 p2; do
		conf=$(portmap_conf "$(port 8080 80)")
		node tee /run/$pod <<<"${conf//10.1.2.2/10.1.2.${pod#p}}" >/dev/null
	done
	node env -i PLUGINS="$PLUGINS" /bin/sh -exc '
		call() {
			CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 \
				CNI_IFNAME=eth0 CNI_PATH=$PLUGINS \
				"$PLUGINS/portmap" </run/$2
		}
		call ADD p1
		for pod in p1 p1 p2 p2 p1 p2 p1 p2 p1 p1 p1 p2 p2 p2 p1 p2; do
			call DEL ${last:-p1}
			call ADD $pod
			last=$pod
		done'
	[ "$(nat_elements | grep ^host)" = "$(nat_elements | grep \
		'^hostport4 .*/p2".*"10.1.2.2"')" ]
	[ "$(mapped)" = 1 ]
	gone p2 "$(portmap_conf '{}')"
}

# to_pod: has the flow from port 4444 gone to the pod?
to_pod() {
	[ "$(flows -p udp --reply-src 10.1.2.2)" = 1 ]
}

@test "whoever sends datagrams during DEL sends none to the pod for ever" {
	local i conf sender
	outside_up
	pod_up p1
	add_list p1 "$LIST" "$(port 8053 53 udp)"
	conf=$(portmap_conf "$(port 8053 53 udp)")
	pod outside timeout 300 python3 -c '
import socket
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind(("0.0.0.0", 4444))
while True:
    out.sendto(b"x", ("192.0.2.1", 8053))' &
	sender=$!
	for i in {1..5}; do
		wait_until 5 to_pod
		del p1 "$conf"
		[ "$(flows -p udp --reply-src 10.1.2.2)" = 0 ]
		add p1 "$conf"
	done
	kill "$sender"
	del_list p1 "$LIST"
	nothing_left
}

@test "whoever follows a dead pod gets none of its packets" {
	local list
	list=$(one_address)
	outside_up
	pod_up p1 p2
	serve p2 5000 udp
	add_list p1 "$list"
	no_answer p1 192.0.2.2 8053 udp sourceport=5000
	pod_down p1
	node rm /var/lib/cni/networks/net1/10.1.2.2
	add_list p2 "$list"
	no_answer outside 192.0.2.1 5000 udp sourceport=8053
	del_list p1 "$list"
	gone_list p2 "$list"
}

@test "DEL that knows neither ports nor result removes them" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	[ "$(mapped)" = 2 ]
	del_twice p1 "$(plugin_conf "$LIST" 1 null '{}')"
	[ "$(mapped)" = 0 ]
	gone p1 "$(plugin_conf "$LIST" 0 null '{}')"
}

@test "DEL with other ports in its configuration removes the mapped ones" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	gone_list p1 "$LIST" "$(port 9090 90 udp)"
}

@test "DEL with an invalid configuration removes them" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	gone_list p1 "$(with_option '{"backend": "foo"}')" "$(port 0 0)"
}

@test "DEL with the namespace gone removes them" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	pod_down p1
	gone_list p1 "$LIST"
}

@test "DEL with CNI_NETNS empty removes them" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	CNI_NETNS="" del_list p1 "$LIST"
	nothing_left
}

@test "DEL with the record lost removes them" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	node rm -r /run/cni/cnibox
	gone_list p1 "$LIST"
}

@test "DEL of the bridge first, then of portmap, is as good" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	del p1 "$(plugin_conf "$LIST" 0 null '{}')"
	del p1 "$(plugin_conf "$LIST" 1 null '{}')"
	nothing_left
}

@test "ADD repeated changes nothing" {
	local conf
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	conf=$(plugin_conf "$LIST" 1 "$result" "$(port 8080 80)")
	add p1 "$conf"
	[ "$(mapped)" = 2 ]
	gone_list p1 "$LIST"
}

# ---- what it says

@test "the result of the plugin before is passed on, in every version" {
	local version prev conf
	for version in $VERSIONS; do
		case $version in
		0.[12].*) prev='{"ip4": {"ip": "10.1.2.2/24",
			"gateway": "10.1.2.1", "routes":
			[{"dst": "0.0.0.0/0", "gw": "10.1.2.1"}]}, "dns": {}}' ;;
		0.*) prev='{"interfaces": [{"name": "eth0",
			"mac": "02:00:00:00:00:01", "sandbox": "/x"}],
			"ips": [{"version": "4", "interface": 0,
			"address": "10.1.2.2/24", "gateway": "10.1.2.1"}],
			"routes": [{"dst": "0.0.0.0/0"}],
			"dns": {"nameservers": ["10.1.2.1"]}}' ;;
		1.*) prev='{"interfaces": [{"name": "eth0", "mtu": 1400,
			"mac": "02:00:00:00:00:01", "sandbox": "/x"}],
			"ips": [{"interface": 0,
			"address": "10.1.2.2/24", "gateway": "10.1.2.1"}],
			"routes": [{"dst": "0.0.0.0/0", "mtu": 1300,
			"table": 7}], "dns": {"nameservers": ["10.1.2.1"]}}' ;;
		esac
		prev=$(jq --arg v "$version" '.cniVersion = $v' <<<"$prev")
		conf=$(with_prev "{\"cniVersion\": \"$version\",
			\"name\": \"net1\", \"type\": \"portmap\"}" "$prev")
		add p1 "$conf"
		[ "$(jq -S . <<<"$result")" = "$(jq -S . <<<"$prev")" ] ||
			complain "$version" "$result"
		gone p1 "$conf"
	done
}

@test "no ports, nothing in nftables" {
	local conf
	for conf in '{}' '{"portMappings": []}' '{"portMappings": null}'; do
		add p1 "$(portmap_conf "$conf")"
		[ -z "$(node nft list ruleset)" ]
		gone p1 "$(portmap_conf "$conf")"
	done
}

@test "ADD must be chained" {
	cni ADD portmap p1 "$(portmap_conf '{}' | jq 'del(.prevResult)')"
	failed_with "must be called as chained plugin"
}

@test "a mapping that makes no sense is refused" {
	local conf
	while read -r h c proto ip text; do
		[ "$ip" != - ] || ip=
		conf=$(portmap_conf "$(port "$h" "$c" "$proto" "$ip")")
		add_fails p1 "$conf" "$text"
		nothing_left
	done <<-'EOT'
		0 80 tcp - Invalid host port number: 0
		-1 0 tcp - Invalid container port number: 0
		8080 -1 tcp - Invalid container port number: -1
		70000 80 tcp - 70000
		8080 70000 tcp - 70000
		8080 80 icmp - icmp
		8080 80 tcp 10.1.2 10.1.2
	EOT
}

@test "the pod's own address is chosen, not the node's" {
	local conf
	outside_up
	pod_up p1
	serve p1 80
	add_list p1 "$LIST"
	conf=$(with_prev "$(plugin_conf "$LIST" 1 null "$(port 8080 80)")" '{
		"cniVersion": "1.0.0",
		"interfaces": [{"name": "br0"},
			{"name": "eth0", "sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.1.2.1/24", "interface": 0},
			{"address": "10.1.2.2/24", "interface": 1}]}')
	add p1 "$conf"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	gone_list p1 "$LIST"
}

@test "an address that no interface of the result has is the pod's" {
	local ip conf
	for ip in '{}' '{"interface": 7}'; do
		conf=$(portmap_conf "$(port 8080 80)" | jq -c --argjson ip "$ip" \
			'.prevResult.ips = [{address: "10.1.2.2/24"} + $ip]')
		add p1 "$conf"
		[ "$(mapped)" = 1 ]
		gone p1 "$conf"
	done
}

@test "a pod without an address of its own has no ports" {
	local change conf
	for change in 'del(.interfaces[0].sandbox)' 'del(.ips)' \
		'.interfaces[0].name = "net1"'; do
		conf=$(portmap_conf "$(port 8080 80)" |
			jq -c ".prevResult |= ($change)")
		add p1 "$conf"
		[ "$(mapped)" = 0 ]
		gone p1 "$conf"
	done
}

@test "the result of a plugin before must be of the same kind" {
	local verb conf
	conf=$(portmap_conf "$(port 8080 80)" |
		jq -c '.prevResult.cniVersion = "0.4.0"')
	for verb in ADD CHECK; do
		cni $verb portmap p1 "$conf"
		failed_with 'could not parse prevResult: result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is "0.4.0"'
		[ "$code" = 7 ]
	done
	gone p1 "$conf"
}

@test "many at once, and the rules of others stay" {
	local i pid before pids=()
	node nft add table ip other
	node nft add chain ip other nat \
		'{ type nat hook prerouting priority -100; }'
	node nft add rule ip other nat tcp dport 8080 dnat to 10.9.9.9
	before=$(node nft list ruleset)
	for i in {1..10}; do
		add "p$i" "$(portmap_conf "$(port "80$((i + 10))" 80)" |
			jq -c ".prevResult.ips[0].address = \"10.1.2.$i/24\"")" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[ "$(mapped)" = 10 ]
	pids=()
	for i in {1..10}; do
		del "p$i" "$(portmap_conf '{}')" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	nothing_left
	[ "$(node nft list table ip other)" = "$before" ]
}

@test "portmap takes an interface without a name" {
	cni ADD portmap p1 '{"cniVersion": "1.0.0", "name": "net1",
		"type": "portmap", "runtimeConfig": {"portMappings": [
			{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]},
		"prevResult": {"interfaces": [{}],
			"ips": [{"address": "10.1.2.2/24", "interface": 0}]}}'
	succeeded ADD
}

@test "what others redirect to a pod with ports keeps its address" {
	local list
	list=$(jq -c '.plugins[0].hairpinMode = true' <<<"$LIST")
	bridge_netfilter_on
	pod_up p1 p2
	serve p1 80
	add_list p1 "$list" "$(port 8080 80)"
	add_list p2 "$list"
	node nft -f - <<-'EOT'
		table ip services {
			chain prerouting {
				type nat hook prerouting priority dstnat - 1;
				ip daddr 10.96.0.1 tcp dport 443 dnat to 10.1.2.2:80
			}
		}
	EOT
	answers p2 10.96.0.1 443 "p1 sees 10.1.2.3"
	answers p2 10.1.2.1 8080 "p1 sees 10.1.2.1"
	node nft delete table ip services
	del_list p2 "$list"
	gone_list p1 "$list"
}

# ---- CHECK

@test "CHECK is content with what ADD did" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	check_list p1 "$LIST" "$(port 8080 80)"
	gone_list p1 "$LIST"
}

@test "CHECK notices a missing port" {
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	check_fails p1 "$(plugin_conf "$LIST" 1 "$result" \
		"$(port 8081 80)")" ""
	node nft flush ruleset
	check_fails p1 "$(plugin_conf "$LIST" 1 "$result" \
		"$(port 8080 80)")" ""
	gone_list p1 "$LIST"
}

@test "CHECK names what has been switched off" {
	local conf
	pod_up p1
	add_list p1 "$LIST" "$(port 8080 80)"
	conf=$(plugin_conf "$LIST" 1 "$result" "$(port 8080 80)")
	node sysctl -qw net.ipv4.conf.br0.route_localnet=0
	check_fails p1 "$conf" "route_localnet of br0 is off"
	node sysctl -qw net.ipv4.conf.br0.route_localnet=1
	check p1 "$conf"
	node nft add table inet cnibox '{ flags dormant; }'
	check_fails p1 "$conf" "table cnibox is dormant"
	# nft cannot tell one that sleeps in JSON.
	node nft add table inet cnibox
	gone_list p1 "$LIST"
}

@test "CHECK without ports is content" {
	cni CHECK portmap p1 "$(portmap_conf '{}')"
	silent CHECK
}

@test "CHECK needs the result of ADD" {
	cni CHECK portmap p1 "$(portmap_conf '{}' | jq 'del(.prevResult)')"
	failed_with "Required prevResult missing"
}

@test "GC removes the ports of no valid attachment" {
	local conf
	outside_up
	pod_up p1 p2
	serve p1 80
	serve p2 80
	add_list p1 "$LIST" "$(port 8081 80)"
	add_list p2 "$LIST" "$(port 8082 80)"
	answers outside 192.0.2.1 8081 "p1 sees 192.0.2.2"
	answers outside 192.0.2.1 8082 "p2 sees 192.0.2.2"
	pod_down p1
	conf=$(with "$(plugin_conf "$LIST" 1 null '{}')" '{
		"cniVersion": "1.1.0", "cni.dev/valid-attachments":
			[{"containerID": "p2", "ifname": "eth0"}]}')
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC portmap p1 "$conf"
	silent GC
	[ "$(mapped)" = 2 ]
	[ "$(flows -p tcp --dport 8081)" = 0 ]
	[ "$(flows -p tcp --dport 8082)" = 1 ]
	del_list p1 "$LIST"
	gone_list p2 "$LIST"
}
