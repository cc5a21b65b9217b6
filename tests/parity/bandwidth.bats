#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bandwidth and Debian's bandwidth, behind bridge: the same limits for the same
# input, and either removes what the other has made.

# shellcheck disable=SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

LIST=$(jq -c '.plugins[1] = {"type": "bandwidth", "capabilities":
	{"bandwidth": true}}' <<<"$DUAL_LIST")

DIFFERENCES+='
an ifb tells whose it is
	^\+ [^ ]* node link bwp[0-9a-f]* ifalias net1/eth0/p[0-9]$
an ifb has no address of IPv6
	^- [^ ]* node link bwp[0-9a-f]* fe80::
	^- [^ ]* node route .*"dev":"bwp[0-9a-f]*"
an ifb has the transmit queue of the kernel, where nothing waits
	^- [^ ]* node link bwp[0-9a-f]* txqlen 0$
	^\+ [^ ]* node link bwp[0-9a-f]* txqlen [0-9]*$
'

# All limits of the node. A veth with more queues has more references.
limits_of() {
	node tc -j qdisc show | jq -cS 'sort_by(.kind, .dev)[]
		| select(.kind != "noqueue") | del(.refcnt)'
	node ip -j link | jq -r '.[].ifname' | while read -r link; do
		node tc -j filter show dev "$link" parent ffff: 2>/dev/null |
			jq -c --arg link "$link" '.[] | select(.options.actions)
			| [$link, .protocol, .pref, .kind, .options.match,
				(.options.actions[0] | .kind, .mirred_action,
				.direction, .to_dev, .control_action)]'
	done
}

limited() {
	probe() { limits_of | sed 's/^/probe /'; }
	CAPS=$(jq -cn --argjson b "$1" '{bandwidth: $b}')
	EXPLAINED=${2-}
	same "$1" "$LIST"
	grep -q ' probe .*"kind":"tbf"' "$BATS_TEST_TMPDIR/box/account"
}

@test "limits of both directions" {
	limited '{"ingressRate": 8000000, "ingressBurst": 160000,
		"egressRate": 4000000, "egressBurst": 320000}'
}

@test "limits of one direction" {
	STEPS="ADD:p1 CHECK:p1 DEL:p1"
	limited '{"ingressRate": 1000003, "ingressBurst": 77777}'
	limited '{"egressRate": 12345678, "egressBurst": 1234567}'
}

@test "small, large, and what runtimes send" {
	STEPS="ADD:p1 CHECK:p1 DEL:p1 DEL:p1"
	limited '{"ingressRate": 8, "ingressBurst": 8, "egressRate": 16, "egressBurst": 8}'
	limited '{"ingressRate": 80000000000, "ingressBurst": 80000000}'
	limited '{"ingressRate": 10000000, "ingressBurst": 2147483647,
		"egressRate": 10000000, "egressBurst": 2147483647}'
	limited '{"ingressRate": 1000000, "ingressBurst": 2147483647}' '
the Go plugin makes a number by chance of a burst that the kernel cannot have
	^[-+] [^ ]* probe .*"kind":"tbf"'
}

@test "the list's limits, and none" {
	STEPS="ADD:p1 CHECK:p1 DEL:p1"
	probe() { limits_of | sed 's/^/probe /'; }
	CAPS='{"bandwidth": {"ingressRate": 8000000, "ingressBurst": 160000}}'
	same "the list's" "$(jq -c '.plugins[1] += {"egressRate": 8000,
		"egressBurst": 80000}' <<<"$LIST")"
	same "of 0" "$(jq -c '.plugins[1] += {"egressRate": 0}' <<<"$LIST")"
	CAPS='{}'
	EXPLAINED='
newer: CHECK without limits is no panic
	^- CHECK:p1 status 2$
	^\+ CHECK:p1 status 0$'
	same "none" "$LIST"
}

@test "the answer, in every version" {
	local version
	PODS=p1 STEPS="ADD:p1 DEL:p1 DEL:p1"
	for version in 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		CAPS='{"bandwidth": {"egressRate": 8000, "egressBurst": 80000}}'
		same "$version" "$(with "$LIST" "{\"cniVersion\": \"$version\"}")"
	done
}

@test "what is refused" {
	local limit
	PODS=p1 STEPS=ADD:p1
	for limit in '{"ingressRate": 8}' '{"egressBurst": 8}' \
		'{"egressRate": 8, "egressBurst": 34359738360}'; do
		CAPS="{\"bandwidth\": $limit}"
		same "$limit" "$LIST"
	done
}

# either ADDER REMOVER: one makes it, the other checks and removes it.
either() {
	local conf list prev
	list=$(jq -c '.plugins[1] += {"ingressRate": 8000000,
		"ingressBurst": 160000, "egressRate": 4000000,
		"egressBurst": 320000}' <<<"$LIST")
	node_up
	pod_up p1
	use "$1"
	add_list p1 "$list"
	[ "$(node tc qdisc | grep -c ' tbf ')" = 2 ]
	prev=$result
	use "$2"
	conf=$(plugin_conf "$list" 1 "$prev" '{}')
	cni CHECK bandwidth p1 "$conf"
	silent CHECK
	cni DEL bandwidth p1 "$conf"
	silent DEL
	[ -z "$(node ip -j link show type ifb | jq -r '.[].ifname // empty')" ]
	use "$1"
	del_list p1 "$list"
	nothing_left
	node_down
}

@test "each removes what the other has made" {
	either ref box
	either box ref
}
