#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The lists that other tools write, as they write them, on a node that has no
# plugin but ours: packets show what each promises, and nothing of it stays.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # variables of helpers.bash
load ../e2e/helpers

# As containerd, nerdctl and Nomad spell it, which have it from go-cni.
PORT='{"portMappings": [{"HostPort": 8080, "ContainerPort": 80,
	"Protocol": "tcp", "HostIP": ""}]}'
K8S="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=p1;K8S_POD_UID=1b9d"

# The outside knows its way to the pods, so that only a firewall keeps it out.
setup() {
	local net
	node_up
	outside_up
	for net in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do
		pod outside ip route add $net via 192.0.2.1
	done
	pod outside ip route add fc00::/7 via 2001:db8:ffff::1
	serve outside 80
}

# What is forwarded is dropped, as Docker has it.
drop_forwarded() {
	node iptables -P FORWARD DROP
	node ip6tables -P FORWARD DROP
}

# Bridged packets pass through netfilter, as kube-proxy and Docker have it.
# Then what comes back to its sender does so by the same port of the bridge.
filter_bridged() {
	[ ! -e "$ROOT/proc/sys/net/bridge" ] ||
		node sysctl -qw net.bridge.bridge-nf-call-{ip,ip6}tables=1
}

# ---- a list, played

# list NAME: what is in its file; a configuration alone is a list of one.
list() {
	cat "$BATS_TEST_DIRNAME/$1".conf* | jq 'if .plugins then . else
		{cniVersion, name, plugins: [del(.cniVersion, .name)]} end'
}

# come NAME [CAPS OF p1 [CAPS OF p2]]: two pods of that list, with capability
# arguments.
declare -gA CAPS # load is a function
come() {
	LIST=$(list "$1")
	CAPS=([p1]=${2:-"{}"} [p2]=${3:-"{}"})
	pod_up p1 p2
	BEFORE=$(node_state)
	add_list p1 "$LIST" "${CAPS[p1]}"
	add_list p2 "$LIST" "${CAPS[p2]}"
	checked p1
	checked p2
	serve p1 80
}

# CHECK, where the version of the list has it.
checked() {
	case $(jq -r .cniVersion <<<"$LIST") in
	0.[123].*) ;;
	*) check_list "$1" "$LIST" "${CAPS[$1]}" ;;
	esac
}

# go: DEL of one leaves the other alone, that of both leaves nothing. Nor does
# one without a namespace, nor GC.
go() {
	del_list p2 "$LIST" "${CAPS[p2]}"
	del_list p2 "$LIST" "${CAPS[p2]}"
	checked p1
	reaches_outside p1
	del_list p1 "$LIST" "${CAPS[p1]}"
	del_list p1 "$LIST" "${CAPS[p1]}"
	as_before
	pod_up p3
	add_list p3 "$LIST" "${CAPS[p1]}"
	pod_down p3
	CNI_NETNS='' del_list p3 "$LIST"
	CNI_NETNS='' del_list p3 "$LIST"
	as_before
	collected
}

# A pod is gone without DEL. GC, which the list has in the newest version,
# takes what it had, and nothing of its neighbour's.
collected() {
	local list before
	list=$(jq '.cniVersion = "1.1.0"' <<<"$LIST")
	pod_up p3
	add_list p2 "$list" "${CAPS[p2]}"
	before=$(all_state)
	add_list p3 "$list" "${CAPS[p1]}"
	pod_down p3
	gc_list "$list" p2
	wait_until 5 all_state_is "$before"
	check_list p2 "$list" "${CAPS[p2]}"
	gc_list "$list"
	del_list p2 "$list"
	as_before
}

