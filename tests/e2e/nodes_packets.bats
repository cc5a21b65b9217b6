#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnibox nodes: what packets between the nodes of one wire look like to who gets them.

# shellcheck disable=SC2030,SC2031,SC2034,SC2086,SC2154 # variables of helpers.bash
load nodes_helpers

THREE="n1 n2 n3 p1 p2 p3"
PORT='{"portMappings": [
	{"hostPort": 8080, "containerPort": 7, "protocol": "tcp"}]}'

three_nodes() {
	node_on_wire 1 2 3
	pods_up 1 2 3
	echoes $THREE
}

# routed N TO: node N has a route of somebody else's to TO's pods.
routed() {
	within "n$1" ip route add "10.1.$2.0/24" via "192.0.2.$2" "${@:3}"
}

@test "first there is no route, then masquerading is wrong, then all is well" {
	node_on_wire 1 2
	pods_up 1 2
	echoes p2
	cannot_ping p1 "${IP4[p2]}"
	routed 1 2
	routed 2 1
	hears p1 <<<"${IP4[p2]} p2 sees 192.0.2.1"
	within n1 ip route del 10.1.2.0/24
	within n2 ip route del 10.1.1.0/24
	apply_all "1 2"
	hears p1 <<<"$(questions p1 p2)"
}

@test "all reach all as themselves: pods and nodes, IPv4 and IPv6" {
	three_nodes
	apply_all "1 2 3"
	all_reach_all $THREE
}

@test "a node without pods reaches pods, and they reach it as themselves" {
	local n list
	node_on_wire 1 2 3
	pods_up 1 2
	echoes n3 p1 p2
	list="$(list 1 2)
		- ${IP4[n3]},${IP6[n3]}"
	for n in 1 2 3; do
		apply n$n "$list"
	done
	all_reach_all n3 p1 p2
}

@test "pods that come after apply are no exception" {
	node_on_wire 1 2
	apply_all "1 2"
	pods_up 1 2
	echoes n1 n2 p1 p2
	all_reach_all n1 n2 p1 p2
}

@test "the outside sees the node's address, and the pod's published port" {
	node_on_wire 1 2
	pod_on 1 p1 "$PORT"
	pod_on 2
	apply_all "1 2"
	echoes outside p1
	hears p1 <<-END
		192.0.2.99 outside sees 192.0.2.1
		2001:db8:2::99 outside sees $(exploded 2001:db8:2::1)
	END
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.99"
	answers outside 2001:db8:2::1 8080 "p1 sees $(exploded 2001:db8:2::99)"
	answers n2 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers n2 2001:db8:2::1 8080 "p1 sees $(exploded 2001:db8:2::2)"
	answers p2 192.0.2.1 8080 "p1 sees ${IP4[p2]}"
	answers p2 2001:db8:2::1 8080 "p1 sees $(exploded "${IP6[p2]}")"
}

@test "strict rp_filter drops nothing" {
	local machine
	three_nodes
	for machine in n1 n2 n3; do
		within $machine sysctl -qw net.ipv4.conf.{all,default,eth0}.rp_filter=1
	done
	apply_all "1 2 3"
	all_reach_all $THREE
}

@test "a node joins, leaves and comes back; its pods and others' stay" {
	three_nodes
	apply_all "1 2"
	cannot_ping p1 "${IP4[p3]}"
	cannot_ping p1 "${IP6[p3]}"
	apply_all "1 2 3"
	all_reach_all $THREE
	apply n1 "$(list 1 2)"
	apply n2 "$(list 1 2)"
	cannot_ping p1 "${IP4[p3]}"
	cannot_ping p1 "${IP6[p3]}"
	[ -z "$(within n1 ip route show to root 10.1.3.0/24)" ]
	all_reach_all n1 n2 p1 p2
	apply_all "1 2 3"
	all_reach_all $THREE
}

@test "a node changes its subnets" {
	three_nodes
	apply_all "1 2 3"
	# Its new pod is of another network, on another bridge.
	IP4[q3]=10.1.33.2 IP6[q3]=fd01:33::2 HOME_OF[q3]=n3
	on n3 pod_up q3
	on n3 add_list q3 "$(pods_conf 33 '{"bridge": "br1"}' |
		jq -c '.name = "net2"')"
	echoes q3
	for machine in n1 n2 n3; do
		apply $machine "$(list 1 2)
			10.1.33.0/24,fd01:33::/64 192.0.2.3,2001:db8:2::3"
	done
	all_reach_all n1 n2 n3 p1 p2 q3
	cannot_ping p1 "${IP4[p3]}"
	cannot_ping p1 "${IP6[p3]}"
}

