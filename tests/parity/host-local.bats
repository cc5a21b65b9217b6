#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# host-local and Debian's host-local: the same answers, the same files.

# shellcheck disable=SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

NET='{
	"cniVersion": "0.4.0", "name": "net1", "type": "host-local",
	"ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}
}'
SETS='{
	"cniVersion": "0.4.0", "name": "net1", "type": "host-local",
	"ipam": {"type": "host-local", "ranges": [
		[{"subnet": "10.1.2.0/30"}, {"subnet": "10.1.3.0/30"}],
		[{"subnet": "2001:db8:1::/64"}]
	]}
}'

# The kernel has no part in this.
look() {
	touch "$BATS_TEST_TMPDIR/names" "$BATS_TEST_TMPDIR/seen"
}

@test "ranges, gateways, routes and dns" {
	prepare() {
		node bash -c 'printf "%s\n" "; none" "nameserver 192.0.2.53 x" \
			"search a.example" "search b.example" "domain example" \
			"options ndots:5  edns0" >/run/resolv.conf'
	}
	STEPS="ADD:p1 ADD:p2 CHECK:p1 DEL:p1 CHECK:p1 ADD:p1"
	rows "$NET" <<-'END'
	"a subnet" {}
	"rangeStart" {"ipam": {"rangeStart": "10.1.2.50"}}
	"both ends" {"ipam": {
		"rangeStart": "10.1.2.50", "rangeEnd": "10.1.2.51"
	}}
	"the network's own address" {"ipam": {"rangeStart": "10.1.2.0"}}
	"a gateway" {"ipam": {"gateway": "10.1.2.2"}}
	"a gateway elsewhere" {"ipam": {"gateway": "10.9.9.9"}}
	"routes" {"ipam": {"routes": [
		{"dst": "0.0.0.0/0"}, {"dst": "10.0.0.5/8", "gw": "10.1.2.7"}
	]}}
	"resolvConf" {"ipam": {"resolvConf": "/run/resolv.conf"}}
	"dataDir" {"ipam": {"dataDir": "/var/lib/cni/elsewhere"}}
	"subnet and ranges" {"ipam": {"ranges": [[{"subnet": "10.1.9.0/24"}]]}}
	"ranges of the runtime" {"runtimeConfig": {
		"ipRanges": [[{"subnet": "10.1.9.0/24"}]]
	}}
	END
	rows "$SETS" <<<'"sets" {}'
}

