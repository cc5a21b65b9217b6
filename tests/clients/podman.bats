#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# podman with CNI networks, to each of which it chains firewall and tuning. There
# is no Go plugin.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

client_needs() {
	needs podman crun busybox dpkg iptables
}

client_up() {
	oci_up
	image_up
	containers_up
	[ "$(podman info --format '{{.Host.NetworkBackend}}')" = cni ] ||
		skip "$(node podman --version) has no CNI"
	podman load --input "$IMAGE_FILE"
}

podman() {
	node podman "$@"
}

# start NAME OPTION...: a container NAME that runs the server.
start() {
	podman run --detach --name "$1" --hostname "$1" "${@:2}" \
		"$IMAGE" "${SERVER[@]}"
}

# settings NAME NETWORK KEY: what podman knows of a container's network.
settings() {
	podman inspect "$1" | jq -r ".[0].NetworkSettings.Networks.$2.$3"
}

# Of the containers; the kernel is asked in each.
address() {
	podman exec "$1" ip -o address show dev "$2"
}

@test "two containers reach each other, and the outside reaches their ports" {
	local netns
	podman network create --subnet 10.89.7.0/24 \
		--ipv6 --subnet fd00:89:7::/64 net1
	start web --network net1 --publish 8080:80 \
		--publish 192.0.2.1:8090:80 --publish 8053:53/udp
	podman run --detach --name db --network net1 --ip 10.89.7.50 \
		--mac-address 02:11:22:33:44:55 "$IMAGE"

	address db eth0 | grep -F " 10.89.7.50/24 "
	podman exec db ip link show dev eth0 | grep 02:11:22:33:44:55
	[ "$(settings db net1 IPAddress)" = 10.89.7.50 ]
	[ "$(settings db net1 MacAddress)" = 02:11:22:33:44:55 ]
	podman exec web ping -c 1 10.89.7.50
	for key in IPAddress GlobalIPv6Address; do
		podman exec db ping -c 1 "$(settings web net1 $key)"
	done

	answers outside 192.0.2.1 8080 web
	answers outside 192.0.2.1 8090 web
	wait_until 5 answers outside 2001:db8:ffff::1 8080 web
	answers node 127.0.0.1 8080 web
	no_answer node 127.0.0.1 8090
	netns=$(podman inspect web | jq -r '.[0].NetworkSettings.SandboxKey')
	serve "${netns##*/}" 53 udp
	answers outside 192.0.2.1 8053 "${netns##*/} sees 192.0.2.2" udp

	podman rm --force --time 0 web db
	no_answer outside 192.0.2.1 8080
	nothing_left
	podman network rm net1
}

@test "the default network: outside by masquerading, and gone with the command" {
	serve outside 7777
	run -0 podman run --rm "$IMAGE" "${CALLER[@]}"
	[ "$output" = "outside sees 192.0.2.1" ]
	nothing_left
}

@test "the steps of a build reach the outside" {
	serve outside 7777
	node_file /var/build/Containerfile <<-END
		FROM $IMAGE
		RUN echo who am I? | nc -w 60 192.0.2.2 7777
		RUN ip -o address show dev eth0
	END
	run -0 podman build --no-cache /var/build
	[[ $output == *"outside sees 192.0.2.1"*" 10.88."* ]]
	nothing_left
}

@test "a pod: its containers share the address, and the ports" {
	podman pod create --name web --publish 8080:80 --infra-image "$IMAGE" \
		--infra-command "sleep 1000000"
	podman run --detach --pod web "$IMAGE" "${SERVER[@]}"
	answers outside 192.0.2.1 8080 web
	podman pod rm --force --time 0 web
	nothing_left
}

@test "a second network is connected and disconnected" {
	local before
	podman network create --subnet 10.89.7.0/24 net1
	podman network create --subnet 10.89.8.0/24 net2
	podman run --detach --name db --network net2 "$IMAGE"
	podman run --detach --name web --network net1 "$IMAGE"
	before=$(leftovers)
	podman network connect net2 web
	address web eth1 | grep -F " 10.89.8.3/24 "
	podman exec web ping -c 1 10.89.8.2
	podman network disconnect net2 web
	[ "$(leftovers)" = "$before" ]
	run ! address web eth1
	address web eth0 | grep -F " 10.89.7.2/24 "
	podman rm --force --time 0 web db
	nothing_left
}

@test "networks that are two from the start" {
	podman network create --subnet 10.89.7.0/24 net1
	podman network create --subnet 10.89.8.0/24 net2
	podman run --detach --name web --network net1,net2 "$IMAGE"
	podman exec web ip -o address >"$BATS_TEST_TMPDIR/addresses"
	grep -F " 10.89.7.2/24 " "$BATS_TEST_TMPDIR/addresses"
	grep -F " 10.89.8.2/24 " "$BATS_TEST_TMPDIR/addresses"
	podman rm --force --time 0 web
	nothing_left
}

@test "after network reload, and restart, the ports lead to the container" {
	local ip
	podman network create --subnet 10.89.7.0/24 \
		--ipv6 --subnet fd00:89:7::/64 net1
	start web --network net1 --publish 8080:80
	ip=$(settings web net1 IPAddress)
	node nft flush ruleset
	no_answer outside 192.0.2.1 8080
	podman network reload web
	answers outside 192.0.2.1 8080 web
	[ "$(settings web net1 IPAddress)" = "$ip" ]
	podman restart --time 0 web
	answers outside 192.0.2.1 8080 web
	podman rm --force --time 0 web
	nothing_left
}

@test "a port that is taken fails the second container, which leaves nothing" {
	local before
	start web --publish 8080:80
	before=$(leftovers)
	run -126 start other --publish 8080:80
	[[ $output == *'plugin type="portmap" failed (add)'*8080/tcp* ]]
	[ "$(leftovers)" = "$before" ]
	answers outside 192.0.2.1 8080 web
	podman rm --force --time 0 web other
	nothing_left
}

@test "a container whose processes are killed leaves nothing" {
	start web --publish 8080:80
	podman kill web
	wait_until 10 exited web
	podman rm web
	nothing_left
}

exited() {
	[ "$(podman inspect --format '{{.State.Status}}' "$1")" = exited ]
}

two_networks() {
	podman network create --subnet 10.89.7.0/24 net1
	podman network create --subnet 10.89.8.0/24 net2
}

@test "a port outlives the disconnect of the network it was published in" {
	two_networks
	start web --network net1 --publish 8080:80
	podman network connect net2 web
	answers outside 192.0.2.1 8080 web
	podman network disconnect net1 web
	answers outside 192.0.2.1 8080 web
	podman rm --force --time 0 web
	nothing_left
}

@test "a port stays when a second network comes and goes" {
	two_networks
	start web --network net1 --publish 8080:80
	podman network connect net2 web
	podman network disconnect net2 web
	answers outside 192.0.2.1 8080 web
	podman rm --force --time 0 web
	nothing_left
}

@test "a port of a container in two networks from the start" {
	two_networks
	start web --network net1,net2 --publish 8080:80
	answers outside 192.0.2.1 8080 web
	podman rm --force --time 0 web
	nothing_left
}
