#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# firewall and Debian's firewall, behind our bridge: who reaches whom is the same.
# (Debian's 1.1.1 knows no "isolated".)

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load ../e2e/helpers

setup() {
	[ -x "$REFERENCE"/firewall ] || skip "no reference plugins"
	node_up
	PLUGINS=$BATS_TEST_TMPDIR/plugins PLUGIN_PATH=$PATH
	mkdir "$PLUGINS"
	"$CNIBOX" --install -s "$PLUGINS" >/dev/null
}

# network NAME NUMBER POLICY: a list with a bridge of its own.
network() {
	jq -c --arg name "$1" --arg n "$2" --arg policy "$3" '.name = $name
		| .plugins[0] |= (.ipMasq = false | .bridge = "br\($n)"
			| .ipam.ranges = [[{subnet: "10.1.\($n).0/24"}],
				[{subnet: "2001:db8:1:\($n)::/64"}]])
		| .plugins[1] = {type: "firewall", ingressPolicy: $policy}' \
		<<<"$DUAL_LIST"
}

# Each line says who reaches whom, by both families.
matrix() {
	local from to address
	for from in node outside a1 a2 i1 o1; do
		for to in a1:10.1.1.2:2001:db8:1:1::2 i1:10.1.2.2:2001:db8:1:2::2 \
			i2:10.1.2.3:2001:db8:1:2::3 o1:10.1.3.2:2001:db8:1:3::2 \
			outside:192.0.2.2:2001:db8:ffff::2; do
			[ "$from" != "${to%%:*}" ] || continue
			[ "$from" != node ] || [ "${to%%:*}" != outside ] || continue
			for address in "$(cut -d: -f2 <<<"$to")" "$(cut -d: -f3- <<<"$to")"; do
				if within "$from" ping -n -c 1 -W 0.3 "$address" >/dev/null; then
					echo "$from $address"
				fi
			done
		done
	done
}

# play POLICY OF FORWARD: the matrix of all pods, which go again.
play() {
	local a i o pod
	node iptables -P FORWARD "$1"
	node ip6tables -P FORWARD "$1"
	a=$(network a 1 same-bridge) i=$(network i 2 same-bridge) o=$(network o 3 open)
	pod_up a1 a2 i1 i2 o1
	add_list a1 "$a"
	add_list a2 "$a"
	add_list i1 "$i"
	add_list i2 "$i"
	add_list o1 "$o"
	matrix
	del_list a1 "$a"
	del_list a2 "$a"
	del_list i1 "$i"
	del_list i2 "$i"
	del_list o1 "$o"
	pod_down a1 a2 i1 i2 o1
	node rm -rf /var/lib/cni
}

@test "who reaches whom, by every policy" {
	local policy ours theirs
	bridge_netfilter_on
	outside_up
	pod outside ip route add 10.1.0.0/16 via 192.0.2.1
	pod outside ip route add 2001:db8:1::/48 via 2001:db8:ffff::1
	for policy in ACCEPT DROP; do
		play $policy >"$BATS_TEST_TMPDIR/ours"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/ours")" -gt 20 ]
		ln -sf "$REFERENCE"/firewall "$PLUGINS"
		play $policy >"$BATS_TEST_TMPDIR/theirs"
		ln -sf "$CNIBOX" "$PLUGINS"/firewall
		node iptables -F
		node ip6tables -F
		diff "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
	done
}

# ---- one ADDs, the other DELs

# theirs CMD...: with Debian's firewall.
theirs() {
	ln -sf "$REFERENCE"/firewall "$PLUGINS"
	"$@"
	ln -sf "$CNIBOX" "$PLUGINS"/firewall
}

# Rules of both families that name an address, and no more.
pod_rules() {
	node sh -c 'iptables -S; ip6tables -S' | grep -E -- '-[sd] ' || true
}

# The same, where iptables does not understand its table any more.
nft_rules() {
	node sh -c 'nft list table ip filter; nft list table ip6 filter' |
		grep -E '[sd]addr'
}

LIST=$(jq '.plugins[1] = {type: "firewall"}' <<<"$DUAL_LIST")

