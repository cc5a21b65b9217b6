#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# buildah with CNI networks: each step of a build has an attachment of its own.
# There is no Go plugin.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

client_needs() {
	needs buildah crun busybox dpkg iptables
}

client_up() {
	oci_up
	image_up
	containers_up
	run buildah pull "docker-archive:$IMAGE_FILE"
	[[ $output != *"cni support is not enabled"* ]] ||
		skip "$(node buildah --version) has no CNI"
	[ "$status" = 0 ] || complain "$output"
	serve outside 7777
}

buildah() {
	node buildah "$@"
}

# containerfile LINE...: with the image as its base.
containerfile() {
	printf '%s\n' "FROM $IMAGE" "$@" | node_file /var/build/Containerfile
}

# Of what runs in a step: asks the outside whom it sees.
ASK="echo who am I? | nc -w 60 192.0.2.2 7777"

@test "the steps of a build reach the outside, each by an address of its own" {
	node iptables -P FORWARD DROP
	containerfile "RUN $ASK" "RUN ip -o address show dev eth0" "RUN $ASK"
	run -0 buildah build --no-cache /var/build
	[ "$(grep -c "outside sees 192.0.2.1" <<<"$output")" = 2 ]
	[[ $output == *" 10.88.0.3/16 "* ]] || complain "$output"
	nothing_left
	[ "$(node iptables -S FORWARD)" = "-P FORWARD DROP" ]
}

@test "builds at the same time" {
	local i pids=()
	containerfile "RUN $ASK"
	for i in 1 2 3 4; do
		buildah build --no-cache /var/build >"$BATS_TEST_TMPDIR/$i" &
		pids+=($!)
	done
	for i in 1 2 3 4; do
		wait "${pids[i - 1]}"
		grep -q "outside sees 192.0.2.1" "$BATS_TEST_TMPDIR/$i"
	done
	nothing_left
}

@test "a step that fails leaves nothing" {
	containerfile "RUN $ASK && exit 3"
	run -3 buildah build --no-cache /var/build
	[[ $output == *"outside sees 192.0.2.1"* ]] || complain "$output"
	nothing_left
}

@test "the network of a file, as podman's packages have it" {
	node_file /etc/cni/net.d/87-podman-bridge.conflist \
		<"$TOP/tests/lists/podman.conflist"
	containerfile "RUN $ASK"
	run -0 buildah build --no-cache /var/build
	[[ $output == *"outside sees 192.0.2.1"* ]] || complain "$output"
	[ "$(addresses node cni-podman0)" = 10.88.0.1/16 ]
	nothing_left
}

@test "a container that lives reaches the host and its neighbour" {
	local web
	buildah from --name web "$IMAGE"
	buildah run web sleep 1000 &
	web=$!
	buildah from --name db "$IMAGE"
	wait_until 10 attached 10.88.0.2
	buildah run db ping -c 1 10.88.0.2
	buildah run db ping -c 1 10.88.0.1
	[ "$(buildah run db sh -c "$ASK")" = "outside sees 192.0.2.1" ]
	node pkill -KILL -xf "/bin/sleep 1000"
	wait "$web" || true
	nothing_left
}

attached() {
	[ -n "$(node find /var/lib/cni -name "$1")" ]
}

@test "without a network there is none" {
	containerfile "RUN ip -o link"
	run -0 buildah build --no-cache --network none /var/build
	[[ $output != *eth0* ]]
	nothing_left
}
