#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# host-local: what is answered, and what lies in the folder afterwards.

load helpers

# It does not touch the network, so it needs no node.
setup() {
	DIR=$BATS_TEST_TMPDIR/networks
	NET=$(jq -n --arg dir "$DIR" '{
		cniVersion: "1.1.0", name: "net1", type: "host-local",
		ipam: {type: "host-local", dataDir: $dir}
	}')
	V4=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/24"}}')
	TINY=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/29"}}')
	DUAL=$(with "$NET" '{"ipam": {"ranges": [
		[{"subnet": "10.1.2.0/24"}, {"subnet": "10.1.3.0/24"}],
		[{"subnet": "2001:db8:1::/64"}]
	]}}')
}

teardown() {
	node_down
	rm -rf "$DIR"
}

node() {
	"$@" 3>&-
}

# The addresses of the last answer.
given() {
	jq -r '[.ips[].address] | join(" ")' <<<"$result"
}

# Those that POD gets.
gets() {
	add "$1" "$2"
	[ "$(given)" = "$3" ] || complain "$1 got $(given), not $3"
}

# The files of the network but for lock and last_reserved_ip.N; others are
# shown too, whatever their name.
files() {
	find "$DIR/net1" -mindepth 1 ! -name lock ! -name 'last_reserved_ip.*' \
		-printf '%f\n' | sort | paste -sd ' '
}

reserved() {
	[ "$(files)" = "$1" ] || complain "files: $(files)" "expected: $1"
}

reserve() {
	mkdir -p "$DIR/net1"
	printf '%b' "$2" >"$DIR/net1/$1"
}

# bad CONF TEXT: ADD and CHECK refuse it so, before any change; DEL does not
# mind.
bad() {
	local conf
	conf=$(with "$NET" "$1")
	add_fails p1 "$conf" "$2"
	[ "$code" = 7 ] || complain "code $code for $2"
	if [[ $1 != *cniVersion* ]]; then
		check_fails p1 "$conf" "$2"
	fi
	del p1 "$conf"
	[ ! -e "$DIR" ] || complain "made a folder for $2"
}

# ---- addresses

@test "the first address is the second of the subnet, then the next" {
	gets p1 "$V4" 10.1.2.2/24
	expect "$result" '. == {cniVersion: "1.1.0", dns: {},
		ips: [{address: "10.1.2.2/24", gateway: "10.1.2.1"}]}
		or . == {cniVersion: "1.1.0",
		ips: [{address: "10.1.2.2/24", gateway: "10.1.2.1"}]}'
	gets p2 "$V4" 10.1.2.3/24
	del_twice p1 "$V4"
	reserved "10.1.2.3"
	del_twice p2 "$V4"
	reserved ""
}

