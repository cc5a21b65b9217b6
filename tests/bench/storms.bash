# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # what is not set here is the caller's
#
# Many pods at a time, as when a node starts or is drained, and one alone, with which
# they are compared.

# One after the other, so often that a tick of the kernel, with which a DEL ends, is
# no difference: bridge, and bridge with portmap (entry 1) behind it.
alone() {
	say MEASURE "one ADD and DEL"
	node_up floor
	plan floor "chain_add masq" "chain_del masq" >"$work/plan"
	node_up cnibox
	plan cnibox "chain_add masq" "chain_del masq" >>"$work/plan"
	node_up cnibox@1
	plan cnibox@1 "chain_add port" "chain_del port" >>"$work/plan"
	warm_up <"$work/plan"
	measure alone -n "$(few 400 60)" -s $SETTLE <"$work/plan"
	nodes_down
}

# storm NODE COUNT: COUNT pods come, and go
storm() {
	node_up "$1" "$2"
	plan "$1" "all_add $2" "all_del $2"
}

burst() {
	local who
	say MEASURE "100 ADDs and DELs, 16 at a time"
	for who in floor cnibox $rivals; do
		storm "$who@100" 100
	done >"$work/plan"
	measure burst -n "$(few 7 4)" -j 16 -s 500 <"$work/plan"
	measure burst -m -j 16 <"$work/plan"
	nodes_down
}

# 250 pods, 64 at a time, and the least that it takes the kernel: the links of all go
# by one request. Between them one alone (entry 1).
drain() {
	local who round
	say MEASURE "250 ADDs and DELs, 64 at a time"
	for who in floor cnibox; do
		storm "$who@250" 250
	done >"$work/plan"
	plan floor@250 "all_add 250" "call GC GC pod1 bridge gc" >>"$work/plan"
	for who in floor cnibox; do
		node_up "$who@1"
		plan "$who@1" "chain_add masq" "chain_del masq"
	done >"$work/one"
	for ((round = 0; round < $(few 3 1); round++)); do
		measure drain -n 4 -j 64 -s 500 <"$work/plan"
		measure drain -n 20 -s $SETTLE <"$work/one"
	done
	for who in $rivals; do
		storm "$who@250" 250
	done >"$work/plan"
	measure drain -n "$(few 2 1)" -j 64 -s 500 <"$work/plan"
	nodes_down
}

# portmap alone, of 100 pods that have no link: 16 at a time, and one (entry 1).
publish() {
	local who i
	say MEASURE "100 ADDs and DELs of portmap alone"
	for ((i = 1; i <= 100; i++)); do
		published_conf "$i"
	done
	publish_plan cnibox@16 >"$work/plan"
	publish_plan cnibox@1 >"$work/one"
	for ((i = 0; i < $(few 7 3); i++)); do
		measure publish -j 16 -s 200 <"$work/plan"
		measure publish -s 200 <"$work/one"
	done
	for who in $rivals; do
		publish_plan "$who@16"
	done >"$work/plan"
	measure publish -j 16 -s 200 <"$work/plan"
	nodes_down
}

publish_plan() {
	node_up "$1"
	plan "$1" "publish_all ADD" "publish_all DEL"
}

# publish_all VERB
publish_all() {
	local i
	for ((i = 1; i <= 100; i++)); do
		echo "call $1 $1 port$i pod1 ${DIR[$who]}/portmap $confs/published-$i"
	done
}

# N pods whose containers are gone, and nobody has called DEL; their namespaces are
# still there. Before them one DEL.
gc() {
	local n round who
	for n in 100 1000; do
		say MEASURE "GC of $n pods"
		for who in floor cnibox; do
			node_up "$who@$n" "$n"
		done
		for ((round = 0; round < $(few 5 2); round++)); do
			for who in floor cnibox; do
				gc_round "$who@$n" "$n"
			done
		done
		nodes_down
	done
}

# gc_round NODE N
gc_round() {
	plan "$1" "chain_add masq" "chain_del masq" |
		measure gc -n 10 -s $SETTLE
	plan "$1" "all_add $2" | warm_up
	plan "$1" "call GC GC pod1 bridge gc" | measure gc -s 500
	gc_has_done "$1"
}

# It would be fast to do nothing.
gc_has_done() {
	if [ -n "$(node "$1" ip -br link show type veth)" ] ||
		{ [[ $1 == cnibox* ]] && gc_has_left "$1"; }; then
		echo "bench: GC has left something" >&2
		exit 1
	fi
}

gc_has_left() {
	node "$1" nft list table inet cnibox | grep -q 'elements =' ||
		node "$1" ls /var/lib/cni/networks/net | grep -q '^10'
}
