#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# host-local's folder of reservations: what many of them cost, and that it is
# the truth whoever changes it.

load helpers

setup() {
	node_up
	NETWORK=/var/lib/cni/networks/net1
	DIR=$ROOT$NETWORK
	V4=$(jq -n '{cniVersion: "1.0.0", name: "net1", type: "host-local",
		ipam: {type: "host-local", subnet: "10.1.0.0/16"}}')
}

# The addresses that have a file.
reserved() {
	node find "$NETWORK" -type f ! -name lock ! -name 'last_reserved_ip.*' \
		-printf '%f\n' | sort | paste -sd ' '
}

are_reserved() {
	[ "$(reserved)" = "$1" ] || complain "files: $(reserved)" "expected: $1"
}

# reserve ADDRESS CONTAINER: by hand.
reserve() {
	node bash -c "mkdir -p $NETWORK; printf '$2\r\neth0' >$NETWORK/$1"
}

# N reservations of other containers, given out in order.
populate() {
	node bash -c "mkdir -p $NETWORK; cd $NETWORK
		for ((i = 2; i < $1 + 2; i++)); do
			ip=10.1.\$((i / 256)).\$((i % 256))
			printf 'other%d\r\neth0' \$i >\$ip
		done
		printf '%s' \$ip >last_reserved_ip.0"
}

# What follows is done by the reference, or by ours.
by_reference() {
	PLUGINS=$REFERENCE PLUGIN_PATH=$PATH
}

by_ours() {
	plugins_up
}

needs_reference() {
	[ -x "$REFERENCE/host-local" ] || skip "no $REFERENCE/host-local"
}

# A runtime that makes and removes networks does not fill /run.
@test "the index of a network that is gone goes with the next one's" {
	local i indexes
	for i in {1..5}; do
		cni ADD host-local p1 "$(with "$V4" "{\"name\": \"n$i\"}")"
		succeeded ADD
		node rm -r "/var/lib/cni/networks/n$i"
	done
	indexes=$(node find /run/cni -name '.index:*')
	[ "$(wc -l <<<"$indexes")" = 1 ] || complain "$indexes"
}

# How many system calls CMD, a call of a plugin, makes; all, and openat.
calls() {
	local trace=$BATS_TEST_TMPDIR/trace
	WRAPPER=(strace -qq -f -o "$trace")
	"$@"
	WRAPPER=()
	printf '%s: %d, %d\n' "$1" "$(wc -l <"$trace")" \
		"$(grep -c openat "$trace")"
}

# The costs of each verb, one a line, with so many reservations of others.
costs() {
	rm -rf "$DIR"
	populate "$1"
	add first "$V4"
	calls add p1 "$V4"
	calls check p1 "$V4"
	calls del p1 "$V4"
	calls del p1 "$V4"
}

address_of() {
	node grep -l "^$1"$'\r' -r "$NETWORK" | sed 's/.*\///'
}

@test "a call costs with many reservations what it costs with few" {
	local few many
	node strace -qq -o /dev/null true || skip "no strace"
	few=$(costs 10)
	many=$(costs 2000)
	[ "$few" = "$many" ] || complain "with 10:" "$few" "with 2000:" "$many"
	[ "$(wc -l <<<"$few")" = 4 ]
}

@test "a file written by hand is heeded at once" {
	local i
	add p0 "$V4"
	for i in {1..20}; do
		reserve "10.1.9.$i" "p$i"
		add_fails "p$i" "$V4" \
			"10.1.9.$i has been allocated to p$i"
		cni CHECK host-local "p$i" "$V4"
		silent CHECK
		reserve "10.1.8.$i" "p$i"
		del "p$i" "$V4"
		are_reserved 10.1.0.2
	done
	del_twice p0 "$V4"
	are_reserved ""
}

@test "a file removed by hand is heeded at once" {
	local i
	add p0 "$V4"
	for i in {1..20}; do
		add "p$i" "$V4"
		check "p$i" "$V4"
		node rm "$NETWORK/$(address_of "p$i")"
		check_fails "p$i" "$V4" "Failed to find address"
		add "p$i" "$V4"
		del_twice "p$i" "$V4"
	done
	del_twice p0 "$V4"
	are_reserved ""
}

@test "a folder that was removed, moved or restored is heeded at once" {
	add p1 "$V4"
	add p2 "$V4"
	node cp -a "$NETWORK" /var/lib/backup
	del p1 "$V4"
	add p3 "$V4"
	node mv "$NETWORK" /var/lib/moved
	check_fails p2 "$V4" "Failed to find address"
	node mv /var/lib/moved "$NETWORK"
	check p2 "$V4"
	node rm -r "$NETWORK"
	check_fails p2 "$V4" "Failed to find address"
	node cp -a /var/lib/backup "$NETWORK"
	check p1 "$V4"
	check p2 "$V4"
	check_fails p3 "$V4" "Failed to find address"
	del_twice p3 "$V4"
	del_twice p1 "$V4"
	are_reserved 10.1.0.3
	del_twice p2 "$V4"
	are_reserved ""
}

@test "the reference and ours in turn agree about every address" {
	local i pod running=() addresses
	needs_reference
	for i in {1..30}; do
		if ((RANDOM % 2)); then by_ours; else by_reference; fi
		pod=c$RANDOM$RANDOM$i
		add "$pod" "$V4"
		[ "$(jq -r '.ips[0].address' <<<"$result")" = \
			"$(address_of "$pod")/16" ]
		running+=("$pod")
		if ((RANDOM % 2)); then by_ours; else by_reference; fi
		add_fails "$pod" "$V4" "$pod"
		check "$pod" "$V4"
		if ((RANDOM % 3 == 0)); then
			del_twice "${running[0]}" "$V4"
			check_fails "${running[0]}" "$V4" "find address"
			running=("${running[@]:1}")
		fi
		addresses=$(node bash -c "cat $NETWORK/10.*" |
			grep -ao 'c[0-9]*' | sort)
		[ "$addresses" = "$(printf '%s\n' "${running[@]}" | sort)" ] ||
			complain "$addresses" "not: ${running[*]}"
	done
	for pod in "${running[@]}"; do
		if ((RANDOM % 2)); then by_ours; else by_reference; fi
		del "$pod" "$V4"
	done
	are_reserved ""
}

@test "without a place for the index all is as it was" {
	node mkdir -p /run/cni
	node touch /run/cni/cnibox
	add p1 "$V4"
	add p2 "$V4"
	add_fails p1 "$V4" "has been allocated to p1"
	check p1 "$V4"
	del_twice p1 "$V4"
	are_reserved 10.1.0.3
	del_twice p2 "$V4"
	are_reserved ""
}
