#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# DELs at the same time: who has the queue of links deletes those of all that
# wait for it.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

BRIDGE='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge", "bridge": "br0",
	"isGateway": true, "ipMasq": true,
	"ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}
}'
PTP=$(jq -c '.type = "ptp"' <<<"$BRIDGE")
STATE=/run/cni/cnibox

setup() {
	node_up
	node mkdir -p $STATE
	begin_work
}

# Somebody is at work all the time: who is alone asks nobody.
begin_work() {
	exec {at_work}> >(exec >/dev/null 2>&1 3>&- && node flock -s $STATE/.del cat)
	wait_until 5 locks 1
}

end_work() {
	exec {at_work}>&-
	wait_until 5 locks 0
}

# So many locks are held.
locks() {
	[ "$(node grep -vc -- '->' /proc/locks)" = "$1" ]
}

pods_up() {
	local pod
	for pod in "${@:2}"; do
		pod_up "$pod"
		add "$pod" "$1"
	done
}

# Holds the queue until it is let go.
hold_queue() {
	exec {queue}> >(exec {at_work}>&- >/dev/null 2>&1 3>&- &&
		node flock $STATE/.queue cat)
	wait_until 5 locks 2
}

let_go() {
	exec {queue}>&-
}

# How many wait for it.
waiting() {
	[ "$(node grep -c -- '-> FLOCK' /proc/locks)" = "$1" ]
}

# queue_up CONF POD...: their DELs, one behind the other. dels are their processes.
dels=()
queue_up() {
	local pod
	for pod in "${@:2}"; do
		(
			exec {queue}>&- {at_work}>&-
			del "$pod" "$1"
		) 3>&- &
		dels+=($!)
		wait_until 5 waiting ${#dels[@]}
	done
}

dels_end() {
	local pid
	for pid in "${dels[@]}"; do
		wait "$pid"
	done
	dels=()
}

# The plugin that POD's DEL runs.
plugin_of() {
	node sh -c "grep -lzx 'CNI_CONTAINERID=$1' /proc/[0-9]*/environ" \
		2>/dev/null | sed 's,.*/\([0-9]*\)/.*,\1,' | tail -1
}

no_eth0() {
	! within "$1" ip link show eth0 2>/dev/null
}

# Even of those that have been killed while they waited.
deletes_those_that_wait() {
	local pod
	pods_up "$1" p1 p2 p3 p4
	hold_queue
	queue_up "$1" p1 p2 p3
	for pod in p2 p3; do
		node kill -KILL "$(plugin_of $pod)"
	done
	let_go
	wait "${dels[0]}"
	for pod in p1 p2 p3; do
		no_eth0 $pod
	done
	pings p4 10.1.2.1
	[ ! -e "$ROOT$STATE/.queue" ]
	for pod in p2 p3 p4; do
		del_twice $pod "$1"
	done
	nothing_left
}

@test "a DEL that is alone makes five system calls at most to know it" {
	local calls
	node strace -qq -o /dev/null true || skip "no strace"
	end_work
	pods_up "$BRIDGE" p1
	WRAPPER=(strace -f -qq -o /run/calls -P $STATE/.del -P $STATE/.queue)
	del p1 "$BRIDGE"
	WRAPPER=()
	calls=$(wc -l <"$ROOT/run/calls")
	((calls > 0 && calls <= 5)) || complain "$(cat "$ROOT/run/calls")"
}

@test "one DEL deletes the links of those that wait" {
	deletes_those_that_wait "$BRIDGE"
}

@test "one DEL of ptp deletes the links of those that wait" {
	deletes_those_that_wait "$PTP"
}

# It has moved the links of all to a group, and is about to delete them.
@test "a DEL that is killed in the middle holds up nobody" {
	node strace -qq -o /dev/null true || skip "no strace"
	pods_up "$BRIDGE" p1 p2 p3
	hold_queue
	WRAPPER=("${STOPPING[@]}" -e inject=unlink,unlinkat:signal=KILL:when=1)
	queue_up "$BRIDGE" p1
	WRAPPER=()
	queue_up "$BRIDGE" p2 p3
	let_go
	! wait "${dels[0]}"
	unset 'dels[0]'
	dels_end
	del_twice p1 "$BRIDGE"
	nothing_left
}

@test "a DEL that hangs in the middle holds up others for five seconds" {
	pods_up "$BRIDGE" p1
	hold_queue
	SECONDS=0
	del p1 "$BRIDGE" {queue}>&- {at_work}>&-
	((SECONDS >= 4 && SECONDS < 60))
	let_go
	nothing_left
}

# Its line is still there when its next container comes.
@test "who lives again keeps its link" {
	pods_up "$BRIDGE" p1 p2
	hold_queue
	queue_up "$BRIDGE" p2
	node kill -KILL "$(plugin_of p2)"
	! wait "${dels[0]}"
	dels=()
	let_go
	grep -q p2 "$ROOT$STATE/.queue"
	end_work
	del p2 "$BRIDGE"
	add p2 "$BRIDGE"
	begin_work
	grep -q p2 "$ROOT$STATE/.queue"
	del p1 "$BRIDGE"
	check p2 "$BRIDGE"
	pings p2 10.1.2.1
	gone p2 "$BRIDGE"
}

@test "a host end that was renamed is found while others are at work" {
	pods_up "$BRIDGE" p1
	node ip link set "$(jq -r '.interfaces[1].name' <<<"$result")" name other0
	gone p1 "$BRIDGE"
}

# All of them again and again, and no ADD meets a DEL of before.
@test "pods that come and go at once have their links" {
	local pid pod pids round pods=(p{1..12})
	end_work
	pod_up "${pods[@]}"
	for round in 1 2 3; do
		pids=()
		for pod in "${pods[@]}"; do
			(
				add "$pod" "$BRIDGE"
				pings "$pod" 10.1.2.1
				del "$pod" "$BRIDGE"
				[ $((RANDOM % 2)) = 0 ] || del "$pod" "$BRIDGE"
				add "$pod" "$BRIDGE"
				cni CHECK bridge "$pod" \
					"$(with_prev "$BRIDGE" "$result")"
				silent "CHECK $pod"
				pings "$pod" 10.1.2.1
				del "$pod" "$BRIDGE"
			) 3>&- &
			pids+=($!)
		done
		for pid in "${pids[@]}"; do
			wait "$pid"
		done
		nothing_left
	done
}
