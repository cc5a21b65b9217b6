#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bridge and Debian's bridge: the same kernel, the same answers.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

L2='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge", "bridge": "br0"
}'
NET='{
	"cniVersion": "1.0.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local", "subnet": "10.1.2.0/24",
		"routes": [{"dst": "0.0.0.0/0"}]
	}
}'
DUAL='{
	"cniVersion": "1.0.0", "name": "dual", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local",
		"ranges": [
			[{"subnet": "10.1.2.0/24"}],
			[{"subnet": "2001:db8:1::/64"}]
		],
		"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
	}
}'
NET6='{
	"cniVersion": "1.0.0", "name": "net6", "type": "bridge",
	"bridge": "br0", "isGateway": true,
	"ipam": {
		"type": "host-local", "subnet": "2001:db8:1::/64",
		"routes": [{"dst": "::/0"}]
	}
}'

@test "pods come, go and come again" {
	STEPS="ADD:p1 ADD:p2 ADD:p2 CHECK:p1 DEL:p1 ADD:p1 DEL:p1 DEL:p2 DEL:p2"
	rows "$NET" <<-'END'
	"a gateway" {"$explained": {
		"newer: the message names both ends": [
			"^- ADD:p2 error container veth name provided \\(eth0\\) already exists$",
			"^[+] ADD:p2 error container veth name \\(.eth0.\\) .*already exists$"
		]
	}}
	END
}

@test "addresses, routes and gateways" {
	STEPS="ADD:p1 CHECK:p1 DEL:p1 DEL:p1"
	rows "$NET" <<-'END'
	"no gateway" {"isGateway": false, "$explained": {
		"the MAC of the bridge stays when ports come and go": [
			"^- DEL:p1 node link br0 address 00:00:00:00:00:00$",
			"^[+] DEL:p1 node link br0 address MAC$"
		]
	}}
	"a default gateway" {"isDefaultGateway": true, "ipam": {"routes": null}}
	"no routes" {"ipam": {"routes": []}}
	"a route by a router, and a wide one" {
		"ipam": {"routes": [
			{"dst": "192.168.0.0/16", "gw": "10.1.2.9"},
			{"dst": "172.16.0.0/12"}
		]},
		"$explained": {"newer: CHECK knows routes without a router": [
			"^- CHECK:p1 status 1$", "^[+] CHECK:p1 status 0$",
			"^- CHECK:p1 error Expected Route .*172.16.0.0 "
		]}
	}
	"another gateway" {"ipam": {"gateway": "10.1.2.200"}}
	"a small subnet" {"ipam": {"subnet": "10.1.2.8/29"}}
	END
	rows "$DUAL" <<<'"dual stack" {}'
	rows "$NET6" <<-'END'
	"IPv6" {}
	"IPv6, a default gateway" {
		"isDefaultGateway": true, "ipam": {"routes": null}
	}
	END
}

@test "options of the bridge and of its ports" {
	STEPS="ADD:p1 ADD:p2 DEL:p1 DEL:p2"
	rows "$NET" <<-'END'
	"mtu" {"mtu": 1400}
	"hairpinMode" {"hairpinMode": true}
	"promiscMode" {"promiscMode": true}
	"the default name" {"bridge": null}
	"keys in other cases" {"MTU": 1300, "IPMASQ": false, "hairpinmode": true}
	END
}

@test "layer 2" {
	STEPS="ADD:p1 ADD:p2 DEL:p1 DEL:p2 DEL:p2"
	rows "$L2" <<-'END'
	"mtu and hairpin" {
		"mtu": 1400, "hairpinMode": true, "ipam": {}, "$explained": {
		"the MAC of the bridge stays when ports come and go": [
			"^- DEL:p2 node link br0 address 00:00:00:00:00:00$",
			"^[+] DEL:p2 node link br0 address MAC$"
		]
	}}
	END
}

