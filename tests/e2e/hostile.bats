#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names and paths that lead astray: a clear error or the plain effect, never a
# hang, and never a file written elsewhere.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

IPAM='{
	"cniVersion": "1.1.0", "name": "net1", "type": "host-local",
	"ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}
}'
NET=$(with "$IPAM" '{"type": "bridge", "bridge": "br0", "isGateway": true}')
STORE=/var/lib/cni/networks/net1
RECORDS=/run/cni/cnibox
GC='{"cni.dev/valid-attachments": []}'

# Every call ends soon, however. What must not change is in /run/outside.
setup() {
	node_up
	WRAPPER=(timeout 60)
	node mkdir -p /run/outside $STORE $RECORDS
	echo "not ours" >"$ROOT/run/outside/file"
}

untouched() {
	[ "$(node find /run/outside -type f -exec cat {} +)" = "not ours" ] ||
		complain "changed: $(node ls -lR /run/outside)"
	[ "$(node ls /run/outside)" = file ] ||
		complain "made: $(node ls /run/outside)"
}

# What may stand where a file of ours belongs.
KINDS="link dangling fifo directory device"

# replace PATH KIND: PATH is one of them now.
replace() {
	node rm -rf "$1"
	case $2 in
	link) node ln -s /run/outside/file "$1" ;;
	dangling) node ln -s /run/outside/new "$1" ;;
	fifo) node mkfifo "$1" ;;
	directory) node mkdir "$1" ;;
	device) node mknod "$1" c 1 5 ;; # /dev/zero
	esac
}

# Each verb of host-local ends, while something of this kind is in the way; said
# has a line "VERB STATUS" of each, and on a failure why. Not for a condition:
# bash would go on after an error.
each_verb() {
	local verb
	said="$1"$'\n'
	for verb in ADD CHECK STATUS GC DEL; do
		cni "$verb" host-local p1 "$(with "$IPAM" "$GC")"
		msg=
		echo "$1: $verb $output"
		# After an ADD that failed there is nothing to be found.
		[ "$status" = 0 ] || [[ $verb = CHECK && $said == *"ADD 1"* ]] ||
			failed_with "$STORE"
		untouched
		said+="$verb $status $msg"$'\n'
	done
	[ -z "$(node find $STORE -name '10.*')" ]
}

# ---- names

@test "a network's name leads nowhere" {
	local name
	pod_up p1
	for name in ../x a/../../x .. . /x "" $'a\nb' $'a\e[0m' 'a b' -x; do
		for verb in ADD DEL CHECK; do
			cni "$verb" bridge p1 "$(with "$NET" \
				"$(jq -cn --arg name "$name" '{$name}')")"
			failed_with "network name"
			[ "$code" = 7 ]
		done
	done
	cni ADD bridge p1 '{"name": "a\u0000b"}'
	failed_with ""
	[ "$code" = 6 ]
	no_link node br0
	nothing_left
}

@test "a network's name may be too long for a file's" {
	local conf
	pod_up p1
	conf=$(with "$NET" "{\"name\": \"$(printf '%0300d' 1)\"}")
	add_fails p1 "$conf" "name too long"
	del_twice p1 "$conf"
	no_link node br0
	nothing_left
}

@test "a container's id leads nowhere" {
	local id verb
	for id in ../x .. . /x $'a\nb' $'a\e[0m' $'\x7f' 'a b' 'a:b'; do
		for verb in ADD DEL CHECK; do
			CNI_CONTAINERID=$id cni "$verb" bridge p1 "$NET"
			failed_with "invalid characters in containerID"
			[ "$code" = 4 ]
		done
	done
}

@test "an interface's name leads nowhere" {
	local name verb
	for name in .. . ../x a/b; do
		for verb in ADD DEL CHECK; do
			CNI_IFNAME=$name cni "$verb" bridge p1 "$NET"
			failed_with "interface name"
			[ "$code" = 4 ]
		done
	done
}

@test "an interface's name is no pattern" {
	pod_up p1
	CNI_IFNAME=eth%d add_fails p1 "$NET" "interface name contains %"
	[ "$code" = 4 ]
	no_link p1 eth0
	nothing_left
	add_fails p1 "$(with "$NET" '{"bridge": "br%d"}')" "br%d"
	[ "$code" = 7 ]
	no_link node br0
	nothing_left
	CNI_IFNAME=$'a\x01"\\' add p1 "$NET"
	expect "$result" '.interfaces[2].name == "a\u0001\"\\"'
	CNI_IFNAME=$'a\x01"\\' check p1 "$NET"
	CNI_IFNAME=$'a\x01"\\' gone p1 "$NET"
}

@test "a bridge's name leads nowhere" {
	local name
	pod_up p1
	for name in .. . ../x a/b; do
		add_fails p1 "$(with "$NET" "{\"bridge\": \"$name\"}")" "$name"
		nothing_left
	done
}

# ---- the folder of reservations

@test "the folder may be behind links, and below what anybody may write to" {
	local conf
	pod_up p1
	node mkdir -m 777 /run/tmp
	node mkdir /run/real
	node ln -s /run/real /run/tmp/link
	conf=$(with "$NET" '{"ipam": {"dataDir": "/run/tmp/link/../new"}}')
	node rm -r /var/lib/cni
	for conf in /run/tmp/link /run/tmp/link/../new /run//tmp/./x/; do
		conf=$(with "$NET" "{\"ipam\": {\"dataDir\": \"$conf\"}}")
		add p1 "$conf"
		check p1 "$conf"
		del_twice p1 "$conf"
		nothing_left
	done
	[ "$(node find /run -name lock | sort | paste -sd ' ')" = \
		"/run/new/net1/lock /run/real/net1/lock /run/tmp/x/net1/lock" ]
}