@test "every version" {
	local version
	STEPS="ADD:p1 ADD:p2 DEL:p1 DEL:p2"
	for version in $VERSIONS; do
		rows "$SETS" <<<"\"$version\" {\"cniVersion\": \"$version\",
			\"ipam\": {\"routes\": [{\"dst\": \"0.0.0.0/0\"},
			{\"dst\": \"::/0\", \"gw\": \"2001:db8:1::9\"}]}}"
	done
}

@test "addresses that are asked for" {
	STEPS="ADD:p1 ADD:p2 CHECK:p1 DEL:p1 ADD:p2"
	rows "$NET" <<-'END'
	"by CNI_ARGS" {"$args": "IP=10.1.2.77"}
	"with a prefix" {"$args": "IgnoreUnknown=1;X=y;IP=10.1.2.77/24"}
	"by args" {"args": {"cni": {"ips": ["10.1.2.77"]}}}
	"by the runtime" {"runtimeConfig": {"ips": ["10.1.2.77/24"]}}
	"the gateway" {"$args": "IP=10.1.2.1"}
	"out of range" {"args": {"cni": {"ips": ["192.168.99.99"]}}}
	END
	rows "$SETS" <<-'END'
	"of two sets" {"args": {"cni": {"ips": ["2001:db8:1::77", "10.1.3.2"]}}}
	END
}

@test "round robin, and the end of the range" {
	local i
	PODS="p1 p2 p3 p4 p5 p6"
	STEPS="ADD:p1 ADD:p2 ADD:p3 DEL:p2 ADD:p2 DEL:p1 ADD:p4 ADD:p5 ADD:p6"
	STEPS+=" ADD:p1 DEL:p3 ADD:p3 ADD:p3 DEL:p4 DEL:p5 ADD:p5 ADD:p4 ADD:p1"
	for i in 1 2 3 4; do
		STEPS+=" DEL:p6 ADD:p6"
	done
	rows "$NET" <<-'END'
	"one range" {"ipam": {"subnet": "10.1.2.0/29"}}
	"one end" {"ipam": {"rangeEnd": "10.1.2.4"}}
	END
	rows "$SETS" <<<'"two ranges and a second set" {}'
}

@test "what is refused, in the same words" {
	PODS=p1 STEPS=ADD:p1
	rows "$NET" <<-'END'
	"no space for hosts" {"ipam": {"subnet": "10.1.2.0/31"}}
	"host bits" {"ipam": {"subnet": "10.1.2.5/24"}}
	"a start elsewhere" {"ipam": {"rangeStart": "10.1.3.1"}}
	"an end elsewhere" {"ipam": {"rangeEnd": "10.1.3.1"}}
	"an end before the start" {
		"ipam": {"rangeStart": "10.1.2.9", "rangeEnd": "10.1.2.8"}
	}
	"an empty set" {"ipam": {"ranges": [[]]}}
	"mixed families" {"ipam": {"ranges": [
		[{"subnet": "10.1.9.0/24"}, {"subnet": "2001:db8::/64"}]
	]}}
	"an overlap in a set" {"ipam": {"ranges": [
		[{"subnet": "10.1.8.0/22"}, {"subnet": "10.1.9.0/24"}]
	]}}
	"an overlap of sets" {"ipam": {"ranges": [[{"subnet": "10.1.2.0/24"}]]}}
	"two sets of a family" {"cniVersion": "0.2.0",
		"ipam": {"ranges": [[{"subnet": "10.1.9.0/24"}]]}
	}
	"an unknown word" {"$args": "FOO=BAR", "$explained": {
		"the variable is named": ["error (CNI_ARGS: )?ARGS: unknown args \\[.FOO=BAR.\\]$"]
	}}
	"not a pair" {"$args": "IgnoreUnknown=1;FOO", "$explained": {
		"the variable is named": ["error (CNI_ARGS: )?ARGS: invalid pair .FOO.$"]
	}}
	"two of one set" {"args": {"cni": {"ips": ["10.1.2.9", "10.1.2.9"]}}}
	END
}

@test "reservations of old, without an interface" {
	PODS=p1 STEPS="CHECK:p1 ADD:p1 DEL:p1 DEL:p1 CHECK:p1"
	prepare() {
		node mkdir -p /var/lib/cni/networks/net1
		node bash -c 'printf p1 >/var/lib/cni/networks/net1/10.1.2.7
			printf p9 >/var/lib/cni/networks/net1/10.1.2.2
			printf zzz >/var/lib/cni/networks/net1/last_reserved_ip.0'
	}
	rows "$NET" <<<'"as they are" {}'
}

# ---- both on one directory

# by ref|box VERB POD: fills status, output.
by() {
	use "$1"
	cni "$2" host-local "$3" "$NET"
}

reserved() {
	node find /var/lib/cni/networks/net1 -name '10.*' -printf '%f\n' |
		sort -V | paste -sd' '
}

@test "what one adds the other finds and removes" {
	local one other
	node_up
	for one in ref box; do
		other=$([ "$one" = ref ] && echo box || echo ref)
		by "$one" ADD p1
		succeeded "ADD by $one"
		by "$other" CHECK p1
		silent "CHECK by $other"
		by "$other" ADD p1
		failed_with "duplicate allocation is not allowed"
		by "$other" DEL p1
		silent "DEL by $other"
		[ -z "$(reserved)" ]
		by "$one" CHECK p1
		failed_with "Failed to find address added by container p1"
	done
	node_down
}

@test "by turns they hand out one address after the other" {
	local i side=ref
	node_up
	for i in {1..20}; do
		side=$([ "$side" = ref ] && echo box || echo ref)
		by "$side" ADD "p$i"
		succeeded "ADD by $side"
		[ "$(jq -r '.ips[0].address' <<<"$output")" = "10.1.2.$((i + 1))/24" ]
	done
	for i in {1..20}; do
		side=$([ "$side" = ref ] && echo box || echo ref)
		by "$side" DEL "p$i"
	done
	[ -z "$(reserved)" ]
	node_down
}

@test "at the same time no address is given twice" {
	local i side pids=()
	node_up
	for i in {1..8}; do
		for side in ref box; do
			by "$side" ADD "$side$i" &
			pids+=($!)
		done
	done
	wait "${pids[@]}"
	[ "$(cat "$BATS_TEST_TMPDIR"/*.out | jq -r '.ips[0].address' |
		sort -u | wc -l)" = 16 ]
	[ "$(reserved | wc -w)" = 16 ]
	for i in {1..8}; do
		by ref DEL "box$i" &
		pids+=($!)
		by box DEL "ref$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ -z "$(reserved)" ]
	node_down
}