# gc_list LIST POD...: GC of each plugin, where only those pods are valid.
gc_list() {
	local valid conf i n
	valid=$(jq -cn '[$ARGS.positional[] | {containerID: ., ifname: "eth0"}]
		| {"cni.dev/valid-attachments": .}' --args "${@:2}")
	n=$(jq '.plugins | length' <<<"$1")
	for ((i = 0; i < n; i++)); do
		conf=$(with "$(plugin_conf "$1" "$i" null '{}')" "$valid")
		CNI_CONTAINERID='' CNI_NETNS='' CNI_IFNAME='' \
			cni GC "$(type_of "$conf")" gc "$conf"
		silent "GC of $(type_of "$conf")"
	done
}

# Rules of iptables, routes that somebody added, and every file there is, but
# for what outlives a network: locks, and the last address that was given.
node_state() {
	node iptables -S
	node ip6tables -S
	node ip route show | grep -v 'proto kernel' || true
	node ip -6 route show | grep -v 'proto kernel' || true
	node find /run /var/lib -type f ! -path '/run/netns/*' ! -name lock \
		! -name '.*' ! -name 'last_reserved_ip.*' | sort
}

all_state() {
	leftovers | sort
	node_state
}

all_state_is() {
	[ "$(all_state)" = "$1" ]
}

as_before() {
	nothing_left
	[ "$(node_state)" = "$BEFORE" ] ||
		complain "was: $BEFORE" "is: $(node_state)"
}

# ---- what is promised

# has_address POD ADDRESS GATEWAY DEVICE: and the gateway is on that device.
has_address() {
	[ "$(addresses "$1" eth0)" = "$2" ] ||
		complain "$1 has $(addresses "$1" eth0)"
	[ "$(addresses node "$4")" = "$3" ] ||
		complain "$4 has $(addresses node "$4")"
	pings "$1" "${3%/*}"
}

# By which address the outside sees the pods, if it does.
SEEN_BY=192.0.2.1
reaches_outside() {
	[ -z "$SEEN_BY" ] ||
		answers "$1" 192.0.2.2 80 "outside sees $SEEN_BY"
}

# published GATEWAY: the port of p1, for the outside, for a neighbour, and for
# itself, whose way is by the gateway.
published() {
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers p2 192.0.2.1 8080 "p1 sees $1"
	answers p1 192.0.2.1 8080 "p1 sees $1"
}

# closed ADDRESS: the outside has a way, but nothing is open there.
closed() {
	cannot_ping outside "$1"
	no_answer outside "$1" 80
}

# ---- nerdctl

# pkg/netutil writes them; the first is there from the start.
@test "nerdctl's default network" {
	local CNI_ARGS=IgnoreUnknown=1 other
	drop_forwarded
	filter_bridged
	come nerdctl "$PORT"
	has_address p1 10.4.0.2/24 10.4.0.1/24 nerdctl0
	reaches_outside p1
	published 10.4.0.1
	closed 10.4.0.2
	pings p2 10.4.0.2
	pings node 10.4.0.2

	other=$(list nerdctl-isolated)
	pod_up p4
	add_list p4 "$other"
	reaches_outside p4
	cannot_ping p4 10.4.0.2
	cannot_ping p1 10.4.1.2
	del_list p4 "$other"
	go
}

@test "nerdctl's default network, for --ip and --mac-address" {
	local CNI_ARGS="IgnoreUnknown=1;IP=10.4.0.77;MAC=02:00:5e:10:00:07"
	local list
	list=$(list nerdctl)
	pod_up p1
	add_list p1 "$list"
	has_address p1 10.4.0.77/24 10.4.0.1/24 nerdctl0
	expect "$(link p1 eth0)" '.address == "02:00:5e:10:00:07"'
	expect "$result" '[.interfaces[] | select(.sandbox).mac]
		== ["02:00:5e:10:00:07"]'
	check_list p1 "$list"
	reaches_outside p1
	del_list p1 "$list"
	del_list p1 "$list"
	nothing_left
}

# --opt com.docker.network.bridge.enable_icc=false --ipv6
@test "nerdctl's network whose containers are apart" {
	local CNI_ARGS=IgnoreUnknown=1
	drop_forwarded
	come nerdctl-isolated "$PORT" '{"ips": ["fd00:4:1::9"]}'
	[ "$(addresses p1 eth0 | xargs)" = "10.4.1.2/24 fd00:4:1::2/64" ]
	[ "$(addresses p2 eth0 | xargs)" = "10.4.1.3/24 fd00:4:1::9/64" ]
	reaches_outside p1
	pings p1 fd00:4:1::1
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	closed 10.4.1.2
	closed fd00:4:1::2
	cannot_ping p2 10.4.1.2
	cannot_ping p2 fd00:4:1::2
	no_answer p2 10.4.1.2 80
	no_answer p2 192.0.2.1 8080
	pings node 10.4.1.2
	go
}

# --internal
@test "nerdctl's internal network" {
	local CNI_ARGS=IgnoreUnknown=1 SEEN_BY="" bridge other
	drop_forwarded
	come nerdctl-internal
	bridge=$(jq -r '.plugins[0].bridge' <<<"$LIST")
	[ "$(addresses p1 eth0)" = 10.4.2.2/24 ]
	[ -z "$(addresses node "$bridge")" ]
	[ -z "$(pod p1 ip route show default)" ]
	answers p2 10.4.2.2 80 "p1 sees 10.4.2.3"
	cannot_ping p1 192.0.2.2
	cannot_ping p1 10.4.2.1
	# Nor does another network get in where somebody has made a way.
	other=$(list nerdctl)
	pod_up p4
	add_list p4 "$other"
	node ip address add 10.4.2.1/24 dev "$bridge"
	pod p1 ip route add default via 10.4.2.1
	pings p1 10.4.2.1
	cannot_ping p4 10.4.2.2
	node ip address del 10.4.2.1/24 dev "$bridge"
	del_list p4 "$other"
	go
}

# ---- BuildKit, Nomad

# util/network/cniprovider has the list of --oci-worker-net=bridge.
@test "BuildKit's network" {
	local other
	drop_forwarded
	come buildkit
	has_address p1 10.10.0.2/16 10.10.0.1/16 buildkit0
	reaches_outside p1
	pings p1 127.0.0.1
	pings p2 10.10.0.2
	closed 10.10.0.2
	other=$(jq '.name = "other" | .plugins[1] |= (.bridge = "other0"
		| .ipam.ranges = [[{"subnet": "10.7.7.0/24"}]])' <<<"$LIST")
	pod_up p4
	add_list p4 "$other"
	cannot_ping p4 10.10.0.2
	cannot_ping p1 10.7.7.2
	del_list p4 "$other"
	# Nothing was there of iptables, so nothing is needed of it.
	go
}

# client/allocrunner/cni has the list. Nomad makes its chain, which lets
# anybody in, before it asks for the first network.
@test "Nomad's network" {
	local CNI_ARGS="IgnoreUnknown=true;NOMAD_JOB_ID=web"
	drop_forwarded
	node iptables -N NOMAD-ADMIN
	node iptables -A NOMAD-ADMIN -o nomad -d 172.26.64.0/20 -j ACCEPT
	come nomad "$PORT"
	has_address p1 172.26.64.2/20 172.26.64.1/20 nomad
	reaches_outside p1
	pings p1 127.0.0.1
	published 172.26.64.1
	pings p2 172.26.64.2
	[ -e "$ROOT/run/cni/nomad/172.26.64.2" ]
	answers outside 172.26.64.2 80 "p1 sees 192.0.2.2"
	node iptables -F NOMAD-ADMIN
	no_answer outside 172.26.64.2 80
	node iptables -A NOMAD-ADMIN -o nomad -d 172.26.64.0/20 -j ACCEPT
	go
}

# ---- podman

# 87-podman-bridge.conflist, which the packages of podman 4 have.
@test "podman's default network" {
	drop_forwarded
	filter_bridged
	come podman '{"portMappings": [{"hostPort": 8080, "containerPort": 80,
		"protocol": "tcp", "hostIP": ""}]}'
	has_address p1 10.88.0.2/16 10.88.0.1/16 cni-podman0
	reaches_outside p1
	published 10.88.0.1
	answers node 127.0.0.1 8080 "p1 sees 10.88.0.1"
	pings p2 10.88.0.2
	closed 10.88.0.2
	go
}

