#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# firewall: containers are forwarded where iptables drops, networks are kept apart.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

# Without masquerading, so that the outside may try to reach pods directly.
LIST=$(jq '.plugins[0] |= (.ipMasq = false)
	| .plugins += [{"type": "firewall"}]' <<<"$DUAL_LIST")

# The list with options of firewall.
with_firewall() {
	jq -c --argjson more "$1" '.plugins |= map(
		if .type == "firewall" then . + $more else . end)' <<<"$LIST"
}

port() {
	jq -cn --argjson h "$1" --argjson c "$2" --arg p "${3:-tcp}" \
		'{portMappings: [{hostPort: $h, containerPort: $c, protocol: $p}]}'
}

# The configuration of firewall alone, for a pod at 10.1.2.2.
firewall_conf() {
	jq -c --argjson more "${1:-"{}"}" '{cniVersion, name, type: "firewall",
		prevResult: {
			cniVersion: "1.0.0",
			interfaces: [{name: "eth0", sandbox: "/run/netns/p1"}],
			ips: [{address: "10.1.2.2/24", interface: 0}]
		}} + $more' <<<"$LIST"
}

# What is forwarded is dropped, by iptables-nft.
forward_drop() {
	node iptables -P FORWARD DROP
	node ip6tables -P FORWARD DROP
}

# Also from the outside there is a way to the pods.
routed_outside_up() {
	outside_up
	pod outside ip route add 10.1.0.0/16 via 192.0.2.1
	pod outside ip route add 2001:db8:1::/64 via 2001:db8:ffff::1
}

rules() {
	node iptables -S FORWARD
	node ip6tables -S FORWARD
}

CLOSED="-P FORWARD DROP
-P FORWARD DROP"
RULE='-A FORWARD -m mark --mark 0x10/0x10 -m comment --comment cnibox -j ACCEPT'
OPENED="-P FORWARD DROP
$RULE
-P FORWARD DROP
$RULE"

gone_list() {
	del_list "$@"
	del_list "$@"
	nothing_left
}