@test "what theirs ADDed ours DELs, and leaves others alone" {
	local others
	pod_up p1 p2
	theirs add_list p2 "$LIST"
	others=$(pod_rules)
	[ "$(wc -l <<<"$others")" = 4 ]
	theirs add_list p1 "$LIST"
	[ "$(pod_rules | wc -l)" = 8 ]
	check_list p1 "$LIST"
	del_list p1 "$LIST"
	[ "$(pod_rules)" = "$others" ] || complain "$(pod_rules)"
	del_list p1 "$LIST"
	[ "$(pod_rules)" = "$others" ]
	theirs del_list p2 "$LIST"
	[ -z "$(pod_rules)" ]
	nothing_left
}

@test "ours DELs what theirs ADDed also as iptables and nft load it again" {
	pod_up p1
	theirs add_list p1 "$LIST"
	node sh -c 'iptables-save | iptables-restore; ip6tables-save | ip6tables-restore'
	# Thereafter iptables does not read its table any more.
	node sh -c 'nft list ruleset >/run/ruleset; nft flush ruleset; nft -f /run/ruleset'
	[ "$(nft_rules | wc -l)" = 4 ] || complain "$(nft_rules)"
	del_list p1 "$LIST"
	[ -z "$(nft_rules)" ] || complain "$(nft_rules)"
	nothing_left
}

@test "ours DELs no rule that asks for more than theirs" {
	local before rule
	pod_up p1
	theirs add_list p1 "$LIST"
	for rule in "-s 10.1.2.2 -j DROP" "-s 10.1.2.0/24 -j ACCEPT" \
		"! -s 10.1.2.2 -j ACCEPT" "-d 10.1.2.22 -j ACCEPT" \
		"-s 10.1.2.2 -d 10.9.9.9 -j ACCEPT" \
		"-s 10.9.9.9 -d 10.1.2.2 -j ACCEPT" \
		"-s 10.1.2.2 -m addrtype --dst-type LOCAL -j ACCEPT" \
		"-s 10.1.2.2 -p tcp -j ACCEPT" "-s 10.1.2.2 -i br0 -j ACCEPT" \
		"-d 10.1.2.2 -p tcp -m tcp --dport 80 -j ACCEPT" \
		"-s 10.1.2.2 -m mark --mark 0x10/0x10 -j ACCEPT" \
		"-m mark --mark 0xa010202 -j ACCEPT" \
		"-s 10.1.2.2 -m limit --limit 3/hour -j ACCEPT" "-j ACCEPT"; do
		# shellcheck disable=SC2086 # several words
		node iptables -A CNI-FORWARD $rule
	done
	before=$(node iptables -S CNI-FORWARD | sed 3,4d)
	[ "$(wc -l <<<"$before")" = 16 ]
	del_list p1 "$LIST"
	[ "$(node iptables -S CNI-FORWARD)" = "$before" ] ||
		complain "$(node iptables -S CNI-FORWARD)"
	nothing_left
}

@test "ours DELs without an address, or with odd ones" {
	local conf prev
	pod_up p1
	conf=$(jq -c '{cniVersion, name, type: "firewall"}' <<<"$LIST")
	for prev in null 1 '[]' '{}' '{"ips": 1}' '{"ips": [1, null, {}]}' \
		'{"ips": [{"address": 1}, {"address": "x"}, {"address": "10.1.2.2"},
			{"address": null}, {"address": {}}, {"address": [1]}]}'; do
		del_twice p1 "$(jq -c --argjson prev "$prev" '.prevResult = $prev' <<<"$conf")"
	done
}

@test "what ours ADDed theirs DELs, and sync removes the rest" {
	pod_up p1 p2
	node iptables -P FORWARD DROP
	add_list p1 "$LIST"
	add_list p2 "$LIST"
	theirs del_list p1 "$LIST"
	theirs del_list p1 "$LIST"
	pod_down p1
	node "$CNIBOX" sync
	[ "$(nat_elements | grep -c ^pods)" = 2 ] || complain "$(nat_elements)"
	theirs del_list p2 "$LIST"
	pod_down p2
	node "$CNIBOX" sync
	[[ $(node iptables -S FORWARD) != *cnibox* ]]
	nothing_left
}

@test "what theirs made for ingressPolicy stays" {
	local list
	list=$(network a 1 same-bridge)
	pod_up p1
	theirs add_list p1 "$list"
	del_list p1 "$list"
	[ -z "$(pod_rules)" ]
	[ "$(node iptables -S | grep -c "^-A CNI-ISOLATION-STAGE-.*br1")" = 2 ]
	nothing_left
}