# ---- flannel, k3s

# What flanneld has written, and a pod of another node on the outside.
flanneld_up() {
	node mkdir /run/flannel
	printf 'FLANNEL_%s\n' NETWORK=10.1.0.0/16 SUBNET=10.1.17.1/24 MTU=1450 \
		"$@" >"$ROOT/run/flannel/subnet.env"
	pod outside ip address add 10.1.99.2/24 dev eth0
	node ip route add 10.1.99.0/24 dev uplink0
}

@test "kube-flannel.yml's list" {
	local CNI_ARGS=$K8S
	filter_bridged
	flanneld_up IPMASQ=false
	come kube-flannel "$PORT"
	has_address p1 10.1.17.2/24 10.1.17.1/24 cni0
	expect "$(link node cni0)" '.mtu == 1450'
	expect "$(link p1 eth0)" '.mtu == 1450'
	[ "$(pod p1 ip route show | grep via | sed 's/ *$//' | sort)" = \
		"10.1.0.0/16 via 10.1.17.1 dev eth0
default via 10.1.17.1 dev eth0" ]
	reaches_outside p1
	answers p1 10.1.99.2 80 "outside sees 10.1.17.2"
	answers p2 10.1.17.2 80 "p1 sees 10.1.17.3"
	published 10.1.17.1
	go
}

# pkg/agent/flannel has the list. What kubelet's annotations say of bandwidth
# comes as go-cni spells it.
@test "k3s' list" {
	local CNI_ARGS=$K8S SEEN_BY=10.1.17.2
	filter_bridged
	flanneld_up IPMASQ=true IPV6_NETWORK=fc00::/48 IPV6_SUBNET=fc00::1/64
	come k3s "$(jq '.bandwidth = {IngressRate: 4000000, IngressBurst: 160000,
		EgressRate: 8000000, EgressBurst: 320000}' <<<"$PORT")"
	[ "$(addresses p1 eth0 | xargs)" = "10.1.17.2/24 fc00::2/64" ]
	[ "$(addresses node cni0 | xargs)" = "10.1.17.1/24 fc00::1/64" ]
	# flanneld's own rules would masquerade to the outside.
	reaches_outside p1
	answers p1 10.1.99.2 80 "outside sees 10.1.17.2"
	answers p2 fc00::2 80 "p1 sees [fc00:0000:0000:0000:0000:0000:0000:0003]"
	published 10.1.17.1
	answers outside 2001:db8:ffff::1 8080 \
		"p1 sees [2001:0db8:ffff:0000:0000:0000:0000:0002]"
	flows node 10.1.17.2 p1 500000 20000
	flows p1 192.0.2.2 outside 1000000 40000
	go
}

