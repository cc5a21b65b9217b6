#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ptp and Debian's ptp: the same kernel, the same answers.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "ptp",
	"ipam": {
		"type": "host-local", "subnet": "10.1.2.0/24",
		"routes": [{"dst": "0.0.0.0/0"}]
	}
}'
DUAL='{
	"cniVersion": "1.0.0", "name": "dual", "type": "ptp",
	"ipam": {
		"type": "host-local",
		"ranges": [
			[{"subnet": "10.1.2.0/24"}],
			[{"subnet": "2001:db8:1::/64"}]
		],
		"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
	}
}'

DIFFERENCES+='
the route to the subnet is never made, in place of deleted
	^- [^ ]* p[0-9] link eth0 10.1.2.* [{].*"global","label"
	^\+ [^ ]* p[0-9] link eth0 10.1.2.* [{].*"global","noprefixroute":true,"label"
an address of the host is usable at once, too
	^- [^ ]* node link veth-p[0-9]-eth0 2001:[^ ]*/128 [{].*"global","valid
	^\+ [^ ]* node link veth-p[0-9]-eth0 2001:[^ ]*/128 [{].*"global","nodad":true,
'

@test "pods come, go and come again" {
	STEPS="ADD:p1 ADD:p2 ADD:p2 CHECK:p1 DEL:p1 ADD:p1 DEL:p1 DEL:p2 DEL:p2"
	rows "$NET" <<-'END'
	"as it is" {"$explained": {
		"the interface is looked at before any address is asked for": [
			"^- ADD:p2 error failed to allocate for range 0: .* p2, duplicate",
			"^[+] ADD:p2 error container veth name \\(.eth0.\\) .*already exists$"
		]
	}}
	END
}

@test "addresses, routes and options" {
	STEPS="ADD:p1 CHECK:p1 DEL:p1 DEL:p1"
	rows "$NET" <<-'END'
	"no routes" {"ipam": {"routes": []}}
	"a wide route" {
		"ipam": {"routes": [{"dst": "172.16.0.0/12"}]},
		"$explained": {"newer: CHECK knows routes without a router": [
			"^- CHECK:p1 status 1$", "^[+] CHECK:p1 status 0$",
			"^- CHECK:p1 error Expected Route .*172.16.0.0 "
		]}
	}
	"a router" {
		"ipam": {"routes": [
			{"dst": "172.16.0.0/12", "gw": "10.1.2.9"}
		]},
		"$explained": {"no route to the subnet leads to a router": [
			"^- [^ ]* p1 route .*10.1.2.9.*\"flags\":\\[\\]",
			"^[+] [^ ]* p1 route .*10.1.2.9.*\"flags\":\\[.onlink.\\]"
		]}
	}
	"another gateway" {"ipam": {"gateway": "10.1.2.200"}}
	"a small subnet" {"ipam": {"subnet": "10.1.2.8/29"}}
	"mtu" {"mtu": 1400}
	"dns" {"dns": {"nameservers": ["192.0.2.53"], "domain": "example.org"}}
	"keys in other cases" {"MTU": 1300, "IPMASQ": false}
	"0.2.0" {"cniVersion": "0.2.0"}
	"0.4.0" {"cniVersion": "0.4.0"}
	END
	rows "$DUAL" <<<'"dual stack" {}'
}
