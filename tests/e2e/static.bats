#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# static: containers get the addresses that somebody names.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

NET='{
	"cniVersion": "1.1.0", "name": "net1", "type": "static",
	"ipam": {
		"type": "static",
		"addresses": [
			{"address": "10.1.2.3/24", "gateway": "10.1.2.1"},
			{"address": "2001:db8:1::3/64"}
		],
		"routes": [{"dst": "0.0.0.0/0"}, {"dst": "192.168.0.0/16", "gw": "10.1.2.9"}],
		"dns": {"nameservers": ["10.1.2.1"], "domain": "example.net",
			"search": ["example.org"], "options": ["ndots:2"]}
	}
}'
# Without addresses.
BARE='{"cniVersion": "1.1.0", "name": "net1", "type": "static",
	"ipam": {"type": "static"}}'

# static CONF...: what ADD answers is ips.
static() {
	cni ADD static p1 "$1"
	succeeded ADD
	ips=$(jq -c '[.ips // [] | .[] | [.address, .gateway]]' <<<"$output")
}

# is LIST: these addresses and gateways.
is() {
	[ "$ips" = "$1" ] || complain "expected $1" "got $ips"
}

refused() {
	cni ADD static p1 "$1"
	failed_with "$2"
	[ "$code" = 7 ] || complain "code $code"
}

@test "ADD answers what the configuration names, in the words of each version" {
	local version conf
	for version in $VERSIONS; do
		conf=$(with "$NET" "{\"cniVersion\": \"$version\"}")
		cni ADD static p1 "$conf"
		succeeded "$version"
		expect "$output" ".cniVersion == \"$version\" and .dns == {
			\"nameservers\": [\"10.1.2.1\"], \"domain\": \"example.net\",
			\"search\": [\"example.org\"], \"options\": [\"ndots:2\"]}"
		case $version in
		0.[12].*) expect "$output" '.ip4 == {"ip": "10.1.2.3/24",
			"gateway": "10.1.2.1", "routes": [{"dst": "0.0.0.0/0"},
			{"dst": "192.168.0.0/16", "gw": "10.1.2.9"}]}
			and .ip6 == {"ip": "2001:db8:1::3/64"}' ;;
		0.*) expect "$output" '.ips == [
			{"version": "4", "address": "10.1.2.3/24",
			"gateway": "10.1.2.1"},
			{"version": "6", "address": "2001:db8:1::3/64"}]' ;;
		*) expect "$output" '.ips == [
			{"address": "10.1.2.3/24", "gateway": "10.1.2.1"},
			{"address": "2001:db8:1::3/64"}]' ;;
		esac
		[[ $version == 0.[12].* ]] || expect "$output" '.routes == [
			{"dst": "0.0.0.0/0"},
			{"dst": "192.168.0.0/16", "gw": "10.1.2.9"}]'
		cni DEL static p1 "$conf"
		silent DEL
	done
}

@test "CNI_ARGS add addresses, and gateways for these" {
	CNI_ARGS="IP=10.1.2.4/24, 2001:db8:1::4/64 ,10.1.3.4/24;GATEWAY=2001:db8:1::1, 10.1.2.9" \
		static "$NET"
	is '[["10.1.2.3/24","10.1.2.1"],["2001:db8:1::3/64",null],["10.1.2.4/24","10.1.2.9"],["2001:db8:1::4/64","2001:db8:1::1"],["10.1.3.4/24",null]]'
	CNI_ARGS="IP=10.1.2.4/24" static "$BARE"
	is '[["10.1.2.4/24",null]]'
	CNI_ARGS="GATEWAY=2001:db8:1::1;IP=" static "$NET"
	is '[["10.1.2.3/24","10.1.2.1"],["2001:db8:1::3/64",null]]'
	CNI_ARGS="IgnoreUnknown=true;K8S_POD_NAME=x;MAC=02:00:5e:10:00:01" static "$NET"
}

