#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# static and Debian's static: the same answers, by themselves and in bridge.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "static",
	"ipam": {
		"type": "static",
		"addresses": [
			{"address": "10.1.2.3/24", "gateway": "10.1.2.1"},
			{"address": "2001:db8:1::3/64"}
		],
		"routes": [{"dst": "0.0.0.0/0"},
			{"dst": "192.168.0.0/16", "gw": "10.1.2.9"}],
		"dns": {"nameservers": ["10.1.2.1"], "domain": "example.net",
			"search": ["example.org"], "options": ["ndots:2"]}
	}
}'

@test "every version" {
	local version
	PODS=p1
	for version in $VERSIONS; do
		STEPS="ADD:p1 CHECK:p1 DEL:p1 DEL:p1"
		[[ $version != 0.[123].* ]] || STEPS="ADD:p1 DEL:p1"
		same "$version" "$(with "$NET" "{\"cniVersion\": \"$version\"}")"
	done
}

@test "who says what" {
	PODS=p1 STEPS="ADD:p1 CHECK:p1 DEL:p1"
	rows "$NET" <<-'END'
	"nothing" {"ipam": {"addresses": null, "routes": null, "dns": null}}
	"CNI_ARGS" {"$args": "IP=10.1.2.4/24, 2001:db8:1::4/64 ,10.1.3.4/24;GATEWAY=2001:db8:1::1,10.1.2.9"}
	"a gateway alone" {"$args": "GATEWAY=2001:db8:1::1"}
	"args" {"$args": "IP=10.1.2.4/24", "args": {"cni": {"ips": ["10.1.2.5/24", "10.1.2.6/24"]}}}
	"runtimeConfig" {"args": {"cni": {"ips": ["10.1.2.5/24"]}},
		"runtimeConfig": {"ips": ["2001:db8:1::7/64", "10.1.2.7/0"]}}
	"empty lists" {"args": {"cni": {"ips": []}}, "runtimeConfig": {"ips": []}}
	"what is replaced" {"ipam": {"addresses": [{"address": "x"}]},
		"runtimeConfig": {"ips": ["10.1.2.7/24"]}}
	"IPv4 as IPv6" {"ipam": {"addresses": [{"address": "::ffff:10.1.2.3/120"}]}}
	END
}

@test "what is refused" {
	PODS=p1 STEPS=ADD:p1
	rows "$NET" <<-'END'
	"no length" {"ipam": {"addresses": [{"address": "10.1.2.3"}]}}
	"a length too long" {"ipam": {"addresses": [{"address": "10.1.2.3/33"}]}}
	"no address" {"ipam": {"addresses": [{"gateway": "10.1.2.1"}]}}
	"args" {"args": {"cni": {"ips": ["10.1.2.4/24", "x"]}}}
	"runtimeConfig" {"runtimeConfig": {"ips": ["10.1.2.4"]}}
	"CNI_ARGS" {"$args": "IP=10.1.2.4/24,"}
	"a gateway" {"$args": "IP=10.1.2.4/24;GATEWAY=10.1.2.1,x"}
	"unknown" {"$args": "X=1", "$explained": {
		"the message begins with the variable": [
			"^[-+] ADD:p1 error (CNI_ARGS: )?ARGS: unknown args"
		]
	}}
	"two of a family" {"cniVersion": "0.2.0", "$args": "IP=10.1.2.4/24"}
	END
}

@test "in bridge" {
	STEPS="ADD:p1 ADD:p2 CHECK:p1 DEL:p1 DEL:p1"
	# The second pod asks for the same address, which is nobody's business here.
	rows "$(with "$NET" '{"type": "bridge", "bridge": "br0",
		"isGateway": true}')" <<<'"a gateway" {"ipam": {"dns": null}}'
}
