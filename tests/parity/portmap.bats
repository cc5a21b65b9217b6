#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# portmap and Debian's portmap, behind bridge: who reaches whom is the same.

# shellcheck disable=SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

LIST=$(jq '.plugins[0].hairpinMode = true' <<<"$DUAL_LIST")

# Every one asks for the port by every address of the node. Only what the
# packets say is of interest here, not how it is done.
ask_all() {
	probe() {
		local who to
		for who in outside node p1 p2; do
			for to in 192.0.2.1 127.0.0.1 2001:db8:ffff::1; do
				[[ $who$to != [op]*127.* ]] || continue
				echo "probe $who $to: $(ask "$who" "$to" 8080 \
					"$PROTO" 2>/dev/null)"
			done
		done
	}
	prepare() {
		outside_up
		serve p1 80 "$PROTO"
	}
	STEPS="ADD:p2 ADD:p1 DEL:p1"
}

# ports MAPPINGS: what is asked for p1.
ports() {
	CAPS=$(jq -cn --argjson m "$1" '{portMappings: $m}')
}

# said WHO TEXT: after ADD cnibox let WHO hear TEXT.
said() {
	grep -qF " ADD:p1 probe $1: $2" "$BATS_TEST_TMPDIR/box/account" ||
		complain "$1 did not hear $2"
}

@test "TCP" {
	PROTO=tcp
	ask_all
	ports '[{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]'
	same "TCP" "$LIST"
	said "outside 192.0.2.1" "p1 sees 192.0.2.2"
	said "node 127.0.0.1" "p1 sees 10.1.2.1"
	said "outside 2001:db8:ffff::1" "p1 sees"
}

@test "UDP" {
	PROTO=udp
	ask_all
	ports '[{"hostPort": 8080, "containerPort": 80, "protocol": "udp"}]'
	same "UDP" "$LIST"
	said "outside 192.0.2.1" "p1 sees 192.0.2.2"
}

@test "an address of the host" {
	PROTO=tcp
	ask_all
	ports '[{"hostPort": 8080, "containerPort": 80, "protocol": "tcp",
		"hostIP": "192.0.2.1"}]'
	same "hostIP" "$LIST"
	said "outside 192.0.2.1" "p1 sees 192.0.2.2"
}

@test "without snat" {
	PROTO=tcp
	PATIENCE=10 # some wait in vain
	ask_all
	ports '[{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]'
	same "snat" "$(jq -c '.plugins[1].snat = false' <<<"$LIST")"
	said "outside 192.0.2.1" "p1 sees 192.0.2.2"
}

@test "the answer, in every version" {
	local version
	PODS=p1 STEPS="ADD:p1 DEL:p1 DEL:p1"
	ports '[{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]'
	for version in 0.3.1 1.0.0 1.1.0; do
		same "$version" "$(with "$LIST" "{\"cniVersion\": \"$version\"}")"
	done
}

@test "what is refused" {
	local port
	PODS=p1 STEPS=ADD:p1
	EXPLAINED=$'\nthe configuration was read well enough to know its keys
\t^[-+] ADD:p1 error (failed to parse config: )?Invalid '
	for port in '[{"hostPort": 0, "containerPort": 80, "protocol": "tcp"}]' \
		'[{"hostPort": 80, "containerPort": -1, "protocol": "tcp"}]'; do
		ports "$port"
		same "$port" "$LIST"
	done
}
