#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tuning and Debian's tuning, behind bridge: the same kernel, the same answers, the
# same files; and what one has changed the other brings back.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317 # shared with helpers.bash
load helpers

MAC=02:00:5e:10:00:01
LIST='{
	"cniVersion": "1.0.0", "name": "net1", "plugins": [
		{
			"type": "bridge", "bridge": "br0", "isGateway": true,
			"ipam": {
				"type": "host-local", "subnet": "10.1.2.0/24",
				"routes": [{"dst": "0.0.0.0/0"}]
			}
		},
		{
			"type": "tuning",
			"capabilities": {"mac": true}
		}
	]
}'

# tuned MORE: the list, with this in tuning.
tuned() {
	jq -c --argjson more "$1" '.plugins[1] *= $more' <<<"$LIST"
}

# What tuning has noted, without what the other does not know, and without a MAC
# address that is another one each time.
notes() {
	local file
	for file in "$ROOT"/run/cni/tuning/*; do
		[ -e "$file" ] || continue
		echo "notes ${file##*/} $(jq -c --arg mac $MAC \
			'del(.cnibox) | if .mac then .mac = (.mac == $mac) else . end' \
			"$file")"
	done
}

# asked SETTING...: these settings of p1 count as well.
asked() {
	SETTINGS=$*
	probe() {
		local name
		notes
		for name in $SETTINGS; do
			echo "setting $name $(pod p1 cat /proc/sys/net/$name)"
		done
	}
}

setup() {
	PODS=p1
	STEPS="ADD:p1 CHECK:p1 DEL:p1 DEL:p1"
	CAPS='{}'
	prepare() { :; }
	reword() { cat; }
	asked
}

@test "what an interface can have, noted and brought back" {
	local more
	for more in '{}' "{\"mac\": \"$MAC\"}" '{"mtu": 1400}' \
		'{"promisc": true}' '{"allmulti": true}' '{"allmulti": false}' \
		"{\"mac\": \"$MAC\", \"mtu\": 1400, \"promisc\": true,
		\"allmulti\": true}"; do
		same "$more" "$(tuned "$more")"
	done
}

@test "another folder" {
	same dataDir "$(tuned '{"mtu": 1400, "dataDir": "/run/other"}')"
}

@test "sysctls in each form" {
	asked core/somaxconn ipv4/ip_forward ipv4/conf/all/arp_filter
	same "forms" "$(tuned '{"sysctl": {"net.core.somaxconn": "500",
		"net/ipv4/ip_forward": "1",
		"/net//ipv4.conf/all.arp_filter/": "1"}}')"
}

@test "who prevails" {
	local mac=02:00:5e:10:00:0 args
	asked core/somaxconn ipv4/ip_forward
	export CNI_ARGS="IgnoreUnknown=1;MAC=${mac}2"
	same "CNI_ARGS" "$(tuned "{\"mac\": \"${mac}1\"}")"
	CAPS="{\"mac\": \"${mac}3\"}"
	same "runtimeConfig" "$(tuned "{\"mac\": \"${mac}1\"}")"
	args="{\"mac\": \"${mac}4\", \"mtu\": 1300, \"promisc\": false,
		\"allmulti\": true, \"sysctl\": {\"net.core.somaxconn\": \"600\"}}"
	same "args" "$(tuned "{\"mac\": \"${mac}1\", \"mtu\": 1400,
		\"promisc\": true, \"allmulti\": false,
		\"sysctl\": {\"net.core.somaxconn\": \"500\",
			\"net.ipv4.ip_forward\": \"1\"},
		\"args\": {\"cni\": $args}}")"
}

@test "every version" {
	local version
	for version in $VERSIONS; do
		[[ $version != 0.[12].* ]] || continue
		STEPS="ADD:p1 CHECK:p1 DEL:p1"
		[[ $version != 0.3.* ]] || STEPS="ADD:p1 DEL:p1"
		same "$version" "$(with "$(tuned "{\"mac\": \"$MAC\",
			\"mtu\": 1400}")" "{\"cniVersion\": \"$version\"}")"
	done
}

# What is wrong: the code is the specification's, and the reference has written
# sysctls, files and values by then, which it leaves behind.
@test "what is refused" {
	local more
	STEPS=ADD:p1
	EXPLAINED=$'\nit fails before it has noted anything, or takes that back
\t^- ADD:p1 notes p1_eth0.json
\nthe texts of Go and of the kernel are their own
\t^[-+] ADD:p1 error (json: |open |write |set |invalid argument|failed to |mtu|sysctl)'
	while read -r more; do
		same "$more" "$(tuned "$more")"
	done <<-'END'
		{"sysctl": {"kernel/msgmax": "1"}}
		{"sysctl": {"net": "1"}}
		{"sysctl": {"net.no.such": "1"}}
		{"sysctl": {"net.core.somaxconn": 1}}
		{"mtu": "1400"}
		{"mac": "x"}
		{"mtu": 1}
	END
}

look_at() {
	pod p1 ip -j -d link show dev eth0 |
		jq -c '.[0] | [.address, .mtu, .txqlen, .flags]'
}

# mixed ONE OTHER CONF: ONE does ADD, OTHER does DEL.
mixed() {
	local conf was
	node_up
	pod_up p1
	pod p1 ip link add eth0 type veth peer name eth0x
	was=$(look_at)
	conf=$(with_prev "$(with '{"cniVersion": "1.0.0", "name": "net1",
		"type": "tuning"}' "$3")" '{"cniVersion": "1.0.0",
		"interfaces": [{"name": "eth0", "sandbox": "/run/netns/p1"}]}')
	use "$1"
	add p1 "$conf"
	[ "$(pod p1 ip -j link show dev eth0 | jq '.[0].mtu')" = 1400 ]
	use "$2"
	check p1 "$conf"
	del_twice p1 "$conf"
	[ "$(look_at)" = "$was" ] ||
		complain "$1, then $2: was $was, is $(look_at)"
	[ -z "$(node find /run/cni -type f)" ]
	node_down
}

@test "what one has changed the other brings back" {
	local conf
	for conf in "{\"mac\": \"$MAC\", \"mtu\": 1400, \"promisc\": true,
		\"allmulti\": true}" '{"mtu": 1400}'; do
		mixed ref box "$conf"
		mixed box ref "$conf"
	done
}
