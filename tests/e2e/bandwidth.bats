#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bandwidth: what a pod sends and receives has a limit, and nothing of it stays.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

# 4 and 8 Mbit/s, with bursts of 20,000 and 40,000 bytes.
LIMITS='{"ingressRate": 4000000, "ingressBurst": 160000,
	"egressRate": 8000000, "egressBurst": 320000}'

LIST='{
	"cniVersion": "1.0.0", "name": "net1", "plugins": [
		{
			"type": "bridge", "bridge": "br0", "isGateway": true,
			"ipam": {
				"type": "host-local",
				"ranges": [
					[{"subnet": "10.1.2.0/24"}],
					[{"subnet": "2001:db8:1::/64"}]
				]
			}
		},
		{"type": "bandwidth", "capabilities": {"bandwidth": true}}
	]
}'

# What a runtime asks for.
CAPS="{\"bandwidth\": $LIMITS}"

# As for a pod called p1 in net1.
IFB=bwp$(printf net1p1 | sha512sum | cut -c 1-12)

# The list with these keys of bandwidth.
limits() {
	jq -c --argjson more "$1" '.plugins[1] += $more' <<<"$LIST"
}

# bandwidth alone, behind the result of the plugin before it.
alone() {
	plugin_conf "${2:-$LIST}" 1 "$1" "${3:-"{}"}"
}

# The host's end of a pod's link.
host_end() {
	node ip -j link | jq -r --argjson index \
		"$(pod "$1" ip -j link show "${2:-eth0}" | jq '.[0].link_index')" \
		'.[] | select(.ifindex == $index).ifname'
}

# The tbf of a link as "RATE BURST": bytes a second, and bytes.
tbf() {
	node tc -j qdisc show dev "$1" | jq -r '.[] | select(.kind == "tbf")
		| "\(.options.rate) \(.options.burst)"'
}

qdiscs() {
	node tc qdisc show dev "$1" | awk '{ print $2 }' | sort | paste -sd ' '
}

ifbs() {
	node ip -j -d link show type ifb | jq -r '.[].ifname // empty'
}

# only_bridge POD: ADD of the first plugin; its answer is in bridged.
only_bridge() {
	add "$1" "$(plugin_conf "$LIST" 0 null '{}')"
	bridged=$result
}

bridge_gone() {
	del "$1" "$(plugin_conf "$LIST" 0 null '{}')"
	nothing_left
}

# ---- what is made

@test "ingress has a tbf on the host's end, egress one on an ifb" {
	local host
	pod_up p1
	add_list p1 "$(limits "$LIMITS")"
	host=$(host_end p1)
	[ "$(tbf "$host")" = "500000 20000" ]
	[ "$(tbf "$IFB")" = "1000000 40000" ]
	[ "$(qdiscs "$host")" = "ingress tbf" ]
	node tc filter show dev "$host" parent ffff: |
		grep -q "mirred (Egress Redirect to device $IFB) stolen"
	expect "$(link node "$IFB")" '.mtu == 1500 and (.flags | index("UP"))
		and .addr_info == []'
	expect "$result" ".interfaces | length == 4 and .[3].name == \"$IFB\"
		and (.[3] | has(\"sandbox\") | not)"
	[ "$(jq -r '.interfaces[3].mac' <<<"$result")" = \
		"$(link node "$IFB" | jq -r .address)" ]
	check_list p1 "$(limits "$LIMITS")"
	del_list p1 "$(limits "$LIMITS")"
	del_list p1 "$(limits "$LIMITS")"
	nothing_left
}

@test "either direction alone" {
	local host list
	pod_up p1
	list=$(limits '{"ingressRate": 4000000, "ingressBurst": 160000}')
	add_list p1 "$list"
	[ "$(qdiscs "$(host_end p1)")" = tbf ]
	[ -z "$(ifbs)" ]
	expect "$result" '.interfaces | length == 3'
	check_list p1 "$list"
	del_list p1 "$list"
	list=$(limits '{"egressRate": 4000000, "egressBurst": 160000}')
	add_list p1 "$list"
	[ "$(qdiscs "$(host_end p1)")" = "ingress noqueue" ]
	[ "$(tbf "$IFB")" = "500000 20000" ]
	check_list p1 "$list"
	del_list p1 "$list"
	nothing_left
}

@test "the limits of the runtime, in containerd's spelling; those of the list win" {
	local caps='{"bandwidth": {"IngressRate": 8000, "IngressBurst": 80000,
		"EgressRate": 16000, "EgressBurst": 160000}}'
	pod_up p1
	add_list p1 "$LIST" "$caps"
	[ "$(tbf "$(host_end p1)")" = "1000 10000" ]
	[ "$(tbf "$IFB")" = "2000 20000" ]
	check_list p1 "$LIST" "$caps"
	del_list p1 "$LIST" "$caps"
	add_list p1 "$(limits '{"egressRate": 8000, "egressBurst": 80000}')" "$caps"
	[ -z "$(tbf "$(host_end p1)")" ]
	[ "$(tbf "$IFB")" = "1000 10000" ]
	del_list p1 "$LIST" "$caps"
	# A rate of 0 is a limit of the list's, too: none.
	add_list p1 "$(limits '{"ingressRate": 0}')" "$caps"
	expect "$result" '.interfaces | length == 3'
	[ -z "$(ifbs)" ]
	del_list p1 "$LIST"
	nothing_left
}

