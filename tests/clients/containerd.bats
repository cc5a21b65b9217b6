#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# containerd, asked through CRI for what kubelet asks it.

# shellcheck disable=SC2154 # variables of helpers.bash
load helpers
load containerd

@test "two pods with a hostPort each: who reaches them, until they are removed" {
	local of_web of_api
	pod_start web "$(mapping 8080 80)"
	pod_start api "$(mapping 8081 80 192.0.2.1)"
	mapfile -t of_web < <(pod_addresses web)
	mapfile -t of_api < <(pod_addresses api)
	[[ ${of_web[*]} == "10.12.1."*" 2001:db8:12::"* ]]
	[[ ${of_api[*]} == "10.12.1."*" 2001:db8:12::"* ]]
	[ "${of_web[0]}" != "${of_api[0]}" ]
	pod_exec web ip address show dev eth0 | grep -F " ${of_web[0]}/24 "
	pod_exec web ping -c 1 127.0.0.1
	for address in "${of_api[@]}"; do
		pod_exec web ping -c 1 "$address"
	done
	pod_exec api ping -c 1 "${of_web[0]}"

	answers outside 192.0.2.1 8080 web
	answers outside 192.0.2.1 8081 api
	wait_until 5 answers outside 2001:db8:ffff::1 8080 web
	answers node 127.0.0.1 8080 web
	answers node 192.0.2.1 8081 api
	no_answer node 127.0.0.1 8081
	serve outside 7777
	[ "$(pod_exec web "${CALLER[@]}")" = "outside sees 192.0.2.1" ]

	pod_remove web
	no_answer outside 192.0.2.1 8080
	answers outside 192.0.2.1 8081 api
	pod_remove api
	nothing_left
}

@test "a pod whose processes and namespace are gone is removed like any other" {
	local path
	pod_start web "$(mapping 8080 80)"
	for id in "${containers[web]}" "${sandboxes[web]}"; do
		node ctr -n k8s.io task kill --signal KILL "$id"
	done
	for path in "$ROOT"/run/netns/cni-*; do
		node umount -l "${path#"$ROOT"}"
		rm "$path"
	done
	pod_remove web
	nothing_left
}

@test "a hostPort that is taken fails the second pod, which leaves nothing" {
	local before
	pod_start web "$(mapping 8080 80)"
	before=$(leftovers)
	run -1 sandbox api "$(mapping 8080 80)"
	[[ $output == *'plugin type="portmap" failed (add)'*8080/tcp* ]]
	[[ $output == *"${sandboxes[web]}"* ]]
	[ "$(leftovers)" = "$before" ]
	answers outside 192.0.2.1 8080 web
	pod_remove web
	nothing_left
}

@test "without a free address a pod fails, and kubelet is told so" {
	network "${NETWORK/10.12.1.0\/24/10.12.1.0\/30}"
	wait_until 5 has_read 10.12.1.0/30
	sandbox first '[]'
	run -1 sandbox second '[]'
	[[ $output == *'plugin type="bridge" failed (add)'* ]]
	[[ $output == *"no IP addresses available"* ]]
	pod_remove first
	sandbox second '[]'
	pod_remove second
	nothing_left
}

@test "pods that come at the same time, and go at the same time" {
	local names=(p{1..6}) jobs=() name
	for name in "${names[@]}"; do
		(
			sandbox "$name" "$(mapping "808${name#p}" 80)"
			echo "${sandboxes[$name]}" >"$BATS_TEST_TMPDIR/$name"
		) &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job"
	done
	for name in "${names[@]}"; do
		sandboxes[$name]=$(<"$BATS_TEST_TMPDIR/$name")
		pod_addresses "$name" >>"$BATS_TEST_TMPDIR/addresses"
	done
	[ "$(sort -u "$BATS_TEST_TMPDIR/addresses" | wc -l)" = 12 ]
	[ "$(nat_elements | grep -c ^hostport)" = 12 ]
	jobs=()
	for name in "${names[@]}"; do
		pod_remove "$name" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job"
	done
	nothing_left
}

@test "ctr run --cni" {
	serve outside 7777
	node ctr images import "$IMAGE_FILE"
	run -0 node ctr run --rm --cni --snapshotter native \
		--runc-binary "$OCI" "$IMAGE" c1 "${CALLER[@]}"
	[[ $output == *"outside sees 192.0.2.1"* ]]
	nothing_left
}
