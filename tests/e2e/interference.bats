#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What others do to a node behind our back: CHECK names it, DEL cleans up all
# the same, and what pods share comes back with the next ADD.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LIST=$(jq '.cniVersion = "1.1.0"' <<<"$DUAL_LIST")
PORT='{"portMappings": [
	{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}
]}'
OTHER='{"portMappings": [
	{"hostPort": 8081, "containerPort": 80, "protocol": "tcp"}
]}'
NET=$(jq -c "{cniVersion, name} + .plugins[0]" <<<"$LIST")
STORE=/var/lib/cni/networks/net1
RECORDS=/run/cni/cnibox

# The folders of our own are mounts that a test can fill or lock.
setup() {
	node_up
	pod_up p1 p2
	node mkdir -p /var/lib/cni $RECORDS
	node mount -t tmpfs -o size=64k,nr_inodes=64 store /var/lib/cni
	node mount -t tmpfs -o size=64k,nr_inodes=64 records $RECORDS
	add_list p1 "$LIST" "$PORT"
}

# misses PLUGIN TEXT: CHECK of p1 by that plugin of the list says so.
misses() {
	cni CHECK "$(jq -r ".plugins[$1].type" <<<"$LIST")" p1 \
		"$(plugin_conf "$LIST" "$1" "${results[p1]}" "$PORT")"
	failed_with "$2"
}

# After another pod's ADD, CHECK of p1 is content again.
healed() {
	add_list p2 "$LIST" "$OTHER"
	check_list p2 "$LIST" "$OTHER"
	check_list p1 "$LIST" "$PORT"
	pings p2 10.1.2.1
}

all_gone() {
	del_list p1 "$LIST" "$PORT"
	del_list p1 "$LIST" "$PORT"
	del_list p2 "$LIST" "$OTHER"
	nothing_left
}

# The host end of p1.
port() {
	jq -r '.interfaces[1].name' <<<"${results[p1]}"
}

# ---- links

@test "the bridge is deleted" {
	node ip link del br0
	misses 0 "Interface name br0 not found"
	add_list p2 "$LIST" "$OTHER"
	check_list p2 "$LIST" "$OTHER"
	pings p2 10.1.2.1
	# Its port is no longer the bridge's, and only its own ADD makes it so.
	misses 0 "Bridge interface br0 Mac doesn't match"
	all_gone
}

@test "the bridge loses its addresses" {
	node ip address flush dev br0
	misses 0 "Failed to find Gateway 10.1.2.1/24 on bridge br0"
	node ip address add 10.1.2.1/24 dev br0
	misses 0 "Failed to find Gateway 2001:db8:1::1/64 on bridge br0"
	healed
	all_gone
}

@test "the bridge gets another MAC" {
	local old
	old=$(link node br0 | jq -r .address)
	node ip link set br0 address 02:00:00:00:00:01
	misses 0 "br0 Mac doesn't match: expected $old, got 02:00:00:00:00:01"
	add_list p2 "$LIST" "$OTHER"
	check_list p2 "$LIST" "$OTHER"
	pings p2 10.1.2.1
	node ip link set br0 address "$old"
	check_list p1 "$LIST" "$PORT"
	all_gone
}

@test "the bridge is taken down" {
	node ip link set br0 down
	cannot_ping p1 10.1.2.1
	healed
	pings p1 10.1.2.1
	all_gone
}

@test "forwarding is turned off" {
	node sysctl -qw net.ipv4.ip_forward=0
	misses 0 "sysctl net/ipv4/ip_forward: expected 1"
	node sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=0
	misses 0 "sysctl net/ipv6/conf/all/forwarding: expected 1"
	healed
	all_gone
}

@test "the host end is renamed" {
	local port
	port=$(port)
	node ip link set "$port" name other0
	misses 0 "Interface name $port not found"
	all_gone
}

@test "the host end is renamed, and the namespace goes" {
	node ip link set "$(port)" name other0
	pod_down p1
	all_gone
}

@test "the container's end is renamed" {
	pod p1 ip link set eth0 down
	misses 0 "Interface eth0 is down"
	pod p1 ip link set eth0 name eth9
	misses 0 "Interface name eth0 not found"
	all_gone
}

@test "the container's end gets another name, and another link has its own" {
	pod p1 ip link set eth0 down
	pod p1 ip link set eth0 name eth9
	pod p1 ip link add eth0 type bridge
	misses 0 "Container interface eth0 Mac doesn't match"
	del_list p1 "$LIST" "$PORT"
	no_link p1 eth9
	link p1 eth0 >/dev/null
	pod p1 ip link del eth0
	all_gone
}

# ---- nftables

@test "the ruleset is flushed" {
	node nft flush ruleset
	misses 0 "10.1.2.2 is not masqueraded"
	misses 1 "host port 8080/tcp is not published"
	add_list p2 "$LIST" "$OTHER"
	check_list p2 "$LIST" "$OTHER"
	misses 1 "host port 8080/tcp is not published"
	all_gone
}

@test "the ruleset is flushed, and loaded again from a dump" {
	local net
	net=$(jq -c '.plugins[0].macspoofchk = true' <<<"$LIST")
	add_list p2 "$net" "$OTHER"
	node nft list ruleset >"$BATS_TEST_TMPDIR/ruleset"
	node nft flush ruleset
	node nft -f "$BATS_TEST_TMPDIR/ruleset"
	check_list p1 "$LIST" "$PORT"
	check_list p2 "$net" "$OTHER"
	all_gone
}

@test "one element is deleted" {
	node nft delete element inet cnibox hostport4 '{ tcp . 8080 }'
	misses 1 "host port 8080/tcp is not published"
	all_gone
}

@test "the rules that look elements up are deleted" {
	node nft flush chain inet cnibox postrouting
	misses 0 "postrouting"
	all_gone
}

