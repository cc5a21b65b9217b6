#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnibox nodes: routes to the pods of other nodes, by a list.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LIST=/run/list
STATE=/run/cni/cnibox/nodes

setup() {
	node_up
	outside_up
}

# list LINE...: these are the lines of the list.
list() {
	printf '%s\n' "$@" >"$ROOT$LIST"
}

# This node, one on its link, one without pods, one that no link leads to.
FOUR=(
	"10.1.1.0/24,fd01:0:0:1::/64 192.0.2.1,2001:db8:ffff::1"
	"10.1.2.0/24,fd01:0:0:2::/64 192.0.2.2,2001:db8:ffff::2"
	"- 192.0.2.9"
	"10.1.4.0/24,fd01:0:0:4::/64 198.51.100.4,2001:db8:4::4"
)

# nodes WORD...: cnibox nodes on the node. Fills status, output, stderr.
nodes() {
	run --separate-stderr node env -i ${TRACE:+CNIBOX_TRACE=1} \
		"${WRAPPER[@]}" "$CNIBOX" nodes "$@"
}

applies() {
	nodes apply "$@"
	silent "nodes apply"
}

# checks WORD...: what is there is what is wanted.
checks() {
	nodes check "$@"
	silent "nodes check"
}

# refuses TEXT WORD...: fails with that message, and has changed nothing.
refuses() {
	local before
	before=$(routing)
	nodes apply "${@:2}"
	[ "$status" = 1 ] || complain "status $status" "$output$stderr"
	[[ $stderr == *"$1"* ]] || complain "expected: $1" "message: $stderr"
	[ "$before" = "$(routing)" ] || complain "changed by a refusal"
}

# All that an apply changes.
routing() {
	local family
	for family in -4 -6; do
		node ip $family route show table all proto 67
		node ip $family rule show
		node ip $family neigh show nud permanent
	done
	node ip -d link show type vxlan |
		sed -E 's/^[0-9]+: //; s/ (gso|gro|tso)_.*//'
	node bridge fdb show | grep ' dst ' | sort
	node nft list set inet cnibox nodes4 2>/dev/null
	node nft list set inet cnibox nodes6 2>/dev/null
	node cat "$STATE" 2>/dev/null
	true
}

# plans LINE...: a dry run prints these, among others.
plans() {
	local line
	nodes apply --dry-run "$LIST"
	succeeded "dry run"
	for line; do
		grep -qxF -- "$line" <<<"$output" ||
			complain "not planned: $line" "$output$stderr"
	done
}

