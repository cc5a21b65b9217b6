#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnibox nodes: what happens to it while packets flow, and what it follows.

# shellcheck disable=SC2030,SC2031,SC2034,SC2086,SC2154 # variables of helpers.bash
load nodes_helpers

three_nodes() {
	node_on_wire 1 2 3
	pods_up 1 2 3
	echoes p1 p2 p3
}

# ---- watch

# watch MACHINE: starts it there. What it says is in $BATS_TEST_TMPDIR/watch.
watch() {
	# The kernel tells late that a link is up.
	wait_until 5 within "$1" grep -qx up /sys/class/net/eth0/operstate
	within "$1" env -i "$CNIBOX" nodes watch $NODES \
		>"$BATS_TEST_TMPDIR/watch" 2>&1 &
	WATCH=$!
	wait_until 5 watching "$1"
	WATCHER=$(within "$1" pgrep -f 'nodes watch' | head -n 1)
}

watching() {
	within "$1" pgrep -f 'nodes watch' >/dev/null
}

# It ends on SIGTERM, with success.
watch_ends() {
	within "$1" kill -TERM "$WATCHER"
	wait_until 5 not_watching "$1"
	wait "$WATCH"
}

not_watching() {
	! watching "$1"
}

# For a while nothing more is said.
sleeps() {
	local before
	before=$(wc -l <"$BATS_TEST_TMPDIR/watch")
	sleep 0.5
	[ "$before" = "$(wc -l <"$BATS_TEST_TMPDIR/watch")" ]
}

# routes_to MACHINE CIDR..., no_route_to MACHINE CIDR
routes_to() {
	local cidr
	for cidr in "${@:2}"; do
		[ -n "$(within "$1" ip route show to exact "$cidr")" ] || return 1
	done
}

no_route_to() {
	! routes_to "$@"
}

says() {
	grep -q "$1" "$BATS_TEST_TMPDIR/watch"
}

@test "watch follows the file, renamed or written in place" {
	node_on_wire 1 2 3
	list_to n1 "$(list 1 2)"
	watch n1
	wait_until 5 routes_to n1 10.1.2.0/24
	no_route_to n1 10.1.3.0/24
	list_to n1 "$(list 1 2 3)"
	wait_until 5 routes_to n1 10.1.2.0/24 10.1.3.0/24
	list 1 3 | within n1 tee $NODES >/dev/null
	wait_until 5 no_route_to n1 10.1.2.0/24
	routes_to n1 10.1.3.0/24
	watch_ends n1
}

@test "watch says an error in the file, and the old routing stays" {
	node_on_wire 1 2 3
	list_to n1 "$(list 1 2)"
	watch n1
	wait_until 5 routes_to n1 10.1.2.0/24
	list_to n1 "$(list 1 3)
		10.1.3.128/25 192.0.2.4"
	wait_until 5 says "10.1.3.128/25"
	routes_to n1 10.1.2.0/24
	no_route_to n1 10.1.3.0/24
	list_to n1 "$(list 1 3)"
	wait_until 5 routes_to n1 10.1.3.0/24
	no_route_to n1 10.1.2.0/24
	watch_ends n1
}

@test "watch waits until a new file is written whole" {
	node_on_wire 1 2 3
	list_to n1 "$(list 1 2)"
	watch n1
	wait_until 5 routes_to n1 10.1.2.0/24
	within n1 rm $NODES
	wait_until 5 says "No such file"
	mkfifo "$BATS_TEST_TMPDIR/rest"
	(
		list 1
		cat "$BATS_TEST_TMPDIR/rest"
	) >"/proc/${MACHINE[n1]}/root$NODES" 3>&- &
	wait_until 5 test -s "/proc/${MACHINE[n1]}/root$NODES"
	sleeps
	routes_to n1 10.1.2.0/24
	list 2 3 >"$BATS_TEST_TMPDIR/rest"
	wait_until 5 routes_to n1 10.1.2.0/24 10.1.3.0/24
	watch_ends n1
}