@test "without limits the result is handed on, and nothing is made" {
	pod_up p1
	only_bridge p1
	add p1 "$(alone "$bridged")"
	[ "$result" = "$bridged" ]
	add p1 "$(alone "$bridged" "$(limits '{"ingressRate": 0, "ingressBurst": 0,
		"egressRate": 0, "egressBurst": 0}')")"
	[ "$result" = "$bridged" ]
	[ "$(qdiscs "$(host_end p1)")" = noqueue ]
	check p1 "$(alone "$bridged")"
	del_twice p1 "$(alone "$bridged")"
	bridge_gone p1
}

@test "a rate that takes 64 bits, and the largest burst" {
	pod_up p1
	add_list p1 "$(limits '{"ingressRate": 80000000000,
		"ingressBurst": 34359738359}')"
	[ "$(tbf "$(host_end p1)")" = "10000000000 4294960000" ]
	check_list p1 "$(limits '{"ingressRate": 80000000000,
		"ingressBurst": 34359738359}')"
	del_list p1 "$LIST"
	nothing_left
}

@test "the burst that runtimes send is told, and maxBurst and latency cut it" {
	local caps='{"bandwidth": {"ingressRate": 8000000,
		"ingressBurst": 2147483647}}' list
	pod_up p1
	add_list p1 "$LIST" "$caps"
	[ "$stderr" = "bandwidth: ingressBurst 2147483647: the first 268 MB pass without a limit, and as many wait; maxBurst cuts it" ]
	expect "$(node tc -j qdisc show dev "$(host_end p1)")" \
		'.[0].options | .rate == 1000000 and .burst > 268000000'
	del_list p1 "$LIST" "$caps"
	list=$(limits '{"maxBurst": 160000, "latency": 5}')
	add_list p1 "$list" "$caps"
	[ -z "$stderr" ]
	expect "$(node tc -j qdisc show dev "$(host_end p1)")" '.[0].options
		| .rate == 1000000 and .burst == 20000 and .lat == 5000'
	check_list p1 "$list" "$caps"
	del_list p1 "$list" "$caps"
	nothing_left
}

@test "what only releases of another time knew is told" {
	local list
	list=$(limits '{"unshapedSubnets": ["10.1.2.0/24"]}')
	pod_up p1
	add_list p1 "$list" "$CAPS"
	[ "$stderr" = "bandwidth: shapedSubnets, unshapedSubnets: every packet is limited" ]
	del_list p1 "$list"
	add_list p1 "$list"
	[ -z "$stderr" ]
	del_list p1 "$list"
	nothing_left
}

@test "a burst of less than a packet is told" {
	pod_up p1
	add_list p1 "$(limits '{"egressRate": 8000, "egressBurst": 8000}')"
	[ "$stderr" = "bandwidth: egressBurst 8000: packets of more than 1000 bytes are dropped" ]
	del_list p1 "$LIST"
	nothing_left
}

