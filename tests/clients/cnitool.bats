#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnitool, which is libcni and nothing else: what every Go runtime calls
# plugins by.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

# setup has built it, beside the binary under test.
CNITOOL=$(dirname "$CNIBOX")/clients/cnitool
PORTS='{"portMappings": [{"hostPort": 8080, "containerPort": 80,
	"protocol": "tcp"}]}'

client_needs() {
	needs "$CNITOOL"
}

client_up() {
	cp "$CNITOOL" "$ROOT/opt/cnitool"
	network 1.0.0
	pod_up p1
}

# network VERSION: the network net1.
network() {
	node_file /etc/cni/net.d/net1.conflist <<-END
		{
			"cniVersion": "$1", "name": "net1", "plugins": [
				{
					"type": "bridge", "bridge": "br0",
					"isGateway": true, "ipMasq": true,
					"ipam": {
						"type": "host-local",
						"ranges": [[{"subnet": "10.1.2.0/24"}]],
						"routes": [{"dst": "0.0.0.0/0"}]
					}
				},
				{
					"type": "portmap",
					"capabilities": {"portMappings": true}
				}
			]
		}
	END
}

# cnitool VERB POD: with CAP_ARGS and other variables of the caller.
cnitool() {
	node env CNI_PATH="${CNI_PATH-/opt/cni/bin}" CAP_ARGS="${CAP_ARGS-}" \
		CNI_ARGS="${CNI_ARGS-}" \
		/opt/cnitool "$1" net1 "/run/netns/$2"
}

# libcni keeps the last result for CHECK and DEL.
cached() {
	ls "$ROOT/var/lib/cni/results"
}

# add_check_del VERSION: the life of p1 in a network of that version.
add_check_del() {
	local answer
	network "$1"
	answer=$(CAP_ARGS=$PORTS cnitool add p1)
	expect "$answer" ".cniVersion == \"$1\" and .ips[0].gateway == \"10.1.2.1\""
	[[ $(cached) == net1-*-eth0 ]]
	[ "$(addresses p1 eth0)" = "$(jq -r '.ips[0].address' <<<"$answer")" ]
	CAP_ARGS=$PORTS cnitool check p1
	serve p1 80
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers node 127.0.0.1 8080 "p1 sees 10.1.2.1"
	cnitool del p1
	[ -z "$(cached)" ]
	cnitool del p1
	no_answer outside 192.0.2.1 8080
	nothing_left
}

@test "ADD, CHECK with the cached result, DEL without the ports: 0.4.0" {
	add_check_del 0.4.0
}

@test "ADD, CHECK with the cached result, DEL without the ports: 1.0.0" {
	add_check_del 1.0.0
}

@test "ADD and DEL at the versions that have no CHECK" {
	for version in 0.1.0 0.2.0 0.3.0 0.3.1; do
		network $version
		expect "$(CAP_ARGS=$PORTS cnitool add p1)" \
			".cniVersion == \"$version\""
		pings p1 192.0.2.2
		run -1 cnitool check p1
		cnitool del p1
		nothing_left
	done
}

@test "CHECK fails, by libcni too, after the address was taken away" {
	CAP_ARGS=$PORTS cnitool add p1
	pod p1 ip address flush dev eth0
	CAP_ARGS=$PORTS run -1 cnitool check p1
	[[ $output == *10.1.2.2* ]]
	cnitool del p1
	nothing_left
}

@test "CHECK fails, by libcni too, after the port was taken away" {
	CAP_ARGS=$PORTS cnitool add p1
	node nft flush map inet cnibox hostport4
	CAP_ARGS=$PORTS run -1 cnitool check p1
	[[ $output == *8080* ]]
	cnitool del p1
	nothing_left
}

@test "an ADD that fails late leaves nothing, and says why" {
	CAP_ARGS=${PORTS/: 80,/: 0,} run -1 cnitool add p1
	[[ $output == *"Invalid container port number: 0"* ]]
	cnitool del p1
	nothing_left
}

@test "DEL after the namespace is gone" {
	CAP_ARGS=$PORTS cnitool add p1
	pod_down p1
	cnitool del p1
	[ -z "$(cached)" ]
	nothing_left
}

@test "CNI_ARGS ask for an address, and for a MAC address" {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAME=p1;IP=10.1.2.77;MAC=02:11:22:33:44:55" \
		cnitool add p1
	[ "$(addresses p1 eth0)" = 10.1.2.77/24 ]
	expect "$(link p1 eth0)" '.address == "02:11:22:33:44:55"'
	cnitool del p1
	nothing_left
}

@test "the IPAM plugin is found in whichever folder of CNI_PATH" {
	mkdir "$ROOT/opt/cni/ipam"
	cp --dereference "$ROOT/opt/cni/bin/host-local" "$ROOT/opt/cni/ipam"
	rm "$ROOT/opt/cni/bin/host-local"
	CNI_PATH=/opt/cni/bin:/opt/cni/ipam cnitool add p1
	pings p1 10.1.2.1
	CNI_PATH=/opt/cni/bin:/opt/cni/ipam cnitool del p1
	nothing_left
}