@test "watch ends if the folder goes, and says so" {
	local status=0
	node_on_wire 1 2
	within n1 mkdir /run/folder
	list 1 2 | within n1 tee /run/folder/nodes >/dev/null
	NODES=/run/folder/nodes watch n1
	wait_until 5 routes_to n1 10.1.2.0/24
	within n1 mv /run/folder /run/elsewhere
	wait_until 5 not_watching n1
	wait "$WATCH" || status=$?
	[ "$status" = 1 ]
	says "watch the folder of /run/folder/nodes: No such file or directory"
	routes_to n1 10.1.2.0/24
}

@test "watch does not wake itself by an apply that fails" {
	node_on_wire 1
	list_to n1 "$(list 1)"
	watch n1
	wait_until 5 within n1 test -e /run/cni/cnibox/nodes
	# Nothing but this step fails.
	within n1 mkdir /run/cni/cnibox/nodes.new
	list_to n1 "$(list 1)
		10.1.4.0/24 198.51.100.4"
	wait_until 5 says "nodes.new"
	wait_until 1 sleeps
	watch_ends n1
}

@test "watch brings back what went with the uplink" {
	three_nodes
	apply_all "1 2 3"
	all_reach_all p1 p2 p3
	watch n1
	within n1 ip link set eth0 down
	no_route_to n1 10.1.2.0/24
	within n1 ip link set eth0 up
	# IPv6 addresses go with the link, and nobody but this brings them back.
	within n1 ip address replace "${IP6[n1]}/64" dev eth0
	wait_until 5 routes_to n1 10.1.2.0/24 10.1.3.0/24
	wait_until 5 no_drift n1
	all_reach_all p1 p2 p3
	watch_ends n1
}

# ---- killed

# A conversation of two pods that goes on: talk asks the next question.
conversation_up() {
	coproc TALK { within "$1" timeout 300 bash -c '
		exec 3<>"/dev/tcp/$0/$1"
		while read -r line; do
			echo "$line" >&3
			read -r said <&3 && echo "$said"
		done' "$2" 8 3>&-; }
}

talk() {
	local said=
	echo "word $1" >&"${TALK[1]}"
	read -r -t "$PATIENCE" said <&"${TALK[0]}" || true
	[ "$said" = "word $1" ] || complain "$1: $said"
}

# step(1) of tests/faults, which finds the calls of apply and kills it at one.
step_up() {
	STEP=$BATS_TEST_TMPDIR/step
	${HOSTCC:-cc} -std=c11 -O2 -o "$STEP" "$TOP"/tests/faults/{step,calls,netlink,tracee,record}.c
}

# apply_step OPTIONS...: an apply on n1 whose calls are stepped through.
apply_step() {
	within n1 env -i "$STEP" "$@" "$CNIBOX" nodes apply $NODES >/dev/null 2>&1
}

@test "apply killed: what lives goes on, and a second apply repairs" {
	local calls=$BATS_TEST_TMPDIR/calls name n changed every round=0
	[[ $(uname -m) == @(x86_64|aarch64) ]] || skip "step.c does not know it"
	step_up
	three_nodes
	apply_all "1 2 3"
	within p2 socat "TCP4-LISTEN:8,fork,reuseaddr" EXEC:cat 2>/dev/null &
	wait_until 5 listening p2 8 tcp 4
	conversation_up p1 "${IP4[p2]}"
	talk first
	list_to n1 "$(list 1 2)"
	apply_step -l "$calls"
	every=$(($(awk '$3' "$calls" | wc -l) / 12 + 1))
	while read -r name n changed _; do
		((changed && round++ % every == 0)) || continue
		apply n1 "$(list 1 2 3)"
		list_to n1 "$(list 1 2)"
		apply_step -o "$BATS_TEST_TMPDIR/hit" -c "$name" -n "$n" -x kill || true
		talk "$name-$n"
		apply n1 "$(list 1 2)"
		no_drift n1
		talk "$name-$n-again"
	done <"$calls"
	[ "$round" -gt 3 ]
	apply n1 "$(list 1 2 3)"
	all_reach_all p1 p2 p3
}