@test "two interfaces of a container in one network" {
	local first
	pod_up p1
	add_list p1 "$LIST" "$CAPS"
	CNI_IFNAME=eth1 add_list p1 "$LIST" "$CAPS"
	[ "$(ifbs | wc -l)" = 2 ]
	first=$(host_end p1)
	[ "$(tbf "$first")" = "$(tbf "$(host_end p1 eth1)")" ]
	CNI_IFNAME=eth1 check_list p1 "$LIST" "$CAPS"
	CNI_IFNAME=eth1 del_list p1 "$LIST" "$CAPS"
	[ "$(ifbs)" = "$IFB" ] || complain "$(node ip link)" "$(ifbs)"
	[ "$(qdiscs "$first")" = "ingress tbf" ]
	CNI_IFNAME=eth1 add_list p1 "$LIST" "$CAPS"
	results[p1]=
	del_list p1 "$LIST" "$CAPS"
	[ "$(ifbs | wc -l)" = 1 ]
	no_link node "$IFB"
	CNI_IFNAME=eth1 check_fails p1 "$(alone null "$LIST" "$CAPS")" \
		"must be called as a chained plugin"
	CNI_IFNAME=eth1 del_list p1 "$LIST" "$CAPS"
	nothing_left
}

# ---- what is refused

@test "half a limit, too much, too little, and what is no number" {
	local row
	pod_up p1
	only_bridge p1
	while read -r row; do
		add_fails p1 "$(alone "$bridged" \
			"$(limits "$(jq -c '.[0]' <<<"$row")")")" \
			"$(jq -r '.[1]' <<<"$row")"
		[ "$code" = 7 ] || complain "code $code: $msg"
	done <<'END'
[{"ingressRate": 8000}, "if rate is set, burst must also be set"]
[{"egressRate": 8000}, "if rate is set, burst must also be set"]
[{"ingressBurst": 8000}, "if burst is set, rate must also be set"]
[{"egressBurst": 8000}, "if burst is set, rate must also be set"]
[{"ingressRate": 8000, "ingressBurst": 34359738360}, "burst cannot be more than 4GB"]
[{"egressRate": 8000, "egressBurst": 9007199254740991}, "burst cannot be more than 4GB"]
[{"ingressRate": 7, "ingressBurst": 8}, "ingressRate and ingressBurst: expected 8 or more, got 7 and 8"]
[{"egressRate": 8, "egressBurst": 7}, "egressRate and egressBurst: expected 8 or more, got 8 and 7"]
[{"ingressRate": "1M"}, "ingressRate: expected an integer of 0 or more"]
[{"egressRate": -1}, "egressRate: expected an integer of 0 or more"]
[{"maxBurst": 7}, "maxBurst: expected 0, or 8 or more, got 7"]
[{"latency": 0}, "latency: expected an integer from 1 to 60000"]
[{"runtimeConfig": {"bandwidth": {"ingressRate": true}}}, "runtimeConfig.bandwidth.ingressRate: expected"]
[{"runtimeConfig": {"bandwidth": []}}, "runtimeConfig.bandwidth: expected an object"]
[{"runtimeConfig": {"bandwidth": {"ingressRate": 8000}}}, "if rate is set, burst must also be set"]
END
	[ -z "$(ifbs)" ]
	bridge_gone p1
}

@test "ADD without prevResult, with limits or without" {
	pod_up p1
	add_fails p1 "$(alone null)" "must be called as chained plugin"
	add_fails p1 "$(alone null "$LIST" "$CAPS")" \
		"must be called as chained plugin"
	nothing_left
}

@test "a pod whose host's end is not to be found" {
	local prev
	pod_up p1
	only_bridge p1
	prev=$(jq -c 'del(.interfaces)' <<<"$bridged")
	add_fails p1 "$(alone "$prev" "$LIST" "$CAPS")" "no interfaces provided"
	prev=$(jq -c '.interfaces |= map(select(.sandbox))' <<<"$bridged" |
		jq -c '.ips[].interface = 0')
	add_fails p1 "$(alone "$prev" "$LIST" "$CAPS")" \
		"no veth peer of container interface found in host ns"
	CNI_IFNAME=eth7 add_fails p1 "$(alone "$bridged" "$LIST" "$CAPS")" \
		"container interface eth7 has no veth peer: it does not exist"
	pod p1 ip link add br9 type bridge
	CNI_IFNAME=br9 add_fails p1 "$(alone "$bridged" "$LIST" "$CAPS")" \
		"container interface br9 has no veth peer: it is no veth"
	pod p1 ip link del br9
	[ "$(qdiscs "$(host_end p1)")" = noqueue ]
	bridge_gone p1
}