@test "MAC addresses" {
	PODS=p1 STEPS="ADD:p1 CHECK:p1"
	rows "$NET" <<-'END'
	"by CNI_ARGS" {"$args": "IgnoreUnknown=1;MAC=02:00:00:00:00:01"}
	"by args" {"args": {"cni": {"mac": "02:00:00:00:00:02"}}}
	"by all, with dashes" {
		"$args": "IgnoreUnknown=1;MAC=02:00:00:00:00:01",
		"args": {"cni": {"mac": "02:00:00:00:00:02"}},
		"runtimeConfig": {"mac": "02-00-00-00-00-03"}
	}
	END
}

@test "the dns of the answer" {
	PODS=p1 STEPS="ADD:p1"
	prepare() {
		node bash -c 'printf "%s\n" "nameserver 192.0.2.53" \
			"search a.example b.example" "options ndots:5" \
			"domain example" >/run/resolv.conf'
	}
	rows "$(with "$NET" '{
		"cniVersion": "0.4.0", "ipam": {"resolvConf": "/run/resolv.conf"}
	}')" <<-'END'
	"an empty object" {"dns": {}, "$explained": {
		"newer: the dns of the ipam is passed on": [
			"^- ADD:p1     .dns.: \\{\\}$", "^[+] ADD:p1     .dns.: \\{$",
			"^[+] ADD:p1     \\}$",
			"^[+] ADD:p1         .(nameservers|search|options).: \\[",
			"^[+] ADD:p1             .(192.0.2.53|[ab].example|ndots:5).,?$",
			"^[+] ADD:p1         \\],?$", "^[+] ADD:p1         .domain.: .example.,$"
		]
	}}
	"a nameserver" {"dns": {"nameservers": ["192.0.2.54"]}}
	"no nameserver" {"dns": {"nameservers": []}}
	"a search list and options" {
		"dns": {"search": ["c.example"], "options": ["ndots:1"]}
	}
	"a domain" {"dns": {"domain": "d.example"}}
	END
}

@test "every version" {
	local version
	PODS=p1 STEPS="ADD:p1 DEL:p1"
	for version in $VERSIONS; do
		rows "$DUAL" <<<"\"$version\" {\"cniVersion\": \"$version\",
			\"dns\": {\"nameservers\": [\"192.0.2.53\"]}}"
	done
}

@test "a bridge that is there already" {
	prepare() {
		node ip link add br0 type bridge
		node ip link set br0 mtu 1300 address 02:00:00:00:00:0b
		node ip address add "$there" dev br0
	}
	PODS=p1 STEPS="ADD:p1 DEL:p1"
	there=10.1.2.1/24
	same "same address" "$NET"
	there=10.9.9.1/24
	same "forceAddress" "$(with "$NET" '{"forceAddress": true}')"
}

@test "masquerading" {
	prepare() {
		outside_up
		serve outside 80
	}
	probe() {
		local pod
		for pod in $PODS; do
			echo "probe $pod: $(ask "$pod" 192.0.2.2 80 2>&1 |
				sed 's/.* socat\[[0-9]*\] [EW] //')"
			echo "probe outside: $(ping_says outside 10.1.2.2)"
		done
	}
	ping_says() {
		pings "$1" "$2" 0.3 2>&1
	}
	STEPS="ADD:p1 ADD:p2 DEL:p1 DEL:p2"
	rows "$NET" <<<'"ipMasq" {"ipMasq": true}'
	grep -qx ' ADD:p2 probe p2: outside sees 192.0.2.1' \
		"$BATS_TEST_TMPDIR/box/account"
}

@test "what is refused" {
	PODS=p1 STEPS=ADD:p1
	rows "$NET" <<-'END'
	"both modes" {"promiscMode": true, "hairpinMode": true, "$explained": {
		"newer: no full stop": [
			"error cannot set hairpin mode and promiscuous mode at the same time[.]?$"
		]
	}}
	END
}