@test "the port is given to another" {
	node nft delete element inet cnibox hostport4 '{ tcp . 8080 }'
	node nft add element inet cnibox hostport4 \
		'{ tcp . 8080 comment "other" : 10.9.9.9 . 80 }'
	misses 1 "host port 8080/tcp is published for other"
	del_list p1 "$LIST" "$PORT"
	[ "$(nat_elements | wc -l)" = 1 ] || complain "$(nat_elements)"
	node nft flush ruleset
	all_gone
}

# ---- files

# full WHERE: no byte and no file more.
full() {
	node bash -c "head -c 1M /dev/zero >$1/fill; while : >$1/fill\$((i++))
		do :; done" 2>/dev/null || true
}

@test "the disk of the reservations is full" {
	full /var/lib/cni
	check_list p1 "$LIST" "$PORT"
	cni STATUS bridge p2 "$(with "$NET" '{"cniVersion": "1.1.0"}')"
	failed_with "No space left on device"
	[ "$code" = 50 ]
	add_fails p2 "$NET" "No space left on device"
	no_link p2 eth0
	del_list p1 "$LIST" "$PORT"
	node find /var/lib/cni -name 'fill*' -delete
	all_gone
}

# What records are missing is searched for by owner.
without_records() {
	check_list p1 "$LIST" "$PORT"
	add_list p2 "$LIST" "$OTHER"
	[[ $stderr == *"$1"* ]] || complain "not said: $stderr"
	check_list p2 "$LIST" "$OTHER"
	del_list p1 "$LIST" "$PORT"
	no_link p1 eth0
	[ "$(nat_elements | grep -c p1)" = 0 ]
}

@test "there is no room for records" {
	full $RECORDS
	without_records "No space left on device"
	del_list p2 "$LIST" "$OTHER"
	node find $RECORDS -name 'fill*' -delete
	all_gone
}

@test "there is no room for all of a record" {
	node bash -c "head -c 1M /dev/zero >$RECORDS/fill" 2>/dev/null || true
	without_records "No space left on device"
	# Its file tells that there is more.
	node test -e "$RECORDS/net1:eth0:p2.bridge"
	node rm "$RECORDS/fill"
	all_gone
}

# After what DEL could not do it is as good as never called.
@test "the reservations become read-only" {
	node mount -o remount,ro /var/lib/cni
	check_list p1 "$LIST" "$PORT"
	add_fails p2 "$NET" "Read-only file system"
	no_link p2 eth0
	cni DEL bridge p1 "$NET"
	failed_with "Read-only file system"
	no_link p1 eth0
	node mount -o remount,rw /var/lib/cni
	all_gone
}

@test "the records become read-only" {
	node mount -o remount,ro $RECORDS
	without_records "Read-only file system"
	# What it says is no longer so, and is not believed.
	add_list p1 "$LIST" "$(jq -c '.portMappings += [
		{hostPort: 8082, containerPort: 80}]' <<<"$PORT")"
	del_list p1 "$LIST" "$PORT"
	[ "$(nat_elements | grep -c p1)" = 0 ]
	node mount -o remount,rw $RECORDS
	all_gone
}

@test "the reservations are deleted" {
	node rm -r $STORE
	misses 0 "Failed to find address added by container p1"
	del_list p1 "$LIST" "$PORT"
	all_gone
}

@test "the records are deleted" {
	node find $RECORDS -type f -delete
	check_list p1 "$LIST" "$PORT"
	all_gone
}

# ---- a holder of a lock that hangs

# soon LIMIT: it took fewer seconds.
soon() {
	((SECONDS < $1)) || complain "took $SECONDS seconds"
}

@test "the lock of the reservations is held" {
	local verb pod i valid pids=()
	# The calls are at the same time: none may take what another asks for.
	add_list p2 "$LIST" "$OTHER"
	valid=$(jq -cn '[$ARGS.positional[] | {containerID: ., ifname: "eth0"}]' \
		--args p1 p2 q{2..9})
	exec {lock}<"$ROOT$STORE/lock"
	flock "$lock"
	SECONDS=0
	for i in {2..9}; do
		pod_up "q$i"
		(
			add_fails "q$i" "$NET" "for 5 seconds"
			[ "$code" = 11 ]
			no_link "q$i" eth0
		) &
		pids+=($!)
	done
	for verb in "CHECK p1 11" "DEL p2 11" "GC p1 11"; do
		(
			read -r verb pod expected <<<"$verb"
			BATS_TEST_TMPDIR+=/$verb
			mkdir "$BATS_TEST_TMPDIR"
			cni "$verb" bridge "$pod" "$(with "$NET" '{
				"prevResult": '"${results[$pod]}"',
				"cni.dev/valid-attachments": '"$valid"'}')"
			failed_with "for 5 seconds"
			[ "$code" = "$expected" ] ||
				complain "$verb: code $code"
		) &
		pids+=($!)
	done
	cni STATUS bridge p1 "$(with "$NET" '{"cniVersion": "1.1.0"}')"
	silent STATUS
	[[ $stderr == *"for 5 seconds"* ]]
	for i in "${pids[@]}"; do
		wait "$i"
	done
	# They waited at the same time, not one after the other.
	soon $((5 * ${#pids[@]}))
	exec {lock}<&-
	all_gone
}

@test "the lock of the records is held" {
	exec {lock}<"$ROOT$RECORDS"
	flock "$lock"
	SECONDS=0
	add_fails p2 "$NET" "for 5 seconds"
	[ "$code" = 11 ]
	no_link p2 eth0
	soon 60
	check_list p1 "$LIST" "$PORT"
	# It wants nothing that others share.
	del_list p1 "$LIST" "$PORT"
	exec {lock}<&-
	all_gone
}
