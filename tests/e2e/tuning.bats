#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tuning: the container's kernel and interface are as the configuration says, and
# DEL brings the interface back.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

NET='{"cniVersion": "1.1.0", "name": "net1", "type": "tuning"}'
SAVED=/run/cni/tuning
MAC=02:00:5e:10:00:01
ALL='{"mac": "02:00:5e:10:00:01", "mtu": 1400, "promisc": true,
	"allmulti": true, "txQLen": 77}'

# An interface like that of a main plugin, and its result in prev.
guest_up() {
	pod p1 ip link add "${1:-eth0}" type veth peer name "${1:-eth0}x"
	was=$(look "${1:-eth0}")
	own=$(link p1 "${1:-eth0}" | jq -r .address)
	prev='{"cniVersion": "1.1.0", "interfaces": [
		{"name": "eth0", "mac": "02:00:5e:00:00:99"},
		{"name": "'${1:-eth0}'", "mac": "'$own'", "mtu": 1500,
		"sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.1.2.2/24", "interface": 1}]}'
}

# What tuning can change of a link.
look() {
	link p1 "$1" | jq -c '[.address, .mtu, .txqlen,
		(.flags | index("PROMISC", "ALLMULTI") != null)]'
}

is_as_it_was() {
	[ "$(look "${1:-eth0}")" = "$was" ] ||
		complain "was $was, is $(look "${1:-eth0}")"
}

# conf MORE: the configuration behind the plugin that made the interface.
conf() {
	with_prev "$(with "$NET" "$1")" "$prev"
}

setting() {
	pod p1 cat "/proc/sys/net/$1"
}

setup() {
	node_up
	pod_up p1
	guest_up
}

no_such_file() {
	[ ! -e "$ROOT$1" ] || complain "there is $1"
}

no_file() {
	[ -z "$(node find /run/cni -type f 2>/dev/null)" ] ||
		complain "$(node find /run/cni -type f)"
}

@test "without anything to do it passes the result on" {
	local version
	for version in $VERSIONS; do
		case $version in
		0.[12].*) prev='{"cniVersion": "0.1.0",
			"ip4": {"ip": "10.1.2.2/24"}}' ;;
		*) prev='{"interfaces": [{"name": "eth0", "sandbox": "/x"}],
			"ips": [{"version": "4", "address": "10.1.2.2/24",
			"interface": 0}]}' ;;
		esac
		prev=$(with "$prev" "{\"cniVersion\": \"$version\"}")
		[[ $version != 1.* ]] ||
			prev=$(jq 'del(.ips[0].version)' <<<"$prev")
		add p1 "$(with "$(conf '{}')" "{\"cniVersion\": \"$version\"}")"
		[ "$(jq -S 'del(.dns)' <<<"$result")" = "$(jq -S . <<<"$prev")" ] ||
			complain "$version: $result"
		is_as_it_was
		no_file
		del_twice p1 "$NET"
	done
}

@test "ADD needs the result of a plugin before, and so does CHECK" {
	add_fails p1 "$NET" "Required prevResult missing"
	results[p1]=null
	check_fails p1 "$NET" "Required prevResult missing"
}

