# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # what is set here, the tests read
#
# Several nodes, each a machine of its own as helpers.bash makes it, with its
# bridge, its pods, its /run and its /var/lib:
#
#	n1 192.0.2.1   n2 192.0.2.2   n3 192.0.2.3   outside 192.0.2.99
#	     |              |              |              |
#	     +--------------+---- wire ----+--------------+
#	                          |
#	                  router 192.0.2.254, 198.51.100.254
#	                          |
#	                    n4 198.51.100.4
#
# and the same in IPv6: 2001:db8:2::N, 2001:db8:3::4. Node N has the pods' subnets
# 10.1.N.0/24 and fd01:N::/64, and in them the pod pN. Neither the router nor the
# outside host knows these. A place is a machine or a pod, by its name.
#
#	on MACHINE CMD...	runs CMD, a word of helpers.bash, for that machine
#	within PLACE CMD...	runs CMD there; so do pings, serve, answers, ...

load helpers

declare -gA MACHINE=() PARENT=() # processes
declare -gA HOME_OF=()           # the machine of a pod
declare -gA IP4=() IP6=()        # of places
ECHO=7                           # the port where places answer
NODES=/run/nodes                 # the list of nodes, on each of them

setup() {
	wire_up
}

teardown() {
	local machine failed=0
	for machine in "${!MACHINE[@]}"; do
		on "$machine" dumps_load || failed=1
	done
	for machine in "${!MACHINE[@]}"; do
		kill -KILL "${PARENT[$machine]}" 2>/dev/null || true
	done
	return $failed
}

# ---- machines and what connects them

on() {
	local NODE=${MACHINE[$1]} ROOT=/proc/${MACHINE[$1]}/root
	"${@:2}"
}

within() {
	if [ -n "${MACHINE[$1]-}" ]; then
		on "$1" node "${@:2}"
	else
		on "${HOME_OF[$1]}" pod "$@"
	fi
}

# machine_up NAME...
machine_up() {
	local name
	for name; do
		node_up
		exec {NODE_OUT}<&-
		MACHINE[$name]=$NODE PARENT[$name]=$NODE_PARENT
		# Addresses are there at once.
		within "$name" sysctl -qw net.ipv6.conf.{all,default}.accept_dad=0
	done
}

# cable MACHINE LINK MACHINE LINK
cable() {
	nsenter --net="/proc/${MACHINE[$1]}/ns/net" ip link add "$2" up \
		type veth peer name "$4" netns "${MACHINE[$3]}"
	within "$3" ip link set "$4" up
}

# on_wire MACHINE LINK ADDRESS...: a port of the wire, to-MACHINE-LINK, and the
# machine there. on_wire_of BRIDGE: of another wire.
on_wire() {
	on_wire_of seg0 "$@"
}

on_wire_of() {
	cable wire "to-$2-$3" "$2" "$3"
	within wire ip link set "to-$2-$3" master "$1"
	addressed "${@:2}"
}

