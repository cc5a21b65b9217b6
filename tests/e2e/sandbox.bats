#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A binary with SANDBOX: it can do what a plugin does, and nothing else.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

NET=$(jq -c '{cniVersion: "1.1.0", name} + .plugins[0] + {macspoofchk: true}' \
	<<<"$DUAL_LIST")
PORTS='{
	"cniVersion": "1.1.0", "name": "net1", "type": "portmap",
	"runtimeConfig": {"portMappings": [
		{"hostPort": 8080, "containerPort": 80, "protocol": "udp"}]}
}'

setup_file() {
	build_own defconfig SANDBOX
}

# From here on the system calls of each call are in /run/trace.
watched() {
	command -v strace >/dev/null || skip "strace is not installed"
	WRAPPER=(strace -o /run/trace)
}

# The filter was there, and has refused nothing.
nothing_refused() {
	node grep -q '^prctl(PR_SET_SECCOMP.* = 0$' /run/trace ||
		complain "no filter" "$(node tail -n 5 /run/trace)"
	! node grep -E "EPERM|EACCES" /run/trace
}

# Files were kept from others, where the kernel can do that.
kept_to_files() {
	node grep -qE '^landlock_(restrict_self.* = 0|create.* ENOSYS|create.* EOPNOTSUPP)' \
		/run/trace || complain "no Landlock"
}

@test "no call of any verb is refused" {
	local ports
	watched
	pod_up p1
	add p1 "$NET"
	nothing_refused
	kept_to_files
	ports=$(with_prev "$PORTS" "$result")
	cni ADD portmap p1 "$ports"
	succeeded ADD
	nothing_refused
	check p1 "$NET"
	nothing_refused
	cni STATUS bridge p1 "$NET"
	silent STATUS
	nothing_refused
	del p1 "$ports"
	nothing_refused
	cni GC bridge p1 "$(with "$NET" '{"cni.dev/valid-attachments": []}')"
	silent GC
	nothing_refused
	gone p1 "$NET"
	nothing_refused
}

@test "an ADD that fails takes back what it made" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"ipam": {"routes":
		[{"dst": "10.9.0.0/16", "gw": "10.200.0.1"}]}}')" "10.9.0.0/16"
	nothing_left
}

@test "an ipam plugin of others is run, with all that it may need" {
	node mkdir /run/plugins
	node tee /run/plugins/foreign >/dev/null <<-'EOT'
		#!/bin/sh
		PATH=/usr/bin:/bin
		grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status >/run/status
		echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.1.2.9/24"}]}'
	EOT
	node chmod +x /run/plugins/foreign
	CNI_PATH=/run/plugins:$PLUGINS
	pod_up p1
	add p1 "$(with "$NET" '{"ipam": {"type": "foreign"}}')"
	[ "$(node cat /run/status)" = "$(node grep -E \
		'^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status)" ]
	gone p1 "$(with "$NET" '{"ipam": {"type": "foreign"}}')"
}