@test "the files are those of the reference" {
	umask 022
	add p1 "$DUAL"
	[ "$(cat "$DIR/net1/10.1.2.2")" = $'p1\r\neth0' ]
	[ "$(cat "$DIR/net1/2001:db8:1::2")" = $'p1\r\neth0' ]
	[ "$(cat "$DIR/net1/last_reserved_ip.0")" = 10.1.2.2 ]
	[ "$(cat "$DIR/net1/last_reserved_ip.1")" = 2001:db8:1::2 ]
	run -0 stat -c '%n %a %s %h' "$DIR"/net1/*
	[ "${output//$DIR\/net1/}" = "/10.1.2.2 600 8 1
/2001:db8:1::2 600 8 1
/last_reserved_ip.0 600 8 1
/last_reserved_ip.1 600 13 1
/lock 750 0 1" ] || complain "$output"
	[ "$(stat -c %a "$DIR/net1")" = 755 ]
	del_twice p1 "$DUAL"
	run -0 ls -A "$DIR/net1"
	[ "$output" = "last_reserved_ip.0
last_reserved_ip.1
lock" ]
}

@test "every range set gives one address; routes are passed on" {
	local conf
	conf=$(with "$DUAL" '{"ipam": {"routes": [
		{"dst": "0.0.0.0/0"}, {"dst": "192.168.0.0/16", "gw": "10.1.2.9"},
		{"dst": "::/0", "mtu": 1400}]}}')
	gets p1 "$conf" "10.1.2.2/24 2001:db8:1::2/64"
	expect "$result" '[.ips[].gateway] == ["10.1.2.1", "2001:db8:1::1"]'
	expect "$result" '.routes == [{dst: "0.0.0.0/0"},
		{dst: "192.168.0.0/16", gw: "10.1.2.9"},
		{dst: "::/0", mtu: 1400}]'
	del_twice p1 "$conf"
	reserved ""
}

@test "each version has the answer in its shape" {
	local version
	for version in $VERSIONS; do
		add p1 "$(jq --arg v "$version" '.cniVersion = $v' <<<"$DUAL")"
		case $version in
		0.1.0 | 0.2.0) expect "$result" '.ip4.ip and .ip6.ip' ;;
		0.*) expect "$result" '[.ips[].version] == ["4", "6"]' ;;
		*) expect "$result" '[.ips[] | has("version")] | any | not' ;;
		esac
		del_twice p1 "$DUAL"
		reserved ""
	done
}

@test "addresses go round: one just freed is not the next" {
	gets p1 "$TINY" 10.1.2.2/29
	gets p2 "$TINY" 10.1.2.3/29
	del p2 "$TINY"
	gets p3 "$TINY" 10.1.2.4/29
	gets p4 "$TINY" 10.1.2.5/29
	gets p5 "$TINY" 10.1.2.6/29
	gets p6 "$TINY" 10.1.2.3/29
}

@test "the search goes on after the last one given, which may be nonsense" {
	reserve last_reserved_ip.0 10.1.2.5
	gets p1 "$TINY" 10.1.2.6/29
	gets p2 "$TINY" 10.1.2.2/29
	reserve last_reserved_ip.0 10.9.9.9
	gets p3 "$TINY" 10.1.2.3/29
	reserve last_reserved_ip.0 "nonsense"
	gets p4 "$TINY" 10.1.2.4/29
	[ -z "$stderr" ]
}

@test "the ranges of a set follow one another" {
	local conf
	conf=$(with "$NET" '{"ipam": {"ranges": [[
		{"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.9",
		 "rangeEnd": "10.1.2.10", "gateway": "10.1.2.10"},
		{"subnet": "10.1.4.0/30"},
		{"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.254",
		 "rangeEnd": "10.1.2.255"}]]}}')
	gets p1 "$conf" 10.1.2.9/24
	expect "$result" '.ips[0].gateway == "10.1.2.10"'
	gets p2 "$conf" 10.1.4.2/30
	expect "$result" '.ips[0].gateway == "10.1.4.1"'
	gets p3 "$conf" 10.1.2.254/24
	gets p4 "$conf" 10.1.2.255/24
	add_fails p5 "$conf" "no IP addresses available in range set: 10.1.2.9-10.1.2.10,10.1.4.1-10.1.4.2,10.1.2.254-10.1.2.255"
	del p2 "$conf"
	gets p5 "$conf" 10.1.4.2/30
}

@test "a range may start at the broadcast address, and ends there" {
	local conf
	conf=$(with "$TINY" '{"ipam": {"rangeStart": "10.1.2.7"}}')
	gets p1 "$conf" 10.1.2.7/29
	add_fails p2 "$conf" "no IP addresses available in range set: 10.1.2.7-10.1.2.7"
}

@test "the smallest subnets have one address, and two" {
	gets p1 "$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30"}}')" \
		10.1.2.2/30
	add_fails p2 "$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30"}}')" \
		"no IP addresses available in range set: 10.1.2.1-10.1.2.2"
	gets p2 "$(with "$NET" '{"ipam": {"subnet": "fd00::/126"}}')" fd00::2/126
	gets p3 "$(with "$NET" '{"ipam": {"subnet": "fd00::/126"}}')" fd00::3/126
	add_fails p4 "$(with "$NET" '{"ipam": {"subnet": "fd00::/126"}}')" \
		"no IP addresses available in range set: fd00::1-fd00::3"
}

@test "the network's own address and the broadcast are given if told so" {
	local conf
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30",
		"rangeStart": "10.1.2.0", "rangeEnd": "10.1.2.3"}}')
	gets p1 "$conf" 10.1.2.0/30
	gets p2 "$conf" 10.1.2.2/30
	gets p3 "$conf" 10.1.2.3/30
	add_fails p4 "$conf" "no IP addresses available"
}

@test "a gateway may be elsewhere, its place is free then" {
	gets p1 "$(with "$V4" '{"ipam": {"gateway": "10.9.9.9"}}')" 10.1.2.1/24
	expect "$result" '.ips[0].gateway == "10.9.9.9"'
}

@test "ranges that only touch do not overlap" {
	gets p1 "$(with "$NET" '{"ipam": {"ranges": [
		[{"subnet": "10.1.2.0/25"}, {"subnet": "10.1.2.128/25"}],
		[{"subnet": "10.1.3.0/24", "rangeEnd": "10.1.3.9"}],
		[{"subnet": "10.1.3.0/24", "rangeStart": "10.1.3.10"}]]}}')" \
		"10.1.2.2/25 10.1.3.2/24 10.1.3.10/24"
}

@test "0.1.0 and 0.2.0 take one set of each family" {
	local version
	for version in 0.1.0 0.2.0; do
		add p1 "$(with "$DUAL" "{\"cniVersion\": \"$version\"}")"
		del p1 "$DUAL"
	done
	reserved ""
}

@test "keys mean the same in any case" {
	local conf
	conf=$(with "$NET" '{"ipam": {
		"ranges": [[{"subnet": "10.1.2.0/24", "gateway": "10.1.2.2",
			"rangeStart": "10.1.2.4", "rangeEnd": "10.1.2.9"}]],
		"routes": [{"dst": "0.0.0.0/0", "gw": "10.1.2.3"}]},
		"runtimeConfig": {"ipRanges": [[{"subnet": "fd00::/64"}]]},
		"args": {"cni": {"ips": ["10.1.2.7"]}}}' |
		jq 'walk(if type == "object" then
			with_entries(.key |= ascii_upcase) else . end)')
	cni ADD host-local p1 "$conf"
	succeeded ADD
	expect "$output" '.routes == [{dst: "0.0.0.0/0", gw: "10.1.2.3"}] and
		.ips == [{address: "fd00::2/64", gateway: "fd00::1"},
			{address: "10.1.2.7/24", gateway: "10.1.2.2"}]'
	cni DEL host-local p1 "$conf"
	silent DEL
	reserved ""
}

@test "ranges of runtimeConfig come first, a range of its own next" {
	local conf
	conf=$(with "$V4" '{
		"runtimeConfig": {"ipRanges": [[{"subnet": "10.7.0.0/16"}]]}}')
	conf=$(with "$conf" '{"ipam": {"ranges": [[{"subnet": "fd00::/64"}]]}}')
	gets p1 "$conf" "10.7.0.2/16 10.1.2.2/24 fd00::2/64"
}

@test "networks and interfaces of one container are apart" {
	local other
	other=$(with "$V4" '{"name": "net2"}')
	add p1 "$V4"
	add p1 "$other"
	CNI_IFNAME=eth1 add p1 "$V4"
	[ "$(given)" = 10.1.2.3/24 ]
	del p1 "$V4"
	reserved "10.1.2.3"
	[ -e "$DIR/net2/10.1.2.2" ]
	CNI_IFNAME=eth1 del p1 "$V4"
	reserved ""
}

@test "an ADD that is repeated fails and changes nothing" {
	add p1 "$DUAL"
	add_fails p1 "$DUAL" "failed to allocate for range 0: 10.1.2.2 has been allocated to p1, duplicate allocation is not allowed"
	reserved "10.1.2.2 2001:db8:1::2"
}

@test "when no address is left, ADD is to be tried again later" {
	local i conf
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/24",
		"rangeEnd": "10.1.2.2"}}')
	add p1 "$conf"
	add_fails p2 "$conf" "failed to allocate for range 0: no IP addresses available in range set: 10.1.2.1-10.1.2.2"
	[ "$code" = 11 ]
	reserved 10.1.2.2
	del p1 "$conf"
	gets p2 "$conf" 10.1.2.2/24
}

# ---- addresses asked for

@test "an address can be asked for in three ways" {
	CNI_ARGS="IgnoreUnknown=1;IP=10.1.2.77" gets p1 "$V4" 10.1.2.77/24
	CNI_ARGS="IP=10.1.2.78/16" gets p2 "$V4" 10.1.2.78/24
	gets p3 "$(with "$DUAL" '{"args": {"cni": {
		"ips": ["10.1.3.9", "2001:db8:1::abc"]}}}')" \
		"10.1.3.9/24 2001:db8:1::abc/64"
	CNI_ARGS="IP=10.1.2.80" gets p4 "$(with "$DUAL" '{"runtimeConfig": {
		"ips": ["2001:db8:1::7/64", "10.1.2.80/24"]}}')" \
		"10.1.2.80/24 2001:db8:1::7/64"
	CNI_ARGS="IP=" gets p5 "$V4" 10.1.2.81/24
	gets p6 "$(with "$V4" '{"args": {"cni": {"ips": null}},
		"runtimeConfig": {"ips": []}}')" 10.1.2.82/24
}

@test "the same address asked for in several ways is one" {
	CNI_ARGS="IP=10.1.2.77" gets p1 "$(with "$V4" '{
		"args": {"cni": {"ips": ["10.1.2.77/24"]}},
		"runtimeConfig": {"ips": ["::ffff:10.1.2.77", "10.1.2.77"]}}')" \
		10.1.2.77/24
}

@test "addresses asked for go to the sets they are in" {
	gets p1 "$(with "$NET" '{"ipam": {"ranges": [
		[{"subnet": "10.1.2.0/24"}], [{"subnet": "10.1.3.0/24"}]]},
		"args": {"cni": {"ips": ["10.1.3.9", "10.1.2.8"]}}}')" \
		"10.1.2.8/24 10.1.3.9/24"
}

@test "an address asked for that cannot be had is an error" {
	reserve 10.1.2.77 "other\r\neth0"
	CNI_ARGS="IP=10.1.2.77" add_fails p1 "$V4" \
		"failed to allocate for range 0: requested IP address 10.1.2.77 is not available in range set 10.1.2.1-10.1.2.254"
	CNI_ARGS="IP=10.1.2.1" add_fails p1 "$V4" \
		"failed to allocate for range 0: requested ip 10.1.2.1 is subnet's gateway"
	CNI_ARGS="IP=10.9.9.9" add_fails p1 "$V4" \
		"failed to allocate all requested IPs: 10.9.9.9"
	[ "$code" = 7 ]
	CNI_ARGS="IP=10.1.2.90" add_fails p1 "$(with "$V4" '{"args":
		{"cni": {"ips": ["10.1.2.91", "10.1.2.92"]}}}')" \
		"failed to allocate all requested IPs: 10.1.2.91 10.1.2.92"
	CNI_ARGS="IP=foo" add_fails p1 "$V4" "ARGS: error parsing value of pair \"IP=foo\": invalid IP address foo"
	add_fails p1 "$(with "$V4" '{"args": {"cni":
		{"ips": ["10.1.2.91", "10.1.2.92"]}}}')" \
		"failed to allocate all requested IPs: 10.1.2.92"
	for ip in zzz "" 10.1.2.7/33 10.1.2.07 10.1.2.7,10.1.2.8; do
		add_fails p1 "$(with "$V4" \
			"{\"runtimeConfig\": {\"ips\": [\"$ip\"]}}")" \
			"invalid IP address $ip"
		[ "$code" = 7 ]
	done
	add_fails p1 "$(with "$V4" '{"runtimeConfig": {"ips": [null]}}')" \
		"runtimeConfig.ips[0]: expected a string, got null"
	# Neither network nor broadcast are in the range.
	for ip in 10.1.2.0 10.1.2.255; do
		CNI_ARGS="IP=$ip" add_fails p1 "$V4" \
			"failed to allocate all requested IPs: $ip"
	done
	reserved 10.1.2.77
}

@test "a second address of a set is refused, the same one is answered again" {
	CNI_ARGS="IP=10.1.2.77" gets p1 "$DUAL" "10.1.2.77/24 2001:db8:1::2/64"
	CNI_ARGS="IP=10.1.2.78" add_fails p1 "$DUAL" \
		"10.1.2.77 has been allocated to p1, duplicate"
	CNI_ARGS="IP=10.1.2.77" add_fails p1 "$DUAL" \
		"range 1: 2001:db8:1::2 has been allocated to p1, duplicate"
	reserved "10.1.2.77 2001:db8:1::2"
	CNI_ARGS="IP=10.1.2.77" gets p1 "$(with "$DUAL" '{
		"args": {"cni": {"ips": ["2001:db8:1::2"]}}}')" \
		"10.1.2.77/24 2001:db8:1::2/64"
}

# ---- failures

@test "an ADD that fails half-way leaves nothing" {
	local conf
	conf=$(with "$DUAL" '{"ipam": {"ranges": [
		[{"subnet": "10.1.2.0/24"}],
		[{"subnet": "fd00::/64", "rangeEnd": "fd00::1"}]]}}')
	add_fails p1 "$conf" "failed to allocate for range 1: no IP addresses"
	reserved ""
	mkdir "$DIR/net1/last_reserved_ip.1"
	add_fails p1 "$DUAL" last_reserved_ip.1
	reserved ""
}

# ADD on a file system of its own, mounted with OPTIONS. Prints the answer,
# then the files that are left.
add_on() {
	mkdir -p "$DIR"
	unshare -m bash -c '
		mount -t tmpfs -o "$1" none "$2"
		env -i CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_NETNS=/none \
			CNI_IFNAME=eth0 CNI_PATH=/ "$4" <<<"$3"
		status=$?
		ls -A "$2/net1" >&2
		exit $status' - "$1" "$DIR" "$V4" "$PLUGINS/host-local"
}

@test "an ADD that finds the disk full leaves nothing" {
	local options
	# So many inodes, or bytes, are enough for all that is before.
	for options in nr_inodes={2..5} size=4k; do
		run --separate-stderr -1 add_on "$options"
		failed_with "No space left on device"
		[[ ! $stderr =~ 10\.1 && ! $stderr =~ draft ]] ||
			complain "$options: $stderr"
	done
	run -0 add_on nr_inodes=6,size=8k
}

@test "an ADD whose answer nobody reads leaves nothing" {
	status=0
	env -i CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_NETNS=/none \
		CNI_IFNAME=eth0 CNI_PATH=/ "$PLUGINS/host-local" \
		<<<"$DUAL" >/dev/full 2>/dev/null || status=$?
	[ "$status" = 1 ]
	reserved ""
}

# without CALL=ERRNO...: the next calls of plugins run where these system calls
# fail so.
without() {
	local call
	WRAPPER=(strace -qq -o /dev/null)
	for call; do
		WRAPPER+=(-e "inject=${call%=*}:error=${call#*=}")
	done
}

# killed_at CALL [STRACE OPTION...]
killed_at() {
	local call=$1 n killed
	for ((n = 1, killed = 1; killed; n++)); do
		WRAPPER=(strace -qq -o /dev/null "${@:2}"
			-e "inject=$call:signal=KILL:when=$n")
		cni ADD host-local p1 "$DUAL"
		[ "$status" = 137 ] || killed=
		WRAPPER=()
		del p1 "$DUAL"
		reserved ""
		((n < 50)) || complain "always killed at $call"
	done
	((n > 2)) || complain "never killed at $call"
}

@test "killed anywhere, ADD is undone by DEL" {
	local call
	for call in openat pwrite64 renameat2 close; do
		killed_at $call
	done
	for call in linkat unlinkat; do
		killed_at $call -e inject=renameat2:error=EINVAL
	done
	add p1 "$DUAL"
}

@test "file systems have either hard links or renames that replace nothing" {
	local lack
	reserve 10.1.2.2 'other\r\neth0'
	for lack in linkat=EPERM linkat=EOPNOTSUPP renameat2=EINVAL \
		renameat2=ENOSYS; do
		without "$lack"
		rm -f "$DIR/net1/last_reserved_ip.0"
		gets p1 "$V4" 10.1.2.3/24
		[ "$(<"$DIR/net1/10.1.2.3")" = $'p1\r\neth0' ]
		[ "$(<"$DIR/net1/10.1.2.2")" = $'other\r\neth0' ]
		reserved "10.1.2.2 10.1.2.3"
		del_twice p1 "$V4"
		reserved 10.1.2.2
	done
	without renameat2=EINVAL linkat=EPERM
	add_fails p1 "$V4" "/net1/10.1.2.4: Operation not permitted"
	reserved 10.1.2.2
}

@test "files that a power loss emptied are free" {
	reserve 10.1.2.2 ""
	reserve 10.1.2.3 '\0\0\0\0'
	reserve 10.1.2.4 'other\r\neth0'
	gets p1 "$TINY" 10.1.2.2/29
	gets p2 "$TINY" 10.1.2.3/29
	gets p3 "$TINY" 10.1.2.5/29
	reserve 10.1.2.6 ""
	CNI_ARGS="IP=10.1.2.6" gets p4 "$TINY" 10.1.2.6/29
}

@test "what is no regular file is passed by" {
	reserve 10.1.2.5 'other\r\neth0'
	mkfifo "$DIR/net1/10.1.2.2"
	ln -s "$DIR/target" "$DIR/net1/10.1.2.3"
	mkdir "$DIR/net1/10.1.2.4"
	gets p1 "$TINY" 10.1.2.6/29
	[ ! -e "$DIR/target" ]
	del_twice p1 "$TINY"
	reserved "10.1.2.2 10.1.2.3 10.1.2.4 10.1.2.5"
}

@test "a lock that is held too long is an error, for every verb" {
	local verb pids=()
	add p1 "$V4"
	exec {lock}<"$DIR/net1/lock"
	flock "$lock"
	for verb in ADD DEL CHECK; do
		(
			cni $verb host-local $verb "$V4"
			failed_with "locked by another process for 5 seconds"
			[ "$code" = 11 ]
		) {lock}<&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	exec {lock}<&-
	check p1 "$V4"
}

@test "many at once get addresses of their own" {
	local i
	for i in {1..60}; do
		cni ADD host-local "p$i" "$DUAL" &
		((i % 16)) || wait
	done
	wait
	run -0 jq -rs '[.[].ips[].address] | length, (unique | length)' \
		"$BATS_TEST_TMPDIR"/p*.out
	[ "$output" = $'120\n120' ] || complain "$output"
	for i in {1..60}; do
		cni DEL host-local "p$i" "$DUAL" &
		((i % 16)) || wait
	done
	wait
	reserved ""
}

# of_earlier_boot ADDRESS [NODE]: makes a reservation look as if made before the
# last boot of a node, by the name of this one as older versions did.
of_earlier_boot() {
	python3 -c '
import os, sys
value = "01234567-89ab-cdef-0123-456789abcdef " + sys.argv[2]
os.setxattr(sys.argv[1], "user.cnibox.boot", value.encode())' \
		"$DIR/net1/$1" "${2-$(uname -n)}" ||
		skip "no python3, or no attributes here"
}

@test "the node of an earlier boot is known by its machine-id" {
	local conf ours=0123456789abcdef0123456789abcdef
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30"}}')
	echo $ours >"$BATS_TEST_TMPDIR/machine-id"
	WRAPPER=(unshare --mount bash -c 'mount -t tmpfs none /etc
		cp "$0" /etc && exec "$@"' "$BATS_TEST_TMPDIR/machine-id")
	add p1 "$conf"
	# Another one that has our name.
	of_earlier_boot 10.1.2.2 1123456789abcdef0123456789abcdef
	add_fails p2 "$conf" "no IP addresses available"
	# This one, whatever it was called then.
	of_earlier_boot 10.1.2.2 $ours
	gets p2 "$conf" 10.1.2.2/30
	WRAPPER=()
}

@test "reservations of earlier boots are freed when no address is left" {
	local conf
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/24",
		"rangeEnd": "10.1.2.5"}}')
	add p1 "$conf"
	add p2 "$conf"
	add p3 "$conf"
	of_earlier_boot 10.1.2.3
	gets p4 "$conf" 10.1.2.5/24
	reserved "10.1.2.2 10.1.2.3 10.1.2.4 10.1.2.5"
	cni STATUS host-local p1 "$conf"
	silent STATUS
	gets p5 "$conf" 10.1.2.3/24
	add_fails p6 "$conf" "no IP addresses available"
	of_earlier_boot 10.1.2.4
	CNI_ARGS="IP=10.1.2.4" gets p6 "$conf" 10.1.2.4/24
	of_earlier_boot 10.1.2.2
	gets p1 "$conf" 10.1.2.2/24
}

# ---- the subnet that the list of nodes has for this node

# Plugins are called with a /run of their own.
apart() {
	node_up
	node() {
		nsenter --target "$NODE" --mount --pid -- "$@" 3>&-
	}
	needs_nodes
	AUTO=$(with "$NET" '{"ipam": {"subnet": "auto"}}')
}

@test "subnet auto is this node's part of the list, one set of each family" {
	local list
	apart
	noted "self 10.1.1.0/24,fd01::/64 192.0.2.1" "node 10.1.2.0/24 192.0.2.2"
	gets p1 "$AUTO" "10.1.1.2/24 fd01::2/64"
	expect "$result" '[.ips[].gateway] == ["10.1.1.1", "fd01::1"]'
	check p1 "$AUTO"
	list=$(with "$NET" '{"ipam": {"ranges": [[{"subnet": "10.9.0.0/24"}],
		[{"subnet": "auto"}]]}}')
	gets p2 "$list" "10.9.0.2/24 10.1.1.3/24 fd01::3/64"
	cni STATUS host-local p1 "$AUTO"
	silent STATUS
	del_twice p2 "$list"
	# Another part, for the next pods; those that are there keep theirs.
	noted "self 10.1.7.0/24 192.0.2.1"
	check p1 "$AUTO"
	gets p2 "$AUTO" 10.1.7.2/24
	del_twice p2 "$AUTO"
	# DEL needs no list.
	unnoted
	del_twice p1 "$AUTO"
	reserved ""
}

@test "GC frees what subnet auto gave, without a list as well" {
	apart
	noted "self 10.1.1.0/24 192.0.2.1"
	add p1 "$AUTO"
	add p2 "$AUTO"
	unnoted
	cni GC host-local p1 "$(with "$AUTO" '{"cni.dev/valid-attachments":
		[{"containerID": "p2", "ifname": "eth0"}]}')"
	silent GC
	reserved 10.1.1.3
}

@test "without a list subnet auto is to be tried again, and STATUS is 50" {
	apart
	add_fails p1 "$AUTO" \
		'subnet auto: not known before "cnibox nodes apply"'
	[ "$code" = 11 ]
	check_fails p1 "$AUTO" "subnet auto: not known"
	cni STATUS host-local p1 "$AUTO"
	failed_with "subnet auto: not known"
	[ "$code" = 50 ]
	noted "self - 192.0.2.1" "node 10.1.2.0/24 192.0.2.2"
	add_fails p1 "$AUTO" \
		"subnet auto: the list of nodes has no pod subnet of this node"
	[ "$code" = 11 ]
	cni STATUS host-local p1 "$AUTO"
	failed_with "no pod subnet of this node"
	[ "$code" = 50 ]
	[ ! -e "$DIR" ]
}

@test "subnet auto stands alone" {
	local more
	apart
	noted "self 10.1.1.0/24 192.0.2.1"
	for more in '"gateway": "10.1.1.1"' '"rangeStart": "10.1.1.9"' \
		'"rangeEnd": "10.1.1.9"'; do
		bad "{\"ipam\": {\"subnet\": \"auto\", $more}}" \
			"subnet auto: rangeStart, rangeEnd, gateway and other"
		bad "{\"ipam\": {\"ranges\": [[{\"subnet\": \"auto\", $more}]]}}" \
			"subnet auto: rangeStart, rangeEnd, gateway and other"
	done
	bad '{"ipam": {"ranges": [[{"subnet": "10.9.0.0/24"},
		{"subnet": "auto"}]]}}' "and other ranges cannot be beside it"
	bad '{"ipam": {"subnet": "auto", "ranges": [[{"subnet": "auto"}]]}}' \
		"range set 0 overlaps with 1"
	bad '{"ipam": {"subnet": "automatic"}}' \
		'ipam.subnet: expected an address with prefix length such as'
}

# ---- DEL, CHECK, STATUS, GC

@test "DEL finds files of old form, ADD and CHECK heed them" {
	reserve 10.1.2.2 "p1"
	cni CHECK host-local p1 "$V4"
	silent CHECK
	add_fails p1 "$V4" "10.1.2.2 has been allocated to p1"
	del_twice p1 "$V4"
	reserved ""
	reserve 10.1.2.2 "p1"
	reserve 10.1.2.3 "p1\r\neth0"
	del p1 "$V4"
	reserved 10.1.2.2
}

@test "DEL asks for nothing but name and dataDir, and makes nothing" {
	del nobody "$V4"
	[ ! -e "$DIR" ]
	add p1 "$V4"
	del p1 "$(jq '.ipam.subnet = "nonsense" | .ipam.ranges = [[{}]]' \
		<<<"$V4")"
	reserved ""
	add p1 "$V4"
	del p1 "$(jq '.ipam = {dataDir} + {routes: 7}' <<<"$V4" |
		jq --arg dir "$DIR" '.ipam.dataDir = $dir')"
	reserved ""
}

@test "a container called like an address is no trap" {
	add p1 "$V4"
	CNI_CONTAINERID=10.1.2.2 del p1 "$V4"
	[ "$(<"$DIR/net1/last_reserved_ip.0")" = 10.1.2.2 ]
	reserved 10.1.2.2
}

@test "CHECK wants the reservations that prevResult tells of" {
	add p1 "$DUAL"
	check p1 "$DUAL"
	check_fails nobody "$DUAL" \
		"host-local: Failed to find address added by container nobody"
	rm "$DIR/net1/2001:db8:1::2"
	check_fails p1 "$DUAL" "host-local: Failed to find address 2001:db8:1::2 added by container p1"
	results[p1]='{"cniVersion": "1.1.0",
		"ips": [{"address": "192.168.7.7/24"}]}'
	check p1 "$DUAL"
	rm "$DIR/net1/10.1.2.2"
	check_fails p1 "$DUAL" "Failed to find address added by container p1"
}

# told TEXT: STATUS of the configuration succeeds, and says so on stderr.
told() {
	cni STATUS host-local p1 "$2"
	silent STATUS
	[[ $stderr == "host-local: "*"$1"* ]] || complain "said: $stderr"
}

# A node that cannot serve loses its pods, whose addresses are what the pool is
# full of.
@test "STATUS is content with what passes: a full pool, a lock that is held" {
	local conf
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30"}}')
	add p1 "$conf"
	told "no IP addresses available in range set: 10.1.2.1-10.1.2.2" "$conf"
	told "no IP addresses available in range set: 10.1.2.1-10.1.2.2" \
		"$(with "$conf" '{"ipam": {"ranges": [[{"subnet": "fd00::/64"}]]}}')"
	exec {lock}<"$DIR/net1/lock"
	flock "$lock"
	told "locked by another process for 5 seconds" "$conf"
	exec {lock}<&-
}

@test "STATUS tells what is to be mended, though the pool is full as well" {
	local conf
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30"}}')
	add p1 "$conf"
	without pwrite64=EROFS
	cni STATUS host-local p1 "$conf"
	failed_with "Read-only file system"
	[ "$code" = 50 ]
}

@test "STATUS tells when ADD would fail" {
	local conf
	cni STATUS host-local p1 "$DUAL"
	silent STATUS
	cni STATUS host-local p1 "$NET"
	silent "STATUS without ranges"
	conf=$(with "$NET" '{"ipam": {"subnet": "10.1.2.0/30"}}')
	add p1 "$conf"
	: >"$DIR/net1/10.1.2.2"
	cni STATUS host-local p1 "$conf"
	silent "STATUS with an empty file"
	reserved ""
	conf=$(jq '.ipam.dataDir += "/net1/lock"' <<<"$V4")
	cni STATUS host-local p1 "$conf"
	failed_with "Not a directory"
	[ "$code" = 50 ]
}

@test "GC frees what no valid attachment owns" {
	local before
	local valid='{"cni.dev/valid-attachments":
		[{"containerID": "p2", "ifname": "eth0"},
		 {"containerID": "old", "ifname": "eth9"}]}'
	cni GC host-local p1 "$(with "$V4" "$valid")"
	silent "GC without a folder"
	[ ! -e "$DIR" ]
	add p1 "$DUAL"
	add p2 "$DUAL"
	CNI_IFNAME=eth1 add p2 "$DUAL"
	reserve 10.1.2.77 old
	reserve 10.1.2.78 older
	before=$(ls "$DIR/net1")
	cni GC host-local p1 "$V4"
	silent "GC without a list"
	[ "$(ls "$DIR/net1")" = "$before" ]
	cni GC host-local p1 "$(with "$V4" \
		'{"cni.dev/valid-attachments": [{"containerID": "p2"}]}')"
	failed_with "ifname: missing"
	cni GC host-local p1 "$(with "$V4" "$valid")"
	silent GC
	reserved "10.1.2.3 10.1.2.77 2001:db8:1::3"
	cni GC host-local p1 \
		"$(jq '."cni.dev/valid-attachments" = null' <<<"$V4")"
	silent GC
	reserved ""
	[ -e "$DIR/net1/last_reserved_ip.0" ]
}

# ---- configuration

@test "resolvConf is passed on as dns" {
	local conf file=$BATS_TEST_TMPDIR/resolv.conf
	conf=$(jq --arg file "$file" '.ipam.resolvConf = $file' <<<"$V4")
	add_fails p1 "$conf" "open $file: No such file or directory"
	[ ! -e "$DIR" ]
	printf '%s\n' '# nameserver 192.0.2.9' '; search nowhere' '' \
		'nameserver 192.0.2.1 ignored' $' \tnameserver\t192.0.2.2\r' \
		'domain old.example' 'domain example.com' 'nameserver' \
		'search a.example  b.example' 'search c.example' \
		'options ndots:5 rotate' 'sortlist 192.0.2.0' >"$file"
	printf 'options edns0' >>"$file"
	add p1 "$conf"
	expect "$result" '.dns == {
		nameservers: ["192.0.2.1", "192.0.2.2"], domain: "example.com",
		search: ["a.example", "b.example", "c.example"],
		options: ["ndots:5", "rotate", "edns0"]}'
	: >"$file"
	add p2 "$conf"
	expect "$result" '(.dns // {}) == {}'
}

@test "what is wrong with ranges is said in the reference's words" {
	bad '{"ipam": null}' "IPAM config missing 'ipam' key"
	bad '{"ipam": {"gateway": "10.1.2.1"}}' "no IP ranges specified"
	bad '{"ipam": {}}' "no IP ranges specified"
	bad '{"ipam": {"ranges": []}}' "no IP ranges specified"
	bad '{"ipam": {"ranges": [[]]}}' "invalid range set 0: empty range set"
	bad '{"ipam": {"ranges": [null]}}' "ipam.ranges[0]: expected an array"
	bad '{"ipam": {"ranges": [[{"subnet": "10.1.2.0/24"}], [{}]]}}' \
		"invalid range set 1: IP <nil> not v4 nor v6"
	bad '{"ipam": {"subnet": "10.1.2.0/31"}}' \
		"invalid range set 0: Network 10.1.2.0/31 too small to allocate from"
	bad '{"ipam": {"subnet": "fd00::/127"}}' \
		"Network fd00::/127 too small to allocate from"
	bad '{"ipam": {"subnet": "::ffff:10.1.2.0/120"}}' \
		"invalid range set 0: IPNet IP and Mask version mismatch"
	bad '{"ipam": {"subnet": "10.1.2.7/24"}}' \
		"invalid range set 0: Network has host bits set. For a subnet mask of length 24 the network address is 10.1.2.0"
	bad '{"ipam": {"subnet": "10.1.2.0/24", "rangeStart": "10.1.3.1"}}' \
		"invalid range set 0: RangeStart 10.1.3.1 not in network 10.1.2.0/24"
	bad '{"ipam": {"subnet": "10.1.2.0/24", "rangeStart": "fd00::1"}}' \
		"RangeStart fd00::1 not in network 10.1.2.0/24"
	bad '{"ipam": {"subnet": "10.1.2.0/24", "rangeEnd": "10.1.3.1"}}' \
		"invalid range set 0: RangeEnd 10.1.3.1 not in network 10.1.2.0/24"
	bad '{"ipam": {"subnet": "10.1.2.0/24", "rangeEnd": "fd00::1"}}' \
		"RangeEnd fd00::1 not in network 10.1.2.0/24"
	bad '{"ipam": {"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.9",
		"rangeEnd": "10.1.2.8"}}' \
		"RangeStart 10.1.2.9 not in network 10.1.2.0/24"
	bad '{"ipam": {"ranges": [[{"subnet": "10.1.2.0/24"},
		{"subnet": "fd00::/64"}]]}}' \
		"invalid range set 0: mixed address families"
	bad '{"ipam": {"ranges": [[{"subnet": "10.1.0.0/22"},
		{"subnet": "10.1.2.0/24"}]]}}' \
		"invalid range set 0: subnets 10.1.0.1-10.1.3.254 and 10.1.2.1-10.1.2.254 overlap"
	bad '{"ipam": {"ranges": [[{"subnet": "10.1.2.0/24",
		"rangeEnd": "10.1.2.9"}, {"subnet": "10.1.2.0/24",
		"rangeStart": "10.1.2.9"}]]}}' \
		"subnets 10.1.2.1-10.1.2.9 and 10.1.2.9-10.1.2.254 overlap"
	bad '{"ipam": {"ranges": [[{"subnet": "10.1.2.0/24"}],
		[{"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.254"}]]}}' \
		"range set 0 overlaps with 1"
	bad '{"cniVersion": "0.2.0", "ipam": {"ranges": [
		[{"subnet": "10.1.2.0/24"}], [{"subnet": "10.1.3.0/24"}]]}}' \
		"CNI version 0.2.0 does not support more than 1 address per family"
	bad '{"cniVersion": "0.1.0", "ipam": {"ranges": [
		[{"subnet": "fd00::/64"}], [{"subnet": "fd01::/64"}]]}}' \
		"CNI version 0.1.0 does not support more than 1 address per family"
	for subnet in '"10.1.2.5"' '"010.1.2.0/24"' '""' null 5; do
		bad "{\"ipam\": {\"subnet\": $subnet}}" \
			"ipam.subnet: expected an address with prefix length"
	done
	bad '{"ipam": {"subnet": "10.1.2.0/24", "gateway": "zz"}}' \
		'ipam.gateway: expected an address such as 10.1.0.1, got "zz"'
	bad '{"ipam": {"subnet": "10.1.2.0/24", "routes": [{"gw": "10.1.2.1"}]}}' \
		"ipam.routes[0].dst: missing"
}