# Its number is that of another link of the node.
@test "a pod whose veth leads to a third namespace" {
	pod_up p1 p2
	only_bridge p1
	pod p1 ip link add eth5 index 500 type veth peer name eth5 \
		index "$(link node br0 | jq .ifindex)" netns p2
	CNI_IFNAME=eth5 add_fails p1 "$(alone "$bridged" "$LIST" "$CAPS")" \
		"is not in host ns"
	pod p1 ip link del eth5
	bridge_gone p1
}

@test "a link that has another's limit keeps it, and nothing is left" {
	local host
	pod_up p1
	only_bridge p1
	host=$(host_end p1)
	node tc qdisc add dev "$host" root handle 5: tbf rate 1mbit burst 10k \
		latency 9ms
	add_fails p1 "$(alone "$bridged" "$LIST" "$CAPS")" \
		"limit the rate of $host: "
	node tc qdisc show dev "$host" | grep -q "^qdisc tbf 5: "
	node tc qdisc del dev "$host" root
	# The second step fails, so the first is undone.
	node tc qdisc add dev "$host" clsact
	add_fails p1 "$(alone "$bridged" "$LIST" "$CAPS")" \
		"redirect the packets of $host: "
	[ "$(qdiscs "$host")" = "clsact noqueue" ]
	[ -z "$(ifbs)" ]
	bridge_gone p1
}

# ---- DEL, GC, CHECK

@test "DEL alone gives the veth back as it was, and ADD works again" {
	local host conf
	pod_up p1
	only_bridge p1
	host=$(host_end p1)
	conf=$(alone "$bridged" "$LIST" "$CAPS")
	add p1 "$conf"
	del_twice p1 "$conf"
	[ "$(qdiscs "$host")" = noqueue ]
	[ -z "$(ifbs)" ]
	add p1 "$conf"
	# As after an ADD that was killed.
	add p1 "$conf"
	[ "$(qdiscs "$host")" = "ingress tbf" ]
	check p1 "$conf"
	del p1 "$conf"
	bridge_gone p1
}

@test "DEL without namespace, prevResult, limits or record leaves no ifb" {
	local conf
	pod_up p1
	add_list p1 "$LIST" "$CAPS"
	pod_down p1
	conf=$(alone null)
	CNI_NETNS='' del_twice p1 "$conf"
	[ -z "$(ifbs)" ]
	del p1 "$(plugin_conf "$LIST" 0 null '{}')"
	pod_up p1
	add_list p1 "$LIST" "$CAPS"
	node find /run/cni -name '*.bandwidth' -delete
	pod_down p1
	CNI_NETNS='' del p1 "$conf"
	[ -z "$(ifbs)" ]
	del p1 "$(plugin_conf "$LIST" 0 null '{}')"
	nothing_left
}

@test "GC removes what is not valid, with and without a record" {
	local conf keep
	pod_up p1 p2 p3
	add_list p1 "$LIST" "$CAPS"
	add_list p2 "$LIST" "$CAPS"
	add_list p3 "$LIST" "$CAPS"
	node find /run/cni -name '*p2.bandwidth' -delete
	keep='{"cniVersion": "1.1.0", "cni.dev/valid-attachments":
		[{"containerID": "p1", "ifname": "eth0"}]}'
	conf=$(with "$(alone null)" "$keep")
	CNI_NETNS='' cni GC bandwidth p1 "$conf"
	silent GC
	[ "$(ifbs)" = "$IFB" ]
	check_list p1 "$LIST" "$CAPS"
	# The links of others are theirs to remove.
	host_end p2 | grep -q .
	conf=$(with "$(plugin_conf "$LIST" 0 null '{}')" "$keep")
	CNI_NETNS='' cni GC bridge p1 "$conf"
	silent GC
	del_list p1 "$LIST"
	nothing_left
}

@test "an attachment with an ifb that is gone is not taken for alive" {
	pod_up p1
	add_list p1 "$LIST" "$CAPS"
	pod_down p1
	wait_until 5 no_host_end
	node "$CNIBOX" show | grep -q gone
	del_list p1 "$LIST"
	nothing_left
}

