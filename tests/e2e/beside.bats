#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# NAT beside others who translate addresses on the node, and what is the node's
# own.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

# A port of a bridge reaches itself through netfilter, too.
LIST=$(jq -c '.plugins[0].hairpinMode = true' <<<"$DUAL_LIST")

port() {
	jq -cn --argjson h "$1" --argjson c "$2" --arg p "${3:-tcp}" \
		--arg i "${4:-}" '{portMappings: [
		{hostPort: $h, containerPort: $c, protocol: $p, hostIP: $i}]}'
}

gone_list() {
	del_list "$@"
	del_list "$@"
	nothing_left
}

# Pods p1, which others make a service of, and p2 with a host port.
service_and_port_up() {
	outside_up
	pod_up p1 p2
	serve p1 80
	serve p2 80
	add_list p1 "$LIST"
}

# In the ways of kube-proxy.
redirect() {
	case $1 in
	iptables)
		node iptables-nft -w -t nat -A PREROUTING -d "$2" -p tcp \
			--dport "$3" -j DNAT --to-destination "$4"
		node iptables-nft -w -t nat -A OUTPUT -d "$2" -p tcp \
			--dport "$3" -j DNAT --to-destination "$4"
		;;
	nftables)
		node nft -f - <<-EOT
			table ip others {
				chain in {
					type nat hook prerouting priority dstnat;
					ip daddr $2 tcp dport $3 dnat to $4
				}
				chain out {
					type nat hook output priority -100;
					ip daddr $2 tcp dport $3 dnat to $4
				}
			}
		EOT
		;;
	esac
}

service_wins() {
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers p2 192.0.2.1 8080 \
		"p1 sees $(jq -r '.ips[0].address[:-3]' <<<"${results[p2]}")"
}

# ---- whoever translated before us