@test "apply makes direct routes and an overlay, check agrees" {
	list "${FOUR[@]}"
	applies "$LIST"
	checks "$LIST"
	run -0 node ip route show proto 67
	[ "$output" = "10.1.2.0/24 via 192.0.2.2 dev uplink0 src 192.0.2.1 
10.1.4.0/24 via 198.51.100.4 dev cnibox-vxlan src 192.0.2.1 onlink " ]
	run -0 node ip -6 route show proto 67
	[[ $output == *"fd01:0:0:2::/64 via 2001:db8:ffff::2 dev uplink0 src 2001:db8:ffff::1 "* ]]
	[[ $output == *"fd01:0:0:4::/64 via fe80::43:c6ff:fe33:6404 dev cnibox-vxlan src 2001:db8:ffff::1 "* ]]
	run -0 node ip rule show
	[[ $output == *"from 10.1.1.0/24 lookup 67 "* ]]
	run -0 node ip route show table 67
	[[ $output == "198.51.100.4 via 198.51.100.4 dev cnibox-vxlan "* ]]
	expect "$(link node cnibox-vxlan)" '.mtu == 1450
		and .address == "02:43:c0:00:02:01" and .ifalias == "cnibox"
		and .linkinfo.info_data.id == 67
		and .linkinfo.info_data.port == 4789
		and .linkinfo.info_data.learning == false'
	run -0 node nft list set inet cnibox nodes4
	[[ $output == *"elements = { 10.1.1.0/24, 10.1.2.0/24,"* ]]
	[ "$(node cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ "$(node cat /proc/sys/net/ipv6/conf/all/forwarding)" = 1 ]
	run -0 node cat "$STATE"
	[ "$output" = "self ${FOUR[0]}
mtu 1450
node ${FOUR[1]}
node ${FOUR[2]}
node ${FOUR[3]}" ]
}

@test "a second apply sends no change" {
	list "${FOUR[@]}"
	TRACE=1 nodes apply "$LIST"
	[[ $stderr == *"add route 10.1.2.0/24"* ]]
	[[ $stderr == *"replace $STATE"* ]]
	TRACE=1 nodes apply "$LIST"
	[ "$status" = 0 ]
	[[ $stderr == *"list routes"* ]]
	run grep -E ': (add|delete|replace|set|create|a transaction|sysctl)' \
		<<<"$stderr"
	[ -z "$output" ] || complain "$output"
}

@test "a dry run prints the plan and changes nothing" {
	local before
	before=$(routing)
	list "${FOUR[@]}"
	plans "add route 10.1.2.0/24 via 192.0.2.2 dev uplink0" \
		"add link cnibox-vxlan up mtu 1450 type vxlan id 67 local 192.0.2.1 dstport 4789" \
		"add rule from 10.1.1.0/24 lookup 67" \
		"set net/ipv4/ip_forward to 1" \
		"add element inet cnibox nodes4 { 10.1.2.0/24 }" "write $STATE"
	[ "$before" = "$(routing)" ]
	[ "$(node cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	run -1 node test -e /run/cni
}

@test "check names what has changed, apply repairs it" {
	list "${FOUR[@]}"
	applies "$LIST"
	local before
	before=$(routing)
	node ip route del 10.1.2.0/24
	node ip -6 route replace fd01:0:0:2::/64 dev uplink0 proto 67
	node ip route add 10.1.9.0/24 dev uplink0 proto 67
	node ip rule del from 10.1.1.0/24
	node bridge fdb del 02:43:c6:33:64:04 dev cnibox-vxlan dst 198.51.100.4 self
	node ip link set cnibox-vxlan mtu 1400 down
	node nft delete element inet cnibox nodes4 "{ 10.1.2.0/24 }"
	node rm "$STATE"
	nodes check "$LIST"
	[ "$status" = 1 ]
	for line in "add route 10.1.2.0/24 via 192.0.2.2 dev uplink0" \
		"replace route fd01:0:0:2::/64 via 2001:db8:ffff::2 dev uplink0" \
		"delete route 10.1.9.0/24 dev uplink0" \
		"add rule from 10.1.1.0/24 lookup 67" \
		"add fdb 02:43:c6:33:64:04 dev cnibox-vxlan dst 198.51.100.4" \
		"replace link cnibox-vxlan up mtu 1450 type vxlan id 67 local 192.0.2.1 dstport 4789" \
		"add element inet cnibox nodes4 { 10.1.2.0/24 }" "write $STATE"; do
		grep -qxF -- "$line" <<<"$output" || complain "$line:" "$output"
	done
	[[ $stderr == *" differences from $LIST"* ]]
	applies "$LIST"
	checks "$LIST"
	[ "$before" = "$(routing)" ] || complain "$before" now "$(routing)"
}

@test "a route that stands twice, has several ways, or drops all, is made anew" {
	local before route
	list "${FOUR[@]}"
	applies "$LIST"
	before=$(routing)
	for route in "append 10.1.2.0/24 via 192.0.2.3" \
		"append fd01:0:0:2::/64 via 2001:db8:ffff::3" \
		"add 10.1.2.0/24 tos 0x10 via 192.0.2.3" \
		"replace 10.1.2.0/24 nexthop via 192.0.2.2 nexthop via 192.0.2.3" \
		"replace blackhole 10.1.2.0/24" \
		"replace blackhole fd01:0:0:2::/64"; do
		# shellcheck disable=SC2086 # several words
		node ip route ${route/ / proto 67 }
		applies "$LIST"
		[ "$before" = "$(routing)" ] || complain "$route: $before" now "$(routing)"
	done
	# Of two for different packets the one for all goes.
	node ip route add 10.1.2.0/24 tos 0x10 via 192.0.2.2 proto 67
	node ip route del 10.1.2.0/24
	applies "$LIST"
	[ "$before" = "$(routing)" ] || complain "$before" now "$(routing)"
}

@test "nodes that are not listed any more lose all that was theirs" {
	list "${FOUR[@]}"
	applies "$LIST"
	list "${FOUR[@]:0:2}"
	applies "$LIST"
	no_link node cnibox-vxlan
	run -0 node ip rule show
	[[ $output != *"lookup 67"* ]]
	[ "$(node ip route show proto 67)" = \
		"10.1.2.0/24 via 192.0.2.2 dev uplink0 src 192.0.2.1 " ]
	list "${FOUR[0]}"
	applies "$LIST"
	[ -z "$(node ip route show table all proto 67)" ]
	[ -z "$(node ip -6 route show table all proto 67)" ]
	checks "$LIST"
}

@test "routes of others stay, and one of a listed CIDR is a conflict" {
	list "${FOUR[@]}"
	node ip route add 10.9.0.0/24 via 192.0.2.2 proto static
	node ip route add 10.1.2.0/24 via 192.0.2.8 metric 5
	refuses "$LIST:2: there is another's route 10.1.2.0/24 via 192.0.2.8 dev uplink0" \
		"$LIST"
	node ip route del 10.1.2.0/24
	node ip -6 route add fd01:0:0:4::/64 dev uplink0 proto bird
	refuses "$LIST:4: there is another's route fd01:0:0:4::/64 dev uplink0, of protocol 12" \
		"$LIST"
	node ip -6 route del fd01:0:0:4::/64
	applies "$LIST"
	list "${FOUR[0]}"
	applies "$LIST"
	[ "$(node ip route show proto static)" = "10.9.0.0/24 via 192.0.2.2 dev uplink0 " ]
}

@test "lists that contradict themselves are refused by name" {
	local self="10.1.1.0/24 192.0.2.1"
	list "$self" "10.1.1.0/24 192.0.2.2"
	refuses "$LIST:2: pod CIDR 10.1.1.0/24 is also the pod CIDR 10.1.1.0/24 of $LIST:1" "$LIST"
	list "10.1.0.0/16 192.0.2.2" "# here" "$self"
	refuses "$LIST:3: pod CIDR 10.1.1.0/24 is within the pod CIDR 10.1.0.0/16 of $LIST:1" "$LIST"
	list "$self" "10.1.2.0/24 192.0.2.2" "10.1.3.0/24 192.0.2.2"
	refuses "$LIST:3: address 192.0.2.2 is also the address 192.0.2.2 of $LIST:2" "$LIST"
	list "$self" "192.0.0.0/16 198.51.100.2"
	refuses "address 192.0.2.1 is within the pod CIDR 192.0.0.0/16 of $LIST:2" "$LIST"
	list "$self" "fd01::/64,10.1.2.0/24,10.1.3.0/24 192.0.2.2"
	refuses "$LIST:2: \"10.1.3.0/24\": a second subnet of this family" "$LIST"
	list "$self" "10.1.2.0/24 -"
	refuses "$LIST:2: an address of the node is expected" "$LIST"
	list "$self" "node-1 192.0.2.2"
	refuses "$LIST:2: \"node-1\": a subnet of pods, - or an address is expected" "$LIST"
}

@test "no entry of this node, or two, is an error" {
	list "10.1.2.0/24 192.0.2.2"
	refuses "$LIST: no entry is this node, whose addresses are: 192.0.2.1, 2001:db8:ffff::1" "$LIST"
	list "10.1.1.0/24 192.0.2.1" "10.1.2.0/24 2001:db8:ffff::1"
	refuses "$LIST:1 and $LIST:2 are both this node, which has 2001:db8:ffff::1" "$LIST"
}

@test "with --backend route each node has to be on a link" {
	list "${FOUR[@]}"
	refuses "$LIST:4: no link leads to this node" "$LIST" --backend route
	list "${FOUR[@]:0:3}"
	applies --backend route "$LIST"
	no_link node cnibox-vxlan
}

@test "with --backend vxlan all nodes are reached by it, by IPv6 too" {
	list "${FOUR[@]:0:3}"
	applies --backend vxlan "$LIST"
	[ "$(node ip route show 10.1.2.0/24)" = \
		"10.1.2.0/24 via 192.0.2.2 dev cnibox-vxlan proto 67 src 192.0.2.1 onlink " ]
	run -0 node ip route show table 67
	[ "${#lines[@]}" = 2 ]
	list "10.1.1.0/24 2001:db8:ffff::1" "10.1.2.0/24 2001:db8:ffff::2"
	applies --backend vxlan "$LIST"
	checks --backend vxlan "$LIST"
	expect "$(link node cnibox-vxlan)" '.mtu == 1430
		and .linkinfo.info_data.local6 == "2001:db8:ffff::1"'
	run -0 node ip route show 10.1.2.0/24
	[[ $output == "10.1.2.0/24 via inet6 fe80::"*" dev cnibox-vxlan proto 67 onlink " ]]
	list "10.1.1.0/24 2001:db8:ffff::1" "10.1.2.0/24 192.0.2.2"
	refuses "$LIST:2: no address of IPv6, by which this node sends" \
		"$LIST" --backend vxlan
}

@test "another VNI or port makes the device anew" {
	list "${FOUR[@]}"
	applies "$LIST"
	applies "$LIST" --vni 99 --port 8472
	checks "$LIST" --vni 99 --port 8472
	expect "$(link node cnibox-vxlan)" '.linkinfo.info_data.id == 99
		and .linkinfo.info_data.port == 8472'
	nodes check "$LIST"
	[ "$status" = 1 ]
	applies "$LIST"
	checks "$LIST"
}

@test "an MTU that is too small for IPv6 is refused" {
	list "${FOUR[@]}"
	applies "$LIST"
	node ip link set uplink0 mtu 1300
	refuses "IPv6 needs an MTU of 1280, and that of cnibox-vxlan is 1250" "$LIST"
	list "10.1.1.0/24 192.0.2.1" "10.1.4.0/24 198.51.100.4"
	applies "$LIST"
	checks "$LIST"
}

@test "a link of our name that is another's is left alone" {
	node ip link add cnibox-vxlan type vxlan id 5 dstport 4789 local 192.0.2.1
	list "${FOUR[@]}"
	refuses "cnibox-vxlan is there, but not made by cnibox" "$LIST"
	list "${FOUR[@]:0:2}"
	applies "$LIST"
	node ip link show cnibox-vxlan
}

@test "machines.txt, kubectl's JSON and standard input are lists too" {
	local filter
	list "192.0.2.1 node-0.kubernetes.local node-0 10.1.1.0/24" \
		"192.0.2.2 node-1.kubernetes.local node-1 10.1.2.0/24" \
		"192.0.2.3 server.kubernetes.local server"
	plans "add route 10.1.2.0/24 via 192.0.2.2 dev uplink0" \
		"add element inet cnibox nodes4 { 192.0.2.3/32 }"
	list '{"kind": "List", "items": [
		{"metadata": {"name": "a"},
		 "spec": {"podCIDR": "10.1.1.0/24",
			"podCIDRs": ["10.1.1.0/24", "fd01:0:0:1::/64"]},
		 "status": {"addresses": [
			{"type": "Hostname", "address": "a"},
			{"type": "InternalIP", "address": "192.0.2.1"},
			{"type": "InternalIP", "address": "2001:db8:ffff::1"}]}},
		{"metadata": {"name": "b"}, "spec": {"podCIDR": "10.1.2.0/24"},
		 "status": {"addresses": [
			{"type": "InternalIP", "address": "192.0.2.2"}]}},
		{"metadata": {"name": "c"}, "spec": {},
		 "status": {"addresses": [
			{"type": "InternalIP", "address": "192.0.2.3"}]}}]}'
	plans "add route 10.1.2.0/24 via 192.0.2.2 dev uplink0" \
		"add element inet cnibox nodes4 { 192.0.2.3/32 }" "add element inet cnibox nodes6 { fd01:0:0:1::/64 }"
	node sh -c "$CNIBOX nodes apply - <$LIST"
	checks "$LIST"
	# As README has it for lists that are too long.
	filter=$(sed -n "s/^    kubectl get nodes -o json | jq -c '\(.*\)'$/\1/p" \
		"$TOP/applets/node/README.md")
	[ -n "$filter" ]
	list "$(jq -c "$filter" "$ROOT$LIST")"
	checks "$LIST"
	sed -i 's/10.1.2.0/10.1.1.0/' "$ROOT$LIST"
	refuses "$LIST: node b: pod CIDR 10.1.1.0/24 is also the pod CIDR 10.1.1.0/24 of $LIST: node a" "$LIST"
	list '{"items": [{"metadata": {"name": "a"}}]}'
	refuses "$LIST: node a: an address of type InternalIP is expected" "$LIST"
	list '{"kind": "Pod"}'
	refuses "$LIST: a list \"items\" of nodes is expected" "$LIST"
	list '{"items": [}'
	refuses "$LIST: " "$LIST"
}

@test "of flannel's file only networks are taken: no routes" {
	list "${FOUR[@]}"
	applies "$LIST"
	list FLANNEL_NETWORK=10.244.0.0/16 FLANNEL_SUBNET=10.244.1.1/24 \
		FLANNEL_IPV6_NETWORK=fd10::/48 FLANNEL_MTU=1440 FLANNEL_IPMASQ=true
	applies "$LIST"
	checks "$LIST"
	[ -z "$(node ip route show table all proto 67)" ]
	no_link node cnibox-vxlan
	run -0 node nft list set inet cnibox nodes4
	[[ $output == *"elements = { 10.244.0.0/16 }"* ]]
	[ "$(node cat "$STATE")" = "self 10.244.1.0/24 -
mtu 1440
exempt 10.244.0.0/16
exempt fd10::/48" ]
	list FLANNEL_SUBNET=10.244.1.1/24
	refuses "$LIST: FLANNEL_NETWORK is missing" "$LIST"
	# Nothing would be masqueraded any more.
	list FLANNEL_NETWORK=0.0.0.0/0 FLANNEL_SUBNET=10.244.1.1/24
	refuses "$LIST:1: \"0.0.0.0/0\" is no network" "$LIST"
}

@test "show tells how each node is reached" {
	list "${FOUR[@]}"
	applies "$LIST"
	node ip route del 10.1.2.0/24
	nodes show "$LIST"
	[ "$output" = "${FOUR[0]} self
${FOUR[1]} MISSING
${FOUR[2]} -
${FOUR[3]} cnibox-vxlan" ] || complain "$output"
	# By IPv4 it is on the link.
	list "${FOUR[0]}" "10.1.2.0/24,fd01:0:0:2::/64 192.0.2.2,2001:db8:4::2" \
		"10.1.3.0/24 192.0.2.3,2001:db8:4::3"
	applies "$LIST"
	nodes show "$LIST"
	[[ ${lines[1]} == *" uplink0,cnibox-vxlan" ]] || complain "$output"
	[[ ${lines[2]} == *" uplink0" ]] || complain "$output"
}

@test "--help names each verb and option, wherever it stands" {
	local help word words
	nodes --help
	help=$output
	# shellcheck disable=SC2016
	words=$(awk -F'"' '/(verbs|choices)\[\] =/, /;/ { words() }
		/strcmp\(/ { words() }
		function words(i) { for (i = 2; i < NF; i += 2) print $i }
		' "$TOP/applets/node/nodes/nodes.c")
	[[ $words == *watch*--vni*key* ]]
	for word in $words; do
		[[ $help == *"$word"* ]] || complain "no $word in --help"
	done
	nodes apply --backend vxlan --help
	[[ $status = 0 && $output = "$help" ]]
}

@test "words that nobody knows are refused" {
	nodes
	[[ $stderr == *"cnibox: nodes: apply, check, show, watch or key is expected"* ]]
	nodes appply
	[[ $stderr == *"cnibox: nodes appply: apply, check, show, watch or key is expected"* ]]
	refuses "nodes: unknown word x" "$LIST" x
	refuses "nodes: unknown word --x" "$LIST" --x y
	refuses "--vni 0: a number from 1 to 16777215 is expected" --vni 0
	refuses "--port 65536: a number from 1 to 65535 is expected" --port 65536
	refuses "--backend x: auto, route, vxlan or wireguard is expected" --backend x
	refuses "--interface: a value is expected" --interface
	refuses "--interface and --private-key are of --backend wireguard" \
		"$LIST" --interface wg0
	refuses "--interface and --private-key are of --backend wireguard" \
		"$LIST" --private-key /run/key --backend vxlan
	refuses "open /etc/cni/none: No such file or directory" /etc/cni/none
}

# Each request that is sent is refused, in turn.
@test "an apply that fails leaves the routing as it was" {
	local before n=0
	list "${FOUR[@]}" "10.1.6.0/24 192.0.2.6"
	applies "$LIST"
	before=$(routing)
	list "${FOUR[0]}" "10.1.2.0/25 192.0.2.2" "10.1.5.0/24 198.51.100.5" \
		"10.1.6.0/24 192.0.2.7"
	status=1
	while [ "$status" != 0 ]; do
		n=$((n + 1))
		WRAPPER=(strace -qq -o /dev/null
			-e "inject=sendto:error=ENOBUFS:when=$n")
		nodes apply "$LIST" --vni 68
		[ "$status" = 0 ] || [ "$before" = "$(routing)" ] ||
			complain "request $n" "$before" now "$(routing)"
	done
	[ "$n" -gt 20 ] || complain "only $n requests"
	WRAPPER=()
	checks "$LIST" --vni 68
}

@test "two applies do not run at the same time" {
	list "${FOUR[@]}"
	applies "$LIST"
	node flock "${STATE}.lock" sleep 100 &
	wait_until 5 lock_held
	refuses "lock ${STATE}.lock: locked by another process for 5 seconds" "$LIST"
	checks "$LIST"
	kill $!
}

@test "while an apply waits for its standard input, nobody else has to" {
	list "${FOUR[@]}"
	node mkfifo /run/list.pipe
	node sh -c "$CNIBOX nodes apply - </run/list.pipe" &
	exec {pipe}>"$ROOT/run/list.pipe"
	cat "$ROOT$LIST" >&"$pipe"
	applies "$LIST"
	exec {pipe}>&-
	wait $!
	checks "$LIST"
}

lock_held() {
	! node flock -n "${STATE}.lock" true
}

@test "what may keep packets from their way is said" {
	node ip link add up1 mtu 1400 type veth peer name far1
	node ip address add 203.0.113.1/24 dev up1
	node ip link set up1 up
	node sysctl -qw net.ipv4.conf.{all,uplink0,up1}.rp_filter=0
	node sysctl -qw net.ipv6.conf.uplink0.accept_ra=1
	list "${FOUR[0]}" "10.1.2.0/24 203.0.113.2" "10.1.3.0/24 192.0.2.2"
	nodes apply "$LIST" --dry-run
	[[ $stderr == *"the MTU of up1 is 1400, that of uplink0 1500"* ]]
	[[ $stderr == *"net/ipv6/conf/uplink0/accept_ra is 1: "* ]]
	[[ $stderr != *rp_filter* ]]
	node sysctl -qw net.ipv4.conf.uplink0.rp_filter=1 \
		net.ipv6.conf.uplink0.accept_ra=2
	node ip link set up1 mtu 1500
	nodes apply "$LIST"
	[ "$stderr" = "cnibox: rp_filter of uplink0 is 1: it drops what comes from nodes that up1 leads to" ]
	node sysctl -qw net.ipv4.conf.all.rp_filter=2
	nodes apply "$LIST"
	[ -z "$stderr" ]
}

# watching LINE...: the routes to other nodes' pods are these.
watching() {
	[ "$(node ip route show proto 67 | sed 's/ src.*//')" = "$(printf '%s\n' "$@")" ]
}

@test "watch applies when the list or the uplink changes" {
	list "${FOUR[0]}"
	node sh -c "$CNIBOX nodes watch $LIST 2>/run/err & echo \$! >/run/pid
		wait \$!; echo \$? >/run/status" &
	wait_until 5 node test -e "$STATE"
	list "${FOUR[@]:0:2}"
	wait_until 5 watching "10.1.2.0/24 via 192.0.2.2 dev uplink0"
	# As editors do.
	printf '%s\n' "${FOUR[0]}" "10.1.7.0/24 192.0.2.2" >"$ROOT$LIST.new"
	mv "$ROOT$LIST.new" "$ROOT$LIST"
	wait_until 5 watching "10.1.7.0/24 via 192.0.2.2 dev uplink0"
	node ip link set uplink0 down
	[ -z "$(node ip route show proto 67)" ]
	node ip link set uplink0 up
	wait_until 5 watching "10.1.7.0/24 via 192.0.2.2 dev uplink0"
	list "${FOUR[0]}" "10.1.8.0/24 192.0.2.2,"
	wait_until 5 grep -q "\"\" is no address of a node" "$ROOT/run/err"
	watching "10.1.7.0/24 via 192.0.2.2 dev uplink0"
	node kill "$(node cat /run/pid)"
	wait_until 5 node test -s /run/status
	[ "$(node cat /run/status)" = 0 ]
}