@test "the interface gets what the configuration says, DEL brings back what was" {
	add p1 "$(conf "$ALL")"
	expect "$(link p1 eth0)" ".address == \"$MAC\" and .mtu == 1400
		and .txqlen == 77 and (.flags | contains([\"PROMISC\", \"ALLMULTI\"]))"
	expect "$result" ".interfaces == [
		{\"name\": \"eth0\", \"mac\": \"02:00:5e:00:00:99\"},
		{\"name\": \"eth0\", \"mac\": \"$MAC\", \"mtu\": 1400,
		\"sandbox\": \"/run/netns/p1\"}]"
	expect "$(node cat $SAVED/p1_eth0.json)" 'del(.cnibox) == {
		"mac": "'"$own"'", "promisc": false, "mtu": 1500,
		"allmulti": false, "txQLen": 1000}'
	[ "$(node stat -c %a $SAVED/p1_eth0.json)" = 600 ]
	check p1 "$(conf "$ALL")"
	del_twice p1 "$NET"
	is_as_it_was
	no_file
}

@test "only what is changed is noted and brought back" {
	local more
	for more in "{\"mac\": \"$MAC\"}" '{"mtu": 1400}' '{"promisc": true}' \
		'{"allmulti": true}' '{"txQLen": 0}' '{"allmulti": false}'; do
		add p1 "$(conf "$more")"
		expect "$(node cat $SAVED/p1_eth0.json)" "del(.cnibox)
			| keys == ($more | keys)"
		check p1 "$(conf "$more")"
		pod p1 ip link set eth0 mtu 1300
		del p1 "$NET"
		[[ $more == *mtu* ]] || pod p1 ip link set eth0 mtu 1500
		is_as_it_was
		no_file
	done
	add p1 "$(conf '{"promisc": false, "mtu": 0, "mac": ""}')"
	no_file
	del_twice p1 "$NET"
}

@test "allmulti can be switched off, and DEL switches it on" {
	pod p1 ip link set eth0 allmulticast on txqueuelen 0
	add p1 "$(conf '{"allmulti": false, "txQLen": 5}')"
	expect "$(link p1 eth0)" '(.flags | index("ALLMULTI") | not)
		and .txqlen == 5'
	check p1 "$(conf '{"allmulti": false}')"
	del_twice p1 "$NET"
	expect "$(link p1 eth0)" '(.flags | index("ALLMULTI"))'
	no_file
}

@test "CHECK names what is not as configured" {
	local what change
	add p1 "$(conf "$ALL")"
	while IFS='|' read -r change what; do
		# shellcheck disable=SC2086 # several words
		pod p1 ip link set eth0 $change
		check_fails p1 "$(conf "$ALL")" "Error: Tuning $what"
		pod p1 ip link set eth0 address $MAC mtu 1400 txqueuelen 77 \
			promisc on allmulticast on
		check p1 "$(conf "$ALL")"
	done <<-END
		address 02:00:5e:10:00:02|configured Ethernet of eth0 is $MAC, current value is 02:00:5e:10:00:02
		mtu 1401|configured MTU of eth0 is 1400, current value is 1401
		promisc off|link eth0 configured promisc is true, current value is 0
		allmulticast off|configured all-multicast mode of eth0 is true, current value is false
		txqueuelen 78|configured Transmit Queue Length of eth0 is 77, current value is 78
	END
	del p1 "$NET"
	pod p1 ip link set eth0 promisc on
	check_fails p1 "$(conf '{}')" \
		"Error: Tuning link eth0 configured promisc is false, current value is 1"
	pod p1 ip link del eth0
	check_fails p1 "$(conf '{}')" "Cannot find container link eth0"
}

@test "promisc, CHECK and the way back do not care who listens" {
	pod p1 ip link add br9 type bridge
	pod p1 ip link set eth0 master br9
	expect "$(link p1 eth0)" '.promiscuity > 0'
	add p1 "$(conf '{"promisc": true}')"
	check p1 "$(conf '{"promisc": true}')"
	del p1 "$NET"
	check p1 "$(conf '{}')"
	is_as_it_was
}

# ---- sysctls

@test "sysctls are set in the container's namespace, in any form" {
	local before
	before=$(node cat /proc/sys/net/core/somaxconn)
	add p1 "$(conf '{"sysctl": {
		"net.core.somaxconn": "500",
		"net/ipv4/ip_forward": "1",
		"/net//ipv4/conf.IFNAME/forwarding/": "0",
		"net.ipv4.conf.IFNAME.arp_filter": "1",
		"net.ipv4.ip_local_port_range": "1024 65000"}}')"
	[ "$(setting core/somaxconn)" = 500 ]
	[ "$(setting ipv4/ip_forward)" = 1 ]
	[ "$(setting ipv4/conf/eth0/forwarding)" = 0 ]
	[ "$(setting ipv4/conf/eth0/arp_filter)" = 1 ]
	[ "$(setting ipv4/ip_local_port_range)" = $'1024\t65000' ]
	[ "$(node cat /proc/sys/net/core/somaxconn)" = "$before" ]
	no_file
	del_twice p1 "$NET"
	[ "$(setting core/somaxconn)" = 500 ]
}

@test "IFNAME may have dots" {
	guest_up vlan.100
	CNI_IFNAME=vlan.100 add p1 \
		"$(conf '{"sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1"}}')"
	[ "$(setting ipv4/conf/vlan.100/arp_filter)" = 1 ]
	[ "$(setting ipv4/conf/eth0/arp_filter)" = 0 ]
}

@test "CHECK compares sysctls word by word, and names one that differs" {
	local conf
	conf=$(conf '{"sysctl": {"net.ipv4.ip_local_port_range": "1024 65000",
		"net.ipv4.ip_forward": "1\n"}}')
	add p1 "$conf"
	check p1 "$conf"
	pod p1 sysctl -qw net.ipv4.ip_local_port_range="1024 6500"
	check_fails p1 "$conf" "Error: Tuning configured value of /proc/sys/net/ipv4/ip_local_port_range is 1024 65000, current value is 1024"
	pod p1 sysctl -qw net.ipv4.ip_local_port_range="1024 65000"
	pod p1 sysctl -qw net.ipv4.ip_forward=0
	check_fails p1 "$conf" "ip_forward is 1"
	check_fails p1 "$(conf '{"sysctl": {"net.no.such": "1"}}')" \
		"read sysctl net/no/such: "
}

@test "a sysctl that can only be written is written" {
	local conf
	conf=$(conf '{"sysctl": {"net.ipv4.route.flush": "1"}}')
	add p1 "$conf"
	check p1 "$conf"
}

@test "a read-only /proc/sys will do if the values are right" {
	local ip_forward='{"sysctl": {"net.ipv4.ip_forward": "1"}}'
	node mount --bind /proc/sys /proc/sys
	node mount -o remount,bind,ro /proc/sys
	add_fails p1 "$(conf "$ip_forward")" "set sysctl net/ipv4/ip_forward to 1: "
	add p1 "$(conf "${ip_forward/1/0}")"
}

@test "a setting of all interfaces is written even if it is right" {
	pod p1 sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
	[ "$(setting ipv6/conf/all/disable_ipv6)" = 0 ]
	add p1 "$(conf '{"sysctl": {"net.ipv6.conf.all.disable_ipv6": "0"}}')"
	[ "$(setting ipv6/conf/eth0/disable_ipv6)" = 0 ]
}

@test "sysctls are written in their order" {
	add p1 "$(conf '{"sysctl": {"net.ipv4.conf.all.forwarding": "1",
		"net.ipv4.conf.IFNAME.forwarding": "0"}}')"
	[ "$(setting ipv4/conf/eth0/forwarding)" = 0 ]
	pod p1 sysctl -qw net.ipv4.conf.all.forwarding=0
	add p1 "$(conf '{"sysctl": {"net.ipv4.conf.IFNAME.forwarding": "0",
		"net.ipv4.conf.all.forwarding": "1"}}')"
	[ "$(setting ipv4/conf/eth0/forwarding)" = 1 ]
}