@test "args.cni replace them, the runtime's replace all" {
	local conf
	conf=$(with "$NET" '{"args": {"cni": {"ips": ["10.1.2.5/24", "10.1.2.6/24"]}}}')
	CNI_ARGS="IP=10.1.2.4/24" static "$conf"
	is '[["10.1.2.5/24",null],["10.1.2.6/24",null]]'
	conf=$(with "$conf" '{"runtimeConfig": {"ips": ["2001:db8:1::7/64"]}}')
	CNI_ARGS="IP=10.1.2.4/24" static "$conf"
	is '[["2001:db8:1::7/64",null]]'
	conf=$(with "$conf" '{"runtimeConfig": {"ips": []}}')
	static "$conf"
	is '[["10.1.2.5/24",null],["10.1.2.6/24",null]]'
	# What is replaced does not have to be right.
	static "$(with "$conf" '{"ipam": {"addresses": [{"address": "x"}]}}')"
	is '[["10.1.2.5/24",null],["10.1.2.6/24",null]]'
}

@test "an address keeps its host bits, IPv4 in the form of IPv6 is IPv4" {
	static "$(with "$BARE" '{"ipam": {"addresses": [
		{"address": "10.255.255.255/0"}, {"address": "::1/128"},
		{"address": "::ffff:10.1.2.3/120", "gateway": "::ffff:10.1.2.1"},
		{"address": "10.1.2.3/32", "gateway": ""}]}}')"
	is '[["10.255.255.255/0",null],["::1/128",null],["10.1.2.3/24","10.1.2.1"],["10.1.2.3/32",null]]'
}

@test "without addresses the answer has none" {
	local version
	for version in 0.3.0 1.1.0; do
		static "$(with "$BARE" "{\"cniVersion\": \"$version\"}")"
		is '[]'
	done
	cni ADD static p1 "$(with "$BARE" '{"cniVersion": "0.2.0"}')"
	failed_with "cannot convert: no valid IP addresses"
}

@test "what is no address is refused" {
	local text address args
	for text in 10.1.2.3 10.1.2.3/33 10.1.2/24 x/24 "" ::1/129 \
		::ffff:10.1.2.3/95 010.1.2.3/24 fe80::1%eth0/64; do
		address="the 'address' field is expected to be in CIDR notation, got: '$text'"
		refused "$(with "$BARE" "{\"ipam\": {\"addresses\": [
			{\"address\": \"$text\"}]}}")" "$address"
		refused "$(with "$NET" "{\"args\": {\"cni\": {\"ips\": [\"10.1.2.4/24\",
			\"$text\"]}}}")" \
			"an entry in the 'ips' field is NOT in CIDR notation, got: '$text'"
		refused "$(with "$NET" "{\"runtimeConfig\": {\"ips\": [\"$text\"]}}")" \
			"an entry in the 'ips' field is NOT in CIDR notation, got: '$text'"
		CNI_ARGS="IP=10.1.2.4/24,$text" refused "$NET" \
			"the 'ip' field is expected to be in CIDR notation, got: '$text'"
	done
	refused "$(with "$BARE" '{"ipam": {"addresses": [{}]}}')" \
		"the 'address' field is expected to be in CIDR notation, got: ''"
	CNI_ARGS="IP=10.1.2.4/24;GATEWAY=10.1.2.1,x" refused "$NET" \
		"invalid gateway address: x"
	refused "$(with "$BARE" '{"ipam": {"addresses": [{"address": "10.1.2.3/24",
		"gateway": "x"}]}}')" 'ipam.addresses[0].gateway: expected an address'
	refused "$(with "$BARE" '{"ipam": {"addresses": {}}}')" "ipam.addresses: expected an array"
	refused "$(with "$BARE" '{"ipam": {"routes": [{"gw": "10.1.2.1"}]}}')" \
		"ipam.routes[0].dst: missing"
	refused '{"cniVersion": "1.1.0", "name": "net1", "type": "static"}' \
		"IPAM config missing 'ipam' key"
	CNI_ARGS="X=1" cni ADD static p1 "$NET"
	failed_with 'unknown args ["X=1"]'
}