# With whatever was there before the first pod.
before_the_first_pod() {
	bridge_netfilter_on
	outside_up
	redirect "$1" 192.0.2.1 8080 10.1.2.2:80
	pod_up p1 p2
	serve p1 80
	serve p2 80
	add_list p1 "$LIST"
	add_list p2 "$LIST" "$(port 8080 80)"
	service_wins
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "a service in iptables on a port of the node wins, made before" {
	before_the_first_pod iptables
}

@test "a service in nftables on a port of the node wins, made before" {
	before_the_first_pod nftables
}

@test "a service on a port of the node wins, made after the host port" {
	local how
	bridge_netfilter_on
	service_and_port_up
	add_list p2 "$LIST" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	for how in iptables nftables; do
		redirect $how 192.0.2.1 8080 10.1.2.2:80
		service_wins
		node nft flush table ip nat 2>/dev/null || true
		node nft delete table ip others 2>/dev/null || true
	done
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "the address that an administrator gives to pods holds" {
	local rule=(POSTROUTING -s 10.1.2.0/24 -o uplink0 -j SNAT
		--to-source 192.0.2.77)
	outside_up
	node ip address add 192.0.2.77/24 dev uplink0
	serve outside 80
	pod_up p1 p2
	node iptables-nft -w -t nat -A "${rule[@]}"
	add_list p1 "$LIST"
	answers p1 192.0.2.2 80 "outside sees 192.0.2.77"
	node iptables-nft -w -t nat -D "${rule[@]}"
	answers p1 192.0.2.2 80 "outside sees 192.0.2.1"
	add_list p2 "$LIST"
	node iptables-nft -w -t nat -A "${rule[@]}"
	answers p2 192.0.2.2 80 "outside sees 192.0.2.77"
	node iptables-nft -w -t nat -D "${rule[@]}"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "what goes through IPsec keeps the pod's address" {
	local key=0x000102030405060708090a0b0c0d0e0f host src dst
	outside_up
	serve outside 80
	pod_up p1
	for host in node outside; do
		for src in 1 2; do
			dst=$((3 - src))
			within $host ip xfrm state add src 192.0.2.$src \
				dst 192.0.2.$dst proto esp spi $src mode tunnel \
				enc 'cbc(aes)' $key auth 'hmac(sha1)' $key ||
				skip "no ESP in the kernel"
		done
	done
	node ip xfrm policy add dir out src 10.1.2.0/24 dst 192.0.2.2 \
		tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel
	node ip xfrm policy add dir fwd src 192.0.2.2 dst 10.1.2.0/24 \
		tmpl src 192.0.2.2 dst 192.0.2.1 proto esp mode tunnel
	pod outside ip xfrm policy add dir in src 10.1.2.0/24 dst 192.0.2.2 \
		tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel
	pod outside ip xfrm policy add dir out src 192.0.2.2 dst 10.1.2.0/24 \
		tmpl src 192.0.2.2 dst 192.0.2.1 proto esp mode tunnel
	pod outside ip route add 10.1.2.0/24 via 192.0.2.1
	add_list p1 "$LIST"
	answers p1 192.0.2.2 80 "outside sees 10.1.2.2"
	gone_list p1 "$LIST"
}

@test "a redirection of others to a published port is theirs to masquerade" {
	bridge_netfilter_on
	service_and_port_up
	add_list p2 "$LIST" "$(port 8080 80)"
	redirect nftables 172.20.0.10 8080 10.1.2.3:80
	answers p1 172.20.0.10 8080 "p2 sees 10.1.2.2"
	answers p1 10.1.2.1 8080 "p2 sees 10.1.2.1"
	answers p2 10.1.2.1 8080 "p2 sees 10.1.2.1"
	node nft delete table ip others
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

# ---- addresses of services on kube-ipvs0

# A link of that name, which the kernel need not have as a dummy.
services_up() {
	local address
	node ip link add kube-ipvs0 type bridge
	for address; do
		node ip address add "$address" dev kube-ipvs0 nodad
	done
}

@test "a host port is none of the services that IPVS has on the node" {
	services_up 10.96.0.1/32 2001:db8:96::1/128
	service_and_port_up
	serve node 8080
	add_list p2 "$LIST" "$(port 8080 80)"
	answers p1 10.96.0.1 8080 "node sees 10.1.2.2"
	answers p1 2001:db8:96::1 8080 \
		"node sees [2001:0db8:0001:0000:0000:0000:0000:0002]"
	answers p1 192.0.2.1 8080 "p2 sees 10.1.2.1"
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	del_list p2 "$LIST"
	node ip link del kube-ipvs0
	node "$CNIBOX" sync
	gone_list p1 "$LIST"
}

@test "services that come and go are known at the next ADD, or by sync" {
	services_up 10.96.0.1/32
	service_and_port_up
	serve node 8080
	add_list p2 "$LIST" "$(port 8080 80)"
	node ip address add 10.96.0.2/32 dev kube-ipvs0
	node ip address del 10.96.0.1/32 dev kube-ipvs0
	node "$CNIBOX" sync
	answers p1 10.96.0.2 8080 "node sees 10.1.2.2"
	node ip address add 10.96.0.3/32 dev kube-ipvs0
	CNI_IFNAME=eth1 add_list p2 "$LIST" "$(port 8081 80)"
	answers p1 10.96.0.3 8080 "node sees 10.1.2.2"
	[ "$(nat_elements | grep -c ^services)" = 2 ]
	node ip link del kube-ipvs0
	node "$CNIBOX" sync
	[ "$(nat_elements | grep -c ^services)" = 0 ]
	CNI_IFNAME=eth1 del_list p2 "$LIST"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "an address of the node that IPVS has too is the node's" {
	services_up 192.0.2.1/32
	service_and_port_up
	add_list p2 "$LIST" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	[ "$(nat_elements | grep -c ^services)" = 0 ]
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

# ---- 127.0.0.0/8 and ::1 are the node's alone

# The pod or host NAME sends to 127.0.0.1 and ::1 by way of GATEWAY.
takes_for_remote() {
	within "$1" ip link set lo down
	within "$1" sysctl -qw net.ipv4.conf.eth0.route_localnet=1
	within "$1" ip route add 127.0.0.0/8 via "$2"
}

@test "what listens on 127.0.0.1 is not there for pods and neighbours" {
	outside_up
	pod_up p1
	node socat TCP4-LISTEN:6060,bind=127.0.0.1,fork,reuseaddr \
		SYSTEM:"read -r _; echo secret" >/dev/null 2>&1 &
	wait_until 5 listening node 6060 tcp 4
	add_list p1 "$LIST" "$(port 8080 80)"
	node sysctl -qw net.ipv4.conf.uplink0.route_localnet=1
	takes_for_remote p1 10.1.2.1
	takes_for_remote outside 192.0.2.1
	no_answer p1 127.0.0.1 6060
	no_answer outside 127.0.0.1 6060
	answers node 127.0.0.1 6060 secret
	gone_list p1 "$LIST"
}

@test "a port on 127.0.0.1 does not answer pods and neighbours" {
	outside_up
	pod_up p1 p2
	serve p2 80
	add_list p1 "$LIST"
	add_list p2 "$LIST" "$(port 8080 80 tcp 127.0.0.1)"
	takes_for_remote p1 10.1.2.1
	takes_for_remote outside 192.0.2.1
	no_answer p1 127.0.0.1 8080
	no_answer outside 127.0.0.1 8080
	answers node 127.0.0.1 8080 "p2 sees 10.1.2.1"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

# What arrives at port PORT of NAME, by UDP of FAMILY, is appended to the file got.
collect() {
	GOT=$BATS_TEST_TMPDIR/got
	within "$1" socat -u "UDP$3-RECV:$2" "OPEN:$GOT,creat,append" \
		>/dev/null 2>&1 &
	wait_until 5 listening "$1" "$2" udp "$3"
}

# got WORD, once the last thing sent has come.
got() {
	wait_until 5 grep -q last "$GOT"
	grep -q "$1" "$GOT"
}

# An answer from ::1 would not be taken, but a datagram needs none.
@test "a port on ::1 is not there for pods, bridged through netfilter" {
	bridge_netfilter_on
	pod_up p1 p2
	collect p2 80 6
	add_list p1 "$LIST"
	add_list p2 "$LIST" "$(port 8080 80 udp ::1)"
	pod p1 ip link set lo down
	pod p1 ip -6 route add ::1 via 2001:db8:1::1
	echo stray | pod p1 socat -u - "UDP6-SENDTO:[::1]:8080"
	echo last | pod p1 socat -u - "UDP6-SENDTO:[2001:db8:1::3]:80"
	! got stray || complain "p1 reaches ::1 of the node"
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

@test "what says that it comes from 127.0.0.1 does not reach the node" {
	local host gateway
	outside_up
	pod_up p1
	collect node 9000 4
	add_list p1 "$LIST" "$(port 8080 80)"
	node sysctl -qw net.ipv4.conf.{all,uplink0,br0}.rp_filter=0
	node sysctl -qw net.ipv4.conf.uplink0.route_localnet=1
	for host in p1 outside; do
		gateway=192.0.2.1
		[ $host = outside ] || gateway=10.1.2.1
		takes_for_remote $host $gateway
		within $host ip address add 127.0.0.9/32 dev eth0
		echo "forged by $host" | within $host socat -u - \
			UDP4-SENDTO:192.0.2.1:9000,bind=127.0.0.9
	done
	echo last | node socat -u - UDP4-SENDTO:127.0.0.1:9000
	! got forged || complain "$(<"$GOT")"
	gone_list p1 "$LIST"
}

# ---- bound and unbound

@test "a port for all addresses and one for a single address are in conflict" {
	local first second
	outside_up
	pod_up p1 p2
	for first in "" 192.0.2.1; do
		second=192.0.2.1
		[ -z "$first" ] || second=
		add_list p1 "$LIST" "$(port 8080 80 tcp "$first")"
		add p2 "$(plugin_conf "$LIST" 0 null {})"
		add_fails p2 "$(plugin_conf "$LIST" 1 "$result" \
			"$(port 8080 80 tcp "$second")")" \
			"8080/tcp is already published for net1/eth0/p1"
		add p2 "$(plugin_conf "$LIST" 1 "${results[p2]}" \
			"$(port 8080 80 udp "$second")")"
		del_list p2 "$LIST"
		gone_list p1 "$LIST"
	done
}

@test "two pods have one port, each for an address of its own" {
	outside_up
	node ip address add 192.0.2.77/24 dev uplink0
	pod_up p1 p2
	serve p1 80
	serve p2 80
	add_list p1 "$LIST" "$(port 8080 80 tcp 192.0.2.1)"
	add_list p2 "$LIST" "$(port 8080 80 tcp 192.0.2.77)"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers outside 192.0.2.77 8080 "p2 sees 192.0.2.2"
	del_list p1 "$LIST"
	gone_list p2 "$LIST"
}

@test "what the dead have of a port for one address goes to the one for all" {
	outside_up
	pod_up p1 p2
	serve p2 80
	add_list p1 "$(jq -c '.plugins[1].conditionsV4 = [
		"ip", "saddr", "203.0.113.0/24"]' <<<"$LIST")" \
		"$(port 8080 80 tcp 192.0.2.1)"
	pod_down p1
	wait_until 5 no_link node "$(jq -r .interfaces[1].name <<<"${results[p1]}")"
	add_list p2 "$LIST" "$(port 8080 80)"
	answers outside 192.0.2.1 8080 "p2 sees 192.0.2.2"
	del_list p1 "$LIST"
	gone_list p2 "$LIST"
}

@test "of two that ask at once, for all addresses and for one, one gets it" {
	local i got first second
	outside_up
	pod_up p1 p2
	add p1 "$(plugin_conf "$LIST" 0 null {})"
	add p2 "$(plugin_conf "$LIST" 0 null {})"
	for ((i = 0; i < 20; i++)); do
		cni ADD portmap p1 "$(plugin_conf "$LIST" 1 "${results[p1]}" \
			"$(port 8080 80)")" &
		first=$!
		cni ADD portmap p2 "$(plugin_conf "$LIST" 1 "${results[p2]}" \
			"$(port 8080 80 tcp 192.0.2.1)")" &
		second=$!
		wait "$first" "$second"
		got=$(nat_elements | sed -n '/^host/s/.*"comment":"\([^"]*\).*/\1/p' |
			sort -u | wc -l)
		[ "$got" -le 1 ] || complain "$(nat_elements)"
		cni DEL portmap p1 "$(plugin_conf "$LIST" 1 null {})"
		cni DEL portmap p2 "$(plugin_conf "$LIST" 1 null {})"
	done
	del_list p2 "$LIST"
	gone_list p1 "$LIST"
}

# ---- subnets

# The configuration that portmap gets behind another's plugin that gives pods
# addresses of their own.
alone() {
	jq -cn --arg pod "$1" --arg ip "$2" --argjson caps "$3" '
		{cniVersion: "1.0.0", name: "net2", type: "portmap",
		runtimeConfig: $caps, prevResult: {cniVersion: "1.0.0",
			interfaces: [{name: "eth0",
				sandbox: "/run/netns/\($pod)"}],
			ips: [{address: $ip, interface: 0}]}}'
}

@test "there is nothing in the tables for each subnet" {
	local i before
	pod_up p1
	for ((i = 1; i < 20; i++)); do
		CNI_CONTAINERID=c$i add p1 "$(alone p1 10.9.$i.1/32 \
			"$(port $((8000 + i)) 80)")"
		[ -n "${before:-}" ] || before=$(node nft list chains | wc -l)
	done
	[ "$(node nft list chains | wc -l)" = "$before" ]
	[ "$(node nft list sets | grep -c 'set ')" -lt 8 ]
	for ((i = 1; i < 20; i++)); do
		CNI_CONTAINERID=c$i del p1 "$(alone p1 10.9.$i.1/32 {})"
	done
	nothing_left
}