@test "sysctls elsewhere are refused" {
	local key
	for key in kernel.msgmax net "net." ".net" netx.core /net/ \
		kernel/../net/x IFNAME. vm/net.core; do
		add_fails p1 "$(conf "{\"sysctl\": {\"$key\": \"1\"}}")" \
			"invalid net sysctl key: \""
		[ "$code" = 7 ] || complain "code $code"
	done
	add_fails p1 "$(conf '{"sysctl": {"kernel.IFNAME.x": "1"}}')" \
		'invalid net sysctl key: "kernel/eth0/x"'
	add_fails p1 "$(conf '{"sysctl": {"net.no.such": "1"}}')" \
		"set sysctl net/no/such to 1: "
	add_fails p1 "$(conf '{"sysctl": {"net.ipv4.ip_forward": "x"}}')" \
		"set sysctl net/ipv4/ip_forward to x: "
}

@test "a sysctl that is there twice is refused, however it is written" {
	local keys
	for keys in '"net.core.somaxconn": "1", "net.core.somaxconn": "1"' \
		'"net.core.somaxconn": "1", "net/core/somaxconn": "2"' \
		'"net.ipv4.conf.IFNAME.x": "1", "net.ipv4.conf.eth0.x": "1"'; do
		# As it is: jq would leave the last one only.
		cni ADD tuning p1 "${NET%\}}, \"prevResult\": $prev,
			\"sysctl\": {$keys}}"
		failed_with "duplicated sysctl keys are not allowed"
	done
}

