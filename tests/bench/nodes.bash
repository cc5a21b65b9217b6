# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016 # what the inner shell is to expand
#
# Nodes and what is on them. A node, named CONTESTANT or CONTESTANT@ENTRIES, is
# a process in network and mount namespaces of its own, with nothing on /run and
# /var/lib; it dies with this one. None meets what another has made.

declare -A NODE=()

# node_up NAME [PODS]: with the pods pod1, pod2, ...
node_up() {
	local ready out
	exec {out}< <(exec setpriv --pdeathsig KILL unshare --net --mount \
		bash -c '
			mount -t tmpfs run /run
			mount -t tmpfs lib /var/lib
			mount -t sysfs sysfs /sys
			ip link set lo up
			for ((i = 1; i <= $0; i++)); do
				ip netns add "pod$i"
			done
			echo ready
			exec sleep infinity' "${2:-1}")
	NODE[$1]=$!
	read -r ready <&"$out"
	exec {out}<&-
	[ "$ready" = ready ]
	# As an ADD leaves it.
	[[ $1 != floor* ]] || node "$1" ip link add br0 up type bridge
}

nodes_down() {
	local pid
	[ ${#NODE[@]} != 0 ] || return 0
	for pid in "${NODE[@]}"; do
		kill -KILL "$pid" || true
	done
	until_gone "${NODE[@]}"
	NODE=()
}

# until_gone PID...: what was in namespaces whose last process has ended, the kernel takes
# apart behind our back, one batch after the other. The next measurement waits for it: the
# second pair is in a later batch than what was mounted in them.
until_gone() {
	unshare --net bash -c '
		for pid; do
			while [ -e "/proc/$pid/ns/net" ]; do
				sleep 0.1
			done
		done
		for _ in 1 2; do
			unshare --net ip link add end1 type veth \
				peer name end0 netns $$
			while ip link show end0; do
				sleep 0.1
			done
		done' - "$@" >/dev/null 2>&1
}

# node NAME CMD...
node() {
	nsenter --target "${NODE[$1]}" --net --mount -- "${@:2}"
}

# A host 192.0.2.2 behind the node's 192.0.2.1, which has no routes.
outside_up() {
	node "$1" ip netns add outside
	node "$1" ip link add uplink0 type veth peer name eth0 netns outside
	node "$1" ip address add 192.0.2.1/24 dev uplink0
	node "$1" ip link set uplink0 up
	node "$1" ip -n outside address add 192.0.2.2/24 dev eth0
	node "$1" ip -n outside link set eth0 up
}

# ---- entries of pods that are not there

# The pods are 10.1.16.0 and the following, their ports 20000 and the
# following.
addresses() {
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			print "10.1." 16 + int(i / 256) "." i % 256
	}'
}

# reservations NAME N: files of host-local, the next address behind them.
reservations() {
	addresses "$2" | node "$1" bash -c '
		mkdir -p /var/lib/cni/networks/net
		cd /var/lib/cni/networks/net
		while read -r ip; do
			printf "dead%s\r\neth0" "$ip" >"$ip"
			last=$ip
		done
		printf %s "$last" >last_reserved_ip.0'
}

# entries NAME N: the NAT of N other pods, beside that of the one whose port
# 8080 is published.
entries() {
	if [[ $1 == cnibox* ]]; then
		elements "$@"
	else
		rules "$@"
	fi
}

# elements NAME N: of cnibox, beside those that an ADD has made.
elements() {
	addresses "$2" | awk '
		{
			by = " comment \"net/eth0/dead" NR "\""
			to = "add element inet cnibox "
			print to "masq4-16 {", $1, ". 10.1.0.0" by " }"
			print to "hostport4 { tcp .", 20000 + NR by " :", $1, ". 80 }"
		}' | node "$1" nft -f -
}

# subnets NAME N: of cnibox, where each pod is alone in its subnet, as behind
# plugins that give addresses of 32 bits.
subnets() {
	addresses "$2" | awk '
		BEGIN {
			pair = " { type ipv4_addr . ipv4_addr; }"
			to = "inet cnibox "
			print "add set", to "masq4-32" pair
			print "add chain", to "masq4-32"
			print "add rule", to "masq4-32 ip saddr . ip daddr @masq4-32 return"
			print "add rule", to "masq4-32 masquerade"
			print "add rule", to "masq ip saddr . ip saddr @masq4-32 goto masq4-32"
			print "add set", to "hairpin4-32" pair
			print "add chain", to "hairpin4-32"
			print "add rule", to "hairpin4-32 ip daddr . ip saddr @hairpin4-32 masquerade"
			print "add rule", to "hairpin ip daddr . ip daddr @hairpin4-32 jump hairpin4-32"
		}
		{
			by = " comment \"net/eth0/dead" NR "\""
			to = "add element inet cnibox "
			print to "masq4-32 {", $1, ".", $1 by " }"
			print to "hairpin4-32 {", $1, ".", $1 by " }"
			print to "hostport4 { tcp .", 20000 + NR by " :", $1, ". 80 }"
		}' | node "$1" nft -f -
}

# listed NAME N: other nodes, with a subnet and an address each, beside this one if
# there are any; the outside host has a pod of one.
listed() {
	node "$1" ip route add 100.64.0.0/10 via 192.0.2.2
	node "$1" ip -n outside address add 100.64.10.2/32 dev eth0
	node "$1" ip -n outside route add 10.1.0.0/16 via 192.0.2.1
	awk -v n="$2" 'BEGIN {
		to = "add element inet cnibox nodes4 { "
		if (n)
			print to "10.1.0.0/16, 192.0.2.1 }"
		for (i = 0; i < n; i++) {
			at = "." i % 256
			print to "100." 64 + int(i / 256) at ".0/24, 172.16." \
				int(i / 256) at " }"
		}
	}' | node "$1" nft -f -
}

# link_wide NAME: so many nodes are on the uplink's link; nothing is to be said of it.
link_wide() {
	node "$1" ip address add 10.255.0.1/16 dev uplink0
	node "$1" ip address add 2001:db8::1/64 dev uplink0 nodad
	node "$1" sysctl -qw net.ipv6.conf.{all,uplink0}.accept_ra=0
}

# apply_list NAME N [CMD...]: nodes apply of N nodes, which are this one and others
# on its link, run by CMD.
apply_list() {
	awk -v n="$2" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "10.%d.%d.0/24,fd01:0:0:%x::/64 10.255.%d.%d,2001:db8::%x\n",
				i / 256, i % 256, i, (i + 1) / 256, (i + 1) % 256, i + 1
	}' | node "$1" tee /run/list >/dev/null
	node "$1" "${@:3}" "$O/cnibox" nodes apply /run/list
}

# rules NAME N: of the Go plugins, in front of those of the pod that is there
# and like them, in all tables.
rules() {
	node "$1" iptables-save | awk -v n="$2" '
	match($0, /CNI-(DN-)?[0-9a-f][0-9a-f][0-9a-f]+|CNI-FORWARD .*10\.1\.0\./) {
		chain = substr($0, RSTART, RLENGTH)
		for (i = 0; i < n; i++)
			print other($0, chain, i)
	}
	{ print }
	function other(line, chain, i,   ip) {
		ip = "10.1." 16 + int(i / 256) "." i % 256
		gsub(/10\.1\.0\.[0-9]+\/32/, ip "/32", line)
		gsub(/10\.1\.0\.[0-9]+:/, ip ":", line)
		gsub(/8080/, 20001 + i, line)
		if (chain !~ / /)
			gsub(chain, sprintf("%s%06x", substr(chain, 1,
				length(chain) - 6), i), line)
		return line
	}' | node "$1" iptables-restore
}