# addressed MACHINE LINK ADDRESS...
addressed() {
	local address
	for address in "${@:3}"; do
		within "$1" ip address add "$address" dev "$2"
		case $address in
		*:*) IP6[$1]=${address%/*} ;;
		*) IP4[$1]=${address%/*} ;;
		esac
	done
}

wire_up() {
	machine_up wire outside
	within wire ip link add seg0 up type bridge mcast_snooping 0
	on_wire outside eth0 192.0.2.99/24 2001:db8:2::99/64
}

# node_on_wire N...: the node nN.
node_on_wire() {
	local n
	for n; do
		machine_up "n$n"
		on_wire "n$n" eth0 "192.0.2.$n/24" "2001:db8:2::$n/64"
	done
}

# The router, and behind it n4. All on the wire have it as their default gateway.
node_behind_router() {
	local machine
	machine_up router n4
	on_wire router eth0 192.0.2.254/24 2001:db8:2::254/64
	cable router eth1 n4 eth0
	addressed router eth1 198.51.100.254/24 2001:db8:3::254/64
	addressed n4 eth0 198.51.100.4/24 2001:db8:3::4/64
	within router sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	within n4 ip route add default via 198.51.100.254
	within n4 ip route add default via 2001:db8:3::254
	for machine in n1 n2 n3 outside; do
		[ -n "${MACHINE[$machine]-}" ] || continue
		within "$machine" ip route add default via 192.0.2.254
		within "$machine" ip route add default via 2001:db8:2::254
	done
}

# What is not from an address of the wires' own does not pass, as at providers
# that know which address is whose.
underlay_knows_addresses() {
	within wire nft -f - <<-'END'
		table bridge underlay {
			chain forward {
				type filter hook forward priority 0
				ip saddr != { 192.0.2.0/24, 198.51.100.0/24 } counter drop
				ip6 saddr != { 2001:db8::/32, fe80::/10, :: } counter drop
			}
		}
	END
}

# ---- pods

# pods_conf N [JSON]: node N's list of plugins; JSON has more for bridge.
pods_conf() {
	jq -c --arg n "$1" --argjson more "${2:-"{}"}" '
		.plugins[0].ipam.ranges = [[{subnet: "10.1.\($n).0/24"}],
			[{subnet: "fd01:\($n)::/64"}]]
		| .plugins[0] += $more' <<<"$DUAL_LIST"
}

# pod_on N [POD [CAPS [JSON]]]: pN, if no other name is given, on node N.
pod_on() {
	local pod=${2:-p$1}
	HOME_OF[$pod]=n$1
	on "n$1" pod_up "$pod"
	on "n$1" add_list "$pod" "$(pods_conf "$1" "${4-}")" "${3:-"{}"}"
	IP4[$pod]=$(jq -r '.ips[0].address | split("/")[0]' <<<"$result")
	IP6[$pod]=$(jq -r '.ips[1].address | split("/")[0]' <<<"$result")
}

pods_up() {
	local n
	for n; do
		pod_on "$n"
	done
}

# ---- the list

# entry N [ADDRESSES]: node N's line.
entry() {
	echo "10.1.$1.0/24,fd01:$1::/64" \
		"${2:-${IP4[n$1]},${IP6[n$1]}}"
}

# list N...: the lines of these nodes.
list() {
	local n
	for n; do
		entry "$n"
	done
}

# list_to MACHINE TEXT
list_to() {
	printf '%s\n' "$2" >"/proc/${MACHINE[$1]}/root$NODES.new"
	mv "/proc/${MACHINE[$1]}/root$NODES.new" "/proc/${MACHINE[$1]}/root$NODES"
}

# nodes_tool MACHINE ARG...: cnibox nodes there, whatever it makes of it.
nodes_tool() {
	within "$1" env -i "$CNIBOX" nodes "${@:2}"
}

# apply MACHINE LIST [OPTION...]
apply() {
	list_to "$1" "$2"
	nodes_tool "$1" apply "$NODES" "${@:3}" >"$BATS_TEST_TMPDIR/apply" 2>&1 ||
		complain "apply on $1:" "$(<"$BATS_TEST_TMPDIR/apply")"
}

# apply_all "N..." [OPTION...]: the list of these nodes on each of them.
apply_all() {
	local n text
	# shellcheck disable=SC2086 # several words
	text=$(list $1)
	for n in $1; do
		apply "n$n" "$text" "${@:2}"
	done
}

# Nothing is to be done on MACHINE.
no_drift() {
	local said
	said=$(nodes_tool "$1" check "$NODES" 2>&1) && [ -z "$said" ] ||
		complain "check on $1: $said"
}

# ---- packets

# All that is below is asked at once, of places that answer.
# echoes PLACE...: they answer with their names and what they see.
echoes() {
	local place family
	for place; do
		for family in 4,reuseaddr 6,ipv6only=1,reuseaddr; do
			within "$place" socat -t 60 \
				"TCP${family%%,*}-LISTEN:$ECHO,fork,${family#*,}" \
				SYSTEM:"read -r _; echo $place sees \$SOCAT_PEERADDR" \
				>/dev/null 2>&1 &
		done
	done
	for place; do
		wait_until 5 listening "$place" $ECHO tcp 4
		wait_until 5 listening "$place" $ECHO tcp 6
	done
}

# exploded ADDRESS: IPv6 as socat prints it.
exploded() {
	local left=${1%%::*} right=${1##*::} group text='' missing
	[[ $1 == *::* ]] || right=
	# shellcheck disable=SC2086 # several words
	set -- ${left//:/ } / ${right//:/ }
	missing=$((9 - $#))
	for group; do
		if [ "$group" != / ]; then
			text+=$(printf ':%04x' "0x$group")
			continue
		fi
		while ((missing-- > 0)); do
			text+=:0000
		done
	done
	echo "[${text#:}]"
}

# hears PLACE <<<"ADDRESS ANSWER...": a line for each question.
hears() {
	local wrong
	wrong=$(within "$1" timeout "$PATIENCE" bash -c '
		while read -r address text; do
			exec 3<>"/dev/tcp/$address/$0"
			echo >&3
			read -r said <&3
			[ "$said" = "$text" ] ||
				echo "$address: $said, not: $text"
		done' $ECHO 2>&1) || wrong+=" status $?"
	[ -z "$wrong" ] || complain "$1 asks $wrong"
}

# questions PLACE TARGET...: of PLACE to each, and what they see if nobody has
# changed its address. A node's own pods are asked by its bridge.
questions() {
	local target own4=${IP4[$1]} own6
	own6=$(exploded "${IP6[$1]}")
	for target in "${@:2}"; do
		[ "${HOME_OF[$target]-}" != "$1" ] || continue
		[ "$target" != "$1" ] || continue
		echo "${IP4[$target]} $target sees $own4"
		echo "${IP6[$target]} $target sees $own6"
	done
}

# all_reach_all PLACE...: every one of them every other, and as itself.
all_reach_all() {
	local place
	for place; do
		hears "$place" <<<"$(questions "$place" "$@")"
	done
}

# full_size PLACE ADDRESS MTU: a packet of MTU bytes passes there and back, in one
# piece; one byte more is too long for it.
full_size() {
	local head=28
	[[ $2 != *:* ]] || head=48
	within "$1" ping -n -c 1 -W $PATIENCE -M "do" -s $(($3 - head)) "$2" \
		>/dev/null || complain "no $3 bytes from $1 to $2"
	! within "$1" ping -n -c 1 -W 0.3 -M "do" -s $(($3 - head + 1)) "$2" \
		>/dev/null 2>&1 || complain "$(($3 + 1)) bytes from $1 to $2"
}

# Packets that were in pieces, anywhere so far.
pieces() {
	local place
	for place in "${!MACHINE[@]}" "${!HOME_OF[@]}"; do
		within "$place" nstat -asz IpFragCreates IpReasmReqds \
			Ip6FragCreates Ip6ReasmReqds
	done | awk '!/^#/ { n += $2 } END { print n + 0 }'
}