# allow LINE...: what the allowlist has, on a node whose /etc is its own.
allow() {
	node sh -c 'mountpoint -q /etc || mount -t tmpfs etc /etc
		mkdir -p /etc/cni/tuning
		cat >/etc/cni/tuning/allowlist.conf' <<<"$(printf '%s\n' "$@")"
}

@test "with an allowlist only sysctls that a line matches are set" {
	local conf
	conf=$(conf '{"sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1",
		"net.core.somaxconn": "500"}}')
	allow '^net.ipv4.conf.IFNAME.[a-z_]*$' '' '  ^net\.core\.somax  '
	add p1 "$conf"
	allow '^net.ipv4.conf.IFNAME.[a-z_]*$' ''
	add_fails p1 "$conf" "Sysctl net.core.somaxconn is not allowed. Only the following sysctls are allowed: [^net.ipv4.conf.IFNAME.[a-z_]*\$]"
	allow somax
	add_fails p1 "$conf" "Sysctl net.ipv4.conf.IFNAME.arp_filter is not allowed. Only the following sysctls are allowed: [somax]"
	allow ''
	add_fails p1 "$conf" "sysctls are allowed: []"
	# What is set does not have to be allowed again.
	check p1 "$conf"
	add p1 "$(conf '{}')"
	allow 'somax' '(?i)arp' 'arp'
	add_fails p1 "$conf" "/etc/cni/tuning/allowlist.conf: not understood: (?i)arp; (?"
	allow 'somax' 'arp' '(?i)arp'
	add p1 "$conf"
	node rm /etc/cni/tuning/allowlist.conf
	node mkdir /etc/cni/tuning/allowlist.conf
	add_fails p1 "$conf" "read /etc/cni/tuning/allowlist.conf: "
}

# ---- who says what

@test "CNI_ARGS prevail over mac, runtimeConfig over these, args over all" {
	local mac=02:00:5e:10:00:0 conf
	# gets N: the interface has the address that ends so.
	gets() {
		expect "$(link p1 eth0)" ".address == \"$mac$1\""
		expect "$result" ".interfaces[1].mac == \"$mac$1\""
		del p1 "$NET"
		is_as_it_was
	}
	conf=$(conf "{\"mac\": \"${mac}1\"}")
	add p1 "$conf"
	gets 1
	CNI_ARGS="MAC=${mac}2" add p1 "$conf"
	gets 2
	CNI_ARGS="IgnoreUnknown=1;X=1;MAC=" add p1 "$conf"
	gets 1
	conf=$(with "$conf" "{\"runtimeConfig\": {\"mac\": \"${mac}3\"}}")
	CNI_ARGS="MAC=${mac}2" add p1 "$conf"
	gets 3
	conf=$(with "$conf" "{\"args\": {\"cni\": {\"mac\": \"${mac}4\"}}}")
	CNI_ARGS="MAC=${mac}2" add p1 "$conf"
	gets 4
	conf=$(with "$conf" '{"args": {"cni": {"mac": ""}}}')
	add p1 "$conf"
	is_as_it_was
	CNI_ARGS="X=1" add_fails p1 "$conf" 'ARGS: unknown args ["X=1"]'
	CNI_ARGS="MAC=x" add_fails p1 "$(conf '{}')" \
		"invalid args x for MAC addr: address x: invalid MAC address"
	CNI_ARGS="X=1" del_twice p1 "$NET"
}