# ---- Calico

# In place of the plugin of which there is none here: what Calico's makes, and
# Felix behind it.
calico_up() {
	stand_in calico <<-'END'
		#!/bin/sh
		PATH=/usr/sbin:/usr/bin:/sbin:/bin
		version=$(jq -r .cniVersion)
		pod=${CNI_NETNS##*/} ip=10.65.0.${CNI_CONTAINERID#p}
		host=cali$CNI_CONTAINERID
		case $CNI_COMMAND in
		ADD)
			set -e
			ip link add $host type veth peer $CNI_IFNAME netns $pod
			ip link set $host up
			ip -n $pod link set $CNI_IFNAME up
			echo 1 >/proc/sys/net/ipv4/conf/$host/proxy_arp
			echo 1 >/proc/sys/net/ipv4/ip_forward
			ip -n $pod address add $ip/32 dev $CNI_IFNAME
			ip -n $pod route add 169.254.1.1 dev $CNI_IFNAME
			ip -n $pod route add default via 169.254.1.1
			ip route add $ip dev $host
			echo '{"cniVersion": "'$version'",
				"interfaces": [{"name": "'$host'"}],
				"ips": [{"version": "4", "address": "'$ip'/32"}]}'
			;;
		DEL)
			ip link del $host 2>/dev/null || true
			;;
		esac
	END
}

# stand_in NAME: standard input is the plugin NAME, beside ours.
stand_in() {
	cp -r "$PLUGINS" "$BATS_TEST_TMPDIR/plugins"
	PLUGINS=$BATS_TEST_TMPDIR/plugins
	cat >"$PLUGINS/$1"
	chmod +x "$PLUGINS/$1"
}

# The operator writes this list (pkg/render) where hostPorts and sysctl are set;
# kubelet's annotations come with the burst that means none.
@test "Calico's list, behind a stand-in for its own plugin" {
	local CNI_ARGS=$K8S SEEN_BY=10.65.0.1 pod key
	# Its proxy ARP is for what the node has a route to.
	node ip route add default via 192.0.2.2
	calico_up
	come calico "$(jq '.bandwidth = {IngressRate: 8000000,
		IngressBurst: 2147483647, EgressRate: 16000000,
		EgressBurst: 2147483647}' <<<"$PORT")"
	[ "$(addresses p1 eth0)" = 10.65.0.1/32 ]
	reaches_outside p1
	answers p2 10.65.0.1 80 "p1 sees 10.65.0.2"
	answers outside 192.0.2.1 8080 "p1 sees 192.0.2.2"
	answers p1 192.0.2.1 8080 "p1 sees 192.0.2.1"
	answers p2 192.0.2.1 8080 "p1 sees 10.65.0.2"
	expect "$(node tc -j qdisc show dev calip1)" '[.[]
		| select(.kind == "tbf").options.rate] == [1000000]'
	expect "$(node tc -j qdisc show dev calip2)" \
		'[.[] | select(.kind == "tbf")] == []'
	expect "$(node ip -j link show type ifb)" 'map(select(.ifname)) | length == 1'
	expect "$(node tc -j qdisc show dev "$(node ip -j link show type ifb |
		jq -r '.[].ifname // empty')")" '.[0].options.rate == 2000000'
	for pod in p1 p2; do
		for key in intvl=15 probes=6 time=40; do
			[ "$(pod $pod sysctl -n \
				"net.ipv4.tcp_keepalive_${key%=*}")" = "${key#*=}" ]
		done
	done
	[ "$(node sysctl -n net.ipv4.tcp_keepalive_time)" = 7200 ]
	go
}