@test "a node changes its addresses" {
	three_nodes
	apply_all "1 2 3"
	within n3 ip address flush dev eth0 scope global
	addressed n3 eth0 192.0.2.33/24 2001:db8:2::33/64
	apply_all "1 2 3"
	all_reach_all $THREE
}

# routing MACHINE: what apply may change there.
routing() {
	within "$1" sh -c '
		ip route show table all; ip -6 route show table all
		ip rule; ip -6 rule; ip -br link; nft list ruleset
		cat /run/cni/cnibox/nodes 2>&1' |
		sed -E 's/ expires [0-9]+sec//; /^(multicast|local|broadcast|ff00)/d'
}

@test "a route of somebody else is a conflict, and nothing is changed" {
	local before after
	node_on_wire 1 2 3
	apply n1 "$(list 1 2)"
	routed 1 3 proto static
	list_to n1 "$(list 1 2 3)"
	before=$(routing n1)
	run -1 nodes_tool n1 apply $NODES
	[[ $output == *"10.1.3.0/24"* ]] || complain "$output"
	after=$(routing n1)
	[ "$before" = "$after" ] || complain "$before" "is now" "$after"
	within n1 ip route del 10.1.3.0/24
	apply n1 "$(list 1 2 3)"
	no_drift n1
}

# readme N: the Nth indented block of README's section about this, as a file.
readme() {
	awk -v n="$1" '
		/^## / { inside = /Several nodes/ }
		inside && /^    / { if (!open++) i++ }
		/^[^ ]/ { open = 0 }
		inside && open && i == n { print substr($0, 5) }' "$TOP/README.md"
}

@test "what README says about several nodes" {
	local n
	node_on_wire 1 2
	node_behind_router
	within n4 ip address flush dev eth0 scope global
	addressed n4 eth0 198.51.100.3/24 2001:db8:3::3/64
	within n4 ip route replace default via 198.51.100.254
	within n4 ip route replace default via 2001:db8:3::254
	pods_conf() {
		readme 2
	}
	for n in 1 2 4; do
		apply n$n "$(readme 1)"
		pod_on $n
	done
	echoes n1 n2 n4 p1 p2 p4
	all_reach_all n1 n2 n4 p1 p2 p4
	[ "${IP4[p1]} ${IP6[p4]}" = "10.12.1.2 fd12:0:0:3::2" ]
	[ "$(readme 3)" = "cnibox nodes apply" ]
	[ "$(nodes_tool n1 show $NODES)" = "$(readme 4)" ]
}

# changes MACHINE CMD...: what the kernel announces meanwhile, but for what it finds
# out about neighbours by itself.
changes() {
	local machine=$1 to=$BATS_TEST_TMPDIR/changes
	within "$machine" ip -o monitor all >>"$to" 2>/dev/null &
	within "$machine" nft monitor >>"$to.nft" 2>/dev/null &
	wait_until 5 announced "$machine" 198.18.0.1 "$to"
	wait_until 5 announced_table "$machine" begin "$to.nft"
	: >"$to"
	: >"$to.nft"
	"${@:2}"
	wait_until 5 announced "$machine" 198.18.0.2 "$to"
	wait_until 5 announced_table "$machine" end "$to.nft"
	grep -vE '198\.18\.0\.|NEIGH.* dev eth0 ' "$to" || true
	grep -vE 'table ip (begin|end)|new generation' "$to.nft" || true
}

announced() {
	within "$1" ip address replace "$2/32" dev lo
	within "$1" ip address del "$2/32" dev lo
	grep -q "$2" "$3"
}

announced_table() {
	within "$1" nft "add table ip $2; delete table ip $2"
	grep -q "table ip $2" "$3"
}

@test "a second apply changes nothing" {
	local said
	node_on_wire 1 2 3
	# It would be easy to see nothing.
	said=$(changes n1 apply n1 "$(list 1 2 3)" --backend vxlan)
	for of in 10.1.2.0/24 fd01:2::/64 "lladdr 02:43:c0:00:02:02" nodes4; do
		[[ $said == *$of* ]] || complain "no $of in" "$said"
	done
	said=$(changes n1 apply n1 "$(list 1 2 3)" --backend vxlan)
	[ -z "$said" ] || complain "$said"
}