@test "args.cni prevails key by key" {
	local conf
	conf=$(conf '{"mtu": 1400, "promisc": true, "allmulti": true,
		"txQLen": 5, "dataDir": "/run/other",
		"sysctl": {"net.core.somaxconn": "500",
			"net.ipv4.ip_forward": "1"},
		"args": {"cni": {"mtu": 1300, "promisc": false,
			"allmulti": null, "txQLen": 6, "dataDir": "/run/cni/x",
			"sysctl": {"net/core/somaxconn": "600"}}}}')
	add p1 "$conf"
	check p1 "$conf"
	expect "$(link p1 eth0)" '.mtu == 1300 and .txqlen == 6
		and (.flags | index("ALLMULTI")) and (.flags | index("PROMISC")
		| not)'
	[ "$(setting core/somaxconn)" = 600 ]
	[ "$(setting ipv4/ip_forward)" = 1 ]
	expect "$(node cat /run/other/p1_eth0.json)" '.mtu == 1500'
	no_file
	del_twice p1 "$(with "$NET" '{"dataDir": "/run/other"}')"
	is_as_it_was
	[ -z "$(node ls /run/other)" ]
}

@test "args.cni.sysctl needs no sysctl" {
	add p1 "$(conf '{"args": {"cni": {"sysctl":
		{"net.core.somaxconn": "600"}}}}')"
	[ "$(setting core/somaxconn)" = 600 ]
	add p1 "$(conf '{"args": {"cni": null}, "runtimeConfig": null}')"
	add p1 "$(conf '{"args": null}')"
}

@test "what is no value is refused by name" {
	local more text
	while IFS='|' read -r more text; do
		add_fails p1 "$(conf "$more")" "$text"
		[ "$code" = 7 ] || complain "code $code"
		check_fails p1 "$(conf "$more")" "$text"
	done <<-'END'
		{"mtu": "1400"}|mtu: expected an integer from 0 to 2147483647, got "1400"
		{"mtu": -1}|mtu: expected
		{"txQLen": 1.5}|txQLen: expected
		{"promisc": "yes"}|promisc: expected true or false, got "yes"
		{"mac": 1}|mac: expected a string, got 1
		{"mac": "02:00:5e:10:00"}|invalid args 02:00:5e:10:00 for MAC addr: address 02:00:5e:10:00: invalid MAC address
		{"sysctl": []}|sysctl: expected an object, got []
		{"sysctl": {"net.core.somaxconn": 1}}|sysctl.net.core.somaxconn: expected a string, got 1
		{"sysctl": {"net.core.somaxconn": null}}|sysctl.net.core.somaxconn: expected a string, got null
		{"args": {"cni": []}}|args.cni: expected an object, got []
		{"args": {"cni": {"mtu": true}}}|args.cni.mtu: expected
		{"args": {"cni": {"sysctl": {"x": "1"}}}}|invalid net sysctl key: "x"
	END
	is_as_it_was
	no_file
}

# ---- what goes wrong

@test "a failed ADD takes everything back" {
	local before
	before=$(setting core/somaxconn)
	add_fails p1 "$(conf '{"sysctl": {"net.core.somaxconn": "500",
		"net.ipv4.ip_forward": "1"}, "mac": "02:00:5e:10:00:01",
		"promisc": true, "allmulti": true, "mtu": 1}')" \
		"set mtu 1 on eth0: "
	is_as_it_was
	[ "$(setting core/somaxconn)" = "$before" ]
	[ "$(setting ipv4/ip_forward)" = 0 ]
	no_file
	add_fails p1 "$(conf '{"sysctl": {"net.core.somaxconn": "500",
		"net.no.such": "1"}}')" "net/no/such"
	[ "$(setting core/somaxconn)" = "$before" ]
	CNI_IFNAME=eth1 add_fails p1 "$(conf '{"mtu": 1400}')" "look up eth1: "
	node mount -t tmpfs -o ro none /run/cni/tuning
	add_fails p1 "$(conf '{"mtu": 1400}')" "create $SAVED/p1_eth0.json: "
	is_as_it_was
}

@test "DEL without the namespace or the interface removes the file" {
	add p1 "$(conf "$ALL")"
	CNI_NETNS='' del_twice p1 "$NET"
	no_file
	pod p1 ip link set eth0 address "$own" mtu 1500
	add p1 "$(conf "$ALL")"
	pod p1 ip link del eth0
	del_twice p1 "$NET"
	no_file
	guest_up
	add p1 "$(conf "$ALL")"
	pod_down p1
	del_twice p1 "$NET"
	no_file
}