@test "a pod reaches the outside where iptables drops, and is answered" {
	routed_outside_up
	forward_drop
	pod_up p1
	serve outside 80
	serve outside 53 udp
	add_list p1 "$LIST"
	[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
	check_list p1 "$LIST"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	answers p1 192.0.2.2 53 "outside sees 10.1.2.2" udp
	answers p1 2001:db8:ffff::2 80 \
		"outside sees [2001:0db8:0001:0000:0000:0000:0000:0002]"
	pings p1 192.0.2.2
	pings p1 2001:db8:ffff::2
	serve p1 80
	no_answer outside 10.1.2.2 80
	no_answer outside 2001:db8:1::2 80
	cannot_ping outside 10.1.2.2
	gone_list p1 "$LIST"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
}

@test "an error about a connection of the pod's arrives" {
	routed_outside_up
	forward_drop
	pod_up p1
	add_list p1 "$LIST"
	# Nobody listens: the outside's answer is related to what was sent.
	run -1 pod p1 timeout 60 bash -c \
		'exec 3<>/dev/udp/192.0.2.2/99; echo x >&3; read -r <&3'
	gone_list p1 "$LIST"
}

@test "other addresses than pods' stay closed, and a foreign mark opens nothing" {
	routed_outside_up
	forward_drop
	pod_up p1
	add_list p1 "$LIST"
	pod p1 ip address add 10.1.2.99/24 dev eth0
	serve outside 80
	no_answer p1 192.0.2.2 80 tcp bind=10.1.2.99
	node nft add table ip foreign
	node nft add chain ip foreign pre \
		'{ type filter hook prerouting priority -150; }'
	node nft add rule ip foreign pre meta mark set 0xffffffff
	no_answer p1 192.0.2.2 80 tcp bind=10.1.2.99
	# What others have marked is as they have marked it, but for our bit.
	node nft add chain ip foreign post \
		'{ type filter hook postrouting priority 0; }'
	node nft add rule ip foreign post meta mark 0xffffffef counter
	node nft add rule ip foreign post 'meta mark & 0x10 != 0' counter drop
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	node nft list chain ip foreign post | grep -q '0xffffffef counter packets [1-9]'
	node nft delete table ip foreign
	gone_list p1 "$LIST"
}

@test "a published port is open to the outside, whether portmap comes before or behind" {
	local list family
	routed_outside_up
	forward_drop
	pod_up p1
	serve p1 80
	for list in "$LIST" "$(jq '.plugins |= [.[0], .[2], .[1]]' <<<"$LIST")"; do
		add_list p1 "$list" "$(port 8080 80)"
		answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
		answers outside 2001:db8:ffff::1 8080 \
			"p1 sees [2001:0db8:ffff:0000:0000:0000:0000:0002]"
		no_answer outside 10.1.2.2 80
		check_list p1 "$list" "$(port 8080 80)"
		del_list p1 "$list" "$(port 8080 80)"
		del_list p1 "$list"
		nothing_left
		no_answer outside 192.0.2.1 8080
		pod_down p1
		pod_up p1
		serve p1 80
	done
	[ "$(rules)" = "$CLOSED" ]
}

@test "without iptables nothing is made in its tables" {
	outside_up
	pod_up p1
	serve outside 80
	pod outside ip route add 10.1.0.0/16 via 192.0.2.1
	add_list p1 "$LIST"
	check_list p1 "$LIST"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	[ -z "$(node nft list tables | grep ' filter$')" ]
	gone_list p1 "$LIST"
}

@test "any number of pods has one rule, which goes with the last one" {
	local i
	forward_drop
	pod_up p1 p2 p3
	for i in 1 2 3; do
		add_list p$i "$LIST" &
	done
	wait $(jobs -p)
	[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
	for i in 1 2; do
		del_list p$i "$LIST" &
	done
	wait $(jobs -p)
	[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
	del_list p3 "$LIST"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
	nothing_left
}

@test "many that come and go at once leave one rule, then none" {
	local i round
	forward_drop
	pod_up p0 p1 p2 p3 p4 p5 p6 p7
	for round in 1 2 3; do
		for i in 0 1 2 3 4 5 6 7; do
			(add_list p$i "$LIST") &
		done
		wait $(jobs -p)
		[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
		for i in 0 1 2 3 4 5 6 7; do
			(del_list p$i "$LIST") &
		done
		wait $(jobs -p)
		[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
	done
	nothing_left
}

@test "a DEL with a record does not read what other pods have" {
	local conf
	conf=$(with "$(firewall_conf)" '{"ingressPolicy": "same-bridge"}')
	forward_drop
	pod_up p1 p2
	add_list p1 "$(with_firewall '{"ingressPolicy": "same-bridge"}')"
	add_list p2 "$(with_firewall '{"ingressPolicy": "same-bridge"}')"
	for pod in p2 p1; do
		PLUGIN_ENV=(CNIBOX_TRACE=1)
		cni DEL firewall $pod "$conf"
		silent "DEL $pod"
		PLUGIN_ENV=()
		[[ $stderr == *" pods4-4 "* && $stderr != *"list map"* ]] ||
			complain "$stderr"
		del_list $pod "$LIST"
	done
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
	nothing_left
}

@test "an ADD has no transaction refused, be it the first or not" {
	local pod
	forward_drop
	pod_up p1 p2
	for pod in p1 p2; do
		PLUGIN_ENV=(CNIBOX_TRACE=1)
		add $pod "$(firewall_conf "{\"prevResult\": {
			\"cniVersion\": \"1.0.0\", \"interfaces\": [],
			\"ips\": [{\"address\": \"10.1.2.${pod#p}/24\"}]}}")"
		PLUGIN_ENV=()
		[ "$(grep -c "begin a transaction on table cnibox-filter" \
			<<<"$stderr")" = 1 ] || complain "$stderr"
	done
	del_twice p1 "$(firewall_conf)"
	del_twice p2 "$(firewall_conf)"
	nothing_left
}

@test "what iptables saves and restores is the same, and works" {
	local before saved
	routed_outside_up
	forward_drop
	pod_up p1
	serve outside 80
	add_list p1 "$LIST"
	before=$(rules)
	saved=$(node iptables-save)
	[[ $saved == *"$RULE"* ]]
	node iptables-restore <<<"$saved"
	node ip6tables-save | node ip6tables-restore
	[ "$(rules)" = "$before" ] || complain "$(rules)"
	# What is restored is known, and loaded by nft it is, too.
	check_list p1 "$LIST"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	node nft list ruleset >"$BATS_TEST_TMPDIR/ruleset"
	node nft flush ruleset
	node nft -f "$BATS_TEST_TMPDIR/ruleset"
	check_list p1 "$LIST"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	gone_list p1 "$LIST"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
}

@test "a flushed FORWARD is noticed by CHECK, and put right by sync" {
	routed_outside_up
	forward_drop
	pod_up p1
	serve outside 80
	add_list p1 "$LIST"
	node iptables -F FORWARD
	no_answer p1 192.0.2.2 80
	check_fails p1 "$(firewall_conf)" \
		"chain FORWARD of table ip filter does not accept the mark 0x10"
	[[ $(node "$CNIBOX" sync) == "1 attachments, 1 restored, 0 gone" ]]
	[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	node nft flush ruleset
	forward_drop
	check_fails p1 "$(firewall_conf)" "address 10.1.2.2 is not forwarded"
	node "$CNIBOX" sync
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	check_list p1 "$LIST"
	gone_list p1 "$LIST"
	[ "$(rules)" = "$CLOSED" ]
}

@test "rules and chains that somebody has taken out are noticed, and put back" {
	local cmd
	routed_outside_up
	pod_up p1
	add_list p1 "$(with_firewall '{"ingressPolicy": "isolated"}')"
	for cmd in "flush chain inet cnibox-filter before" \
		"flush chain inet cnibox-filter open" \
		"flush chain inet cnibox-filter pods4-4" \
		"flush chain inet cnibox-filter after" \
		"flush chain inet cnibox-filter isolate" \
		"flush set inet cnibox-filter closed" \
		"flush set inet cnibox-filter isolated" \
		"flush set inet cnibox-filter pods6-4" \
		"flush set inet cnibox-filter closed-br0" \
		"flush chain bridge cnibox-filter forward" \
		"flush set bridge cnibox-filter ports" \
		"delete table bridge cnibox-filter"; do
		# shellcheck disable=SC2086 # several words
		node nft $cmd
		check_fails p1 "$(with_prev "$(firewall_conf \
			'{"ingressPolicy": "isolated"}')" "$result")" ""
		node "$CNIBOX" sync
		check_list p1 "$(with_firewall '{"ingressPolicy": "isolated"}')"
	done
	gone_list p1 "$LIST"
}

@test "a rule that drops everything before ours is named" {
	local drops
	forward_drop
	pod_up p1
	add_list p1 "$LIST"
	node iptables -I FORWARD -m comment --comment "the night" -j DROP
	check_list p1 "$LIST"
	cni CHECK firewall p1 "$(with_prev "$(firewall_conf)" "$result")"
	silent CHECK
	drops='chain FORWARD of table ip filter drops everything before it accepts the mark 0x10, by rule '
	[[ $stderr == *"$drops"*' "the night"'* ]] || complain "$stderr"
	run --separate-stderr -0 node "$CNIBOX" sync
	[[ $stderr == *"$drops"*' "the night"'* ]] || complain "$stderr"
	gone_list p1 "$LIST"
}

@test "the administrator's chain comes first" {
	routed_outside_up
	forward_drop
	pod_up p1
	serve outside 80
	node iptables -N CNI-ADMIN
	add_list p1 "$LIST"
	node iptables -S FORWARD | sed -n 2p | grep -q -- "-j CNI-ADMIN"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	node iptables -A CNI-ADMIN -s 10.1.2.2 -j DROP
	no_answer p1 192.0.2.2 80
	check_list p1 "$LIST"
	gone_list p1 "$LIST"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
}

@test "the administrator's chain comes first, also if something else leads there" {
	local jump="-A FORWARD -j CNI-ADMIN"
	forward_drop
	pod_up p1 p2
	node iptables -N CNI-ADMIN
	# shellcheck disable=SC2086 # several words
	node iptables $jump
	add_list p1 "$LIST"
	node iptables -S FORWARD | sed -n 2p | grep -q -- "-j CNI-ADMIN"
	check_list p1 "$LIST"
	add_list p2 "$LIST"
	[ "$(node iptables -S FORWARD | grep -c -- "-j CNI-ADMIN")" = 2 ]
	del_list p1 "$LIST"
	gone_list p2 "$LIST"
	[ "$(node iptables -S FORWARD)" = "-P FORWARD DROP
$jump" ] || complain "$(rules)"
}

@test "the administrator's chain comes first as long as pods of any bit are there" {
	local other first
	other=$(with_firewall '{"forwardMarkBit": 20}')
	forward_drop
	node iptables -N CNI-ADMIN
	for first in "$LIST" "$other"; do
		pod_up p1 p2
		add_list p1 "$LIST"
		add_list p2 "$other"
		if [ "$first" = "$LIST" ]; then
			del_list p1 "$LIST"
			check_list p2 "$other"
		else
			del_list p2 "$other"
			check_list p1 "$LIST"
		fi
		[ "$(node iptables -S FORWARD | grep -c -- "-j CNI-ADMIN")" = 1 ]
		del_list p1 "$LIST"
		gone_list p2 "$other"
		[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
		pod_down p1 p2
	done
	# Those of both bits go at once; somebody has taken out a rule.
	pod_up p1 p2
	add_list p1 "$LIST"
	add_list p2 "$other"
	# shellcheck disable=SC2086 # several words
	node iptables ${RULE/-A/-D}
	cni GC firewall p1 '{"cniVersion": "1.1.0", "name": "net1", "type": "firewall",
		"cni.dev/valid-attachments": []}'
	silent GC
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
	del_list p1 "$LIST"
	gone_list p2 "$other"
}

@test "rules of others that ask for our bit are left alone" {
	local rule before
	routed_outside_up
	forward_drop
	pod_up p1
	serve outside 80
	for rule in "-p udp -m mark --mark 0x10/0x10 -j ACCEPT" \
		"-m mark --mark 0x10/0x10 -m addrtype --dst-type LOCAL -j ACCEPT" \
		"-m mark --mark 0x10/0x10 -j RETURN" \
		"-m mark ! --mark 0x10/0x10 -j ACCEPT" \
		"-m mark --mark 0x10/0x30 -j ACCEPT" \
		"-m mark --mark 0x30/0x30 -j ACCEPT"; do
		# shellcheck disable=SC2086 # several words
		node iptables -A FORWARD $rule
	done
	before=$(node iptables -S FORWARD)
	add_list p1 "$LIST"
	[ "$(node iptables -S FORWARD | sed -n 2p)" = "$RULE" ]
	[ "$(node iptables -S FORWARD | sed 2d)" = "$before" ]
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	check_list p1 "$LIST"
	gone_list p1 "$LIST"
	[ "$(node iptables -S FORWARD)" = "$before" ] || complain "$(rules)"
}

@test "tables of iptables that come later are opened by the next ADD, or by sync" {
	routed_outside_up
	pod_up p1 p2
	serve outside 80
	add_list p1 "$LIST"
	[ -z "$(node nft list tables | grep ' filter$')" ]
	forward_drop
	no_answer p1 192.0.2.2 80
	check_fails p1 "$(firewall_conf)" "does not accept the mark 0x10"
	node "$CNIBOX" sync
	[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
	check_list p1 "$LIST"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	node nft delete table ip filter
	node nft delete table ip6 filter
	forward_drop
	add_list p2 "$LIST"
	[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	del_list p1 "$LIST"
	gone_list p2 "$LIST"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
}

@test "what others redirect to a pod is not opened" {
	routed_outside_up
	forward_drop
	pod_up p1
	serve p1 80
	serve p1 81
	add_list p1 "$LIST" "$(port 8080 80)"
	node nft -f - <<-EOT
		table ip foreign {
			chain pre {
				type nat hook prerouting priority dstnat - 5;
				tcp dport 9080 dnat to 10.1.2.2:80
				tcp dport 9081 dnat to 10.1.2.2:81
			}
		}
	EOT
	no_answer outside 192.0.2.1 9081
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	node nft delete table ip foreign
	gone_list p1 "$LIST"
}

@test "an administrator's chain that is named is made, and comes back by sync" {
	local list
	list=$(with_firewall '{"iptablesAdminChainName": "NOMAD-ADMIN"}')
	forward_drop
	pod_up p1 p2
	add_list p1 "$list"
	add_list p2 "$list"
	[ "$(node iptables -S | grep -c "FORWARD.*-j NOMAD-ADMIN")" = 1 ]
	node iptables -F FORWARD
	check_fails p1 "$(firewall_conf '{"iptablesAdminChainName": "NOMAD-ADMIN"}')" FORWARD
	node "$CNIBOX" sync
	check_list p1 "$list"
	[ "$(node iptables -S | grep -c "FORWARD.*-j NOMAD-ADMIN")" = 1 ]
	del_list p2 "$list"
	gone_list p1 "$list"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
}

@test "another bit of the mark is taken if it is told" {
	local list
	list=$(with_firewall '{"forwardMarkBit": 20}')
	routed_outside_up
	forward_drop
	pod_up p1 p2
	serve outside 80
	add_list p1 "$LIST"
	add_list p2 "$list"
	node iptables -S FORWARD | grep -q -- "--mark 0x100000/0x100000"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	answers p2 192.0.2.2 80 "outside sees 10.1.2.3"
	check_list p1 "$LIST"
	check_list p2 "$list"
	del_list p1 "$LIST"
	answers p2 192.0.2.2 80 "outside sees 10.1.2.3"
	gone_list p2 "$list"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
}

@test "only the container's own addresses count" {
	pod_up p1
	add p1 "$(firewall_conf | jq -c '.prevResult |= (
		.interfaces += [{name: "lo", sandbox: "/run/netns/p1"},
			{name: "eth1", sandbox: "/run/netns/p1"}]
		| .ips += [{address: "127.0.0.1/8", interface: 1},
			{address: "127.0.0.2/8"}, {address: "10.9.9.9/24", interface: 2}])')"
	[ "$(nat_elements | grep -c ^pods)" = 1 ]
	gone p1 "$(firewall_conf)"
}

@test "the result is passed on as it is" {
	local conf
	pod_up p1
	conf=$(firewall_conf | jq -c '.prevResult.dns = {nameservers: ["10.1.2.1"]}')
	add p1 "$conf"
	[ "$(jq -S . <<<"$result")" = "$(jq -S .prevResult <<<"$conf")" ]
	gone p1 "$conf"
}

@test "what is wrong is said" {
	local name
	pod_up p1
	add_fails p1 "$(jq -c 'del(.prevResult)' <<<"$(firewall_conf)")" \
		"missing prevResult from earlier plugin"
	check_fails p1 "$(firewall_conf)" "missing prevResult from earlier plugin"
	add_fails p1 "$(firewall_conf '{"ingressPolicy": "x"}')" \
		'unknown ingress policy: "x"'
	add_fails p1 "$(firewall_conf '{"ingressPolicy": "isolated"}')" \
		'make sure to chain "firewall" plugin with "bridge"'
	# Of these iptables would not read its own table any more.
	for name in "a b" INPUT FORWARD ACCEPT RETURN -x "!x" 'a\"b' "a,b" é \
		abcdefghijklmnopqrstuvwxyz-23; do
		add_fails p1 "$(firewall_conf "{\"iptablesAdminChainName\": \"$name\"}")" \
			"iptablesAdminChainName"
	done
	add_fails p1 "$(firewall_conf '{"forwardMarkBit": 32}')" forwardMarkBit
	add_fails p1 "$(firewall_conf '{"forwardMarkBit": 12}')" \
		"is the bit of published ports"
	add_fails p1 "$(firewall_conf '{"cniVersion": "0.3.1"}')" \
		"incompatible CNI versions"
	nothing_left
	# DEL takes anything.
	gone p1 "$(firewall_conf '{"ingressPolicy": "x", "backend": "firewalld",
		"firewalldZone": "trusted"}')"
}

@test "an ADD that fails takes back the chains, too" {
	local before
	forward_drop
	pod_up p1
	# No rule can lead to a chain that is at a hook.
	node nft add chain ip filter ADMIN '{ type filter hook input priority 5; }'
	add p1 "$(firewall_conf)"
	del p1 "$(firewall_conf)"
	before=$(node nft list ruleset)
	add_fails p1 "$(firewall_conf '{"iptablesAdminChainName": "ADMIN"}')" \
		"add a rule to table filter"
	[ "$(node nft list ruleset)" = "$before" ] || complain "$(node nft list ruleset)"
	nothing_left
}

@test "firewalld and iptables-legacy are named" {
	pod_up p1
	node nft add table inet firewalld
	cni STATUS firewall p1 "$(firewall_conf '{"cniVersion": "1.1.0"}')"
	silent STATUS
	[[ $stderr == *"firewalld is there"* ]]
	cni ADD firewall p1 "$(firewall_conf)"
	succeeded ADD
	[[ $stderr == *"firewalld is there"* ]]
	node nft delete table inet firewalld
	gone p1 "$(firewall_conf)"
	node iptables-legacy -P FORWARD DROP || skip "kernel has no iptables-legacy"
	cni STATUS firewall p1 "$(firewall_conf '{"cniVersion": "1.1.0"}')"
	silent STATUS
	[[ $stderr == *"iptables-legacy has a table filter"* ]]
}

@test "GC removes what belongs to no valid attachment, and the rule with the last" {
	local conf
	forward_drop
	pod_up p1 p2
	add_list p1 "$LIST"
	add_list p2 "$LIST"
	conf='{"cniVersion": "1.1.0", "name": "net1", "type": "firewall",
		"cni.dev/valid-attachments": [{"containerID": "p1", "ifname": "eth0"}]}'
	cni GC firewall p1 "$conf"
	silent GC
	[ "$(nat_elements | grep -c ^pods4)" = 1 ]
	[ "$(rules)" = "$OPENED" ]
	cni GC firewall p1 "$(jq -c '."cni.dev/valid-attachments" = []' <<<"$conf")"
	silent GC
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "without a record everything is found" {
	forward_drop
	pod_up p1 p2
	add_list p1 "$LIST"
	add_list p2 "$LIST"
	node sh -c 'rm -r /run/cni/cnibox'
	del_list p1 "$LIST"
	[ "$(rules)" = "$OPENED" ] || complain "$(rules)"
	gone_list p2 "$LIST"
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
}

# ---- networks kept apart

# network NAME NUMBER POLICY: a list with a bridge of its own.
network() {
	jq -c --arg name "$1" --arg n "$2" --arg policy "$3" '.name = $name
		| .plugins[0].bridge = "br\($n)"
		| .plugins[0].ipam.ranges = [[{subnet: "10.1.\($n).0/24"}],
			[{subnet: "2001:db8:1:\($n)::/64"}]]
		| .plugins[2].ingressPolicy = $policy' <<<"$LIST"
}

# reach FROM TO: both families, by the outside's way or not.
reach() {
	pings "$1" "$2" && pings "$1" "$3"
}

apart() {
	cannot_ping "$1" "$2" && cannot_ping "$1" "$3"
}

@test "bridges with a policy are closed to each other, and open to the others" {
	local a b o
	outside_up
	pod_up a1 a2 b1 o1
	a=$(network a 1 same-bridge) b=$(network b 2 isolated) o=$(network o 3 open)
	add_list a1 "$a"
	add_list a2 "$a"
	add_list b1 "$b"
	add_list o1 "$o"
	check_list a2 "$a"
	check_list b1 "$b"
	reach a1 10.1.1.3 2001:db8:1:1::3
	apart a1 10.1.2.2 2001:db8:1:2::2
	apart b1 10.1.1.2 2001:db8:1:1::2
	reach a1 10.1.3.2 2001:db8:1:3::2
	reach o1 10.1.2.2 2001:db8:1:2::2
	reach node 10.1.1.2 2001:db8:1:2::2
	reach b1 192.0.2.1 2001:db8:ffff::1
	del_list a1 "$a"
	apart a2 10.1.2.2 2001:db8:1:2::2
	# The last one of a policy on its bridge takes it along.
	del_list b1 "$b"
	[ -z "$(node nft list set inet cnibox-filter isolated | grep elements)" ]
	add_list b1 "$(network b 2 open)"
	reach a2 10.1.2.3 2001:db8:1:2::3
	del_list a2 "$a"
	del_list b1 "$b"
	gone_list o1 "$o"
}

@test "isolated pods of a bridge do not reach each other" {
	local b
	outside_up
	pod_up b1 b2
	b=$(network b 2 isolated)
	add_list b1 "$b" "$(port 8080 80)"
	add_list b2 "$b"
	serve b1 80
	apart b1 10.1.2.3 2001:db8:1:2::3
	reach b1 10.1.2.1 2001:db8:1:2::1
	answers outside 192.0.2.1 8080 "b1 sees 192.0.2.2"
	no_answer b2 192.0.2.1 8080
	del_list b2 "$b"
	gone_list b1 "$b"
}

@test "an isolated pod is reached by a port of its bridge that is no pod's" {
	local b
	pod_up b1 other
	b=$(network b 2 isolated)
	add_list b1 "$b"
	node ip link add port0 type veth peer name eth0 netns other
	node ip link set port0 master br2 up
	pod other ip address add 10.1.2.77/24 dev eth0
	pod other ip link set eth0 up
	pings other 10.1.2.2
	pings b1 10.1.2.77
	node ip link del port0
	gone_list b1 "$b"
}

@test "without firewall nothing is made for published ports but their NAT" {
	local list
	list=$(jq 'del(.plugins[2])' <<<"$LIST")
	pod_up p1
	add_list p1 "$list" "$(port 8080 80)"
	[ -z "$(node nft list tables | grep filter)" ]
	del_list p1 "$list"
	gone_list p1 "$list"
}

@test "isolated pods stay apart where a bridge passes frames to netfilter" {
	local b
	bridge_netfilter_on
	outside_up
	pod_up b1 b2
	b=$(network b 2 isolated)
	add_list b1 "$b"
	add_list b2 "$b"
	node nft delete table bridge cnibox-filter
	apart b1 10.1.2.3 2001:db8:1:2::3
	del_list b2 "$b"
	gone_list b1 "$b"
}

@test "the bridge is the one of the host end, whatever stands first in prevResult" {
	local a
	pod_up a1
	a=$(network a 1 same-bridge)
	add_list a1 "$(jq 'del(.plugins[2])' <<<"$a")"
	add a1 "$(plugin_conf "$a" 2 "$(jq -c '.interfaces |= [.[2], .[0], .[1]]
		| .ips[].interface = 0' <<<"$result")" '{}')"
	node nft list set inet cnibox-filter closed | grep -q '"br1" . "br1"'
	gone_list a1 "$a"
}

# The facts of the Go firewall v1.9.1: a1, a2 (same-bridge), b1 (same-bridge), i1, i2
# (isolated), j1 (isolated), o1, o2 (open), each letter behind a bridge of its own, and
# published ports of a1, b1, i1 and o1. y is reached, . is not, p by the policy of
# FORWARD (by our entry for published ports where there is one, which that plugin has
# not), - is the pod itself.
MATRIX='
node    yyyyyyyyyyyy
outside ppppppppyyyy
a1      -y....yy-..y
a2      y-....yyy..y
b1      ..-...yy.-.y
i1      ...-..yy..-y
i2      ....-.yy...y
j1      .....-yy...y
o1      yyyyyy-yyyy-
o2      yyyyyyy-yyyy'
PORTS=$(jq -cn '{portMappings: [{hostPort: 8080, containerPort: 80, protocol: "tcp"},
	{hostPort: 8080, containerPort: 80, protocol: "udp"}]}')

# A line for each target, as reach.py wants it.
targets() {
	local pod
	for pod in a1 a2 b1 i1 i2 j1 o1 o2; do
		echo "$pod $(jq -r '[.ips[].address | sub("/.*"; "")] | join(" ")' \
			<<<"${results[$pod]}") 80"
	done
	for pod in a1 b1 i1 o1; do
		echo "port-of-$pod 192.0.2.1 2001:db8:ffff::1 ${port_of[$pod]}"
	done
}

# matrix_is POLICY-OF-FORWARD LETTER-FOR-IT
matrix_is() {
	local said
	node iptables -P FORWARD "$1"
	node ip6tables -P FORWARD "$1"
	said=$(printf '%s\n%s\n' "$(targets)" "${MATRIX//p/$2}" |
		node python3 "$BATS_TEST_DIRNAME/reach.py") || complain "$1" "$said"
	[[ $said == "432 tried, 0 wrong" ]] || complain "$said"
}

@test "who reaches whom, by every policy, family, protocol, and published port" {
	local pod
	local -A list port_of=([a1]=8001 [b1]=8002 [i1]=8003 [o1]=8004)
	routed_outside_up
	pod outside ip route add 2001:db8:1::/48 via 2001:db8:ffff::1
	forward_drop
	list=([a]=$(network a 1 same-bridge) [b]=$(network b 2 same-bridge)
		[i]=$(network i 3 isolated) [j]=$(network j 4 isolated)
		[o]=$(network o 5 open))
	for pod in a1 a2 b1 i1 i2 j1 o1 o2; do
		pod_up $pod
		add_list $pod "${list[${pod%?}]}" \
			"${port_of[$pod]+${PORTS//8080/${port_of[$pod]}}}"
	done
	matrix_is DROP .
	matrix_is ACCEPT y
	bridge_netfilter_on
	matrix_is DROP .
	matrix_is ACCEPT y
}

@test "two hundred pods have the rules and chains of one" {
	local i one
	forward_drop
	pod_up p1
	for ((i = 1; i <= 200; i++)); do
		CNI_CONTAINERID=c$i cni ADD firewall p1 "$(firewall_conf "{\"prevResult\": {
			\"cniVersion\": \"1.0.0\", \"interfaces\": [],
			\"ips\": [{\"address\": \"10.1.2.$i/24\"}]}}")"
		succeeded "ADD $i"
		[ $i != 1 ] || one=$(node nft -j list ruleset |
			jq '[.nftables[] | select(.rule or .chain)] | length')
	done
	[ "$(nat_elements | grep -c ^pods4)" = 200 ]
	[ "$(node nft -j list ruleset |
		jq '[.nftables[] | select(.rule or .chain)] | length')" = "$one" ]
	for ((i = 1; i <= 200; i++)); do
		CNI_CONTAINERID=c$i cni DEL firewall p1 "$(firewall_conf)"
		silent "DEL $i"
		[ $i = 200 ] || [ "$(node iptables -S FORWARD | wc -l)" = 2 ]
	done
	[ "$(rules)" = "$CLOSED" ] || complain "$(rules)"
	nothing_left
}
