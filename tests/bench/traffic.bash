# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # what is not set here is the caller's
#
# New connections a second, with what others have in the tables.

packet_counts=$(few "1 100 1000 10000" "1 1000 10000")
subnet_counts=$(few "1 100 1000 10000" "1 10000")
listed_counts=$(few "0 500 5000" "0 5000")
PACKETS_MOST=$(few 10000 1000) # see NAT_MOST

# load NODE SERVER CLIENT ADDRESS PORT: new connections a second. So few of them at a
# time that what else the machine does hits all nodes alike.
load() {
	local root=/proc/${NODE[$1]}/root
	local nets=$root/run/netns
	"$out/bin/load" "$nets/$2" "$nets/$3" "$4" "$5" 80 250
}

load_out() {
	load "$1" outside pod2 192.0.2.2 80
}

load_in() {
	load "$1" pod2 outside 192.0.2.1 8080
}

load_node() {
	load "$1" outside pod2 100.64.10.2 80
}

# rates PART ROUNDS NODE...: of new connections of pod2 and to it, or what WAYS has;
# forward and backward by turns
rates() {
	local names=() turn=("${@:3}") name round way rate
	for ((round = 0; round < $2; round++)); do
		names=("${turn[@]}") turn=()
		for name in "${names[@]}"; do
			turn=("$name" "${turn[@]}")
			for way in ${WAYS:-out in}; do
				rate=$(load_"$way" "$name")
				printf '%s\t%s\t%s\t%s\trate\t%s\n' "$1" \
					"${name#*@}" "${name%@*}" "$way" "$rate"
			done
		done
	done >>"$raw"
}

# New connections of pod2 and to it, with the NAT of N pods in the tables.
packets() {
	local nodes=() name
	say MEASURE "new connections with the NAT of up to ${counts##* } pods"
	# shellcheck disable=SC2086 # several words
	nodes_with "$PACKETS_MOST" $packet_counts
	for name in "${nodes[@]}"; do
		outside_up "$name"
	done
	rates packets "$(few 144 48)" "${nodes[@]}"
	nodes_down
}

# The same with N subnets of one pod each, beside that of pod2.
subnets_apart() {
	local nodes=() n
	say MEASURE "new connections with up to ${counts##* } subnets"
	for n in $subnet_counts; do
		node_up "cnibox@$n" 2
		plan "cnibox@$n" "chain_add port pod2" | warm_up
		subnets "cnibox@$n" "$((n - 1))"
		outside_up "cnibox@$n"
		nodes+=("cnibox@$n")
	done
	rates subnets "$(few 144 48)" "${nodes[@]}"
	nodes_down
}

# The same of pod2 to the world and to another node's pod, with N nodes listed,
# without which the latter is masqueraded as the former is.
listed_nodes() {
	local nodes=() n
	say MEASURE "new connections with up to ${listed_counts##* } nodes listed"
	for n in $listed_counts; do
		node_up "cnibox@$n" 2
		plan "cnibox@$n" "chain_add port pod2" | warm_up
		outside_up "cnibox@$n"
		listed "cnibox@$n" "$n"
		nodes+=("cnibox@$n")
	done
	WAYS="out node" rates listed "$(few 240 80)" "${nodes[@]}"
	nodes_down
}