@test "DEL leaves an interface alone that is not the one of ADD" {
	add p1 "$(conf "$ALL")"
	pod p1 ip link del eth0
	guest_up
	del_twice p1 "$NET"
	is_as_it_was
	no_file
	add p1 "$(conf "$ALL")"
	pod_down p1
	pod_up p1
	guest_up
	del_twice p1 "$NET"
	is_as_it_was
	no_file
}

@test "a second ADD does not take its own values for those from before" {
	add p1 "$(conf "$ALL")"
	add p1 "$(conf '{"mtu": 1300, "txQLen": 5}')"
	expect "$(node cat $SAVED/p1_eth0.json)" '.mtu == 1500
		and .txQLen == 1000 and .promisc == null'
	expect "$(link p1 eth0)" '(.flags | index("PROMISC") | not)'
	del_twice p1 "$NET"
	is_as_it_was
}

@test "what is left of an interface that is gone is nothing to ADD" {
	add p1 "$(conf "$ALL")"
	pod p1 ip link del eth0
	guest_up
	add p1 "$(conf '{"txQLen": 5}')"
	expect "$(link p1 eth0)" '.mtu == 1500'
	del_twice p1 "$NET"
	is_as_it_was
	# A file of the Go plugin does not say which interface it was.
	node sh -c "echo '{\"mtu\": 1280}' >$SAVED/p1_eth0.json"
	add p1 "$(conf '{"txQLen": 5}')"
	del_twice p1 "$NET"
	is_as_it_was
}

@test "a file that is torn, empty or something else is no obstacle" {
	local text
	node mkdir -p $SAVED
	for text in '' '{"mtu": 14' '[]' '{"mtu": "x", "cnibox": 7}' 'null' \
		'{"cnibox": {"owner": 1, "link": {}}}'; do
		node sh -c 'printf %s "$1" >"$2"' - "$text" $SAVED/p1_eth0.json
		cni GC tuning p1 "$(with "$NET" \
			'{"cni.dev/valid-attachments": []}')"
		silent GC
		[ -e "$ROOT$SAVED/p1_eth0.json" ]
		del_twice p1 "$NET"
		is_as_it_was
		no_file
		node sh -c 'printf %s "$1" >"$2"' - "$text" $SAVED/p1_eth0.json
		add p1 "$(conf '{"txQLen": 5}')"
		del_twice p1 "$NET"
		is_as_it_was
		no_file
	done
}

@test "DEL restores nothing in what is another's namespace by now" {
	local net
	net='{"cniVersion": "1.1.0", "name": "net1", "type": "bridge",
		"bridge": "br0", "ipam": {}}'
	pod_up p2
	add p2 "$net"
	node mkdir -p $SAVED
	node sh -c "echo '{\"mtu\": 1300}' >$SAVED/p1_eth0.json"
	CNI_NETNS=/run/netns/p2 del p1 "$NET"
	expect "$(link p2 eth0)" '.mtu == 1500'
	no_such_file $SAVED/p1_eth0.json
	# What is in its own it restores.
	node sh -c "echo '{\"mtu\": 1300}' >$SAVED/p2_eth0.json"
	del p2 "$NET"
	expect "$(link p2 eth0)" '.mtu == 1300'
	del_twice p2 "$net"
}

@test "a folder without nameless files will do" {
	WRAPPER=(strace -f -o /run/trace -P $SAVED
		-e inject=openat:error=EOPNOTSUPP)
	add p1 "$(conf "$ALL")"
	grep -q 'EOPNOTSUPP.*INJECTED' "$ROOT/run/trace"
	expect "$(node cat $SAVED/p1_eth0.json)" '.mtu == 1500'
	cni STATUS tuning p1 "$(with "$NET" '{"mtu": 1400}')"
	silent STATUS
	WRAPPER=()
	del_twice p1 "$NET"
	is_as_it_was
	no_file
}

@test "what cannot be brought back does not hold DEL up" {
	add p1 "$(conf '{"mtu": 1400, "txQLen": 5}')"
	node sed -i 's/1500/1/' $SAVED/p1_eth0.json
	del p1 "$NET"
	[[ $stderr == *"set mtu 1 on eth0: "* ]] || complain "$stderr"
	expect "$(link p1 eth0)" '.mtu == 1400 and .txqlen == 1000'
	no_file
}