no_host_end() {
	[ -z "$(node ip -j link show type veth | jq -r '.[].ifname // empty')" ]
}

@test "CHECK names what is missing or different" {
	local host conf
	pod_up p1
	only_bridge p1
	host=$(host_end p1)
	conf=$(alone "$bridged" "$LIST" "$CAPS")
	add p1 "$conf"
	check p1 "$conf"
	differs() {
		check_fails p1 "$(alone "$bridged" "$LIST" "$(jq -c \
			".bandwidth += $1" <<<"$CAPS")")" "$2"
	}
	differs '{"ingressRate": 4000008}' "Rate doesn't match: tbf of $host"
	differs '{"ingressBurst": 160008}' "Limit doesn't match: tbf of $host"
	differs '{"egressRate": 7000000}' "Rate doesn't match: tbf of $IFB"
	node tc qdisc change dev "$host" root handle 1: tbf rate 500000bps \
		burst 15000 limit 32500
	check_fails p1 "$conf" "Buffer doesn't match: tbf of $host"
	node tc qdisc del dev "$host" root
	check_fails p1 "$conf" "Failed to find qdisc"
	node ip link set "$IFB" down
	differs '{"ingressRate": 0, "ingressBurst": 0}' "$IFB is down"
	node tc filter del dev "$host" parent ffff:
	differs '{"ingressRate": 0, "ingressBurst": 0}' \
		"packets of $host are not redirected to $IFB"
	node ip link del "$IFB"
	differs '{"ingressRate": 0, "ingressBurst": 0}' \
		"get ifb device: $IFB is missing"
	del p1 "$conf"
	bridge_gone p1
}

@test "STATUS is good, and changes nothing" {
	local before
	before=$(node ip -d link; node tc qdisc)
	CNI_NETNS='' cni STATUS bandwidth p1 \
		"$(with "$(alone null)" '{"cniVersion": "1.1.0"}')"
	silent STATUS
	[ "$(node ip -d link; node tc qdisc)" = "$before" ]
}

@test "versions from 0.3.0 on" {
	local version prev
	pod_up p1
	only_bridge p1
	for version in 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		prev=$(jq -c --arg v "$version" '.cniVersion = $v
			| if $v < "1" then .ips[] += {version: "4"} else . end' \
			<<<"$bridged")
		add p1 "$(with "$(alone "$prev" "$LIST" "$CAPS")" \
			"{\"cniVersion\": \"$version\"}")"
		expect "$result" ".cniVersion == \"$version\"
			and .interfaces[3].name == \"$IFB\""
	done
	for version in 0.1.0 0.2.0; do
		add_fails p1 "$(with "$(alone null)" \
			"{\"cniVersion\": \"$version\"}")" \
			"plugin supports [\"0.3.0\" \"0.3.1\" \"0.4.0\" \"1.0.0\" \"1.1.0\"]"
		[ "$code" = 1 ]
	done
	del p1 "$(alone null)"
	bridge_gone p1
}

# ---- what it is for

@test "what passes is the rate, both ways and in both families" {
	pod_up p1
	add_list p1 "$LIST" "$CAPS"
	flows node 10.1.2.2 p1 500000 20000
	flows node 2001:db8:1::2 p1 500000 20000
	flows p1 10.1.2.1 node 1000000 40000
	flows p1 2001:db8:1::1 node 1000000 40000
	# The burst is spent, so the rate alone remains.
	expect "$(node tc -s -j qdisc show dev "$(host_end p1)")" \
		'[.[] | select(.kind == "tbf")][0].overlimits > 100'
	expect "$(node tc -s -j qdisc show dev "$IFB")" '.[0].overlimits > 100'
	del_list p1 "$LIST" "$CAPS"
	nothing_left
}

@test "another pod of the network has no limit" {
	pod_up p1 p2
	add_list p1 "$LIST" "$CAPS"
	add_list p2 "$LIST"
	[ "$(qdiscs "$(host_end p2)")" = noqueue ]
	pings p2 10.1.2.2
	pings p1 10.1.2.3
	del_list p2 "$LIST"
	[ "$(qdiscs "$(host_end p1)")" = "ingress tbf" ]
	del_list p1 "$LIST" "$CAPS"
	nothing_left
}