@test "the folder is none" {
	local kind
	for kind in link dangling fifo device; do
		replace $STORE "$kind"
		each_verb "$kind"
		grep "ADD 1" <<<"$said" || complain "$said"
		# Nothing can be in it.
		grep "GC 0" <<<"$said" || complain "$said"
		grep "DEL 0" <<<"$said" || complain "$said"
	done
}

@test "the lock is something else" {
	local kind
	for kind in $KINDS; do
		replace $STORE/lock "$kind"
		each_verb "$kind"
		# Of these two any may serve.
		[[ $kind = @(fifo|device) ]] ||
			grep "ADD 1 .*$STORE/lock" <<<"$said" ||
			complain "$said"
	done
}

@test "the last reserved address is something else" {
	local kind
	for kind in $KINDS; do
		replace $STORE/last_reserved_ip.0 "$kind"
		each_verb "$kind"
		[ "$kind" = device ] ||
			grep "ADD 1 .*last_reserved_ip.0" <<<"$said" ||
			complain "$said"
	done
}

@test "what ADD writes first is something else" {
	local kind
	for kind in $KINDS; do
		replace $STORE/.cnibox.draft "$kind"
		each_verb "$kind"
		[ "$kind" != directory ] ||
			grep "ADD 1 .*.cnibox.draft" <<<"$said" ||
			complain "$said"
	done
}

@test "a reservation turns into something else" {
	local kind
	pod_up p1
	for kind in $KINDS; do
		add p1 "$NET"
		replace $STORE/10.1.2.2 "$kind"
		check_fails p1 "$NET" "Failed to find address"
		del_twice p1 "$NET"
		cni GC bridge p1 "$(with "$NET" "$GC")"
		silent GC
		untouched
		node rm -rf $STORE/10.1.2.2
		nothing_left
		node rm $STORE/last_reserved_ip.0
	done
}

# ---- records

@test "the record is something else" {
	local kind
	pod_up p1
	for kind in $KINDS; do
		replace $RECORDS/net1:eth0:p1.bridge "$kind"
		if [ "$kind" = directory ]; then
			add_fails p1 "$NET" "another ADD of it is under way"
			untouched
			node rmdir $RECORDS/net1:eth0:p1.bridge
		fi
		add p1 "$NET"
		untouched
		replace $RECORDS/net1:eth0:p1.bridge "$kind"
		del_twice p1 "$NET"
		no_link p1 eth0
		untouched
		[ "$kind" != directory ] ||
			node rmdir $RECORDS/net1:eth0:p1.bridge
		nothing_left
	done
}

@test "the folder of records is none" {
	local kind
	pod_up p1
	for kind in dangling fifo device; do
		replace $RECORDS "$kind"
		add p1 "$NET"
		[[ $stderr == *"$RECORDS: "* ]] || complain "$stderr"
		del_twice p1 "$NET"
		untouched
		add p1 "$NET"
		cni GC bridge p1 "$(with "$NET" "$GC")"
		silent GC
		nothing_left
	done
}

@test "the index is something else" {
	local kind index
	for kind in $KINDS; do
		add p1 "$IPAM"
		index=$(node find $RECORDS -name '.index:*')
		replace "$index" "$kind"
		check p1 "$IPAM"
		del p1 "$IPAM"
		untouched
		nothing_left
		node rm -rf "$index"
	done
}

# ---- other paths

@test "a namespace's path may be any process's" {
	local ns pid
	pod_up p1
	process_in p1
	CNI_NETNS=/proc/$pid/ns/net add p1 "$NET"
	CNI_NETNS=/proc/$pid/ns/net check p1 "$NET"
	node kill "$pid"
	CNI_NETNS=/proc/$pid/ns/net del_twice p1 "$NET"
	nothing_left
}

@test "a namespace's path of two lines is refused" {
	pod_up p1
	node mkdir $'/run/a\nb'
	node touch $'/run/a\nb/ns'
	node mount --bind /run/netns/p1 $'/run/a\nb/ns'
	CNI_NETNS=$'/run/a\nb/ns' add_fails p1 "$NET" "more than one line"
	no_link p1 eth0
	nothing_left
}

@test "resolvConf is no file" {
	local path conf
	node mkfifo /run/fifo
	node ln -s /run/loop /run/loop
	for path in /run/fifo /run /run/loop /dev/zero /run/none; do
		conf=$(with "$IPAM" "{\"ipam\": {\"resolvConf\": \"$path\"}}")
		cni ADD host-local p1 "$conf"
		[ "$path" = /run/fifo ] || failed_with "$path"
		del p1 "$conf"
		nothing_left
	done
}

@test "a plugin in CNI_PATH is no file" {
	local kind
	pod_up p1
	node mkdir /run/bin
	for kind in dangling fifo directory device; do
		replace /run/bin/host-local "$kind"
		CNI_PATH=/run/bin add_fails p1 "$NET" "host-local"
		no_link p1 eth0
		nothing_left
	done
}