# ---- GC, STATUS

@test "a name that no file can have is said by ADD, and does not hold DEL up" {
	local long
	printf -v long '%0300d' 0
	CNI_CONTAINERID=$long add_fails p1 "$(conf '{"mtu": 1400}')" "ame too long"
	is_as_it_was
	CNI_CONTAINERID=$long del_twice p1 "$(conf '{"mtu": 1400}')"
	[ -z "$stderr" ] || complain "$stderr"
	add_fails p1 "$(conf "{\"mtu\": 1400, \"dataDir\": \"/run/$long\"}")" \
		"ame too long"
	del_twice p1 "$(conf "{\"mtu\": 1400, \"dataDir\": \"/run/$long\"}")"
	is_as_it_was
	no_file
}

@test "GC removes the files of this network's attachments that are not valid" {
	local other
	other=$(with "$(conf '{"mtu": 1400}')" '{"name": "net2"}')
	add p1 "$(conf '{"mtu": 1400}')"
	CNI_CONTAINERID=c2 add p1 "$(conf '{"mtu": 1400}')"
	CNI_CONTAINERID=c3 add p1 "$other"
	node sh -c "echo '{\"mtu\": 1500}' >$SAVED/c4_eth0.json"
	node sh -c "echo hello >$SAVED/note"
	cni GC tuning p1 "$NET"
	silent "GC without a list"
	[ "$(node ls $SAVED | wc -l)" = 5 ]
	cni GC tuning p1 "$(with "$NET" '{"cni.dev/valid-attachments": [
		{"containerID": "c2", "ifname": "eth0"}]}')"
	silent GC
	[ "$(node ls $SAVED | xargs)" = "c2_eth0.json c3_eth0.json c4_eth0.json note" ]
	node rm -r $SAVED
	cni GC tuning p1 "$(with "$NET" '{"cni.dev/valid-attachments": []}')"
	silent "GC without a folder"
}

@test "STATUS tells when ADD would fail" {
	local conf
	conf=$(with "$NET" '{"mtu": 1400, "sysctl": {"net.core.somaxconn": "1"}}')
	cni STATUS tuning p1 "$conf"
	silent STATUS
	allow somax
	cni STATUS tuning p1 "$conf"
	silent STATUS
	allow other
	cni STATUS tuning p1 "$conf"
	failed_with "Sysctl net.core.somaxconn is not allowed"
	[ "$code" = 50 ] || complain "code $code"
	allow somax
	node mount -t tmpfs -o ro none /run/cni/tuning
	cni STATUS tuning p1 "$conf"
	failed_with "write to $SAVED: "
	[ "$code" = 50 ] || complain "code $code"
	cni STATUS tuning p1 "$(with "$NET" '{}')"
	silent "STATUS without a need for the folder"
}

# ---- in a list

@test "behind bridge, and before portmap" {
	local list
	list='{"cniVersion": "1.0.0", "name": "net1", "plugins": [
		{"type": "bridge", "bridge": "br0", "isGateway": true,
		"ipMasq": true, "hairpinMode": true, "ipam": {
			"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}],
			"ranges": [[{"subnet": "10.1.2.0/24"}]]}},
		{"type": "tuning", "capabilities": {"mac": true}, "mtu": 1400,
		"sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1"}},
		{"type": "portmap", "capabilities": {"portMappings": true}}]}'
	pod p1 ip link del eth0
	pod_up p2
	add_list p1 "$list" "{\"mac\": \"$MAC\", \"portMappings\": [
		{\"hostPort\": 8080, \"containerPort\": 80}]}"
	add_list p2 "$list"
	expect "${results[p1]}" "[.interfaces[] | select(.sandbox)]
		| length == 1 and .[0].mac == \"$MAC\""
	check_list p1 "$list" "{\"mac\": \"$MAC\"}"
	pings p1 10.1.2.1
	pings p1 "$(jq -r '.ips[0].address | split("/")[0]' <<<"${results[p2]}")"
	del_list p2 "$list"
	del_list p1 "$list" "{\"mac\": \"$MAC\"}"
	nothing_left
}