# ---- kind, firecracker-containerd, cnitool

# kindnetd writes it, for a cluster of both families.
@test "kind's list" {
	local CNI_ARGS=$K8S SEEN_BY=10.244.0.2
	come kind "$PORT"
	[ "$(addresses p1 eth0 | xargs)" = "10.244.0.2/24 fd00:10:244::2/64" ]
	pings p1 10.244.0.1
	reaches_outside p1
	answers p1 2001:db8:ffff::2 80 \
		"outside sees [fd00:0010:0244:0000:0000:0000:0000:0002]"
	answers p2 10.244.0.2 80 "p1 sees 10.244.0.3"
	published 10.244.0.1
	answers outside 2001:db8:ffff::1 8080 \
		"p1 sees [2001:0db8:ffff:0000:0000:0000:0000:0002]"
	[ "$(cat "$ROOT/run/cni-ipam-state/kindnet/10.244.0.2")" = \
		$'p1\r\neth0' ]
	go
}

# tools/demo has the list. A namespace "vm" stands for the virtual machine, and
# a link that leads there for its tap.
tc_redirect_tap_up() {
	stand_in tc-redirect-tap <<-'END'
		#!/bin/sh
		PATH=/usr/sbin:/usr/bin:/sbin:/bin
		conf=$(cat) pod=${CNI_NETNS##*/} vm=vm-$CNI_CONTAINERID
		redirect() {
			tc -n $pod qdisc add dev $1 ingress
			tc -n $pod filter add dev $1 parent ffff: protocol all \
				u32 match u32 0 0 \
				action mirred egress redirect dev $2
		}
		case $CNI_COMMAND in
		ADD)
			set -e
			mac=$(ip -n $pod -j \
				link show $CNI_IFNAME | jq -r '.[0].address')
			ip netns add $vm
			ip -n $pod link add tap0 type veth peer eth0 netns $vm \
				address $mac
			ip -n $pod link set tap0 up
			redirect $CNI_IFNAME tap0
			redirect tap0 $CNI_IFNAME
			echo "$conf" | jq --arg id $CNI_CONTAINERID \
				--arg netns $CNI_NETNS --arg mac $mac '.prevResult
				| .interfaces += [{name: "tap0", sandbox: $netns},
					{name: "tap0", sandbox: $id, mac: $mac}]
				| .ips += [.ips[0] | .interface = 3]'
			;;
		DEL)
			ip netns del $vm 2>/dev/null
			ip -n $pod link del tap0 2>/dev/null
			tc -n $pod qdisc del dev $CNI_IFNAME ingress 2>/dev/null
			exit 0
			;;
		esac
	END
}

# The machine of POD has what the result says of it, as Firecracker's SDK does.
boot() {
	local vm=vm-$1 ip
	ip=$(jq -c --arg id "$1" '(.interfaces | map(.sandbox) | index($id)) as $i
		| .ips[] | select(.interface == $i)' <<<"${results[$1]}")
	pod "$vm" ip link set eth0 up
	pod "$vm" ip address add "$(jq -r .address <<<"$ip")" dev eth0
	pod "$vm" ip route add default via "$(jq -r .gateway <<<"$ip")"
}

@test "firecracker-containerd's list, with a stand-in for the tap" {
	local SEEN_BY=""
	node sh -c 'echo nameserver 192.0.2.53 >/run/resolv.conf
		mount --bind /run/resolv.conf /etc/resolv.conf'
	tc_redirect_tap_up
	come firecracker-containerd
	expect "$result" '.dns.nameservers == ["192.0.2.53"]'
	boot p1
	boot p2
	[ "$(addresses vm-p1 eth0)" = 192.168.1.2/24 ]
	pings vm-p1 192.168.1.1
	serve vm-p1 80
	answers vm-p1 192.0.2.2 80 "outside sees 192.0.2.1"
	answers vm-p2 192.0.2.2 80 "outside sees 192.0.2.1"
	pings node 192.168.1.2
	go
}

# Its README has it.
@test "cnitool's network" {
	come cnitool
	[ "$(addresses p1 eth0)" = 172.16.29.2/24 ]
	pings p1 172.16.29.1
	reaches_outside p1
	answers p2 172.16.29.2 80 "p1 sees 172.16.29.3"
	go
}