@test "before 0.3.0 there is one address of each family" {
	local conf more
	for more in 10.1.2.4/24 2001:db8:1::4/64; do
		for version in 0.1.0 0.2.0; do
			conf=$(with "$NET" "{\"cniVersion\": \"$version\"}")
			CNI_ARGS="IP=$more" refused "$conf" "CNI version $version does not support more than 1 address per family"
		done
		CNI_ARGS="IP=$more" static "$(with "$NET" '{"cniVersion": "0.3.0"}')"
	done
}

@test "CHECK compares the gateways of its addresses with prevResult" {
	local prev='{"cniVersion": "1.1.0", "ips": [
		{"address": "10.1.2.3/24", "gateway": "10.1.2.1"},
		{"address": "2001:db8:1::3/64", "gateway": "2001:db8:1::1"}]}'
	results[p1]=$prev
	check p1 "$NET"
	results[p1]=$(with "$prev" '{"ips": []}')
	check p1 "$NET"
	results[p1]=${prev/10.1.2.1/10.1.2.2}
	check_fails p1 "$NET" "static: Failed to match addr 10.1.2.3 on interface eth0"
	results[p1]=null
	check_fails p1 "$NET" "Required prevResult missing"
	check_fails p1 "$(with "$NET" '{"ipam": {"addresses": [{"address": "x"}]}}')" \
		"the 'address' field"
}

@test "DEL, GC and STATUS have nothing to do" {
	local verb
	CNI_NETNS='' CNI_ARGS="X=1;IP=x" del_twice p1 \
		'{"cniVersion": "1.1.0", "name": "net1", "type": "static"}'
	CNI_NETNS='' del_twice p1 "$(with "$NET" '{"ipam": {"addresses": 7}}')"
	for verb in GC STATUS; do
		cni $verb static p1 "$(with "$NET" '{"cni.dev/valid-attachments": []}')"
		silent $verb
	done
	cni STATUS static p1 "$(with "$NET" '{"ipam": {"addresses": [{"address": "x"}]}}')"
	failed_with "the 'address' field is expected to be in CIDR notation, got: 'x'"
	[ -z "$(node find /var/lib /run/cni -type f)" ]
}

@test "in bridge: addresses, gateways, routes and DNS reach the container" {
	local net
	net=$(with "$NET" '{"type": "bridge", "bridge": "br0", "isGateway": true}')
	pod_up p1 p2
	add p1 "$net"
	expect "$result" '[.ips[].address] == ["10.1.2.3/24", "2001:db8:1::3/64"]
		and .dns.domain == "example.net"'
	[ "$(addresses p1 eth0 | xargs)" = "10.1.2.3/24 2001:db8:1::3/64" ]
	[ "$(addresses node br0 | xargs)" = "10.1.2.1/24 2001:db8:1::1/64" ]
	expect "$(pod p1 ip -j route)" 'any(.dst == "default"
		and .gateway == "10.1.2.1") and any(.dst == "192.168.0.0/16"
		and .gateway == "10.1.2.9")'
	add p2 "$(with "$net" '{"runtimeConfig": {"ips": ["10.1.2.4/24", "2001:db8:1::4/64"]}}')"
	pings p1 10.1.2.1
	pings p1 10.1.2.4
	pings p2 2001:db8:1::3
	check p1 "$net"
	del_twice p2 "$net"
	gone p1 "$net"
}

@test "in bridge: what is refused leaves nothing" {
	local net
	net=$(with "$BARE" '{"type": "bridge", "bridge": "br0"}')
	pod_up p1
	add_fails p1 "$net" "IPAM plugin returned missing IP config"
	add_fails p1 "$(with "$net" '{"ipam": {"addresses": [{"address": "x"}]}}')" \
		"the 'address' field is expected to be in CIDR notation, got: 'x'"
	CNI_ARGS="IP=10.1.2.4/24;GATEWAY=x" add_fails p1 "$net" "invalid gateway address: x"
	gone p1 "$net"
}
