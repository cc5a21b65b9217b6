# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # what is not set here is the caller's
#
# Lists of plugins, called as a runtime does: each ADD gets the result of the one
# before, DEL the other way round. The node's iptables drops what it forwards, so
# that firewall has to open it.

# What nerdctl makes of its default network, with a published port.
NERDCTL="bridge portmap firewall tuning"

# The lists whose costs are compared, by number.
LISTS=([1]=bridge [2]="bridge portmap" [3]="bridge portmap firewall"
	[4]=$NERDCTL [5]="$NERDCTL bandwidth" [6]=ptp)

# list_confs POD PORT: of each plugin; POD-PLUGIN is the first of a list,
# POD-PLUGIN.behind has others before it
list_confs() {
	local rate=100000000 burst=1000000 name
	local ipam='"ipam":{"type":"host-local","routes":[{"dst":"0.0.0.0/0"}],
		"ranges":[[{"subnet":"10.1.0.0/16"}]]}'
	conf "$1-bridge" "\"type\":\"bridge\",\"bridge\":\"br0\",\"ipMasq\":true,
		\"isGateway\":true,\"hairpinMode\":true,$ipam"
	conf "$1-ptp" "\"type\":\"ptp\",\"ipMasq\":true,$ipam"
	conf "$1-portmap" "$(portmap_keys "{\"hostPort\":$2,\"containerPort\":80,
		\"protocol\":\"tcp\"}")"
	conf "$1-firewall" '"type":"firewall","ingressPolicy":"same-bridge"'
	conf "$1-tuning" '"type":"tuning"'
	conf "$1-bandwidth" "\"type\":\"bandwidth\",
		\"ingressRate\":$rate,\"ingressBurst\":$burst,
		\"egressRate\":$rate,\"egressBurst\":$burst"
	for name in portmap firewall tuning bandwidth; do
		cp "$confs/$1-$name.del" "$confs/$1-$name.behind"
	done
}

# list_add POD PLUGIN..., list_del POD PLUGIN...
list_add() {
	local plugin form=
	for plugin in "${@:2}"; do
		call ADD ADD "$1" "$plugin" "$1-$plugin$form"
		form=.behind
	done
}

list_del() {
	local i
	for ((i = $#; i > 1; i--)); do
		call DEL DEL "$1" "${!i}" "$1-${!i}.del"
	done
}

# As node_up, where iptables drops what is forwarded.
list_node() {
	node_up "$1" 2
	node "$1" iptables -P FORWARD DROP
}

# has_all WHO PLUGIN...
has_all() {
	local plugin
	for plugin in "${@:2}"; do
		[ -x "${DIR[$1]}/$plugin" ] || return
	done
}

# What each plugin of a list adds. No other pod is there, whose chains could be used.
lists() {
	local who n
	say MEASURE "lists of plugins"
	for n in "${!LISTS[@]}"; do
		for who in cnibox $rivals; do
			# shellcheck disable=SC2086 # several words
			has_all "$who" ${LISTS[n]} || continue
			list_node "$who@$n"
			plan "$who@$n" "list_add pod1 ${LISTS[n]}" \
				"list_del pod1 ${LISTS[n]}"
		done
	done >"$work/plan"
	warm_up <"$work/plan"
	measure lists -n "$(few 25 10)" -s $SETTLE <"$work/plan"
	measure lists -n "$(few 3 1)" -s $SETTLE -t <"$work/plan"
	nodes_down
}

# forwarded NAME N: what firewall has of N other pods of the bridge, whose NAT is
# there.
forwarded() {
	addresses "$2" | awk '{
		by = " comment \"net/eth0/dead" NR "\""
		to = "add element inet cnibox-filter "
		print to "pods4-4 {", $1 by " }"
		print to "published4 { tcp .", $1, ". 80" by " }"
		print to "closed-br0 { dead" NR by " }"
	}' | node "$1" nft -f -
}

# lists_with MOST COUNT...: as nodes_with, for the whole list
lists_with() {
	local n who
	for n in "${@:2}"; do
		for who in cnibox $rivals; do
			# shellcheck disable=SC2086 # several words
			has_all "$who" $NERDCTL && bears "$who@$n" "$1" ||
				continue
			list_node "$who@$n"
			plan "$who@$n" "list_add pod2 $NERDCTL" | warm_up
			entries "$who@$n" "$((n - 1))"
			[ "$who" != cnibox ] || forwarded "$who@$n" "$((n - 1))"
			nodes+=("$who@$n")
		done
	done
}

# The whole list, beside all that N other pods have in the tables.
lists_beside() {
	local nodes=() name
	say MEASURE "nerdctl's list beside up to ${counts##* } pods"
	# shellcheck disable=SC2086 # several words
	lists_with "$NAT_MOST" $counts
	for name in "${nodes[@]}"; do
		plan "$name" "list_add pod1 $NERDCTL" "list_del pod1 $NERDCTL"
	done >"$work/plan"
	warm_up <"$work/plan"
	measure beside -n "$(few 25 10)" -s $SETTLE <"$work/plan"
	nodes_down
}

# New connections of pod2 and to it, where all pods have firewall. The Go plugin
# does not open published ports: there iptables drops nothing.
forwarding() {
	local nodes=() name
	say MEASURE "new connections through firewall with up to ${counts##* } pods"
	# shellcheck disable=SC2086 # several words
	lists_with "$NAT_MOST" $counts
	for name in "${nodes[@]}"; do
		[[ $name == cnibox* ]] || node "$name" iptables -P FORWARD ACCEPT
		outside_up "$name"
	done
	rates forwarding "$(few 144 48)" "${nodes[@]}"
	nodes_down
}
