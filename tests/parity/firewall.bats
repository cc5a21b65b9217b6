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
