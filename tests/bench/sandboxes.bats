#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What kubelet waits for: containerd runs and stops the sandboxes of pods, on one
# node with cnibox, on another with Debian's plugins. Called by tests/bench/clients,
# which says in MEASURES what file to write, and in ROUNDS how often.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load ../clients/helpers
load ../clients/containerd

setup() {
	parents=()
	client_needs
	needs "$REFERENCE/bridge" iptables
	node_of cnibox "$PLUGINS"
	node_of reference "$REFERENCE"
}

# node_of NAME PLUGINS: its socket is in sockets
node_of() {
	export PLUGINS=$2
	node_up
	parents+=("$NODE_PARENT")
	client_up
	sockets+=("$1=$ROOT/run/containerd/containerd.sock")
}

teardown() {
	for NODE_PARENT in "${parents[@]}"; do
		node_down
	done
}

@test "sandboxes of pods, one and 30 at once" {
	/usr/bin/python3 "$TOP/tests/bench/sandboxes.py" "$TOP/tests/clients" \
		"$ROUNDS" "${sockets[@]}" >"$MEASURES"
}
